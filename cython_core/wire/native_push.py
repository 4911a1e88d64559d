"""What `fs_push_all` of `include/flashc/wire/push.h` writes for a frame, back to a `Push`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .messages import CLASSES, Push
from .schema import BODIES, MESSAGES, WRAPPER, Message

_DEFAULTS = {"string": "", "int32": 0, "int64": 0, "bool": False}


class _Words:
    """A cursor over the words, two by two."""

    def __init__(self, frame: bytes, words: Sequence[int]) -> None:
        self._frame = frame
        self._words = iter(words)

    def pair(self) -> tuple[int, int]:
        return next(self._words), next(self._words)

    def values(self, table: Message) -> list[Any]:
        """The values of a message's fields, in the order of the table."""
        values: list[Any] = []
        for field in table.fields:
            first, second = self.pair()
            if field.repeated:
                inner = MESSAGES[field.type]
                values.append(tuple(CLASSES[inner.name](*self.values(inner)) for _ in range(first)))
            elif first == 0:
                values.append(None if field.optional else _DEFAULTS[field.type])
            elif field.type == "string":
                values.append(self._frame[first - 1 : first - 1 + second].decode())
            else:
                values.append(bool(second) if field.type == "bool" else second)
        return values


def read_push(frame: bytes, words: Sequence[int]) -> Push:
    """The frame that the words were made of."""
    source = _Words(frame, words)
    channel, symbol, symbol_id, created, sent = source.values(MESSAGES[WRAPPER])
    number, _ = source.pair()
    if number == 0:
        return Push(channel, symbol, symbol_id, created, sent, 0, None)
    table = MESSAGES[BODIES[number][1]]
    return Push(channel, symbol, symbol_id, created, sent, number, CLASSES[table.name](*source.values(table)))
