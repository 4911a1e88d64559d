"""Protobuf frames of the exchange's pushes, written by hand: twenty thousand a second have to leave one core.

Each function writes the bytes that the official library writes for the same values (a test compares them): fields by
number, defaults left off, except that a field of explicit presence is written whenever it is given. Prices, quantities
and amounts are decimal text; times are epoch milliseconds, or seconds where a name ends in `_s`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

from ...cython_core.wire.schema import BODIES, MESSAGES, Field

#: A level of a book: price and quantity as the exchange prints them.
Level: TypeAlias = tuple[str, str]
Value: TypeAlias = "str | int | bool | Sequence[dict[str, Value]]"

_VARINT, _BYTES = 0, 2
_MASK_64 = (1 << 64) - 1


def varint(number: int) -> bytes:
    """An integer in base 128, lowest group first; a negative one as its 64-bit two's complement."""
    if 0 <= number < 128:
        return _SMALL[number]
    number &= _MASK_64
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


_SMALL = tuple(bytes([number]) for number in range(128))


@lru_cache(maxsize=256)
def key(number: int, wire_type: int) -> bytes:
    """The key of a field."""
    return varint(number << 3 | wire_type)


def text_field(number: int, text: str) -> bytes:
    """A string field; nothing for the empty string."""
    if not text:
        return b""
    data = text.encode()
    size = len(data)
    if number < 16 and size < 128:  # key and length of one byte each, as nearly always
        return b"%c%c%b" % (number << 3 | _BYTES, size, data)
    return key(number, _BYTES) + varint(size) + data


def int_field(number: int, value: int) -> bytes:
    """An integer or bool field; nothing for 0."""
    return key(number, _VARINT) + varint(value) if value else b""


def block(number: int, data: bytes) -> bytes:
    """A message field. An empty message is written too: it says that the field is there."""
    return key(number, _BYTES) + varint(len(data)) + data


@lru_cache(maxsize=65_536)
def level(number: int, price: str, quantity: str) -> bytes:
    """A level as field `number` of a depth message. Kept: a book says the same levels again and again."""
    return block(number, text_field(1, price) + text_field(2, quantity))


def frame(channel: str, symbol: str, body_number: int, body: bytes, send_time_ms: int) -> bytes:
    """A whole push. `body_number` 0: without a body, as the exchange sends at times. A stream for all has no symbol."""
    return b"".join(
        (
            _head(channel, symbol),
            _sent(send_time_ms),
            block(body_number, body) if body_number else b"",
        )
    )


@lru_cache(maxsize=64)
def _sent(time_ms: int) -> bytes:
    """The send time: many messages have the same."""
    return key(6, _VARINT) + varint(time_ms)


@lru_cache(maxsize=4096)
def _head(channel: str, symbol: str) -> bytes:
    return text_field(1, channel) + text_field(3, symbol)


@lru_cache(maxsize=4096)
def _event_type(name: str) -> bytes:
    return text_field(3, name)


def levels(asks: Iterable[Level], bids: Iterable[Level]) -> bytes:
    """Both sides of a depth message: asks are field 1."""
    return b"".join([level(1, *one) for one in asks] + [level(2, *one) for one in bids])


def aggre_depth(
    asks: Iterable[Level], bids: Iterable[Level], event_type: str, versions: tuple[int, int], created_ms: int
) -> bytes:
    """Body 313: what changed from the first to the last version. `created_ms`: of the newest order in it, 0 unknown."""
    return b"".join(
        (
            levels(asks, bids),
            _event_type(event_type),
            text_field(4, str(versions[0])),
            text_field(5, str(versions[1])),
            int_field(6, created_ms),
        )
    )


def plain_depth(asks: Iterable[Level], bids: Iterable[Level], event_type: str, version: int, created_ms: int) -> bytes:
    """Bodies 303 (the top of the book) and, with `created_ms` 0, 302 (changes)."""
    tail = _event_type(event_type) + text_field(4, str(version)) + int_field(5, created_ms)
    return levels(asks, bids) + tail


def book_ticker(bid: Level, ask: Level, version: int, created_ms: int) -> bytes:
    """Body 315; with `version` and `created_ms` 0 also 305. An empty side is empty text."""
    prices = text_field(1, bid[0]) + text_field(2, bid[1]) + text_field(3, ask[0]) + text_field(4, ask[1])
    return prices + (text_field(5, str(version)) if version else b"") + int_field(6, created_ms)


def deal(price: str, quantity: str, taker_side: int, time_ms: int, trade_id: str) -> bytes:
    """One trade as field 1 of a message of trades; `taker_side` 1 bought, 2 sold; no id on the older channel."""
    return block(
        1,
        text_field(1, price)
        + text_field(2, quantity)
        + int_field(3, taker_side)
        + int_field(4, time_ms)
        + text_field(5, trade_id),
    )


def deals(items: Iterable[bytes], event_type: str) -> bytes:
    """Bodies 314 and 301 from trades of `deal`."""
    return b"".join(items) + text_field(2, event_type)


def message(name: str, values: dict[str, Value]) -> bytes:
    """Any message of the table from values by field name; absent names are left off. For what is seldom sent."""
    parts = []
    for field in MESSAGES[name].fields:
        if field.name in values:
            parts.append(_field(field, values[field.name]))
    return b"".join(parts)


def _field(field: Field, value: Value) -> bytes:
    if isinstance(value, str):
        return block(field.number, value.encode()) if field.optional else text_field(field.number, value)
    if isinstance(value, int):
        written = int_field(field.number, value)
        return written or (key(field.number, _VARINT) + b"\0" if field.optional else b"")
    return b"".join(block(field.number, message(field.type, item)) for item in value)


#: Name of a body -> its number in the wrapper.
BODY_NUMBERS = {name: number for number, (name, _) in BODIES.items()}
