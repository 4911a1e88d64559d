"""Stored data sets grow by versions: whole or not at all, the same however they were put together, old ones readable."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import deltalake
import numpy as np
import polars as pl
import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data import day_parts
from flashc.runtime.market_data.bars import Dataset, content_hash
from flashc.runtime.market_data.day_parts import events_hash
from flashc.runtime.market_data.events import EventSet
from flashc.runtime.market_data.store import delta, sets
from flashc.runtime.market_data.store.catalog import locate, pin, resolve
from flashc.runtime.market_data.store.places import Stored
from flashc.runtime.market_data.store.sets import append, load, note, read_record, save
from flashc.runtime.market_data.store.table_log import commits
from flashc.runtime.market_data.store.table_rows import read_columns
from flashc.runtime.market_data.store.upkeep import compact, history, prune
from flashc.runtime.market_data.synth.book import BookParameters, generate_book
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.tables import files

DAY = 1440
NIGHT = 1_704_153_590 * 10**9  # ten seconds before the second day


def part(data: Dataset, first: int, stop: int) -> Dataset:
    return replace(data, bars=data.bars.take(slice(first, stop)))


def events_part(data: EventSet, kinds: dict[str, slice]) -> EventSet:
    taken = {kind: own.take(kinds[kind]) if kind in kinds else None for kind, own in data.parts().items()}
    return replace(data, **taken)


@pytest.fixture(scope="module")
def night() -> EventSet:
    """A book and trades of twenty seconds around midnight."""
    return generate_book(BookParameters(duration_s=20, start_ns=NIGHT, levels=5), "night")


@pytest.fixture
def days(make_dataset) -> Dataset:
    """Bars of every hundredth minute of five days."""
    return make_dataset(list(range(0, 5 * DAY, 100)), notional=True)


@given(cuts=st.lists(st.tuples(st.integers(0, 10**6), st.booleans()), max_size=4))
@settings(max_examples=6, deadline=None)
def test_a_book_and_trades_are_the_same_however_their_appends_were_split(night, tmp_path_factory, cuts):
    root = tmp_path_factory.mktemp("root")
    done = dict.fromkeys(night.parts(), 0)
    for at, both in [*sorted(cuts), (10**6, True)]:
        stops = {kind: len(own) * at // 10**6 for kind, own in night.parts().items()}
        kinds = list(stops) if both else ["trades"]
        found = {kind: slice(done[kind], max(stops[kind], done[kind])) for kind in kinds}
        if any(place.stop > place.start for place in found.values()):
            record = append(events_part(night, found), root)
            done |= {kind: place.stop for kind, place in found.items()}
    whole = load(record.path)
    assert record.content_hash == events_hash(night) == events_hash(replace(whole, content_hash=""))
    assert record.rows == {kind: len(own) for kind, own in night.parts().items()}
    assert record.messages == int(night.book.ends.sum())
    for kind, own in night.parts().items():
        for name, column in own.columns().items():
            assert (whole.parts()[kind].columns()[name] == column).all(), (kind, name)


@given(order=st.permutations(range(5)), overlap=st.integers(0, 20))
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_bars_are_the_same_in_whatever_order_their_days_came(days, tmp_path_factory, order, overlap):
    root = tmp_path_factory.mktemp("root")
    cuts = [len(days.bars) * k // 5 for k in range(6)]
    for k in order:
        record = append(part(days, max(0, cuts[k] - overlap), cuts[k + 1]), root)
    assert record.content_hash == save(replace(days, name="whole"), root).content_hash
    assert content_hash(load(record.path).bars) == content_hash(days.bars)


def test_a_day_in_blocks_has_the_hash_of_a_day_at_once(monkeypatch, night):
    monkeypatch.setattr(day_parts, "BLOCK_ROWS", 16)
    columns, times = day_parts.kinds_of(night)["trades"]
    columns, times = day_parts.rows(columns, slice(0, 100)), times[:100]
    whole = day_parts.fresh(columns, times)
    for cut in (1, 15, 16, 17, 50, 99):
        head, tail = day_parts.rows(columns, slice(0, cut)), day_parts.rows(columns, slice(cut, None))
        before = day_parts.fresh(head, times[:cut])
        rest = day_parts.rows(head, slice(before.whole_rows, None))
        assert day_parts.extended(before, rest, tail, int(times[-1])) == whole


def test_a_book_and_its_trades_come_in_one_version(night, tmp_path):
    assert append(night, tmp_path).version == 0
    assert [commit.version for commit in commits(Stored(str(tmp_path / "night")))] == [0]
    assert {path.parent.name for path in files(tmp_path / "night", "book")} == {"day=2024-01-01", "day=2024-01-02"}


def test_bars_that_differ_from_stored_ones_are_refused_and_change_nothing(days, tmp_path):
    save(part(days, 0, 10), tmp_path)
    other = part(days, 5, 15)
    other = replace(other, bars=replace(other.bars, close=other.bars.close + np.eye(10)[4]))
    with pytest.raises(RuntimeFault) as caught:
        append(other, tmp_path)
    assert caught.value.first.code == "FC1021"
    assert "2024-01-01 15:00 is stored with another close" in caught.value.first.message
    assert read_record(tmp_path / "test").version == 0


def test_what_does_not_fit_the_data_set_is_refused(days, night, make_dataset, tmp_path):
    save(days, tmp_path)
    save(night, tmp_path)
    bars_of_two = make_dataset([0, 1], period_ns=2 * 60 * 10**9, notional=True)
    for wrong, code in [
        (make_dataset([0], symbol="ETH/USDC", notional=True), "FC1014"),
        (replace(days, venue="elsewhere"), "FC1014"),
        (bars_of_two, "FC1021"),
        (make_dataset([0]), "FC1021"),
        (replace(night, name="test"), "FC1014"),
        (replace(night, name="test", venue="test"), "FC1021"),
        (events_part(night, {"trades": slice(0, 1)}), "FC1021"),
        (replace(night, trades=night.trades.take(slice(None, None, -1))), "FC1021"),
    ]:
        with pytest.raises(RuntimeFault) as caught:
            append(wrong, tmp_path)
        assert caught.value.first.code == code


def test_two_writers_at_once_lose_nothing(days, tmp_path):
    cuts = [len(days.bars) * k // 5 for k in range(6)]
    append(part(days, 0, 1), tmp_path)

    def write(k: int) -> None:
        append(part(days, cuts[k], cuts[k + 1]), tmp_path)

    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(write, range(5)))
    record = read_record(tmp_path / "test")
    assert (record.version, record.bars) == (5, len(days.bars))
    assert content_hash(load(record.path).bars) == content_hash(days.bars)


def test_a_writer_that_is_always_overtaken_says_so(days, tmp_path, monkeypatch):
    save(part(days, 0, 5), tmp_path)

    def overtaken(*_: object) -> int:
        raise delta.Overtaken

    monkeypatch.setattr(delta, "write", overtaken)
    monkeypatch.setattr(sets, "ATTEMPTS", 3)
    with pytest.raises(RuntimeFault) as caught:
        append(part(days, 5, 6), tmp_path)
    assert (caught.value.first.code, caught.value.first.is_environment) == ("FC1022", True)


def test_a_write_behind_the_back_is_noticed(days, tmp_path, monkeypatch):
    save(part(days, 0, 5), tmp_path)
    write, other = delta.write, part(days, 10, 15)

    def slow(*arguments: object) -> int:
        monkeypatch.setattr(delta, "write", write)
        append(other, tmp_path)  # between reading the record and committing
        return write(*arguments)

    monkeypatch.setattr(delta, "write", slow)
    record = append(part(days, 5, 10), tmp_path)
    assert (record.version, record.bars) == (2, 15)
    assert content_hash(load(record.path).bars) == content_hash(part(days, 0, 15).bars)


def test_a_replaced_data_set_keeps_its_old_versions(days, night, tmp_path):
    old = save(days, tmp_path)
    new = save(replace(night, name="test"), tmp_path, replace=True)
    assert (old.version, new.version) == (0, 1)
    assert isinstance(resolve("test", tmp_path), EventSet)
    assert content_hash(resolve("test@0", tmp_path).bars) == content_hash(days.bars)
    assert pin(["test", "test@0", "test"], tmp_path) == ["test@1", "test@0"]


def test_a_version_is_named_by_number_or_by_time(days, tmp_path):
    save(part(days, 0, 5), tmp_path)
    append(part(days, 5, 9), tmp_path)
    made = history(Stored(str(tmp_path / "test")))
    assert [(one.version, one.change, one.rows) for one in made] == [(1, "+4 rows", 9), (0, "made", 5)]
    assert locate("test@2099-01-01T00:00", tmp_path).version == 1
    for wrong in ("test@2", "test@99999999999999999999", "test@soon", "test@2001-01-01", "test@-1"):
        with pytest.raises(RuntimeFault) as caught:
            locate(wrong, tmp_path)
        assert (caught.value.first.code, caught.value.first.is_usage) == ("FC1020", True)
    for unknown in ("tset@0", "test@", "@0"):
        with pytest.raises(RuntimeFault) as caught:
            locate(unknown, tmp_path)
        assert caught.value.first.code == "FC1011"


def test_progress_is_kept_with_the_rows_that_made_it(days, tmp_path):
    def more(word: str):
        return lambda known: {"seen": [*known.get("seen", []), word]}

    append(part(days, 0, 5), tmp_path, update=more("a"))
    append(part(days, 5, 6), tmp_path)
    append(part(days, 6, 7), tmp_path, update=more("b"), facts={"how": "fetched"})
    record = note("test", more("c"), tmp_path)
    assert (record.version, record.bars, record.progress) == (3, 7, {"seen": ["a", "b", "c"]})
    assert read_record(tmp_path / "test") == record
    assert record.facts["how"] == "fetched"
    assert append(part(days, 0, 0), tmp_path, update=more("d")).progress["seen"][-1] == "d"


def test_compacting_changes_files_and_nothing_else(night, tmp_path):
    count = len(night.trades)
    for k in range(5):
        record = append(events_part(night, {"trades": slice(count * k // 5, count * (k + 1) // 5)}), tmp_path)
    assert len(files(tmp_path / "night", "trades")) == 6  # one part goes over midnight
    done = compact(Stored(str(tmp_path / "night")))
    assert (done.version, done.files_before, done.files_after) == (5, 6, 2)
    found = load(tmp_path / "night")
    assert read_record(tmp_path / "night").content_hash == record.content_hash
    assert (found.trades.trade_id == night.trades.trade_id).all()
    assert compact(Stored(str(tmp_path / "night"))).version == 5


def test_pruned_versions_say_so_unless_their_content_is_still_there(days, tmp_path):
    place = Stored(str(tmp_path / "test"))
    save(part(days, 0, 15), tmp_path)
    append(part(days, 15, 16), tmp_path)
    append(part(days, 16, 17), tmp_path)
    compact(place)  # version 3, with the content of version 2
    assert prune(place, 2).files > 0
    assert not prune(place, 2)
    assert [len(load(place.at(version)).bars) for version in (1, 2, 3)] == [16, 17, 17]
    assert prune(place, 1)
    assert len(load(place.at(2)).bars) == 17
    for gone in (0, 1):
        with pytest.raises(RuntimeFault) as caught:
            load(place.at(gone))
        assert caught.value.first.code == "FC1020"
    append(part(days, 17, 20), tmp_path)
    assert content_hash(load(place).bars) == content_hash(part(days, 0, 20).bars)
    assert [one.version for one in history(place) if one.pruned] == [2, 1, 0]


def test_commits_of_other_programs_leave_the_record_as_it_was(days, tmp_path):
    for k in range(3):
        append(part(days, k, k + 1), tmp_path)
    deltalake.DeltaTable(tmp_path / "test").optimize.compact()
    record = read_record(tmp_path / "test")
    assert (record.version, record.bars) == (3, 3)
    assert append(part(days, 3, 4), tmp_path).version == 4
    assert len(load(tmp_path / "test").bars) == 4


def test_a_table_without_a_record_is_refused(tmp_path):
    deltalake.write_deltalake(tmp_path / "other", pl.DataFrame({"x": [1]}))
    with pytest.raises(RuntimeFault) as caught:
        load(tmp_path / "other")
    assert caught.value.first.code == "FC1013"


def test_files_that_no_commit_names_are_not_read(days, tmp_path):
    """As a writer leaves them that died before its commit."""
    save(days, tmp_path)
    [first, *_] = files(tmp_path / "test", "1m")
    first.with_name("part-of-a-dead-writer.parquet").write_bytes(first.read_bytes())
    assert content_hash(load(tmp_path / "test").bars) == content_hash(days.bars)


def test_the_log_is_read_as_deltalake_reads_it(days, tmp_path):
    for k in range(4):
        append(part(days, k, k + 1), tmp_path)
    compact(Stored(str(tmp_path / "test")))
    theirs = deltalake.DeltaTable(tmp_path / "test").history()
    mine = list(commits(Stored(str(tmp_path / "test"))))
    assert [(c.version, c.time_ms, c.operation, c.record) for c in mine] == [
        (one["version"], one["timestamp"], one["operation"], one["flashc"]) for one in theirs
    ]


def test_rows_are_read_as_polars_reads_the_table(night, tmp_path):
    append(night, tmp_path)
    names = ("receive", "price", "snapshot", "last_id")
    mine = read_columns(Stored(str(tmp_path / "night")), "book", names)
    theirs = pl.scan_delta(str(tmp_path / "night")).filter(kind="book").sort("day", "row").collect()
    assert all((theirs[name].to_numpy() == mine[name]).all() for name in names)
    assert set(theirs["instrument"]) == {"BTC-USDC"}


def test_only_the_days_of_a_range_are_read(days, tmp_path):
    save(days, tmp_path)
    for path in files(tmp_path / "test", "1m")[2:]:
        path.unlink()
    stop = int(days.bars.ts[20])
    assert len(load(tmp_path / "test", None, None, stop).bars) == 20
    with pytest.raises(RuntimeFault) as caught:
        load(tmp_path / "test", None, 0, 1)
    assert caught.value.first.code == "FC1012"


def test_a_folder_of_an_earlier_release_names_the_command_that_takes_it_over(days, tmp_path):
    folder = tmp_path / "test"
    folder.mkdir()
    pl.DataFrame(days.bars.columns()).write_parquet(folder / "bars.parquet")
    (folder / "dataset.json").write_text('{"format": "flashc-bars/1", "instrument": "BTC/USDC", "venue": "mexc"}')
    with pytest.raises(RuntimeFault) as caught:
        resolve("test", tmp_path)
    assert caught.value.first.code == "FC1019"
    [command] = caught.value.first.helps
    words = command.strip("`").split()
    assert words[:3] == ["flashc", "data", "import"]
    from flashc.cli.app import run

    assert run([*words[1:], "--root", str(tmp_path), "--period", "1m"]) == 0
    assert content_hash(resolve("test", tmp_path).bars) == content_hash(days.bars)
    assert not (folder / "dataset.json").exists()


def test_naming_a_version_loads_neither_deltalake_nor_polars(days, tmp_path):
    save(days, tmp_path)
    code = (
        "import sys; from pathlib import Path; from flashc.runtime.market_data.store.catalog import outline, pin\n"
        f"print(pin(['test'], Path({str(tmp_path)!r}))); outline('test@0', {str(tmp_path)!r})\n"
        "print(sorted({'polars', 'deltalake', 'duckdb'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["['test@0']", "[]"]


def test_a_full_disk_is_an_environment_fault(days, tmp_path, monkeypatch):
    save(part(days, 0, 5), tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(deltalake, "write_deltalake", full)
    with pytest.raises(RuntimeFault) as caught:
        append(part(days, 5, 6), tmp_path)
    assert (caught.value.first.code, caught.value.first.is_environment) == ("FC1017", True)
    assert len(load(tmp_path / "test").bars) == 5
    assert isinstance(locate("test", tmp_path), Stored)
    assert not isinstance(locate("test", tmp_path), Path)
