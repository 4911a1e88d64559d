"""Finds data by name or path."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from ..errors import RuntimeFault, fault
from .bars import Dataset, no_bars
from .event_store import EventRecord
from .events import AnySet, EventSet, no_events
from .importers import ImportOptions
from .instruments import parse_instrument
from .store import RECORD_FILE, Record, load, read_record

#: Where data sets are kept when neither `--root` nor this environment variable says.
DEFAULT_ROOT = "data"
ROOT_VARIABLE = "FLASHC_DATA"

_LONGEST_PATH, _LONGEST_NAME = 3000, 255


def data_root(root: Path | None = None) -> Path:
    """The folder of data sets: the argument, the environment variable FLASHC_DATA, or `./data`."""
    return root or Path(os.environ.get(ROOT_VARIABLE) or DEFAULT_ROOT)


@dataclass(frozen=True, slots=True)
class Listing:
    """All readable records by name, and a fault for each folder that is not."""

    records: tuple[Record | EventRecord, ...]
    faults: tuple[RuntimeFault, ...]


def list_datasets(root: Path | None = None) -> Listing:
    """What the root holds; an absent root holds nothing."""
    records, faults = [], []
    folder = data_root(root)
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith(".") or not (path / RECORD_FILE).is_file():
            continue
        try:
            records.append(read_record(path))
        except RuntimeFault as error:
            faults.append(error)
    return Listing(tuple(records), tuple(faults))


def expand(sources: Sequence[str]) -> list[str]:
    """The names and paths of `--data`, where one of them may list several with commas between."""
    found: list[str] = []
    for source in sources:
        parts = [part.strip() for part in source.split(",") if part.strip()]
        found += parts if len(parts) > 1 and not Path(source).exists() else [source]
    return list(dict.fromkeys(found))


def resolve(name_or_path: str, root: Path | None = None, options: ImportOptions | None = None) -> AnySet:
    """The data set of that name under the root, else the data set folder or importable file at that path.

    A file is imported in memory by the same rules as `import` (its `rules` say which). FC1011 if there is neither.
    """
    place = locate(name_or_path, root)
    if place.is_dir():
        return load(place)
    from .event_importers import import_any

    return import_any(place, options)


def outline(name_or_path: str, root: Path | None = None) -> AnySet:
    """What `resolve` gives, for asking what it holds: of a stored data set only the record is read, rows are absent."""
    place = locate(name_or_path, root)
    if not place.is_dir():
        return resolve(name_or_path, root)
    record = read_record(place)
    instrument = parse_instrument(record.instrument)
    if instrument is None:
        raise fault("FC1013", "the data set's record is damaged", str(place), helps=("import it again",))
    if isinstance(record, Record):
        return Dataset(record.name, instrument, record.venue, record.period_ns, no_bars())
    book, trades = no_events()
    held = record.rows
    return EventSet(
        record.name, instrument, record.venue, book if "book" in held else None, trades if "trades" in held else None
    )  # fmt: skip


def locate(name_or_path: str, root: Path | None = None) -> Path:
    """The folder or file that `resolve` would read."""
    if len(name_or_path) > _LONGEST_PATH:  # longer than any system takes: asking would fail, not answer
        raise _unknown(f"{name_or_path[:40]}...", root)
    folder = data_root(root) / name_or_path
    is_name = "/" not in name_or_path and name_or_path not in ("", ".", "..")
    if is_name and len(name_or_path) < _LONGEST_NAME and (folder / RECORD_FILE).is_file():
        return folder
    path = Path(name_or_path)
    if all(len(part) <= _LONGEST_NAME for part in path.parts) and (path.is_file() or (path / RECORD_FILE).is_file()):
        return path
    raise _unknown(name_or_path, root)


def _unknown(name_or_path: str, root: Path | None) -> RuntimeFault:
    if len(name_or_path) <= _LONGEST_NAME and Path(name_or_path).is_dir():
        helps = ("name one file of it, or import it: `flashc data import FILE`",)
        return fault("FC1011", "this folder is not a data set", name_or_path, helps=helps)
    folder = data_root(root)
    names = [record.name for record in list_datasets(root).records]
    near = get_close_matches(name_or_path, names, n=1)
    notes = (f"data sets in {folder}: {', '.join(names[:10])}{' ...' * (len(names) > 10)}",) if names else ()
    guess = (f"did you mean `{near[0]}`?",) if near else ()
    ways = "`flashc data import FILE` or `flashc data synth` makes a data set, `flashc data list` shows them"
    message = f"no file and no data set is called `{name_or_path}`"
    return fault("FC1011", message, str(folder), notes=notes, helps=(*guess, ways))
