"""Files as archives hand them out: in folders, in series, with a file of the check sum beside each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ...errors import fault
from ..files import file_hash

CHECKSUM = ".CHECKSUM"

#: Endings of files that can hold market data; others in a folder are not looked at.
ENDINGS = (
    ".csv", ".csv.gz", ".csv.zip", ".zip", ".gz", ".parquet", ".pq", ".feather", ".arrow", ".ipc", ".json", ".json.gz",
    ".npz", ".npy",
)  # fmt: skip

#: What freqtrade keeps beside candles and trades of futures: no prices that anybody traded at.
_NOT_TRADED = re.compile(r"-(mark|index|premiumIndex|funding_rate)$")

_SUM = re.compile(r"([0-9a-fA-F]{64})\b")


def data_files(given: Sequence[Path]) -> list[Path]:
    """The files of `given`, those in folders (and below) by name, without files of check sums. FC1001 for a folder
    without any."""
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            found += _in_folder(path)
        elif not path.name.endswith(CHECKSUM):
            found.append(path)
    return list(dict.fromkeys(found))


def _in_folder(folder: Path) -> list[Path]:
    files = (path for path in folder.rglob("*") if path.name.lower().endswith(ENDINGS) and path.is_file())
    found = sorted(path for path in files if not _is_hidden(path, folder) and not _NOT_TRADED.search(path.stem))
    if not found:
        raise fault("FC1001", "the folder holds no file of market data", str(folder), helps=("name the files",))
    return found


def _is_hidden(path: Path, below: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(below).parts)


def require_sum(path: Path) -> bool:
    """Whether a check sum lies beside the file, as `<file>.CHECKSUM`. FC1025 if the file has another."""
    beside = path.with_name(path.name + CHECKSUM)
    if not beside.is_file():
        return False
    try:
        said = _SUM.match(beside.read_text(encoding="ascii", errors="replace")[:1000].strip())
    except OSError as error:
        raise fault("FC1001", f"cannot read the check sum: {error.strerror}", str(beside)) from error
    if said is None:
        raise fault("FC1025", "the file of the check sum holds none", str(beside), helps=("get it again",))
    if said[1].lower() != file_hash(path):
        helps = ("get the file again", f"or remove {beside.name}, if it belongs to another file")
        raise fault("FC1025", "the file has another check sum than its archive says", str(path), helps=helps)
    return True


def venue_of_folder(path: Path, venues: frozenset[str]) -> str | None:
    """The venue that the file's folder is called after: `user_data/data/binance/BTC_USDC-1m.feather`."""
    names = [part.lower() for part in path.absolute().parent.parts[-2:]]
    return next((name for name in reversed(names) if name in venues), None)
