"""WebSocket frames as a server sends them (RFC 6455): a short head, then the payload as it is."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

TEXT, BINARY, CLOSE, PING = 0x1, 0x2, 0x8, 0x9
#: Beside the opcode: the payload is compressed.
COMPRESSED = 0x40
_FINAL = 0x80
_HEADS: dict[int, bytes] = {}


def frame_head(length: int, opcode: int = BINARY) -> bytes:
    """The bytes before a payload of `length` bytes, of an unfragmented and unmasked frame."""
    key = length << 8 | opcode
    head = _HEADS.get(key)
    if head is None:
        first = _FINAL | opcode
        if length < 126:
            head = bytes((first, length))
        elif length < 65_536:
            head = struct.pack("!BBH", first, 126, length)
        else:
            head = struct.pack("!BBQ", first, 127, length)
        if length < 4_096:
            _HEADS[key] = head
    return head


def frame(payload: bytes, opcode: int = BINARY) -> bytes:
    """One whole frame."""
    return frame_head(len(payload), opcode) + payload


@lru_cache(maxsize=256)
def deflated(payload: bytes, window_bits: int) -> bytes:
    """A payload as permessage-deflate sends it (RFC 7692), without regard to the messages before it."""
    packer = zlib.compressobj(wbits=-window_bits)
    return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame. The reason is cut to what a control frame holds."""
    return frame(struct.pack("!H", code) + reason.encode()[:123], CLOSE)
