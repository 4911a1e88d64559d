"""Orders, fills and requests as the exchange sees them. All are frozen: a change makes a new snapshot.

Prices are whole ticks, quantities whole lots of the symbol's grid (`SymbolSpec`). A **value** is ticks x lots: money in
the quote asset with `price_decimals + qty_decimals` decimals, so it is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """The account's side. `number` is the one of the push messages."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def number(self) -> int:
        return 1 if self is Side.BUY else 2

    @property
    def sign(self) -> int:
        """+1 for a buy (rests among the bids), -1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """How an order trades. `number` is the one of the push messages."""

    LIMIT = "LIMIT"
    LIMIT_MAKER = "LIMIT_MAKER"
    IMMEDIATE_OR_CANCEL = "IMMEDIATE_OR_CANCEL"
    FILL_OR_KILL = "FILL_OR_KILL"
    MARKET = "MARKET"

    @property
    def number(self) -> int:
        return list(OrderType).index(self) + 1

    @property
    def rests(self) -> bool:
        return self in (OrderType.LIMIT, OrderType.LIMIT_MAKER)


class Status(StrEnum):
    """Where an order stands. `number` is the one of the push messages."""

    NEW = "NEW"
    FILLED = "FILLED"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    CANCELED = "CANCELED"
    PARTIALLY_CANCELED = "PARTIALLY_CANCELED"

    @property
    def number(self) -> int:
        return list(Status).index(self) + 1

    @property
    def is_open(self) -> bool:
        return self in (Status.NEW, Status.PARTIALLY_FILLED)


class StpMode(StrEnum):
    """Which of two orders of one strategy group goes when they would trade with each other."""

    NONE = ""
    CANCEL_MAKER = "cancel_maker"
    CANCEL_TAKER = "cancel_taker"
    CANCEL_BOTH = "cancel_both"


STP_CANCEL = "stp_cancel"


@dataclass(frozen=True, slots=True)
class PlaceRequest:
    """An order as a client states it: decimal texts, "" where a parameter was not sent.

    `quantity` is base, `price` quote per base, `quote_order_qty` the quote amount that a MARKET buy spends.
    """

    symbol: str
    side: str
    type: str
    quantity: str = ""
    price: str = ""
    quote_order_qty: str = ""
    client_id: str = ""
    stp_mode: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """No order: the exchange's code and text. `amount` texts such as a limit are already in the text."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Order:
    """One order at one moment.

    `price_ticks` is the limit; of a MARKET order the protective price, to which it may trade. `lots` is what was asked
    (0 for a MARKET buy by `quote_value`). `last_lots` is the newest fill alone, 0 before the first. `is_maker` says
    whether it ever rested in the book. `sequence` numbers all changes of all orders of the exchange, from 1.
    """

    order_id: str
    client_id: str
    account: str
    symbol: str
    side: Side
    type: OrderType
    price_ticks: int
    lots: int
    quote_value: int
    executed_lots: int
    executed_value: int
    last_lots: int
    status: Status
    stp_mode: StpMode
    cancel_reason: str
    is_maker: bool
    created_ns: int
    updated_ns: int
    sequence: int

    @property
    def is_open(self) -> bool:
        return self.status.is_open

    @property
    def remaining_lots(self) -> int:
        """What could still fill, of an order by quantity."""
        return max(0, self.lots - self.executed_lots)


@dataclass(frozen=True, slots=True)
class Fill:
    """One account's part of one trade. The fee is in whole atoms of `fee_asset` (`Ledger.decimals`)."""

    trade_id: str
    order_id: str
    client_id: str
    account: str
    symbol: str
    side: Side
    price_ticks: int
    lots: int
    value: int
    fee_atoms: int
    fee_asset: str
    is_maker: bool
    is_self_trade: bool
    time_ns: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancel that was accepted: the order just before it and after it."""

    before: Order
    after: Order
