"""Sockets for a session of streams: a thin asyncio shell that decides nothing.

It opens and closes what the session asks for, carries bytes both ways with the time of a clock that never steps, calls
the session's timer, and hands every event to one callable. TLS is always verified; a certificate that no authority
signed is accepted only by the file that names it.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from ....cython_core import native
from ....cython_core.wire.push import decode_push
from ...errors import fault
from ...market_data.synth.prng import Stream
from ...net.loopback import dialled, is_loopback
from .channels import Channel
from .counters import Counters
from .endpoint import Endpoint
from .events import Close, Connect, Event, Send, SessionConfig
from .session import Decoder, Session

#: Bytes that may wait in a socket that does not take them, before its connection is given up.
MOST_UNSENT = 1 << 20
#: The timer is called at least this often, so that a stall of this process shows.
TICK_SECONDS = 0.1


def tls_context(endpoint: Endpoint, ca_file: Path | None = None) -> ssl.SSLContext | None:
    """How the endpoint's certificate is verified; None for a plain socket. FC1211 for a file that cannot be used.

    With `ca_file` only certificates are accepted that it signed (or holds), without it those of the system's
    authorities. The name in the certificate must be the endpoint's in both cases.
    """
    if not endpoint.tls:
        return None
    try:
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it holds no certificate"
        raise fault("FC1211", f"{why}", str(ca_file), helps=("give the file that the server's owner gave",)) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Pipe(asyncio.Protocol):
    """One socket."""

    def __init__(self, shell: StreamShell, link: int) -> None:
        self._shell = shell
        self._link = link
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=MOST_UNSENT)
        self._shell.opened(self._link, self, transport.get_extra_info("peername"))

    def data_received(self, data: bytes) -> None:
        self._shell.heard(self._link, data)

    def pause_writing(self) -> None:
        self._shell.ended(self._link, "reset", "the other side takes no bytes")
        self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._shell.ended(self._link, "reset", type(exc).__name__ if exc else "end of the connection")

    def write(self, data: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(data)

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


class StreamShell:
    """Runs one session on the running event loop. `on_event` is called for each event, in order, and must not block.

    `on_event` and `on_tick` (called at least every `TICK_SECONDS`, with the time) may ask the session for anything;
    others call `wake` afterwards. `now_ns` is a monotonic clock. A socket that the server does not close within
    `close_after` seconds is cut. Without `tls` an endpoint that needs it is verified by the system's authorities.
    """

    def __init__(
        self,
        session: Session,
        on_event: Callable[[Event], None],
        *,
        tls: ssl.SSLContext | None = None,
        now_ns: Callable[[], int] = time.monotonic_ns,
        on_tick: Callable[[int], None] | None = None,
        close_after: float = 1.0,
    ) -> None:
        self.session = session
        self._on_event = on_event
        self._on_tick = on_tick
        self._tls = tls or tls_context(session.config.endpoint)
        self._now_ns = now_ns
        self._close_after = close_after
        self._pipes: dict[int, _Pipe] = {}
        self._dials: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._stopping = False

    async def run(self) -> None:
        """Run until `stop`; cancelling it stops too. Every socket is closed at the end."""
        try:
            while not self._stopping:
                self._wake.clear()
                self.tick()
                pause = min(max(self.session.next_ns() - self._now_ns(), 0) / 1e9, TICK_SECONDS)
                try:
                    async with asyncio.timeout(max(pause, 0.001)):
                        await self._wake.wait()
                except TimeoutError:
                    continue
        finally:
            await self._shut()

    def tick(self) -> None:
        """Let time pass: call it after anything was asked of the session."""
        now_ns = self._now_ns()
        self.session.timer(now_ns)
        self._act()
        if self._on_tick is not None:
            self._on_tick(now_ns)
            self._act()

    def subscribe(self, channels: Iterable[Channel]) -> None:
        """Want these channels from now on; see `Session.subscribe`."""
        self.session.subscribe(channels, self._now_ns())
        self._wake.set()

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stopping = True
        self._wake.set()

    def wake(self) -> None:
        """Something was asked of the session: act on it soon."""
        self._wake.set()

    async def _shut(self) -> None:
        self.session.stop(self._now_ns())
        self._act()
        for task in self._dials.values():
            task.cancel()
        for _ in range(20):
            if not self._pipes:
                break
            await asyncio.sleep(self._close_after / 20)
        for pipe in self._pipes.values():
            pipe.abort()
        await asyncio.gather(*self._dials.values(), return_exceptions=True)

    # ---- what sockets tell

    def opened(self, link: int, pipe: _Pipe, peer: object) -> None:
        if not _same_machine(self.session.config.endpoint, peer):
            self.ended(link, "connect_failed", "the name led to another machine")
            pipe.abort()
            return
        self._pipes[link] = pipe
        self.session.connected(link, self._now_ns())
        self._act()

    def heard(self, link: int, data: bytes) -> None:
        self.session.received(link, data, self._now_ns())
        self._act()

    def ended(self, link: int, reason: str, detail: str) -> None:
        self._pipes.pop(link, None)
        self.session.closed(link, reason, self._now_ns(), detail)
        self._act()
        self._wake.set()

    # ---- what the session asks

    def _act(self) -> None:
        outbox = self.session.outbox
        while True:
            actions, events = outbox.actions(), outbox.events()
            if not actions and not events:
                return
            for action in actions:
                if isinstance(action, Connect):
                    self._dials[action.link] = asyncio.get_running_loop().create_task(self._dial(action))
                elif isinstance(action, Send):
                    self._send(action)
                else:
                    self._close(action)
            for event in events:
                self._on_event(event)

    def _send(self, action: Send) -> None:
        if (pipe := self._pipes.get(action.link)) is not None:
            pipe.write(action.data)

    def _close(self, action: Close) -> None:
        if (dial := self._dials.get(action.link)) is not None:
            dial.cancel()
        if (pipe := self._pipes.get(action.link)) is not None:
            pipe.close()
            asyncio.get_running_loop().call_later(self._close_after, pipe.abort)

    async def _dial(self, action: Connect) -> None:
        endpoint, link = action.endpoint, action.link
        loop = asyncio.get_running_loop()
        try:
            name = endpoint.host if self._tls else None
            at = dialled(endpoint.host), endpoint.port
            await loop.create_connection(lambda: _Pipe(self, link), *at, ssl=self._tls, server_hostname=name)
        except ssl.SSLError as error:
            self.ended(link, "tls_refused", getattr(error, "verify_message", "") or type(error).__name__)
        except OSError as error:
            self.ended(link, "connect_failed", error.strerror or type(error).__name__)
        finally:
            self._dials.pop(link, None)


def _same_machine(endpoint: Endpoint, peer: object) -> bool:
    """Whether an endpoint that must be this machine is it: a name may have been resolved to another one."""
    return not endpoint.is_loopback or (isinstance(peer, tuple) and is_loopback(str(peer[0])))


def system_session(
    config: SessionConfig, seed: int, *, decode: Decoder | None = None, counters: Counters | None = None
) -> Session:
    """A session with this machine's entropy, and the C core where it was built. `seed` decides only jitter."""
    library = native.library()
    decoder = decode or (decode_push if library is None else library.decode_push)
    return Session(config, decoder, Stream(seed, "session"), os.urandom, counters, native.frame_reader)
