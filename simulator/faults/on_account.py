"""What the faults P do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..exchange.amounts import amount_text
from ..exchange.orders import Order, PlaceRequest, Refusal
from ..stream.hub import NEVER_NS, Push
from .holding import Holder, Sieve
from .on_network import STALLED
from .push_edit import ACCOUNT, DEALS, ORDERS, edited, is_kind, parse
from .refusals import refusal
from .seams import FREE, Ask, End, Injector, Reply, Shape, Side


def accounts(injector: Injector) -> list[str]:
    """The accounts that a fault is meant for."""
    return [name for name in injector.scene.exchange.floor.accounts if injector.target.takes(account=name)]


def symbol_of(injector: Injector) -> str:
    """The symbol that a fault is meant for: the target's, or the first."""
    specs = injector.scene.exchange.specs
    return injector.target.symbol if injector.target.symbol in specs else next(iter(specs))


class FillsWhileBlind(Injector):
    """P-01: cuts the private streams, lets open orders fill, and keeps new private streams waiting."""

    def begin(self, now_ns: int) -> None:
        self._until_ns = now_ns + self.ns("down")
        for number, side in list(self.scene.hub.connections.items()):
            if side.account and self.target.takes(account=side.account):
                from .schedule import Target

                self.scene.sockets.end_streams(Target(connection=number), End.RESET, 1006)
        for name in accounts(self):
            for order in self.scene.exchange.open_orders(name):
                if self.target.takes(symbol=order.symbol):
                    self.acts += self.scene.hands.trade_with(name, order.order_id, self.number("percent")) > 0

    def next_ns(self) -> int:
        return self._until_ns

    def turn(self, now_ns: int) -> None:
        self._until_ns = NEVER_NS
        self.scene.sockets.pump()

    def shapes(self, side: Side) -> tuple[Shape, Shape]:
        is_away = side.link == "private" and self._until_ns != NEVER_NS
        return (STALLED, STALLED) if is_away else (FREE, FREE)


class FillAgain(Holder):
    """P-02."""

    def pushes(self, pushes: Sequence[Push], now_ns: int) -> list[Push]:
        found = [*self.due(now_ns), *pushes]
        for push in pushes:
            if is_kind(push, DEALS) and self.meant(push) and self.act():
                for _ in range(self.number("times")):
                    self.hold(now_ns + self.ns("later"), push)
        return found


