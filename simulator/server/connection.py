"""One accepted connection: HTTP requests and answers in order, or after an upgrade the frames of a stream."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from ..faults.seams import HELD, End, Reply, Shape
from ..rest.calls import Answer, Call, json_answer
from .clock import Clock
from .replies import answer_bytes
from .requests import MAX_WAITING, BadRequest, RequestReader
from .stream import Stream
from .wire import Wire

#: A request that has begun must be whole after this; a connection that says nothing is closed after this.
REQUEST_S, IDLE_S = 10.0, 75.0


def now_s() -> float:
    """The time of the loop."""
    return asyncio.get_running_loop().time()


class App(Protocol):
    """What stands behind a port."""

    clock: Clock

    def connected(self, connection: Connection) -> Wire | None:
        """A number for a new connection; None if there are too many."""

    def answer(self, call: Call, wire: Wire, release: Callable[[Reply], None]) -> Reply:
        """The reply to a request, or `HELD` if `release` will bring it."""

    def opened(self, call: Call, connection: Connection) -> Stream | Answer:
        """A stream for a request that asks for one, or the refusal."""

    def shapes(self, wire: Wire) -> tuple[Shape, Shape] | None:
        """What happens to bytes (out, in) now; None if no fault touches any."""

    def cut(self, wire: Wire, head: bytes) -> tuple[int, End] | None:
        """Where the request that begins so is cut."""

    def gone(self, wire: Wire) -> None:
        """The connection is closed."""

    def refused(self) -> None:
        """Bytes came that are no request."""


class Connections:
    """The open connections of a port by number, counted from 1; at most `most` at a time."""

    def __init__(self, most: int) -> None:
        self.connections: dict[int, Connection] = {}
        self._most, self._numbers = most, 0

    def connected(self, connection: Connection) -> Wire | None:
        if len(self.connections) >= self._most:
            return None
        self._numbers += 1
        self.connections[self._numbers] = connection
        return Wire(self._numbers)

    def gone(self, wire: Wire) -> None:
        self.connections.pop(wire.number, None)


@dataclass(slots=True)
class _Slot:
    """A request that waits for its reply, in the order of the connection."""

    keep_alive: bool
    bodiless: bool
    reply: Reply | None = None


class Connection(asyncio.Protocol):
    """Reads requests, asks the app, writes answers in order."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._slots: deque[_Slot] = deque()
        self._cut: tuple[int, End] | None = None
        self._is_over = False
        self.stream: Stream | None = None
        self.touched = self._began = now_s()
        self.wire: Wire | None = None

    # asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        sent = cast("asyncio.Transport", transport)
        self.wire = self._app.connected(self)
        if self.wire is None:
            sent.abort()
            return
        self.wire.attach(sent)
        peer = sent.get_extra_info("peername")
        self._reader = RequestReader(str(peer[0]) if peer else "", self._request, self._upgrade, self._proceed)

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over = True
        if self.wire is not None:
            self.wire.gone()
            self._app.gone(self.wire)

    def eof_received(self) -> bool:
        return False

    def data_received(self, data: bytes) -> None:
        assert self.wire is not None
        if self.wire.incoming is None and self._app.shapes(self.wire) is not None:
            self.shape()
        if self.wire.incoming is not None:
            self.wire.incoming.put(data)
        else:
            self._take(data)

    def shape(self) -> None:
        """A fault touches bytes: from now on they go through pipes."""
        assert self.wire is not None
        if self.wire.incoming is None:
            self.wire.shaped(self._app.clock, lambda wire: self._app.shapes(wire), self._take)

    # requests

    def _take(self, data: bytes) -> None:
        if self._is_over:
            return
        self.touched = now_s()
        if self.stream is not None:
            self.stream.feed(data)
            return
        if not self._reader.is_inside:
            self._began = self.touched
            self._cut = self._app.cut(self._wire, data)
        if self._cut is not None:
            self._take_part(data)
        else:
            self._read(data)

    @property
    def _wire(self) -> Wire:
        assert self.wire is not None
        return self.wire

    def _take_part(self, data: bytes) -> None:
        """Read what a fault lets through of a request, then end."""
        assert self._cut is not None
        left, how = self._cut
        self._cut = (left - len(data), how)
        if data[:left]:
            self._read(data[:left])
        if left <= len(data):
            self.end(how)

    def _read(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
        except BadRequest as error:
            self._app.refused()
            self._answer_and_close(json_answer({"code": 33333, "msg": f"Bad Request: {error}"}, error.status))

    def _request(self, call: Call, keep_alive: bool) -> None:
        wire = self._wire
        wire.link = wire.link or "rest"
        wire.requests += 1
        slot = _Slot(keep_alive, call.method == "HEAD")
        self._slots.append(slot)
        if len(self._slots) >= MAX_WAITING:
            wire.transport.pause_reading()
        try:
            reply = self._app.answer(call, wire, lambda reply: self._fill(slot, reply))
        except Exception:
            slot.keep_alive = False
            self._fill(slot, Reply(json_answer({"code": 500, "msg": "internal error"}, 500)))
            raise
        if self._cut is not None:  # the whole request came before the cut: the answer does not get out
            self.end(self._cut[1])
        elif reply is not HELD:
            self._fill(slot, reply)

    def _fill(self, slot: _Slot, reply: Reply) -> None:
        if reply.late_ns:
            wait_s = self._app.clock.wall_s(reply.late_ns)
            asyncio.get_running_loop().call_later(wait_s, self._fill, slot, Reply(reply.answer, reply.end))
            return
        slot.reply = reply
        while not self._is_over and self._slots and self._slots[0].reply is not None:
            if not self._send(self._slots[0], self._slots[0].reply):
                return
            self._slots.popleft()
            if len(self._slots) == MAX_WAITING - 1:
                self._wire.transport.resume_reading()

    def _send(self, slot: _Slot, reply: Reply) -> bool:
        """Write one answer; False if nothing more comes on this connection."""
        if reply.answer is not None:
            data = answer_bytes(reply.answer, keep_alive=slot.keep_alive, bodiless=slot.bodiless)
            self._wire.write(data if reply.end is not End.INSIDE else data[: len(data) // 2])
        if reply.end is not None:
            self.end(reply.end)
        elif reply.answer is not None and not slot.keep_alive:
            self._is_over = True
            self._wire.end()
        return reply.answer is not None and not self._is_over

    def _answer_and_close(self, answer: Answer) -> None:
        if not self._is_over:
            self._is_over = True
            self._wire.write(answer_bytes(answer, keep_alive=False))
            self._wire.end()

    def _proceed(self) -> None:
        """Ask for a body that is held back. Not while an earlier answer is due: the client sends it unasked then."""
        if not self._slots and not self._is_over:
            self._wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _upgrade(self, call: Call, rest: bytes) -> None:
        found = self._app.opened(call, self)
        if isinstance(found, Answer):
            self._answer_and_close(found)
            return
        self.stream = found
        if rest:
            found.feed(rest)

    # ends

    def end(self, how: End, code: int = 1001) -> None:
        """End the connection, one way or another."""
        if self._is_over:
            return
        self._is_over = True
        if how is End.RESET:
            self._wire.reset()
            return
        if self.stream is not None and how in (End.FRAME, End.INSIDE):
            self.stream.last_words(how, code)
        self._wire.end()

    def sweep(self, now_s: float) -> None:
        """Close what takes too long. To be called every second or so."""
        if self._is_over or self.stream is not None or self.wire is None:
            return
        if self._reader.is_inside and now_s - self._began > REQUEST_S:
            self._answer_and_close(json_answer({"code": 33333, "msg": "Request Timeout"}, 408))
        elif not self._slots and now_s - self.touched > IDLE_S:
            self._is_over = True
            self._wire.end()
