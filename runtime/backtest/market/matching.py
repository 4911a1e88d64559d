# mypy: allow-untyped-decorators, allow-untyped-calls
"""The venue's side of the market, compiled: the twin of `reference_venue.py`. Rules: `reference_market.py`.

All state is words behind pointers: `sim` as in `core.py`, `m` the market's own (`market_words.py`).
"""

from __future__ import annotations

from ....cython_core.layout import (
    FLAG_MESSAGE_END,
    FLAG_SHIFT,
    HEAD,
    KIND_LEVEL,
    KIND_RESET,
    KIND_TRADE,
    PRICE,
    QTY,
    SIDE,
    STREAM_SHIFT,
    STYLE_FOK,
    STYLE_LIMIT,
    STYLE_MARKET,
    STYLE_POST_ONLY,
    VENUE_TIME,
    WORD_BYTES,
    WORDS_PER_RECORD,
)
from ..core import Words, compiled, fill, finish, instance_of, order_at, refusal, reject
from ..native_ops import bitsf, f2i, fbits, ffloor, fround, fsqrt, i2f, int_words, words_after
from ..result import (
    ACCEPTED,
    CANCELLED,
    EXPIRED,
    FILLED,
    O_ARRIVED,
    O_FILLED,
    O_INSTRUMENT,
    O_PRICE,
    O_QTY,
    O_QUEUE,
    O_SIDE,
    O_STATUS,
    O_STYLE,
    O_TAG,
    PRICE_BAND,
    RATE_PARTS,
    RESTING,
    WOULD_CROSS,
)
from ..sim_words import INSTANCES, MARK, N_OPEN, REPORT
from .book import book_at, book_clear, book_px, book_qty, book_set
from .consumption import consume, forget, forget_book, refill, venue_book
from .market_words import (
    B_STRATEGY,
    BAND,
    BOOK_WORDS,
    BOOKS_AT,
    END_RESPONSE,
    HEARD,
    IMPACT,
    N_CONSUMED,
    N_STREAMS,
    N_WAITING,
    OWN_BOOK,
    R_EXPIRED,
    R_INSTANCE,
    R_TAG,
    RESPONSE,
    RESPONSE_AT,
    RESPONSE_USED,
    RESPONSES_AT,
    STREAMS_AT,
    TO_STRATEGY,
    W_AHEAD,
    W_BOOK,
    W_PRICE,
    W_ROW,
    W_SIDE,
    W_TRADED,
    WAITING,
    WAITING_WORDS,
)
from .queues import cancelled_ahead


@compiled
def arrival(m: Words, clock: int, samples_at: int, samples: int, used: int, time: int) -> int:
    """When a message sent at `time` is there; the arguments are the words of its direction and kind."""
    delay = int_words(m[samples_at])[m[used]]
    m[used] = m[used] + 1 if m[used] + 1 < m[samples] else 0
    m[clock] = max(m[clock], time + delay)
    there: int = m[clock]
    return there


@compiled
def book_of(m: Words, head: int) -> int:
    """Number of the book that a record's stream feeds; -1 if it feeds none."""
    stream = (head >> STREAM_SHIFT) & 0xFFFF
    if stream >= m[N_STREAMS]:
        return -1
    number: int = int_words(m[STREAMS_AT])[stream]
    return number


@compiled
def strategy_book(m: Words, number: int) -> Words:
    return int_words(int_words(m[BOOKS_AT])[number * BOOK_WORDS + B_STRATEGY])


@compiled
def waiting_at(m: Words, k: int) -> Words:
    return words_after(m, WAITING + k * WAITING_WORDS)


# --- telling the strategy


@compiled
def _told(m: Words, time: int) -> int:
    if m[HEARD] < 0:
        m[HEARD] = arrival(m, TO_STRATEGY, RESPONSE_AT, RESPONSE, RESPONSE_USED, time)
    told: int = m[HEARD]
    return told


@compiled
def _send(sim: Words, m: Words) -> None:
    """Put the report that stands in `sim` behind the responses under way."""
    report = words_after(sim, REPORT)
    row = int_words(m[RESPONSES_AT] + m[END_RESPONSE] * WORDS_PER_RECORD * WORD_BYTES)
    for k in range(WORDS_PER_RECORD):
        row[k] = report[k]
    m[END_RESPONSE] += 1


@compiled
def _finish(sim: Words, m: Words, order: Words, status: int, time: int) -> None:
    finish(sim, order, status, _told(m, time))
    _send(sim, m)


@compiled
def turn_away(sim: Words, m: Words, order: Words, reason: int, time: int) -> None:
    """The order is refused."""
    reject(sim, order, reason, _told(m, time))
    _send(sim, m)


@compiled
def _fill(sim: Words, m: Words, order: Words, price: int, qty: int, time: int, maker: int) -> bool:
    """Whether the account took it; if not, the order has ended."""
    told = _told(m, time)
    reason = fill(sim, order, price, qty, told, time, maker, order[O_QUEUE])
    if reason == ACCEPTED:
        _send(sim, m)
        return True
    if order[O_FILLED] > 0:
        _finish(sim, m, order, CANCELLED, time)
    else:
        turn_away(sim, m, order, reason, time)
    return False


