"""The client's side of a WebSocket handshake (RFC 6455, section 4) without a socket: bytes out, bytes in.

No extension and no subprotocol is asked for, so an answer that names one is refused. h11 reads the answer.
"""

from __future__ import annotations

import base64
import hashlib

import h11

from .endpoint import Endpoint

#: Bytes of the random number in a handshake.
NONCE_BYTES = 16
#: An answer's head may be so long.
MOST_HEAD = 16 * 1024
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

#: What can be wrong with an answer.
REASONS = ("not_http", "wrong_status", "no_upgrade", "wrong_accept", "unasked_extension", "ended")


class HandshakeFault(ValueError):
    """The other side does not speak WebSocket. `reason` is one of `REASONS`; `status` the HTTP status, if any."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        self.reason = reason
        self.status = status
        super().__init__(reason if status is None else f"{reason} ({status})")


class ClientHandshake:
    """One handshake. Send `request()`, then `feed` what comes until it gives the bytes behind the handshake.

    `query` goes behind the path and may hold a secret; nothing here shows it.
    """

    def __init__(self, endpoint: Endpoint, query: str, nonce: bytes) -> None:
        assert len(nonce) == NONCE_BYTES
        self._key = base64.b64encode(nonce)
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD)
        target = f"{endpoint.path}?{query}" if query else endpoint.path
        request = h11.Request(
            method="GET",
            target=target,
            headers=[
                (b"Host", endpoint.authority.encode()),
                (b"Upgrade", b"websocket"),
                (b"Connection", b"Upgrade"),
                (b"Sec-WebSocket-Key", self._key),
                (b"Sec-WebSocket-Version", b"13"),
            ],
        )
        self._request = (self._http.send(request) or b"") + (self._http.send(h11.EndOfMessage()) or b"")

    def request(self) -> bytes:
        """The bytes that open the handshake."""
        return self._request

    def feed(self, data: bytes) -> bytes | None:
        """The bytes that follow the handshake, None while it goes on. Raises `HandshakeFault`."""
        try:
            self._http.receive_data(data)
            event = self._http.next_event()
        except h11.RemoteProtocolError:
            raise HandshakeFault("not_http") from None
        if event is h11.NEED_DATA:
            return None
        if isinstance(event, h11.InformationalResponse) and event.status_code == 101:
            self._check(event)
            return bytes(self._http.trailing_data[0])
        status = getattr(event, "status_code", None)
        raise HandshakeFault("ended" if status is None else "wrong_status", status)

    def _check(self, answer: h11.InformationalResponse) -> None:
        found = {name.lower(): value for name, value in answer.headers}
        upgrade, connection = found.get(b"upgrade", b"").lower(), found.get(b"connection", b"").lower()
        if upgrade != b"websocket" or b"upgrade" not in connection:
            raise HandshakeFault("no_upgrade", 101)
        if found.get(b"sec-websocket-accept") != accept_value(self._key):
            raise HandshakeFault("wrong_accept", 101)
        if b"sec-websocket-extensions" in found or b"sec-websocket-protocol" in found:
            raise HandshakeFault("unasked_extension", 101)


def accept_value(key: bytes) -> bytes:
    """What a server answers to a key."""
    return base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
