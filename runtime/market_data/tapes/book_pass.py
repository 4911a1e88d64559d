# mypy: allow-untyped-decorators
"""Which rows of a book's messages go out, and when: the one pass over a book that makes it accepted.

Compiled by Numba; depends on nothing outside this file. Its slow twin is `book_reference.py`.

A message is refused if its update ids say that it is old (`duplicate`) or that something before it is missing
(`gap`: everything is then dropped until the next snapshot). Levels farther than a quarter of the mid price from it are
left out (`far`). The rows of a message after which the book is crossed or one-sided wait for the first message after
which it is neither, and go out with it; a snapshot makes rows that still wait pointless, and they are dropped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from ...backtest import numba_cache

numba_cache.provide(Path(__file__), needed=True)
_compiled = njit(error_model="numpy", fastmath=False, cache=True)

#: Places in the counts, all of messages but FAR (rows) and DEPTH (levels of a side at most).
CROSSED, ONE_SIDED, GAPS, DUPLICATES, GAP_MESSAGES, EARLY, WAITED, DROPPED, FAR, DEPTH = range(10)
COUNTS = 10
#: What `release` holds of a message that does not go out, and before that is known.
NEVER, PENDING = -1, -2


@_compiled
def _next_best(there: Any, side: int, place: int, age: int) -> int:
    """The next level of a side behind `place`. There is one."""
    step = -1 if side == 0 else 1
    place += step
    while there[side, place] != age:
        place += step
    return place


@_compiled
def _apply(there: Any, best: Any, held: Any, side: int, place: int, alive: bool, age: int) -> None:
    """Set or clear one level and keep the best one up to date."""
    present = there[side, place] == age
    better = held[side] == 0 or (place > best[side] if side == 0 else place < best[side])
    if alive and not present:
        there[side, place] = age
        held[side] += 1
        if better:
            best[side] = place
    elif present and not alive:
        there[side, place] = 0
        held[side] -= 1
        if held[side] > 0 and place == best[side]:
            best[side] = _next_best(there, side, place, age)


@_compiled
def _own_mid(side: Any, ticks: Any, lots: Any, first: int, stop: int) -> int:
    """Twice the mid of the message's own best prices, 0 if it has one side only."""
    bid, ask = 0, 0
    for row in range(first, stop):
        if lots[row] > 0 and side[row] > 0 and ticks[row] > bid:
            bid = ticks[row]
        if lots[row] > 0 and side[row] < 0 and (ask == 0 or ticks[row] < ask):
            ask = ticks[row]
    return bid + ask if bid > 0 and ask > 0 else 0


@_compiled
def _judge(first_id: int, last_id: int, snapshot: bool, last: int, synced: bool) -> int:
    """-1: take the message. Else the count that it belongs to."""
    if snapshot:
        return -1
    if not synced:
        return GAP_MESSAGES
    if last_id > 0 and last > 0 and last_id <= last:
        return DUPLICATES
    if first_id > 0 and last > 0 and first_id > last + 1:
        return GAPS
    return -1


@_compiled
def _rows(
    first: int, stop: int, mid: int, age: int, side: Any, ticks: Any, lots: Any, place: Any,
    there: Any, best: Any, held: Any, keep: Any,
) -> int:  # fmt: skip
    """Apply the rows of a message; `keep` says which go out. Returns how many are too far away."""
    far = 0
    for row in range(first, stop):
        line = 0 if side[row] > 0 else 1
        outside = place[row] < 0 or (mid > 0 and 4 * abs(2 * ticks[row] - mid) > mid)
        if outside and (place[row] < 0 or there[line, place[row]] != age):
            far += lots[row] > 0
            continue
        keep[row] = True
        _apply(there, best, held, line, place[row], lots[row] > 0, age)
    return far


@_compiled
def _drop(release: Any, reset: Any, first: int, stop: int) -> int:
    """Rows that wait in these messages never go out. Returns how many messages that are."""
    dropped = 0
    for m in range(first, stop):
        if release[m] == PENDING:
            dropped += 1
            release[m] = NEVER
            reset[m] = False
    return dropped


@_compiled
def _send(release: Any, first: int, m: int) -> int:
    """All rows that wait go out with message `m`. Returns how many messages waited."""
    waited = -1
    for k in range(first, m + 1):
        if release[k] == PENDING:
            waited += 1
            release[k] = m
    return waited


@_compiled
def run_pass(
    starts: Any, first_id: Any, last_id: Any, snapshot: Any, side: Any, ticks: Any, lots: Any, place: Any,
    prices: Any, there: Any, has_snapshot: bool, keep: Any, release: Any, reset: Any, top: Any, counts: Any,
) -> None:  # fmt: skip
    """Go over all messages.

    `starts` holds the first row of each message and the number of rows; `place` a dense, ordered number of the price
    (below 0: absurdly far) and `prices` the price of each place. `there` is int32[2, places], zero. Written: `keep` of
    each row, and of each message `release` (PENDING before; the message it goes out with, NEVER if it does not),
    `reset` (the book is emptied before it) and `top` (best bid and ask in ticks, 0 where it waits), and `counts`.
    """
    best, held = np.zeros(2, np.int64), np.zeros(2, np.int64)
    age, mid, last, waiting = 1, 0, 0, -1
    synced = not has_snapshot
    for m in range(len(starts) - 1):
        verdict = _judge(first_id[m], last_id[m], snapshot[m], last, synced)
        restart = verdict == GAPS and not has_snapshot
        if verdict >= 0:
            counts[EARLY if verdict == GAP_MESSAGES and counts[GAPS] == 0 else verdict] += 1
            if not restart:
                synced = synced and verdict != GAPS
                release[m] = NEVER
                continue
        if snapshot[m] or restart:
            if waiting >= 0:
                counts[DROPPED] += _drop(release, reset, waiting, m)
            age, waiting, synced, reset[m] = age + 1, -1, True, True
            held[:] = 0
            own = _own_mid(side, ticks, lots, starts[m], starts[m + 1])
            mid = own if own > 0 else mid
            last = last_id[m]
        last = max(last, last_id[m])
        counts[FAR] += _rows(starts[m], starts[m + 1], mid, age, side, ticks, lots, place, there, best, held, keep)
        waiting = m if waiting < 0 else waiting
        if held[0] == 0 or held[1] == 0 or best[0] >= best[1]:
            counts[ONE_SIDED if held[0] == 0 or held[1] == 0 else CROSSED] += 1
            continue
        counts[WAITED] += _send(release, waiting, m)
        waiting = -1
        counts[DEPTH] = max(counts[DEPTH], held[0], held[1])
        top[m, 0], top[m, 1] = prices[best[0]], prices[best[1]]
        mid = top[m, 0] + top[m, 1]
    counts[DROPPED] += _drop(release, reset, max(waiting, 0), len(starts) - 1)
