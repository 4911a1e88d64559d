# mypy: allow-untyped-decorators, allow-untyped-calls
"""What every order simulator does alike, compiled: the twin of `reference_core.py`, which states the rules.

All state is words behind pointers: `sim` (layout in `sim_words.py`) knows the account, the kernel and where the tables
are; their columns stand in `result.py`. Open orders are row numbers, in order of submission. Everything is integers;
sums that may leave int64 wrap, like the twin's.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from ...cython_core.layout import (
    COUNT_SHIFT,
    I_INSTRUMENT,
    I_PRICE,
    I_QTY,
    I_RULE,
    I_SIDE,
    I_STYLE,
    I_TAG,
    I_TTL,
    KIND_DONE,
    KIND_FILL,
    KIND_REJECT,
    STREAM_SHIFT,
    STYLE_MARKET,
    STYLE_POST_ONLY,
    WORD_BYTES,
)
from .native_ops import iadd, imul, int_words, isub, words_after
from .result import (
    ACCEPTED,
    BAD_INSTRUMENT,
    BAD_PRICE,
    BAD_QUANTITY,
    BAD_SIDE,
    BAD_STYLE,
    BELOW_MINIMUM,
    BELOW_MINIMUM_QUANTITY,
    INSUFFICIENT_BALANCE,
    LARGEST_VALUE,
    MAX_OPEN,
    NOT_HELD,
    O_ARRIVED,
    O_CLOSED,
    O_FILLED,
    O_INSTRUMENT,
    O_NUMBER,
    O_PRICE,
    O_QTY,
    O_QUEUE,
    O_REJECT,
    O_RULE,
    O_SIDE,
    O_STATUS,
    O_STYLE,
    O_TAG,
    O_TIME,
    O_TTL,
    RATE_PARTS,
    REJECTED,
    RESTING,
    SENT,
    TOO_LARGE,
    TOO_MANY_ORDERS,
)
from .sim_words import (
    BAR,
    CASH,
    FILL_WORDS,
    FILLS_AT,
    FIRST_INSTANCE,
    INSTANCE_WORDS,
    INSTANCES,
    MAKER,
    MARK,
    MIN_NOTIONAL,
    MIN_QTY,
    N_FILLS,
    N_OPEN,
    N_ORDERS,
    OPEN_ORDERS,
    ORDER_WORDS,
    ORDERS_AT,
    POSITION,
    REPORT,
    SCALE,
    TAKER,
)

_HALF = RATE_PARTS // 2
Words = Any  # CPointer(int64)

compiled = njit(error_model="numpy", fastmath=False, nogil=True)


@compiled
def notional(scale: int, price: int, qty: int) -> int:
    """Atoms of `qty` lots at `price` ticks, both positive; -1 above LARGEST_VALUE."""
    if price > LARGEST_VALUE // scale:
        return -1
    unit: int = price * scale
    if qty > LARGEST_VALUE // unit:
        return -1
    return unit * qty


@compiled
def fee_of(value: int, rate: int) -> int:
    """(value * rate + 5 * 10**7) // 10**8 for 0 <= value <= LARGEST_VALUE, without overflow."""
    high = value // RATE_PARTS
    low = value - high * RATE_PARTS
    return high * rate + (low * rate + _HALF) // RATE_PARTS


@compiled
def instance_of(sim: Words, number: int) -> Words:
    """The words of one instance."""
    return words_after(sim, FIRST_INSTANCE + number * INSTANCE_WORDS)


@compiled
def order_at(sim: Words, row: int) -> Words:
    """A row of `orders`."""
    return int_words(sim[ORDERS_AT] + row * ORDER_WORDS * WORD_BYTES)


@compiled
def equity_of(sim: Words) -> int:
    """Cash plus every position at its mark, in atoms."""
    equity: int = sim[CASH]
    for number in range(sim[INSTANCES]):
        own = instance_of(sim, number)
        equity = iadd(equity, imul(imul(own[POSITION], own[SCALE]), own[MARK]))
    return equity


# --- submission


@compiled
def refusal(sim: Words, order: Words) -> int:
    """Why the venue would not take the order as the account stands; ACCEPTED if it would."""
    side, style, qty, price = order[O_SIDE], order[O_STYLE], order[O_QTY], order[O_PRICE]
    if order[O_INSTRUMENT] < 0 or order[O_INSTRUMENT] >= sim[INSTANCES]:
        return BAD_INSTRUMENT
    own = instance_of(sim, order[O_INSTRUMENT])
    priced = style != STYLE_MARKET
    if side != 1 and side != -1:
        return BAD_SIDE
    if style < STYLE_MARKET or style > STYLE_POST_ONLY:
        return BAD_STYLE
    if qty <= 0:
        return BAD_QUANTITY
    if priced and price <= 0:
        return BAD_PRICE
    if qty < own[MIN_QTY]:
        return BELOW_MINIMUM_QUANTITY
    value = notional(own[SCALE], price if priced else max(1, own[MARK]), qty)
    if value < 0:
        return TOO_LARGE
    if value < own[MIN_NOTIONAL]:
        return BELOW_MINIMUM
    if side < 0 and qty > own[POSITION]:
        return NOT_HELD
    if priced and side > 0 and value + fee_of(value, own[TAKER]) > sim[CASH]:
        return INSUFFICIENT_BALANCE
    return TOO_MANY_ORDERS if sim[N_OPEN] == MAX_OPEN else ACCEPTED


