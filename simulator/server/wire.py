"""One accepted connection's bytes, and what may be done to them on their way: delay, stall, pieces, a cut."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable

from ..faults.seams import FREE, Shape
from .clock import Clock

#: A client that does not read: what waits for it grows to this many bytes, then the connection is cut.
MAX_WAITING_BYTES = 8 << 20
_NO_LINGER = struct.pack("ii", 1, 0)


class Pipe:
    """Bytes of one direction in order. `shape` tells what is done to them now; `deliver` takes what is let through."""

    def __init__(self, clock: Clock, shape: Callable[[], Shape], deliver: Callable[[bytes], None]) -> None:
        self._clock, self._shape, self._deliver = clock, shape, deliver
        self._queue: deque[tuple[int, bytes]] = deque()
        self._free_ns = 0
        self._timer: asyncio.TimerHandle | None = None
        self.waiting = 0
        self.then: Callable[[], None] | None = None  # called once everything was let through

    def put(self, data: bytes) -> None:
        """Bytes that came. They may be delivered before this returns."""
        shape = self._shape()
        if not self._queue and shape == FREE:
            self._deliver(data)
            return
        self._queue.append((self._clock.now_ns() + shape.delay_ns, data))
        self.waiting += len(data)
        self.pump()

    def pump(self) -> None:
        """Deliver what may go now, and come back for the rest. To be called when the shape changes."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._queue:
            shape, now = self._shape(), self._clock.now_ns()
            if shape.is_stalled:
                return
            due_ns, data = self._queue[0]
            wait_ns = max(self._free_ns, due_ns if shape.delay_ns else 0) - now
            if wait_ns > 0:
                delay_s = max(0.0005, self._clock.wall_s(wait_ns))
                self._timer = asyncio.get_running_loop().call_later(delay_s, self.pump)
                return
            self._pass(due_ns, data, shape, now)
        if self.then is not None:
            self.then()

    def _pass(self, due_ns: int, data: bytes, shape: Shape, now_ns: int) -> None:
        piece = data[: shape.piece] if shape.piece else data
        rest = data[len(piece) :]
        self._queue.popleft()
        if rest:
            self._queue.appendleft((due_ns, rest))
        self._free_ns = now_ns + shape.gap_ns if shape.piece else 0
        self.waiting -= len(piece)
        self._deliver(piece)

    def drop(self) -> None:
        """Forget everything: the connection is gone."""
        self._queue.clear()
        self.waiting, self.then = 0, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


Shapes = Callable[["Wire"], "tuple[Shape, Shape] | None"]


class Wire:
    """A connection. `number` counts them from 1; `link` is `rest`, `public` or `private` once that is known."""

    transport: asyncio.Transport

    def __init__(self, number: int) -> None:
        self.number = number
        self.link = ""
        self.account = ""
        self.requests = 0
        self.outgoing: Pipe | None = None
        self.incoming: Pipe | None = None

    def write(self, data: bytes) -> None:
        """Send, or queue where a fault holds it. Cuts a client that has let too much wait."""
        if self.outgoing is None:
            self._send(data)
        else:
            self.outgoing.put(data)
            if self.outgoing.waiting > MAX_WAITING_BYTES:
                self.reset()

    def _send(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(data)
        if self.transport.get_write_buffer_size() > MAX_WAITING_BYTES:
            self.reset()

    def attach(self, transport: asyncio.Transport) -> None:
        """The transport is there."""
        self.transport = transport

    def shaped(self, clock: Clock, shapes: Shapes, deliver: Callable[[bytes], None]) -> None:
        """From now on bytes go through pipes; `shapes` tells what is done to them (out, in), None for nothing."""
        self.outgoing = Pipe(clock, lambda: (shapes(self) or (FREE, FREE))[0], self._send)
        self.incoming = Pipe(clock, lambda: (shapes(self) or (FREE, FREE))[1], deliver)

    def pump(self) -> None:
        """The shape has changed."""
        for pipe in (self.outgoing, self.incoming):
            if pipe is not None:
                pipe.pump()

    def end(self) -> None:
        """Close after what was written, also what a fault still holds."""
        if self.outgoing is not None and self.outgoing.waiting:
            self.outgoing.then = self.transport.close
        else:
            self.transport.close()

    def reset(self) -> None:
        """Cut at once; the other side sees a reset."""
        raw = self.transport.get_extra_info("socket")
        if raw is not None and not self.transport.is_closing():
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.transport.abort()

    def gone(self) -> None:
        """The transport is closed."""
        for pipe in (self.outgoing, self.incoming):
            if pipe is not None:
                pipe.drop()
