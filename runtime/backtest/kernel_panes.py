# mypy: allow-untyped-decorators
"""Panes for generated kernels: one value per stretch of time. The twin is `compiler/evaluate/panes.py`."""

from __future__ import annotations

from math import inf
from pathlib import Path
from typing import Any

from numba import njit

from . import numba_cache
from .native_ops import fmax, fmin, i2f, iadd, imax, imin, isub

Cells = Any  # CPointer(int64) or CPointer(float64)
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1

numba_cache.provide(Path(__file__))
_compiled = njit(error_model="numpy", fastmath=False, nogil=True, cache=True)


@_compiled
def _clamped(panes: int, length: int) -> int:
    return max(0, min(length, panes))


@_compiled
def pane_put_isum(cells: Cells, base: int, words: int, pane: int, x: int) -> None:
    panes = words >> 1
    at = base + (pane & (panes - 1))
    before = 0
    if cells[at + panes] == pane:
        before = cells[at]
    cells[at] = iadd(before, x)
    cells[at + panes] = pane


@_compiled
def pane_isum(cells: Cells, base: int, words: int, pane: int, length: int) -> int:
    panes = words >> 1
    result = 0
    for back in range(_clamped(panes, length) - 1, -1, -1):
        number = isub(pane, back)
        at = base + (number & (panes - 1))
        if cells[at + panes] == number:
            result = iadd(result, cells[at])
    return result


@_compiled
def pane_put_imin(cells: Cells, base: int, words: int, pane: int, x: int) -> None:
    panes = words >> 1
    at = base + (pane & (panes - 1))
    before = _INT_MAX
    if cells[at + panes] == pane:
        before = cells[at]
    cells[at] = imin(before, x)
    cells[at + panes] = pane


@_compiled
def pane_imin(cells: Cells, base: int, words: int, pane: int, length: int) -> int:
    panes = words >> 1
    result = _INT_MAX
    for back in range(_clamped(panes, length) - 1, -1, -1):
        number = isub(pane, back)
        at = base + (number & (panes - 1))
        if cells[at + panes] == number:
            result = imin(result, cells[at])
    return result


@_compiled
def pane_put_imax(cells: Cells, base: int, words: int, pane: int, x: int) -> None:
    panes = words >> 1
    at = base + (pane & (panes - 1))
    before = _INT_MIN
    if cells[at + panes] == pane:
        before = cells[at]
    cells[at] = imax(before, x)
    cells[at + panes] = pane


@_compiled
def pane_imax(cells: Cells, base: int, words: int, pane: int, length: int) -> int:
    panes = words >> 1
    result = _INT_MIN
    for back in range(_clamped(panes, length) - 1, -1, -1):
        number = isub(pane, back)
        at = base + (number & (panes - 1))
        if cells[at + panes] == number:
            result = imax(result, cells[at])
    return result


@_compiled
def pane_put_sum(cells: Cells, base: int, words: int, pane: int, x: float) -> None:
    panes = words >> 1
    at = base + (pane & (panes - 1))
    before = 0.0
    if cells[at + panes] == i2f(pane):
        before = cells[at]
    cells[at] = before + x
    cells[at + panes] = i2f(pane)


@_compiled
def pane_sum(cells: Cells, base: int, words: int, pane: int, length: int) -> float:
    panes = words >> 1
    result = 0.0
    for back in range(_clamped(panes, length) - 1, -1, -1):
        number = isub(pane, back)
        at = base + (number & (panes - 1))
        if cells[at + panes] == i2f(number):
            result = result + cells[at]
    return result


@_compiled
def pane_put_min(cells: Cells, base: int, words: int, pane: int, x: float) -> None:
    panes = words >> 1
    at = base + (pane & (panes - 1))
    before = inf
    if cells[at + panes] == i2f(pane):
        before = cells[at]
    cells[at] = fmin(before, x)
    cells[at + panes] = i2f(pane)


@_compiled
def pane_min(cells: Cells, base: int, words: int, pane: int, length: int) -> float:
    panes = words >> 1
    result = inf
    for back in range(_clamped(panes, length) - 1, -1, -1):
        number = isub(pane, back)
        at = base + (number & (panes - 1))
        if cells[at + panes] == i2f(number):
            result = fmin(result, cells[at])
    return result


@_compiled
def pane_put_max(cells: Cells, base: int, words: int, pane: int, x: float) -> None:
    panes = words >> 1
    at = base + (pane & (panes - 1))
    before = -inf
    if cells[at + panes] == i2f(pane):
        before = cells[at]
    cells[at] = fmax(before, x)
    cells[at + panes] = i2f(pane)


@_compiled
def pane_max(cells: Cells, base: int, words: int, pane: int, length: int) -> float:
    panes = words >> 1
    result = -inf
    for back in range(_clamped(panes, length) - 1, -1, -1):
        number = isub(pane, back)
        at = base + (number & (panes - 1))
        if cells[at + panes] == i2f(number):
            result = fmax(result, cells[at])
    return result
