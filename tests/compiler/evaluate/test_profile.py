"""Amounts by level: bins, the fullest of them, and the area around it, on numbers that can be checked by hand."""

from __future__ import annotations

import pytest
from flashc.compiler.evaluate import profile
from flashc.compiler.evaluate.windows import win_argmax, win_argmin

TICKS = 8
WORDS = profile.HEADER + 2 * TICKS


def filled(rows: list[tuple[int, int]], low: int, high: int, bins: int) -> list[int]:
    """Total, fullest, lowest and highest bin after rows of (level, amount)."""
    cells = [0] * WORDS
    for tick, (level, amount) in enumerate(rows):
        profile.put(cells, 0, WORDS, tick, level, amount)
    profile.fill(cells, 0, WORDS, len(rows) - 1, len(rows), low, high, bins)
    return [profile.get(cells, 0, WORDS, k) for k in range(4)]


def test_the_top_of_the_range_falls_into_the_last_bin() -> None:
    assert filled([(0, 1), (100, 5)], 0, 100, 4) == [6, 3, 3, 3]


def test_the_area_grows_by_the_fuller_neighbour_until_it_holds_seventy_in_a_hundred() -> None:
    rows = [(5, 10), (15, 20), (25, 40), (35, 25), (45, 5)]
    assert filled(rows, 0, 50, 5) == [100, 2, 1, 3]  # 40, then 25 above, then 20 below


def test_equal_bins_prefer_the_lower_and_equal_neighbours_the_upper() -> None:
    assert filled([(5, 10), (15, 10), (25, 10), (35, 10)], 0, 40, 4) == [40, 0, 0, 2]
    assert filled([(5, 3), (15, 4), (25, 3)], 0, 30, 3) == [10, 1, 1, 2]


def test_a_range_of_nothing_is_one_bin() -> None:
    assert filled([(7, 3), (7, 4)], 7, 7, 24) == [7, 0, 0, 0]


def test_old_ticks_are_forgotten() -> None:
    rows = [(0, 1_000)] * 3 + [(90, 1)] * TICKS
    assert filled(rows, 0, 100, 10)[:2] == [TICKS, 9]


@pytest.mark.parametrize(("values", "least", "greatest"), [([3.0, 1.0, 1.0, 2.0], 1, 3), ([1.0, 5.0, 5.0, 5.0], 3, 0)])
def test_the_newest_of_equal_extremes_counts(values: list[float], least: int, greatest: int) -> None:
    assert win_argmin(values, 0, 4, 3, 4) == least
    assert win_argmax(values, 0, 4, 3, 4) == greatest


def test_the_extreme_of_no_values_is_now() -> None:
    assert win_argmin([1.0, 2.0], 0, 2, 0, 0) == win_argmax([1.0, 2.0], 0, 2, 0, 0) == 0
