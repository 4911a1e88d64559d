"""What the faults R do to single requests. Those about answers' text are in `on_answers.py`."""

from __future__ import annotations

from collections import deque
from functools import partial

from ..exchange.config import SymbolSpec
from ..exchange.orders import Order, PlaceRequest, Side
from ..rest.calls import Answer
from ..stream.hub import NEVER_NS
from .on_answers import AlteredAck, BatchMixed, BrokenJson
from .on_network import is_request
from .refusals import fields_of, lost, refusal
from .seams import Ask, End, Injector, Reply

PLACE, CANCEL = "POST order", "DELETE order"
CANCEL_ALL = ("DELETE openOrders", "DELETE order/all")


def request_of(ask: Ask) -> PlaceRequest:
    """The order that a call to place one states."""
    names = ("symbol", "side", "type", "quantity", "price", "quoteOrderQty", "newClientOrderId", "stpMode")
    return PlaceRequest(*(ask.params.get(name, "") for name in names))


def order_of(injector: Injector, ask: Ask) -> Order | None:
    """The order that a call names by either id."""
    if not ask.account:
        return None
    ids = {"order_id": ask.params.get("orderId", ""), "client_id": ask.params.get("origClientOrderId", "")}
    return injector.scene.exchange.order(ask.account, **ids)


def same(old: SymbolSpec, now: SymbolSpec) -> SymbolSpec:
    """The old rules in the place of the present ones."""
    return old


def is_accepted(answer: Answer | None) -> bool:
    """Whether the exchange accepted a call."""
    return answer is not None and answer.status == 200


class AcceptedAnswerLost(Injector):
    """R-01."""

    def after(self, ask: Ask, reply: Reply) -> Reply:
        is_meant = is_request(ask, self.word("request")) and is_accepted(reply.answer)
        return lost(self.word("answer")) if is_meant and self.act() else reply


class RefusedAnswerLost(Injector):
    """R-02."""

    def before(self, ask: Ask) -> Reply | None:
        return lost(self.word("answer")) if is_request(ask, self.word("request")) and self.act() else None


class NotFoundLag(Injector):
    """R-03."""

    def begin(self, now_ns: int) -> None:
        self._before_ns = self.scene.rest.reads.order_lag_ns
        if self.word("lists") == "without":
            self.scene.rest.reads.order_lag_ns = self.ns("lag")

    def end(self, now_ns: int) -> None:
        self.scene.rest.reads.order_lag_ns = self._before_ns

    def before(self, ask: Ask) -> Reply | None:
        order = order_of(self, ask) if ask.is_("GET order") else None
        if order is None or ask.now_ns - order.created_ns >= self.ns("lag") or not self.act():
            return None
        return Reply(refusal(-2013))


class RequestAgain(Injector):
    """R-04."""

    def before(self, ask: Ask) -> Reply | None:
        is_meant = self.word("how") == "cut" and ask.side.requests > 1 and is_request(ask, self.word("request"))
        return Reply(end=End.RESET) if is_meant and self.act() else None

    def after(self, ask: Ask, reply: Reply) -> Reply:
        is_meant = self.word("how") == "replay" and is_request(ask, self.word("request"))
        if is_meant and self.act():
            exchange = self.scene.exchange
            exchange.switches, kept = exchange.switches.set("reused_client_id=accepted"), exchange.switches
            self.scene.rest.answer(ask.call, ask.now_ns)
            exchange.switches = kept
        return reply


class SwitchSetter(Injector):
    """Sets switches while it acts, and puts back what they were."""

    def switches(self) -> dict[str, str]:
        """Switch -> setting."""
        return {}

    def begin(self, now_ns: int) -> None:
        exchange = self.scene.exchange
        self._kept = {name: getattr(exchange.switches, name) for name in self.switches()}
        self._set(self.switches())
        self.acts += 1

    def end(self, now_ns: int) -> None:
        self._set(self._kept)

    def _set(self, settings: dict[str, str]) -> None:
        for name, value in settings.items():
            self.scene.exchange.switches = self.scene.exchange.switches.set(f"{name}={value}")


class ClientIdReuse(SwitchSetter):
    """R-05."""

    def switches(self) -> dict[str, str]:
        return {"reused_client_id": self.word("reuse")}


class LateAdmission(Injector):
    """R-06: the request is kept, and its order placed later. What is kept in the end is placed then."""

    def begin(self, now_ns: int) -> None:
        self._kept: deque[tuple[int, str, PlaceRequest, int]] = deque()

    def before(self, ask: Ask) -> Reply | None:
        if not ask.account or not is_request(ask, self.word("request")) or not self.act():
            return None
        self._kept.append((ask.now_ns + self.ns("late"), ask.account, request_of(ask), ask.now_ns))
        return lost(self.word("answer"))

    def next_ns(self) -> int:
        return self._kept[0][0] if self._kept else NEVER_NS

    def turn(self, now_ns: int) -> None:
        while self._kept and self._kept[0][0] <= now_ns:
            self._place()

    def end(self, now_ns: int) -> None:
        while self._kept:
            self._place()

    def _place(self) -> None:
        _, account, request, created_ns = self._kept.popleft()
        self.scene.hands.place_late(account, request, created_ns)


