# mypy: allow-untyped-decorators, allow-untyped-calls
"""The compiled tape driver: `start` and `drive` as C functions over addresses. `build` compiles them.

The driver calls a kernel through raw addresses, so it is compiled once and serves every strategy. `driver.py` imports
it only when no stored machine code fits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numba import cfunc, types

from ...cython_core.layout import (
    CLOSE,
    HEAD,
    KIND_BAR,
    NEVER,
    OUT_INTENTS,
    STREAM_SHIFT,
    TIME,
    WORD_BYTES,
    WORDS_PER_RECORD,
)
from . import numba_cache
from .core import compiled, equity_of, instance_of
from .native_ops import call_init, float_words, iadd, imul, int_words, words_after
from .schedule import ask_wake, fire, passed, plan, step
from .sim_words import (
    BAR,
    CASH,
    DECISIONS_LIMIT,
    DUE,
    EQUITY_AT,
    EQUITY_TIME_AT,
    FILLS_LIMIT,
    INSTANCES,
    MARK,
    MET,
    N_DECISIONS,
    N_FILLS,
    N_OPEN,
    N_ORDERS,
    NO_TIME,
    NOW,
    ORDERS_LIMIT,
    OUT_AT,
    POINT_TIME,
    POSITION,
    SCALE,
    STREAM,
    STRETCH,
    WAKES,
)
from .simulator import submit_out, submit_pending, trade

_KIND_AND_STREAM = 0xFFFF00FF  # of a head
_RECORD_BYTES = WORDS_PER_RECORD * WORD_BYTES
_OPTIONS: dict[str, Any] = {"nopython": True, "error_model": "numpy", "cache": numba_cache.ENABLED}


@compiled
def mark(sim: Any, rec: Any, count: int) -> None:
    """Equity after each base bar among `count` records; between two orders cash and position stand still."""
    if sim[INSTANCES] > 1:
        _mark_several(sim, rec, count)
        return
    own, equity = instance_of(sim, 0), int_words(sim[EQUITY_AT])
    base_head = KIND_BAR | (own[STREAM] << STREAM_SHIFT)
    bar, close = sim[BAR], own[MARK]
    cash, per_tick = sim[CASH], imul(own[POSITION], own[SCALE])
    for _ in range(count):
        if (rec[HEAD] & _KIND_AND_STREAM) == base_head:
            close = rec[CLOSE]
            equity[bar] = iadd(cash, imul(per_tick, close))
            bar += 1
        rec = words_after(rec, WORDS_PER_RECORD)
    sim[BAR], own[MARK] = bar, close


@compiled
def base_of(sim: Any, head: int) -> int:
    """The instance whose base bar a record's head says it is; -1 if it is none."""
    for number in range(sim[INSTANCES]):
        if (head & _KIND_AND_STREAM) == KIND_BAR | (instance_of(sim, number)[STREAM] << STREAM_SHIFT):
            return number
    return -1


@compiled
def _begin_point(sim: Any, time: int) -> None:
    """A base bar closes at `time`: with several instances, the bars of one time share a point of the curve."""
    if sim[INSTANCES] > 1 and sim[POINT_TIME] != time:
        sim[BAR] += sim[POINT_TIME] != NO_TIME
        sim[POINT_TIME] = time


@compiled
def _mark_several(sim: Any, rec: Any, count: int) -> None:
    equity, times = int_words(sim[EQUITY_AT]), int_words(sim[EQUITY_TIME_AT])
    for _ in range(count):
        number = base_of(sim, rec[HEAD])
        if number >= 0:
            _begin_point(sim, rec[TIME])
            instance_of(sim, number)[MARK] = rec[CLOSE]
            times[sim[BAR]] = rec[TIME]
            equity[sim[BAR]] = equity_of(sim)
        rec = words_after(rec, WORDS_PER_RECORD)


@compiled
def meet(sim: Any, rec: Any) -> None:
    """Open orders meet a base bar."""
    number = base_of(sim, rec[HEAD])
    if number >= 0:
        _begin_point(sim, rec[TIME])
        trade(sim, rec, number)
        submit_pending(sim)


@compiled
def _before(sim: Any, rec: Any, many: int) -> int:
    """How many of `many` records are before the next timer or wake; the first is."""
    due, low = sim[DUE], 1
    if sim[WAKES] != 0:  # a wake may wait for another event: then it comes after the first record
        return 1
    if due == NEVER:  # without a look at the last of them, which is far from the cache
        return many
    if words_after(rec, (many - 1) * WORDS_PER_RECORD)[TIME] < due:
        return many
    while low < many:
        middle = (low + many) // 2
        if words_after(rec, middle * WORDS_PER_RECORD)[TIME] < due:
            low = middle + 1
        else:
            many = middle
    return low


@compiled
def _one_step(sim: Any, rec: Any, at: int, many: int) -> int:
    """What happens next before or at record number `at`; how many records were worked through."""
    if sim[DUE] <= rec[TIME]:
        fire(sim, rec[TIME])
        submit_pending(sim)
        return 0
    if sim[N_OPEN] > 0:
        if sim[MET] != at + 1:
            sim[MET] = at + 1
            meet(sim, rec)
            if sim[DUE] <= rec[TIME]:
                return 0
        if sim[N_OPEN] > 0:
            many = 1
    done = step(sim, rec, _before(sim, rec, many))
    out = int_words(sim[OUT_AT])
    ask_wake(sim, out)
    if sim[WAKES] != 0:
        passed(sim, sim[NOW])
        plan(sim)
    mark(sim, rec, done)
    if out[OUT_INTENTS] > 0:
        submit_out(sim)
    return done


def build(stamp: int) -> tuple[Any, Any]:
    """Compile `start` and `drive`, or load them from Numba's disk cache.

    The stamp is a variable of the closure, so it is part of the cache key: Numba itself looks only at this file, but
    the compiled code contains the simulator.
    """
    numba_cache.provide(Path(__file__))
    i64 = types.int64

    @cfunc(i64(i64, i64, i64), **_OPTIONS)
    def start(params: int, state: int, init: int) -> Any:
        done = call_init(init, int_words(params), float_words(params), int_words(state), float_words(state))
        return done + 0 * stamp

    @cfunc(i64(i64, i64, i64, i64), **_OPTIONS)
    def drive(tape: int, at: int, stop: int, sim_at: int) -> int:
        """Records [at, stop) of the tape at address `tape`; returns where it stopped."""
        sim = int_words(sim_at)
        while (
            at < stop
            and sim[N_ORDERS] <= sim[ORDERS_LIMIT]
            and sim[N_FILLS] <= sim[FILLS_LIMIT]
            and sim[N_DECISIONS] <= sim[DECISIONS_LIMIT]
        ):
            at += _one_step(sim, int_words(tape + at * _RECORD_BYTES), at, min(stop - at, STRETCH))
        return at + 0 * stamp

    return start, drive
