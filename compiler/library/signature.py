"""The small language in which the library table writes signatures.

    ema(x: a, n: length) -> a
    rsi(x: a = close, n: length = 14) -> real
    bbands(x: a, n: length, k: real = 2.0) -> {upper: a, mid: a, lower: a}

Types: `a`, `b` stand for any unit (each letter one unit per call); `price`, `qty`, `notional` belong to the
instrument of the call; `real`, `int`, `bool`, `duration`, `time` as they are; `any` is any type, the same wherever it
stands in one signature; `length` is a whole number of ticks >= 1, `depth` a whole number >= 0, both known before the
run. `a*b`, `a/b` and `a^2` combine units. A type with `?` may be absent. A default is a number, a duration or a
field's name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_PARAM = re.compile(r"\s*(\w+)\s*:\s*([^=]+?)\s*(?:=\s*(\S+))?\s*")


@dataclass(frozen=True, slots=True)
class Param:
    """One argument: its name, its type as text, and the text of its default (None: must be given)."""

    name: str
    type: str
    default: str | None = None

    @property
    def is_static(self) -> bool:
        """Must be a constant or a parameter."""
        return self.type in ("length", "depth", "static")


@dataclass(frozen=True, slots=True)
class Signature:
    """`fields` is empty unless the result is a record."""

    name: str
    params: tuple[Param, ...]
    result: str
    fields: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=512)
def parse_signature(text: str) -> Signature:
    """Read `name(arg: type = default, ...) -> type`."""
    head, _, result = text.partition(" -> ")
    name, _, inside = head.partition("(")
    params = tuple(_param(part) for part in inside.rstrip().removesuffix(")").split(",") if part.strip())
    if not result.startswith("{"):
        return Signature(name, params, result)
    pairs = (part.split(":") for part in result.strip("{}").split(","))
    return Signature(name, params, "record", tuple((key.strip(), value.strip()) for key, value in pairs))


def _param(text: str) -> Param:
    match = _PARAM.fullmatch(text)
    assert match, f"cannot read the argument {text!r}"
    return Param(match[1], match[2].strip(), match[3])
