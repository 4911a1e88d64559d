"""The WebSocket side of a connection. websockets' sans-I/O protocol reads; pushes are written as ready bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from websockets.exceptions import InvalidHandshake
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from ..faults.seams import End
from ..rest.calls import Answer, Call, json_answer
from ..stream.hub import Push
from . import frames
from .wire import Wire

#: Longest message of a client.
MAX_MESSAGE_BYTES = 64 << 10


class Listener(Protocol):
    """Who gets what a client says."""

    def heard(self, wire: Wire, text: str) -> Sequence[str]:
        """A text message came; the answers."""

    def ponged(self, wire: Wire) -> None:
        """A pong came."""

    def pongs(self, wire: Wire) -> bool:
        """Whether a ping is answered."""


class Stream:
    """Frames in both directions after the handshake."""

    def __init__(self, wire: Wire, protocol: ServerProtocol, listener: Listener) -> None:
        self._wire, self._protocol, self._listener = wire, protocol, listener
        self._parts: list[bytes] = []
        self._is_text = False
        packers = [one for one in protocol.extensions if isinstance(one, PerMessageDeflate)]
        #: Bits of the window by which messages are compressed; 0: they are not.
        self.window_bits = packers[0].local_max_window_bits if packers else 0

    def feed(self, data: bytes) -> None:
        """Bytes from the client."""
        self._protocol.receive_data(data)
        is_muted = False
        for event in self._protocol.events_received():
            assert isinstance(event, Frame)
            is_muted |= event.opcode is Opcode.PING and not self._listener.pongs(self._wire)
            self._frame(event)
        replies = [data for data in self._protocol.data_to_send() if data]
        if replies and not is_muted:
            self._wire.write(b"".join(replies))
        if self._protocol.close_expected() or self._protocol.parser_exc is not None:
            self._wire.end()

    def _frame(self, event: Frame) -> None:
        if event.opcode is Opcode.PONG:
            self._listener.ponged(self._wire)
        if event.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._is_text = event.opcode is Opcode.TEXT
        if not self._is_text or event.opcode not in (Opcode.TEXT, Opcode.CONT):
            return
        self._parts.append(bytes(event.data))
        if event.fin:
            text = b"".join(self._parts).decode("utf-8", "replace")
            self._parts.clear()
            self.say(self._listener.heard(self._wire, text))

    def say(self, texts: Sequence[str]) -> None:
        """Send text messages."""
        if texts:
            self._wire.write(b"".join(part for text in texts for part in self._frame_of(text.encode(), frames.TEXT)))

    def frames(self, pushes: Sequence[Push]) -> bytes:
        """Pushes as this client gets them."""
        parts: list[bytes] = []
        for push in pushes:
            opcode = frames.TEXT if push.is_text else frames.BINARY
            parts += self._frame_of(push.frame, opcode)
        return b"".join(parts)

    def _frame_of(self, payload: bytes, opcode: int) -> tuple[bytes, bytes]:
        if self.window_bits:
            payload, opcode = frames.deflated(payload, self.window_bits), opcode | frames.COMPRESSED
        return frames.frame_head(len(payload), opcode), payload

    def last_words(self, how: End, code: int) -> None:
        """What is written before the connection ends: a close frame, or half of a frame."""
        half = frames.frame_head(200) + b"\x0a" * 100
        self._wire.write(frames.close_frame(code) if how is End.FRAME else half)


def shake_hands(call: Call, wire: Wire, *, compressed: bool = False) -> ServerProtocol | Answer:
    """Answer an upgrade request with 101, or say what is wrong with it. `compressed` takes an offer of compression."""
    packer = ServerPerMessageDeflateFactory(server_no_context_takeover=True)
    protocol = ServerProtocol(max_size=MAX_MESSAGE_BYTES, extensions=[packer] if compressed else None)
    target = call.path + ("?" + call.query if call.query else "")
    lines = [f"{call.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in call.headers.items()), "", ""]
    protocol.receive_data("\r\n".join(lines).encode("latin-1", "replace"))
    request = next(iter(protocol.events_received()), None)
    if not isinstance(request, Request):
        return _refusal(protocol.handshake_exc)
    response = protocol.accept(request)
    if response.status_code != 101:
        return _refusal(protocol.handshake_exc)
    protocol.send_response(response)
    wire.write(b"".join(protocol.data_to_send()))
    return protocol


def _refusal(error: Exception | None) -> Answer:
    why = str(error) if isinstance(error, InvalidHandshake) else "no handshake"
    return json_answer({"code": 33333, "msg": f"Bad Request: {why}"}, 400)
