"""What stands behind the exchange's ports: requests go to the world, what leaves goes to the sockets."""

from __future__ import annotations

import datetime
import ssl
import time
from collections.abc import Callable, Sequence
from urllib.parse import parse_qs

from ...runtime.market_data.moments import NS_PER_SECOND
from ..faults.schedule import Target
from ..faults.seams import End, Reply, Shape
from ..rest.calls import Answer, Call, json_answer
from ..stream.hub import Push
from . import frames, tls
from .clock import Clock
from .connection import Connection, Connections, now_s
from .ports import Port
from .stream import Stream, shake_hands
from .wire import Wire
from .world import Leaving, World

WS_PATH = "/ws"
MOST_CONNECTIONS = 1_000
#: Certificate kinds -> days from today of (first, last) validity.
_DAYS = {"valid": (-1, 365), "expired": (-30, -1), "self_signed": (-1, 365), "stranger": (-1, 365)}


class ExchangeApp(Connections):
    """All connections of one exchange. `settle` is called when something may have to leave soon."""

    def __init__(self, clock: Clock, authority: tls.Authority | None) -> None:
        super().__init__(MOST_CONNECTIONS)
        self.clock = clock
        self.world: World
        self.settle: Callable[[], None] = lambda: None
        self.now_ns: Callable[[], int] = clock.now_ns
        self.ports: list[Port] = []
        self.rejected = 0
        self._authority = authority
        self._context: ssl.SSLContext | None = None
        self._gate: Callable[[str], None] = lambda how: None

    # connections

    def gone(self, wire: Wire) -> None:
        super().gone(wire)
        self.world.hub.close(wire.number)

    def refused(self) -> None:
        self.rejected += 1

    def shapes(self, wire: Wire) -> tuple[Shape, Shape] | None:
        board = self.world.board
        return board.shapes(wire) if board.touches("shapes") else None

    def cut(self, wire: Wire, head: bytes) -> tuple[int, End] | None:
        board = self.world.board
        return board.cut(wire, head) if board.touches("cut") else None

    def sweep(self) -> None:
        """Close connections that say nothing, or never finish."""
        at_s = now_s()
        for connection in list(self.connections.values()):
            connection.sweep(at_s)

    # REST

    def answer(self, call: Call, wire: Wire, release: Callable[[Reply], None]) -> Reply:
        reply = self.world.answer(call, wire, release, self.now_ns())
        if self.world.exchange.switches.private_when == "before":
            self.send(self.world.step(self.now_ns()))
        else:
            self.settle()
        return reply

    # streams

    def opened(self, call: Call, connection: Connection) -> Stream | Answer:
        wire = connection.wire
        assert wire is not None
        if call.path != WS_PATH:
            return json_answer({"code": 404, "msg": "Not Found"}, 404)
        keys = parse_qs(call.query, keep_blank_values=True).get("listenKey")
        if not self.world.hub.open(wire.number, keys[0] if keys else None, self.now_ns()):
            return json_answer({"code": 33333, "msg": "invalid listenKey"}, 400)
        wire.link = "public" if keys is None else "private"
        wire.account = self.world.hub.connections[wire.number].account
        compressed = self.world.exchange.switches.compression == "accepted"
        found = shake_hands(call, wire, compressed=compressed)
        if isinstance(found, Answer):
            self.world.hub.close(wire.number)
            return found
        self.settle()
        return Stream(wire, found, self)

    def heard(self, wire: Wire, text: str) -> Sequence[str]:
        answers = self.world.heard(wire, text, self.now_ns())
        self.settle()
        return answers

    def ponged(self, wire: Wire) -> None:
        self.world.hub.pong(wire.number, self.now_ns())

    def pongs(self, wire: Wire) -> bool:
        return self.world.board.pongs(wire)

    def send(self, leaving: Leaving) -> None:
        """Write pushes, one write for each connection; close what the exchange closes."""
        batches: dict[int, list[Push]] = {}
        for push in leaving.pushes:
            batch = batches.get(push.connection)
            if batch is None:
                batch = batches[push.connection] = []
            batch.append(push)
        for number, batch in batches.items():
            connection = self.connections.get(number)
            if connection is not None and connection.wire is not None and connection.stream is not None:
                if self.shapes(connection.wire) is not None:
                    connection.shape()  # a stream that only listens is touched too
                connection.wire.write(connection.stream.frames(batch))
        for number in leaving.pings:
            self._write(number, frames.frame(b"", frames.PING))
        code = self.world.exchange.switches.close_code
        how = End.CLOSE if code == "none" else End.FRAME
        for number, _ in leaving.closings:
            self.world.hub.close(number)
            if number in self.connections:
                self.connections[number].end(how, 1001 if code == "1001" else 1000)

    def _write(self, number: int, data: bytes) -> None:
        connection = self.connections.get(number)
        if connection is not None and connection.wire is not None:
            connection.wire.write(data)

    # what faults may do

    def _streams(self, target: Target) -> list[Connection]:
        return [
            one
            for one in self.connections.values()
            if one.stream is not None
            and one.wire is not None
            and target.takes(account=one.wire.account, link=one.wire.link, connection=one.wire.number)
        ]

    def end_streams(self, target: Target, how: End, code: int) -> int:
        found = self._streams(target)
        for one in found:
            one.end(how, code)
        return len(found)

    def send_raw(self, target: Target, data: bytes) -> int:
        found = self._streams(target)
        for one in found:
            assert one.wire is not None
            one.wire.write(data)
        return len(found)

    def gate(self, how: str) -> None:
        self._gate(how)

    def guarded_by(self, gate: Callable[[str], None]) -> None:
        """`gate` shuts and opens the ports."""
        self._gate = gate

    def certificate(self, kind: str, host: str) -> None:
        self._context = None if kind == "plain" else self._made(kind, host)

    def _made(self, kind: str, host: str) -> ssl.SSLContext | None:
        if self._authority is None:
            return None
        today = datetime.datetime.fromtimestamp(time.time_ns() // NS_PER_SECOND, datetime.UTC)
        first, last = (today + datetime.timedelta(days=days) for days in _DAYS[kind])
        signer: tls.Authority | None = self._authority
        if kind == "self_signed":
            signer = None
        elif kind == "stranger":
            signer = tls.new_authority(tls.CA_NAME, today)
        return tls.server_context(signer, (host,) if host else tls.NAMES, first, last)

    def context(self) -> ssl.SSLContext | None:
        """What the TLS port shows to the next client."""
        return self._context

    def pump(self) -> None:
        for one in list(self.connections.values()):
            if one.wire is not None:
                one.wire.pump()
        self.settle()
