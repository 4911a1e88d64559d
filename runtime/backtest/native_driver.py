# mypy: allow-untyped-decorators, allow-untyped-calls
"""The compiled tape driver: `start` and `drive` as C functions over addresses. Importing this module compiles them.

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
    INTENT_WORDS,
    KIND_BAR,
    OUT_DECIDED,
    OUT_FIRST_INTENT,
    OUT_INTENTS,
    OUT_MASK,
    OUT_REASON,
    STREAM_SHIFT,
    TIME,
    WORD_BYTES,
    WORDS_PER_RECORD,
)
from . import numba_cache
from .native_ops import call_event, call_init, float_words, int_words, words_after
from .result import DECISION_COLUMNS
from .sim_words import (
    BAR,
    BASE_STREAM,
    DECISIONS_AT,
    EQUITY_AT,
    EVENT_FUNCTION,
    FILLS_LIMIT,
    LAST_CLOSE,
    N_DECISIONS,
    N_FILLS,
    N_OPEN,
    N_ORDERS,
    ORDERS_LIMIT,
    OUT_AT,
    STATE_AT,
)
from .simulator import equity_at, submit, trade

_KIND_AND_STREAM = 0xFFFF00FF  # of a head
_RECORD_BYTES = WORDS_PER_RECORD * WORD_BYTES
_DECISION_WORDS = len(DECISION_COLUMNS)
_OPTIONS: dict[str, Any] = {"nopython": True, "error_model": "numpy", "cache": True}


def build(stamp: int) -> tuple[Any, Any]:
    """Compile `start` and `drive`, or load them from Numba's disk cache.

    The stamp is a variable of the closure, so it is part of the cache key: Numba itself looks only at this file, but
    the compiled code contains the simulator.
    """
    numba_cache.provide(Path(__file__))
    i64 = types.int64

    @cfunc(i64(i64, i64, i64), **_OPTIONS)
    def start(params: int, state: int, init: int) -> Any:
        call_init(init, int_words(params), float_words(params), int_words(state), float_words(state))
        return 0 * stamp

    @cfunc(i64(i64, i64, i64, i64), **_OPTIONS)
    def drive(tape: int, at: int, stop: int, sim_at: int) -> int:
        """Records [at, stop) of the tape at address `tape`; returns where it stopped."""
        sim = int_words(sim_at)
        st, sf, out = int_words(sim[STATE_AT]), float_words(sim[STATE_AT]), int_words(sim[OUT_AT])
        equity, decisions = int_words(sim[EQUITY_AT]), int_words(sim[DECISIONS_AT])
        event, base_head = sim[EVENT_FUNCTION], KIND_BAR | (sim[BASE_STREAM] << STREAM_SHIFT)
        while at < stop and sim[N_ORDERS] <= sim[ORDERS_LIMIT] and sim[N_FILLS] <= sim[FILLS_LIMIT]:
            rec = int_words(tape + at * _RECORD_BYTES)
            base = (rec[HEAD] & _KIND_AND_STREAM) == base_head
            if base:
                if sim[N_OPEN] > 0:
                    trade(sim, rec)
                sim[LAST_CLOSE] = rec[CLOSE]
            call_event(event, rec, st, sf, out)
            for k in range(out[OUT_INTENTS]):
                submit(sim, words_after(out, OUT_FIRST_INTENT + k * INTENT_WORDS), rec[TIME])
            if out[OUT_DECIDED] != 0:
                row = words_after(decisions, sim[N_DECISIONS] * _DECISION_WORDS)
                row[0] = rec[TIME]
                row[1] = out[OUT_REASON]
                row[2] = out[OUT_MASK]
                sim[N_DECISIONS] += 1
            if base:
                equity[sim[BAR]] = equity_at(sim, rec[CLOSE])
                sim[BAR] += 1
            at += 1
        return at + 0 * stamp

    return start, drive
