"""HTTP requests, sent at most once. The only module that imports httpx.

Nothing is done behind the caller's back: no second attempt, no redirect, no proxy and no certificate from the
environment, no cookies, no compression, no HTTP/2. TLS certificates are always verified. Of httpx only the transport is
used, not the client: that logs whole addresses, and those hold signatures and listen keys.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from ..errors import fault
from .loopback import dialled

LARGEST_ANSWER_BYTES = 32 << 20
_STARTED = "http11.send_request_headers.started"


class TransportError(Exception):
    """A request without an answer. `sent` is false only when not one byte was handed to the connection."""

    def __init__(self, why: str, *, sent: bool) -> None:
        self.why = why
        self.sent = sent
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request. `query` and `body` travel byte for byte as they stand here.

    They can hold a signature or a listen key, and headers hold the access key, so none of them is in its text form.
    """

    method: str
    path: str
    query: str = field(default="", repr=False)
    body: bytes = field(default=b"", repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer. Names of headers are in lower case."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Transport(Protocol):
    """Sends requests to one host."""

    async def send(self, request: HttpRequest, timeout_ns: int) -> HttpAnswer:
        """The whole answer within `timeout_ns`, or `TransportError`. The request leaves at most once."""

    async def close(self) -> None:
        """Close what is open. A closed transport opens again when it is used."""


class HttpTransport:
    """Requests to `base_url` (scheme, host and port) over HTTP/1.1 connections that are kept.

    `certificate`: a file with the one authority to trust instead of the system's; a local exchange has its own.
    """

    def __init__(self, base_url: str, *, certificate: str | None = None, connections: int = 4) -> None:
        parts = urlsplit(base_url)  # the parser of those who decide which addresses are allowed
        host = parts.hostname or ""
        self._base = httpx.URL(scheme=parts.scheme, host=dialled(host), port=parts.port)
        self._authority = httpx.URL(scheme=parts.scheme, host=host, port=parts.port).netloc.decode("ascii")
        self._name = {"sni_hostname": host} if parts.scheme == "https" else {}
        context = _context(certificate)
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30.0)
        self._settings: dict[str, Any] = {"verify": context, "limits": limits, "trust_env": False, "retries": 0}
        self._transport = self._open()

    def _open(self) -> httpx.AsyncHTTPTransport:
        return httpx.AsyncHTTPTransport(http1=True, http2=False, **self._settings)

    async def send(self, request: HttpRequest, timeout_ns: int) -> HttpAnswer:
        started: list[str] = []

        async def trace(event: str, _: Mapping[str, Any]) -> None:
            if event == _STARTED:
                started.append(event)

        try:
            async with asyncio.timeout(timeout_ns / 1e9):
                return await self._exchange(request, timeout_ns / 1e9, trace)
        except TransportError as error:
            failure = TransportError(error.why, sent=error.sent)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            failure = TransportError(_reason(error), sent=bool(started))
        # A new one, raised outside of the handlers: the frames of the others hold the query, and with it the signature.
        raise failure

    async def _exchange(self, request: HttpRequest, timeout_s: float, trace: object) -> HttpAnswer:
        extensions = {"timeout": httpx.Timeout(timeout_s).as_dict(), "trace": trace, **self._name}
        response = await self._transport.handle_async_request(self._raw(request, extensions))
        try:
            headers = {name.lower(): value for name, value in response.headers.items()}
            if headers.get("content-encoding", "identity").lower() != "identity":
                raise TransportError("the answer is compressed, which was not asked for", sent=True)
            return HttpAnswer(response.status_code, await _body(response), headers)
        finally:
            await response.aclose()

    def _raw(self, request: HttpRequest, extensions: dict[str, Any]) -> httpx.Request:
        target = f"{request.path}?{request.query}" if request.query else request.path
        return httpx.Request(
            request.method,
            self._base.copy_with(raw_path=target.encode("ascii")),
            headers=[*request.headers, ("Accept-Encoding", "identity"), ("Host", self._authority)],
            content=request.body,
            extensions=extensions,
        )

    async def close(self) -> None:
        old, self._transport = self._transport, self._open()
        await old.aclose()


def _context(certificate: str | None) -> ssl.SSLContext:
    """How certificates are verified. FC1211 for a file that holds none."""
    try:
        return ssl.create_default_context(cafile=certificate)
    except (OSError, ssl.SSLError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it holds no certificate"
        raise fault("FC1211", why, str(certificate), helps=("give the file that the server's owner gave",)) from None


async def _body(response: httpx.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > LARGEST_ANSWER_BYTES:
            raise TransportError(f"the answer is larger than {LARGEST_ANSWER_BYTES} bytes", sent=True)
        parts.append(part)
    return b"".join(parts)


def _reason(error: Exception) -> str:
    """What went wrong, without the address that was asked for."""
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return "no answer in time"
    if isinstance(error, httpx.ConnectError):
        return f"no connection: {error}"[:200]
    if isinstance(error, httpx.RemoteProtocolError):
        return "the connection ended before the answer did, or the answer is no HTTP"
    if isinstance(error, httpx.NetworkError):
        return "the connection was cut"
    return f"the connection broke: {type(error).__name__}"
