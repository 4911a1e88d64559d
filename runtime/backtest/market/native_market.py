# mypy: allow-untyped-decorators, allow-untyped-calls
"""The two-cursor event loop, compiled: twin of `reference_market.py`, which states the rules. `build` compiles it.

The venue's side is worked through only as far as something depends on it: up to the strategy's time while orders wait
in its books, else when a request arrives. Of a book message the kernel sees only the last record, of a level change
within a message nothing: those run no code of a strategy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numba import cfunc, types

from ....cython_core.book_words import ASK_LEVELS, BID_LEVELS
from ....cython_core.layout import (
    FLAG_INSTANT_END,
    FLAG_MESSAGE_END,
    FLAG_SHIFT,
    HEAD,
    I_INSTRUMENT,
    I_RULE,
    I_STYLE,
    I_TAG,
    INTENT_WORDS,
    KIND_BAR,
    KIND_LEVEL,
    KIND_RESET,
    KIND_TIMER,
    NEVER,
    OUT_DECIDED,
    OUT_FIRST_INTENT,
    OUT_INTENTS,
    OUT_WAKE,
    PRICE,
    QTY,
    SIDE,
    STREAM_SHIFT,
    STYLE_CANCEL,
    TIME,
    VENUE_TIME,
    WAKE_HEAD,
    WORD_BYTES,
    WORDS_PER_RECORD,
)
from .. import numba_cache
from ..core import Words, compiled, instance_of, new_order, order_at
from ..native_ops import call_events, call_init, call_report, float_words, iadd, imul, int_words, words_after
from ..result import DECISION_COLUMNS, MAX_OPEN, TOO_MANY_ORDERS
from ..sim_words import (
    BAR,
    CASH,
    DECISIONS_AT,
    DECISIONS_LIMIT,
    EQUITY_AT,
    EQUITY_TIME_AT,
    EVENTS_FUNCTION,
    FILLS_LIMIT,
    INSTANCES,
    IO_AT,
    MARKET_AT,
    MAX_WAKES,
    N_DECISIONS,
    N_FILLS,
    N_ORDERS,
    ORDERS_LIMIT,
    OUT_AT,
    POSITION,
    REPORT_FUNCTION,
    SCALE,
    STATE_AT,
)
from .book import book_clear, book_expect, book_set
from .consumption import venue_book
from .market_words import (
    AT_STRATEGY,
    AT_VENUE,
    BEGIN,
    CANCEL,
    CANCEL_AT,
    CANCEL_USED,
    END,
    END_RESPONSE,
    FIRST_REQUEST,
    FIRST_RESPONSE,
    HEARD,
    MAX_FLIGHT,
    N_REQUESTS,
    N_TIMERS,
    N_WAITING,
    NEXT_TIME,
    NEXT_TIMER,
    OWN_BOOK,
    PLACE,
    PLACE_AT,
    PLACE_USED,
    POINT,
    R_EXPIRED,
    R_INSTANCE,
    R_ROW,
    R_TAG,
    R_TIME,
    RECORD,
    RECORDS,
    REQUEST_WORDS,
    REQUESTS,
    RESPONSES_AT,
    RESPONSES_LIMIT,
    STEP,
    T_PERIOD,
    T_STREAM,
    T_TIME,
    TAPE_AT,
    TIMER_WORDS,
    TIMERS_AT,
    TO_VENUE,
    TWICE_MARK,
    WAKE,
    WAKES,
)
from .matching import arrival, at_venue, book_of, cancel, place, strategy_book, turn_away, twice_mid

_RECORD_BYTES = WORDS_PER_RECORD * WORD_BYTES
_DECISION_WORDS = len(DECISION_COLUMNS)
_OPTIONS: dict[str, Any] = {"nopython": True, "error_model": "numpy", "cache": numba_cache.ENABLED}

_AHEAD = 8  # records: about as long as memory takes

#: Room that one happening needs in the tables of fills and responses, besides a walk through a whole book.
ROOM = 2 * MAX_OPEN + 16


@compiled
def _record(m: Words, at: int) -> Words:
    return int_words(m[TAPE_AT] + at * _RECORD_BYTES)


@compiled
def _expect(m: Words, at: int, venue: bool) -> None:
    """A level record is worked through soon: have the memory of its level at hand."""
    if at < m[RECORDS]:
        rec = _record(m, at)
        if rec[HEAD] & 0xFF == KIND_LEVEL:
            number = book_of(m, rec[HEAD])
            if number >= 0:
                book = venue_book(m, number) if venue else strategy_book(m, number)
                book_expect(book, rec[SIDE], rec[PRICE])


# --- what the strategy wants


@compiled
def _request(m: Words, time: int, row: int, intent: Words) -> None:
    """Send an order (its row) or a cancel (-1) to the venue."""
    at = (m[FIRST_REQUEST] + m[N_REQUESTS]) & (MAX_FLIGHT - 1)
    m[N_REQUESTS] += 1
    request = words_after(m, REQUESTS + at * REQUEST_WORDS)
    if row < 0:
        request[R_TIME] = arrival(m, TO_VENUE, CANCEL_AT, CANCEL, CANCEL_USED, time)
    else:
        request[R_TIME] = arrival(m, TO_VENUE, PLACE_AT, PLACE, PLACE_USED, time)
    request[R_ROW] = row
    request[R_TAG], request[R_INSTANCE], request[R_EXPIRED] = intent[I_TAG], intent[I_INSTRUMENT], intent[I_RULE]


@compiled
def _submit(sim: Words, m: Words, intent: Words, time: int) -> None:
    cancels, full = intent[I_STYLE] == STYLE_CANCEL, m[N_REQUESTS] == MAX_FLIGHT
    row = -1
    if not cancels:
        order = new_order(sim, intent, time)
        row = order[0] - 1
        if full:
            m[HEARD] = -1
            turn_away(sim, m, order, TOO_MANY_ORDERS, time)
    if not full:
        _request(m, time, row, intent)


@compiled
def _wish(sim: Words, m: Words, time: int) -> None:
    """Take the intents and the wake that a call of the kernel has left."""
    out = int_words(sim[OUT_AT])
    if out[OUT_WAKE] != NEVER:
        m[WAKE] = min(m[WAKE], max(out[OUT_WAKE], time + 1))
    for k in range(out[OUT_INTENTS]):
        _submit(sim, m, words_after(out, OUT_FIRST_INTENT + k * INTENT_WORDS), time)


@compiled
def _event(sim: Words, m: Words, rec: Words) -> bool:
    """Give one record to the kernel. Whether it sent anything."""
    out, state = int_words(sim[OUT_AT]), sim[STATE_AT]
    rows = int_words(sim[DECISIONS_AT] + sim[N_DECISIONS] * _DECISION_WORDS * WORD_BYTES)
    call_events(sim[EVENTS_FUNCTION], rec, 1, int_words(state), float_words(state), out, rows, int_words(sim[IO_AT]))
    sim[N_DECISIONS] += out[OUT_DECIDED]
    _wish(sim, m, rec[TIME])
    return out[OUT_INTENTS] > 0 or out[OUT_WAKE] != NEVER  # type: ignore[no-any-return]


# --- what happens


@compiled
def _mark(sim: Words, m: Words) -> None:
    """A point of the equity curve."""
    held = 0
    for k in range(sim[INSTANCES]):
        own = instance_of(sim, k)
        twice = twice_mid(strategy_book(m, own[OWN_BOOK]))
        own[TWICE_MARK] = twice if twice > 0 else own[TWICE_MARK]
        held = iadd(held, imul(imul(own[POSITION], own[SCALE]), own[TWICE_MARK]))
    int_words(sim[EQUITY_AT])[sim[BAR]] = iadd(sim[CASH], held >> 1)
    int_words(sim[EQUITY_TIME_AT])[sim[BAR]] = m[POINT]
    sim[BAR] += 1
    m[POINT] = NEVER


@compiled
def _arrive(sim: Words, m: Words) -> None:
    request = words_after(m, REQUESTS + m[FIRST_REQUEST] * REQUEST_WORDS)
    m[FIRST_REQUEST] = (m[FIRST_REQUEST] + 1) & (MAX_FLIGHT - 1)
    m[N_REQUESTS] -= 1
    if request[R_ROW] < 0:
        cancel(sim, m, request, request[R_TIME])
    else:
        place(sim, m, request[R_ROW], request[R_TIME])


@compiled
def _other(m: Words, time: int) -> None:
    """Something else than a wake happens; a wake that has waited for it comes after that."""
    if m[WAKES] >= MAX_WAKES:
        m[WAKE] = max(m[WAKE], time + 1)
    m[WAKES] = 0


@compiled
def _hear(sim: Words, m: Words) -> None:
    report = int_words(m[RESPONSES_AT] + m[FIRST_RESPONSE] * _RECORD_BYTES)
    m[FIRST_RESPONSE] += 1
    _other(m, report[TIME])
    state = sim[STATE_AT]
    call_report(
        sim[REPORT_FUNCTION],
        report,
        int_words(state),
        float_words(state),
        int_words(sim[OUT_AT]),
        int_words(sim[IO_AT]),
    )
    _wish(sim, m, report[TIME])


@compiled
def _own_record(m: Words, time: int, head: int) -> Words:
    rec = words_after(m, RECORD)
    for k in range(WORDS_PER_RECORD):
        rec[k] = 0
    rec[TIME], rec[HEAD] = time, head
    return rec


@compiled
def _next_timer(m: Words) -> None:
    """Find the earliest timer, of equal ones the first."""
    m[NEXT_TIME] = NEVER
    timers = int_words(m[TIMERS_AT])
    for k in range(m[N_TIMERS]):
        if timers[k * TIMER_WORDS + T_TIME] < m[NEXT_TIME]:
            m[NEXT_TIME], m[NEXT_TIMER] = timers[k * TIMER_WORDS + T_TIME], k


@compiled
def _woken_by(m: Words, time: int) -> bool:
    """Whether a wake is due at a time."""
    due: bool = m[WAKE] <= time and m[WAKES] < MAX_WAKES
    return due


@compiled
def _timer(sim: Words, m: Words, received: int) -> None:
    timer, time = words_after(int_words(m[TIMERS_AT]), m[NEXT_TIMER] * TIMER_WORDS), m[NEXT_TIME]
    timer[T_TIME] += timer[T_PERIOD]
    _next_timer(m)
    ends = m[NEXT_TIME] != time and received != time and not _woken_by(m, time)
    _other(m, time)
    flags = FLAG_INSTANT_END << FLAG_SHIFT if ends else 0
    _event(sim, m, _own_record(m, time, KIND_TIMER | flags | (timer[T_STREAM] << STREAM_SHIFT)))


@compiled
def _woken(sim: Words, m: Words) -> None:
    time = m[WAKE]
    m[WAKE] = NEVER
    m[WAKES] += 1
    _event(sim, m, _own_record(m, time, WAKE_HEAD))


@compiled
def _run_venue(sim: Words, m: Words, limit: int) -> bool:
    """Let the records up to time `limit` happen at the venue; stop as soon as the strategy is told anything (True)."""
    at = m[AT_VENUE]
    while at < m[RECORDS]:
        rec = _record(m, at)
        if rec[HEAD] & 0xFF != KIND_BAR:
            if rec[VENUE_TIME] > limit:
                break
            _expect(m, at + _AHEAD, True)
            if at_venue(sim, m, rec):
                m[AT_VENUE] = at + 1
                return True
        at += 1
    m[AT_VENUE] = at
    return False


# --- the strategy's records


@compiled
def _seen(m: Words, rec: Words) -> bool:
    """Bring the strategy's book up to date; whether the kernel is to see the record."""
    head = rec[HEAD]
    kind, flags = head & 0xFF, (head >> FLAG_SHIFT) & 0xFF
    if kind != KIND_LEVEL and kind != KIND_RESET:
        return True
    number = book_of(m, head)
    if number >= 0:
        if kind == KIND_LEVEL:
            book_set(strategy_book(m, number), rec[SIDE], rec[PRICE], rec[QTY])
        else:
            book_clear(strategy_book(m, number))
    return flags & (FLAG_MESSAGE_END | FLAG_INSTANT_END) != 0  # type: ignore[no-any-return]