class PrivateOrder(Holder):
    """P-03: private messages of a window leave together, in another order."""

    def begin(self, now_ns: int) -> None:
        super().begin(now_ns)
        self._first: dict[tuple[int, str], Push] = {}
        self._seen: set[int] = set()

    def pushes(self, pushes: Sequence[Push], now_ns: int) -> list[Push]:
        window, found = self.ns("window"), []
        due = self.due(now_ns)
        if due:
            found = self._reordered(due)
        for push in pushes:
            if push.account and self.meant(push) and self.act():
                self._note(push)
                self.hold((now_ns // window + 1) * window, push)
            else:
                found.append(push)
        return found

    def _note(self, push: Push) -> None:
        """Remember the first state of each order."""
        if is_kind(push, ORDERS) and self.word("how") == "stale_last":
            wrapper, _ = parse(push.frame)
            self._first.setdefault((push.connection, wrapper.privateOrders.id), push)

    def _reordered(self, due: list[Push]) -> list[Push]:
        how = self.word("how")
        if how == "reversed":
            return due[::-1]
        if how == "stale_last":
            stale = [first for first in self._first.values() if first not in due or len(due) > 1]
            self._first.clear()
            return [*due, *stale]
        for last in range(len(due) - 1, 0, -1):
            other = self.below(last + 1)
            due[last], due[other] = due[other], due[last]
        return due


class UnknownCodes(Sieve):
    """P-04."""

    def one(self, push: Push, now_ns: int) -> list[Push]:
        field = self.word("field")
        is_meant = is_kind(push, ORDERS) or (is_kind(push, DEALS) and field == "tradeType")
        return [edited(push, lambda body: setattr(body, field, self.number("value")))] if is_meant else [push]


class NoClientId(Sieve):
    """P-05."""

    def one(self, push: Push, now_ns: int) -> list[Push]:
        where = self.word("where")
        if is_kind(push, ORDERS) and where != "deals":
            return [edited(push, lambda body: body.ClearField("clientId"))]
        if is_kind(push, DEALS) and where != "orders":
            return [edited(push, lambda body: body.ClearField("clientOrderId"))]
        return [push]


class ListenKeyFault(Injector):
    """P-06."""

    def begin(self, now_ns: int) -> None:
        keys = self.scene.rest.listen_keys
        for name in accounts(self):
            for key in keys.valid(name, now_ns):
                if self.word("how") == "expire":
                    self.acts += keys.expire(key, now_ns)
                elif self.word("how") == "delete":
                    self.acts += keys.delete(name, key, now_ns)
        self.scene.hub.check_ns = min(self.scene.hub.check_ns, now_ns)

    def before(self, ask: Ask) -> Reply | None:
        wanted = {"put_fails": ("PUT userDataStream", 22222), "limit": ("POST userDataStream", 26)}.get(
            self.word("how")
        )
        if wanted is None or not ask.is_(wanted[0]) or not self.act():
            return None
        return Reply(refusal(wanted[1]))


class BalanceTiming(Holder):
    """P-07."""

    def pushes(self, pushes: Sequence[Push], now_ns: int) -> list[Push]:
        how, found = self.word("how"), self.due(now_ns)
        for push in pushes:
            is_balance = is_kind(push, ACCOUNT)
            is_held = push.account and is_balance == (how != "early") and self.meant(push)
            if not is_held or not self.act():
                found.append(push)
            elif how != "missing":
                self.hold(now_ns + self.ns("time"), push)
        return found


class ForeignOrder(Injector):
    """P-08: once, when it begins."""

    def begin(self, now_ns: int) -> None:
        for name in accounts(self)[:1]:
            request = self._request(symbol_of(self))
            if request is not None:
                found = self.scene.exchange.place(name, request, now_ns)
                self.acts += isinstance(found, Order)

    def _request(self, symbol: str) -> PlaceRequest | None:
        """A small order: some per cent from the market, or at the best price of the other side."""
        exchange, side = self.scene.exchange, self.word("side")
        _, bids, asks = exchange.depth(symbol, 1)
        if not bids or not asks:
            return None
        ticks = (bids if side == "BUY" else asks)[0][0]
        if self.word("kind") == "rest":
            ticks = ticks * (98 if side == "BUY" else 102) // 100
        else:
            ticks = (asks if side == "BUY" else bids)[0][0]
        return limit_order(exchange, symbol, side, ticks, "LIMIT", self.word("client_id"))


def limit_order(exchange: Any, symbol: str, side: str, ticks: int, kind: str, client_id: str = "") -> PlaceRequest:
    """An order of about twice the least amount at a price on the grid."""
    listing = exchange.listing(symbol)
    spec, rules = listing.spec, listing.rules
    ticks -= ticks % rules.tick_step
    lots = max(2 * rules.min_value // max(1, ticks) + 1, rules.min_lots, 1)
    lots += -lots % rules.lot_step
    price, quantity = amount_text(ticks, spec.price_decimals), amount_text(lots, spec.qty_decimals)
    return PlaceRequest(symbol, side, kind, quantity, price, client_id=client_id)


class Overfill(Sieve):
    """P-09."""

    def one(self, push: Push, now_ns: int) -> list[Push]:
        return [edited(push, self._spoil)] if is_kind(push, DEALS) else [push]

    def _spoil(self, body: Any) -> None:
        kind = self.word("kind")
        body.quantity = {"over": f"9{body.quantity}", "negative": f"-{body.quantity}", "zero": "0"}[kind]


class Fees(Injector):
    """P-10."""

    def begin(self, now_ns: int) -> None:
        holders = {name: self.scene.exchange.account(name) for name in accounts(self)}
        self._before = {name: (one.maker_rate, one.taker_rate, one.mx_deduct) for name, one in holders.items()}
        for name, holder in holders.items():
            self.acts += 1
            if self.word("how") == "mx":
                holder.mx_deduct = True
            else:
                rates = [self.number(side) for side in ("maker", "taker")]
                self.scene.hands.set_fees(name, *(_fraction(rate) for rate in rates))

    def end(self, now_ns: int) -> None:
        for name, (maker, taker, deduct) in self._before.items():
            holder = self.scene.exchange.account(name)
            holder.maker_rate, holder.taker_rate, holder.mx_deduct = maker, taker, deduct


def _fraction(bps: int) -> str:
    """Hundredths of a per cent as a fraction."""
    return amount_text(bps, 4)


class SelfTrade(Injector):
    """P-11: once, when it begins: an order of the account that waits alone on its side, and one that meets it."""

    def begin(self, now_ns: int) -> None:
        exchange, symbol, taker = self.scene.exchange, symbol_of(self), self.word("side")
        _, bids, asks = exchange.depth(symbol, 1)
        names = accounts(self)
        if not bids or not asks or not names:
            return
        sign, ticks = (1, bids[0][0]) if taker == "SELL" else (-1, asks[0][0])
        self.scene.hands.empty_side(symbol, sign)
        for side, kind in (("BUY" if sign > 0 else "SELL", "LIMIT"), (taker, "IMMEDIATE_OR_CANCEL")):
            found = exchange.place(names[0], limit_order(exchange, symbol, side, ticks, kind), now_ns)
            self.acts += not isinstance(found, Refusal)
        self.scene.hands.refill_side(symbol, sign)


class TradeIds(Injector):
    """P-12: the exchange gives its fills odd ids while it acts. Those it gave stay."""

    def begin(self, now_ns: int) -> None:
        self._counts: dict[str, int] = {}
        self._usual = self.scene.exchange.matching.trade_ids
        self.scene.exchange.matching.trade_ids = self._id

    def end(self, now_ns: int) -> None:
        self.scene.exchange.matching.trade_ids = self._usual

    def _id(self, symbol: str, digits: str, number: int) -> str:
        if not self.target.takes(symbol=symbol) or not self.act():
            return self._usual(symbol, digits, number)
        count = self._counts[symbol] = self._counts.get(symbol, 0) + 1
        forms = {"same": f"{count}", "long": f"{count:064}", "odd": f"<{count}> &\u00e9/'\"; {count}"}
        return forms[self.word("form")]


INJECTORS: dict[str, type[Injector]] = {
    "P-01": FillsWhileBlind,
    "P-02": FillAgain,
    "P-03": PrivateOrder,
    "P-04": UnknownCodes,
    "P-05": NoClientId,
    "P-06": ListenKeyFault,
    "P-07": BalanceTiming,
    "P-08": ForeignOrder,
    "P-09": Overfill,
    "P-10": Fees,
    "P-11": SelfTrade,
    "P-12": TradeIds,
}
