"""Literals and unit names as exact constants."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from ...dsl import ast
from ...dsl.diagnostics import Diagnostic, Edit, Fix, Label, Safety
from ...dsl.source import Span
from ..ir.types import BOOL, DURATION, INT, REAL, Dim, Grid, Kind, Type
from .built import Built
from .names import DURATIONS, ENUMS, FOREIGN_UNITS, LOTS, RATIOS, TICKS
from .suggest import nearest

_I64 = 2**63


@dataclass(frozen=True, slots=True)
class Constant:
    """`value` is exact; grid constants count ticks or lots, durations nanoseconds."""

    value: int | Fraction | bool
    type: Type


def tick_type(built: Built, alias: str) -> Type:
    """A price on its grid."""
    return grid_types(alias, *built.currencies(alias))[0]


def lot_type(built: Built, alias: str) -> Type:
    """A quantity on its grid."""
    return grid_types(alias, *built.currencies(alias))[1]


def money_type(built: Built, alias: str) -> Type:
    return grid_types(alias, *built.currencies(alias))[2]


@lru_cache(maxsize=256)
def grid_types(alias: str, base: str, quote: str) -> tuple[Type, Type, Type]:
    """Price, quantity and money of an instrument."""
    price = Type(Kind.REAL, Dim.of(**{quote: 1, base: -1}), Grid("tick", alias))
    return price, Type(Kind.REAL, Dim.of(**{base: 1}), Grid("lot", alias)), Type(Kind.REAL, Dim.of(**{quote: 1}))


def known_currencies(built: Built) -> tuple[str, ...]:
    """Base and quote currencies of the file's instruments."""
    return tuple(sorted({c for i in built.document.instruments for c in (i.base, i.quote)}))


def literal(e: ast.Number | ast.Quantity | ast.Boolean, built: Built, alias: str) -> Constant | Diagnostic:
    """The constant a literal stands for, or why it stands for none."""
    if isinstance(e, ast.Boolean):
        return Constant(e.value, BOOL)
    if isinstance(e, ast.Quantity):
        return _quantity(e, built, alias)
    if not e.is_int:
        return Constant(Fraction(e.value), REAL)
    if abs(e.value) >= _I64:
        return Diagnostic(
            "FC0218",
            "this number is too large for a whole number",
            Label(e.span, "above 2^63 - 1"),
            helps=("write it as a real: add `.0`",),
        )
    return Constant(int(e.value), INT)


def _quantity(e: ast.Quantity, built: Built, alias: str) -> Constant | Diagnostic:
    if e.unit in DURATIONS:
        return _whole(e, e.value * DURATIONS[e.unit], DURATION, "a time is a whole number of nanoseconds")
    if e.unit in RATIOS:
        return Constant(Fraction(e.value) * RATIOS[e.unit], REAL)
    if e.unit in TICKS:
        return _whole(e, e.value, tick_type(built, alias), "ticks are counted in whole numbers")
    if e.unit in LOTS:
        return _whole(e, e.value, lot_type(built, alias), "lots are counted in whole numbers")
    if e.unit in known_currencies(built):
        return Constant(Fraction(e.value), Type(Kind.REAL, Dim.of(**{e.unit: 1})))
    return unknown_unit(e.unit, e.unit_span, unit_names(built))


def _whole(e: ast.Quantity, value: Decimal, type_: Type, why: str) -> Constant | Diagnostic:
    if value != value.to_integral_value() or abs(value) >= _I64:
        return Diagnostic("FC0218", f"{why}", Label(e.span, "not a whole number in range"))
    return Constant(int(value), type_)


def unit_names(built: Built) -> tuple[str, ...]:
    return (*DURATIONS, *RATIOS, "ticks", "lots", *known_currencies(built))


def unknown_unit(unit: str, span: Span, known: tuple[str, ...], note: str = "") -> Diagnostic:
    guess = FOREIGN_UNITS.get(unit) if FOREIGN_UNITS.get(unit) in known else None
    guess = guess or nearest(unit, known)
    fixes = (Fix(f"did you mean `{guess}`?", Safety.SAFE, (Edit(span, guess),)),) if guess else ()
    notes = (note,) if note else ()
    return Diagnostic(
        "FC0105",
        f"unknown unit `{unit}`",
        Label(span, "not a unit here"),
        notes=(*notes, f"units here: {', '.join(known)}"),
        fixes=fixes,
    )


def named(name: str, built: Built, alias: str) -> Constant | None:
    """The constant a bare unit or enumeration name stands for: `BTC` in `64_000 USDC / BTC`."""
    if name in known_currencies(built):
        return Constant(Fraction(1), Type(Kind.REAL, Dim.of(**{name: 1})))
    if name in TICKS:
        return Constant(1, tick_type(built, alias))
    if name in LOTS:
        return Constant(1, lot_type(built, alias))
    if name in RATIOS:
        return Constant(RATIOS[name], REAL)
    if name in ENUMS:
        return Constant(ENUMS[name][1], Type(Kind.ENUM))
    return None
