# mypy: allow-untyped-decorators
"""The generated book's order flow, event by event. `book.py` describes the model and makes the random numbers.

The functions are compiled by Numba and depend on nothing outside this file. Only + - * / and comparisons are used on
floats, so the same numbers come out everywhere; called through `.py_func` they run as plain Python.

`state` is int64[2, 1 + 2 * most]: for bids (row 0) and asks (row 1) the number of levels, then prices in ticks from
the best on, then their lots. `rows` is int64[n, 4]: event, side, price, lots there now. `trades` is int64[n, 4]:
event, side of the taker, price, lots.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from ...backtest import numba_cache

numba_cache.provide(Path(__file__), needed=True)

_compiled = njit(error_model="numpy", fastmath=False, cache=True)

#: The book keeps so many levels a side; a market order takes at most so many.
FEWEST_LEVELS = 3
MOST_TAKEN = 8
#: Rows that one event can write at most.
ROWS_PER_EVENT = MOST_TAKEN + 2


@_compiled
def _find(state: Any, side: int, price: int, most: int) -> int:
    """Place of the first level that is not better than `price`."""
    count = state[side, 0]
    sign = 1 if side == 0 else -1
    place = 0
    while place < count and sign * state[side, 1 + place] > sign * price:
        place += 1
    return place


@_compiled
def _remove(state: Any, side: int, place: int, most: int) -> None:
    count = state[side, 0]
    for k in range(place, count - 1):
        state[side, 1 + k] = state[side, 2 + k]
        state[side, 1 + most + k] = state[side, 2 + most + k]
    state[side, 0] = count - 1


@_compiled
def _write(rows: Any, n: int, event: int, side: int, price: int, lots: int) -> int:
    rows[n, 0] = event
    rows[n, 1] = 1 if side == 0 else -1
    rows[n, 2] = price
    rows[n, 3] = lots
    return n + 1


@_compiled
def _add(state: Any, side: int, price: int, lots: int, most: int, event: int, rows: Any, n: int) -> int:
    """A limit order comes to rest. The worst level goes when there are too many."""
    place = _find(state, side, price, most)
    count = state[side, 0]
    if place < count and state[side, 1 + place] == price:
        state[side, 1 + most + place] += lots
        return _write(rows, n, event, side, price, state[side, 1 + most + place])
    if place >= most:
        return n
    if count == most:
        n = _write(rows, n, event, side, state[side, most], 0)
        count -= 1
    for k in range(count, place, -1):
        state[side, 1 + k] = state[side, k]
        state[side, 1 + most + k] = state[side, most + k]
    state[side, 0] = count + 1
    state[side, 1 + place] = price
    state[side, 1 + most + place] = lots
    return _write(rows, n, event, side, price, lots)


@_compiled
def _cancel(state: Any, side: int, place: int, lots: int, most: int, event: int, rows: Any, n: int) -> int:
    """Part or all of a level goes; the last few levels stay."""
    left = state[side, 1 + most + place] - lots
    if left <= 0:
        if state[side, 0] <= FEWEST_LEVELS:
            return n
        n = _write(rows, n, event, side, state[side, 1 + place], 0)
        _remove(state, side, place, most)
        return n
    state[side, 1 + most + place] = left
    return _write(rows, n, event, side, state[side, 1 + place], left)


@_compiled
def _take(
    state: Any, side: int, limit: int, lots: int, most: int, event: int, rows: Any, n: int, trades: Any, t: int
) -> tuple[int, int]:
    """A market order takes from `side` (0: it sells into bids) down to the price `limit`."""
    sign = 1 if side == 0 else -1
    for _ in range(MOST_TAKEN):
        price = state[side, 1]
        if lots <= 0 or state[side, 0] <= FEWEST_LEVELS or sign * price < sign * limit:
            break
        there = state[side, 1 + most]
        done = min(lots, there)
        trades[t, 0] = event
        trades[t, 1] = -sign
        trades[t, 2] = price
        trades[t, 3] = done
        t += 1
        lots -= done
        n = _write(rows, n, event, side, price, there - done)
        if done == there:
            _remove(state, side, 0, most)
        else:
            state[side, 1 + most] = there - done
    return n, t


@_compiled
def run_flow(
    state: Any, first: int, fair: Any, draws: Any, shares: Any, sizes: Any, rows: Any, trades: Any
) -> tuple[int, int]:
    """Run one event for each entry of `fair` (ticks). Returns the numbers of rows and trades written.

    `draws` is float64[n, 5], uniform. `shares`: of market orders, of cancels, chance of a taker when the fair price
    has passed a quote. `sizes`: spacing of levels in ticks, lots of a limit order, lots of a market order.
    """
    most = (state.shape[1] - 1) // 2
    n, t = 0, 0
    for k in range(len(fair)):
        event = first + k
        kind, way, far, size = draws[k, 0], draws[k, 1], draws[k, 2], draws[k, 3]
        side = 0 if way < 0.5 else 1
        sign = 1 if side == 0 else -1
        heavy = size / (1.04 - size)
        passed = -1
        if state[1, 0] > 0 and state[1, 1] < fair[k]:
            passed = 1
        if state[0, 0] > 0 and state[0, 1] > fair[k]:
            passed = 0
        if passed >= 0 and draws[k, 4] < shares[2]:
            lots = 1 + int(sizes[2] * 2.0 * heavy)
            n, t = _take(state, passed, int(fair[k]), lots, most, event, rows, n, trades, t)
        elif kind < shares[0]:
            worst = state[side, state[side, 0]]
            n, t = _take(state, side, worst, 1 + int(sizes[2] * heavy), most, event, rows, n, trades, t)
        elif kind < shares[0] + shares[1] and state[side, 0] > 0:
            place = int(far * float(state[side, 0]))
            n = _cancel(state, side, place, 1 + int(sizes[1] * 2.0 * heavy), most, event, rows, n)
        else:
            price = int(fair[k]) - sign * (int(sizes[0] * (0.1 + far) * far / (1.02 - far)) + side)
            other = 1 - side
            if state[other, 0] > 0 and sign * price >= sign * state[other, 1]:
                price = state[other, 1] - sign
            n = _add(state, side, max(price, 1), 1 + int(sizes[1] * heavy), most, event, rows, n)
    return n, t


def empty_state(most: int) -> Any:
    """A book without levels that can keep `most` a side."""
    return np.zeros((2, 1 + 2 * most), np.int64)
