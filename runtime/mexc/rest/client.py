"""The REST client: one method for each endpoint of the exchange, typed results, typed errors.

Every method raises a `MexcError`: `Definitive` (refused, it did not happen; `AuthFault` when the key is at fault),
`UnknownOutcome` (it may have happened; `BadAnswer` and `Mismatch` say that the answer was no good), `RateLimited`,
`ClockFault`, `NotSent`. For a method that only reads, all but `Definitive` may be tried again later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from ..keys.secret import Secret
from . import reading
from .caller import Caller
from .errors import Mismatch
from .order_checks import check_batch, check_echo, check_order
from .results import (
    Account,
    BatchItem,
    BookTicker,
    Depth,
    Kline,
    ListenKeys,
    NewOrder,
    OfflineSymbol,
    OrderAck,
    OrderRow,
    PublicTrade,
    Ticker,
    TradeFee,
    TradeRow,
)

T = TypeVar("T")
R = TypeVar("R", OrderRow, TradeRow)


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

    async def place(self, order: NewOrder) -> OrderAck:
        """Send an order, once. `UnknownOutcome` means that it may exist: look it up before anything else.

        `Mismatch`: the acknowledgement is of an order with other values. `NotSent` and `Definitive`: there is no order.
        """
        check_order(order)
        raw = await self.call("place", order.parameters())
        check_echo(order, raw)
        return reading.ack(raw)

    async def place_test(self, order: NewOrder) -> None:
        """The checks of `place`, without an order."""
        check_order(order)
        await self.call("place_test", order.parameters())

    async def place_batch(self, orders: Sequence[NewOrder]) -> tuple[BatchItem, ...]:
        """Up to 20 orders of one symbol. Each may be taken or refused by itself."""
        check_batch(orders)
        text = json.dumps([dict(order.parameters()) for order in orders], separators=(",", ":"))
        raw = await self.call("place_batch", [("batchOrders", text)])
        items = reading.each(raw, "the answers of the batch", reading.batch_item)
        if len(items) != len(orders):
            raise Mismatch("orders", str(len(orders)), str(len(items)))
        return items

    async def cancel(self, symbol: str, *, order_id: str = "", client_id: str = "") -> OrderRow:
        """The exchange has taken the cancel. Whether the order was cancelled or filled first, its state will tell."""
        asked = given(symbol=symbol, orderId=order_id, origClientOrderId=client_id)
        found = reading.order(await self.call("cancel", asked))
        return _asked_for(found, symbol, order_id, client_id)

    async def cancel_open(self, symbol: str) -> tuple[OrderRow, ...]:
        """Cancel every open order of a symbol. What is still open afterwards, `open_orders` tells."""
        raw = await self.call("cancel_open", given(symbol=symbol))
        return reading.each(raw, "the cancelled orders", reading.order)

    async def cancel_all(self) -> None:
        """Cancel every open order of the account."""
        await self.call("cancel_all")

    async def order(self, symbol: str, *, order_id: str = "", client_id: str = "") -> OrderRow:
        """An order by one of its ids. `Definitive` with -2013 is no proof that it does not exist: it may be too new."""
        asked = given(symbol=symbol, orderId=order_id, origClientOrderId=client_id)
        found = reading.order(await self.call("order", asked))
        return _asked_for(found, symbol, order_id, client_id)

    async def open_orders(self, symbol: str) -> tuple[OrderRow, ...]:
        raw = await self.call("open_orders", given(symbol=symbol))
        return _of_symbol(reading.each(raw, "the open orders", reading.order), symbol)

    async def all_orders(
        self, symbol: str, start_ms: int | None = None, end_ms: int | None = None, limit: int = 1000
    ) -> tuple[OrderRow, ...]:
        """Orders of a range of at most 7 days (24 hours when none is given), newest first."""
        asked = given(symbol=symbol, startTime=start_ms, endTime=end_ms, limit=limit)
        raw = await self.call("all_orders", asked)
        return _of_symbol(reading.each(raw, "the orders", reading.order), symbol)

    async def my_trades(
        self,
        symbol: str,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 100,
        order_id: str = "",
    ) -> tuple[TradeRow, ...]:
        """Fills of ours of the last month. How many at most is not certain: 100, 500 or 1000."""
        asked = given(symbol=symbol, orderId=order_id, startTime=start_ms, endTime=end_ms, limit=limit)
        raw = await self.call("my_trades", asked)
        return _of_symbol(reading.each(raw, "the fills", reading.trade_row), symbol)

    async def trade_fee(self, symbol: str) -> TradeFee:
        """The account's own rates for a symbol."""
        return reading.trade_fee(await self.call("trade_fee", given(symbol=symbol)))

    async def mx_deduct(self) -> bool:
        """Whether fees are taken in MX."""
        return reading.Fields(await self.call("mx_deduct"), "the setting").flag("mxDeductEnable")

    async def set_mx_deduct(self, enable: bool) -> bool:
        raw = await self.call("set_mx_deduct", given(mxDeductEnable="true" if enable else "false"))
        return reading.Fields(raw, "the setting").flag("mxDeductEnable")

    async def uid(self) -> str:
        return reading.Fields(await self.call("uid"), "the account").text("uid", needed=True)

    async def kyc_status(self) -> str:
        return reading.Fields(await self.call("kyc_status"), "the account").text("status", needed=True)

    async def new_listen_key(self) -> Secret:
        """A listen key. It may be one that exists already."""
        raw = reading.Fields(await self.call("listen_key_new"), "the listen key")
        return Secret(raw.text("listenKey", needed=True))

    async def listen_keys(self) -> ListenKeys:
        return reading.listen_keys(await self.call("listen_keys"))

    async def keep_listen_key(self, key: Secret) -> None:
        """Extend a key to 60 minutes from now."""
        await self.call("listen_key_keep", [("listenKey", key)])

    async def end_listen_key(self, key: Secret) -> None:
        await self.call("listen_key_end", [("listenKey", key)])

    async def strategy_groups(self) -> Any:
        """Groups of accounts whose orders do not trade with each other, as the exchange gives them."""
        return await self.call("strategy_groups")

    async def new_strategy_group(self, name: str) -> Any:
        return await self.call("strategy_group_new", given(tradeGroupName=name))

    async def end_strategy_group(self, group_id: str) -> Any:
        return await self.call("strategy_group_end", given(tradeGroupId=group_id))

    async def join_strategy_group(self, group_id: str, uid: str) -> Any:
        return await self.call("strategy_group_join", given(uid=uid, tradeGroupId=group_id))

    async def leave_strategy_group(self, group_id: str, uid: str) -> Any:
        return await self.call("strategy_group_leave", given(uid=uid, tradeGroupId=group_id))


def _mapping(raw: object) -> Mapping[str, Any]:
    return reading.Fields(raw, "a symbol").raw


def _echoed(found: T, symbol: str, answered: str) -> T:
    """`found` if the answer is of the symbol that was asked for."""
    if answered != symbol:
        raise Mismatch("symbol", symbol, answered)
    return found


def _asked_for(found: OrderRow, symbol: str, order_id: str, client_id: str) -> OrderRow:
    """`found` if it is the order that was asked for. A client id that is not echoed proves nothing."""
    _echoed(found, symbol, found.symbol)
    if order_id and found.order_id != order_id:
        raise Mismatch("orderId", order_id, found.order_id)
    if client_id and found.client_id and found.client_id != client_id and not order_id:
        raise Mismatch("clientOrderId", client_id, found.client_id)
    return found


def _of_symbol(found: tuple[R, ...], symbol: str) -> tuple[R, ...]:
    for row in found:
        _echoed(row, symbol, row.symbol)
    return found
