"""Pushes as whole numbers: trades, candles and best prices in ticks and lots. Times are epoch ms or s, as sent."""

from __future__ import annotations

from dataclasses import dataclass

from ....cython_core.wire.decimals import DecimalFault, parse_decimal
from ....cython_core.wire.messages import AggreBookTicker, Deals, LimitDepths, SpotKline
from ..stream.counters import Counters

#: Number of the taker's side on the wire -> +1 bought, -1 sold.
TAKER = {1: 1, 2: -1}


@dataclass(frozen=True, slots=True)
class Trade:
    """A public trade. `taker` is +1 if the taker bought, -1 if it sold; `trade_id` may be empty."""

    ticks: int
    lots: int
    taker: int
    time_ms: int
    trade_id: str


@dataclass(frozen=True, slots=True)
class Candle:
    """A candle that may still be open. It is done when one with a later start comes."""

    start_s: int
    end_s: int
    open_ticks: int
    high_ticks: int
    low_ticks: int
    close_ticks: int
    volume_lots: int


class TradeIds:
    """The last trade ids, to tell repeats. The oldest are forgotten."""

    def __init__(self, most: int = 20_000) -> None:
        self._ids: dict[str, None] = {}
        self._most = most

    def repeated(self, trade_id: str) -> bool:
        """Whether the id was here before; from now on it was."""
        if trade_id in self._ids:
            return True
        self._ids[trade_id] = None
        if len(self._ids) > self._most:
            del self._ids[next(iter(self._ids))]
        return False


def trades_of(body: Deals, price_decimals: int, qty_decimals: int, counters: Counters) -> list[Trade]:
    """The trades of a push in their order. A side that the table does not know is counted and left out."""
    found = []
    for deal in body.deals:
        ticks, lots = parse_decimal(deal.price, price_decimals), parse_decimal(deal.quantity, qty_decimals)
        taker = TAKER.get(deal.trade_type)
        if taker is None:
            counters.add("unknown_code", "trade_type")
        elif ticks == 0 or lots == 0:
            counters.add("deals_refused", "zero")
        else:
            found.append(Trade(ticks, lots, taker, deal.time_ms, deal.trade_id))
    return found


def candle_of(body: SpotKline, price_decimals: int, qty_decimals: int) -> Candle:
    """The candle of a push. `DecimalFault` for prices that are none, or that contradict each other."""
    prices = (body.opening_price, body.highest_price, body.lowest_price, body.closing_price)
    first, high, low, last = (parse_decimal(price, price_decimals) for price in prices)
    if not 0 < low <= min(first, last) <= max(first, last) <= high or body.window_end_s <= body.window_start_s:
        raise DecimalFault("not_a_number", b"prices of a candle that contradict each other")
    volume = parse_decimal(body.volume, qty_decimals)
    return Candle(body.window_start_s, body.window_end_s, first, high, low, last, volume)


def ticker_top(body: AggreBookTicker, price_decimals: int) -> tuple[int, int] | None:
    """Best bid and ask in ticks; None if a side is empty."""
    if not body.bid_price or not body.ask_price:
        return None
    top = parse_decimal(body.bid_price, price_decimals), parse_decimal(body.ask_price, price_decimals)
    return top if top[0] and top[1] else None


def limit_levels(body: LimitDepths, price_decimals: int, qty_decimals: int) -> tuple[list[tuple[int, int]], ...]:
    """Bids and asks of a whole top in ticks and lots, best first."""
    return tuple(
        [(parse_decimal(row.price, price_decimals), parse_decimal(row.quantity, qty_decimals)) for row in side]
        for side in (body.bids, body.asks)
    )


def plain_version(text: str) -> int:
    """A version as a number; -1 if it is none."""
    try:
        return parse_decimal(text, 0)
    except DecimalFault:
        return -1
