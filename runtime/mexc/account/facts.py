"""What the exchange says of our orders, fills and balances, as facts: from pushes and from answers, in one form.

A fact is never taken back and never corrected: the state is what all facts together say (`knowledge.py`). Amounts are
`units` (1e-18), times are ms of the exchange's clock. A text is `""` and a number 0 where the exchange does not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ....cython_core.wire.messages import PrivateAccount, PrivateDeal, PrivateOrder, Push
from ..rest.results import Account, OrderAck, OrderRow, TradeRow
from .enums import SIDE_NUMBERS, SIDES, STATUS_NUMBERS, STATUS_RANKS, TYPE_NUMBERS
from .units import UnitsFault, units


class FactFault(ValueError):
    """A message that is no fact. `reason` is a short name, for a counter."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True, order=True)
class OrderFact:
    """How an order stood. `executed` and `quote` are totals so far. `unknown` holds codes that no table has.

    `read_ms`: when the read that told it was sent; 0 for a push.
    """

    symbol: str
    order_id: str
    client_id: str = ""
    side: str = ""
    type: str = ""
    status: str = ""
    price: int = 0
    qty: int = 0
    executed: int = 0
    quote: int = 0
    time_ms: int = 0
    unknown: str = ""
    read_ms: int = 0


@dataclass(frozen=True, slots=True, order=True)
class FillFact:
    """One fill of one order of ours. `fee` is of `fee_asset`."""

    symbol: str
    trade_id: str
    side: str
    order_id: str
    client_id: str = ""
    price: int = 0
    qty: int = 0
    quote: int = 0
    fee: int = 0
    fee_asset: str = ""
    time_ms: int = 0


@dataclass(frozen=True, slots=True, order=True)
class BalanceFact:
    """One asset after a change, and the change: `free` and `locked` are what is there now."""

    time_ms: int
    asset: str
    free: int
    locked: int
    free_change: int = 0
    locked_change: int = 0
    kind: str = ""


@dataclass(frozen=True, slots=True, order=True)
class AccountFact:
    """All balances, read at once: assets that are not there are zero. `time_ms` is the earliest time it can be of."""

    time_ms: int
    balances: tuple[tuple[str, int, int], ...]


class Evidence(Enum):
    """What is known of a request to create an order, besides the order itself."""

    SENT = "bytes may have left"
    NOT_SENT = "no byte left"
    ACKED = "the exchange took it"
    REFUSED = "the exchange refused it, definitively"
    UNKNOWN = "no answer that proves anything"
    MISMATCH = "the answer was of another order"
    NOT_FOUND = "a query by client id found nothing"
    CANCEL_SENT = "a cancel was sent"
    CANCEL_TAKEN = "the exchange took a cancel"
    CANCEL_UNKNOWN = "the exchange did not know the order to cancel"


@dataclass(frozen=True, slots=True)
class RequestFact:
    """Evidence of what happened to a request of ours, by client id. `code` is the exchange's, where it gave one."""

    symbol: str
    client_id: str
    evidence: Evidence
    time_ms: int = 0
    code: int = 0


Fact = OrderFact | FillFact | BalanceFact | AccountFact | RequestFact


def fact_of_push(push: Push) -> Fact | None:
    """The fact of a private push, None if it is of another channel. `FactFault` when it cannot be used."""
    body = push.body
    try:
        if isinstance(body, PrivateOrder):
            return _pushed_order(push.symbol or body.market or "", body, push.send_time_ms or 0)
        if isinstance(body, PrivateDeal):
            return _pushed_fill(push.symbol or "", body)
        if isinstance(body, PrivateAccount):
            return _pushed_balance(body)
    except UnitsFault as error:
        raise FactFault(error.reason) from None
    return None


