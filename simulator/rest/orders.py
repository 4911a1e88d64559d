"""Orders: placing, testing, batches, cancelling, looking."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..exchange.orders import Order, OrderType, PlaceRequest, Refusal
from .errors import CODES, ApiError, missing, wrong
from .parameters import json_text
from .request import Request, refused
from .rows import ack, cancel_row, fill_row, order_row

DAY_MS = 86_400_000
MOST_BATCH = 20
MOST_SYMBOLS = 5
_LONG_TYPES = {f"{kind.value}_ORDER": kind.value for kind in OrderType}


def place(request: Request) -> object:
    asked = _asked(request)
    order = request.exchange.place(request.account, asked, request.now_ns)
    if isinstance(order, Refusal):
        raise refused(order)
    return ack(order, request.spec(order.symbol), request.switches)


def test(request: Request) -> object:
    refusal = request.exchange.test(request.account, _asked(request), request.now_ns)
    if refusal is not None:
        raise refused(refusal)
    return {}


def _asked(request: Request) -> PlaceRequest:
    sent = request.sent
    symbol = request.symbol().name
    _check_key(request, symbol)
    for name in ("side", "type"):
        sent.need(name)
    return _order_of(sent.values)


def _order_of(values: Mapping[str, str]) -> PlaceRequest:
    def text(name: str) -> str:
        return values.get(name, "")

    return PlaceRequest(
        text("symbol"),
        text("side"),
        text("type"),
        text("quantity"),
        text("price"),
        text("quoteOrderQty"),
        text("newClientOrderId"),
        text("stpMode"),
    )


def _check_key(request: Request, symbol: str) -> None:
    """A key may be tied to pairs. Raises 30020."""
    if request.key is not None and not request.key.allows(symbol):
        raise ApiError(30020)


def batch(request: Request) -> object:
    rows = _batch_rows(request.sent.need("batchOrders"))
    if request.switches.batch_mixed == "refused" and len({row.get("symbol", "") for row in rows}) > 1:
        raise ApiError(33333, "batchOrders: orders of several symbols")
    return [_batch_answer(request, row) for row in rows]


def _batch_rows(text: str) -> list[dict[str, str]]:
    """The orders of the JSON text. Raises 44444 for none and 33333 for anything that is no list of 1 to 20 objects."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise wrong("batchOrders") from None
    if found == []:
        raise ApiError(44444)
    if not isinstance(found, list) or len(found) > MOST_BATCH or not all(isinstance(row, dict) for row in found):
        raise wrong("batchOrders")
    return [{name: json_text(value) for name, value in row.items() if value is not None} for row in found]


def _batch_answer(request: Request, row: dict[str, str]) -> dict[str, object]:
    name = {"newClientOrderId": row["newClientOrderId"]} if row.get("newClientOrderId") else {}
    try:
        order = _batch_order(request, row)
    except ApiError as error:
        return {"newClientOrderId": row.get("newClientOrderId"), "msg": error.text, "code": error.code}
    return {"symbol": order.symbol, "orderId": order.order_id, **name, "orderListId": -1}


def _batch_order(request: Request, row: dict[str, str]) -> Order:
    for needed in ("symbol", "side", "type"):
        if not row.get(needed):
            raise missing(needed)
    _check_key(request, request.spec(row["symbol"]).name)
    if request.switches.batch_type == "both":
        row = {**row, "type": _LONG_TYPES.get(row["type"], row["type"])}
    order = request.exchange.place(request.account, _order_of(row), request.now_ns)
    if isinstance(order, Refusal):
        raise refused(order)
    return order


def cancel(request: Request) -> object:
    spec = request.symbol()
    _check_key(request, spec.name)
    order_id, client_id = _either_id(request)
    found = request.exchange.cancel(request.account, spec.name, request.now_ns, order_id=order_id, client_id=client_id)
    if isinstance(found, Refusal):
        raise refused(found)
    return cancel_row(found, spec, request.switches)


def _either_id(request: Request) -> tuple[str, str]:
    """(order id, client id), of which one is there. Raises 700004."""
    order_id, client_id = request.sent.text("orderId"), request.sent.text("origClientOrderId")
    if not order_id and not client_id:
        raise missing("orderId")
    return order_id, client_id


