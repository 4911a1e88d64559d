"""The native book and its slow twin, run side by side on the same changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from flashc.cython_core.book_words import CELLS, OUTSIDE
from flashc.runtime.backtest.market import book as native
from flashc.runtime.backtest.market.book_layout import new_book
from flashc.runtime.backtest.market.reference_book import Book
from flashc.runtime.backtest.native_ops import int_words
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

LOW, HIGH = 100, 700_000  # three words of the top layer
READS = ("px", "qty", "depth", "value", "cost", "reach")
FUNCTIONS = {name: getattr(native, f"book_{name}") for name in (*READS, "set", "at", "clear")}


@pytest.fixture(scope="module")
def call() -> dict[str, Callable[..., int]]:
    """The native functions, taking the address of a block."""

    def through_address(function: Any) -> Callable[..., int]:
        made: Callable[..., int] = njit(lambda at, *rest: function(int_words(at), *rest))
        return made

    return {name: through_address(function) for name, function in FUNCTIONS.items()}


near = st.integers(3000, 3130)
ticks = st.one_of(near, near, st.sampled_from([LOW, HIGH, LOW + 1, 262_143, 262_144, 524_288]), st.integers(LOW, HIGH))
changes = st.lists(st.tuples(st.sampled_from([1, -1]), ticks, st.integers(0, 5)), max_size=60)


def compare(call: dict[str, Callable[..., int]], at: int, slow: Book, numbers: Sequence[int]) -> None:
    for side in (1, -1):
        for name in READS:
            for number in numbers:
                assert call[name](at, side, number) == getattr(slow, name)(side, number), (name, side, number)


@settings(max_examples=120, deadline=None)
@given(changes, st.integers(0, 60))
def test_both_books_read_the_same_after_any_changes(call: dict[str, Callable[..., int]], rows: list[tuple[int, int, int]], cleared: int) -> None:  # fmt: skip
    block, slow = new_book(LOW, HIGH), Book(LOW, HIGH)
    at = block.ctypes.data
    for number, (side, tick, lots) in enumerate(rows):
        if number == cleared:
            call["clear"](at)
            slow.clear()
        assert call["set"](at, side, tick, lots) == slow.set(side, tick, lots)
        assert call["px"](at, side, 0) == slow.px(side, 0)
        assert call["at"](at, side, tick) == lots
    compare(call, at, slow, (-1, 0, 1, 2, 3, 7, 50, 2**40))
    assert block[OUTSIDE] == 0


def test_a_cleared_book_is_a_new_book(call: dict[str, Callable[..., int]]) -> None:
    block = new_book(LOW, HIGH)
    for k in range(500):
        call["set"](block.ctypes.data, 1 - 2 * (k & 1), LOW + k * 1391, k + 1)
    call["clear"](block.ctypes.data)
    assert np.array_equal(block, new_book(LOW, HIGH))


def test_sums_wrap_the_same_way(call: dict[str, Callable[..., int]]) -> None:
    block, slow = new_book(LOW, HIGH), Book(LOW, HIGH)
    for tick in (3000, 3001, 600_000):
        call["set"](block.ctypes.data, 1, tick, 2**62 - 1)
        slow.set(1, tick, 2**62 - 1)
    compare(call, block.ctypes.data, slow, (1, 2, 3, 2**61))


@pytest.mark.parametrize("tick", [0, 63, 700_300, -5])
def test_a_level_outside_of_the_window_touches_nothing_and_is_counted(call: dict[str, Callable[..., int]], tick: int) -> None:  # fmt: skip
    block = new_book(LOW, HIGH)
    before = block.copy()
    call["set"](block.ctypes.data, 1, tick, 5)
    assert block[OUTSIDE] == 1
    block[OUTSIDE] = 0
    assert np.array_equal(block, before)
    assert call["at"](block.ctypes.data, 1, tick) == 0
    with pytest.raises(AssertionError):
        Book(LOW, HIGH).set(1, tick, 5)


def test_a_window_of_one_tick_is_a_book(call: dict[str, Callable[..., int]]) -> None:
    block = new_book(77, 77)
    assert block[CELLS] == 64
    call["set"](block.ctypes.data, -1, 77, 4)
    assert (call["px"](block.ctypes.data, -1, 0), call["qty"](block.ctypes.data, -1, 0)) == (77, 4)
