"""What streams ask of a running exchange: its book from the engine, candles and days from what was counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache

from ..exchange.amounts import amount_text
from ..exchange.config import SymbolSpec
from ..exchange.exchange import Exchange
from ..rest.intervals import DAY_MS, INTERVALS
from ..rest.statistics import Day, Statistics
from .channels import MS
from .flows import Candle, Levels, Ticker

#: Name in streams -> name in REST.
INTERVAL_NAMES: Mapping[str, str] = {
    "Min1": "1m",
    "Min5": "5m",
    "Min15": "15m",
    "Min30": "30m",
    "Min60": "60m",
    "Hour4": "4h",
    "Hour8": "8h",
    "Day1": "1d",
    "Week1": "1W",
    "Month1": "1M",
}
#: Days of the plain `rate` begin at midnight there.
HOME_ZONE = "UTC+8"


class MarketView:
    """The `Market` of the stream hub."""

    def __init__(self, exchange: Exchange, statistics: Statistics) -> None:
        self._exchange, self._statistics = exchange, statistics
        self.specs: Mapping[str, SymbolSpec] = exchange.specs  # decimals never change, other rules do not matter here
        self.asset_decimals: Mapping[str, int] = exchange.config.asset_decimals()

    def top(self, symbol: str, count: int) -> tuple[Levels, Levels]:
        """The best `count` levels of bids and of asks."""
        _, bids, asks = self._exchange.depth(symbol, count)
        return bids, asks

    def version(self, symbol: str) -> int:
        """The version of the newest change."""
        return self._exchange.depth(symbol, 0)[0]

    def removal(self) -> str:
        """The quantity of a level that is gone."""
        return "0" if self._exchange.switches.removal == "zero" else "0.00000000"

    def candle(self, symbol: str, interval: str, now_ns: int) -> Candle | None:
        """The candle of now; None before the first trade."""
        kind, now_ms, spec = INTERVALS[INTERVAL_NAMES[interval]], now_ns // MS, self.specs[symbol]
        number = kind.number(now_ms)
        found = self._statistics[symbol].candles(kind, number, number + 1, now_ms)
        if not found:
            return None
        (candle,) = found
        return Candle(
            kind.open_ms(number) // 1000,
            kind.open_ms(number + 1) // 1000,
            amount_text(candle.open, spec.price_decimals),
            amount_text(candle.close, spec.price_decimals),
            amount_text(candle.high, spec.price_decimals),
            amount_text(candle.low, spec.price_decimals),
            amount_text(candle.lots, spec.qty_decimals),
            amount_text(candle.value, spec.value_decimals),
        )

    def ticker(self, symbol: str, zone: str, now_ns: int) -> Ticker | None:
        """The day so far; None before the first trade. `24H` is the last 24 hours."""
        now_ms, spec, statistics = now_ns // MS, self.specs[symbol], self._statistics[symbol]
        home = statistics.since(day_start_ms(HOME_ZONE, now_ms), now_ms)
        zoned = statistics.since(day_start_ms(zone, now_ms), now_ms)
        if home is None or zoned is None:
            return None
        return Ticker(
            symbol,
            amount_text(zoned.last, spec.price_decimals),
            rate_text(home),
            rate_text(zoned),
            amount_text(zoned.high, spec.price_decimals),
            amount_text(zoned.low, spec.price_decimals),
            amount_text(zoned.value, spec.value_decimals),
            amount_text(zoned.lots, spec.qty_decimals),
        )


def rate_text(day: Day) -> str:
    """The change over a day as a fraction with four decimals, cut."""
    change = (abs(day.last - day.open) * 10_000) // day.open
    return amount_text(change if day.last >= day.open else -change, 4)


def day_start_ms(zone: str, now_ms: int) -> int:
    """The midnight before now in a zone such as `UTC+5:30`; 24 hours ago for `24H`."""
    if zone == "24H":
        return now_ms - DAY_MS
    offset_ms = _offset_ms(zone)
    return now_ms - (now_ms + offset_ms) % DAY_MS


@lru_cache
def _offset_ms(zone: str) -> int:
    hours, _, minutes = zone.removeprefix("UTC").partition(":")
    sign = -1 if hours.startswith("-") else 1
    offset = timedelta(hours=abs(int(hours)), minutes=int(minutes or 0))
    return sign * (offset // timedelta(milliseconds=1))
