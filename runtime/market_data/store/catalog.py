"""Finds data by name, by name and version, or by path."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias

from ...errors import RuntimeFault, fault
from ..bars import Dataset, no_bars
from ..events import AnySet, EventSet, no_events
from ..importers.bars import ImportOptions
from ..instruments import parse_instrument
from ..moments import parse_moment
from .places import LOG, Root, Stored, data_root, is_name, is_remote, storage_options, table_at
from .records import AnyRecord, Record
from .sets import load
from .table_log import exists, old_format, read_record, version_at

__all__ = ["Listing", "data_root", "expand", "list_datasets", "locate", "outline", "pin", "resolve", "tables"]

_LONGEST_PATH, _LONGEST_NAME = 3000, 255
_NUMBER = re.compile(r"[0-9]{1,9}")

#: A data set at rest, or a file.
Place: TypeAlias = Stored | Path


@dataclass(frozen=True, slots=True)
class Listing:
    """All readable records by name, and a fault for each folder that is not."""

    records: tuple[AnyRecord, ...]
    faults: tuple[RuntimeFault, ...]


def list_datasets(root: Root | None = None) -> Listing:
    """What the root holds; an absent root holds nothing."""
    records, faults = [], []
    for place in tables(data_root(root)):
        try:
            records.append(read_record(place))
        except RuntimeFault as error:
            faults.append(error)
    return Listing(tuple(records), tuple(faults))


def tables(root: Root) -> list[Stored]:
    """The data sets of a root, by name, readable or not. FC1011 for a root that is no folder."""
    if is_remote(root):
        from .delta import list_tables

        return list_tables(str(root), storage_options(str(root)))
    folder = Path(root)
    if os.path.lexists(folder) and not folder.is_dir():
        helps = ("`--root DIR` or FLASHC_DATA names the folder of data sets",)
        raise fault("FC1011", "this is no folder", str(folder), helps=helps)
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    return [Stored(str(path)) for path in paths if not path.name.startswith(".") and _is_data(path)]


def _is_data(path: Path) -> bool:
    """A table, or what an earlier release stored."""
    return (path / LOG).is_dir() or (path / "dataset.json").is_file()


def expand(sources: Sequence[str]) -> list[str]:
    """The names and paths of `--data`, where one of them may list several with commas between."""
    found: list[str] = []
    for source in sources:
        parts = [part.strip() for part in source.split(",") if part.strip()]
        found += parts if len(parts) > 1 and not Path(source).exists() else [source]
    return list(dict.fromkeys(found))


def pin(sources: Sequence[str], root: Root | None = None) -> list[str]:
    """The sources of `expand` with the version of each data set, so that all who read them agree: `btc_1m@3`."""
    return [_pinned(source, locate(source, root)) for source in expand(sources)]


def _pinned(source: str, place: Place) -> str:
    if isinstance(place, Path):
        return source
    return f"{_split(source)[0] if place.version is not None else source}@{read_record(place).version}"


def records(sources: Sequence[str], root: Root | None = None) -> list[AnyRecord]:
    """The records of those sources that are stored data sets."""
    places = (locate(source, root) for source in expand(sources))
    return [read_record(place) for place in places if isinstance(place, Stored)]


def resolve(name_or_path: str, root: Root | None = None, options: ImportOptions | None = None) -> AnySet:
    """The data set of that name under the root, else the data set folder or importable file at that path.

    `NAME@3` is its version 3, `NAME@2026-11-01T00:00` the newest of that time. A file is imported in memory by the same
    rules as `import` (its `rules` say which). FC1011 if there is neither, FC1020 if there is no such version.
    """
    place = locate(name_or_path, root)
    if isinstance(place, Stored):
        return load(place)
    from ..importers.any_file import import_any

    return import_any(place, options)


def resolve_part(
    name_or_path: str, kind: str | None = None, from_ns: int | None = None, to_ns: int | None = None
) -> AnySet:
    """What `resolve` gives, of one kind and with times in `[from_ns, to_ns)`; of a stored data set only that is read.

    A kind that is not there gives all kinds that are. FC1012 if nothing is left.
    """
    place = locate(name_or_path)
    if isinstance(place, Path):
        from ..cutting import cut

        return cut(resolve(name_or_path), kind, from_ns, to_ns)
    record = read_record(place)
    held = () if isinstance(record, Record) else tuple(record.rows)
    return load(place, [kind] if kind in held else None, from_ns, to_ns)


def outline(name_or_path: str, root: Root | None = None) -> AnySet:
    """What `resolve` gives, for asking what it holds: of a stored data set only the record is read, rows are absent."""
    place = locate(name_or_path, root)
    if isinstance(place, Path):
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


def locate(name_or_path: str, root: Root | None = None) -> Place:
    """The table or file that `resolve` would read."""
    if len(name_or_path) > _LONGEST_PATH:  # longer than any system takes: asking would fail, not answer
        raise _unknown(f"{name_or_path[:40]}...", root)
    found = _table(name_or_path, root) or _file(name_or_path)
    if found is not None:
        return found
    name, version = _split(name_or_path)
    place = _table(name, root) if version else None
    if place is None:
        raise _unknown(name_or_path, root)
    return place.at(_version(place, version))


def _split(text: str) -> tuple[str, str]:
    """Name or path, and what stands behind the last `@`."""
    name, mark, version = text.rpartition("@")
    return (name, version) if mark else (text, "")


def _version(place: Stored, text: str) -> int:
    """Its number, or the version that was the newest at a time. FC1020 if it is neither."""
    if _NUMBER.fullmatch(text):
        number = int(text)
        read_record(place.at(number))
        return number
    time_ns = parse_moment(text)
    if time_ns is None:
        helps = ("write a number, or a time such as 2026-11-01T00:00",)
        raise fault("FC1020", f"`{text[:60]}` is not a version", str(place), helps=helps)
    return version_at(place, time_ns)


def _table(name: str, root: Root | None) -> Stored | None:
    """The stored data set of that name under the root, or at that path or URL."""
    if "\0" in name:
        return None
    if is_remote(name):
        place = Stored(name.rstrip("/"))
        return place if exists(place) else None
    if is_name(name):
        named = table_at(root, name)
        if exists(named) or (not named.is_remote and _old(named.folder)):
            return named
    path = Path(name)
    if name and all(len(part) <= _LONGEST_NAME for part in path.parts) and (exists(Stored(name)) or _old(path)):
        return Stored(name)
    return None


def _old(folder: Path) -> bool:
    """Raise FC1019 for a data set of an earlier release."""
    old = old_format(folder)
    if old is not None:
        raise old
    return False


def _file(name: str) -> Path | None:
    path = Path(name)
    possible = all(len(part) <= _LONGEST_NAME for part in path.parts) and "\0" not in name
    return path if possible and path.is_file() else None


def _unknown(name_or_path: str, root: Root | None) -> RuntimeFault:
    possible = 0 < len(name_or_path) <= _LONGEST_NAME and "\0" not in name_or_path
    if possible and Path(name_or_path).is_dir():
        helps = ("name one file of it, or import it: `flashc data import FILE`",)
        return fault("FC1011", "this folder is not a data set", name_or_path, helps=helps)
    folder = data_root(root)
    names = [record.name for record in list_datasets(root).records]
    near = get_close_matches(_split(name_or_path)[0], names, n=1)
    notes = (f"data sets in {folder}: {', '.join(names[:10])}{' ...' * (len(names) > 10)}",) if names else ()
    guess = (f"did you mean `{near[0]}`?",) if near else ()
    ways = "`flashc data import FILE` or `flashc data synth` makes a data set, `flashc data list` shows them"
    message = f"no file and no data set is called `{name_or_path}`"
    return fault("FC1011", message, str(folder), notes=notes, helps=(*guess, ways))
