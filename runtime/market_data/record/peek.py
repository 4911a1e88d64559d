"""The outside of a push frame: its channel, and which body it carries. A recording needs no more to sort frames.

What is inside the body is decoded later, many frames at once. `decode_push` is the twin that reads everything: where
this reads a frame, both give the same; a frame that is at all unusual is left to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ....cython_core.wire.push import PushFault, decode_push
from ....cython_core.wire.schema import BODIES

_CHANNEL, _SEND_TIME = 1, 6
_BYTES, _VARINT = 2, 0
_HALF = 1 << 63


@dataclass(frozen=True, slots=True)
class Peek:
    """What a frame says of itself. `send_ms` is 0 where it has none, `body_number` where it has no body."""

    channel: str
    body_number: int
    send_ms: int


def peek(frame: bytes) -> Peek:
    """Raises `PushFault` for bytes that are no push frame, as far as the outside tells."""
    channel, body, send, at, end = b"", 0, 0, 0, len(frame)
    try:
        while at < end:
            tag, at = _varint(frame, at)
            number, kind = tag >> 3, tag & 7
            if kind != _BYTES and kind != _VARINT:
                return _whole(frame)
            value, at = _varint(frame, at)
            if kind == _BYTES:
                if number == _CHANNEL:
                    channel = frame[at : at + value]
                elif number in BODIES:
                    if body:
                        return _whole(frame)
                    body = number
                at += value
            elif number == _SEND_TIME:
                send = (value + _HALF) % (2 * _HALF) - _HALF
    except IndexError:
        raise PushFault("truncated") from None
    if at != end:
        raise PushFault("truncated")
    try:
        return Peek(channel.decode(), body, send)
    except UnicodeDecodeError:
        raise PushFault("bad_utf8") from None


def _varint(frame: bytes, at: int) -> tuple[int, int]:
    byte = frame[at]
    if byte < 0x80:
        return byte, at + 1
    value, shift = byte & 0x7F, 7
    while True:
        at += 1
        byte = frame[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at + 1
        shift += 7
        if shift > 63:
            raise PushFault("bad_varint")


def _whole(frame: bytes) -> Peek:
    push = decode_push(frame)
    return Peek(push.channel, push.body_number, push.send_time_ms or 0)
