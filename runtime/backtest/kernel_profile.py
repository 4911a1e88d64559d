# mypy: allow-untyped-decorators, allow-untyped-calls
"""Amounts by level over a window, for kernels: the twin of `compiler/evaluate/profile.py`, which has the exact order.

A profile slot is a block of int64: 64 bins, total, fullest, lowest and highest bin, unused words up to 128, then the
levels and the amounts of the last N ticks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numba import njit

from . import numba_cache
from .native_ops import iadd, idiv, imax, imin, imul, isub

Cells = Any  # CPointer(int64)
_BINS, _TOTAL, _FULLEST, _LOWEST, _HIGHEST, _HEADER = 64, 64, 65, 66, 67, 128

numba_cache.provide(Path(__file__))
_compiled = njit(error_model="numpy", fastmath=False, nogil=True, cache=True)


@_compiled
def profile_put(cells: Cells, base: int, words: int, tick: int, level: int, amount: int) -> None:
    ticks = (words - _HEADER) >> 1
    at = base + _HEADER + (tick & (ticks - 1))
    cells[at] = level
    cells[at + ticks] = amount


@_compiled
def profile_get(cells: Cells, base: int, words: int, which: int) -> Any:
    return cells[base + _TOTAL + (which & 3)]


@_compiled
def profile_fill(cells: Cells, base: int, words: int, tick: int, length: int, low: int, high: int, bins: int) -> None:
    bins = max(1, min(bins, _BINS))
    for k in range(base, base + _BINS):
        cells[k] = 0
    total = _spread(cells, base, words, tick, length, low, isub(high, low), bins)
    fullest = 0
    for k in range(1, bins):
        if cells[base + k] > cells[base + fullest]:
            fullest = k
    cells[base + _TOTAL] = total
    cells[base + _FULLEST] = fullest
    _grow(cells, base, fullest, bins, total)


@_compiled
def _spread(cells: Cells, base: int, words: int, tick: int, length: int, low: int, span: int, bins: int) -> int:
    """Add the amounts of the window to their bins; the total."""
    ticks = (words - _HEADER) >> 1
    count = max(0, min(length, ticks))
    first = isub(tick, count - 1)
    total = 0
    for k in range(count):
        at = base + _HEADER + (iadd(first, k) & (ticks - 1))
        bin_ = imax(0, imin(idiv(imul(isub(cells[at], low), bins), span), bins - 1))
        cells[base + bin_] = iadd(cells[base + bin_], cells[at + ticks])
        total = iadd(total, cells[at + ticks])
    return total


@_compiled
def _grow(cells: Cells, base: int, fullest: int, bins: int, total: int) -> None:
    """Widen the area from the fullest bin until it holds 70 %."""
    low, high, wanted = fullest, fullest, imul(total, 7)
    inside = cells[base + fullest]
    while imul(inside, 10) < wanted and (low > 0 or high < bins - 1):
        if high + 1 < bins and (low == 0 or cells[base + high + 1] >= cells[base + low - 1]):
            high += 1
            inside = iadd(inside, cells[base + high])
        else:
            low -= 1
            inside = iadd(inside, cells[base + low])
    cells[base + _LOWEST] = low
    cells[base + _HIGHEST] = high
