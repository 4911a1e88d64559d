"""Orders, fills and amounts as the exchange spells them: numbers that matter are texts."""

from __future__ import annotations

from ..exchange.amounts import amount_text
from ..exchange.config import SymbolSpec
from ..exchange.orders import Cancelled, Fill, Order, OrderType, Status
from ..exchange.switches import Switches

DEPTH_QTY_DECIMALS = 8
_IN_FORCE = {OrderType.IMMEDIATE_OR_CANCEL: "IOC", OrderType.FILL_OR_KILL: "FOK"}


def price_text(spec: SymbolSpec, ticks: int) -> str:
    return amount_text(ticks, spec.price_decimals)


def qty_text(spec: SymbolSpec, lots: int) -> str:
    return amount_text(lots, spec.qty_decimals)


def value_text(spec: SymbolSpec, value: int) -> str:
    return amount_text(value, spec.value_decimals)


def depth_price(spec: SymbolSpec, ticks: int) -> str:
    """Books print prices with all their decimals."""
    return amount_text(ticks, spec.price_decimals, strip=False)


def depth_qty(spec: SymbolSpec, lots: int) -> str:
    """Books print quantities with 8 decimals, or more if the symbol has more."""
    missing = max(0, DEPTH_QTY_DECIMALS - spec.qty_decimals)
    return amount_text(lots * 10**missing, spec.qty_decimals + missing, strip=False)


def order_price(order: Order, spec: SymbolSpec, switches: Switches) -> str:
    """An order's price; that of a MARKET order is a matter of a switch."""
    if order.type is OrderType.MARKET and switches.market_price == "zero":
        return "0"
    return price_text(spec, order.price_ticks)


def ack(order: Order, spec: SymbolSpec, switches: Switches) -> dict[str, object]:
    """The answer to POST order: it proves that the order was accepted, and nothing more."""
    found: dict[str, object] = {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "price": order_price(order, spec, switches),
        "origQty": qty_text(spec, order.lots),
        "type": order.type.value,
        "side": order.side.value,
        "stpMode": order.stp_mode.value,
        "transactTime": order.created_ns // 1_000_000,
    }
    if switches.ack_client_id == "present" and order.client_id:
        found["clientOrderId"] = order.client_id
    return found


def order_row(order: Order, spec: SymbolSpec, switches: Switches) -> dict[str, object]:
    """A row of GET order, openOrders and allOrders."""
    asked = order.quote_value or order.price_ticks * order.lots
    untouched = order.updated_ns == order.created_ns and order.status is Status.NEW
    return {
        "symbol": order.symbol,
        "orderId": order.order_id,
        "orderListId": -1,
        "clientOrderId": order.client_id or None,
        "price": order_price(order, spec, switches),
        "origQty": qty_text(spec, order.lots),
        "executedQty": qty_text(spec, order.executed_lots),
        "cummulativeQuoteQty": value_text(spec, order.executed_value),
        "status": order.status.value,
        "timeInForce": _in_force(order, switches),
        "type": order.type.value,
        "side": order.side.value,
        "stopPrice": None,
        "icebergQty": None,
        "time": order.created_ns // 1_000_000,
        "updateTime": None if untouched and switches.new_update_time == "null" else order.updated_ns // 1_000_000,
        "isWorking": True,
        "stpMode": order.stp_mode.value,
        "cancelReason": order.cancel_reason,
        "origQuoteOrderQty": value_text(spec, asked),
    }


def cancel_row(cancelled: Cancelled, spec: SymbolSpec, switches: Switches) -> dict[str, object]:
    """The answer to DELETE order, and a row of DELETE openOrders."""
    order = cancelled.after
    return {
        "symbol": order.symbol,
        "origClientOrderId": order.client_id or None,
        "orderId": order.order_id,
        "clientOrderId": order.client_id or None,
        "price": order_price(order, spec, switches),
        "origQty": qty_text(spec, order.lots),
        "executedQty": qty_text(spec, order.executed_lots),
        "cummulativeQuoteQty": value_text(spec, order.executed_value),
        "status": _cancel_status(cancelled, switches),
        "timeInForce": _in_force(order, switches),
        "type": order.type.value,
        "side": order.side.value,
    }


def fill_row(fill: Fill, spec: SymbolSpec, fee_decimals: int) -> dict[str, object]:
    """A row of GET myTrades."""
    return {
        "symbol": fill.symbol,
        "id": fill.trade_id,
        "orderId": fill.order_id,
        "orderListId": -1,
        "price": price_text(spec, fill.price_ticks),
        "qty": qty_text(spec, fill.lots),
        "quoteQty": value_text(spec, fill.value),
        "commission": amount_text(fill.fee_atoms, fee_decimals),
        "commissionAsset": fill.fee_asset,
        "time": fill.time_ns // 1_000_000,
        "isBuyer": fill.side.value == "BUY",
        "isMaker": fill.is_maker,
        "isBestMatch": True,
        "isSelfTrade": fill.is_self_trade,
        "clientOrderId": fill.client_id or None,
    }


def _cancel_status(cancelled: Cancelled, switches: Switches) -> str:
    if switches.cancel_status == "canceled":
        return Status.CANCELED.value
    return (cancelled.before if switches.cancel_status == "before" else cancelled.after).status.value


def _in_force(order: Order, switches: Switches) -> str | None:
    return None if switches.time_in_force == "null" else _IN_FORCE.get(order.type, "GTC")
