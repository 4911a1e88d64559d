"""Rings and trees against plain lists, and the law that a window forgets."""

from __future__ import annotations

import math
import random
import statistics
from typing import Any

import pytest
from flashc.compiler.evaluate.numbers import INT_MAX, INT_MIN, wrap
from flashc.compiler.evaluate.windows import SLOT, canonical_nodes, combine_moments
from hypothesis import given
from hypothesis import strategies as st

RINGS = st.sampled_from((1, 2, 4, 8, 16, 64))
START = st.sampled_from((0, 1, 5, -7, 28_333_333, INT_MAX - 3))
VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=150)


def filled(kind: str, leaves: int, start: int, values: list[Any], zero: Any = 0.0) -> tuple[list[Any], int]:
    """A slot at offset 3 of a state after one put per tick, and the last tick."""
    words = {"ring.put.f": 1, "ring.put.i": 1, "tree.put.mom": 6}.get(kind, 2) * leaves
    cells = [zero] * (3 + words + 2)
    for i, x in enumerate(values):
        SLOT[kind](cells, 3, words, wrap(start + i), x)
    assert cells[:3] == [zero] * 3
    assert cells[3 + words :] == [zero] * 2
    return cells[3 : 3 + words], wrap(start + len(values) - 1)


def ask(name: str, slot: list[Any], *args: Any) -> Any:
    return SLOT[name](slot, 0, len(slot), *args)


@given(RINGS, START, VALUES, st.integers(-2, 70))
def test_float_windows_are_sums_from_oldest_to_newest(leaves: int, start: int, values: list[float], n: int) -> None:
    slot, tick = filled("ring.put.f", leaves, start, values)
    newest = ([0.0] * leaves + values)[-leaves:]
    window = newest[leaves - min(n, leaves) :] if n > 0 else []
    total = weighted = squares = deviations = 0.0
    for i, x in enumerate(window, start=1):
        total += x
        weighted += i * x
        squares += (x - 1.5) * (x - 1.5)
        deviations += abs(x - 1.5)
    assert ask("win.sum", slot, tick, n) == total
    assert ask("win.wsum", slot, tick, n) == weighted
    assert ask("win.m2", slot, tick, n, 1.5) == squares
    assert ask("win.absdev", slot, tick, n, 1.5) == deviations
    assert ask("win.min", slot, tick, n) == min(window, default=math.inf)
    assert ask("win.max", slot, tick, n) == max(window, default=-math.inf)
    for k in range(leaves):
        assert ask("ring.get.f", slot, tick, k) == newest[-1 - k]


@given(RINGS, START, st.lists(st.integers(INT_MIN, INT_MAX), min_size=1, max_size=100), st.integers(-2, 70))
def test_integer_windows_are_exact(leaves: int, start: int, values: list[int], n: int) -> None:
    slot, tick = filled("ring.put.i", leaves, start, values, 0)
    newest = ([0] * leaves + values)[-leaves:]
    window = newest[leaves - min(n, leaves) :] if n > 0 else []
    assert ask("win.isum", slot, tick, n) == wrap(sum(window))
    assert ask("win.imin", slot, tick, n) == min(window, default=INT_MAX)
    assert ask("win.imax", slot, tick, n) == max(window, default=INT_MIN)
    assert ask("ring.get.i", slot, tick, 0) == values[-1]


def test_the_oldest_of_equals_is_kept() -> None:
    slot, tick = filled("ring.put.f", 4, 0, [-0.0, 0.0])
    assert math.copysign(1.0, ask("win.min", slot, tick, 2)) == -1.0
    assert math.copysign(1.0, ask("win.max", slot, tick, 2)) == -1.0


@given(RINGS, START, VALUES, st.integers(0, 70))
def test_trees_agree_with_the_window(leaves: int, start: int, values: list[float], n: int) -> None:
    n = min(n, leaves, len(values))
    window = values[len(values) - n :]
    slot, tick = filled("tree.put.sum", leaves, start, values)
    assert ask("tree.sum", slot, tick, n) == pytest.approx(math.fsum(window), rel=1e-9, abs=1e-6)
    slot, _ = filled("tree.put.min", leaves, start, values)
    assert ask("tree.min", slot, tick, n) == min(window, default=math.inf)
    slot, _ = filled("tree.put.max", leaves, start, values)
    assert ask("tree.max", slot, tick, n) == max(window, default=-math.inf)
    slot, _ = filled("tree.put.mom", leaves, start, values)
    mean = statistics.fmean(window) if window else 0.0
    assert ask("tree.mean", slot, tick, n) == pytest.approx(mean, rel=1e-9, abs=1e-6)
    squares = math.fsum((x - mean) ** 2 for x in window)
    assert ask("tree.m2", slot, tick, n) == pytest.approx(squares, rel=1e-6, abs=1e-3)


@given(st.sampled_from((4, 16, 64)), START, st.integers(0, 200), st.integers(0, 2**32), st.data())
def test_a_cold_start_and_a_warm_start_agree_bit_for_bit(
    leaves: int, start: int, before: int, seed: int, data: st.DataObject
) -> None:
    rng = random.Random(seed)
    values = [rng.uniform(-1e6, 1e6) for _ in range(before + leaves)]
    n = data.draw(st.integers(1, leaves))
    for put, query in (
        ("ring.put.f", "win.sum"),
        ("tree.put.sum", "tree.sum"),
        ("tree.put.mom", "tree.mean"),
        ("tree.put.mom", "tree.m2"),
    ):
        warm, tick = filled(put, leaves, start, values)
        cold, last = filled(put, leaves, wrap(start + len(values) - n), values[len(values) - n :])
        assert last == tick
        assert ask(query, warm, tick, n) == ask(query, cold, tick, n), query


@given(RINGS, START, st.integers(-3, 70))
def test_canonical_nodes_cover_the_window_once_from_oldest_to_newest(leaves: int, tick: int, n: int) -> None:
    covered: list[int] = []
    for node in canonical_nodes(leaves, tick, n):
        low = high = node
        while low < leaves:
            low, high = 2 * low, 2 * high + 1
        covered += range(low - leaves, high - leaves + 1)
    count = max(0, min(n, leaves))
    assert covered == [(tick - count + 1 + i) & (leaves - 1) for i in range(count)]


def test_a_window_takes_few_nodes() -> None:
    assert max(len(list(canonical_nodes(1024, tick, n))) for tick in range(0, 1024, 17) for n in range(1025)) <= 40


def test_a_tree_of_one_leaf_holds_its_value() -> None:
    slot, tick = filled("tree.put.sum", 1, 9, [3.5])
    assert ask("tree.sum", slot, tick, 1) == 3.5
    assert ask("tree.sum", slot, tick, 0) == 0.0


def test_equal_values_have_no_spread() -> None:
    slot, tick = filled("tree.put.mom", 16, 3, [0.1] * 13)
    assert ask("tree.mean", slot, tick, 13) == 0.1
    assert ask("tree.m2", slot, tick, 13) == 0.0


def test_the_pairwise_rule_ignores_an_empty_side() -> None:
    some = (2.0, 5.0, 1.0)
    assert combine_moments((0.0, 9.0, 9.0), some) == some
    assert combine_moments(some, (0.0, 9.0, 9.0)) == some
    assert combine_moments((1.0, 1.0, 0.0), (1.0, 3.0, 0.0)) == (2.0, 2.0, 2.0)
