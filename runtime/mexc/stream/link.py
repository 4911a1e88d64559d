"""One WebSocket connection without a socket: handshake, frames, requests at a bounded pace, pings, and its end.

A link never decides what to subscribe to; a session does. It keeps what was asked on it and what came of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ....cython_core.wire import ws_frames
from .channels import Channel
from .control import PING, batches, subscription
from .events import SessionConfig
from .handshake import NONCE_BYTES, ClientHandshake, HandshakeFault

DIALLING, GREETING, OPEN, LOST = "dialling", "greeting", "open", "lost"
NEVER = 2**63 - 1

#: Gives so many bytes that nobody can guess.
Entropy = Callable[[int], bytes]


class FrameSource(Protocol):
    """Frames from bytes, as `ws_frames.FrameReader` gives them."""

    def feed(self, data: bytes) -> list[ws_frames.Frame]: ...


#: Makes one for messages of at most so many bytes.
Reader = Callable[[int], FrameSource]


class LinkFault(Exception):
    """The connection must end. `reason` is one of `LOST_REASONS`; `frames` were whole before what ends it."""

    def __init__(self, reason: str, detail: str = "", frames: tuple[ws_frames.Frame, ...] = ()) -> None:
        self.reason = reason
        self.detail = detail
        self.frames = frames
        super().__init__(f"{reason}: {detail}")


@dataclass(slots=True)
class Topic:
    """One channel on one connection. Times are ns, 0 for never."""

    channel: Channel
    asked_ns: int = 0
    acked: bool = False
    refused: str = ""  # the exchange's text
    first_ns: int = 0
    last_ns: int = 0
    alarmed: bool = False
    again_ns: int = NEVER  # when a refused channel is asked for again

    @property
    def confirmed(self) -> bool:
        return self.first_ns > 0


@dataclass(slots=True)
class Request:
    """A request that waits for its answer."""

    method: str
    channels: tuple[str, ...]
    sent_ns: int


@dataclass(slots=True)
class Link:
    """One connection. Bytes to send gather in `out`, which the session drains."""

    number: int
    config: SessionConfig
    entropy: Entropy
    reader: Reader
    query: str = field(repr=False)
    born_ns: int
    rotate_ns: int
    phase: str = DIALLING
    open_ns: int = 0
    heard_ns: int = 0
    topics: dict[str, Topic] = field(default_factory=dict)
    pending: dict[int, Request] = field(default_factory=dict)
    out: list[bytes] = field(default_factory=list, repr=False)
    ping_at_ns: int = NEVER
    pong_due_ns: int = NEVER
    _waiting: deque[tuple[int, bytes]] = field(default_factory=deque)
    _free_ns: int = 0  # the next request may leave then
    _next_id: int = 1
    _handshake: ClientHandshake | None = None
    _reader: FrameSource | None = None

    def connected(self, now_ns: int) -> None:
        """The socket is open: greet."""
        self.phase = GREETING
        self._handshake = ClientHandshake(self.config.endpoint, self.query, self.entropy(NONCE_BYTES))
        self.out.append(self._handshake.request())
        self.query = ""
        self.heard_ns = now_ns

    def received(self, data: bytes, now_ns: int) -> list[ws_frames.Frame]:
        """The whole frames that the bytes complete. Raises `LinkFault`."""
        self.heard_ns = now_ns
        if self.phase == GREETING:
            rest = self._greet(data, now_ns)
            if rest is None:
                return []
            data = rest
        if self._reader is None or not data:
            return []
        try:
            return self._reader.feed(data)
        except ws_frames.FrameFault as error:
            raise LinkFault("frame", error.reason, error.frames) from None

    def _greet(self, data: bytes, now_ns: int) -> bytes | None:
        assert self._handshake is not None
        try:
            rest = self._handshake.feed(data)
        except HandshakeFault as error:
            raise LinkFault("handshake", str(error)) from None
        if rest is not None:
            self.phase, self.open_ns, self._handshake = OPEN, now_ns, None
            self._reader = self.reader(self.config.most_payload)
        return rest

    # ---- what goes out

    def ask(self, channels: Sequence[Channel], now_ns: int) -> None:
        """Subscribe; the requests leave at the bounded pace."""
        for channel in channels:
            topic = self.topics.setdefault(channel.name, Topic(channel))
            topic.asked_ns, topic.acked, topic.refused, topic.again_ns = now_ns, False, "", NEVER
        for names in batches([channel.name for channel in channels], self.config.most_request_bytes):
            self._request("SUBSCRIPTION", names, now_ns)

    def cancel(self, names: Sequence[str], now_ns: int) -> None:
        """Unsubscribe from channels that were asked here."""
        for name in names:
            self.topics.pop(name, None)
        for group in batches(names, self.config.most_request_bytes):
            self._request("UNSUBSCRIPTION", group, now_ns)

    def _request(self, method: str, names: Sequence[str], now_ns: int) -> None:
        number, self._next_id = self._next_id, self._next_id + 1
        self.pending[number] = Request(method, tuple(names), now_ns)
        self._waiting.append((number, subscription(method, names, number)))

    def ping(self, now_ns: int) -> None:
        self._waiting.appendleft((0, PING))
        self.pong_due_ns = now_ns + self.config.pong_within_ns

    def frame(self, opcode: int, payload: bytes) -> None:
        """Send one frame at once: pongs and the goodbye."""
        self.out.append(ws_frames.encode_frame(opcode, payload, self.entropy(4)))

    def send_waiting(self, now_ns: int) -> int:
        """Move requests whose time has come to `out`; how many."""
        sent = 0
        while self.phase == OPEN and self._waiting and now_ns >= self._free_ns:
            number, text = self._waiting.popleft()
            if number in self.pending:
                self.pending[number].sent_ns = now_ns
            self.frame(ws_frames.TEXT, text)
            self._free_ns = now_ns + self.config.request_gap_ns
            sent += 1
        return sent

    # ---- time

    def fault(self, now_ns: int) -> LinkFault | None:
        """Why the link is dead by its silence, if it is."""
        if self.phase in (DIALLING, GREETING):
            return LinkFault("connect_timeout") if now_ns >= self.born_ns + self.config.dial_timeout_ns else None
        if now_ns >= self.pong_due_ns:
            return LinkFault("no_pong")
        return LinkFault("idle") if now_ns >= self.heard_ns + self.config.idle_ns else None

    def next_ns(self) -> int:
        """When something of this link is due, at the latest."""
        if self.phase in (DIALLING, GREETING):
            return self.born_ns + self.config.dial_timeout_ns
        due = [self.ping_at_ns, self.pong_due_ns, self.heard_ns + self.config.idle_ns, self.rotate_ns]
        if self._waiting:
            due.append(self._free_ns)
        return min(min(due), min((self._topic_due(topic) for topic in self.topics.values()), default=NEVER))

    def _topic_due(self, topic: Topic) -> int:
        due = topic.again_ns
        if not topic.confirmed and not topic.alarmed and topic.asked_ns:
            due = min(due, topic.asked_ns + self.config.alarm_after_ns)
        limit = self.config.silent_after_ns.get(topic.channel.kind)
        if limit is not None and topic.confirmed and not topic.alarmed:
            due = min(due, topic.last_ns + limit)
        return due
