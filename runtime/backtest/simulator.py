# mypy: allow-untyped-decorators, allow-untyped-calls
"""Orders on bars, compiled: the twin of `reference.py`, which states the rules. Bookkeeping is in `core.py`.

Reports go to the kernel at once. What it wants then waits in `sim[PENDING...]` and is submitted when the bar is done.
"""

from __future__ import annotations

from ...cython_core.layout import (
    HIGH,
    I_INSTRUMENT,
    I_RULE,
    I_STYLE,
    I_TAG,
    INTENT_WORDS,
    LOW,
    NEVER,
    OPEN,
    OUT_FIRST_INTENT,
    OUT_INTENTS,
    OUT_WAKE,
    STYLE_CANCEL,
    STYLE_FOK,
    STYLE_IOC,
    STYLE_LIMIT,
    STYLE_MARKET,
    TIME,
    VOLUME,
)
from .core import (
    Words,
    compiled,
    fill,
    finish,
    instance_of,
    new_order,
    open_order,
    open_with_tag,
    order_at,
    refusal,
    reject,
    sweep,
)
from .native_ops import call_report, float_words, int_words, words_after
from .result import (
    ACCEPTED,
    CANCELLED,
    EXPIRED,
    FILLED,
    O_ARRIVED,
    O_INSTRUMENT,
    O_PRICE,
    O_QTY,
    O_SIDE,
    O_STATUS,
    O_STYLE,
    O_TIME,
    O_TTL,
    RESTING,
    SENT,
    WOULD_CROSS,
)
from .schedule import take
from .sim_words import (
    IO_AT,
    N_OPEN,
    N_PENDING,
    NOW,
    OPEN_ORDERS,
    OUT_AT,
    PENDING,
    PENDING_WORDS,
    PERIOD,
    REPORT,
    REPORT_FUNCTION,
    REPORT_OUT_AT,
    SLIPPAGE,
    STATE_AT,
    WAITS,
)


@compiled
def _strictly_better(side: int, price: int, than: int) -> bool:
    if side > 0:
        return price < than
    return price > than


# --- ends of an order: each tells the strategy


@compiled
def _deliver(sim: Words) -> None:
    report, out = words_after(sim, REPORT), int_words(sim[REPORT_OUT_AT])
    st, sf = int_words(sim[STATE_AT]), float_words(sim[STATE_AT])
    call_report(sim[REPORT_FUNCTION], report, st, sf, out, int_words(sim[IO_AT]))
    if out[OUT_INTENTS] > 0 or out[OUT_WAKE] != NEVER:
        take(sim, out, report[TIME])


@compiled
def _done(sim: Words, order: Words, status: int, time: int) -> None:
    finish(sim, order, status, time)
    _deliver(sim)


@compiled
def _reject(sim: Words, order: Words, reason: int, time: int) -> None:
    reject(sim, order, reason, time)
    _deliver(sim)


@compiled
def _fill(sim: Words, order: Words, price: int, time: int, maker: int) -> None:
    reason = fill(sim, order, price, order[O_QTY], time, time, maker, 0)
    if reason != ACCEPTED:
        _reject(sim, order, reason, time)
        return
    _deliver(sim)
    _done(sim, order, FILLED, time)


# --- a base bar


@compiled
def _arrive(sim: Words, order: Words, open_ticks: int, time: int) -> None:
    """The order's first bar: take, rest, or end."""
    side, style, price = order[O_SIDE], order[O_STYLE], order[O_PRICE]
    taking = max(1, open_ticks + side * sim[SLIPPAGE])
    better = _strictly_better(side, taking, price)
    order[O_ARRIVED] = time
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


@compiled
def _meet(sim: Words, order: Words, rec: Words) -> None:
    """One open order meets one base bar."""
    close_time, ttl, sent = rec[TIME], order[O_TTL], order[O_TIME]
    open_time = close_time - instance_of(sim, order[O_INSTRUMENT])[PERIOD]
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


@compiled
def trade(sim: Words, rec: Words, instrument: int) -> None:
    """Let the open orders of one instance meet its bar, in the order of their submission."""
    for k in range(sim[N_OPEN]):
        order = order_at(sim, sim[OPEN_ORDERS + k])
        if order[O_INSTRUMENT] == instrument:
            _meet(sim, order, rec)
    sweep(sim)


# --- submission


@compiled
def _submit(sim: Words, intent: Words, time: int) -> None:
    """Accept or refuse an intent; either way it becomes a row of `orders`."""
    order = new_order(sim, intent, time)
    reason = refusal(sim, order)
    if reason == ACCEPTED:
        open_order(sim, order)
    else:
        _reject(sim, order, reason, time)


@compiled
def _cancel(sim: Words, intent: Words, time: int) -> None:
    """End an open order; one that has ended already is left alone, for a report about it is there or on its way."""
    row = open_with_tag(sim, intent[I_INSTRUMENT], intent[I_TAG])
    if row >= 0:
        _done(sim, order_at(sim, row), EXPIRED if intent[I_RULE] != 0 else CANCELLED, time)
        sweep(sim)


@compiled
def _do(sim: Words, intent: Words, time: int) -> None:
    if intent[I_STYLE] == STYLE_CANCEL:
        _cancel(sim, intent, time)
    else:
        _submit(sim, intent, time)


@compiled
def submit_pending(sim: Words) -> None:
    """Do what the strategy wants, in order, and then what it wants when it hears of that."""
    _submit_from(sim, 0)


@compiled
def submit_out(sim: Words) -> None:
    """The same for what the last record left in the kernel's `out` block, while nothing waits: it is not copied. It has
    its places at the head of the queue all the same, for those are counted."""
    out, time = int_words(sim[OUT_AT]), sim[NOW]
    count = out[OUT_INTENTS]
    sim[N_PENDING] = count
    for k in range(count):
        _do(sim, words_after(out, OUT_FIRST_INTENT + k * INTENT_WORDS), time)
    _submit_from(sim, count)


@compiled
def _submit_from(sim: Words, done: int) -> None:
    while done < sim[N_PENDING]:
        pending = words_after(sim, PENDING + done * PENDING_WORDS)
        _do(sim, words_after(pending, 1), pending[0])
        done += 1
    sim[N_PENDING] = 0
