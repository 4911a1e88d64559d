"""The only module that opens and writes Delta tables. Its errors become faults."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

from ...errors import RuntimeFault, fault
from .places import LOG, Stored, storage_options

if TYPE_CHECKING:
    import polars as pl
    from deltalake import DeltaTable

#: A log that forgets its commits would forget records, and old versions with them. Files go by `prune` only.
CONFIGURATION: Mapping[str, str | None] = {
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
}
PARTITIONS = ("venue", "instrument", "kind", "day")


class Overtaken(Exception):
    """Another writer made the version that this one was about to make."""


def open_table(place: Stored, options: Mapping[str, str] | None = None) -> DeltaTable | None:
    """The table at its version, None if there is no table. FC1020 for a version that it does not have."""
    from deltalake import DeltaTable
    from deltalake.exceptions import TableNotFoundError

    given = dict(storage_options(place.uri) if options is None else options)
    try:
        with faults(place):
            return DeltaTable(place.uri, version=place.version, storage_options=given or None)
    except TableNotFoundError:
        return None


@contextmanager
def faults(place: Stored, writes: bool = False) -> Iterator[None]:
    """Errors of deltalake as `Overtaken` or faults: FC1020; FC1023 of a remote place, else FC1017 or FC1013."""
    from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

    try:
        yield
    except TableNotFoundError as error:
        if not writes:
            raise
        raise _fault_of(error, place, writes) from error
    except CommitFailedError as error:
        raise Overtaken from error
    except (DeltaError, OSError, ValueError) as error:
        raise _fault_of(error, place, writes) from error


def _fault_of(error: Exception, place: Stored, writes: bool) -> RuntimeFault:
    text = " ".join(str(error).split())[:300]
    if "A table already exists" in text or "already exists" in text.lower():
        raise Overtaken from error
    if place.version is not None and "LogSegment end version" in text:
        helps = (f"`flashc data history {place.name}` shows all versions",)
        return fault("FC1020", f"`{place.name}` has no version {place.version}", str(place), helps=helps)
    if place.is_remote:
        helps = ("check AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",)
        return fault("FC1023", "the bucket cannot be reached", str(place), notes=(text,), helps=helps)
    if writes:
        helps = ("`--root DIR` names another folder for data sets",)
        return fault("FC1017", f"cannot write the data set{_said(text)}", str(place), helps=helps)
    return fault("FC1013", "the table cannot be read", str(place), notes=(text,))


def _said(text: str) -> str:
    """What the operating system said, out of the library's message: `: Not a directory`."""
    found = re.search(r'message: "([^"]+)"', text)
    return f": {found[1] if found else text}" if text else ""


def write(
    place: Stored,
    frame: pl.DataFrame,
    metadata: Mapping[str, str],
    before: int | None,
    mode: Literal["append", "overwrite"],
) -> int:
    """Commit a version with the rows of `frame`, which follow version `before`, and give its number.

    Raises `Overtaken` if there is a version after `before` already. What it raises otherwise left the table as it was.
    """
    from deltalake import write_deltalake

    table = _at_newest(place, before)
    properties = _properties(metadata)
    options = storage_options(place.uri) or None
    with faults(place, writes=True):
        if table is None:
            with _nothing_left(place):
                write_deltalake(
                    place.uri, frame, mode="error", partition_by=list(PARTITIONS), configuration=CONFIGURATION,
                    storage_options=options, commit_properties=properties, writer_properties=_parquet(),
                )  # fmt: skip
            return 0
        write_deltalake(
            table, frame, mode=mode, commit_properties=properties, writer_properties=_parquet()
        )  # fmt: skip
        return table.version()


@contextmanager
def _nothing_left(place: Stored) -> Iterator[None]:
    """If the first version cannot be made, as on a full disk, its files neither fill the disk nor occupy the name."""
    try:
        yield
    except Exception:
        if not place.is_remote and not any((place.folder / LOG).glob("*.json")):
            _clear(place.folder)
        raise


def _clear(folder: Path) -> None:
    """Delete the files of a table without a version. Threads of deltalake still write for a moment after its error."""
    quiet = 0
    for _ in range(60):
        parts = list(folder.glob(f"{PARTITIONS[0]}=*"))
        quiet = 0 if parts else quiet + 1
        if quiet > 3:
            break
        for part in parts:
            shutil.rmtree(part, ignore_errors=True)
        time.sleep(0.02)
    for empty in (folder / LOG, folder):
        with suppress(OSError):
            empty.rmdir()


def note(place: Stored, metadata: Mapping[str, str], before: int) -> int:
    """Commit a version without rows. Raises `Overtaken`."""
    table = _at_newest(place, before)
    assert table is not None
    with faults(place, writes=True):
        table.create_write_transaction(
            [], "append", table.schema(), list(PARTITIONS), commit_properties=_properties(metadata)
        )  # fmt: skip
    return before + 1


