"""WebSocket frames (RFC 6455) from bytes to messages and back, without sockets and without extensions.

Bytes may come cut at any place: the messages and the fault are the same. `include/flashc/wire/ws_frames.h` is the twin
in C.
"""

from __future__ import annotations

from dataclasses import dataclass

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

#: Frames that one message may be made of: a peer cannot send empty ones for ever.
MOST_FRAGMENTS = 1024
#: Bytes of the payload of a close, ping or pong frame.
MOST_CONTROL = 125

RESERVED_BITS = "reserved_bits"
UNKNOWN_OPCODE = "unknown_opcode"
MASKED_SERVER_FRAME = "masked_server_frame"
UNMASKED_CLIENT_FRAME = "unmasked_client_frame"
CONTROL_FRAGMENTED = "control_fragmented"
CONTROL_TOO_LONG = "control_too_long"
BAD_CONTINUATION = "bad_continuation"
TOO_MANY_FRAGMENTS = "too_many_fragments"
BAD_LENGTH = "bad_length"
TOO_BIG = "too_big"
BAD_UTF8 = "bad_utf8"
BAD_CLOSE = "bad_close"

#: Every reason, in the order in which a frame is looked at; the number that C gives is the place, counted from 1.
REASONS = (
    RESERVED_BITS,
    UNKNOWN_OPCODE,
    MASKED_SERVER_FRAME,
    UNMASKED_CLIENT_FRAME,
    CONTROL_FRAGMENTED,
    CONTROL_TOO_LONG,
    BAD_CONTINUATION,
    TOO_MANY_FRAGMENTS,
    BAD_LENGTH,
    TOO_BIG,
    BAD_UTF8,
    BAD_CLOSE,
)

_FIN, _RESERVED, _OPCODE, _MASKED, _LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
_WIDTHS = {126: 2, 127: 8}  # length code -> bytes of the length that follows
_LEAST = {126: 126, 127: 1 << 16}  # lengths below have a shorter form, which must be used
_OPCODES = frozenset({CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG})


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole message (fragments joined, unmasked), or a control frame."""

    opcode: int
    payload: bytes


class FrameFault(ValueError):
    """Bytes that no honest peer sends: close the connection. `reason` is one of `REASONS`.

    `frames` are the messages that were whole before the fault, in the call that found it.
    """

    def __init__(self, reason: str, frames: tuple[Frame, ...] = ()) -> None:
        self.reason = reason
        self.frames = frames
        super().__init__(reason)


class FrameReader:
    """Reads the frames that one peer sends: a server, or with `from_client` a client, whose frames are masked.

    `max_payload` bounds a message, so the memory is bounded too. After a close frame and after a fault nothing is read.
    """

    def __init__(self, max_payload: int, *, from_client: bool = False) -> None:
        self._most = max_payload
        self._from_client = from_client
        self._bytes = bytearray()  # not yet a whole frame
        self._message = bytearray()  # the fragments so far
        self._opcode = CONTINUATION  # of the message that goes on; CONTINUATION if there is none
        self._fragments = 0
        self._closed = False
        self._fault: str | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """The messages that are whole now. Raises `FrameFault`, at each later call too."""
        if self._fault:
            raise FrameFault(self._fault)
        self._bytes += data
        found: list[Frame] = []
        try:
            while not self._closed and (frame := self._next()) is not None:
                found += frame
        except FrameFault as error:
            self._fault = error.reason
            raise FrameFault(error.reason, tuple(found)) from None
        if self._closed:
            self._bytes.clear()
        return found

    @property
    def closed(self) -> bool:
        """Whether the peer's close frame has come."""
        return self._closed

    def _next(self) -> list[Frame] | None:
        """What the next frame completes; None while it is not whole."""
        data = self._bytes
        if len(data) < 2:
            return None
        first, second = data[0], data[1]
        self._check_head(first, second)
        code = second & _LENGTH
        width = _WIDTHS.get(code, 0)
        begin = 2 + width + (4 if self._from_client else 0)
        if len(data) < 2 + width:
            return None
        size = int.from_bytes(data[2 : 2 + width], "big") if width else code
        self._check_size(first, code, size)
        if len(data) < begin + size:
            return None
        payload = bytes(data[begin : begin + size])
        if self._from_client:
            payload = mask_payload(payload, bytes(data[begin - 4 : begin]))
        del data[: begin + size]
        return self._control(first, payload) if first & 8 else self._data(first, payload)

    def _check_head(self, first: int, second: int) -> None:
        opcode, going_on = first & _OPCODE, self._opcode != CONTINUATION
        if first & _RESERVED:
            raise FrameFault(RESERVED_BITS)
        if opcode not in _OPCODES:
            raise FrameFault(UNKNOWN_OPCODE)
        if bool(second & _MASKED) != self._from_client:
            raise FrameFault(UNMASKED_CLIENT_FRAME if self._from_client else MASKED_SERVER_FRAME)
        if opcode >= CLOSE:
            if not first & _FIN:
                raise FrameFault(CONTROL_FRAGMENTED)
            if second & _LENGTH > MOST_CONTROL:
                raise FrameFault(CONTROL_TOO_LONG)
        elif going_on != (opcode == CONTINUATION):
            raise FrameFault(BAD_CONTINUATION)
        elif self._fragments >= MOST_FRAGMENTS:
            raise FrameFault(TOO_MANY_FRAGMENTS)

    def _check_size(self, first: int, code: int, size: int) -> None:
        if size < _LEAST.get(code, 0) or size >> 63:
            raise FrameFault(BAD_LENGTH)
        if first & _OPCODE < CLOSE and size > self._most - len(self._message):
            raise FrameFault(TOO_BIG)

    def _control(self, first: int, payload: bytes) -> list[Frame]:
        opcode = first & _OPCODE
        if opcode == CLOSE:
            if len(payload) == 1 or (payload and not _close_code(int.from_bytes(payload[:2], "big"))):
                raise FrameFault(BAD_CLOSE)
            _check_utf8(payload[2:])
            self._closed = True
        return [Frame(opcode, payload)]

    def _data(self, first: int, payload: bytes) -> list[Frame]:
        self._opcode = first & _OPCODE or self._opcode
        self._message += payload
        self._fragments += 1
        if not first & _FIN:
            return []
        frame = Frame(self._opcode, bytes(self._message))
        self._opcode, self._fragments = CONTINUATION, 0
        self._message.clear()
        if frame.opcode == TEXT:
            _check_utf8(frame.payload)
        return [frame]


def _close_code(code: int) -> bool:
    """Whether a peer may send this close code."""
    return (1000 <= code <= 1014 and code not in (1004, 1005, 1006)) or 3000 <= code <= 4999


def _check_utf8(text: bytes) -> None:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        raise FrameFault(BAD_UTF8) from None


def mask_payload(payload: bytes, key: bytes) -> bytes:
    """The payload with each byte xor the key's, which masks and unmasks. `key` has four bytes."""
    size = len(payload)
    repeated = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")


def encode_frame(opcode: int, payload: bytes, mask: bytes | None = None) -> bytes:
    """One whole frame. A client gives four bytes that nobody can guess as `mask`, a server none."""
    assert opcode in _OPCODES and (opcode < CLOSE or len(payload) <= MOST_CONTROL)
    assert mask is None or len(mask) == 4
    size = len(payload)
    code = size if size < 126 else 126 if size < 1 << 16 else 127
    head = bytes((_FIN | opcode, (_MASKED if mask is not None else 0) | code))
    length = size.to_bytes(_WIDTHS.get(code, 0), "big") if code > 125 else b""
    return head + length + (payload if mask is None else mask + mask_payload(payload, mask))
