"""The REST client: one method for each endpoint of the exchange, typed results, typed errors.

Every method raises a `MexcError`: `Definitive` (refused, it did not happen; `AuthFault` when the key is at fault),
`UnknownOutcome` (it may have happened; `BadAnswer` and `Mismatch` say that the answer was no good), `RateLimited`,
`ClockFault`, `NotSent`. For a method that only reads, all but `Definitive` may be tried again later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from . import reading
from .caller import Caller
from .errors import Mismatch
from .results import (
    Account,
    BookTicker,
    Depth,
    Kline,
    OfflineSymbol,
    PublicTrade,
    Ticker,
)

T = TypeVar("T")
MOST_IN_BATCH = 20


def given(**named: object) -> list[tuple[str, str]]:
    """Parameters in the order given, without those that are None or empty."""
    return [(name, str(value)) for name, value in named.items() if value is not None and value != ""]


class MexcRest(Caller):
    """The exchange's REST interface. `base_url` is one of the exchange's own hosts, or a simulator on loopback."""

    async def ping(self) -> None:
        await self.call("ping")

    async def time(self) -> int:
        """The exchange's time in ms."""
        return reading.server_time(await self.call("time"))

    async def exchange_info(self, symbols: Sequence[str] = ()) -> tuple[Mapping[str, Any], ...]:
        """What the exchange says of each symbol, as it says it; `symbols.rules_of` reads it. All symbols if none."""
        raw = await self.call("exchange_info", given(symbols=",".join(symbols)))
        return reading.each(reading.Fields(raw, "the symbols").rows("symbols"), "the symbols", _mapping)

    async def default_symbols(self) -> tuple[str, ...]:
        """The symbols that are open to the API."""
        return reading.names(await self.call("default_symbols"))

    async def self_symbols(self) -> tuple[str, ...]:
        """The symbols that are open to this key."""
        return reading.names(await self.call("self_symbols"))

    async def offline_symbols(self) -> tuple[OfflineSymbol, ...]:
        return reading.each(await self.call("offline_symbols"), "the symbols", reading.offline_symbol)

    async def depth(self, symbol: str, limit: int = 5000) -> Depth:
        """A snapshot of the book; `limit` levels of each side, at most 5000."""
        return reading.depth(await self.call("depth", given(symbol=symbol, limit=limit)))

    async def trades(self, symbol: str, limit: int = 1000) -> tuple[PublicTrade, ...]:
        """The last trades, newest first; at most 1000."""
        return reading.each(await self.call("trades", given(symbol=symbol, limit=limit)), "the trades", reading.trade)

    async def agg_trades(
        self, symbol: str, start_ms: int | None = None, end_ms: int | None = None, limit: int = 1000
    ) -> tuple[PublicTrade, ...]:
        """Trades, newest first. `start_ms` and `end_ms` together, at most an hour apart; they act to the second."""
        asked = given(symbol=symbol, startTime=start_ms, endTime=end_ms, limit=limit)
        return reading.each(await self.call("agg_trades", asked), "the trades", reading.agg_trade)

    async def klines(
        self, symbol: str, interval: str, start_ms: int | None = None, end_ms: int | None = None, limit: int = 500
    ) -> tuple[Kline, ...]:
        """Candles, oldest first. `interval`: 1m 5m 15m 30m 60m 4h 1d 1W 1M. Bars before `start_ms` may come too."""
        asked = given(symbol=symbol, interval=interval, startTime=start_ms, endTime=end_ms, limit=limit)
        return reading.each(await self.call("klines", asked), "the candles", reading.kline)

    async def avg_price(self, symbol: str) -> str:
        """The average price of five minutes."""
        raw = await self.call("avg_price", given(symbol=symbol))
        return reading.Fields(raw, "the average").decimal("price", needed=True)

    async def ticker_24hr(self, symbol: str) -> Ticker:
        found = reading.ticker(await self.call("ticker_24hr", given(symbol=symbol)))
        return _echoed(found, symbol, found.symbol)

    async def tickers_24hr(self) -> tuple[Ticker, ...]:
        return reading.each(await self.call("ticker_24hr_all"), "the tickers", reading.ticker)

    async def ticker_price(self, symbol: str) -> str:
        """The last price."""
        found, price = reading.price(await self.call("ticker_price", given(symbol=symbol)))
        return _echoed(price, symbol, found)

    async def ticker_prices(self) -> Mapping[str, str]:
        """The last price of every symbol."""
        return dict(reading.each(await self.call("ticker_price"), "the prices", reading.price))

    async def book_ticker(self, symbol: str) -> BookTicker:
        found = reading.book_ticker(await self.call("ticker_book", given(symbol=symbol)))
        return _echoed(found, symbol, found.symbol)

    async def book_tickers(self) -> tuple[BookTicker, ...]:
        return reading.each(await self.call("ticker_book"), "the tickers", reading.book_ticker)

    async def account(self) -> Account:
        return reading.account(await self.call("account"))


def _mapping(raw: object) -> Mapping[str, Any]:
    return reading.Fields(raw, "a symbol").raw


def _echoed(found: T, symbol: str, answered: str) -> T:
    """`found` if the answer is of the symbol that was asked for."""
    if answered != symbol:
        raise Mismatch("symbol", symbol, answered)
    return found
