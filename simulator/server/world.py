"""The whole exchange without sockets: market, REST, streams and faults, moved by calls that carry the time.

Sockets come as an argument (`Sockets`), so a test can drive everything here with plain values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..exchange.exchange import Exchange
from ..exchange.interventions import Interventions
from ..exchange.traders import RandomTraders
from ..faults.board import FaultBoard
from ..faults.seams import HELD, Ask, Reply, Side, Sockets
from ..rest.api import RestApi
from ..rest.calls import Answer, Call
from ..rest.keys import KEY_HEADER
from ..stream.hub import NEVER_NS, Closing, Push, StreamHub

MS = 1_000_000


@dataclass(slots=True)
class Leaving:
    """What leaves at one step."""

    pushes: list[Push] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)
    pings: list[int] = field(default_factory=list)


class World:
    """One exchange. `now_ns` is its time: the latest that any call brought."""

    #: The traders that the exchange brings itself.
    crowd: RandomTraders | None = None

    def __init__(
        self, exchange: Exchange, rest: RestApi, hub: StreamHub, hands: Interventions, sockets: Sockets, seed: int
    ) -> None:
        self.exchange, self.rest, self.hub, self.hands, self.sockets = exchange, rest, hub, hands, sockets
        self.board = FaultBoard(self, seed)
        self.counts = {"requests": 0, "orders": 0, "errors": 0, "pushes": 0, "control": 0}
        self._early: list[Push] = []

    @property
    def now_ns(self) -> int:
        return self.exchange.now_ns

    def next_ns(self) -> int:
        """When something happens next if nobody calls."""
        return min(self.exchange.next_ns(), self.hub.next_ns(), self.board.next_ns(), self._crowd_ns())

    def _crowd_ns(self) -> int:
        return NEVER_NS if self.crowd is None else self.crowd.next_ns()

    def step(self, now_ns: int) -> Leaving:
        """Play everything up to `now_ns`; what leaves then."""
        now_ns = max(now_ns, self.now_ns)
        self._play(now_ns)
        pushes = self._early + self.hub.flush(now_ns) if self._early else self.hub.flush(now_ns)
        self._early = []
        if self.board.touches("pushes"):
            pushes = self.board.pushes(pushes, now_ns)
        self.counts["pushes"] += len(pushes)
        if now_ns < self.hub.check_ns:
            return Leaving(pushes)
        return Leaving(pushes, self.hub.closes(now_ns), [one.connection for one in self.hub.pings(now_ns)])

    def _play(self, now_ns: int) -> None:
        """Up to `now_ns`. Whatever looks at the market or changes it does so at its own time, however long this is."""
        while (stop_ns := self._stop_ns()) < now_ns:
            self._play_to(stop_ns)
            self.hub.look(stop_ns)
        self._play_to(now_ns)

    def _stop_ns(self) -> int:
        """When a channel looks at the market next, or a fault begins, acts or ends."""
        stop_ns, fault_ns = NEVER_NS, self.board.next_ns()
        if self.hub.is_looking:
            stop_ns = self.hub.stop_ns(min(self.exchange.next_ns(), self._crowd_ns()))
        return min(stop_ns, fault_ns) if fault_ns > self.now_ns else stop_ns

    def _play_to(self, at_ns: int) -> None:
        if self.crowd is not None:
            self.crowd.play(at_ns)
        self.exchange.advance(at_ns)
        if self.board.next_ns() <= at_ns:
            self.board.turn(at_ns)
        self._collect()

    def _collect(self) -> None:
        """Give what happened to those who count and those who tell."""
        if self.exchange.events:
            events = self.exchange.take_events()
            self.rest.collect(events)
            self.hub.collect(events)

    def answer(self, call: Call, side: Side, release: Callable[[Reply], None], now_ns: int) -> Reply:
        """What becomes of a request. `HELD` if `release` will be called with it later."""
        self.counts["requests"] += 1
        now_ns = max(now_ns, self.now_ns)
        if not (self.board.touches("before") or self.board.touches("after")):
            return Reply(self._carry_out(call, now_ns))
        ask = Ask(call, now_ns, self.account_of(call), side, release)
        reply = self.board.before(ask)
        if reply is None:
            reply = Reply(self._carry_out(call, now_ns))
        return reply if reply is HELD else self.board.after(ask, reply)

    def _carry_out(self, call: Call, now_ns: int) -> Answer:
        self._play(now_ns)
        answer = self.rest.answer(call, now_ns)
        if answer.status >= 400:
            self.counts["errors"] += 1
        elif call.method == "POST" and call.path.endswith(("/order", "/batchOrders")):
            self.counts["orders"] += 1
        self._collect()
        return answer

    def account_of(self, call: Call) -> str:
        """Whose key a call carries; empty if nobody's. Nothing is checked here."""
        key = self.rest.keys.rows.get(call.headers.get(KEY_HEADER, ""))
        return key.account if key is not None else ""

    def heard(self, side: Side, text: str, now_ns: int) -> Sequence[str]:
        """A control message on a stream; the answers."""
        self.counts["control"] += 1
        now_ns = max(now_ns, self.now_ns)
        if self.board.touches("hears") and not self.board.hears(side, text):
            return ()
        answers = self.hub.text(side.number, text, now_ns)
        if self.board.touches("said"):
            answers = self.board.said(side, text, answers, now_ns)
        return answers

    def market_speed(self, times: int) -> None:
        """Play the tapes `times` as fast from now on."""
        for market in self.exchange.markets.values():
            market.set_speed(times, self.now_ns)


__all__ = ["MS", "NEVER_NS", "Leaving", "World"]
