"""Causality: nothing reads the future. FC0301 for indices ahead, FC0302 for the taint `future` outside labels, FC0702
for the taint `account` inside them.

(FC0303, the cycle, is found while names are resolved: `frontend/scope.py`.) Pure: graph and intervals in, findings out.
"""

from __future__ import annotations

from ...dsl.diagnostics import Diagnostic, Label
from ..frontend.built import Built
from ..ir.hir import Node
from ..ir.types import Interval
from .clocks import ACCOUNT_SOURCES


def analyse(built: Built, live: frozenset[int], intervals: dict[int, Interval]) -> list[Diagnostic]:
    """Findings on all `live` nodes."""
    found = [
        d
        for node in built.graph.nodes
        if node.id in live and node.op == "index"
        for d in _index(built, node, intervals)
    ]
    return found + _future(built, live) + _account(built, live)


def _index(built: Built, node: Node, intervals: dict[int, Interval]) -> list[Diagnostic]:
    k = intervals.get(node.args[1])
    if k is None or k.low >= 0:
        return []
    span = built.arg_span(node.id, 1)
    shown = built.text(span)
    label = f"{shown} bars ago is a bar that has not closed yet" if k.is_point else f"can be {k.low:g}, which is ahead"
    period = next(
        (built.graph[a].attrs.get("period_ns") for a in node.args if built.graph[a].attrs.get("source") == "bar"), None
    )
    helps = (
        ("for the past write a positive number; the bar that is still open is `forming(1m).close`, which reads trades",)
        if period
        else ()
    )
    return [
        Diagnostic(
            "FC0301",
            "history index looks into the future",
            Label(span, label),
            notes=("indices count backwards: 0 is the last closed bar, 1 the one before it",),
            helps=helps,
        )
    ]


def _future(built: Built, live: frozenset[int]) -> list[Diagnostic]:
    """Follow `lead` and label names from rules and `let`s; the path is drawn."""
    sources = {n.id for n in built.graph.nodes if n.id in live and n.attrs.get("function") == "lead"}
    sources |= set(built.labels.values())
    if not sources:
        return []
    tainted = _closure(built, sources)
    found: list[Diagnostic] = []
    reported: set[int] = set()
    ends = [(root.node, root.name, root.span) for root in built.roots]
    ends += [(node, name, built.graph[node].span) for name, node in built.graph.lets.items()]
    for node, name, _ in ends:
        path = _path(built, node, sources, tainted) if node in tainted else []
        if path and path[-1][0] not in reported:
            reported.add(path[-1][0])
            found.append(_reaches(built, path, name))
    return found


def _account(built: Built, live: frozenset[int]) -> list[Diagnostic]:
    """FC0702: what depends on the account in a label."""
    found: list[Diagnostic] = []
    for name, label in built.labels.items():
        for node in (built.graph[i] for i in sorted(_below(built, label)) if i in live):
            if node.op == "field" and node.attrs["source"] in ACCOUNT_SOURCES:
                shown = f"{node.attrs['source']}.{node.attrs['name']}"
                found.append(
                    Diagnostic(
                        "FC0702",
                        f"the label `{name}` depends on the account",
                        Label(node.span, f"`{shown}` is known only while the strategy trades"),
                        notes=("labels and model inputs are made from data alone, for all instants",),
                        helps=("describe the market instead: a return, a spread, a volume",),
                    )
                )
                break
    return found


def _below(built: Built, root: int) -> set[int]:
    found, todo = {root}, [root]
    while todo:
        for a in built.graph[todo.pop()].args:
            if a not in found:
                found.add(a)
                todo.append(a)
    return found


def _closure(built: Built, sources: set[int]) -> set[int]:
    tainted = set(sources)
    grown = True
    while grown:
        size = len(tainted)
        tainted |= {n.id for n in built.graph.nodes if any(a in tainted for a in n.args)}
        grown = len(tainted) > size
    return tainted


def _path(built: Built, node: int, sources: set[int], tainted: set[int]) -> list[tuple[int, str]]:
    """(node, name) from a use down to its source."""
    path: list[tuple[int, str]] = []
    seen: set[int] = set()
    while node not in seen:
        seen.add(node)
        label = built.graph[node].label
        if label or node in sources:
            path.append((node, label or "lead(...)"))
        if node in sources:
            return path
        node = next(a for a in built.graph[node].args if a in tainted)
    return []


def _reaches(built: Built, path: list[tuple[int, str]], name: str) -> Diagnostic:
    source = built.graph[path[-1][0]]
    is_label = path[-1][0] in built.labels.values()
    steps = [step for _, step in path]
    drawn = " <- ".join(dict.fromkeys((name, *steps)))
    where = "only for labels" if is_label else "reads values that come later"
    secondary = tuple(
        Label(built.graph[n].span, f"`{step}` carries it on")
        for n, step in path[:-1]
        if built.graph[n].span != source.span
    )
    return Diagnostic(
        "FC0302",
        f"a value from the future reaches `{name}`",
        Label(source.span, where),
        secondary=secondary[:3],
        notes=(f"the path: {drawn}", "`lead` exists for training targets: under `labels:`, which rules cannot read"),
        helps=("for the past write `x[n]` or `ret(x, n)`",),
    )
