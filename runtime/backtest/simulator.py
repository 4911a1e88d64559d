# mypy: allow-untyped-decorators, allow-untyped-calls
"""The order simulator, compiled: the twin of `reference.py`, which states the rules.

All state is words behind pointers: `sim` (layout below) knows the account, the kernel and where the tables are; their
columns stand in `result.py`. Open orders are row numbers, in order of submission. Reports go to the kernel at once.
Everything is integers; sums that may leave int64 wrap, like the twin's.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from ...cython_core.layout import (
    HIGH,
    KIND_DONE,
    KIND_FILL,
    KIND_REJECT,
    LOW,
    OPEN,
    STREAM_SHIFT,
    STYLE_FOK,
    STYLE_IOC,
    STYLE_LIMIT,
    STYLE_MARKET,
    STYLE_POST_ONLY,
    TIME,
    VOLUME,
    WORD_BYTES,
)
from .native_ops import call_report, float_words, iadd, imul, int_words, isub, words_after
from .result import (
    ACCEPTED,
    BAD_PRICE,
    BAD_QUANTITY,
    BAD_SIDE,
    BAD_STYLE,
    BELOW_MINIMUM,
    BELOW_MINIMUM_QUANTITY,
    CANCELLED,
    EXPIRED,
    FILLED,
    INSUFFICIENT_BALANCE,
    LARGEST_VALUE,
    MAX_OPEN,
    NOT_HELD,
    O_CLOSED,
    O_FILLED,
    O_NUMBER,
    O_PRICE,
    O_QTY,
    O_REJECT,
    O_RULE,
    O_SIDE,
    O_STATUS,
    O_STYLE,
    O_TIME,
    O_TTL,
    RATE_PARTS,
    REJECTED,
    RESTING,
    SENT,
    TOO_LARGE,
    TOO_MANY_ORDERS,
    WOULD_CROSS,
)
from .sim_words import (
    BAR,
    BASE_STREAM,
    CASH,
    FILL_WORDS,
    FILLS_AT,
    LAST_CLOSE,
    MAKER,
    MIN_NOTIONAL,
    MIN_QTY,
    N_FILLS,
    N_OPEN,
    N_ORDERS,
    OPEN_ORDERS,
    ORDER_WORDS,
    ORDERS_AT,
    PERIOD,
    POSITION,
    REPORT,
    REPORT_FUNCTION,
    SCALE,
    SLIPPAGE,
    STATE_AT,
    TAKER,
    WAITS,
)

_HALF = RATE_PARTS // 2
Words = Any  # CPointer(int64)

_compiled = njit(error_model="numpy", fastmath=False, nogil=True)


@_compiled
def notional(sim: Words, price: int, qty: int) -> int:
    """Atoms of `qty` lots at `price` ticks, both positive; -1 above LARGEST_VALUE."""
    if price > LARGEST_VALUE // sim[SCALE]:
        return -1
    unit: int = price * sim[SCALE]
    if qty > LARGEST_VALUE // unit:
        return -1
    return unit * qty


@_compiled
def fee_of(value: int, rate: int) -> int:
    """(value * rate + 5 * 10**7) // 10**8 for 0 <= value <= LARGEST_VALUE, without overflow."""
    high = value // RATE_PARTS
    low = value - high * RATE_PARTS
    return high * rate + (low * rate + _HALF) // RATE_PARTS


@_compiled
def _strictly_better(side: int, price: int, than: int) -> bool:
    if side > 0:
        return price < than
    return price > than


# --- ends of an order: each writes its row and tells the strategy


@_compiled
def _send(
    sim: Words, order: Words, kind: int, time: int, qty: int, price: int, value: int, fee: int, count: int
) -> None:
    report = words_after(sim, REPORT)
    report[0] = time
    report[1] = kind | (sim[BASE_STREAM] << STREAM_SHIFT) | (count << 32)
    report[2] = order[O_SIDE]
    report[3] = qty
    report[4] = price
    report[5] = value
    report[6] = fee
    report[7] = order[O_NUMBER]
    call_report(sim[REPORT_FUNCTION], report, int_words(sim[STATE_AT]), float_words(sim[STATE_AT]))


