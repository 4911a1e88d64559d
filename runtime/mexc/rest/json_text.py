"""JSON of the exchange, read strictly: limits of size and depth, no repeated keys, no NaN, no endless numbers.

Numbers with a point or an exponent stay text, so that no price ever passes through a float.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

LARGEST_BYTES = 32 << 20
DEEPEST = 16
LONGEST_NUMBER = 40
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SQUARE = bytes.maketrans(b"{}", b"[]")
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


class JsonFault(Exception):
    """The text is not JSON that the exchange would send. `reason` is one of a few words."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"not usable JSON: {reason}")


def read_json(body: bytes) -> Any:
    """The value of `body`, with `str` for numbers that are not whole. `JsonFault` with the reason."""
    if len(body) > LARGEST_BYTES:
        raise JsonFault("too large")
    if _too_deep(body):
        raise JsonFault("too deep")
    try:
        text = body.decode("utf-8")
        return json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_number, parse_int=_whole
        )
    except (ValueError, RecursionError):
        raise JsonFault("damaged") from None


def _too_deep(body: bytes) -> bool:
    if not _nested(body):
        return False
    # Brackets inside of strings are no nesting; looking them up is slow, and hardly ever needed.
    return _nested(_STRINGS.sub(b"", body))


def _nested(body: bytes) -> bool:
    """Whether brackets are left after taking away the innermost pairs `DEEPEST` times."""
    brackets = body.translate(_SQUARE, _NOT_BRACKETS)
    for _ in range(DEEPEST):
        if not brackets:
            return False
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JsonFault("a key twice")
    return found


def _constant(text: str) -> NoReturn:
    raise JsonFault(f"the number {text}")


def _number(text: str) -> str:
    if len(text) > LONGEST_NUMBER:
        raise JsonFault("a number too long")
    return text


def _whole(text: str) -> int:
    return int(_number(text))
