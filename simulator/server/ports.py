"""Listening sockets, and the doors that faults shut: refused, never answered, or with another certificate."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

from ...runtime.errors import fault

_BACKLOG = 128
HANDSHAKE_S = 10.0


def listen(host: str, port: int, what: str, *, shut: bool = False) -> socket.socket:
    """A listening socket on loopback; `shut` holds the port and refuses who comes. FC1311 if it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        if not shut:
            made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        option = f"`--{what}-port`" if what != "http" else "`--port`"
        helps = (f"{option} takes another one, 0 any free one", "`flashc sim status` says whether one runs already")
        where, message = f"{host}:{port}", f"the {what} port cannot be opened: {error.strerror}"
        raise fault("FC1311", message, where, helps=helps) from error
    made.setblocking(False)
    return made


class Port:
    """Accepts connections on one socket. `context()` is asked for each: the TLS to show, None for none."""

    def __init__(
        self, raw: socket.socket, factory: Callable[[], asyncio.Protocol], context: Callable[[], ssl.SSLContext | None]
    ) -> None:
        self._raw, self._factory, self._context = raw, factory, context
        self._address = raw.getsockname()
        self._family = raw.family
        self._fillers: list[socket.socket] = []
        self._greetings: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None

    @property
    def number(self) -> int:
        """The port's number."""
        return int(self._address[1])

    def start(self) -> None:
        """Accept from now on."""
        self._task = asyncio.get_running_loop().create_task(self._accept(self._raw))

    def _stop_accepting(self) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def close(self) -> None:
        """Accept nothing more."""
        self._stop_accepting()
        for task in self._greetings:
            task.cancel()
        await asyncio.sleep(0)
        self._drop_fillers()
        self._raw.close()

    async def _accept(self, raw: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(raw)
            except OSError:  # the client is gone again, or there are no more files
                await asyncio.sleep(0.01)
                continue
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = loop.create_task(self._greet(accepted))
            self._greetings.add(task)
            task.add_done_callback(self._greetings.discard)

    async def _greet(self, accepted: socket.socket) -> None:
        context = self._context()
        timeout = None if context is None else HANDSHAKE_S
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._factory, accepted, ssl=context, ssl_handshake_timeout=timeout
            )
        except OSError:  # no handshake: hostile bytes, or a client that distrusts us
            accepted.close()

    # faults

    async def gate(self, how: str) -> None:
        """`open`, `refused` (a connect meets a reset) or `black_hole` (a connect is never answered)."""
        self._stop_accepting()
        await asyncio.sleep(0)
        self._drop_fillers()
        if how == "refused":
            self._raw.close()
            self._raw = listen(self._address[0], self.number, "http", shut=True)
            return
        self._raw.listen(0 if how == "black_hole" else _BACKLOG)
        if how == "black_hole":
            self._fill()
        else:
            self.start()

    def _fill(self) -> None:
        """Take the places of the queue, so that the kernel drops whoever comes."""
        for _ in range(4):
            filler = socket.socket(self._family, socket.SOCK_STREAM)
            filler.setblocking(False)
            filler.connect_ex(self._address[:2])
            self._fillers.append(filler)

    def _drop_fillers(self) -> None:
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()
