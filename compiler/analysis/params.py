"""Parameters and constraints: group 06, and the values that parameters carry at run time."""

from __future__ import annotations

from ...dsl import ast
from ...dsl.diagnostics import Diagnostic
from ..frontend import literals
from ..frontend.built import Built
from ..frontend.declarations import param_type
from ..ir.hir import Parameter
from ..ir.types import Grid, Kind


def constant_of(e: ast.Expr | None, built: Built) -> literals.Constant | None:
    """The constant that a literal expression stands for: numbers, quantities, `-x` and `x / y` of such."""
    match e:
        case ast.Number() | ast.Quantity() | ast.Boolean():
            found = literals.literal(e, built, built.instance)
            return None if isinstance(found, Diagnostic) else found
        case ast.Name():
            return literals.named(e.name, built, built.instance)
        case ast.Unary(op="-"):
            inner = constant_of(e.operand, built)
            return literals.Constant(-inner.value, inner.type) if inner else None
        case ast.Binary(op="/"):
            return _ratio(constant_of(e.left, built), constant_of(e.right, built))
    return None


def _ratio(a: literals.Constant | None, b: literals.Constant | None) -> literals.Constant | None:
    from fractions import Fraction

    from ..ir.types import Type

    if a is None or b is None or not b.value:
        return None
    return literals.Constant(Fraction(a.value) / Fraction(b.value), Type(Kind.REAL, a.type.dim.over(b.type.dim)))


def grid_size(grid: Grid, built: Built) -> float:
    """One tick or lot in whole units."""
    facts = built.instrument(grid.instrument)
    return float(facts.tick if grid.unit == "tick" else facts.lot)


def literal_value(e: ast.Expr | None, built: Built) -> float | None:
    """A literal in whole units, or None when it is no literal."""
    found = constant_of(e, built)
    if found is None:
        return None
    return float(found.value) * (grid_size(found.type.grid, built) if found.type.grid else 1)


def carried(e: ast.Expr | None, whole: bool, built: Built) -> int | float | None:
    """The run-time value of a parameter's literal."""
    found = constant_of(e, built)
    if found is None:
        return None
    if whole:
        return int(found.value)
    return literal_value(e, built)


def parameters(built: Built) -> tuple[Parameter, ...]:
    """Every parameter with its carrier values."""
    made = []
    for p in built.document.params:
        type_ = param_type(p, built)
        whole = type_.kind in (Kind.INT, Kind.DURATION, Kind.BOOL)
        default = carried(p.default, whole, built)
        made.append(
            Parameter(
                p.name.value,
                type_,
                0 if default is None else default,
                carried(p.low, whole, built),
                carried(p.high, whole, built),
                p.sweep,
                p.span,
            )
        )
    return tuple(made)
