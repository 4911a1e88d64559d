"""What the faults X do."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ..exchange.config import SymbolSpec
from ..stream.hub import Push
from .holding import Holder
from .on_account import accounts
from .on_network import STALLED, page
from .on_orders import same
from .refusals import refusal
from .schedule import Target
from .seams import FREE, SILENCE, Ask, End, Injector, Reply, Shape, Side

_SECOND_NS = 10**9
_MINUTE_NS = 60 * _SECOND_NS
_WRITES = ("POST", "DELETE")


def symbols(injector: Injector) -> list[str]:
    """The symbols that a fault is meant for."""
    return [name for name in injector.scene.exchange.specs if injector.target.takes(symbol=name)]


class RateLimited(Injector):
    """X-01: one 429 for each address; who calls again before its time is over is banned. Then all is as before."""

    def begin(self, now_ns: int) -> None:
        self._until_ns: dict[str, int] = {}
        self._banned: set[str] = set()

    def before(self, ask: Ask) -> Reply | None:
        address = ask.call.address
        until_ns = self._until_ns.get(address)
        if until_ns is None:
            if not self.act():
                return None
            until_ns = self._until_ns[address] = ask.now_ns + self.number("retry_after") * _SECOND_NS
            return self._reply(int(self.word("status")), until_ns - ask.now_ns)
        if ask.now_ns >= until_ns:
            return None
        if self.word("ban") == "418":
            self._banned.add(address)
        self.acts += 1
        return self._reply(418 if address in self._banned else int(self.word("status")), until_ns - ask.now_ns)

    def _reply(self, status: int, left_ns: int) -> Reply:
        seconds = -(-left_ns // _SECOND_NS)
        header = {"Retry-After": str(seconds)} if self.word("header") == "present" else None
        return Reply(refusal(429, header, status=status))


class Firewall(Injector):
    """X-02."""

    def before(self, ask: Ask) -> Reply | None:
        return Reply(page(403)) if self.act() else None


class SymbolPaused(Injector):
    """X-03."""

    def begin(self, now_ns: int) -> None:
        self._old: dict[str, SymbolSpec] = {}
        for symbol in symbols(self):
            self.acts += 1
            if self.word("how") == "paused":
                self._old[symbol] = self.scene.hands.set_status(symbol, "2")
            else:
                self._refuse(symbol, 30016)

    def end(self, now_ns: int) -> None:
        for symbol in symbols(self):
            if symbol in self._old:
                self.scene.hands.set_status(symbol, self._old[symbol].status)
            else:
                self._refuse(symbol, 0)

    def _refuse(self, symbol: str, code: int) -> None:
        hands = self.scene.hands
        (hands.refuse_orders if self.word("how") == "disabled" else hands.refuse_cancels)(symbol, code)


class HalfDown(Injector):
    """X-04."""

    def begin(self, now_ns: int) -> None:
        down = self.word("down")
        self._links = ("public", "private") if down == "streams" else (down,)
        for link in self._links:
            self.acts += self.scene.sockets.end_streams(Target(link=link), End.RESET, 1006)

    def before(self, ask: Ask) -> Reply | None:
        if "rest" not in self._links or not self.act():
            return None
        return SILENCE if self.word("how") == "silent" else Reply(refusal(503))

    def shapes(self, side: Side) -> tuple[Shape, Shape]:
        is_down = side.link in self._links and side.link != "rest"
        return (STALLED, STALLED) if is_down else (FREE, FREE)


class AfterMaintenance(Injector):
    """X-05: once, when it begins."""

    def begin(self, now_ns: int) -> None:
        hands, account = self.scene.hands, self.target.account or None
        if account is None or self.scene.exchange.has_account(account):
            self.acts += hands.wipe_orders(account) if self.word("how") == "wiped" else hands.revive_orders(account)


class SilentBalance(Injector):
    """X-06: once, when it begins."""

    def begin(self, now_ns: int) -> None:
        for name in accounts(self)[:1]:
            if self.word("how") == "bust":
                self.acts += bool(self.scene.hands.bust_last_trade(name))
                continue
            known = self.scene.exchange.balances(name)
            asset = self.word("asset") or next((asset for asset, (free, _) in known.items() if free), "")
            if asset in self.scene.exchange.ledger.decimals:
                self.acts += self._change(name, asset)

    def _change(self, account: str, asset: str) -> bool:
        try:
            return self.scene.hands.change_balance(account, asset, self.word("amount"))
        except ValueError:  # not an amount
            return False


class AccountRestricted(Injector):
    """X-07."""

    def before(self, ask: Ask) -> Reply | None:
        is_meant = ask.call.method in _WRITES and bool(ask.account) and not ask.call.path.endswith("userDataStream")
        return Reply(refusal(int(self.word("code")))) if is_meant and self.act() else None


class EngineLag(Holder):
    """X-08."""

    def begin(self, now_ns: int) -> None:
        super().begin(now_ns)
        self._before_ns = self.scene.rest.reads.fills_lag_ns
        self.scene.rest.reads.fills_lag_ns = self.ns("late")

    def end(self, now_ns: int) -> None:
        self.scene.rest.reads.fills_lag_ns = self._before_ns

    def pushes(self, pushes: Sequence[Push], now_ns: int) -> list[Push]:
        found = self.due(now_ns)
        for push in pushes:
            if push.account and self.meant(push) and self.act():
                self.hold(now_ns + self.ns("late"), push)
            else:
                found.append(push)
        return found


class OpenOrderCap(Injector):
    """X-09."""

    def begin(self, now_ns: int) -> None:
        self._before = {name: self.scene.exchange.account(name).max_open for name in accounts(self)}
        for name in self._before:
            self.acts += 1
            self.scene.hands.cap_open_orders(name, self.number("cap"))

    def end(self, now_ns: int) -> None:
        for name, most in self._before.items():
            self.scene.hands.cap_open_orders(name, most)


class LowerLimits(Injector):
    """X-10."""

    def begin(self, now_ns: int) -> None:
        limits, weight = self.scene.rest.limits, self.number("weight")
        self._before = limits.rules
        self.acts += 1
        limits.rules = replace(
            limits.rules,
            enabled=True,
            address_weight=weight,
            account_weight=weight,
            endpoint_weight=weight,
            orders=self.number("orders"),
        )

    def end(self, now_ns: int) -> None:
        self.scene.rest.limits.rules = self._before


class StaleReads(Injector):
    """X-11."""

    def begin(self, now_ns: int) -> None:
        self._before_ns = self.scene.rest.reads.cache_ns
        self.scene.rest.reads.cache_ns = self.ns("age")
        self.acts += 1

    def end(self, now_ns: int) -> None:
        self.scene.rest.reads.cache_ns = self._before_ns


class NotTradable(Injector):
    """X-12."""

    def begin(self, now_ns: int) -> None:
        hands = self.scene.hands
        self._old: dict[str, SymbolSpec] = {}
        for symbol in symbols(self):
            self.acts += 1
            if self.word("how") == "api":
                self._old[symbol] = hands.change_symbol(symbol, lambda spec: replace(spec, trading_allowed=False))
            else:
                self._old[symbol] = hands.set_status(symbol, "3")

    def end(self, now_ns: int) -> None:
        for symbol, old in self._old.items():
            self.scene.hands.change_symbol(symbol, partial(same, old))


class OrderToTrade(Injector):
    """X-13: orders and cancels of a minute are counted; a fill forgives them. Who has too many is restricted."""

    def begin(self, now_ns: int) -> None:
        self._calls: dict[str, deque[int]] = {}
        self._fills: dict[str, int] = {}
        self._flagged: set[str] = set()

    def before(self, ask: Ask) -> Reply | None:
        if not ask.account or ask.call.method not in _WRITES or "rder" not in ask.call.path:
            return None
        if self._is_flagged(ask.account, ask.now_ns):
            self.acts += 1
            return Reply(refusal(10098))
        return None

    def _is_flagged(self, account: str, now_ns: int) -> bool:
        calls = self._calls.setdefault(account, deque())
        fills = sum(len(rows) for rows in self.scene.exchange.account(account).desk.fills.values())
        if fills > self._fills.get(account, 0):
            calls.clear()
        self._fills[account] = fills
        calls.append(now_ns)
        while calls[0] <= now_ns - _MINUTE_NS:
            calls.popleft()
        if len(calls) > self.number("orders"):
            self._flagged.add(account)
        return account in self._flagged


INJECTORS: dict[str, type[Injector]] = {
    "X-01": RateLimited,
    "X-02": Firewall,
    "X-03": SymbolPaused,
    "X-04": HalfDown,
    "X-05": AfterMaintenance,
    "X-06": SilentBalance,
    "X-07": AccountRestricted,
    "X-08": EngineLag,
    "X-09": OpenOrderCap,
    "X-10": LowerLimits,
    "X-11": StaleReads,
    "X-12": NotTradable,
    "X-13": OrderToTrade,
}
