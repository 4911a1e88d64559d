"""The compiled pass over a book against its plain twin, on books of every kind of disorder."""

from __future__ import annotations

import numpy as np
import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.events import Levels
from flashc.runtime.market_data.tapes import book_pass
from flashc.runtime.market_data.tapes.accepted_book import book_rows, snapshots_in_place
from flashc.runtime.market_data.tapes.book_reference import Accepted, Message, accept
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = {
    "crossed": book_pass.CROSSED, "one_sided": book_pass.ONE_SIDED, "gap": book_pass.GAPS, "far": book_pass.FAR,
    "duplicate": book_pass.DUPLICATES, "unsynced": book_pass.GAP_MESSAGES, "early": book_pass.EARLY,
    "waited": book_pass.WAITED, "dropped": book_pass.DROPPED,
}  # fmt: skip

rows = st.lists(st.tuples(st.sampled_from([1, -1]), st.integers(60, 140), st.integers(0, 3)), min_size=1, max_size=5)
good = st.tuples(st.integers(80, 99), st.integers(1, 9), st.integers(100, 120), st.integers(1, 9)).map(
    lambda r: [(1, r[0], r[1]), (-1, r[2], r[3])]
)
messages = st.lists(
    st.tuples(st.one_of(rows, good), st.sampled_from([False] * 5 + [True]), st.integers(0, 3), st.booleans()),
    min_size=1,
    max_size=25,
)


def numbered(parts: list[tuple[list[tuple[int, int, int]], bool, int, bool]]) -> list[Message]:
    """Messages whose ids mostly follow each other: a step of 0 repeats one, 2 and 3 leave some out."""
    result, last = [], 10
    for content, snapshot, step, known in parts:
        step = step if step in (0, 2) else 1
        first = last + step
        last = max(last, first)
        result.append(Message(content, snapshot, first if known and not snapshot else 0, last))
    return result


def levels(parts: list[Message]) -> Levels:
    number = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])
    flat = np.array([row for part in parts for row in part.rows], np.int64)
    head = np.array([(part.snapshot, part.first_id, part.last_id) for part in parts], np.int64)[number]
    ends = np.append(number[1:] != number[:-1], True)
    stamps = 10**18 + number * 1000
    return Levels(
        stamps, stamps, flat[:, 0].astype(np.int8), flat[:, 1] / 100.0, flat[:, 2] / 1000.0, head[:, 0] > 0, ends,
        head[:, 1], head[:, 2],
    )  # fmt: skip


def run_compiled(parts: list[Message], compiled: bool) -> tuple[Accepted, int]:
    """The pass, with its answer in the shape of the twin's; and the deepest side."""
    book = levels(parts)
    starts = np.concatenate(([0], np.flatnonzero(book.ends) + 1))
    heads, n, m = starts[:-1], len(book), len(parts)
    ticks, lots = np.rint(book.price * 100).astype(np.int64), np.rint(book.qty * 1000).astype(np.int64)
    low = int(ticks.min())
    prices = np.arange(low, int(ticks.max()) + 1)
    keep, release, reset = np.zeros(n, np.bool_), np.full(m, book_pass.PENDING), np.zeros(m, np.bool_)
    top, counts = np.zeros((m, 2), np.int64), np.zeros(book_pass.COUNTS, np.int64)
    there = np.zeros((2, len(prices)), np.int32)
    run = book_pass.run_pass if compiled else book_pass.run_pass.py_func
    run(
        starts, book.first_id[heads], book.last_id[heads], book.snapshot[heads], book.side, ticks, lots, ticks - low,
        prices, there, bool(book.snapshot.any()), keep, release, reset, top, counts,
    )  # fmt: skip
    out = Accepted()
    for k in range(m):
        if release[k] >= 0:
            own = [r for r in range(starts[k], starts[k + 1]) if keep[r]]
            out.sent.append(
                (int(release[k]), bool(reset[k]), [(int(book.side[r]), int(ticks[r]), int(lots[r])) for r in own])
            )
        if top[k, 0]:
            out.tops.append((k, int(top[k, 0]), int(top[k, 1])))
    for name, place in NAMES.items():
        out.count(name, int(counts[place]))
    return out, int(counts[book_pass.DEPTH])


