"""Segments into the store: once each, whatever happened before."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from flashc.cython_core.layout import FLAG_MESSAGE_END, KIND_LEVEL, KIND_TRADE, WORDS_PER_RECORD, head
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.bars import Ints
from flashc.runtime.market_data.events import EventSet
from flashc.runtime.market_data.instruments import Instrument
from flashc.runtime.market_data.record import writer as writer_module
from flashc.runtime.market_data.record.commit import KEY, last_segment, recover
from flashc.runtime.market_data.record.join import Gap, mark_row, snapshot_rows
from flashc.runtime.market_data.record.segment import BLOCK_BYTES, DiskFile
from flashc.runtime.market_data.record.spool import Spool, opened, waiting
from flashc.runtime.market_data.record.streams import Recorded
from flashc.runtime.market_data.record.writer import Writing
from flashc.runtime.market_data.store.places import table_at
from flashc.runtime.market_data.store.sets import append, load, read_record

BTC = Recorded("b", Instrument("BTC", "USDC"), 2, 6)
T0 = 1_790_000_000 * 10**9
LEVELS = np.array([[1, 5_000_000, 999_00], [-1, 4_000_000, 1001_00]], np.int64)


def updates(first: int, count: int, at_ns: int) -> Ints:
    rows = np.zeros((count, WORDS_PER_RECORD), np.int64)
    rows[:, 0] = at_ns + np.arange(count) * 1000
    rows[:, 1] = head(KIND_LEVEL, FLAG_MESSAGE_END)
    rows[:, 2], rows[:, 3], rows[:, 4] = 1, 1_000_000, 998_00
    rows[:, 5], rows[:, 6], rows[:, 7] = T0, first + np.arange(count), first + np.arange(count)
    return rows


def trade(number: int, at_ns: int) -> Ints:
    rows = np.zeros((1, WORDS_PER_RECORD), np.int64)
    rows[0] = (at_ns, head(KIND_TRADE, FLAG_MESSAGE_END), -1, 250_000, 1000_01, T0, number, number)
    return rows


def writing(spool: Spool, root: Path) -> Writing:
    return Writing(BTC, spool, "ws://here/ws", "http://here", last_segment("b", root))


def parts() -> list[Ints]:
    return [snapshot_rows(0, 10, LEVELS, T0), updates(11, 300, T0), trade(5, T0 + 9)]


def events(root: Path) -> EventSet:
    found = load(table_at(root, "b"))
    assert isinstance(found, EventSet)
    return found


def test_what_was_written_is_in_the_data_set_and_the_segment_is_gone(tmp_path: Path) -> None:
    with opened("b", tmp_path) as spool:
        made = writing(spool, tmp_path)
        made.append(parts(), T0)
        made.retire()
        assert waiting(tmp_path) == ["b"]
        assert made.commit(tmp_path) == 1
        assert spool.leftovers() == [] and waiting(tmp_path) == []
    found = events(tmp_path)
    assert found.book is not None and found.trades is not None
    assert (len(found.book), len(found.trades), found.venue) == (302, 1, "mexc.spot")
    assert found.trades.price.tolist() == [1000.01] and found.trades.qty.tolist() == [0.25]
    assert found.book.snapshot.tolist() == [True, True, *[False] * 300]
    assert read_record(table_at(tmp_path, "b")).progress[KEY]["last_segment"] == T0


def test_holes_are_counted_and_named_in_the_record(tmp_path: Path) -> None:
    gap = Gap("book", T0 + 5, T0 + 400_000, 17, "versions")
    with opened("b", tmp_path) as spool:
        made = writing(spool, tmp_path)
        again = [mark_row(0, gap), snapshot_rows(0, 400, LEVELS, T0 + 400_000)]
        made.append([*parts(), *again], T0)
        made.retire()
        made.commit(tmp_path)
    record = read_record(table_at(tmp_path, "b"))
    assert record.progress[KEY]["gaps"] == [gap.json()] and record.progress[KEY]["gap_count"] == 1
    assert [(rule.name, rule.count) for rule in record.rules] == [("recording_gap", 1)]


def test_a_segment_that_was_committed_but_not_deleted_is_not_committed_twice(tmp_path: Path) -> None:
    with opened("b", tmp_path) as spool:
        made = writing(spool, tmp_path)
        made.append(parts(), T0)
        made.retire()
        data = spool.path(T0).read_bytes()
        made.commit(tmp_path)
        spool.path(T0).write_bytes(data)
        found = recover(spool, tmp_path)
        assert (found.segments, found.rows) == (0, 0) and spool.leftovers() == []
    assert read_record(table_at(tmp_path, "b")).version == 0


def test_a_process_that_ended_anywhere_loses_nothing_that_was_flushed(tmp_path: Path) -> None:
    with opened("b", tmp_path) as spool:
        made = writing(spool, tmp_path)
        made.append(parts(), T0)
        made.flush()
        path = spool.path(T0)
        with path.open("ab") as file:
            file.write(b"torn" * 100)
    with opened("b", tmp_path) as spool:
        found = recover(spool, tmp_path)
    assert (found.segments, found.rows, found.torn_bytes, found.torn_rows) == (1, 303, 400, 0)
    assert len(events(tmp_path).parts()["book"]) == 302
    assert read_record(table_at(tmp_path, "b")).progress[KEY]["torn_bytes"] == 400


def test_numbers_rise_from_run_to_run_also_when_the_clock_was_set_back(tmp_path: Path) -> None:
    for run in range(3):
        with opened("b", tmp_path) as spool:
            made = writing(spool, tmp_path)
            base = 1000 * run
            made.append(
                [snapshot_rows(0, base + 10, LEVELS, T0 - run * 10**9), updates(base + 11, 5, T0 - run * 10**9)], T0
            )
            made.retire()
            made.commit(tmp_path)
    record = read_record(table_at(tmp_path, "b"))
    assert record.progress[KEY]["last_segment"] == T0 + 2 and record.progress[KEY]["segments"] == 3
    receive = events(tmp_path).parts()["book"].receive
    assert len(receive) == 21 and (np.diff(receive) >= 0).all()
    assert [(rule.name, rule.count) for rule in record.rules] == [("out_of_order", 14)]


def test_segments_are_exchanged_when_they_are_full_or_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "MOST_ROWS", 250)
    with opened("b", tmp_path) as spool:
        made = writing(spool, tmp_path)
        made.append([updates(1, 300, T0)], T0)
        assert made.due(T0 + 1)
        made.retire()
        made.append([updates(301, 5, T0 + 10**9)], T0 + 10**9)
        assert not made.due(T0 + 10**9 + writer_module.LONGEST_NS - 1)
        assert made.due(T0 + 10**9 + writer_module.LONGEST_NS)
        made.retire()
        made.retire()
        assert made.commit(tmp_path) == 2 and made.rows == 305


def test_a_file_that_is_damaged_from_its_beginning_is_put_aside_and_the_rest_recovered(tmp_path: Path) -> None:
    with opened("b", tmp_path) as spool:
        made = writing(spool, tmp_path)
        made.append(parts(), T0)
        made.retire()
        spool.path(5).write_bytes(b"\0" * 3 * BLOCK_BYTES)
        found = recover(spool, tmp_path)
        assert [path.name for path in found.damaged] == ["00000000000000000005.seg.damaged"]
        assert found.rows == 303 and spool.leftovers() == []


def test_two_writers_of_one_name_are_refused(tmp_path: Path) -> None:
    with opened("b", tmp_path):
        with pytest.raises(RuntimeFault, match=r"FC1036: .*recorded already") as caught, opened("b", tmp_path):
            pass
        assert caught.value.first.notes == (f"process {os.getpid()} writes it",)
    with opened("b", tmp_path):
        assert waiting(tmp_path) == []


def test_a_data_set_that_was_not_recorded_is_left_alone(tmp_path: Path) -> None:
    with opened("b", tmp_path) as spool:
        made = writing(spool, tmp_path)
        made.append(parts(), T0)
        made.retire()
        made.commit(tmp_path)
    found = events(tmp_path)
    append(EventSet("c", found.instrument, found.venue, found.book, None), tmp_path)
    with pytest.raises(RuntimeFault, match="FC1038"):
        last_segment("c", tmp_path)


class Small(DiskFile):
    """A file on a disk that has room for three blocks."""

    room = 3 * BLOCK_BYTES + 77

    def write(self, data: memoryview) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = super().write(data[: self.room])
        self.room -= done
        return done


def test_a_full_disk_keeps_what_was_written_and_it_is_committed_later(tmp_path: Path) -> None:
    with opened("b", tmp_path) as spool:
        made = Writing(BTC, spool, "u", "s", 0, Small)
        made.append(parts()[:1], T0)
        with pytest.raises(OSError, match="No space"):
            made.append([updates(11, 1000, T0)], T0)
        made.retire()
        assert made.commit(tmp_path) == 1
    book = events(tmp_path).parts()["book"]
    assert len(book) == 2 * 127 - 1  # two blocks, less the reset row


def test_rows_that_find_no_room_at_the_very_end_spoil_nothing(tmp_path: Path) -> None:
    with opened("b", tmp_path) as spool:
        made = Writing(BTC, spool, "u", "s", 0, Small)
        made.append(parts()[:1], T0)
        made.append([updates(11, 2 * 127 + 5, T0)], T0)
        with pytest.raises(OSError, match="No space"):
            made.retire()
        assert made.commit(tmp_path) == 1
    assert len(events(tmp_path).parts()["book"]) == 2 * 127 - 1


def test_a_disk_without_room_is_told_before_anything_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened("b", tmp_path) as spool:
        made = writing(spool, tmp_path)
        made.append(parts(), T0)
        made.retire()
        monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=4096))
        with pytest.raises(OSError, match="No space"):
            made.commit(tmp_path)
        assert len(spool.leftovers()) == 1 and not (tmp_path / "b").exists()
        monkeypatch.undo()
        assert made.commit(tmp_path) == 1