def _pushed_order(symbol: str, body: PrivateOrder, send_ms: int) -> OrderFact:
    if not body.id or not symbol:
        raise FactFault("order_without_id" if symbol else "order_without_symbol")
    names = {
        "status": STATUS_NUMBERS.get(body.status, ""),
        "side": SIDE_NUMBERS.get(body.trade_type, ""),
        "type": TYPE_NUMBERS.get(body.order_type, ""),
    }
    numbers = {"status": body.status, "side": body.trade_type, "type": body.order_type}
    unknown = " ".join(f"{name}={numbers[name]}" for name, known in names.items() if not known)
    return OrderFact(
        symbol,
        body.id,
        body.client_id,
        price=units(body.price),
        qty=units(body.quantity),
        executed=units(body.cumulative_quantity),
        quote=units(body.cumulative_amount),
        time_ms=send_ms or body.create_time_ms,
        unknown=unknown,
        status=names["status"],
        side=names["side"],
        type=names["type"],
    )


def _pushed_fill(symbol: str, body: PrivateDeal) -> FillFact:
    side = SIDE_NUMBERS.get(body.trade_type, "")
    fact = FillFact(
        symbol,
        body.trade_id,
        side,
        body.order_id,
        body.client_order_id,
        units(body.price),
        units(body.quantity),
        units(body.amount),
        units(body.fee_amount, signed=True),
        body.fee_currency,
        body.time_ms,
    )
    return _sound(fact)


def _sound(fact: FillFact) -> FillFact:
    """A fill that can be booked, else `FactFault`: it is asked for again, never guessed."""
    for missing, value in (("symbol", fact.symbol), ("trade_id", fact.trade_id), ("order_id", fact.order_id)):
        if not value:
            raise FactFault(f"fill_without_{missing}")
    if fact.side not in SIDES:
        raise FactFault("fill_of_unknown_side")
    if fact.qty <= 0 or fact.price <= 0:
        raise FactFault("fill_of_nothing")
    return fact


def _pushed_balance(body: PrivateAccount) -> BalanceFact:
    if not body.vcoin_name:
        raise FactFault("balance_without_asset")
    changes = units(body.balance_amount_change, signed=True), units(body.frozen_amount_change, signed=True)
    now = units(body.balance_amount), units(body.frozen_amount)
    return BalanceFact(body.time_ms, body.vcoin_name, *now, *changes, body.type)


def fact_of_order(row: OrderRow, read_ms: int = 0) -> OrderFact:
    """The fact of an order that was read. Not for answers of a cancel: their status may be of before or after.

    `read_ms`: the exchange's time when the read was sent, the earliest time that the answer can be of.
    """
    known = row.status in STATUS_RANKS
    try:
        return OrderFact(
            row.symbol,
            row.order_id,
            row.client_id,
            row.side if row.side in SIDES else "",
            row.type,
            row.status if known else "",
            units(row.price),
            units(row.qty),
            units(row.executed_qty),
            units(row.executed_quote),
            max(row.update_ms or row.time_ms, read_ms),
            "" if known else f"status={row.status[:40]}",
            read_ms,
        )
    except UnitsFault as error:
        raise FactFault(error.reason) from None


def fact_of_ack(ack: OrderAck, client_id: str) -> OrderFact:
    """An acknowledged order exists; nothing else is said of it."""
    return OrderFact(ack.symbol, ack.order_id, client_id, time_ms=ack.time_ms)


def fact_of_trade(row: TradeRow) -> FillFact:
    try:
        amounts = units(row.price), units(row.qty), units(row.quote_qty), units(row.fee, signed=True)
    except UnitsFault as error:
        raise FactFault(error.reason) from None
    side = "BUY" if row.is_buyer else "SELL"
    ids = row.symbol, row.trade_id, side, row.order_id, row.client_id
    return _sound(FillFact(*ids, *amounts, row.fee_asset, row.time_ms))


def fact_of_account(account: Account, time_ms: int) -> AccountFact:
    """All balances; `time_ms` is the exchange's time when the read was sent."""
    try:
        rows = [(row.asset, units(row.free), units(row.locked)) for row in account.balances]
    except UnitsFault as error:
        raise FactFault(error.reason) from None
    return AccountFact(time_ms, tuple(sorted(rows)))