@settings(max_examples=300, deadline=None)
@given(messages)
def test_the_compiled_pass_does_what_its_twin_does(parts):
    found, _ = run_compiled(numbered(parts), compiled=True)
    assert found == accept(numbered(parts))


@settings(max_examples=30, deadline=None)
@given(messages)
def test_the_pass_as_plain_python_does_too(parts):
    assert run_compiled(numbered(parts), compiled=False) == run_compiled(numbered(parts), compiled=True)


@settings(max_examples=200, deadline=None)
@given(messages)
def test_rows_that_go_out_keep_the_promises(parts):
    try:
        out, _ = book_rows(levels(numbered(parts)), 2, 3, "test")
    except RuntimeFault:
        return  # no message leaves a book that can be used
    book: dict[int, dict[int, int]] = {1: {}, -1: {}}
    assert (np.diff(out.receive) >= 0).all()
    for k in range(len(out)):
        if out.reset[k]:
            assert not out.ends[k]
            book = {1: {}, -1: {}}
            continue
        book[int(out.side[k])][int(out.ticks[k])] = int(out.lots[k])
        if out.ends[k]:
            bids, asks = ([ticks for ticks, lots in book[side].items() if lots] for side in (1, -1))
            assert bids
            assert asks
            assert max(bids) < min(asks)
            assert max(len(bids), len(asks)) <= out.depth
    assert out.ends[-1]


def test_updates_received_before_their_snapshot_come_behind_it():
    update, other = [(1, 99, 1)], [(-1, 101, 5)]
    parts = [
        Message(update, False, 5, 5), Message(update, False, 6, 6), Message(other, False, 7, 7),
        Message([(1, 98, 1), (-1, 102, 1)], True, 0, 5), Message(update, False, 8, 8),
    ]  # fmt: skip
    placed, rules = snapshots_in_place(levels(parts))
    assert placed.last_id[placed.ends].tolist() == [5, 5, 6, 7, 8]
    assert placed.snapshot[placed.ends].tolist() == [False, True, False, False, False]
    assert (np.diff(placed.receive) >= 0).all()
    assert [(rule.name, rule.count) for rule in rules] == [("snapshot_in_place", 2)]


def test_a_snapshot_that_is_older_than_the_book_is_left_out():
    whole = [(1, 98, 1), (-1, 102, 1)]
    parts = [Message(whole, True, 0, 5), Message([(1, 99, 1)], False, 6, 6), Message(whole, True, 0, 5)]
    placed, rules = snapshots_in_place(levels(parts))
    assert placed.last_id[placed.ends].tolist() == [5, 6]
    assert [(rule.name, rule.count) for rule in rules] == [("stale_snapshot", 1)]


def test_a_book_that_is_never_good_is_refused():
    parts = [Message([(1, 99, 1)], True, 0, 1), Message([(-1, 90, 1)], False, 2, 2)]
    with pytest.raises(RuntimeFault) as caught:
        book_rows(levels(parts), 2, 3, "test")
    assert caught.value.first.code == "FC1012"


def test_prices_wide_apart_are_numbered_by_what_occurs(monkeypatch):
    from flashc.runtime.market_data.tapes import accepted_book

    parts = [Message([(1, 9_000, 1), (-1, 11_000, 1)], True, 0, 1), Message([(1, 10_999, 2)], False, 2, 2)]
    narrow, _ = book_rows(levels(parts), 2, 3, "test")
    monkeypatch.setattr(accepted_book, "WIDEST", 100)
    wide, _ = book_rows(levels(parts), 2, 3, "test")
    assert wide.ticks.tolist() == narrow.ticks.tolist() == [0, 9_000, 11_000, 10_999]
    assert (wide.bid.tolist(), wide.ask.tolist()) == ([9_000, 10_999], [11_000, 11_000])
