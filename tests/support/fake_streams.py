"""A scripted exchange for sessions of streams: no sockets, time as a number, every answer decided by the test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import h11
from flashc.cython_core.wire import ws_frames
from flashc.cython_core.wire.official import message_class
from flashc.cython_core.wire.push import decode_push
from flashc.runtime.market_data.synth.prng import Stream
from flashc.runtime.mexc.stream.counters import Counters
from flashc.runtime.mexc.stream.endpoint import endpoint
from flashc.runtime.mexc.stream.events import Close, Connect, Event, Send, SessionConfig
from flashc.runtime.mexc.stream.handshake import accept_value
from flashc.runtime.mexc.stream.session import Session

MS, SECOND = 1_000_000, 1_000_000_000
URL = "ws://127.0.0.1:8765/ws"


def push(channel: str, *, symbol: str | None = None, sent_ms: int = 0, **body: Any) -> bytes:
    """A frame by the official library. `body`: the body's field name and its values, lists of dicts for rows."""
    wrapper: Any = message_class("PushDataV3ApiWrapper")(channel=channel)
    if symbol is not None:
        wrapper.symbol = symbol
    if sent_ms:
        wrapper.sendTime = sent_ms
    for name, values in body.items():
        target = getattr(wrapper, name)
        target.SetInParent()
        for field, value in values.items():
            if isinstance(value, list):
                for row in value:
                    getattr(target, field).add(**row)
            else:
                setattr(target, field, value)
    return bytes(wrapper.SerializeToString())


def depth_frame(
    channel: str,
    first: int,
    last: int,
    bids: Iterable[tuple[str, str]] = (),
    asks: Iterable[tuple[str, str]] = (),
    **more: Any,
) -> bytes:
    """A change of the book."""
    rows = {
        side: [{"price": price, "quantity": quantity} for price, quantity in levels]
        for side, levels in (("bids", bids), ("asks", asks))
    }
    return push(channel, publicAggreDepths={**rows, "fromVersion": str(first), "toVersion": str(last)}, **more)


class Peer:
    """The exchange's end of one connection."""

    def __init__(self, exchange: FakeExchange, number: int) -> None:
        self.exchange = exchange
        self.number = number
        self.target = ""
        self.asked: list[str] = []
        self.texts: list[dict[str, Any]] = []
        self.frames: list[ws_frames.Frame] = []
        self.open = False
        self._http = h11.Connection(h11.SERVER)
        self._reader = ws_frames.FrameReader(1 << 20, from_client=True)

    def received(self, data: bytes) -> None:
        if not self.open:
            self._http.receive_data(data)
            request = self._http.next_event()
            assert isinstance(request, h11.Request)
            self.target = request.target.decode()
            key = dict(request.headers)[b"sec-websocket-key"]
            self.open = True
            self.send(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept_value(key) + b"\r\n\r\n"
            )
            return
        for frame in self._reader.feed(data):
            self.frames.append(frame)
            if frame.opcode == ws_frames.TEXT:
                self.text(json.loads(frame.payload))

    def text(self, request: dict[str, Any]) -> None:
        self.texts.append(request)
        for reply in self.exchange.answer(self, request):
            self.say(reply)

    def send(self, data: bytes) -> None:
        """Bytes to the client."""
        self.exchange.session.received(self.number, data, self.exchange.now_ns)

    def say(self, reply: dict[str, Any] | str) -> None:
        text = reply if isinstance(reply, str) else json.dumps(reply)
        self.send(ws_frames.encode_frame(ws_frames.TEXT, text.encode()))

    def push(self, *frames: bytes) -> None:
        self.send(b"".join(ws_frames.encode_frame(ws_frames.BINARY, frame) for frame in frames))


#: What a request of a connection brings.
Answering = Callable[[Peer, dict[str, Any]], list[dict[str, Any]]]


def agreeable(peer: Peer, request: dict[str, Any]) -> list[dict[str, Any]]:
    """The answers of an exchange in good health."""
    if request["method"] == "PING":
        return [{"id": 0, "code": 0, "msg": "PONG"}]
    if request["method"] == "SUBSCRIPTION":
        peer.asked += request["params"]
    return [{"id": request["id"], "code": 0, "msg": ",".join(request["params"])}]


class FakeExchange:
    """Plays the shell and the exchange for one session. `answer` decides what a request brings."""

    def __init__(self, *, refuse_dials: bool = False, **config: Any) -> None:
        self.now_ns = 1_000 * SECOND
        self.counters = Counters()
        config.setdefault("endpoint", endpoint(URL))
        self.session = Session(
            SessionConfig(**config), decode_push, Stream(1, "session"), lambda count: b"\x55" * count, self.counters
        )
        self.refuse_dials = refuse_dials
        self.answer: Answering = agreeable
        self.peers: dict[int, Peer] = {}
        self.closed: list[int] = []
        self.dial_times: list[int] = []
        self.events: list[Event] = []

    def act(self) -> None:
        """Do what the session asks until it asks for nothing more."""
        while actions := self.session.outbox.actions():
            for action in actions:
                self._do(action)
        self.events += self.session.outbox.events()

    def _do(self, action: Connect | Send | Close) -> None:
        if isinstance(action, Connect):
            self.dial_times.append(self.now_ns)
            if self.refuse_dials:
                self.session.closed(action.link, "connect_failed", self.now_ns)
            else:
                self.peers[action.link] = Peer(self, action.link)
                self.session.connected(action.link, self.now_ns)
        elif isinstance(action, Send):
            self.peers[action.link].received(action.data)
        else:
            self.closed.append(action.link)
            self.peers.pop(action.link, None)

    def run(self, for_ns: int, each: Callable[[], None] | None = None, step_ns: int = 100 * MS) -> None:
        """Let time pass, doing what is due at its time; `each` is called every `step_ns`."""
        end = self.now_ns + for_ns
        beat = self.now_ns + step_ns
        while self.now_ns < end:
            due = max(self.session.next_ns(), self.now_ns + 1)
            self.now_ns = min(due, end, beat if each else end)
            self.session.timer(self.now_ns)
            self.act()
            if each and self.now_ns >= beat:
                beat += step_ns
                each()
                self.act()

    def cut(self, number: int, reason: str = "reset") -> None:
        """Break a connection."""
        self.peers.pop(number, None)
        self.session.closed(number, reason, self.now_ns)
        self.act()

    def take(self, kind: type) -> list[Any]:
        """The events of a kind since the last call."""
        found = [event for event in self.events if isinstance(event, kind)]
        self.events = [event for event in self.events if not isinstance(event, kind)]
        return found
