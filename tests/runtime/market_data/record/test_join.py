"""Updates and snapshots of a book, joined by version: what is written is whole, or says where it is not."""

from __future__ import annotations

import numpy as np
from flashc.cython_core.layout import (
    FLAG_MESSAGE_END,
    HEAD,
    KIND_LEVEL,
    KIND_RESET,
    TIME,
    UPDATE_ID,
    WORDS_PER_RECORD,
    head,
)
from flashc.runtime.market_data.bars import Ints
from flashc.runtime.market_data.record.join import FIRST_ID, KIND_MARK, RESTART, BookJoin, marked
from hypothesis import given, settings
from hypothesis import strategies as st

KIND = 0xFF
LEVELS = np.array([[1, 5, 99], [-1, 5, 101]], np.int64)


def update(first: int, last: int, receive: int, size: int = 1) -> Ints:
    rows = np.zeros((size, WORDS_PER_RECORD), np.int64)
    rows[:, TIME], rows[:, HEAD] = receive, head(KIND_LEVEL)
    rows[:, UPDATE_ID], rows[:, FIRST_ID] = last, first
    rows[-1, HEAD] = head(KIND_LEVEL, FLAG_MESSAGE_END)
    return rows


def batch(*updates: Ints) -> Ints:
    return np.concatenate(updates)


def heads(parts: list[Ints]) -> list[tuple[str, int, int]]:
    """(what, version, receive time) of each message written."""
    found = []
    for part in parts:
        for row in part:
            kind = int(row[HEAD]) & KIND
            if kind == KIND_MARK:
                found.append((f"gap:{marked(row).why}", marked(row).missing, int(row[TIME])))
            elif kind == KIND_RESET:
                found.append(("snapshot", int(row[UPDATE_ID]), int(row[TIME])))
            elif int(row[FIRST_ID]) and int(row[HEAD]) >> 8 & FLAG_MESSAGE_END:
                found.append(("update", int(row[UPDATE_ID]), int(row[TIME])))
    return found


def started(version: int = 10) -> BookJoin:
    join = BookJoin(0)
    assert join.snapshot(version, LEVELS, 1) is not None
    return join


def test_updates_before_the_first_snapshot_follow_it() -> None:
    join = BookJoin(0)
    assert join.take(batch(update(9, 10, 5), update(11, 12, 6))) == []
    out = join.snapshot(10, LEVELS, 7)
    assert out is not None
    assert heads(out) == [("snapshot", 10, 7), ("update", 12, 7)]
    assert heads(join.take(update(13, 13, 8))) == [("update", 13, 8)]
    assert join.counts.gaps == 0


def test_a_snapshot_that_lies_inside_an_update_is_continued_by_it() -> None:
    join = BookJoin(0)
    join.take(update(9, 12, 5))
    out = join.snapshot(10, LEVELS, 7)
    assert out is not None and heads(out)[-1] == ("update", 12, 7)


def test_a_snapshot_older_than_what_is_held_is_asked_for_again() -> None:
    join = BookJoin(0)
    join.take(update(20, 21, 5))
    assert join.snapshot(18, LEVELS, 6) is None
    assert join.needs_snapshot and join.counts.old_snapshots == 1
    assert join.snapshot(19, LEVELS, 7) is not None


def test_a_hole_is_seen_on_the_message_that_shows_it_and_marked_before_the_next_snapshot() -> None:
    join = started()
    out = join.take(batch(update(11, 11, 2), update(14, 15, 3), update(16, 16, 4)))
    assert heads(out) == [("update", 11, 2)]
    assert join.needs_snapshot and join.counts.gaps == 1
    again = join.snapshot(15, LEVELS, 9)
    assert again is not None
    assert heads(again) == [("gap:versions", 4, 9), ("snapshot", 15, 9), ("update", 16, 9)]


