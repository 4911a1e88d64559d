"""A push frame (one protobuf `PushDataV3ApiWrapper`) to a `Push`, by the table of `schema.py`.

It accepts and refuses what the official decoder does, with the same values: fields in any order, the last of a repeated
scalar wins, a body that comes twice in a row is merged, another body replaces it, unknown fields and groups are skipped
wherever they stand, and text is valid UTF-8. `include/flashc/wire/push.h` is the twin in C.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .messages import CLASSES, Push
from .schema import BODIES, MESSAGES, WRAPPER, Field

#: Messages and groups that may stand in one another, the wrapper not counted: as the official decoder's.
MOST_DEPTH = 100

TRUNCATED = "truncated"
BAD_VARINT = "bad_varint"
BAD_TAG = "bad_tag"
BAD_LENGTH = "bad_length"
BAD_WIRE_TYPE = "bad_wire_type"
BAD_GROUP = "bad_group"
TOO_DEEP = "too_deep"
BAD_UTF8 = "bad_utf8"

#: Every reason; the number that C gives is the place, counted from 1.
REASONS = (TRUNCATED, BAD_VARINT, BAD_TAG, BAD_LENGTH, BAD_WIRE_TYPE, BAD_GROUP, TOO_DEEP, BAD_UTF8)

_VARINT, _FIXED64, _BYTES, _GROUP, _GROUP_END, _FIXED32 = 0, 1, 2, 3, 4, 5
_WORD = (1 << 64) - 1
_TAG_BYTES, _VARINT_BYTES = 5, 10
_MOST_TAG, _MOST_LENGTH = 2**32 - 1, 2**31 - 1


class PushFault(ValueError):
    """Bytes that are no push frame. `reason` is one of `REASONS`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def decode_push(frame: bytes) -> Push:
    """The message of a frame. Raises `PushFault`; nothing of a refused frame is kept."""
    reader = _Reader(frame)
    shell = _Building(WRAPPER)
    reader.message(shell, len(frame), MOST_DEPTH)
    number, body = shell.body if shell.body else (0, None)
    channel, symbol, symbol_id, created, sent = shell.values
    return Push(channel, symbol, symbol_id, created, sent, number, body.built() if body else None)


class _Building:
    """A message that is being read: its values in the order of the table."""

    def __init__(self, name: str) -> None:
        self.table = _TABLES[name]
        self.values: list[Any] = [slot.default if not slot.field.repeated else [] for slot in self.table.slots]
        self.body: tuple[int, _Building] | None = None

    def built(self) -> Any:
        """The finished dataclass."""
        values = [
            tuple(item.built() for item in value) if slot.field.repeated else value
            for slot, value in zip(self.table.slots, self.values, strict=True)
        ]
        return CLASSES[self.table.name](*values)


@dataclass(frozen=True, slots=True)
class _Slot:
    field: Field
    place: int
    default: Any
    wire_type: int


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    slots: tuple[_Slot, ...]
    by_number: dict[int, _Slot]


_DEFAULTS = {"string": "", "int32": 0, "int64": 0, "bool": False}


def _slot(field: Field, place: int) -> _Slot:
    default = None if field.optional else _DEFAULTS.get(field.type)
    return _Slot(field, place, default, _VARINT if field.type in ("int32", "int64", "bool") else _BYTES)


def _table(name: str) -> _Table:
    slots = tuple(_slot(field, place) for place, field in enumerate(MESSAGES[name].fields))
    return _Table(name, slots, {slot.field.number: slot for slot in slots})


_TABLES = {name: _table(name) for name in MESSAGES}