@_compiled
def _done(sim: Words, order: Words, status: int, time: int) -> None:
    order[O_STATUS] = status
    order[O_CLOSED] = time
    left = isub(order[O_QTY], order[O_FILLED])
    _send(sim, order, KIND_DONE, time, left, order[O_PRICE], 0, 0, 0)


@_compiled
def _reject(sim: Words, order: Words, reason: int, time: int) -> None:
    order[O_STATUS] = REJECTED
    order[O_CLOSED] = time
    order[O_REJECT] = reason
    _send(sim, order, KIND_REJECT, time, order[O_QTY], order[O_PRICE], 0, 0, reason)


@_compiled
def _fill(sim: Words, order: Words, price: int, time: int, maker: int) -> None:
    side, qty = order[O_SIDE], order[O_QTY]
    value = notional(sim, price, qty)
    if value < 0:
        _reject(sim, order, TOO_LARGE, time)
        return
    fee = fee_of(value, sim[MAKER] if maker else sim[TAKER])
    if side > 0 and value + fee > sim[CASH]:
        _reject(sim, order, INSUFFICIENT_BALANCE, time)
        return
    if side < 0 and qty > sim[POSITION]:
        _reject(sim, order, NOT_HELD, time)
        return
    sim[CASH] = isub(isub(sim[CASH], side * value), fee)
    sim[POSITION] = iadd(sim[POSITION], side * qty)
    order[O_FILLED] = qty
    _record_fill(sim, order, price, value, fee, time, maker)
    _send(sim, order, KIND_FILL, time, qty, price, value, fee, 0)
    _done(sim, order, FILLED, time)


@_compiled
def _record_fill(sim: Words, order: Words, price: int, value: int, fee: int, time: int, maker: int) -> None:
    """Write the next row of `fills`, FILL_COLUMNS."""
    row = int_words(sim[FILLS_AT] + sim[N_FILLS] * FILL_WORDS * WORD_BYTES)
    sim[N_FILLS] += 1
    row[0] = order[O_NUMBER]
    row[1] = time
    row[2] = order[O_SIDE]
    row[3] = order[O_QTY]
    row[4] = price
    row[5] = value
    row[6] = fee
    row[7] = order[O_RULE]
    row[8] = sim[BAR]
    row[9] = maker
    row[10] = sim[POSITION]
    row[11] = sim[CASH]


# --- a base bar


@_compiled
def _arrive(sim: Words, order: Words, open_ticks: int, time: int) -> None:
    """The order's first bar: take, rest, or end."""
    side, style, price = order[O_SIDE], order[O_STYLE], order[O_PRICE]
    taking = max(1, open_ticks + side * sim[SLIPPAGE])
    better = _strictly_better(side, taking, price)
    if style == STYLE_MARKET:
        _fill(sim, order, taking, time, 0)
    elif style in (STYLE_IOC, STYLE_FOK):
        if better or taking == price:
            _fill(sim, order, taking, time, 0)
        else:
            _done(sim, order, CANCELLED, time)
    elif better and style == STYLE_LIMIT:
        _fill(sim, order, taking, time, 0)
    elif better:
        _reject(sim, order, WOULD_CROSS, time)
    else:
        order[O_STATUS] = RESTING


