"""A request leaves at most once, byte for byte, and to nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.net import http
from flashc.runtime.net.http import HttpRequest, HttpTransport, TransportError
from support.virtual_time import run_virtual

SECOND = 1_000_000_000
Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """A socket on loopback that keeps what it is sent and writes what it is told."""

    def __init__(self, *answers: bytes | None, host: str = "127.0.0.1", leaves: bool = False) -> None:
        self.answers, self.host, self.leaves = list(answers), host, leaves
        self.heads: list[bytes] = []
        self.url = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                found = self.answers.pop(0) if self.answers else OK
                if found is None:
                    break
                writer.write(found)
                await writer.drain()
                if self.leaves:
                    break
        writer.close()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, self.host, 0)
        shown = f"[{self.host}]" if ":" in self.host else self.host
        self.url = f"http://{shown}:{server.sockets[0].getsockname()[1]}"
        try:
            yield self.url
        finally:
            server.close()


async def send_all(server: Server, *requests: HttpRequest) -> list[object]:
    """Each request's answer, or the error in its place."""
    found: list[object] = []
    async with server.running() as url:
        transport = HttpTransport(url)
        for request in requests:
            try:
                found.append(await transport.send(request, 2 * SECOND))
            except TransportError as error:
                found.append(error)
        await transport.close()
    return found


def test_path_query_and_headers_travel_as_they_are() -> None:
    server = Server(OK)
    query = "symbol=GOLD%28PAXG%29USDT&a=%E5%B8%81~-_.&b=%2F%2B%20&signature=ab"
    (answer,) = run_virtual(
        send_all(server, HttpRequest("POST", "/api/v3/order", query, b"", (("X-MEXC-APIKEY", "k"),)))
    )
    assert answer.status == 200
    head = server.heads[0].decode()
    assert head.startswith(f"POST /api/v3/order?{query} HTTP/1.1\r\n")
    assert "x-mexc-apikey: k" in head.lower()
    assert "accept-encoding: identity" in head.lower()
    assert "user-agent" not in head.lower()


def test_a_request_is_never_sent_again() -> None:
    server = Server(OK, None)
    requests = [HttpRequest("GET", "/a"), HttpRequest("POST", "/order")]
    first, second = run_virtual(send_all(server, *requests))
    assert first.status == 200
    assert isinstance(second, TransportError)
    assert second.sent
    assert sum(b"POST" in head for head in server.heads) == 1


def test_a_connection_that_was_closed_while_idle_is_not_used() -> None:
    closing = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    server = Server(closing, OK)
    answers = run_virtual(send_all(server, HttpRequest("GET", "/a"), HttpRequest("POST", "/order")))
    assert [answer.status for answer in answers] == [200, 200]
    assert len(server.heads) == 2


def test_a_connection_that_the_other_side_left_without_a_word_is_not_used() -> None:
    server = Server(OK, OK, leaves=True)
    answers = run_virtual(send_all(server, HttpRequest("GET", "/a"), HttpRequest("POST", "/order")))
    assert [answer.status for answer in answers] == [200, 200]
    assert [head.split()[0] for head in server.heads] == [b"GET", b"POST"]


def test_the_name_localhost_is_never_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(host: str, *_: object, **__: object) -> object:
        raise AssertionError(f"{host} was looked up")

    async def attempt() -> int:
        async with server.running() as url:
            transport = HttpTransport(url.replace("127.0.0.1", "localhost"))
            monkeypatch.setattr("socket.getaddrinfo", elsewhere)
            status = (await transport.send(HttpRequest("GET", "/a"), SECOND)).status
            await transport.close()
            return status

    server = Server(OK)
    assert run_virtual(attempt()) == 200
    assert b"\r\nhost: localhost:" in server.heads[0].lower()


def test_the_other_loopback_address_is_dialled_too() -> None:
    server = Server(OK, host="::1")
    (answer,) = run_virtual(send_all(server, HttpRequest("GET", "/a")))
    assert answer.status == 200
    assert b"\r\nhost: [::1]:" in server.heads[0].lower()


def test_an_answer_in_chunks_is_read_whole_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    whole, endless = head + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", head + 50 * (b"a\r\n0123456789\r\n")
    monkeypatch.setattr(http, "LARGEST_ANSWER_BYTES", 100)
    first, second = run_virtual(send_all(Server(whole, endless), HttpRequest("GET", "/a"), HttpRequest("GET", "/b")))
    assert first.body == b"{}"
    assert isinstance(second, TransportError)
    assert "larger" in second.why


def test_a_head_without_end_is_cut() -> None:
    (found,) = run_virtual(send_all(Server(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000), HttpRequest("GET", "/a")))
    assert isinstance(found, TransportError)
    assert found.sent


def test_a_refused_connection_is_not_sent() -> None:
    async def attempt() -> None:
        with socket.socket() as held:  # bound and not listening
            held.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{held.getsockname()[1]}"
            await HttpTransport(url).send(HttpRequest("POST", "/order", "signature=secret"), SECOND)

    with pytest.raises(TransportError) as error:
        run_virtual(attempt())
    assert not error.value.sent
    assert error.value.__context__ is None
    assert "secret" not in str(error.value)


def test_redirects_are_answers_like_any_other() -> None:
    server = Server(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")
    (answer,) = run_virtual(send_all(server, HttpRequest("GET", "/a")))
    assert answer.status == 302
    assert len(server.heads) == 1


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (answer,) = run_virtual(send_all(Server(OK), HttpRequest("GET", "/a")))
    assert answer.status == 200


@pytest.mark.parametrize(
    "bytes_back",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
    ],
)
def test_a_damaged_answer_is_an_error_and_was_sent(bytes_back: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async def attempt() -> object:
        server = Server(bytes_back)
        async with server.running() as url:
            transport = HttpTransport(url)
            try:
                return await transport.send(HttpRequest("GET", "/a"), SECOND // 5)
            finally:
                await transport.close()

    with pytest.raises(TransportError) as error:
        run_virtual(attempt())
    assert error.value.sent


def test_an_answer_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER_BYTES", 100)
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + b" " * 101
    (found,) = run_virtual(send_all(Server(body), HttpRequest("GET", "/a")))
    assert isinstance(found, TransportError)
    assert "larger" in found.why


def test_certificates_are_always_verified() -> None:
    transport = HttpTransport("https://127.0.0.1:1")
    context = transport._settings["verify"]
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_a_file_without_a_certificate_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in ("ca.pem", "none.pem"):
        with pytest.raises(RuntimeFault, match="FC1211"):
            HttpTransport("https://127.0.0.1:1", certificate=str(tmp_path / name))


def test_a_request_shows_neither_query_nor_body_nor_headers() -> None:
    request = HttpRequest(
        "PUT", "/api/v3/userDataStream", "listenKey=canary", b"canary", (("X-MEXC-APIKEY", "canary"),)
    )
    assert "canary" not in repr(request)
