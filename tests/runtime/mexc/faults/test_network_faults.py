"""Faults N that the streams must survive, on loopback sockets. Named for the faults; REST has its own tests."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.mexc.stream import channels
from flashc.runtime.mexc.stream.connection import StreamShell, system_session
from flashc.runtime.mexc.stream.endpoint import endpoint
from flashc.runtime.mexc.stream.events import Event, LinkLost, SessionConfig
from support.virtual_time import LoopClock, run_virtual

MS = 1_000_000
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def lost(handler: Handler | None, count: int = 1, **config: int) -> tuple[list[LinkLost], list[bytes]]:
    """The first ends of connections to a server that does what `handler` does, and what the server was sent."""
    heard: list[bytes] = []

    async def run() -> list[LinkLost]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                heard.append(await reader.readuntil(b"\r\n\r\n"))
                assert handler is not None
                await handler(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        held = socket.socket()  # bound and not listening: who connects is refused, and nobody else gets the port
        held.bind(("127.0.0.1", 0))
        server = await asyncio.start_server(serve, sock=held, start_serving=handler is not None)
        port = held.getsockname()[1]
        session = system_session(
            SessionConfig(endpoint=endpoint(f"ws://127.0.0.1:{port}"), backoff_first_ns=MS, **config), 1
        )
        found: list[LinkLost] = []

        def on_event(event: Event) -> None:
            if isinstance(event, LinkLost) and not event.planned:
                found.append(event)
                if len(found) >= count:
                    shell.stop()

        shell = StreamShell(session, on_event, now_ns=LoopClock().mono_ns, close_after=0.1)
        shell.subscribe([channels.depth("MXUSDT")])
        async with asyncio.timeout(5):
            await shell.run()
        server.close()
        return found

    return run_virtual(run()), heard


def test_n_02_a_refused_connection_is_tried_again() -> None:
    found, _ = lost(None, 4)
    assert [event.reason for event in found] == ["connect_failed"] * 4


def test_n_02_a_host_that_never_answers_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)

        async def run() -> LinkLost:
            at = endpoint(f"ws://127.0.0.1:{silent.getsockname()[1]}")
            session = system_session(SessionConfig(endpoint=at, dial_timeout_ns=100 * MS), 1)
            found: list[LinkLost] = []

            def on_event(event: Event) -> None:
                if isinstance(event, LinkLost):
                    found.append(event)
                    shell.stop()

            shell = StreamShell(session, on_event, now_ns=LoopClock().mono_ns, close_after=0.1)
            shell.subscribe([channels.depth("MXUSDT")])
            async with asyncio.timeout(5):
                await shell.run()
            return found[0]

        assert run_virtual(run()).reason == "connect_timeout"


@pytest.mark.parametrize("url", ["ws://wbs-api.mexc.com/ws", "ws://192.0.2.7/ws", "http://127.0.0.1/ws"])
def test_n_04_a_plain_connection_that_leaves_this_machine_is_never_opened(url: str) -> None:
    with pytest.raises(RuntimeFault, match="FC1210"):
        endpoint(url, remote=True)


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def html(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    body = b"<html>blocked</html>"
    writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    await writer.drain()


async def html_as_success(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n<html>welcome</html>")
    await writer.drain()


async def dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for _ in range(1000):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("handler", "reason", "detail"),
    [
        (hang_up, "reset", ""),
        (html, "handshake", "wrong_status (403)"),
        (html_as_success, "handshake", "wrong_status (200)"),
        (dribble, "connect_timeout", ""),
    ],
)
def test_n_01_and_n_09_whatever_answers_instead_is_named_and_left(handler: Handler, reason: str, detail: str) -> None:
    found, heard = lost(handler, dial_timeout_ns=200 * MS)
    assert found[0].reason == reason
    assert not detail or found[0].detail == detail
    assert heard[0].startswith(b"GET /ws HTTP/1.1\r\n")
