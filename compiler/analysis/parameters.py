"""Group 06: parameters and constraints. Pure: graph and facts in, findings out."""

from __future__ import annotations

import math

from ...dsl.diagnostics import Diagnostic, Label
from ...dsl.document import ParamDecl
from ...dsl.source import Span
from ..frontend.built import Built, Root
from ..frontend.declarations import param_type
from ..frontend.suggest import nearest
from ..ir.hir import Facts, Node
from ..ir.types import Interval, Kind, Type
from .params import constant_of, literal_value
from .qualifiers import static_arguments
from .wording import describe, noun

MAX_SWEPT_WORDS = 8 << 20


def declarations(built: Built) -> list[Diagnostic]:
    """FC0601 and units of defaults and ranges (FC0201, FC0206), parameter by parameter."""
    found: list[Diagnostic] = []
    for decl in built.document.params:
        wrong = _units(built, decl)
        found += wrong
        low, high, default = (literal_value(e, built) for e in (decl.low, decl.high, decl.default))
        if wrong or low is None or high is None or default is None:
            continue
        if low > high:
            assert decl.low is not None and decl.high is not None
            found.append(
                Diagnostic(
                    "FC0218",
                    f"the range of `{decl.name.value}` runs backwards",
                    Label(decl.low.span, "above the upper end"),
                    secondary=(Label(decl.high.span, "the upper end"),),
                )
            )
        elif not low <= default <= high:
            found.append(_outside(built, decl))
    return found


def _outside(built: Built, decl: ParamDecl) -> Diagnostic:
    assert decl.low is not None and decl.high is not None
    place = decl.low.span.to(decl.high.span)
    return Diagnostic(
        "FC0601",
        f"the default of `{decl.name.value}` is outside its range",
        Label(decl.default.span, "the default"),
        secondary=(Label(place, "the range"),),
        helps=("widen the range or move the default into it",),
    )


def _units(built: Built, decl: ParamDecl) -> list[Diagnostic]:
    wanted = param_type(decl, built)
    for e in (decl.default, decl.low, decl.high):
        given = constant_of(e, built) if e is not None else None
        if e is None or given is None or _fits(given.type, wanted, given.value == 0):
            continue
        if (
            given.type.is_number
            and not given.type.dim.exponents
            and (wanted.dim.exponents or wanted.kind is Kind.DURATION)
        ):
            unit = "s" if wanted.kind is Kind.DURATION else " " + str(wanted.dim).replace(" per ", "/")
            return [
                Diagnostic(
                    "FC0206",
                    "this number needs a unit",
                    Label(e.span, f"`{decl.name.value}` is {noun(wanted, built)}"),
                    helps=(f"write `{built.text(e.span)}{unit}` if that is what you mean",),
                )
            ]
        return [
            Diagnostic(
                "FC0201",
                f"`{decl.name.value}` is {noun(wanted, built)}, not {noun(given.type, built)}",
                Label(e.span, describe(given.type, built)),
                secondary=(Label(decl.type.span, "its type"),),
            )
        ]
    return []


def _fits(given: Type, wanted: Type, zero: bool) -> bool:
    if given.kind is Kind.INT and wanted.kind is Kind.REAL:
        return zero or not wanted.dim.exponents
    return given.kind is wanted.kind and given.dim == wanted.dim


def analyse(built: Built, facts: Facts, live: frozenset[int]) -> list[Diagnostic]:
    """FC0602, FC0603 on constraints, FC0605 on parameters nobody reads."""
    found: list[Diagnostic] = []
    for root in built.roots:
        if root.role == "constraint" and root.node in live and facts.types[root.node].kind is Kind.BOOL:
            found += _constraint(built, facts, root)
    for decl in built.document.params:
        if decl.name.value not in built.read_params and not may_be_meant(built, decl.name.value):
            found.append(
                Diagnostic(
                    "FC0605",
                    f"nothing reads the parameter `{decl.name.value}`",
                    Label(decl.name.span, "never used"),
                    helps=("remove it, or use it where its value stands as a number",),
                )
            )
    return found


def may_be_meant(built: Built, name: str) -> bool:
    """Something that cannot be read, or a name that means nothing, may stand for `name`."""
    return not built.document.complete or any(nearest(wrong, (name,)) for wrong in built.unresolved)


