"""Rings that keep their order, and rings of pairs: the exact order of every operation.

`cells`, `base`, `words`, `tick` and windows are those of `windows.py`.

**Sorted ring** of N = 2**k values: 2N words. The first N are a ring. Word N + i holds (p - i) mod N, as a double, where
p is the place of the i-th least word of the ring: words are ordered by value (as IEEE total order has it: -0.0 before
0.0; every NaN is one value, the greatest), equal words by place. All words 0 is such an order, so the slot starts from
0. `nth` counts along the order over the places that hold the n newest values; k is clamped to 0..n-1; 0.0 if n is 0.

**Pair ring** of N = 2**k pairs: words 2p and 2p + 1 are x and y of place p. `co` visits the window oldest to newest:
s = 0.0, s = s + (x - a) * (y - b).
"""

from __future__ import annotations

from typing import Any

from .numbers import INT_MAX, float_bits

Cells = list[Any]


def sort_key(x: float) -> int:
    """An integer that orders doubles: -0.0 before 0.0, NaN last."""
    bits = float_bits(x)
    return bits ^ ((bits >> 63) & INT_MAX)


def sort_put(cells: Cells, base: int, words: int, tick: int, x: float) -> None:
    leaves = words >> 1
    cells[base + (tick & (leaves - 1))] = x
    order = sorted(range(leaves), key=lambda p: (sort_key(cells[base + p]), p))
    for i, p in enumerate(order):
        cells[base + leaves + i] = float((p - i) & (leaves - 1))


def sort_nth(cells: Cells, base: int, words: int, tick: int, length: int, k: int) -> float:
    leaves = words >> 1
    length = max(0, min(length, leaves))
    places = [(i + int(cells[base + leaves + i])) & (leaves - 1) for i in range(leaves)]
    inside = [p for p in places if (tick - p) & (leaves - 1) < length]
    return float(cells[base + inside[max(0, min(k, length - 1))]]) if inside else 0.0


def pair_put(cells: Cells, base: int, words: int, tick: int, x: float, y: float) -> None:
    at = base + 2 * (tick & ((words >> 1) - 1))
    cells[at], cells[at + 1] = x, y


def pair_co(cells: Cells, base: int, words: int, tick: int, length: int, a: float, b: float) -> float:
    leaves = words >> 1
    total = 0.0
    for back in range(max(0, min(length, leaves)) - 1, -1, -1):
        p = (tick - back) & (leaves - 1)
        total = total + (cells[base + 2 * p] - a) * (cells[base + 2 * p + 1] - b)
    return total
