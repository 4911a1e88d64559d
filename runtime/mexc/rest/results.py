"""What the exchange answers, as typed values. Prices, quantities and fees stay the exchange's own decimal text.

A value that the exchange left out, or gave as null or as an empty text, is `""`, `"0"` or 0 here. Times end in `_ms`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PriceAndQty = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Depth:
    """A snapshot of the book. Best prices first. `last_update_id` runs with the versions of the stream."""

    last_update_id: int
    bids: tuple[PriceAndQty, ...]
    asks: tuple[PriceAndQty, ...]
    time_ms: int


@dataclass(frozen=True, slots=True)
class PublicTrade:
    """A trade. `buyer_is_maker`: the taker sold. `quote_qty` is `"0"` where the exchange does not give it."""

    price: str
    qty: str
    quote_qty: str
    time_ms: int
    buyer_is_maker: bool


@dataclass(frozen=True, slots=True)
class Kline:
    """A candle. `close_ms` is the next candle's `open_ms`; `volume` is in base, `quote_volume` in quote."""

    open_ms: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    close_ms: int
    quote_volume: str


@dataclass(frozen=True, slots=True)
class Ticker:
    """Figures of 24 hours. `change_fraction` is a fraction: `"0.0173"` is 1.73 %."""

    symbol: str
    last: str
    bid: str
    bid_qty: str
    ask: str
    ask_qty: str
    open: str
    high: str
    low: str
    volume: str
    quote_volume: str
    change_fraction: str
    open_ms: int
    close_ms: int


@dataclass(frozen=True, slots=True)
class BookTicker:
    """Best prices. Quantities are `"0"` on an idle symbol."""

    symbol: str
    bid: str
    bid_qty: str
    ask: str
    ask_qty: str


@dataclass(frozen=True, slots=True)
class OfflineSymbol:
    """A symbol that is paused (2) or gone (3)."""

    symbol: str
    state: int
    offline_ms: int


@dataclass(frozen=True, slots=True)
class Balance:
    """What the account has of one asset: free to use, and locked by orders."""

    asset: str
    free: str
    locked: str


@dataclass(frozen=True, slots=True)
class Account:
    """The account. Assets without a balance are left out by the exchange."""

    can_trade: bool
    can_withdraw: bool
    account_type: str
    balances: tuple[Balance, ...]
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order to be sent. `quantity` in base, `quote_quantity` for a MARKET buy only; empty for what is not given."""

    symbol: str
    side: str
    type: str
    client_id: str
    quantity: str = ""
    price: str = ""
    quote_quantity: str = ""
    stp_mode: str = ""

    def parameters(self) -> list[tuple[str, str]]:
        """Names and values as the exchange spells them, without empty ones."""
        named = [
            ("symbol", self.symbol),
            ("side", self.side),
            ("type", self.type),
            ("quantity", self.quantity),
            ("quoteOrderQty", self.quote_quantity),
            ("price", self.price),
            ("newClientOrderId", self.client_id),
            ("stpMode", self.stp_mode),
        ]
        return [(name, value) for name, value in named if value]


@dataclass(frozen=True, slots=True)
class OrderAck:
    """The exchange has taken the order. It proves nothing about fills; those come on the stream or by a query."""

    symbol: str
    order_id: str
    client_id: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One order of a batch: `order_id` where it was taken, else `code` and `text`."""

    client_id: str
    order_id: str
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order as the exchange shows it. `executed_qty` in base and `executed_quote` in quote are totals."""

    symbol: str
    order_id: str
    client_id: str
    side: str
    type: str
    status: str
    price: str
    qty: str
    executed_qty: str
    executed_quote: str
    quote_qty: str
    time_ms: int
    update_ms: int
    cancel_reason: str = ""


@dataclass(frozen=True, slots=True)
class TradeRow:
    """A fill of ours. `fee` is in `fee_asset`, which need not be one of the pair."""

    symbol: str
    trade_id: str
    order_id: str
    client_id: str
    price: str
    qty: str
    quote_qty: str
    fee: str
    fee_asset: str
    time_ms: int
    is_buyer: bool
    is_maker: bool
    is_self_trade: bool


@dataclass(frozen=True, slots=True)
class TradeFee:
    """Rates as fractions, of this account."""

    maker: str
    taker: str


@dataclass(frozen=True, slots=True)
class ListenKeys:
    """How many listen keys the account has, and how many it may have; 0 where the exchange does not say."""

    count: int
    total: int
    available: int
    keys: tuple[str, ...] = field(default=(), repr=False)
