"""A local exchange with open ports: `async with LocalExchange(...) as local: ... local.http_url`."""

from __future__ import annotations

import asyncio
import datetime
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from ...runtime.market_data.moments import NS_PER_SECOND
from . import tls
from .clock import Clock
from .connection import Connection
from .control import ControlApp
from .driver import Driver
from .exchange_app import ExchangeApp
from .folder import Folder, Running
from .ports import Port, listen
from .world import World

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ports:
    """Port numbers; 0 means any free one. `tls` None opens no TLS port."""

    http: int = 0
    tls: int | None = None
    control: int = 0


class LocalExchange:
    """Opens the ports, moves the world, closes everything.

    `make_world(app, now_ns)` builds the exchange; the app is what its faults reach the sockets through.
    """

    def __init__(
        self,
        make_world: Callable[[ExchangeApp, int], World],
        clock: Clock,
        folder: Folder,
        ports: Ports | None = None,
    ) -> None:
        self._folder, self._wanted = folder, ports or Ports()
        authority = None if self._wanted.tls is None else tls.authority(folder.path, _today())
        self.clock = clock
        self.app = ExchangeApp(clock, authority)
        self.world = self.app.world = make_world(self.app, clock.now_ns())
        self.driver = Driver(clock, self.world, self.app)
        self._sockets = self._open()
        self._gate_task: asyncio.Task[None] | None = None
        self._gate_how = "open"

    def _open(self) -> list[socket.socket]:
        """Sockets of http, control and perhaps TLS, and the folder. All are ours, or none is."""
        made: list[socket.socket] = []
        wanted = [("http", self._wanted.http), ("control", self._wanted.control), ("tls", self._wanted.tls)]
        try:
            for what, number in wanted:
                if number is not None:
                    made.append(listen(HOST, number, what))
            self._folder.claim()
        except BaseException:
            for raw in made:
                raw.close()
            raise
        return made

    async def __aenter__(self) -> LocalExchange:
        http, control, *secure = self._sockets
        self.http = Port(http, lambda: Connection(self.app), lambda: None)
        self.secure = [Port(raw, lambda: Connection(self.app), self.app.context) for raw in secure]
        if secure:
            self.app.certificate("valid", "")
        self.control = ControlApp(self.world, self.driver, self._folder.new_token())
        self._control_port = Port(control, lambda: Connection(self.control), lambda: None)
        self.control.port = self._control_port.number
        self.app.guarded_by(self._gate)
        for port in (*self.public_ports, self._control_port):
            port.start()
        self.driver.start()
        self._folder.announce(self.running)
        return self

    @property
    def public_ports(self) -> list[Port]:
        return [self.http, *self.secure]

    @property
    def running(self) -> Running:
        """Where everything listens."""
        plain, control = (f"{HOST}:{port.number}" for port in (self.http, self._control_port))
        secure = f"{HOST}:{self.secure[0].number}" if self.secure else ""
        return Running(
            os.getpid(),
            f"http://{plain}",
            f"https://{secure}" if secure else "",
            f"ws://{plain}/ws",
            f"wss://{secure}/ws" if secure else "",
            f"http://{control}",
        )

    @property
    def http_url(self) -> str:
        return self.running.http

    @property
    def ws_url(self) -> str:
        return self.running.ws

    @property
    def ca_file(self) -> Path:
        """What clients of the TLS port are to trust."""
        return self._folder.path / tls.CA_FILE

    def _gate(self, how: str) -> None:
        """Shut or open the exchange's ports; the latest call wins."""
        self._gate_how = how
        if self._gate_task is None or self._gate_task.done():
            self._gate_task = asyncio.get_running_loop().create_task(self._turn_gate())

    async def _turn_gate(self) -> None:
        done = ""
        while done != self._gate_how:
            done = self._gate_how
            for port in self.public_ports:
                await port.gate(done)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.driver.stop()
        if self._gate_task is not None:
            await self._gate_task
        for port in (*self.public_ports, self._control_port):
            await port.close()
        for one in [*self.app.connections.values(), *self.control.connections.values()]:
            if one.wire is not None:
                one.wire.reset()
        await asyncio.sleep(0.01)
        self._folder.withdraw(os.getpid())


def _today() -> datetime.datetime:
    return datetime.datetime.fromtimestamp(time.time_ns() // NS_PER_SECOND, datetime.UTC)