@compiled
def _receive(sim: Words, m: Words, bound: int, stop: int) -> None:
    """Records up to time `bound` and number `stop`; ends early when something else may be due."""
    at, now = m[AT_STRATEGY], -1
    while at < stop and sim[N_DECISIONS] <= sim[DECISIONS_LIMIT]:
        rec = _record(m, at)
        if rec[TIME] != now:
            now = rec[TIME]
            if now > bound or (m[N_WAITING] > 0 and _run_venue(sim, m, now)):
                break
            if m[WAKES] != 0:
                _other(m, now)
                bound = min(bound, m[WAKE] - 1)
            if m[POINT] == NEVER and now >= m[BEGIN]:
                m[POINT] = (now // m[STEP] + 1) * m[STEP]
                bound = min(bound, m[POINT] - 1)
        at += 1
        _expect(m, at + _AHEAD, False)
        if _seen(m, rec) and _event(sim, m, rec):
            break
    m[AT_STRATEGY] = at


# --- the loop


@compiled
def _room(sim: Words, m: Words) -> bool:
    """Whether the tables hold whatever the next happening adds."""
    if m[FIRST_RESPONSE] == m[END_RESPONSE]:
        m[FIRST_RESPONSE], m[END_RESPONSE] = 0, 0
    if sim[N_ORDERS] > sim[ORDERS_LIMIT] or sim[N_DECISIONS] > sim[DECISIONS_LIMIT]:
        return False
    need = 0
    if m[N_REQUESTS] > 0:
        row = m[REQUESTS + m[FIRST_REQUEST] * REQUEST_WORDS + R_ROW]
        if row >= 0:
            need = _levels(sim, m, order_at(sim, row)[12])
    fits: bool = sim[N_FILLS] + need <= sim[FILLS_LIMIT] and m[END_RESPONSE] + need <= m[RESPONSES_LIMIT]
    return fits


@compiled
def _levels(sim: Words, m: Words, instance: int) -> int:
    """Levels of an instance's book at the venue: more fills than that no walk gives."""
    if instance < 0 or instance >= sim[INSTANCES]:
        return 0
    book = venue_book(m, instance_of(sim, instance)[OWN_BOOK])
    levels: int = max(book[BID_LEVELS], book[ASK_LEVELS])
    return levels


@compiled
def _advance(sim: Words, m: Words, stop: int) -> bool:
    """Let things happen until the strategy has received `stop` records, a table is full, or the run ends (True)."""
    while _room(sim, m):
        at = m[AT_STRATEGY]
        if stop <= at < m[RECORDS]:
            return False
        first_request = m[REQUESTS + m[FIRST_REQUEST] * REQUEST_WORDS + R_TIME] if m[N_REQUESTS] > 0 else NEVER
        first_response = NEVER
        if m[FIRST_RESPONSE] < m[END_RESPONSE]:
            first_response = int_words(m[RESPONSES_AT] + m[FIRST_RESPONSE] * _RECORD_BYTES)[TIME]
        received = _record(m, at)[TIME] if at < m[RECORDS] else NEVER
        woken = m[WAKE] if m[WAKES] < MAX_WAKES else NEVER
        before = min(first_request, first_response, m[POINT], m[NEXT_TIME], woken)
        time = min(before, received)
        if time > m[END]:
            if m[POINT] != NEVER:
                _mark(sim, m)
            return True
        if time == m[POINT]:
            if m[N_WAITING] == 0 or not _run_venue(sim, m, time - 1):
                _mark(sim, m)
            continue
        if (m[N_WAITING] > 0 or time == first_request) and _run_venue(sim, m, time):
            continue
        if time == first_request:
            _arrive(sim, m)
        elif time == first_response:
            _hear(sim, m)
        elif time == m[NEXT_TIME]:
            _timer(sim, m, received)
        elif time == woken:
            _woken(sim, m)
        else:
            _receive(sim, m, before - 1, stop)
    return False


def build(stamp: int) -> tuple[Any, Any]:
    """Compile `start` and `advance`, or load them from Numba's disk cache. The stamp is part of the cache key."""
    numba_cache.provide(Path(__file__))
    i64 = types.int64

    @cfunc(i64(i64, i64, i64), **_OPTIONS)
    def start(params: int, sim_at: int, init: int) -> Any:
        sim = int_words(sim_at)
        _next_timer(int_words(sim[MARKET_AT]))
        state = sim[STATE_AT]
        done = call_init(init, int_words(params), float_words(params), int_words(state), float_words(state))
        return done + 0 * stamp

    @cfunc(i64(i64, i64), **_OPTIONS)
    def advance(sim_at: int, stop: int) -> Any:
        """Until the strategy has received `stop` records, or a table is full; how many it has, -1 at the end."""
        sim = int_words(sim_at)
        m = int_words(sim[MARKET_AT])
        if _advance(sim, m, stop):
            return -1
        return m[AT_STRATEGY] + 0 * stamp

    return start, advance