def _constraint(built: Built, facts: Facts, root: Root) -> list[Diagnostic]:
    if facts.qualifiers[root.node] == "series":
        return [
            Diagnostic(
                "FC0207", "a constraint is about parameters only", Label(root.span, "changes while the strategy runs")
            )
        ]
    if facts.intervals[root.node] == Interval(0, 0):
        return [
            Diagnostic(
                "FC0603",
                f"the constraint `{root.name}` can never hold",
                Label(root.span, "false for all values in the ranges"),
                helps=("widen a range, or correct the constraint",),
            )
        ]
    if value_at_defaults(built, facts, root.node) == 0:
        return [
            Diagnostic(
                "FC0602",
                f"the constraint `{root.name}` is false at the defaults",
                Label(root.span, _with_defaults(built, root.node)),
                helps=("change a default so that the strategy can run as it stands",),
            )
        ]
    return []


def _with_defaults(built: Built, node: int) -> str:
    names = sorted({str(built.graph[i].attrs["name"]) for i in _below(built, node) if built.graph[i].op == "param"})
    decls = {p.name.value: p for p in built.document.params}
    return ", ".join(f"{n} is {built.text(decls[n].default.span)}" for n in names)


def _below(built: Built, node: int) -> list[int]:
    return [node, *(b for a in built.graph[node].args for b in _below(built, a))]


def value_at_defaults(built: Built, facts: Facts, node_id: int) -> float | None:
    """A constant or parameter expression at the defaults, in whole units; None for anything else."""
    node = built.graph[node_id]
    if node.op == "param":
        decl = next(p for p in built.document.params if p.name.value == node.attrs["name"])
        return literal_value(decl.default, built)
    if node.op == "const":
        return facts.intervals[node_id].low
    parts = [value_at_defaults(built, facts, a) for a in node.args]
    known = [p for p in parts if p is not None]
    return _apply(node, known) if len(known) == len(parts) else None


def _apply(node: Node, p: list[float]) -> float | None:
    match node.op:
        case "add":
            return p[0] + p[1]
        case "sub":
            return p[0] - p[1]
        case "mul":
            return p[0] * p[1]
        case "div":
            return p[0] / p[1] if p[1] else None
        case "neg":
            return -p[0]
        case "not":
            return 1 - p[0]
        case "lt" | "le" | "eq" | "ne":
            return float({"lt": p[0] < p[1], "le": p[0] <= p[1], "eq": p[0] == p[1], "ne": p[0] != p[1]}[node.op])
        case "and":
            return min(p)
        case "or":
            return max(p)
        case "if":
            return p[1] if p[0] else p[2]
    return None


def swept_lengths(built: Built, facts: Facts, live: frozenset[int]) -> tuple[list[Diagnostic], frozenset[str]]:
    """FC0604: a swept length reserves a window per value. Also the names it rejected."""
    found: dict[str, Diagnostic] = {}
    decls = {p.name.value: p for p in built.document.params}
    for node in built.graph.nodes:
        for index in static_arguments(node) if node.id in live else ():
            arg = built.graph[node.args[index]]
            decl = decls.get(str(arg.attrs.get("name"))) if arg.op == "param" else None
            known = facts.intervals[arg.id]
            if decl is None or not decl.sweep or math.isinf(known.high):
                continue
            values = known.high - known.low + 1
            if values * known.high > MAX_SWEPT_WORDS:
                span = decl.low.span.to(decl.high.span) if decl.low and decl.high else decl.name.span
                found.setdefault(decl.name.value, _too_wide(built, decl, span, values, built.arg_span(node.id, index)))
    return list(found.values()), frozenset(found)


def _too_wide(built: Built, decl: ParamDecl, span: Span, values: float, use: Span) -> Diagnostic:
    return Diagnostic(
        "FC0604",
        f"searching `{decl.name.value}` would keep {values:.0f} windows",
        Label(span, "too many lengths"),
        secondary=(Label(use, "a length here"),),
        notes=("every value of a swept length keeps its own window",),
        helps=("narrow the range, or take it out of the search",),
    )
