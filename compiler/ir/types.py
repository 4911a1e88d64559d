"""Types, units, clocks and intervals: the facts that the analyses infer about a value."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum


class Kind(StrEnum):
    BOOL = "bool"
    INT = "int"
    REAL = "real"  # f64; with a dimension it is a price, a quantity, a notional ...
    DURATION = "duration"  # i64 ns
    TIME = "time"  # i64 ns since the epoch, UTC
    ENUM = "enum"
    RECORD = "record"


@dataclass(frozen=True, slots=True, order=True)
class Dim:
    """A dimension: integer exponents over currencies. `price<btc>` is `{USDC: 1, BTC: -1}`; a pure number is `{}`."""

    exponents: tuple[tuple[str, int], ...] = ()

    @staticmethod
    def of(**exponents: int) -> Dim:
        return Dim(tuple(sorted((k, v) for k, v in exponents.items() if v)))

    def times(self, other: Dim, sign: int = 1) -> Dim:
        if not other.exponents:
            return self
        total = dict(self.exponents)
        for symbol, exponent in other.exponents:
            total[symbol] = total.get(symbol, 0) + sign * exponent
        return Dim(tuple(sorted((k, v) for k, v in total.items() if v)))

    def over(self, other: Dim) -> Dim:
        return self.times(other, -1)

    def __str__(self) -> str:
        """`USDC per BTC`, `BTC`, `USDC^2`; a pure number is `1`."""

        def side(sign: int) -> str:
            parts = [(s, e * sign) for s, e in self.exponents if e * sign > 0]
            return " ".join(s if e == 1 else f"{s}^{e}" for s, e in parts)

        above, below = side(1), side(-1)
        if not above and not below:
            return "1"
        return f"{above or '1'} per {below}" if below else above


NUMBER = Dim()


@dataclass(frozen=True, slots=True)
class Grid:
    """The value is a whole number of ticks or lots of one instrument, carried as i64 until an operation leaves the grid."""

    unit: str  # "tick" | "lot"
    instrument: str  # alias


@dataclass(frozen=True, slots=True)
class Type:
    """Kind, dimension and carrier of a value. `optional` values may be absent (`T?`)."""

    kind: Kind
    dim: Dim = NUMBER
    grid: Grid | None = None
    optional: bool = False
    fields: tuple[tuple[str, Type], ...] = ()  # of a record

    def present(self) -> Type:
        return self.maybe(False)

    def maybe(self, optional: bool = True) -> Type:
        return replace(self, optional=optional) if self.optional is not optional else self

    def off_grid(self) -> Type:
        return replace(self, grid=None) if self.grid is not None else self

    @property
    def is_number(self) -> bool:
        return self.kind in (Kind.INT, Kind.REAL)

    @property
    def carrier(self) -> str:
        """The FIR type that holds a value of this type: i1, i64 or f64."""
        if self.kind is Kind.BOOL:
            return "i1"
        return "f64" if self.kind is Kind.REAL and self.grid is None else "i64"


BOOL = Type(Kind.BOOL)
INT = Type(Kind.INT)
REAL = Type(Kind.REAL)
DURATION = Type(Kind.DURATION)
TIME = Type(Kind.TIME)


@dataclass(frozen=True, slots=True)
class Clock:
    """One base clock: `bar` (period), `timer` (period), `book`, `trade`, `account`.

    Ordered as instants fire: shorter periods first, then instruments in file order (the caller keeps file order).
    """

    kind: str
    instrument: str = ""  # alias; empty for timers and the account
    period_ns: int = 0

    def __str__(self) -> str:
        if self.kind == "bar":
            return f"{self.instrument}.{duration_text(self.period_ns)}"
        if self.kind == "timer":
            return duration_text(self.period_ns)
        return f"{self.instrument}.{self.kind}" if self.instrument else self.kind


#: The clock of an expression: the set of base clocks on which it ticks. Empty: a constant or parameter.
ClockSet = frozenset[Clock]
CONSTANT: ClockSet = frozenset()

_DURATION_UNITS = (("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1))  # fmt: skip


def duration_text(ns: int) -> str:
    """`60_000_000_000` -> `1m`: the largest unit that divides evenly."""
    if ns == 0:
        return "0s"
    for unit, size in _DURATION_UNITS:
        if ns % size == 0:
            return f"{ns // size}{unit}"
    raise AssertionError("nanoseconds always divide")


@dataclass(frozen=True, slots=True)
class Interval:
    """All values an expression can take lie in `[low, high]` (closed; ends may be infinite)."""

    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        assert self.low <= self.high, f"empty interval {self.low}..{self.high}"

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    @property
    def is_point(self) -> bool:
        return self.low == self.high

    def join(self, other: Interval) -> Interval:
        return Interval(min(self.low, other.low), max(self.high, other.high))


EVERYTHING = Interval()
