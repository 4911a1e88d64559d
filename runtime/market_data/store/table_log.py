"""The versions of a data set, from the log of its Delta table.

A local log is read as the files it is (Delta protocol, "Delta log entries": `_delta_log/<20 digits>.json`, one JSON
action a line, `commitInfo` among them), so that a run whose tape is cached loads neither deltalake nor polars. A remote
log is read by deltalake.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import RuntimeFault, fault
from .places import LOG, Stored, storage_options
from .records import AnyRecord, from_commit

if TYPE_CHECKING:
    from deltalake import DeltaTable

#: The key of a commit's own metadata under which the record stands.
KEY = "flashc"

_COMMIT = re.compile(r"([0-9]{20})\.json")
_AGAIN = ("import the data again, with `--replace`",)


@dataclass(frozen=True, slots=True)
class Commit:
    """One version. `record` is None where another program made it; then that of the version before holds."""

    version: int
    time_ms: int
    operation: str
    record: str | None


def exists(place: Stored) -> bool:
    """Whether a table is there."""
    if place.is_remote:
        return _remote(place.at(None)) is not None
    return bool(_numbers(place.folder))


def read_record(place: Stored | Path) -> AnyRecord:
    """The record of a data set at its version, or the newest. FC1011 if there is no data set, FC1020 if it has no such
    version, FC1013 if its record is damaged, FC1019 for one of an earlier release."""
    place = place if isinstance(place, Stored) else Stored(str(place))
    newest: Commit | None = None
    for commit in commits(place):
        newest = newest or commit
        if commit.record is not None:
            return _parsed(commit.record, place, newest.version)
    raise fault("FC1013", "the table has no record of flashc", str(place), helps=_AGAIN)


def record_of(commit: Commit, place: Stored) -> AnyRecord | None:
    """The record that a commit carries, or None. FC1013 if it is damaged."""
    return None if commit.record is None else _parsed(commit.record, place, commit.version)


def _parsed(text: str, place: Stored, version: int) -> AnyRecord:
    try:
        return from_commit(json.loads(text), place.at(version), version)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        notes = (f"version {version}: {str(error)[:200]}",)
        raise fault("FC1013", "the data set's record is damaged", str(place), notes=notes, helps=_AGAIN) from error


def commits(place: Stored) -> Iterator[Commit]:
    """The commits from the version that is meant back to the first. Faults as those of `read_record`."""
    if place.is_remote:
        yield from _remote_commits(place)
        return
    numbers = _numbers(place.folder)
    if not numbers:
        raise _absent(place)
    if place.version is not None:
        if place.version not in numbers:
            raise no_version(place, numbers)
        numbers = [number for number in numbers if number <= place.version]
    for number in reversed(numbers):
        yield _read(place.folder / LOG / f"{number:020d}.json", number)


def version_at(place: Stored, time_ns: int) -> int:
    """The version that was the newest at a time. FC1020 if the table is younger."""
    oldest: Commit | None = None
    for commit in commits(place.at(None)):
        if commit.time_ms * 10**6 <= time_ns:
            return commit.version
        oldest = commit
    from ..moments import moment_text

    assert oldest is not None
    note = f"its first version is of {moment_text(oldest.time_ms * 10**6)} UTC"
    helps = (f"`flashc data history {place.name}` shows all",)
    raise fault("FC1020", "the data set did not exist at that time", str(place), notes=(note,), helps=helps)


def no_version(place: Stored, numbers: list[int]) -> RuntimeFault:
    """FC1020: what versions there are."""
    note = f"it has version {numbers[0]}" if len(numbers) == 1 else f"it has versions {numbers[0]} to {numbers[-1]}"
    helps = (f"`flashc data history {place.name}` shows all",)
    return fault("FC1020", f"`{place.name}` has no version {place.version}", str(place), notes=(note,), helps=helps)


def _absent(place: Stored) -> RuntimeFault:
    old = None if place.is_remote else old_format(place.folder)
    if old is not None:
        return old
    return fault("FC1011", f"there is no data set `{place.name}`", str(place), helps=("`flashc data list` shows them",))


def _numbers(folder: Path) -> list[int]:
    """Versions of a local table, rising."""
    try:
        names = os.listdir(folder / LOG)
    except (OSError, ValueError):
        return []
    return sorted(int(match[1]) for name in names if (match := _COMMIT.fullmatch(name)))


def _read(path: Path, version: int) -> Commit:
    """Of a commit only the line `commitInfo` is parsed; the lines of its files are many."""
    try:
        with path.open("rb") as file:
            for line in file:
                if b'"commitInfo"' in line[:40]:
                    return _commit(json.loads(line)["commitInfo"], version)
    except OSError as error:
        raise fault("FC1013", f"cannot read the table's log: {error.strerror}", str(path)) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise fault(
            "FC1013", "the table's log is damaged", str(path), notes=(str(error)[:200],), helps=_AGAIN
        ) from error
    return Commit(version, int(path.stat().st_mtime * 1000), "", None)


def _commit(info: Mapping[str, Any], version: int) -> Commit:
    record = info.get(KEY)
    return Commit(
        version, int(info["timestamp"]), str(info.get("operation", "")), None if record is None else str(record)
    )


def _remote_commits(place: Stored) -> Iterator[Commit]:
    table = _remote(place.at(None))  # of an older version, deltalake counts its history wrongly
    if table is None:
        raise _absent(place)
    newest = table.version()
    wanted = newest if place.version is None else place.version
    if not 0 <= wanted <= newest:
        raise no_version(place, list(range(newest + 1)))
    for size in (newest - wanted + 1, None):  # mostly the one that is meant is enough
        for info in table.history(size):
            commit = _commit(info, int(info["version"]))
            if commit.version < wanted if size is None else commit.version == wanted:
                yield commit


def _remote(place: Stored) -> DeltaTable | None:
    """The table, or None. FC1020 for a version that it does not have, FC1023 if it cannot be reached."""
    from .delta import open_table

    return open_table(place, storage_options(place.uri))


def old_format(folder: Path) -> RuntimeFault | None:
    """FC1019 if the folder is a data set of an earlier release: how to take it over."""
    path = folder / "dataset.json"
    if not path.is_file():
        return None
    files = [name for name in ("bars.parquet", "book.parquet", "trades.parquet") if (folder / name).is_file()]
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        words = f"--instrument {facts['instrument']} --venue {facts['venue']}"
    except (OSError, ValueError, KeyError, TypeError):
        words = "--instrument BASE/QUOTE"
    given = " ".join(str(folder / name) for name in files)
    command = f"flashc data import {given} {words} --name {folder.name} --replace"
    return fault("FC1019", f"`{folder.name}` was stored by an earlier release", str(folder), helps=(f"`{command}`",))
