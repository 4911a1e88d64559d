"""The frames of an account: its orders, fills and balances, and the order in which those of one fill leave."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from ..exchange.amounts import amount_text
from ..exchange.config import SymbolSpec
from ..exchange.events import BalanceChanged, Filled, OrderChanged
from ..exchange.orders import Order, Status
from . import encode
from .channels import MS, private_name

AccountEvent: TypeAlias = OrderChanged | Filled | BalanceChanged

ORDERS, DEALS, ACCOUNT = "orders", "deals", "account"


class Note(NamedTuple):
    """A message for an account: which of its three channels, when it came up, the symbol if it has one, the body."""

    kind: str
    time_ns: int
    account: str
    symbol: str
    body_number: int
    body: bytes

    @property
    def channel(self) -> str:
        return private_name(f"private.{self.kind}")


def account_of(event: AccountEvent) -> str:
    """Whom an event concerns."""
    if isinstance(event, BalanceChanged):
        return event.account
    return event.order.account if isinstance(event, OrderChanged) else event.fill.account


class Notes:
    """Makes messages of account events. `decimals` are those of the ledger's atoms, by asset."""

    def __init__(self, specs: Mapping[str, SymbolSpec], decimals: Mapping[str, int]) -> None:
        self.specs, self.decimals = specs, decimals

    def note(self, event: AccountEvent) -> Note:
        """The message of one event."""
        if isinstance(event, OrderChanged):
            order = event.order
            return _note(ORDERS, event, order.account, order.symbol, "privateOrders", self._order(order))
        if isinstance(event, Filled):
            fill = event.fill
            return _note(DEALS, event, fill.account, fill.symbol, "privateDeals", self._fill(event))
        return _note(ACCOUNT, event, event.account, "", "privateAccount", self._balance(event))

    def _order(self, order: Order) -> bytes:
        spec = self.specs[order.symbol]
        price, lots, value = spec.price_decimals, spec.qty_decimals, spec.value_decimals
        amount = order.quote_value or (order.lots * order.price_ticks if order.type != "MARKET" else 0)
        fields: dict[str, encode.Value] = {
            "id": order.order_id,
            "clientId": order.client_id,
            "price": amount_text(order.price_ticks, price),
            "quantity": amount_text(order.lots, lots),
            "amount": amount_text(amount, value),
            "avgPrice": average_text(order, spec),
            "orderType": order.type.number,
            "tradeType": order.side.number,
            "isMaker": order.is_maker,
            "remainAmount": amount_text(max(0, amount - order.executed_value), value),
            "remainQuantity": amount_text(order.remaining_lots, lots),
            "cumulativeQuantity": amount_text(order.executed_lots, lots),
            "cumulativeAmount": amount_text(order.executed_value, value),
            "status": order.status.number,
            "createTime": order.created_ns // MS,
        }
        # The quantity of one fill: a cancel has none, or a client that adds them up would count it twice.
        if order.status in (Status.PARTIALLY_FILLED, Status.FILLED):
            fields["lastDealQuantity"] = amount_text(order.last_lots, lots)
        return encode.message("PrivateOrdersV3Api", fields)

    def _fill(self, event: Filled) -> bytes:
        fill = event.fill
        spec = self.specs[fill.symbol]
        return encode.message(
            "PrivateDealsV3Api",
            {
                "price": amount_text(fill.price_ticks, spec.price_decimals),
                "quantity": amount_text(fill.lots, spec.qty_decimals),
                "amount": amount_text(fill.value, spec.value_decimals),
                "tradeType": fill.side.number,
                "isMaker": fill.is_maker,
                "isSelfTrade": fill.is_self_trade,
                "tradeId": fill.trade_id,
                "clientOrderId": fill.client_id,
                "orderId": fill.order_id,
                "feeAmount": amount_text(fill.fee_atoms, self.decimals[fill.fee_asset]),
                "feeCurrency": fill.fee_asset,
                "time": fill.time_ns // MS,
            },
        )

    def _balance(self, event: BalanceChanged) -> bytes:
        decimals = self.decimals[event.asset]
        return encode.message(
            "PrivateAccountV3Api",
            {
                "vcoinName": event.asset,
                "coinId": _coin_id(event.asset),
                "balanceAmount": amount_text(event.free_atoms, decimals),
                "balanceAmountChange": amount_text(event.d_free, decimals),
                "frozenAmount": amount_text(event.locked_atoms, decimals),
                "frozenAmountChange": amount_text(event.d_locked, decimals),
                "type": event.change_type,
                "time": event.time_ns // MS,
            },
        )


def _note(kind: str, event: AccountEvent, account: str, symbol: str, field: str, body: bytes) -> Note:
    return Note(kind, event.time_ns, account, symbol, encode.BODY_NUMBERS[field], body)


@lru_cache(maxsize=256)
def _coin_id(asset: str) -> str:
    return hashlib.sha256(asset.encode()).hexdigest()[:32]


def average_text(order: Order, spec: SymbolSpec) -> str:
    """The mean price of what was executed, cut to eight decimals more than a price has; 0 before the first fill."""
    if not order.executed_lots:
        return "0"
    more = 8
    ticks = order.executed_value * 10**more // order.executed_lots
    return amount_text(ticks, spec.price_decimals + more)


class Sorter:
    """Puts the events of each fill into the order that a switch says.

    A group begins with a change of an order and lasts to the next one of the same account.
    """

    def __init__(self) -> None:
        self.groups: dict[str, list[list[AccountEvent]]] = {}  # by account; empty if there is nothing to say

    def add(self, event: AccountEvent) -> None:
        groups = self.groups.setdefault(account_of(event), [[]])
        if isinstance(event, OrderChanged) and any(isinstance(earlier, OrderChanged) for earlier in groups[-1]):
            groups.append([])
        groups[-1].append(event)

    def drain(self, order: str, *, merged: bool) -> list[AccountEvent]:
        """All events since the last call; `order` is such as `orders,deals,account`. `merged`: see `merge`."""
        ranks = {kind: rank for rank, kind in enumerate(order.split(","))}
        groups, self.groups = self.groups, {}
        return [
            event
            for parts in groups.values()
            for group in parts
            for event in sorted(merge(group) if merged else group, key=lambda event: ranks[_KINDS[type(event)]])
        ]


_KINDS: Mapping[type[AccountEvent], str] = {OrderChanged: ORDERS, Filled: DEALS, BalanceChanged: ACCOUNT}


def merge(group: Sequence[AccountEvent]) -> list[AccountEvent]:
    """One change of a balance for each asset: its last state, the sum of what moved, the first reason."""
    found: dict[int | str, AccountEvent] = {}
    for number, event in enumerate(group):
        if not isinstance(event, BalanceChanged):
            found[number] = event
            continue
        first = found.get(event.asset, event)
        if isinstance(first, BalanceChanged) and first is not event:
            moved = first.d_free + event.d_free, first.d_locked + event.d_locked
            event = event._replace(d_free=moved[0], d_locked=moved[1], change_type=first.change_type)
        found[event.asset] = event
    return list(found.values())
