"""What the faults R do to the text of answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

from ..exchange.orders import PlaceRequest, Refusal
from ..rest.calls import Answer, json_answer
from ..rest.errors import CODES, ApiError
from ..rest.keys import check_signed
from ..rest.parameters import parameters_of
from .on_network import is_request
from .refusals import fields_of
from .seams import Ask, Injector, Reply

_HUGE = 8 << 20
_DEEP = 10_000
_NUMBER = re.compile(rb"(?<=:)(-?\d+)(?=[,}\]])")
_TEXT_NUMBER = re.compile(rb'(?<=:)"(-?\d+(?:\.\d+)?)"(?=[,}\]])')


class AlteredAck(Injector):
    """R-07."""

    def after(self, ask: Ask, reply: Reply) -> Reply:
        found = fields_of(reply.answer, "orderId") if ask.is_("POST order") else None
        if found is None or not self.act():
            return reply
        field = self.word("field")
        if field == "orderId":
            found.pop("orderId", None)
        else:
            found[field] = self._other(field, str(found.get(field, "")))
        return replace(reply, answer=json_answer(found))

    def _other(self, field: str, value: str) -> str:
        if field == "symbol":
            return next((name for name in self.scene.exchange.specs if name != value), "OTHERUSDT")
        if field == "side":
            return "SELL" if value == "BUY" else "BUY"
        if field == "type":
            return "MARKET" if value == "LIMIT" else "LIMIT"
        return f"1{value}"


class BatchMixed(Injector):
    """R-16: carries out a batch itself, and refuses some of its orders."""

    def before(self, ask: Ask) -> Reply | None:
        if not ask.account or not ask.is_("POST batchOrders"):
            return None
        try:
            rows = json.loads(ask.params.get("batchOrders", ""))
            key = self.scene.rest.keys.identify(ask.call)
            sent = parameters_of(ask.call)
            check_signed(key, ask.call, sent, self.scene.exchange.switches, ask.now_ns // 1_000_000)
        except (ValueError, RecursionError, ApiError):
            return None  # the exchange says itself what is wrong with it
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or not self.act():
            return None
        return Reply(json_answer([self._place(ask, number, row) for number, row in enumerate(rows, 1)]))

    def _place(self, ask: Ask, number: int, row: dict[str, object]) -> dict[str, object]:
        names = ("symbol", "side", "type", "quantity", "price", "quoteOrderQty", "newClientOrderId", "stpMode")
        request = PlaceRequest(*(str(row.get(name, "")) for name in names))
        if number % self.number("every") == 0:
            code = self.number("code")
            text = CODES[code].text if code in CODES else "refused"
            return {"newClientOrderId": request.client_id or None, "msg": text, "code": code}
        request = replace(request, type=request.type.removesuffix("_ORDER"))
        found = self.scene.exchange.place(ask.account, request, ask.now_ns)
        if isinstance(found, Refusal):
            return {"newClientOrderId": request.client_id or None, "msg": found.text, "code": found.code}
        name = {"newClientOrderId": request.client_id} if request.client_id else {}
        return {"symbol": found.symbol, "orderId": found.order_id, **name, "orderListId": -1}


class BrokenJson(Injector):
    """R-17."""

    def after(self, ask: Ask, reply: Reply) -> Reply:
        if reply.answer is None or not is_request(ask, self.word("request")) or not self.act():
            return reply
        return replace(reply, answer=_broken(reply.answer, self.word("kind")))


def _broken(answer: Answer, kind: str) -> Answer:
    body = answer.body
    if kind == "error_in_200":
        return json_answer({"code": 500, "msg": "Internal error", "data": None})
    made: dict[str, Callable[[], bytes]] = {
        "truncated": lambda: body[: max(1, len(body) * 2 // 3)],
        "huge": lambda: b'{"msg":"' + b"a" * _HUGE + b'"}',
        "duplicate_key": lambda: body[:-1] + b',"orderId":"C02__1","symbol":"OTHERUSDT"}',
        "text_numbers": lambda: _NUMBER.sub(rb'"\1"', body),
        "number_texts": lambda: _TEXT_NUMBER.sub(rb"\1", body),
        "deep": lambda: b"[" * _DEEP + b"]" * _DEEP,
        "nan": lambda: b'{"orderId":NaN,"price":Infinity,"origQty":-Infinity}',
        "empty": lambda: b"",
        "utf8": lambda: b'{"symbol":"\xff\xfe\xfd"}',
    }
    return replace(answer, body=made[kind]())