class LateAck(SwitchSetter):
    """R-08."""

    def switches(self) -> dict[str, str]:
        return {"order_ids": "hex"} if self.word("ids") == "hex" else {}

    def after(self, ask: Ask, reply: Reply) -> Reply:
        if not ask.is_(PLACE) or reply.answer is None or not self.act():
            return reply
        return Reply(reply.answer, reply.end, self.ns("late"))


class CancelRace(Injector):
    """R-09."""

    def before(self, ask: Ask) -> Reply | None:
        how = self.word("how")
        order = order_of(self, ask) if ask.is_(CANCEL) and how != "lost" else None
        if order is None or not order.is_open or not self.act():
            return None
        if how == "unknown":
            return Reply(refusal(-2011))
        self.scene.hands.trade_with(order.account, order.order_id, 100 if how == "fill" else 50)
        return None

    def after(self, ask: Ask, reply: Reply) -> Reply:
        is_meant = self.word("how") == "lost" and ask.is_(CANCEL) and is_accepted(reply.answer)
        return lost("reset") if is_meant and self.act() else reply


class CancelAllKeeps(Injector):
    """R-10."""

    def before(self, ask: Ask) -> Reply | None:
        if ask.account and ask.is_(*CANCEL_ALL) and self.act():
            self.scene.hands.keep_on_cancel_all(ask.account, self.number("keep"))
        return None


class OrderRefused(Injector):
    """R-11."""

    def before(self, ask: Ask) -> Reply | None:
        return Reply(refusal(int(self.word("code")))) if ask.is_(PLACE) and self.act() else None


class RulesChange(Injector):
    """R-12."""

    def begin(self, now_ns: int) -> None:
        exchange, hands = self.scene.exchange, self.scene.hands
        self._old = {}
        for symbol, spec in exchange.specs.items():
            if self.target.takes(symbol=symbol):
                self.acts += 1
                self._old[symbol] = hands.change_rules(
                    symbol,
                    price_digits=spec.quote_precision + self.number("price_decimals"),
                    qty_digits=spec.base_precision + self.number("qty_decimals"),
                    min_notional=self.word("min_notional"),
                )

    def end(self, now_ns: int) -> None:
        for symbol, spec in self._old.items():
            self.scene.hands.change_symbol(symbol, partial(same, spec))


class MakerCrosses(Injector):
    """R-13."""

    def before(self, ask: Ask) -> Reply | None:
        is_meant = self._is_maker(ask) and self.word("how") != "cancelled" and self.act()
        return Reply(refusal(int(self.word("how")))) if is_meant else None

    def after(self, ask: Ask, reply: Reply) -> Reply:
        is_meant = self._is_maker(ask) and self.word("how") == "cancelled"
        found = fields_of(reply.answer, "orderId") if is_meant else None
        if found is not None and ask.account and self.act():
            self.scene.exchange.cancel(ask.account, ask.symbol, ask.now_ns, order_id=str(found["orderId"]))
        return reply

    def _is_maker(self, ask: Ask) -> bool:
        return ask.is_(PLACE) and ask.params.get("type") == "LIMIT_MAKER"


class PartFilled(SwitchSetter):
    """R-14."""

    def switches(self) -> dict[str, str]:
        return {"part_filled": self.word("status")}

    def begin(self, now_ns: int) -> None:
        super().begin(now_ns)
        self.scene.hands.stop_takers_at(self.number("percent"))

    def end(self, now_ns: int) -> None:
        super().end(now_ns)
        self.scene.hands.stop_takers_at(0)


class AuthRefused(Injector):
    """R-15."""

    def before(self, ask: Ask) -> Reply | None:
        is_signed = "signature" in ask.params or "x-mexc-apikey" in ask.call.headers
        return Reply(refusal(int(self.word("code")))) if is_signed and self.act() else None


class ManyFills(Injector):
    """R-18: once, when it begins."""

    def begin(self, now_ns: int) -> None:
        exchange = self.scene.exchange
        account = self.target.account or next(iter(exchange.floor.accounts), "")
        symbol = self.target.symbol or next(iter(exchange.specs))
        if exchange.has_account(account) and symbol in exchange.specs:
            side, fills = Side(self.word("side")), self.number("fills")
            self.acts += self.scene.hands.many_fills(account, symbol, side, fills)


INJECTORS: dict[str, type[Injector]] = {
    "R-01": AcceptedAnswerLost,
    "R-02": RefusedAnswerLost,
    "R-03": NotFoundLag,
    "R-04": RequestAgain,
    "R-05": ClientIdReuse,
    "R-06": LateAdmission,
    "R-07": AlteredAck,
    "R-08": LateAck,
    "R-09": CancelRace,
    "R-10": CancelAllKeeps,
    "R-11": OrderRefused,
    "R-12": RulesChange,
    "R-13": MakerCrosses,
    "R-14": PartFilled,
    "R-15": AuthRefused,
    "R-16": BatchMixed,
    "R-17": BrokenJson,
    "R-18": ManyFills,
}
