"""One HTTP request and its answer as plain values. Whoever holds the socket makes the one and sends the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

JSON_TYPE = "application/json;charset=utf-8"


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came in.

    `query` is the text after `?` and `body` the text of the body, both raw: the signature covers them byte for byte,
    so nothing may decode or re-order them before. Bytes that are not UTF-8 arrive as surrogate escapes. `headers` has
    lower-case names; `address` is the caller's, for limits and lists of addresses.
    """

    method: str
    path: str
    query: str = ""
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    address: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a status, the bytes of the body, and headers by their usual spelling."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": JSON_TYPE})

    def json(self) -> object:
        """The body as a JSON value. Raises ValueError where a fault replaced it by something else."""
        value: object = json.loads(self.body)
        return value


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer whose body is `value`, without spaces, non-ASCII letters as they are."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Answer(status, text.encode("utf-8", "replace"), {"Content-Type": JSON_TYPE, **(headers or {})})
