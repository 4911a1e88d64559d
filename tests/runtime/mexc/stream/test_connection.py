"""The asyncio shell on loopback sockets, against a WebSocket server of another library."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import json
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.mexc.stream import channels
from flashc.runtime.mexc.stream.connection import StreamShell, system_session, tls_context
from flashc.runtime.mexc.stream.endpoint import endpoint
from flashc.runtime.mexc.stream.events import ChannelConfirmed, Event, LinkLost, PushFrame, SessionConfig
from support.fake_streams import depth_frame
from support.virtual_time import LoopClock, run_virtual
from websockets.asyncio.server import ServerConnection, serve

DEPTH = channels.depth("MXUSDT")


def self_signed(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for a name or address of this machine, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "local exchange")])
    try:
        alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        alternative = x509.DNSName(name)
    begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    built = x509.CertificateBuilder(
        subject, subject, key.public_key(), x509.random_serial_number(), begin, begin + datetime.timedelta(days=9)
    ).add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_file, key_file


async def answering(socket: ServerConnection) -> None:
    """Acknowledges, then pushes three changes of the book."""
    async for text in socket:
        request = json.loads(text)
        if request["method"] == "SUBSCRIPTION":
            await socket.send(json.dumps({"id": request["id"], "code": 0, "msg": ",".join(request["params"])}))
            for version in range(1, 4):
                await socket.send(depth_frame(DEPTH.name, version, version))


def play(
    handler: Callable[[ServerConnection], Awaitable[None]],
    until: Callable[[list[Event]], bool],
    *,
    server_tls: ssl.SSLContext | None = None,
    ca_file: Path | None = None,
    host: str = "127.0.0.1",
    **config: Any,
) -> list[Event]:
    """The events of a session against the handler until `until` holds, at most five seconds."""

    async def run() -> list[Event]:
        async with serve(handler, "127.0.0.1", 0, ssl=server_tls, compression=None) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            at = endpoint(f"{'wss' if server_tls else 'ws'}://{host}:{port}")
            session = system_session(SessionConfig(endpoint=at, **config), 1)
            events: list[Event] = []

            def on_event(event: Event) -> None:
                events.append(event)
                if until(events):
                    shell.stop()

            shell = StreamShell(session, on_event, tls=tls_context(at, ca_file), now_ns=LoopClock().mono_ns)
            shell.subscribe([DEPTH])
            async with asyncio.timeout(5):
                await shell.run()
            return events

    return run_virtual(run())


def pushed(count: int) -> Callable[[list[Event]], bool]:
    return lambda events: sum(isinstance(event, PushFrame) for event in events) >= count


def test_frames_of_a_real_socket_come_in_order() -> None:
    events = play(answering, pushed(3))
    versions = [event.push.body.to_version for event in events if isinstance(event, PushFrame)]  # type: ignore[attr-defined]
    assert versions == ["1", "2", "3"]
    assert sum(isinstance(event, ChannelConfirmed) for event in events) == 1
    assert [(event.reason, event.planned) for event in events if isinstance(event, LinkLost)] == [("stopped", True)]


def test_a_server_that_hangs_up_is_dialled_again() -> None:
    calls = 0

    async def handler(socket: ServerConnection) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            socket.transport.abort()
            return
        await answering(socket)

    events = play(handler, pushed(3), backoff_first_ns=1_000_000)
    lost = [event.reason for event in events if isinstance(event, LinkLost)]
    assert lost == ["reset", "stopped"]


def test_nobody_at_the_address_is_tried_again_and_said() -> None:
    async def run() -> list[Event]:
        session = system_session(SessionConfig(endpoint=endpoint("ws://127.0.0.1:1"), backoff_first_ns=1_000_000), 1)
        events: list[Event] = []

        def on_event(event: Event) -> None:
            events.append(event)
            if len(events) >= 3:
                shell.stop()

        shell = StreamShell(session, on_event, now_ns=LoopClock().mono_ns)
        shell.subscribe([DEPTH])
        async with asyncio.timeout(5):
            await shell.run()
        return events

    assert {event.reason for event in run_virtual(run()) if isinstance(event, LinkLost)} == {"connect_failed"}


def server_context(cert_file: Path, key_file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_file, key_file)
    return context


def test_a_self_made_certificate_is_accepted_by_the_file_that_names_it(tmp_path: Path) -> None:
    cert_file, key_file = self_signed(tmp_path, "127.0.0.1")
    events = play(answering, pushed(3), server_tls=server_context(cert_file, key_file), ca_file=cert_file)
    assert sum(isinstance(event, PushFrame) for event in events) == 3


def lost_first(events: list[Event]) -> bool:
    return any(isinstance(event, LinkLost) for event in events)


@pytest.mark.parametrize(("name", "trusted"), [("127.0.0.1", False), ("other.example", True)])
def test_an_unproved_server_gets_no_byte(tmp_path: Path, name: str, trusted: bool) -> None:
    cert_file, key_file = self_signed(tmp_path, name)
    greeted: list[ServerConnection] = []

    async def handler(socket: ServerConnection) -> None:
        greeted.append(socket)

    events = play(
        handler, lost_first, server_tls=server_context(cert_file, key_file), ca_file=cert_file if trusted else None
    )
    assert next(event.reason for event in events if isinstance(event, LinkLost)) == "tls_refused"
    assert not greeted


def test_a_file_without_a_certificate_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(RuntimeFault, match="FC1211"):
            tls_context(endpoint("wss://127.0.0.1:1"), tmp_path / name)
