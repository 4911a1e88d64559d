"""The local exchange without sockets and our client of it, in virtual time: every byte of the wire, no clock."""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flashc.cython_core.wire import ws_frames
from flashc.runtime.market_data.synth.prng import Stream
from flashc.runtime.mexc.market.feed import FeedConfig, MarketFeed
from flashc.runtime.mexc.market.reference_book import ASK, BID
from flashc.runtime.mexc.stream.events import Close, Connect, Send
from flashc.simulator.faults.schedule import Schedule, Target
from flashc.simulator.faults.seams import HELD, End, Reply
from flashc.simulator.rest.calls import Call
from flashc.simulator.server import frames
from flashc.simulator.server.build import make_world
from support.fake_streams import MS, SECOND, FakeExchange, Peer
from support.local_exchange import START_NS, options

SYMBOL = "BTCUSDC"


@dataclass
class Side:
    """A connection as faults see it."""

    number: int
    link: str = "public"
    account: str = ""
    requests: int = 0


class WorldPlay(FakeExchange):
    """A session and a feed of `SYMBOL` against a whole exchange. It is the sockets that faults reach for, too."""

    def __init__(self, *, config: dict[str, Any] | None = None, **session: Any) -> None:
        super().__init__(**session)
        self.offset_ns = START_NS - self.now_ns
        self.world = make_world(options(), self, START_NS)
        self.answer = self._heard
        self.gated = "open"
        spec = self.world.exchange.specs[SYMBOL]
        self.feed = MarketFeed(
            FeedConfig(SYMBOL, spec.price_decimals, spec.qty_decimals, **(config or {})),
            Stream(2, "feed"),
            self.counters,
        )
        self.feed.set_clock(self.offset_ns)
        self.seen: list[tuple[int, str]] = []
        self.wrong: list[int] = []
        self.compared = 0
        self.snapshots: list[int] = []  # times at which one was asked for
        self.truth: dict[int, tuple[list[tuple[int, int]], list[tuple[int, int]]]] = {}
        self.later: list[tuple[int, int, Callable[[], None]]] = []
        self.session.subscribe(self.feed.config.channels(), self.now_ns)

    @property
    def world_ns(self) -> int:
        return self.now_ns + self.offset_ns

    # ---- sockets

    def _do(self, action: Connect | Send | Close) -> None:
        if isinstance(action, Connect) and self.gated != "open":
            if self.gated == "refused":
                self.session.closed(action.link, "connect_failed", self.now_ns)
            return
        if isinstance(action, Connect):
            self.world.hub.open(action.link, None, self.world_ns)
        if isinstance(action, Send) and action.link not in self.peers:
            return
        if isinstance(action, Close):
            self.world.hub.close(action.link)
        super()._do(action)

    def _heard(self, peer: Peer, request: dict[str, Any]) -> list[Any]:
        return list(self.world.heard(Side(peer.number), json.dumps(request), self.world_ns))

    def end_streams(self, target: Target, how: End, code: int) -> int:
        for number, peer in list(self.peers.items()):
            if how is End.FRAME:
                peer.send(frames.close_frame(code))
                continue
            if how is End.INSIDE:
                peer.send(frames.frame_head(200) + b"\x0a" * 100)
            self.world.hub.close(number)
            self.peers.pop(number, None)
            self.session.closed(number, "reset", self.now_ns)
        return 1

    def send_raw(self, target: Target, data: bytes) -> int:
        for peer in list(self.peers.values()):
            peer.send(data)
        return 1

    def gate(self, how: str) -> None:
        self.gated = how

    def certificate(self, kind: str, host: str) -> None:
        """There is no TLS here."""

    def pump(self) -> None:
        """Nothing to pump."""

    # ---- time

    def play(self, seconds: float) -> None:
        """Let everyone go on."""
        end = self.now_ns + round(seconds * SECOND)
        while self.now_ns < end:
            due = min(self.world.next_ns() - self.offset_ns, self.session.next_ns(), self.feed.next_ns())
            if self.later:
                due = min(due, self.later[0][0])
            self.now_ns = min(max(due, self.now_ns + 25 * MS), self.now_ns + 100 * MS, end)
            self._step()

    def _step(self) -> None:
        while self.later and self.later[0][0] <= self.now_ns:
            heapq.heappop(self.later)[2]()
        leaving = self.world.step(self.world_ns)
        if leaving.pushes:
            version, bids, asks = self.world.exchange.depth(SYMBOL, 5000)
            self.truth[version] = (bids, asks)
        batches: dict[int, list[bytes]] = {}
        for push in leaving.pushes:
            opcode = ws_frames.TEXT if push.is_text else ws_frames.BINARY
            batches.setdefault(push.connection, []).append(ws_frames.encode_frame(opcode, push.frame))
        for number, parts in batches.items():
            if number in self.peers:
                self.peers[number].send(b"".join(parts))
        for number, _ in leaving.closings:
            if number in self.peers:
                self.peers[number].send(frames.close_frame(1000))
        self.session.timer(self.now_ns)
        self.act()
        self._tell()

    def _tell(self) -> None:
        events, self.events = self.events, []
        for event in events:
            self.feed.event(event, self.now_ns)
            self._look()
        self.feed.timer(self.now_ns)
        if (ticket := self.feed.wanted()) is not None:
            self.snapshots.append(self.now_ns)
            self._fetch(ticket)
        self._look()

    def _fetch(self, ticket: int) -> None:
        call = Call("GET", "/api/v3/depth", f"symbol={SYMBOL}&limit=5000", "", {})
        reply = self.world.answer(call, Side(0, "rest"), lambda late: self._reply(ticket, late), self.world_ns)
        if reply is not HELD:
            self._reply(ticket, reply)

    def _reply(self, ticket: int, reply: Reply) -> None:
        heapq.heappush(self.later, (self.now_ns + reply.late_ns, ticket, lambda: self._answered(ticket, reply)))

    def _answered(self, ticket: int, reply: Reply) -> None:
        answer = reply.answer
        if answer is None:
            self.feed.snapshot_failed(ticket, "silence", self.now_ns)
        elif answer.status != 200:
            self.feed.snapshot_failed(ticket, str(answer.status), self.now_ns)
        else:
            body = json.loads(answer.body)
            self.feed.snapshot(ticket, body["lastUpdateId"], _rows(body["bids"]), _rows(body["asks"]), self.now_ns)

    def _look(self) -> None:
        state = self.feed.validity(self.now_ns)
        if not self.seen or self.seen[-1][1] != str(state):
            self.seen.append((self.now_ns, str(state)))
        book = self.feed.book
        if state.valid and book.version in self.truth:
            self.compared += 1
            bids, asks = self.truth[book.version]
            if book.levels(BID, 5000) != bids or book.levels(ASK, 5000) != asks:
                self.wrong.append(book.version)

    # ---- faults

    def fault(self, name: str, count: int | None = None, symbol: str = SYMBOL, **values: object) -> int:
        """Inject a fault by its name, on our symbol if no other is said; the time."""
        given = {key: str(value) for key, value in values.items()}
        self.world.board.inject(name, given, self.world_ns, Schedule(count=count), Target(symbol=symbol))
        return self.now_ns

    def heal(self) -> None:
        self.world.board.heal("", self.world_ns)

    @property
    def reason(self) -> str:
        return str(self.feed.validity(self.now_ns))

    def since(self, at_ns: int) -> list[str]:
        """The states of validity after a time."""
        return [reason for time_ns, reason in self.seen if time_ns > at_ns]

    def first(self, at_ns: int, *reasons: str) -> int:
        """How many ns after a time the first of these reasons held."""
        found = [time_ns for time_ns, reason in self.seen if time_ns > at_ns and reason.startswith(reasons)]
        assert found, self.seen[-8:]
        return found[0] - at_ns


def _rows(rows: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    return [(price, qty) for price, qty in rows]