@compiled
def new_order(sim: Words, intent: Words, time: int) -> Words:
    """Write the next row of `orders` from an intent and return it; it is not open yet."""
    order = order_at(sim, sim[N_ORDERS])
    sim[N_ORDERS] += 1
    order[O_NUMBER] = sim[N_ORDERS]
    order[O_TIME] = time
    order[O_SIDE] = intent[I_SIDE]
    order[O_STYLE] = intent[I_STYLE]
    order[O_QTY] = intent[I_QTY]
    order[O_PRICE] = intent[I_PRICE]
    order[O_TTL] = intent[I_TTL]
    order[O_RULE] = intent[I_RULE]
    order[O_STATUS] = SENT
    order[O_CLOSED] = 0
    order[O_REJECT] = ACCEPTED
    order[O_FILLED] = 0
    order[O_INSTRUMENT] = intent[I_INSTRUMENT]
    order[O_TAG] = intent[I_TAG]
    order[O_ARRIVED] = 0
    order[O_QUEUE] = 0
    return order


@compiled
def open_order(sim: Words, order: Words) -> None:
    """Put the order behind the open ones. There must be room (`refusal`)."""
    sim[OPEN_ORDERS + sim[N_OPEN]] = order[O_NUMBER] - 1
    sim[N_OPEN] += 1


@compiled
def sweep(sim: Words) -> None:
    """Keep only the open orders that have not ended, in their order."""
    kept = 0
    for k in range(sim[N_OPEN]):
        row = sim[OPEN_ORDERS + k]
        if order_at(sim, row)[O_STATUS] <= RESTING:
            sim[OPEN_ORDERS + kept] = row
            kept += 1
    sim[N_OPEN] = kept


@compiled
def open_with_tag(sim: Words, instrument: int, tag: int) -> int:
    """The row of the first open order of the instrument with this tag; -1 if there is none."""
    for k in range(sim[N_OPEN]):
        order = order_at(sim, sim[OPEN_ORDERS + k])
        if order[O_TAG] == tag and order[O_INSTRUMENT] == instrument and order[O_STATUS] <= RESTING:
            return sim[OPEN_ORDERS + k]  # type: ignore[no-any-return]
    return -1


# --- what happens to an order: each writes its rows, and the report about it to sim[REPORT...]


@compiled
def _report(
    sim: Words, order: Words, kind: int, time: int, qty: int, price: int, value: int, fee: int, count: int
) -> None:
    report = words_after(sim, REPORT)
    report[0] = time
    report[1] = kind | ((order[O_INSTRUMENT] & 0xFFFF) << STREAM_SHIFT) | (count << COUNT_SHIFT)
    report[2] = order[O_SIDE]
    report[3] = qty
    report[4] = price
    report[5] = value
    report[6] = fee
    report[7] = order[O_TAG]


@compiled
def finish(sim: Words, order: Words, status: int, time: int) -> None:
    """The order ends filled, expired or cancelled; a DONE report about it stands in `sim`."""
    order[O_STATUS] = status
    order[O_CLOSED] = time
    left = isub(order[O_QTY], order[O_FILLED])
    _report(sim, order, KIND_DONE, time, left, order[O_PRICE], 0, 0, status)


@compiled
def reject(sim: Words, order: Words, reason: int, time: int) -> None:
    """The order is refused; a REJECT report about it stands in `sim`."""
    order[O_STATUS] = REJECTED
    order[O_CLOSED] = time
    order[O_REJECT] = reason
    left = isub(order[O_QTY], order[O_FILLED])
    _report(sim, order, KIND_REJECT, time, left, order[O_PRICE], 0, 0, reason)


@compiled
def fill(sim: Words, order: Words, price: int, qty: int, time: int, venue_time: int, maker: int, queue: int) -> int:
    """Trade `qty` lots of the order at `price`: cash, position, the order, a row of `fills`; a FILL report stands in
    `sim`. Returns why the account cannot pay or deliver instead, and then nothing has happened; ACCEPTED if it did.

    `time` is when the strategy hears of it, `venue_time` when it happened, `queue` the lots that were ahead.
    """
    side, own = order[O_SIDE], instance_of(sim, order[O_INSTRUMENT])
    value = notional(own[SCALE], price, qty)
    if value < 0:
        return TOO_LARGE
    fee = fee_of(value, own[MAKER] if maker else own[TAKER])
    if side > 0 and value + fee > sim[CASH]:
        return INSUFFICIENT_BALANCE
    if side < 0 and qty > own[POSITION]:
        return NOT_HELD
    sim[CASH] = isub(isub(sim[CASH], side * value), fee)
    own[POSITION] = iadd(own[POSITION], side * qty)
    order[O_FILLED] += qty
    _report(sim, order, KIND_FILL, time, qty, price, value, fee, 0)
    row = _fill_row(sim, order, maker)
    row[13] = venue_time
    row[15] = queue
    return ACCEPTED


@compiled
def _fill_row(sim: Words, order: Words, maker: int) -> Words:
    """Write the next row of `fills`, FILL_COLUMNS, from the report that stands in `sim`."""
    report, own = words_after(sim, REPORT), instance_of(sim, order[O_INSTRUMENT])
    row = int_words(sim[FILLS_AT] + sim[N_FILLS] * FILL_WORDS * WORD_BYTES)
    sim[N_FILLS] += 1
    row[0] = order[O_NUMBER]
    row[1] = report[0]
    row[2] = order[O_SIDE]
    row[3] = report[3]
    row[4] = report[4]
    row[5] = report[5]
    row[6] = report[6]
    row[7] = order[O_RULE]
    row[8] = sim[BAR]
    row[9] = maker
    row[10] = own[POSITION]
    row[11] = sim[CASH]
    row[12] = order[O_INSTRUMENT]
    row[14] = isub(order[O_QTY], order[O_FILLED])
    return row