@compiled
def _fill_resting(sim: Words, m: Words, own: Words, qty: int, time: int) -> None:
    order = order_at(sim, own[W_ROW])
    if _fill(sim, m, order, order[O_PRICE], qty, time, 1) and order[O_FILLED] == order[O_QTY]:
        _finish(sim, m, order, FILLED, time)
    own[W_AHEAD] = fbits(0.0)


@compiled
def _sweep(sim: Words, m: Words) -> None:
    """Keep only the waiting orders that have not ended, in their order."""
    kept = 0
    for k in range(m[N_WAITING]):
        own = waiting_at(m, k)
        if order_at(sim, own[W_ROW])[O_STATUS] <= RESTING:
            place = waiting_at(m, kept)
            for word in range(WAITING_WORDS):
                place[word] = own[word]
            kept += 1
    m[N_WAITING] = kept
    sim[N_OPEN] = kept


# --- records


@compiled
def at_venue(sim: Words, m: Words, rec: Words) -> bool:
    """A book or trade record happens at the venue. Whether the strategy is told anything."""
    head = rec[HEAD]
    kind, number = head & 0xFF, book_of(m, head)
    if number < 0:
        return False
    m[HEARD] = -1
    if kind == KIND_LEVEL:
        _level(m, number, rec)
        if m[N_WAITING] > 0 and (head >> FLAG_SHIFT) & FLAG_MESSAGE_END:
            _cross(sim, m, number, rec[VENUE_TIME])
    elif kind == KIND_TRADE:
        if m[N_WAITING] > 0:
            _trade(sim, m, number, rec)
    elif kind == KIND_RESET:
        book_clear(venue_book(m, number))
        forget_book(m, number)
    if m[HEARD] < 0:
        return False
    _sweep(sim, m)
    return True


@compiled
def _trade(sim: Words, m: Words, number: int, rec: Words) -> None:
    side, qty, price, time = -rec[SIDE], rec[QTY], rec[PRICE], rec[VENUE_TIME]
    given = 0
    for k in range(m[N_WAITING]):
        own = waiting_at(m, k)
        if own[W_BOOK] != number or own[W_SIDE] != side or side * own[W_PRICE] < side * price:
            continue
        order = order_at(sim, own[W_ROW])
        left, got = order[O_QTY] - order[O_FILLED], 0
        if own[W_PRICE] == price:
            own[W_TRADED] += qty
            ahead = bitsf(own[W_AHEAD]) - i2f(qty - given)
            got = min(left, f2i(ffloor(-ahead)))
            own[W_AHEAD] = fbits(ahead if ahead > 0.0 else 0.0)
        else:
            got = min(left, qty - given)
        if got > 0:
            given += got
            _fill_resting(sim, m, own, got, time)


@compiled
def _level(m: Words, number: int, rec: Words) -> None:
    side, lots, tick = rec[SIDE], rec[QTY], rec[PRICE]
    before = book_set(venue_book(m, number), side, tick, lots)
    if m[N_CONSUMED] > 0:
        forget(m, number, side, tick)
    for k in range(m[N_WAITING]):
        own = waiting_at(m, k)
        if own[W_PRICE] == tick and own[W_SIDE] == side and own[W_BOOK] == number:
            _changed(m, own, before, lots)


@compiled
def _changed(m: Words, own: Words, before: int, lots: int) -> None:
    """The level at which an order waits holds `lots` now."""
    gone = before - lots - own[W_TRADED]
    own[W_TRADED] = 0
    ahead = bitsf(own[W_AHEAD])
    if gone > 0:
        ahead = cancelled_ahead(m, ahead, before, i2f(gone))
    there = i2f(lots)
    ahead = there if there < ahead else ahead
    own[W_AHEAD] = fbits(ahead if ahead > 0.0 else 0.0)


@compiled
def _cross(sim: Words, m: Words, number: int, time: int) -> None:
    book = venue_book(m, number)
    for side in (1, -1):
        for k in range(m[N_WAITING]):
            own = waiting_at(m, k)
            if own[W_BOOK] != number or own[W_SIDE] != side:
                continue
            order = order_at(sim, own[W_ROW])
            left, got = order[O_QTY] - order[O_FILLED], 0
            while got < left:
                best = book_px(book, -side, 0)
                if best == 0 or side * best > side * own[W_PRICE]:
                    break
                part = min(left - got, book_qty(book, -side, 0))
                consume(m, number, -side, best, part, time)
                got += part
            if got > 0:
                _fill_resting(sim, m, own, got, time)


# --- requests


@compiled
def twice_mid(book: Words) -> int:
    """Best bid plus best ask in ticks; 0 if a side is empty."""
    bid, ask = book_px(book, 1, 0), book_px(book, -1, 0)
    return bid + ask if bid > 0 and ask > 0 else 0