def cancel_open(request: Request) -> object:
    if request.switches.cancel_open_symbols == "five":
        symbols = request.symbols("symbol", MOST_SYMBOLS)
    else:
        symbols = [request.symbol().name]
    for symbol in symbols:
        _check_key(request, symbol)
    found = request.exchange.cancel_all(request.account, request.now_ns, symbols)
    specs = {symbol: request.spec(symbol) for symbol in symbols}
    return [{**cancel_row(row, specs[row.after.symbol], request.switches), "orderListId": -1} for row in found]


def cancel_everything(request: Request) -> object:
    request.exchange.cancel_all(request.account, request.now_ns)
    return {"code": int(request.switches.order_all_code), "msg": "success", "timestamp": request.now_ms}


def look(request: Request) -> object:
    spec = request.symbol()
    order_id, client_id = _either_id(request)
    order = request.exchange.order(request.account, order_id=order_id, client_id=client_id)
    if order is None or order.symbol != spec.name or not _is_seen(request, order):
        code = int(request.switches.not_found)
        raise ApiError(code, CODES[code].text)
    return order_row(order, spec, request.switches)


def _is_seen(request: Request, order: Order) -> bool:
    return request.parts.reads.sees(order, request.switches, request.now_ns)


def open_orders(request: Request) -> object:
    if request.sent.text("symbol") or request.switches.open_orders_symbol == "required":
        symbols = request.symbols("symbol", MOST_SYMBOLS)
    else:
        symbols = [spec.name for spec in request.specs()]
    return request.parts.reads.cached(
        "openOrders", request.account, ",".join(symbols), request.now_ns, lambda: _open_rows(request, set(symbols))
    )


def _open_rows(request: Request, symbols: set[str]) -> object:
    found = request.exchange.account(request.account).desk.open.values()
    orders = [order.snapshot() for order in found if order.symbol in symbols]
    return [
        order_row(order, request.spec(order.symbol), request.switches)
        for order in reversed(orders)
        if _is_seen(request, order)
    ]


def all_orders(request: Request) -> object:
    spec = request.symbol()
    limit = request.sent.limit(500, 1000)
    start_ms, end_ms = _range(request, DAY_MS, 7 * DAY_MS)
    rows: list[object] = []
    for order in reversed(request.exchange.account(request.account).desk.orders.values()):
        if len(rows) == limit:
            break
        if order.symbol == spec.name and start_ms <= order.created_ns // 1_000_000 <= end_ms:
            snapshot = order.snapshot()
            if _is_seen(request, snapshot):
                rows.append(order_row(snapshot, spec, request.switches))
    return rows


def _range(request: Request, default_ms: int, most_ms: int) -> tuple[int, int]:
    """(first, last) ms of a range of the past. Raises 33333 if it is longer than `most_ms`."""
    sent = request.sent
    end_ms = sent.whole("endTime")
    start_ms = sent.whole("startTime")
    if start_ms is None:
        end_ms = request.market_ms if end_ms is None else end_ms
        return end_ms - default_ms, end_ms
    if end_ms is None:
        end_ms = min(request.market_ms, start_ms + most_ms)
    if end_ms - start_ms > most_ms:
        raise wrong("startTime")
    return start_ms, end_ms


def my_trades(request: Request) -> object:
    spec, switches = request.symbol(), request.switches
    default, most = (int(part) for part in switches.my_trades_limit.split("/"))
    limit, order_id = request.sent.limit(default, most), request.sent.text("orderId")
    month_ms = 30 * DAY_MS
    start_ms, end_ms = _range(request, month_ms, month_ms)
    start_ms = max(start_ms, request.market_ms - month_ms)  # older ones are gone
    until_ns = request.parts.reads.fills_until_ns(switches, request.now_ns)
    decimals = request.exchange.ledger.decimals
    rows: list[object] = []
    for fill in reversed(request.exchange.account(request.account).desk.fills.get(spec.name, ())):
        if len(rows) == limit:
            break
        is_in_range = start_ms <= fill.time_ns // 1_000_000 <= end_ms and fill.time_ns <= until_ns
        if is_in_range and order_id in ("", fill.order_id):
            rows.append(fill_row(fill, spec, decimals[fill.fee_asset]))
    return rows