@_compiled
def _meet(sim: Words, order: Words, rec: Words) -> None:
    """One open order meets one base bar."""
    close_time, ttl, sent = rec[TIME], order[O_TTL], order[O_TIME]
    open_time = close_time - sim[PERIOD]
    if ttl > 0 and open_time - sent >= ttl:
        _done(sim, order, EXPIRED, sent + ttl)
        return
    if rec[VOLUME] <= 0:
        sim[WAITS] += 1
    elif order[O_STATUS] == SENT:
        _arrive(sim, order, rec[OPEN], open_time)
    if order[O_STATUS] > RESTING:
        return
    if ttl > 0 and close_time - sent > ttl:
        _done(sim, order, EXPIRED, sent + ttl)
    elif order[O_STATUS] == RESTING and rec[VOLUME] > 0:
        extreme = rec[LOW] if order[O_SIDE] > 0 else rec[HIGH]
        if _strictly_better(order[O_SIDE], extreme, order[O_PRICE]):
            _fill(sim, order, order[O_PRICE], close_time, 1)


@_compiled
def trade(sim: Words, rec: Words) -> None:
    """Let the open orders meet the bar, in the order of their submission."""
    kept = 0
    for k in range(sim[N_OPEN]):
        row = sim[OPEN_ORDERS + k]
        order = int_words(sim[ORDERS_AT] + row * ORDER_WORDS * WORD_BYTES)
        _meet(sim, order, rec)
        if order[O_STATUS] <= RESTING:
            sim[OPEN_ORDERS + kept] = row
            kept += 1
    sim[N_OPEN] = kept


@_compiled
def equity_at(sim: Words, close: int) -> int:
    """Cash plus the position at `close` ticks, in atoms."""
    equity: int = iadd(sim[CASH], imul(imul(sim[POSITION], close), sim[SCALE]))
    return equity


# --- submission


@_compiled
def _refusal(sim: Words, order: Words) -> int:
    side, style, qty, price = order[O_SIDE], order[O_STYLE], order[O_QTY], order[O_PRICE]
    priced = style != STYLE_MARKET
    if side != 1 and side != -1:
        return BAD_SIDE
    if style < STYLE_MARKET or style > STYLE_POST_ONLY:
        return BAD_STYLE
    if qty <= 0:
        return BAD_QUANTITY
    if priced and price <= 0:
        return BAD_PRICE
    if qty < sim[MIN_QTY]:
        return BELOW_MINIMUM_QUANTITY
    value = notional(sim, price if priced else max(1, sim[LAST_CLOSE]), qty)
    if value < 0:
        return TOO_LARGE
    if value < sim[MIN_NOTIONAL]:
        return BELOW_MINIMUM
    if side < 0 and qty > sim[POSITION]:
        return NOT_HELD
    if priced and side > 0 and value + fee_of(value, sim[TAKER]) > sim[CASH]:
        return INSUFFICIENT_BALANCE
    return TOO_MANY_ORDERS if sim[N_OPEN] == MAX_OPEN else ACCEPTED


@_compiled
def _write_order(sim: Words, order: Words, intent: Words, time: int) -> None:
    """Fill the next row of `orders`, ORDER_COLUMNS."""
    order[O_NUMBER] = sim[N_ORDERS] + 1
    order[O_TIME] = time
    order[O_SIDE] = intent[0]
    order[O_STYLE] = intent[1]
    order[O_QTY] = intent[2]
    order[O_PRICE] = intent[3]
    order[O_TTL] = intent[4]
    order[O_RULE] = intent[5]
    order[O_STATUS] = SENT
    order[O_CLOSED] = 0
    order[O_REJECT] = ACCEPTED
    order[O_FILLED] = 0


@_compiled
def submit(sim: Words, intent: Words, time: int) -> None:
    """Accept or refuse an intent; either way it becomes a row of `orders`."""
    order = int_words(sim[ORDERS_AT] + sim[N_ORDERS] * ORDER_WORDS * WORD_BYTES)
    _write_order(sim, order, intent, time)
    reason = _refusal(sim, order)
    if reason == ACCEPTED:
        sim[OPEN_ORDERS + sim[N_OPEN]] = sim[N_ORDERS]
        sim[N_OPEN] += 1
    sim[N_ORDERS] += 1
    if reason != ACCEPTED:
        _reject(sim, order, reason, time)
