"""Orders before they are sent, and acknowledgements after: well formed, and of the order that was sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from . import reading
from .errors import Mismatch, NotSent
from .results import NewOrder

SIDES = ("BUY", "SELL")
TYPES = ("LIMIT", "LIMIT_MAKER", "IMMEDIATE_OR_CANCEL", "FILL_OR_KILL", "MARKET")
STP_MODES = ("", "cancel_maker", "cancel_taker", "cancel_both")
MOST_IN_BATCH = 20
_CLIENT_ID = re.compile(r"[0-9A-Za-z_-]{1,32}")
_PLAIN = re.compile(r"(?!0+(\.0*)?$)[0-9]{1,18}(\.[0-9]{1,18})?")


def check_order(order: NewOrder) -> None:
    """Refuse an order that the exchange cannot take, before a byte leaves. `NotSent` says what is wrong."""
    if wrong := _first_wrong(order):
        raise NotSent(f"not an order: {wrong}")


def _first_wrong(order: NewOrder) -> str:
    if not order.symbol or order.side not in SIDES or order.type not in TYPES or order.stp_mode not in STP_MODES:
        return "symbol, side, type or STP mode"
    if not _CLIENT_ID.fullmatch(order.client_id):
        return "a client id has 1 to 32 letters, digits, `_` and `-`"
    market = order.type == "MARKET"
    for text in filter(None, (order.quantity, order.price, order.quote_quantity)):
        if not _PLAIN.fullmatch(text):
            return "numbers are plain decimals above zero"
    if market == bool(order.price):
        return "a price is given for all types but MARKET"
    if bool(order.quantity) == bool(order.quote_quantity):
        return "quantity or quote quantity, one of them"
    return (
        "a quote quantity is for MARKET buys" if order.quote_quantity and not (market and order.side == "BUY") else ""
    )


def check_batch(orders: Sequence[NewOrder]) -> None:
    if not 1 <= len(orders) <= MOST_IN_BATCH or len({order.symbol for order in orders}) != 1:
        raise NotSent(f"a batch has 1 to {MOST_IN_BATCH} orders of one symbol")
    for order in orders:
        check_order(order)


def check_echo(order: NewOrder, raw: object) -> None:
    """The acknowledgement must repeat symbol, side, type, quantity and price; a MARKET order has no price of ours."""
    fields = reading.Fields(raw, "the acknowledgement")
    for name, sent in (("symbol", order.symbol), ("side", order.side), ("type", order.type)):
        if fields.text(name) != sent:
            raise Mismatch(name, sent, fields.text(name))
    numbers = [("origQty", order.quantity)] if order.quantity else []
    if order.type != "MARKET":
        numbers.append(("price", order.price))
    for name, sent in numbers:
        if Decimal(fields.decimal(name)) != Decimal(sent):
            raise Mismatch(name, sent, fields.text(name))
    client_id = fields.text("clientOrderId") or fields.text("newClientOrderId")
    if client_id and client_id != order.client_id:
        raise Mismatch("clientOrderId", order.client_id, client_id)
