"""The exact value of an expression that is made of literals only: `64_000 USDC/BTC`, `-3 ticks`, `2 * 5m`."""

from __future__ import annotations

from fractions import Fraction

from ..ir.types import Grid, Kind, Type
from .built import Built

Value = int | Fraction | bool


def constant(built: Built, node_id: int, type_: Type) -> Value | None:
    """In whole units (prices in quote per base, durations in ns), exact; None when something in it is not known."""
    node = built.graph[node_id]
    if node.op == "const":
        value = node.attrs["value"]
        if isinstance(value, bool):
            return value
        assert isinstance(value, int | Fraction), "a literal is exact"
        written = node.attrs["type"]
        grid = written.grid if isinstance(written, Type) else None
        return value if grid is None or value == 0 else Fraction(value, 10 ** grid_decimals(built, grid))
    args = [constant(built, a, type_) for a in node.args]
    if node.op == "at" or not args or any(a is None or isinstance(a, bool) for a in args):
        return None
    return _arithmetic(node.op, [Fraction(a) for a in args if a is not None], type_)


def _arithmetic(op: str, x: list[Fraction], type_: Type) -> Value | None:
    found: Fraction | None = None
    if op == "neg":
        found = -x[0]
    elif op in ("add", "sub", "mul"):
        found = {"add": x[0] + x[1], "sub": x[0] - x[1], "mul": x[0] * x[1]}[op]
    elif op == "div" and x[1] != 0:
        found = x[0] / x[1]
    if found is None:
        return None
    whole = type_.kind is not Kind.REAL and found.denominator == 1
    return int(found) if whole else found


def grid_decimals(built: Built, grid: Grid) -> int:
    """Decimals of the unit of a grid."""
    facts = built.instrument(grid.instrument)
    return facts.price_decimals if grid.unit == "tick" else facts.qty_decimals