@compiled
def place(sim: Words, m: Words, row: int, time: int) -> None:
    """An order arrives."""
    order = order_at(sim, row)
    m[HEARD] = -1
    order[O_ARRIVED] = time
    refill(m, time)
    for k in range(sim[INSTANCES]):
        own = instance_of(sim, k)
        own[MARK] = twice_mid(venue_book(m, own[OWN_BOOK])) >> 1
    reason = refusal(sim, order)
    if reason == ACCEPTED:
        reason = _venue_refusal(sim, m, order)
    if reason != ACCEPTED:
        turn_away(sim, m, order, reason, time)
        return
    number = instance_of(sim, order[O_INSTRUMENT])[OWN_BOOK]
    if order[O_STYLE] != STYLE_POST_ONLY:
        _walk(sim, m, number, order, time)
    if order[O_STATUS] <= RESTING:
        _rest_or_end(sim, m, number, order, time)


@compiled
def _venue_refusal(sim: Words, m: Words, order: Words) -> int:
    book = venue_book(m, instance_of(sim, order[O_INSTRUMENT])[OWN_BOOK])
    side, price, middle = order[O_SIDE], order[O_PRICE], twice_mid(book)
    if order[O_STYLE] != STYLE_MARKET and m[BAND] > 0 and middle > 0:
        distance = i2f(abs(2 * price - middle)) * i2f(RATE_PARTS)
        if distance > i2f(middle) * i2f(m[BAND]):
            return PRICE_BAND
    best = book_px(book, -side, 0)
    if order[O_STYLE] == STYLE_POST_ONLY and best > 0 and side * best <= side * price:
        return WOULD_CROSS
    return ACCEPTED


@compiled
def _paid(m: Words, order: Words, tick: int, lots: int) -> int:
    """Price of lots up to number `lots` of an order that takes at `tick`; 0 if that is worse than its price."""
    side = order[O_SIDE]
    price: int = max(1, tick + side * f2i(fround(bitsf(m[IMPACT]) * fsqrt(i2f(lots)))))
    if order[O_STYLE] != STYLE_MARKET and side * price > side * order[O_PRICE]:
        return 0
    return price


@compiled
def _fillable(m: Words, book: Words, order: Words) -> int:
    """How many lots the order would find, without taking them."""
    taken, k = 0, 0
    while taken < order[O_QTY]:
        tick = book_px(book, -order[O_SIDE], k)
        part = min(order[O_QTY] - taken, book_qty(book, -order[O_SIDE], k))
        if tick == 0 or _paid(m, order, tick, taken + part) == 0:
            break
        taken += part
        k += 1
    return taken


@compiled
def _walk(sim: Words, m: Words, number: int, order: Words, time: int) -> None:
    book, side = venue_book(m, number), order[O_SIDE]
    if order[O_STYLE] == STYLE_FOK and _fillable(m, book, order) < order[O_QTY]:
        return
    while order[O_FILLED] < order[O_QTY]:
        tick = book_px(book, -side, 0)
        if tick == 0:
            return
        part = min(order[O_QTY] - order[O_FILLED], book_qty(book, -side, 0))
        price = _paid(m, order, tick, order[O_FILLED] + part)
        if price == 0 or not _fill(sim, m, order, price, part, time, 0):
            return
        consume(m, number, -side, tick, part, time)


@compiled
def _rest_or_end(sim: Words, m: Words, number: int, order: Words, time: int) -> None:
    if order[O_FILLED] == order[O_QTY]:
        _finish(sim, m, order, FILLED, time)
    elif order[O_STYLE] == STYLE_LIMIT or order[O_STYLE] == STYLE_POST_ONLY:
        order[O_STATUS] = RESTING
        order[O_QUEUE] = book_at(venue_book(m, number), order[O_SIDE], order[O_PRICE])
        _wait(sim, m, number, order)
    else:
        _finish(sim, m, order, CANCELLED, time)


@compiled
def _wait(sim: Words, m: Words, number: int, order: Words) -> None:
    """Put the order into its place: before the first worse price of its side of its book."""
    side, at = order[O_SIDE], 0
    while at < m[N_WAITING]:
        other = waiting_at(m, at)
        if other[W_BOOK] == number and other[W_SIDE] == side and side * other[W_PRICE] < side * order[O_PRICE]:
            break
        at += 1
    for word in range(WAITING + m[N_WAITING] * WAITING_WORDS - 1, WAITING + at * WAITING_WORDS - 1, -1):
        m[word + WAITING_WORDS] = m[word]
    own = waiting_at(m, at)
    own[W_ROW], own[W_BOOK], own[W_SIDE], own[W_PRICE] = order[0] - 1, number, side, order[O_PRICE]
    own[W_AHEAD], own[W_TRADED] = fbits(i2f(order[O_QUEUE])), 0
    m[N_WAITING] += 1
    sim[N_OPEN] = m[N_WAITING]


@compiled
def cancel(sim: Words, m: Words, request: Words, time: int) -> None:
    """A cancel arrives."""
    m[HEARD] = -1
    for k in range(m[N_WAITING]):
        order = order_at(sim, waiting_at(m, k)[W_ROW])
        if order[O_TAG] == request[R_TAG] and order[O_INSTRUMENT] == request[R_INSTANCE]:
            _finish(sim, m, order, EXPIRED if request[R_EXPIRED] else CANCELLED, time)
            _sweep(sim, m)
            return
