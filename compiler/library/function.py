"""The shape of one library function: everything the analyses, the documentation and completion know about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .signature import Signature, parse_signature

#: One addend of a warm-up: ("window", n) is n - 1 ticks more than the input, ("lag", n) is n, ("settle", kind, n) is
#: the settling time of a recurrence of that kind minus one, ("ticks", "k") a number, ("root", n) floor(sqrt(n)) - 1,
#: ("longer", a, b) the larger of two addends, ("day",) the ticks of one day minus one. `n` names an argument.
Addend = tuple[object, ...]

Grid = Literal["leave", "keep"]


@dataclass(frozen=True, slots=True)
class Function:
    """One row of the table.

    `implicit` are bar fields read besides the arguments; they are appended to the arguments, in order. `interval` names
    a rule of `analysis/intervals.py`. `absent` is empty for a total function, else says when there is no value.
    `words` is the state in 8-byte words and `cost` the operations per tick, both small formulas over argument names
    (`ring(n)` is n rounded up to a power of two, `log(n)` its exponent). `most` bounds arguments that are constants.
    `differs` says where values differ from TA-Lib's function of that name.
    """

    signature_text: str
    group: str
    doc: str
    formula: str
    stateful: bool = False
    implicit: tuple[str, ...] = ()
    warmup: tuple[Addend, ...] = ()
    interval: str = "any"
    absent: str = ""
    grid: Grid = "leave"
    words: str = "0"
    cost: str = "1"
    source: str = ""
    over_time: bool = False
    exact_on_grid: bool = False
    float_window: str = ""
    reads: str = ""
    differs: str = ""
    most: tuple[tuple[str, int], ...] = ()

    @property
    def signature(self) -> Signature:
        """The parsed signature: parameters with types and defaults, and the result."""
        return parse_signature(self.signature_text)

    @property
    def name(self) -> str:
        return self.signature_text.partition("(")[0]


def is_pointwise(row: Function, attrs: Mapping[str, object]) -> bool:
    """The call keeps nothing: a function without state, or `min(a, b)` and `max(a, b)` of two values."""
    return not row.stateful or is_pair(row.name, attrs)


def is_pair(name: str, attrs: Mapping[str, object]) -> bool:
    """`min(a, b)` or `max(a, b)` of two values, not over a window."""
    return name in ("min", "max") and not attrs.get("window") and not attrs.get("time")


def window(n: str) -> tuple[Addend, ...]:
    return (("window", n),)


def lag(n: str) -> tuple[Addend, ...]:
    return (("lag", n),)


def settle(kind: str, n: str, times: int = 1) -> tuple[Addend, ...]:
    return (("settle", kind, n),) * times


def ticks(count: int) -> tuple[Addend, ...]:
    return (("ticks", count),)
