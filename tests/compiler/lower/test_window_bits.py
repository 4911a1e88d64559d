"""Windows and warm-up to the last bit and the last tick: the order of sums, ties of zeros, when a program is armed."""

from __future__ import annotations

import math

import pytest
from flashc.compiler.analysis.warmup import ticks_needed
from flashc.cython_core.layout import FLAG_INSTANT_END, KIND_BAR, head
from support.checking import analysed
from support.library_series import MINUTE, START, random_bars, series, strategy

BARS = random_bars(400, 5)


def known(values: list[float | None]) -> list[float]:
    return [value for value in values if value is not None]


@pytest.mark.parametrize("length", [2, 3, 4, 5, 20])
def test_sums_of_decimals_are_added_from_the_oldest_to_the_newest(length: int) -> None:
    parts, sums = known(series("close / open", BARS)), known(series(f"sum(close / open, {length})", BARS))
    assert len(sums) == len(parts) - length + 1
    differs = 0
    for at, found in enumerate(sums):
        window, total, back = parts[at : at + length], 0.0, 0.0
        for x, y in zip(window, reversed(window), strict=True):
            total, back = total + x, back + y
        assert found.hex() == total.hex()
        differs += total != back
    assert differs or length == 2, "the order matters in this series"


@pytest.mark.parametrize("which", ["min", "max"])
@pytest.mark.parametrize("length", [2, 3, 5, 7])
def test_of_equal_zeros_in_a_window_the_oldest_stays(which: str, length: int) -> None:
    zeros = "if close > open then 0.0 else 0.0 * -1.0"
    parts, found = known(series(f"({zeros})", BARS)), known(series(f"{which}(({zeros}), {length})", BARS))
    assert {math.copysign(1.0, x) for x in parts} == {1.0, -1.0}
    assert [x.hex() for x in found] == [x.hex() for x in parts[: len(found)]]


@pytest.mark.parametrize("expression", ["ema(close, 5)", "ema(close, 12)", "rma(close, 7)", "dema(close, 6)", "atr(9)"])
def test_a_program_is_armed_at_the_tick_that_the_checker_says(expression: str) -> None:
    checked = analysed(strategy(expression))
    node = checked.built.graph.lets["value"]
    (ticks,) = ticks_needed(checked.built, checked.facts.warmups[node], {}).values()
    found = series(expression, BARS)
    assert found.index(known(found)[0]) + 1 == ticks


def test_the_value_before_the_first_is_the_given_one() -> None:
    parts = known(series("close / open", BARS))
    assert known(series("prev(close / open, 7.0)", BARS)) == [7.0, *parts[:-1]]


def test_a_held_value_may_be_absent_until_its_clock_ticks_again() -> None:
    rows, expected, held = [], [], 7.0
    for k, bar in enumerate(BARS.records[:100]):
        time = (START // (5 * MINUTE) + 1) * 5 * MINUTE + (k + 1) * MINUTE
        ends = k % 5 == 4
        rows.append([time, head(KIND_BAR, 0 if ends else FLAG_INSTANT_END), *bar[2:]])
        if ends:
            spread = 0 if k % 10 == 4 else 50
            rows.append([time, head(KIND_BAR, FLAG_INSTANT_END, 1), 900, 900 + spread, 900, 900 + spread // 2, 1, 900])
            held = 0.5 if spread else 7.0
        expected += [held] * (k >= 4)
    found = series("((close - open) / (high - low))@5m ?? 7.0 * (close / close)", BARS, rows)
    assert known([found[k] for k, row in enumerate(rows) if row[1] >> 8 & 1]) == expected
