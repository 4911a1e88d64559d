"""The tape: a header and records of eight little-endian int64 words, memory-mapped as they are.

| bytes          | content                                                                                      |
|----------------|----------------------------------------------------------------------------------------------|
| 0-7            | magic `FLASHCTP`                                                                             |
| 8-15           | version, u64                                                                                 |
| 16-23          | length of the JSON header in bytes, u64                                                      |
| 24-31          | offset of the first record, u64, a multiple of 64                                            |
| 32-39          | number of records, u64                                                                       |
| 40-47          | CRC-32 of the JSON header and the records, u64                                               |
| 48-63          | zero                                                                                         |
| 64-            | JSON header (UTF-8): streams, data hash, range, rules, assumptions; zero padding              |
| offset-        | records, `cython_core/layout.py`                                                             |
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ....cython_core.layout import WORD_BYTES, WORDS_PER_RECORD
from ...errors import fault
from ..bars import Ints, RuleUse
from ..files import write_atomically

MAGIC = b"FLASHCTP"
VERSION = 2
_FIXED = struct.Struct("<8sQQQQQ16x")
RECORD_BYTES = WORDS_PER_RECORD * WORD_BYTES
_LARGEST_HEADER = 1 << 20


@dataclass(frozen=True, slots=True)
class TapeStream:
    """One stream of a tape. Its number in the records is its place in `Tape.streams`.

    `symbol` is what the strategy names, `data_symbol` what the data holds (BTC/USDC on data of BTC/USDT).
    Of a book `low_ticks` and `high_ticks` bound the prices of its records, and `depth` says how many levels a side
    held at most; 0 of other kinds.
    """

    kind: str
    symbol: str
    data_symbol: str
    dataset: str
    period_ns: int
    price_decimals: int
    qty_decimals: int
    n_records: int
    n_carried: int
    low_ticks: int = 0
    high_ticks: int = 0
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Tape:
    """An ordered sequence of events. `records` is int64[n, 8], read-only where it is mapped from a file.

    `from_ns` and `to_ns` bound the bars: the first bar's open and the last bar's close. Where there are books or
    trades they bound these by receive time; bars that stand before `from_ns` only warm the strategy up.
    `data_hash` identifies the data that went in (`bars.content_hash`), whatever its file format.
    """

    streams: tuple[TapeStream, ...]
    records: Ints
    data_hash: str
    from_ns: int
    to_ns: int
    rules: tuple[RuleUse, ...] = ()
    assumptions: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.records)

    def tape_hash(self) -> str:
        """SHA-256 of the header and every record."""
        digest = hashlib.sha256(_header(self))
        digest.update(np.ascontiguousarray(self.records).data)
        return digest.hexdigest()


def _header(tape: Tape) -> bytes:
    facts = {
        "streams": [asdict(stream) for stream in tape.streams],
        "data_hash": tape.data_hash,
        "from_ns": tape.from_ns,
        "to_ns": tape.to_ns,
        "rules": [asdict(rule) for rule in tape.rules],
        "assumptions": list(tape.assumptions),
    }
    return json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()


def write_tape(tape: Tape, path: Path) -> None:
    """Write atomically: readers see the old file or the new one. FC1017 if the place is not writable."""
    header = _header(tape)
    offset = -(-(_FIXED.size + len(header)) // 64) * 64
    padding = bytes(offset - _FIXED.size - len(header))
    records = np.ascontiguousarray(tape.records.astype("<i8", copy=False))
    fixed = _FIXED.pack(MAGIC, VERSION, len(header), offset, len(tape.records), _check_sum(header, records))
    write_atomically(path, (fixed, header, padding, records.data))


def open_tape(path: Path) -> Tape:
    """Map a tape file. FC1015 if it is not one, is damaged, or is of another version.

    Every byte that a run reads is checked, at about 3 GB a second: a wrong record would give a wrong result silently.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            fixed, rest = file.read(_FIXED.size), file.read(_LARGEST_HEADER)
    except OSError as error:
        raise fault("FC1015", f"cannot read the tape: {error.strerror}", str(path)) from error
    header, offset, count, expected = _read_header(fixed, rest, size, path)
    records = _map(path, offset, count)
    if _check_sum(header, records) != expected:
        raise fault("FC1015", "the tape is damaged: its check sum is wrong", str(path))
    return _tape(_facts(header, path), records, path)


def _check_sum(header: bytes, records: Ints) -> int:
    return zlib.crc32(records.data.cast("B"), zlib.crc32(header)) if len(records) else zlib.crc32(header)


def _map(path: Path, offset: int, count: int) -> Ints:
    if not count:
        return _no_records()
    mapped = np.memmap(path, np.dtype("<i8"), "r", offset, (count, WORDS_PER_RECORD))
    records: Ints = mapped.view(np.ndarray)
    return records


def _no_records() -> Ints:
    return np.empty((0, WORDS_PER_RECORD), np.int64)


def _read_header(fixed: bytes, rest: bytes, size: int, path: Path) -> tuple[bytes, int, int, int]:
    """(JSON header, offset of the records, how many, check sum)."""
    if len(fixed) < _FIXED.size or not fixed.startswith(MAGIC):
        raise fault("FC1015", "this is not a tape file", str(path))
    _, version, length, offset, count, check_sum = _FIXED.unpack(fixed)
    if version != VERSION:
        raise fault("FC1015", f"tape of version {version}, this release reads version {VERSION}", str(path))
    if offset % 64 or length > min(len(rest), offset) or offset + count * RECORD_BYTES != size:
        raise fault("FC1015", "the tape is cut short or damaged", str(path))
    return rest[:length], offset, count, check_sum


def _facts(header: bytes, path: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads(header)
    except ValueError as error:
        raise fault("FC1015", "the tape's header is damaged", str(path)) from error
    return facts


def _tape(facts: dict[str, Any], records: Ints, path: Path) -> Tape:
    try:
        return Tape(
            streams=tuple(TapeStream(**stream) for stream in facts["streams"]),
            records=records,
            data_hash=facts["data_hash"],
            from_ns=facts["from_ns"],
            to_ns=facts["to_ns"],
            rules=tuple(RuleUse(**rule) for rule in facts["rules"]),
            assumptions=tuple(facts["assumptions"]),
        )
    except (KeyError, TypeError) as error:
        raise fault("FC1015", "the tape's header is damaged", str(path)) from error
