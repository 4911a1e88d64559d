"""From the exchange's JSON to typed results: tolerant of what is left out, strict about what matters.

Fields that are not known are ignored. A field that is needed and is missing or of another form raises `BadAnswer`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .errors import BadAnswer
from .results import (
    Account,
    Balance,
    BatchItem,
    BookTicker,
    Depth,
    Kline,
    ListenKeys,
    OfflineSymbol,
    OrderAck,
    OrderRow,
    PublicTrade,
    Ticker,
    TradeFee,
    TradeRow,
)

T = TypeVar("T")
_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{0,30})?")
_WHOLE = re.compile(r"-?[0-9]{1,20}")
_LARGEST = 1 << 63


class Fields:
    """An object of the exchange, read field by field. `what` names it in messages."""

    __slots__ = ("raw", "what")

    def __init__(self, raw: object, what: str) -> None:
        if not isinstance(raw, dict):
            raise BadAnswer(f"{what} is no object")
        self.raw: Mapping[str, Any] = raw
        self.what = what

    def text(self, name: str, *, needed: bool = False) -> str:
        """Text or a number as text; `""` when absent or null."""
        value = self.raw.get(name)
        if value is None or value == "":
            if needed:
                raise BadAnswer(f"{self.what} has no {name}")
            return ""
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value)
        raise BadAnswer(f"{name} of {self.what} is no text")

    def decimal(self, name: str, *, needed: bool = False) -> str:
        """Plain decimal text; `"0"` when absent, null or empty."""
        return decimal(self.text(name, needed=needed) or "0", f"{name} of {self.what}")

    def whole(self, name: str, *, needed: bool = False) -> int:
        """An integer, also from its text; 0 when absent, null or empty."""
        return whole(self.text(name, needed=needed) or "0", f"{name} of {self.what}")

    def flag(self, name: str) -> bool:
        """True only for JSON's true and its spellings."""
        return self.raw.get(name) in (True, "true", "True")

    def rows(self, name: str) -> list[Any]:
        value = self.raw.get(name)
        return rows([] if value is None or value == "" else value, f"{name} of {self.what}")


def decimal(text: object, what: str) -> str:
    """`text` if it is a plain decimal number, else `BadAnswer`."""
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise BadAnswer(f"{what} is no number: {text}")
    return text


