"""Qualifiers `const < param < series`, and what must be known before the run; FC0207, FC0301, FC0450.

Pure: graph and types in, qualifiers and findings out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ...dsl.diagnostics import Diagnostic, Label
from ..frontend.built import Built
from ..ir.hir import Node
from ..library.function import is_pair, is_pointwise
from ..library.table import FUNCTIONS

_RANK = {"const": 0, "param": 1, "series": 2}


@dataclass(slots=True)
class Qualifiers:
    qualifiers: dict[int, str] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)


def infer(built: Built, live: frozenset[int]) -> Qualifiers:
    """Qualifiers of the `live` nodes."""
    result = Qualifiers()
    for node in built.graph.nodes:
        if node.id in live:
            result.qualifiers[node.id] = _of(node, result.qualifiers)
    for node in built.graph.nodes:
        if node.id in live:
            for index in static_arguments(node):
                _check(built, node, index, result)
    return result


def _of(node: Node, known: dict[int, str]) -> str:
    if node.op in ("const", "param"):
        return node.op
    if node.op in ("field", "prev", "at"):
        return "series"
    if node.op == "call" and not is_pointwise(FUNCTIONS[str(node.attrs["function"])], node.attrs):
        return "series"
    return max((known.get(a, "series") for a in node.args), key=_RANK.__getitem__, default="const")


def static_arguments(node: Node) -> tuple[int, ...]:
    """The arguments that decide how much is kept: lengths, depths, panes, history indices."""
    if node.op == "index":
        return (1,)
    if node.op == "field" and node.args and node.attrs["name"] != "vwap_to":
        return (0,)
    if node.op != "call" or is_pair(str(node.attrs["function"]), node.attrs):
        return ()
    if node.attrs.get("time"):
        return (1, 2)
    return tuple(i for i, p in enumerate(FUNCTIONS[str(node.attrs["function"])].signature.params) if p.is_static)


def depth_arguments(node: Node) -> tuple[int, ...]:
    """The arguments of a call that are numbers of book levels."""
    row = FUNCTIONS.get(str(node.attrs.get("function"))) if node.op == "call" else None
    return tuple(i for i, p in enumerate(row.signature.params) if p.type == "depth") if row is not None else ()


def _check(built: Built, node: Node, index: int, result: Qualifiers) -> None:
    arg = node.args[index]
    if result.qualifiers.get(arg, "const") != "series":
        return
    result.broken.add(node.id)
    span = built.arg_span(node.id, index)
    what = (
        "a history index"
        if node.op == "index"
        else f"this argument of `{node.attrs.get('function', node.attrs.get('name'))}`"
    )
    result.found.append(
        Diagnostic(
            "FC0207",
            f"{what} must be known before the run",
            Label(span, "changes while the strategy runs"),
            notes=(
                "lengths, depths and history indices are constants or parameters: that is what keeps memory bounded",
            ),
            helps=("use a number, or a parameter with a range: `length: {type: int, default: 20, in: 5..50}`",),
        )
    )