def test_repeated_and_overlapping_updates() -> None:
    join = started()
    out = join.take(batch(update(11, 12, 2), update(11, 12, 3), update(12, 14, 4), update(15, 15, 5)))
    assert [version for _, version, _ in heads(out)] == [12, 14, 15]
    assert (join.counts.repeated, join.counts.overlapping, join.counts.gaps) == (1, 1, 0)


def test_a_range_that_runs_backwards_makes_the_book_doubtful() -> None:
    join = started()
    assert join.take(update(12, 11, 2)) == []
    assert join.needs_snapshot and join.counts.refused == 1


def test_a_count_that_begins_anew_is_noticed() -> None:
    join = started(1000)
    join.take(update(1001, 1001, 2))
    for k in range(RESTART):
        join.take(update(5 + k, 5 + k, k))
    assert join.needs_snapshot
    join.take(update(40, 40, 50))
    out = join.snapshot(40, LEVELS, 60)
    assert out is not None and heads(out) == [("gap:restart", -1, 60), ("snapshot", 40, 60)]
    assert heads(join.take(update(41, 41, 61))) == [("update", 41, 61)]


def test_a_stream_that_lags_far_behind_the_snapshot_is_not_taken_for_a_new_count() -> None:
    join = BookJoin(0)
    join.take(batch(*(update(k, k, k) for k in range(1, 11))))
    assert join.snapshot(5000, LEVELS, 20) is not None
    for k in range(11, 5001):
        assert join.take(update(k, k, k)) == []
    assert not join.needs_snapshot and join.counts.gaps == 0
    assert heads(join.take(update(5001, 5001, 6000))) == [("update", 5001, 6000)]


def test_a_link_that_went_down_is_a_hole_even_if_no_version_is_missing() -> None:
    join = started()
    join.lost("link")
    out = join.snapshot(10, LEVELS, 5)
    assert out is not None and heads(out) == [("gap:link", 0, 5), ("snapshot", 10, 5)]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("update"), st.integers(-4, 3), st.integers(0, 3)),
        st.tuples(st.just("snapshot"), st.integers(-6, 2), st.just(0)),
        st.tuples(st.just("lost"), st.just(0), st.just(0)),
    ),
    max_size=60,
)


@given(STEPS, st.data())
@settings(max_examples=50, deadline=None)
def test_batches_say_the_same_as_single_messages_and_what_is_written_has_no_hole(
    steps: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    single, batched = BookJoin(0), BookJoin(0)
    one: list[Ints] = []
    many: list[Ints] = []
    waiting: list[Ints] = []
    version = 100

    def give() -> None:
        if waiting:
            many.extend(batched.take(batch(*waiting)))
            waiting.clear()

    for now, (what, offset, width) in enumerate(steps):
        if what == "update":
            first = version + 1 + (offset if offset < -1 or offset > 2 else 0)
            message = update(first, first + width, now, 1 + width)
            version = max(version, first + width)
            one += single.take(message)
            waiting.append(message)
            if data.draw(st.booleans()):
                give()
            continue
        give()
        if what == "lost":
            single.lost("link")
            batched.lost("link")
        elif single.needs_snapshot:
            one += single.snapshot(version + offset, LEVELS, now) or []
            many += batched.snapshot(version + offset, LEVELS, now) or []
    give()
    assert heads(one) == heads(many)
    assert single.counts == batched.counts
    assert_whole(one)


def assert_whole(parts: list[Ints]) -> None:
    """After a snapshot every update continues what is there; times never fall."""
    version, before = None, -1
    for part in parts:
        for row in part:
            kind, last = int(row[HEAD]) & KIND, int(row[UPDATE_ID])
            assert int(row[TIME]) >= before
            before = int(row[TIME])
            if kind == KIND_RESET:
                version = last
            elif kind == KIND_LEVEL and int(row[FIRST_ID]) and version != last:
                assert version is not None and int(row[FIRST_ID]) <= version + 1 <= last
                version = last
