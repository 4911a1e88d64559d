"""What a writer leaves behind when it dies before its commit goes by prune, and nothing else does."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from flashc.runtime.market_data.bars import content_hash
from flashc.runtime.market_data.store.orphans import SAFE_AGE_NS, orphans
from flashc.runtime.market_data.store.places import Stored
from flashc.runtime.market_data.store.sets import append, load, save
from flashc.runtime.market_data.store.upkeep import Freed, compact, prune
from support.tables import files

NOW = time.time_ns()
LONG_AGO = NOW - 2 * SAFE_AGE_NS


def leave(path: Path, time_ns: int = LONG_AGO) -> Path:
    path.write_bytes(b"half a file")
    os.utime(path, ns=(time_ns, time_ns))
    return path


@pytest.fixture
def table(make_dataset, tmp_path: Path) -> Path:
    """Two versions, with files that have not been touched for long."""
    save(make_dataset([0, 1]), tmp_path)
    append(make_dataset([0, 1, 2, 3]), tmp_path)
    for path in (tmp_path / "test").rglob("*"):
        os.utime(path, ns=(LONG_AGO, LONG_AGO))
    return tmp_path / "test"


def test_what_no_version_names_goes_and_the_versions_stay(table: Path) -> None:
    day = Path(files(table, "1m")[0]).parent
    before = [content_hash(load(Stored(str(table), version)).bars) for version in range(2)]
    left = [
        leave(day / "part-00000-dead-c000.zstd.parquet"),
        leave(day / "part-00001-dead-c000.zstd.parquet#1"),
        leave(table / "_delta_log" / "00000000000000000002.json#1"),
    ]
    assert prune(Stored(str(table)), 9, NOW) == Freed(0, 3, 33)
    assert not any(path.exists() for path in left)
    assert not prune(Stored(str(table)), 9, NOW)
    assert [content_hash(load(Stored(str(table), version)).bars) for version in range(2)] == before


def test_what_a_living_writer_may_still_commit_stays(table: Path) -> None:
    fresh = leave(Path(files(table, "1m")[0]).with_name("part-00000-new.parquet"), NOW - SAFE_AGE_NS + 10**9)
    assert orphans(table, NOW) == []
    assert orphans(table, NOW + 2 * 10**9) == [(fresh, 11)]


def test_what_people_put_there_stays(table: Path) -> None:
    leave(table / "notes.parquet")
    leave(table / "part-of-my-notes.parquet")
    leave(Path(files(table, "1m")[0]).with_name("notes.txt"))
    leave(table / "_delta_log" / "00000000000000000001.checkpoint.parquet")
    assert orphans(table, NOW) == []


def test_without_the_whole_log_nothing_is_an_orphan(table: Path) -> None:
    leave(Path(files(table, "1m")[0]).with_name("part-00000-dead.parquet"))
    first = table / "_delta_log" / "00000000000000000000.json"
    text = first.read_text()
    for damage in (first.unlink, lambda: first.write_text(text[:-9])):
        damage()
        assert orphans(table, NOW) == []
    first.write_text(text)
    assert len(orphans(table, NOW)) == 1


def test_files_of_versions_and_of_dead_writers_are_counted_apart(table: Path) -> None:
    leave(Path(files(table, "1m")[0]).with_name("part-00000-dead.parquet"))
    size = sum(path.stat().st_size for path in table.rglob("part-*"))
    compact(Stored(str(table)))
    assert prune(Stored(str(table)), 1, NOW) == Freed(2, 1, size)
