"""Versions of a data set: what they were, fewer files, fewer versions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

from ...errors import RuntimeFault, fault
from .orphans import SAFE_AGE_NS, orphans
from .places import Stored
from .records import AnyRecord, Pruned, to_commit
from .table_log import KEY, Commit, commits, read_record, record_of

ATTEMPTS = 20
NS_PER_HOUR = 3_600 * 10**9

#: What Delta calls the operations that flashc starts, where a commit changes no rows.
_CHANGES = MappingProxyType({"OPTIMIZE": "compacted", "VACUUM END": "pruned"})


@dataclass(frozen=True, slots=True)
class Version:
    """One version: when it was made, what it did, and what the data set held with it. `files` are gone if pruned."""

    version: int
    time_ms: int
    change: str
    rows: int
    from_ns: int
    to_ns: int
    content_hash: str
    pruned: bool

    def json(self) -> dict[str, object]:
        """Stable keys for `--json`."""
        return {
            "version": self.version,
            "time": self.time_ms * 10**6,
            "change": self.change,
            "rows": self.rows,
            "from": self.from_ns,
            "to": self.to_ns,
            "content_hash": self.content_hash,
            "pruned": self.pruned,
        }


def history(place: Stored) -> list[Version]:
    """All versions, the newest first. Faults are those of `read_record`."""
    found: list[Version] = []
    newest = read_record(place.at(None))
    made = [(commit, record_of(commit, place)) for commit in commits(place.at(None))]
    for number, (commit, record) in enumerate(made):
        if record is None or commit.operation == "VACUUM START":  # the first of the two commits of a prune
            continue
        before = next((older for _, older in made[number + 1 :] if older is not None), None)
        change = _CHANGES.get(commit.operation) or _change(before, record)
        found.append(
            Version(
                commit.version, commit.time_ms, change, record.total_rows, record.from_ns, record.to_ns,
                record.content_hash, newest.pruned.lacks(commit.version),
            )
        )  # fmt: skip
    return found


def _change(before: AnyRecord | None, record: AnyRecord) -> str:
    if before is None:
        return "made"
    if before.content_hash == record.content_hash:
        return "noted" if before.progress != record.progress else "made again"
    added = record.total_rows - before.total_rows
    kept = all(
        record.days.get(kind, {}).get(day) is not None and record.days[kind][day].rows >= part.rows
        for kind, own in before.days.items()
        for day, part in own.items()
    )
    return f"{added:+,} rows" if kept and added > 0 else "replaced"


@dataclass(frozen=True, slots=True)
class Compacted:
    """The version after it, and how many files there were and are."""

    version: int
    files_before: int
    files_after: int


def compact(place: Stored) -> Compacted:
    """Put the small files of each day together, as a new version of the same content. Faults are those of `append`."""
    from . import delta

    for _ in range(ATTEMPTS):
        record = read_record(place.at(None))
        assert record.version is not None
        try:
            found = Compacted(*delta.compact(place, _metadata(record), record.version))
        except delta.Overtaken:
            continue
        if found.version != record.version:
            delta.sync(place, found.version)
        return found
    raise _busy(place)


@dataclass(frozen=True, slots=True)
class Freed:
    """Files that a prune deleted: those of versions, those of dead writers, and the bytes of both; None in a bucket."""

    files: int
    orphans: int
    size: int | None

    def __bool__(self) -> bool:
        return self.files + self.orphans > 0


def prune(place: Stored, keep: int, now_ns: int | None = None) -> Freed:
    """Delete files that only versions before the newest `keep` states of the content need, and those that no version
    names because their writer died. Versions of one content count once, and the newest of them keeps its files.

    `now_ns` is by the clock of the disk, the machine's if nothing is said. Faults as `compact`.
    """
    assert keep > 0
    sizes = _prune_versions(place, keep)
    if place.is_remote:
        return Freed(len(sizes), _sweep(place, keep), None)
    lost = orphans(place.folder, time.time_ns() if now_ns is None else now_ns)
    for path, _ in lost:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise fault("FC1017", f"cannot delete: {error.strerror}", str(path)) from error
    return Freed(len(sizes), len(lost), sum(size or 0 for size in sizes) + sum(size for _, size in lost))


def _sweep(place: Stored, keep: int) -> int:
    from . import delta

    for _ in range(ATTEMPTS):
        record = read_record(place.at(None))
        assert record.version is not None
        try:
            kept = _newest_states(place, keep, record.pruned)
            return delta.sweep(place, record.version, kept, _metadata(record), SAFE_AGE_NS // NS_PER_HOUR)
        except delta.Overtaken:
            continue
    raise _busy(place)


def _prune_versions(place: Stored, keep: int) -> list[int | None]:
    from . import delta

    for _ in range(ATTEMPTS):
        record = read_record(place.at(None))
        assert record.version is not None
        kept = _newest_states(place, keep, record.pruned)
        if not _lost(place, record, kept):
            return []
        pruned = replace(record, pruned=Pruned(record.version - 1, tuple(sorted(set(kept) - {record.version}))))
        try:
            return delta.prune(place, record.version, kept, _metadata(pruned))
        except delta.Overtaken:
            continue
    raise _busy(place)


def _lost(place: Stored, record: AnyRecord, kept: list[int]) -> bool:
    """Whether a version that can be read now is none of those to be kept."""
    return any(commit.version not in (record.version, *kept) for commit in _readable(place, record.pruned))


def _newest_states(place: Stored, keep: int, pruned: Pruned) -> list[int]:
    """The newest version of each of the newest contents, of those that have their files."""
    found: dict[str, int] = {}
    for commit in _readable(place, pruned):
        record = record_of(commit, place)
        if record is None or record.content_hash in found:
            continue
        if len(found) == keep:
            break
        found[record.content_hash] = commit.version
    return list(found.values())


def _readable(place: Stored, pruned: Pruned) -> Iterator[Commit]:
    """Versions that have their files, without those that a prune made: they have the files of the version before."""
    for commit in commits(place.at(None)):
        if not pruned.lacks(commit.version) and not commit.operation.startswith("VACUUM"):
            yield commit


def _metadata(record: AnyRecord) -> dict[str, str]:
    return {KEY: json.dumps(to_commit(record), separators=(",", ":"), allow_nan=False)}


def _busy(place: Stored) -> RuntimeFault:
    helps = ("try again when they are done",)
    return fault("FC1022", f"other writers changed `{place.name}` again and again", str(place), helps=helps)