def compact(place: Stored, metadata: Mapping[str, str], before: int) -> tuple[int, int, int]:
    """Put the small files of each day together: (version, files before, files after). Raises `Overtaken`.

    Without anything to do there is no new version.
    """
    table = _at_newest(place, before)
    assert table is not None
    count = len(table.file_uris())
    with faults(place, writes=True):
        table.optimize.compact(commit_properties=_properties(metadata), writer_properties=_parquet())
        return table.version(), count, len(table.file_uris())


def prune(place: Stored, before: int, keep: Sequence[int], metadata: Mapping[str, str]) -> list[int | None]:
    """Delete files that belong to no version of `keep`, nor to the newest; their sizes in bytes, None in a bucket.

    Raises `Overtaken`.
    """
    table = _at_newest(place, before)
    assert table is not None
    with faults(place, writes=True):
        gone = table.vacuum(
            retention_hours=0, enforce_retention_duration=False, keep_versions=list(keep), dry_run=True
        )  # fmt: skip
        sizes = [size for path in gone for size in ([None] if place.is_remote else _size(place, path))]
        table.vacuum(
            retention_hours=0, enforce_retention_duration=False, keep_versions=list(keep), dry_run=False,
            commit_properties=_properties(metadata),
        )  # fmt: skip
        return sizes


def _size(place: Stored, path: str) -> list[int]:
    """Of a file that the log names; nothing if it is gone long since."""
    for name in (path, unquote(path)):
        with suppress(OSError):
            return [(place.folder / name).stat().st_size]
    return []


def sweep(place: Stored, before: int, keep: Sequence[int], metadata: Mapping[str, str], hours: int) -> int:
    """Delete files of a bucket that no version names and nobody has written to for so long; how many.

    `keep` are all versions that have their files. Raises `Overtaken`.
    """
    table = _at_newest(place, before)
    assert table is not None
    with faults(place, writes=True):
        gone = table.vacuum(hours, enforce_retention_duration=False, full=True, keep_versions=list(keep), dry_run=True)
        if gone:
            table.vacuum(
                hours, enforce_retention_duration=False, full=True, keep_versions=list(keep), dry_run=False,
                commit_properties=_properties(metadata),
            )  # fmt: skip
        return len(gone)


def _at_newest(place: Stored, before: int | None) -> DeltaTable | None:
    table = open_table(place.at(None))
    if (None if table is None else table.version()) != before:
        raise Overtaken
    return table


def _properties(metadata: Mapping[str, str]) -> Any:
    """No silent retries: a record is true only behind the version that it was made for."""
    from deltalake import CommitProperties

    return CommitProperties(custom_metadata=dict(metadata), max_commit_retries=0)


def _parquet() -> Any:
    from deltalake import ColumnProperties, WriterProperties

    rising = ColumnProperties(encoding="DELTA_BINARY_PACKED", dictionary_enabled=False)
    names = ("row", "ts", "receive", "venue_time", "first_id", "last_id", "trade_id")
    return WriterProperties(compression="ZSTD", compression_level=3, column_properties=dict.fromkeys(names, rising))


def sync(place: Stored, version: int) -> None:
    """Wait until the disk has a local version: its commit and the files that it added."""
    import json

    if place.is_remote:
        return
    path = place.folder / LOG / f"{version:020d}.json"
    with suppress(OSError, ValueError, KeyError):
        lines = [
            json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith('{"add"')
        ]
        added = [place.folder / unquote(line["add"]["path"]) for line in lines]
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(pool.map(_sync, added))
        _sync(path)
        _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def files(table: DeltaTable) -> Sequence[str]:
    """The files of the table's version, as paths or URLs that polars and DuckDB read."""
    return table.file_uris()


def list_tables(root: str, options: Mapping[str, str]) -> list[Stored]:
    """The tables of a bucket, by name: those whose first commit is there. FC1023 if it cannot be reached."""
    import polars as pl

    first = f"{root}/*/{LOG}/{0:020d}.json"
    try:
        scan = pl.scan_csv(
            first, has_header=False, separator="\x01", quote_char=None, n_rows=None, include_file_paths="path",
            storage_options=dict(options), infer_schema=False, truncate_ragged_lines=True,
        )  # fmt: skip
        paths = scan.select(pl.col("path").unique()).collect()["path"].to_list()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        text = " ".join(str(error).split())
        if "expanded paths were empty" in text:
            return []
        helps = ("check AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",)
        raise fault("FC1023", "the bucket cannot be reached", root, notes=(text[:300],), helps=helps) from error
    return [Stored(f"{root}/{path.split('/')[-3]}") for path in sorted(paths)]
