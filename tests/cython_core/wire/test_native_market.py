"""Records and books of the library in C are those of the twins in Python, for every frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flashc.cython_core import native
from flashc.cython_core.native_market import NativeDepth, NativeRows, push_rows
from flashc.cython_core.wire.depth_codes import (
    APPLIED,
    BACKWARDS,
    GAP,
    LEFT_WINDOW,
    MOST_LEVELS,
    NOT_DEPTH,
    OLD,
    OVERLAP,
    REASONS,
)
from flashc.cython_core.wire.rows import PushRows, Rows, RowsFault
from flashc.runtime.backtest.market.book_layout import new_book
from flashc.runtime.mexc.market.reference_book import ReferenceBook
from hypothesis import given, settings
from hypothesis import strategies as st
from support.wire_bytes import DEAL, DEPTH, frames, varint
from support.wire_market import SYMBOLS, depth, depth_frames, market_frames

MX = SYMBOLS[1]


@pytest.fixture(scope="module")
def library() -> native.Library:
    found = native.library()
    assert found is not None, f"{native.reason()}: `python setup.py build_ext --inplace`, or `make`"
    return found


def plain(rows: Rows | RowsFault) -> Any:
    """Something that compares."""
    if isinstance(rows, RowsFault):
        return rows.reason
    facts = (rows.symbol_number, rows.body_number, rows.first_id, rows.last_id, rows.venue_ns)
    return rows.records.tolist(), facts


@settings(max_examples=120, deadline=None)
@given(st.lists(market_frames() | frames(), max_size=6))
def test_records_are_the_same_one_by_one_and_all_at_once(library: native.Library, given_frames: list[bytes]) -> None:
    times = [*range(1000, 1000 + len(given_frames))]
    expected = [plain(rows) for rows in PushRows(SYMBOLS).read_all(given_frames, times)]
    found = NativeRows(library, SYMBOLS)
    assert [plain(rows) for rows in found.read_all(given_frames, times)] == expected
    for frame, time, rows in zip(given_frames, times, expected, strict=True):
        try:
            one: Rows | RowsFault = found.read(frame, time)
        except RowsFault as error:
            one = error
        assert plain(one) == rows


def test_records_are_the_librarys_where_there_is_one(library: native.Library) -> None:
    assert isinstance(push_rows(SYMBOLS), NativeRows)
    assert NativeRows(library, SYMBOLS).rows(DEPTH, 7).shape == (2, 8)


def book(kind: Any, *args: Any, **named: Any) -> Any:
    """A book of MXUSDT with a snapshot at version 10."""
    made = kind(*args, **named)
    assert made.snapshot(10, [(250, 100), (249, 5)], [(251, 7), (260, 1)]) == APPLIED
    return made


def state(made: Any) -> Any:
    return made.version, made.valid, made.levels(1, 99), made.levels(-1, 99), made.best_bid(), made.best_ask()


@settings(max_examples=120, deadline=None)
@given(st.lists(depth_frames() | st.just(None), max_size=8), st.booleans())
def test_books_are_the_same_after_every_frame(
    library: native.Library, given_frames: list[bytes | None], with_snapshot: bool
) -> None:
    """None: a snapshot comes. The window is wide enough for all prices."""
    expected: Any = ReferenceBook(MX.symbol, MX.price_decimals, MX.qty_decimals)
    found: Any = NativeDepth(library, MX, cells=1 << 21)
    for frame in [None, *given_frames] if with_snapshot else given_frames:
        if frame is None:
            levels = ([(250, 100), (249, 5)], [(251, 7), (260, 1)])
            assert found.snapshot(10, *levels) == expected.snapshot(10, *levels)
        else:
            assert found.apply(frame) == expected.apply(frame)
        assert state(found) == state(expected)


@settings(max_examples=30, deadline=None)
@given(st.lists(depth_frames(), max_size=8))
def test_frames_at_once_are_frames_one_by_one(library: native.Library, given_frames: list[bytes]) -> None:
    one, all_ = book(NativeDepth, library, MX), book(NativeDepth, library, MX)
    assert all_.apply_all(given_frames).tolist() == [one.apply(frame) for frame in given_frames]
    assert (state(all_), all_.counts) == (state(one), one.counts)


def test_each_outcome(library: native.Library) -> None:
    made = book(NativeDepth, library, MX)
    assert made.apply(depth(9, 11, {"2.51": "0"}, {"2.505": "1"})) == -1 - REASONS.index("off_grid")
    assert not made.valid
    assert made.apply(depth(11, 11, {}, {})) == GAP
    made = book(NativeDepth, library, MX)
    assert made.apply(DEAL) == NOT_DEPTH
    assert made.apply(depth(8, 10, {"2.51": "0"}, {})) == OLD
    assert made.apply(depth(9, 11, {"2.51": "0"}, {"2.5": "1.25"})) == APPLIED
    assert made.apply(depth(11, 12, {"2.52": "3"}, {})) == OVERLAP
    assert (made.best_bid(), made.best_ask(), made.version) == ((250, 125), (252, 300), 12)
    assert made.apply(depth(14, 14, {}, {})) == GAP
    made = book(NativeDepth, library, MX)
    assert made.apply(depth(12, 11, {}, {})) == BACKWARDS
    assert made.counts == dict.fromkeys(made.counts, 0) | {"backwards": 1}


def test_the_sample_frame_goes_the_short_way(library: native.Library) -> None:
    made = NativeDepth(library, MX)
    made.snapshot(1000, [(240, 1)], [(251, 1), (255, 4)])
    assert made.apply(DEPTH) == APPLIED
    assert (made.levels(1, 9), made.levels(-1, 9)) == ([(249, 10000), (240, 1)], [(255, 4)])


def test_a_message_of_too_many_levels_is_refused(library: native.Library) -> None:
    one = depth(11, 11, {"2.50": "1"}, {})
    body = one[one.index(b"\xca\x13") + 3 :]
    level, rest = body[:11], body[11:]
    many = level * (MOST_LEVELS + 1) + rest
    frame = one[: one.index(b"\xca\x13") + 2] + varint(len(many)) + many
    made = book(NativeDepth, library, MX)
    expected = book(ReferenceBook, "MXUSDT", 2, 2)
    assert made.apply(frame) == expected.apply(frame) == -1 - REASONS.index("too_many_levels")


class TestWindow:
    """A book of 128 ticks about 250: 186 to 313."""

    @pytest.fixture
    def made(self, library: native.Library) -> NativeDepth:
        found: NativeDepth = book(NativeDepth, library, MX, cells=128)
        return found

    def test_far_levels_are_left_out_and_counted(self, made: NativeDepth) -> None:
        assert made.apply(depth(11, 11, {"9.99": "1"}, {"1.00": "1"})) == APPLIED
        assert (made.counts["far_asks"], made.counts["far_bids"]) == (1, 1)
        assert made.levels(1, 9) == [(250, 100), (249, 5)]

    def test_taking_a_far_level_away_counts_nothing(self, made: NativeDepth) -> None:
        assert made.apply(depth(11, 11, {"9.99": "0"}, {"1.00": "0"})) == APPLIED
        assert made.counts["far_asks"] == 0

    def test_a_best_price_beyond_the_window_ends_the_book(self, made: NativeDepth) -> None:
        assert made.apply(depth(11, 11, {}, {"9.99": "1"})) == LEFT_WINDOW
        assert not made.valid
        assert made.apply(depth(12, 12, {}, {})) == GAP

    def test_a_side_that_goes_on_outside_ends_the_book(self, made: NativeDepth) -> None:
        assert made.apply(depth(11, 11, {}, {"1.00": "1"})) == APPLIED
        assert made.apply(depth(12, 12, {}, {"2.50": "0", "2.49": "0"})) == LEFT_WINDOW

    def test_an_empty_side_without_far_levels_is_empty(self, made: NativeDepth) -> None:
        assert made.apply(depth(11, 11, {}, {"2.50": "0", "2.49": "0"})) == APPLIED
        assert (made.valid, made.best_bid()) == (True, None)

    def test_a_snapshot_moves_the_window(self, made: NativeDepth) -> None:
        assert made.snapshot(20, [(99_999, 1), (5, 1)], [(100_001, 2)]) == APPLIED
        assert (made.best_bid(), made.best_ask()) == ((99_999, 1), (100_001, 2))
        assert made.counts["far_bids"] == 1

    def test_a_snapshot_wider_than_the_window_is_no_book(self, made: NativeDepth) -> None:
        assert made.snapshot(20, [(5, 1)], [(100_001, 2)]) == LEFT_WINDOW
        assert not made.valid

    @settings(max_examples=80, deadline=None)
    @given(st.lists(depth_frames(), max_size=8))
    def test_what_a_valid_book_says_is_right(self, library: native.Library, given_frames: list[bytes]) -> None:
        """Inside of its window it equals the reference, and its best prices are the best of all."""
        found: Any = book(NativeDepth, library, MX, cells=64)
        expected: Any = book(ReferenceBook, "MXUSDT", 2, 2)
        for frame in given_frames:
            outcome, wanted = found.apply(frame), expected.apply(frame)
            if outcome == LEFT_WINDOW:
                return
            assert outcome == wanted
            if found.valid:
                assert (found.best_bid(), found.best_ask()) == (expected.best_bid(), expected.best_ask())
                low = int(found._block[0])
                for side in (1, -1):
                    inside = [level for level in expected.levels(side, 99) if low <= level[0] < low + 64]
                    assert found.levels(side, 99) == inside


@pytest.mark.parametrize("cells", [64, 128, 4096, 4160, 300_032])
def test_the_block_of_a_book_is_laid_out_as_everywhere(library: native.Library, cells: int) -> None:
    expected = new_book(640, 640 + cells - 1)
    block = np.zeros(library.call.book_words(cells), np.int64)
    library.call.book_init(block.ctypes.data, 640, cells)
    assert np.array_equal(block, expected)