def whole(value: object, what: str) -> int:
    """An integer of 64 bits, else `BadAnswer`."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not _WHOLE.fullmatch(text) or abs(int(text)) >= _LARGEST:
        raise BadAnswer(f"{what} is no whole number: {value}")
    return int(text)


def rows(raw: object, what: str) -> list[Any]:
    """A list, else `BadAnswer`."""
    if not isinstance(raw, list):
        raise BadAnswer(f"{what} is no list")
    return raw


def each(raw: object, what: str, read: Callable[[object], T]) -> tuple[T, ...]:
    """Every element of a list, read."""
    return tuple(read(row) for row in rows(raw, what))


def server_time(raw: object) -> int:
    return Fields(raw, "the time").whole("serverTime", needed=True)


def depth(raw: object) -> Depth:
    fields = Fields(raw, "the book")
    bids, asks = (tuple(_level(row) for row in fields.rows(name)) for name in ("bids", "asks"))
    return Depth(fields.whole("lastUpdateId", needed=True), bids, asks, fields.whole("timestamp"))


def _level(row: object) -> tuple[str, str]:
    if not isinstance(row, list) or len(row) < 2:
        raise BadAnswer("a level of the book is no pair")
    return decimal(row[0], "a price of the book"), decimal(row[1], "a quantity of the book")


def trade(raw: object) -> PublicTrade:
    fields = Fields(raw, "a trade")
    price, qty = fields.decimal("price", needed=True), fields.decimal("qty", needed=True)
    time_ms = fields.whole("time", needed=True)
    return PublicTrade(price, qty, fields.decimal("quoteQty"), time_ms, fields.flag("isBuyerMaker"))


def agg_trade(raw: object) -> PublicTrade:
    fields = Fields(raw, "a trade")
    price, qty = fields.decimal("p", needed=True), fields.decimal("q", needed=True)
    return PublicTrade(price, qty, "0", fields.whole("T", needed=True), fields.flag("m"))


def kline(raw: object) -> Kline:
    if not isinstance(raw, list) or len(raw) < 8:
        raise BadAnswer("a candle has fewer than eight values")
    opened, closed = whole(raw[0], "a candle's time"), whole(raw[6], "a candle's time")
    prices = [decimal(value, "a candle's value") for value in (*raw[1:6], raw[7])]
    return Kline(opened, prices[0], prices[1], prices[2], prices[3], prices[4], closed, prices[5])


def ticker(raw: object) -> Ticker:
    fields = Fields(raw, "a ticker")
    names = ("lastPrice", "bidPrice", "bidQty", "askPrice", "askQty", "openPrice", "highPrice", "lowPrice", "volume")
    values = [fields.decimal(name) for name in (*names, "quoteVolume", "priceChangePercent")]
    last, bid, bid_qty, ask, ask_qty, opened, high, low, volume, quote, change = values
    symbol, times = fields.text("symbol", needed=True), (fields.whole("openTime"), fields.whole("closeTime"))
    return Ticker(symbol, last, bid, bid_qty, ask, ask_qty, opened, high, low, volume, quote, change, *times)


def book_ticker(raw: object) -> BookTicker:
    fields = Fields(raw, "a ticker")
    values = [fields.decimal(name) for name in ("bidPrice", "bidQty", "askPrice", "askQty")]
    return BookTicker(fields.text("symbol", needed=True), *values)


def price(raw: object) -> tuple[str, str]:
    fields = Fields(raw, "a price")
    return fields.text("symbol", needed=True), fields.decimal("price", needed=True)


def offline_symbol(raw: object) -> OfflineSymbol:
    fields = Fields(raw, "a symbol")
    return OfflineSymbol(fields.text("symbol", needed=True), fields.whole("state"), fields.whole("offlineTime"))


def names(raw: object) -> tuple[str, ...]:
    """A list of texts."""
    found = rows(raw, "the list of names")
    if not all(isinstance(name, str) for name in found):
        raise BadAnswer("the list of names holds something else")
    return tuple(found)


def account(raw: object) -> Account:
    fields = Fields(raw, "the account")
    balances = each(fields.raw.get("balances"), "the balances", _balance)
    flags = fields.flag("canTrade"), fields.flag("canWithdraw")
    return Account(*flags, fields.text("accountType"), balances, names(fields.rows("permissions")))


def _balance(raw: object) -> Balance:
    fields = Fields(raw, "a balance")
    free = "free" if fields.text("free") else "available"
    return Balance(fields.text("asset", needed=True), fields.decimal(free, needed=True), fields.decimal("locked"))


def ack(raw: object) -> OrderAck:
    fields = Fields(raw, "the acknowledgement")
    client_id = fields.text("clientOrderId") or fields.text("newClientOrderId")
    symbol, order_id = fields.text("symbol", needed=True), fields.text("orderId", needed=True)
    return OrderAck(symbol, order_id, client_id, fields.whole("transactTime"))


def batch_item(raw: object) -> BatchItem:
    fields = Fields(raw, "an order of the batch")
    client_id = fields.text("newClientOrderId") or fields.text("clientOrderId")
    item = BatchItem(client_id, fields.text("orderId"), fields.whole("code"), fields.text("msg"))
    if not item.order_id and not item.code:
        raise BadAnswer("an order of the batch was neither taken nor refused")
    return item


def order(raw: object) -> OrderRow:
    fields = Fields(raw, "an order")
    qty = "origQty" if "origQty" in fields.raw else "Qty"
    return OrderRow(
        symbol=fields.text("symbol", needed=True),
        order_id=fields.text("orderId", needed=True),
        client_id=fields.text("clientOrderId") or fields.text("origClientOrderId"),
        side=fields.text("side"),
        type=fields.text("type"),
        status=fields.text("status"),
        price=fields.decimal("price"),
        qty=fields.decimal(qty),
        executed_qty=fields.decimal("executedQty"),
        executed_quote=fields.decimal("cummulativeQuoteQty"),
        quote_qty=fields.decimal("origQuoteOrderQty"),
        time_ms=fields.whole("time"),
        update_ms=fields.whole("updateTime"),
        cancel_reason=fields.text("cancelReason"),
    )


def trade_row(raw: object) -> TradeRow:
    fields = Fields(raw, "a fill")
    return TradeRow(
        symbol=fields.text("symbol", needed=True),
        trade_id=fields.text("id", needed=True),
        order_id=fields.text("orderId", needed=True),
        client_id=fields.text("clientOrderId"),
        price=fields.decimal("price", needed=True),
        qty=fields.decimal("qty", needed=True),
        quote_qty=fields.decimal("quoteQty"),
        fee=fields.decimal("commission"),
        fee_asset=fields.text("commissionAsset"),
        time_ms=fields.whole("time", needed=True),
        is_buyer=fields.flag("isBuyer"),
        is_maker=fields.flag("isMaker"),
        is_self_trade=fields.flag("isSelfTrade"),
    )


def trade_fee(raw: object) -> TradeFee:
    fields = Fields(raw, "the fees")
    return TradeFee(fields.decimal("makerCommission"), fields.decimal("takerCommission"))


def listen_keys(raw: object) -> ListenKeys:
    fields = Fields(raw, "the listen keys")
    keys = names(fields.rows("listenKey"))
    return ListenKeys(len(keys), fields.whole("total"), fields.whole("available"), keys)
