# mypy: allow-untyped-decorators, allow-untyped-calls
"""Rings that keep their order, and rings of pairs, for kernels: the twin of `compiler/evaluate/ordered.py`.

A put moves one word of the order and leaves the rest, so it costs the distance moved; the result is the full sort.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numba import njit

from . import numba_cache
from .native_ops import f2i, fbits, i2f, isub

Cells = Any  # CPointer(float64)
_INT_MAX = 2**63 - 1

numba_cache.provide(Path(__file__))
_compiled = njit(error_model="numpy", fastmath=False, nogil=True, cache=True)


# sorted rings: word N + i holds (place of the i-th least - i) mod N


@_compiled
def _sort_key(x: float) -> int:
    bits = fbits(x)
    key: int = bits ^ ((bits >> 63) & _INT_MAX)
    return key


@_compiled
def _place(cells: Cells, base: int, leaves: int, i: int) -> int:
    place: int = (i + f2i(cells[base + leaves + i])) & (leaves - 1)
    return place


@_compiled
def _rank(cells: Cells, base: int, leaves: int, key: int, place: int) -> int:
    """How many words of the ring stand before (key, place) in the order."""
    low, high = 0, leaves - 1
    while low < high:
        middle = (low + high) >> 1
        p = _place(cells, base, leaves, middle)
        k = _sort_key(cells[base + p])
        if k < key or (k == key and p < place):
            low = middle + 1
        else:
            high = middle
    return low


@_compiled
def sort_put(cells: Cells, base: int, words: int, tick: int, x: float) -> None:
    leaves = words >> 1
    mask = leaves - 1
    order, place, new = base + leaves, tick & mask, _sort_key(x)
    i = _rank(cells, base, leaves, _sort_key(cells[base + place]), place)
    cells[base + place] = x
    while i < mask:
        p = _place(cells, base, leaves, i + 1)
        k = _sort_key(cells[base + p])
        if k > new or (k == new and p > place):
            break
        cells[order + i] = i2f((p - i) & mask)
        i += 1
    while i > 0:
        p = _place(cells, base, leaves, i - 1)
        k = _sort_key(cells[base + p])
        if k < new or (k == new and p < place):
            break
        cells[order + i] = i2f((p - i) & mask)
        i -= 1
    cells[order + i] = i2f((place - i) & mask)


@_compiled
def sort_nth(cells: Cells, base: int, words: int, tick: int, length: int, k: int) -> float:
    leaves = words >> 1
    n = max(0, min(length, leaves))
    left = max(0, min(k, n - 1))
    if n == leaves:  # the window is the whole ring
        only: float = cells[base + _place(cells, base, leaves, left)]
        return only
    for i in range(leaves):
        p = _place(cells, base, leaves, i)
        if (isub(tick, p) & (leaves - 1)) < n:
            if left == 0:
                found: float = cells[base + p]
                return found
            left -= 1
    return 0.0


# pair rings: words 2p and 2p + 1 belong together


@_compiled
def pair_put(cells: Cells, base: int, words: int, tick: int, x: float, y: float) -> None:
    at = base + 2 * (tick & ((words >> 1) - 1))
    cells[at] = x
    cells[at + 1] = y


@_compiled
def pair_co(cells: Cells, base: int, words: int, tick: int, length: int, a: float, b: float) -> float:
    leaves = words >> 1
    total = 0.0
    for back in range(max(0, min(length, leaves)) - 1, -1, -1):
        p = isub(tick, back) & (leaves - 1)
        total = total + (cells[base + 2 * p] - a) * (cells[base + 2 * p + 1] - b)
    return total
