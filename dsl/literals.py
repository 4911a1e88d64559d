"""Literals that are not expressions: clocks, ranges, and the type a literal implies."""

from __future__ import annotations

import re
from decimal import Decimal

from .ast import Binary, Boolean, ClockName, Expr, Number, Quantity, Unary
from .cst import Scalar
from .diagnostics import Diagnostic, Diagnostics, Edit, Fix, Label, Safety
from .expression_parser import parse_expression
from .scalar_expressions import is_without_escapes
from .source import Source, Span

NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
_CLOCK = re.compile(
    r"(?P<value>[0-9][0-9_]*(?:\.[0-9]+)?)(?P<gap>\s*)(?P<unit>[a-z]+)"
    r"|(?:(?P<instrument>[A-Za-z]\w*)\.)?(?P<name>[A-Za-z]\w*)",
    re.ASCII,
)
_RATIO_UNITS = frozenset({"bps", "pct"})
_PRICE_UNITS = frozenset({"tick", "ticks"})


def trimmed(source: Source, span: Span) -> Span:
    """The span without blanks at its ends."""
    text = source.slice(span)
    start = span.start + len(text) - len(text.lstrip())
    return source.span(start, max(start, span.start + len(text.rstrip())))


def read_clock(source: Source, scalar: Scalar, bag: Diagnostics) -> ClockName | None:
    """`1m`, `250ms`, `book`, `eth.book`. The unit is checked here, because the clock's kind decides defaults."""
    if not is_without_escapes(source, scalar, bag):
        return None
    span = trimmed(source, scalar.content)
    match = _CLOCK.fullmatch(source.slice(span))
    if match is None:
        return None
    if match["value"] is None:
        return ClockName(span, None, None, match["name"], match["instrument"])
    if match["unit"] not in NANOSECONDS:
        units = ", ".join(f"`{unit}`" for unit in NANOSECONDS)
        unit_span = source.span(span.start + match.start("unit"), span.end)
        bag.add(Diagnostic("FC0105", f"unknown unit `{match['unit']}`", Label(unit_span), helps=(f"use {units}",)))
        return None
    if match["gap"]:
        gap = source.span(span.start + match.start("gap"), span.start + match.end("gap"))
        fix = Fix("drop the blank", Safety.SAFE, (Edit(gap, ""),))
        bag.add(Diagnostic("FC0105", "a duration has no blank before its unit", Label(span), fixes=(fix,)))
    return ClockName(span, Decimal(match["value"].replace("_", "")), match["unit"], None, None)


def is_bar_clock(clock: ClockName) -> bool:
    """A duration of one second or more; shorter ones are timers, names are events."""
    if clock.value is None or clock.unit is None:
        return False
    return clock.value * NANOSECONDS[clock.unit] >= NANOSECONDS["s"]


def read_range(source: Source, scalar: Scalar, bag: Diagnostics) -> tuple[Expr | None, Expr | None]:
    """`low..high`, each a literal."""
    if not is_without_escapes(source, scalar, bag):
        return None, None
    text = source.slice(scalar.content)
    at = text.find("..")
    if at < 0:
        return None, None
    start = scalar.content.start
    low = parse_expression(source, trimmed(source, source.span(start, start + at)), bag)
    high = parse_expression(source, trimmed(source, source.span(start + at + 2, scalar.content.end)), bag)
    return low, high


def is_literal(expr: Expr) -> bool:
    """A number, quantity or truth value, possibly negative, or a price such as `64_000 USDC/BTC`."""
    if isinstance(expr, Unary):
        return expr.op == "-" and is_literal(expr.operand)
    if isinstance(expr, Binary):
        return expr.op == "/" and isinstance(expr.left, Quantity)
    return isinstance(expr, Number | Quantity | Boolean)


def literal_type(expr: Expr, quotes: frozenset[str]) -> str:
    """The parameter type that a literal implies. `quotes`: the quote currencies of the file."""
    if isinstance(expr, Unary):
        return literal_type(expr.operand, quotes)
    if isinstance(expr, Boolean):
        return "bool"
    if isinstance(expr, Number):
        return "int" if expr.is_int else "real"
    if isinstance(expr, Quantity):
        return _unit_type(expr.unit, quotes)
    return "price" if isinstance(expr, Binary) else "real"


def _unit_type(unit: str, quotes: frozenset[str]) -> str:
    if unit in NANOSECONDS:
        return "duration"
    if unit in _RATIO_UNITS:
        return "ratio"
    if unit in _PRICE_UNITS:
        return "price"
    return "notional" if unit in quotes else "qty"
