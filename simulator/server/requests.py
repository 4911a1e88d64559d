"""HTTP/1.1 requests from bytes, with bounds on everything. The parser itself is httptools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httptools

from ..rest.calls import Call

MAX_HEAD_BYTES = 32 << 10
MAX_BODY_BYTES = 1 << 20
MAX_HEADERS = 100
#: Requests of one connection that may wait for an earlier answer.
MAX_WAITING = 64


class BadRequest(Exception):
    """Bytes that are no request, or too many of them. `status` is the HTTP answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class RequestReader:
    """Feeds bytes to the parser and hands out calls, one by one, in order.

    `take(call, keep_alive)` gets each request; `upgrade(call, rest)` gets one that wants a WebSocket, with the bytes
    after it, and nothing is read from then on. `proceed()` is called for a client that waits to be asked for its body.
    """

    def __init__(
        self,
        address: str,
        take: Callable[[Call, bool], None],
        upgrade: Callable[[Call, bytes], None],
        proceed: Callable[[], None],
    ) -> None:
        self._address, self._take, self._upgrade, self._proceed = address, take, upgrade, proceed
        self._parser: Any = httptools.HttpRequestParser(self)
        self._clear()

    def _clear(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body = b""
        self._fed = self._head_bytes = 0
        self.is_inside = False

    def feed(self, data: bytes) -> None:
        """Read on. Raises BadRequest; the connection is of no use after it."""
        self._fed += len(data)
        self.is_inside = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as found:
            self._upgraded(bytes(data[found.args[0] :]))
            return
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            raise cause if isinstance(cause, BadRequest) else error from None
        except httptools.HttpParserError as error:
            raise BadRequest(400, str(error)) from None
        if self.is_inside and not self._headers_done and self._fed > MAX_HEAD_BYTES:
            raise BadRequest(431, "headers too long")

    _headers_done = False

    def on_message_begin(self) -> None:
        fed = self._fed
        self._clear()
        self._fed, self.is_inside, self._headers_done = fed, True, False

    def on_url(self, url: bytes) -> None:
        self._target += url
        if len(self._target) > MAX_HEAD_BYTES:
            raise BadRequest(414, "target too long")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._headers_done:  # a trailer after a body in chunks: nothing here needs one
            return
        self._head_bytes += len(name) + len(value)
        if len(self._headers) >= MAX_HEADERS or self._head_bytes > MAX_HEAD_BYTES:
            raise BadRequest(431, "too many headers")
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._headers_done = True
        if self._headers.get("expect", "").lower() == "100-continue":
            self._proceed()

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > MAX_BODY_BYTES:
            raise BadRequest(413, "body too long")

    def on_message_complete(self) -> None:
        self.is_inside = False
        self._fed = 0
        if not self._parser.should_upgrade():
            keep_alive = self._parser.should_keep_alive() and self._parser.get_http_version() == "1.1"
            self._take(self._call(), keep_alive)

    def _upgraded(self, rest: bytes) -> None:
        call, head = self._call(), self._headers
        if head.get("upgrade", "").lower() == "websocket":
            self._upgrade(call, rest)
        elif call.method == "CONNECT":
            self._take(call, False)
        else:  # an offer such as h2c, which is left alone: the request is read again without it, now with its body
            offer = ("upgrade", "expect")
            lines = [f"{name}: {value}" for name, value in head.items() if name not in offer]
            first = b"%s %s HTTP/1.1" % (call.method.encode("latin-1"), self._target)
            self._parser = httptools.HttpRequestParser(self)
            self.feed(b"\r\n".join((first, *(line.encode("latin-1") for line in lines), b"", rest)))

    def _call(self) -> Call:
        target = self._target.decode("utf-8", "surrogateescape")
        if "://" in target.partition("?")[0]:  # the absolute form, as proxies send it
            target = "/" + target.partition("://")[2].partition("/")[2]
        path, _, query = target.partition("?")
        return Call(
            self._parser.get_method().decode("latin-1"),
            path,
            query.partition("#")[0],
            self._body.decode("utf-8", "surrogateescape"),
            self._headers,
            self._address,
        )
