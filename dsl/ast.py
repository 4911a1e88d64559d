"""Expressions as trees. The parser builds these nodes and nothing else: no checks, no defaults.

Every node carries the exact `span` of its text in the file. Nodes are values: equal text at another place is not equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Union

from .source import Span


@dataclass(frozen=True, slots=True)
class Number:
    """`60`, `64_000`, `1e-6`. `is_int` when written without point or exponent."""

    span: Span
    value: Decimal
    is_int: bool


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit name: `5 bps`, `60 USDC`, `250ms`, `3 ticks`."""

    span: Span
    value: Decimal
    is_int: bool
    unit: str
    unit_span: Span

    @property
    def implied(self) -> bool:
        """Whether the reader made it: in text, the unit never covers the number too."""
        return self.span == self.unit_span


@dataclass(frozen=True, slots=True)
class Boolean:
    """`true` or `false`."""

    span: Span
    value: bool


@dataclass(frozen=True, slots=True)
class Name:
    """A bare word: a field, a parameter, a `let` ..."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """`base.name`: `pos.entry`, `eth.mid`, `macd(close).hist`."""

    span: Span
    base: Expr
    name: str
    name_span: Span


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call; `name` is None where only the place says which."""

    span: Span
    name: str | None
    value: Expr


@dataclass(frozen=True, slots=True)
class Call:
    """`func(args)`; `func` is a Name (`ema`) or a Member (`eth.bid_depth`, `btc.forming`)."""

    span: Span
    func: Name | Member
    args: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """`base[index]`: the value `index` ticks ago."""

    span: Span
    base: Expr
    index: Expr


@dataclass(frozen=True, slots=True)
class ClockName:
    """What stands after `@`: a duration (`1m`: value 1, unit `m`), an event name (`book`) or `(eth.book)`."""

    span: Span
    value: Decimal | None
    unit: str | None
    name: str | None
    instrument: str | None


@dataclass(frozen=True, slots=True)
class At:
    """`base @ clock`."""

    span: Span
    base: Expr
    clock: ClockName


@dataclass(frozen=True, slots=True)
class Unary:
    """`op` is `-` or `not`."""

    span: Span
    op: str
    op_span: Span
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary:
    """`op` is one of `+ - * / ?? and or`."""

    span: Span
    op: str
    op_span: Span
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Compare:
    """A chain `a < b <= c`: `len(ops) == len(operands) - 1`."""

    span: Span
    operands: tuple[Expr, ...]
    ops: tuple[str, ...]
    op_spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class If:
    """`if condition then then else orelse`."""

    span: Span
    condition: Expr
    then: Expr
    orelse: Expr


Expr = Union[Number, Quantity, Boolean, Name, Member, Call, Index, At, Unary, Binary, Compare, If]