class _Reader:
    """A cursor over the bytes of a frame."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def message(self, target: _Building, end: int, depth: int) -> None:
        """Read fields up to `end` into `target`."""
        while self._at < end:
            number, wire_type = self._tag(end)
            if number == 0:
                raise PushFault(BAD_TAG)
            slot = target.table.by_number.get(number)
            if wire_type == _BYTES and target.table.name == WRAPPER and number in BODIES:
                self._body(target, number, end, depth)
            elif slot is not None and slot.wire_type == wire_type:
                self._field(target, slot, end, depth)
            else:
                self._skip(number, wire_type, end, depth)

    def _body(self, target: _Building, number: int, end: int, depth: int) -> None:
        before = target.body
        body = before[1] if before and before[0] == number else _Building(BODIES[number][1])
        target.body = (number, body)
        self._inner(body, end, depth)

    def _field(self, target: _Building, slot: _Slot, end: int, depth: int) -> None:
        kind = slot.field.type
        if slot.wire_type == _VARINT:
            target.values[slot.place] = _number(kind, self._varint(end))
        elif kind == "string":
            begin, self._at = self._span(end)
            target.values[slot.place] = _text(self._data[begin : self._at])
        else:
            item = _Building(kind)
            self._inner(item, end, depth)
            target.values[slot.place].append(item)

    def _inner(self, target: _Building, end: int, depth: int) -> None:
        """A message within the message: its length, then its fields."""
        self._at, inner_end = self._span(end)
        if depth == 0:
            raise PushFault(TOO_DEEP)
        self.message(target, inner_end, depth - 1)

    def _span(self, end: int) -> tuple[int, int]:
        """First byte and end of a field with a length."""
        size = self._number_of_bytes(end, _TAG_BYTES, _MOST_LENGTH, BAD_LENGTH)
        if size > end - self._at:
            raise PushFault(TRUNCATED)
        return self._at, self._at + size

    def _tag(self, end: int) -> tuple[int, int]:
        tag = self._number_of_bytes(end, _TAG_BYTES, _MOST_TAG, BAD_TAG)
        return tag >> 3, tag & 7

    def _skip(self, number: int, wire_type: int, end: int, depth: int) -> None:
        if wire_type == _VARINT:
            self._varint(end)
        elif wire_type == _BYTES:
            self._at = self._span(end)[1]
        elif wire_type in (_FIXED64, _FIXED32):
            self._at += 8 if wire_type == _FIXED64 else 4
            if self._at > end:
                raise PushFault(TRUNCATED)
        elif wire_type == _GROUP:
            self._skip_group(number, end, depth)
        else:
            raise PushFault(BAD_GROUP if wire_type == _GROUP_END else BAD_WIRE_TYPE)

    def _skip_group(self, number: int, end: int, depth: int) -> None:
        """Up to the end tag of the same number. The official decoder minds no field 0 in here, so we do not either."""
        if depth == 0:
            raise PushFault(TOO_DEEP)
        while self._at < end:
            inner, wire_type = self._tag(end)
            if wire_type == _GROUP_END:
                if inner != number:
                    raise PushFault(BAD_GROUP)
                return
            self._skip(inner, wire_type, end, depth - 1)
        raise PushFault(TRUNCATED)

    def _varint(self, end: int) -> int:
        return self._number_of_bytes(end, _VARINT_BYTES, None, BAD_VARINT)

    def _number_of_bytes(self, end: int, width: int, most: int | None, reason: str) -> int:
        """A varint of at most `width` bytes; 64 bits are kept, and it may be `most` at most."""
        value = 0
        for k in range(width):
            if self._at >= end:
                raise PushFault(TRUNCATED)
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 0x7F) << (7 * k)
            if byte < 0x80:
                if most is not None and value > most:
                    raise PushFault(reason)
                return value & _WORD
        raise PushFault(reason)


def _number(kind: str, value: int) -> int | bool:
    """What a varint of 64 bits is as a number of this type: the low bits, with sign."""
    if kind == "bool":
        return value != 0
    bits = 32 if kind == "int32" else 64
    low = value & ((1 << bits) - 1)
    return low - (1 << bits) if low >> (bits - 1) else low


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise PushFault(BAD_UTF8) from None
