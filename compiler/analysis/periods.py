"""Clock periods: FC0308, FC0310 and FC0311, and windows over time on clocks that are not events (FC0309).

Pure: graph and clocks in, findings out.
"""

from __future__ import annotations

from ...dsl.diagnostics import Diagnostic, Edit, Fix, Label, Safety
from ...dsl.source import Span
from ..frontend.built import Built
from ..ir.hir import Node
from ..ir.types import Clock, ClockSet, duration_text
from .clocks import ACCOUNT

_DAY = 86_400 * 10**9


def analyse(built: Built, live: frozenset[int], clocks: dict[int, ClockSet]) -> list[Diagnostic]:
    """Findings on all clocks of the `live` nodes."""
    found = _bars(built, live, clocks)
    for node in built.graph.nodes:
        if node.id in live and node.attrs.get("time"):
            found += _panes(built, node, clocks)
    return found + _decision(built, live, clocks)


def _bars(built: Built, live: frozenset[int], clocks: dict[int, ClockSet]) -> list[Diagnostic]:
    """Every bar length fits a day and is a multiple of the shortest one of its instrument."""
    places: dict[Clock, Span] = {}
    if built.decision.kind == "bar":
        places[built.decision] = built.document.decide.clock.span
    for node in built.graph.nodes:
        if node.id in live and node.op in ("field", "at"):
            for clock in clocks[node.id]:
                if clock.kind == "bar":
                    places.setdefault(clock, _clock_span(built, node))
    found = []
    for clock, span in places.items():
        shortest = min((c.period_ns for c in places if c.instrument == clock.instrument), default=clock.period_ns)
        if clock.period_ns % _DAY and _DAY % clock.period_ns:
            found.append(
                _uneven(
                    span,
                    clock,
                    f"{duration_text(clock.period_ns)} does not divide a day",
                    "bars start at midnight UTC and fill the day evenly",
                )
            )
        elif clock.period_ns % shortest:
            text = f"{duration_text(clock.period_ns)} is no whole number of {duration_text(shortest)} bars"
            found.append(_uneven(span, clock, text, "longer bars are made of the shortest ones the file uses"))
    return found


def _clock_span(built: Built, node: Node) -> Span:
    """The text after the node's `@` if it has one, else the whole node."""
    if node.op == "at":
        start = built.arg_span(node.id, 0).end
        text = built.source(node.span).text[start : node.span.end]
        at = text.rfind("@")
        return Span(node.span.path, start + at + 1, node.span.end) if at >= 0 else node.span
    return node.span


def _uneven(span: Span, clock: Clock, text: str, note: str) -> Diagnostic:
    return Diagnostic(
        "FC0308",
        f"bars of {duration_text(clock.period_ns)} cannot be built",
        Label(span, text),
        notes=(note,),
        helps=("choose one of 1s 5s 15s 30s 1m 3m 5m 15m 30m 1h 4h 1d",),
    )


def _panes(built: Built, node: Node, clocks: dict[int, ClockSet]) -> list[Diagnostic]:
    found = []
    ticking = clocks.get(node.args[0], frozenset())
    periodic = [c for c in ticking if c.period_ns]
    if periodic:
        name = str(node.attrs["function"])
        text = built.text(built.arg_span(node.id, 0))
        found.append(
            Diagnostic(
                "FC0309",
                "a window over time adds up events, and this value has none",
                Label(built.arg_span(node.id, 0), f"ticks on {periodic[0]}"),
                helps=(f"count ticks instead: `{name}({text}, 10)`",),
            )
        )
    length, pane = (built.graph[a].attrs.get("value") for a in node.args[1:])
    if isinstance(length, int) and isinstance(pane, int) and (pane <= 0 or length % pane):
        span = built.arg_span(node.id, 2)
        good = _nearest_pane(length, pane)
        fix = Fix(f"write `pane={good}`", Safety.PLACEHOLDER, (Edit(span, good),))
        found.append(
            Diagnostic(
                "FC0310",
                "the pane does not divide the window",
                Label(span, f"{duration_text(length)} is no whole number of {duration_text(pane)}"),
                secondary=(Label(built.arg_span(node.id, 1), "the window"),),
                fixes=(fix,),
            )
        )
    return found


def _nearest_pane(length: int, pane: int) -> str:
    """The largest divisor of `length` (by a small whole number) that is not above `pane`."""
    parts = max(1, -(-length // max(pane, 1)))
    while length % parts and parts < 10_000:
        parts += 1
    return duration_text(length // parts if length % parts == 0 else length)


def _decision(built: Built, live: frozenset[int], clocks: dict[int, ClockSet]) -> list[Diagnostic]:
    """FC0311: a rule whose every input is bars shorter than the decision's."""
    if not built.decision.period_ns:
        return []
    found = []
    for rule in (*built.document.entries, *built.document.exits):
        roots = [r for r in built.roots if r.rule is rule and r.role == "clause" and r.node in live]
        ticking = frozenset[Clock]().union(*(clocks[r.node] for r in roots)) - {ACCOUNT} if roots else frozenset()
        if ticking and all(c.period_ns and c.period_ns * 2 <= built.decision.period_ns for c in ticking):
            fastest = min(ticking, key=lambda c: c.period_ns)
            times = built.decision.period_ns // fastest.period_ns
            short, long = duration_text(fastest.period_ns), duration_text(built.decision.period_ns)
            found.append(
                Diagnostic(
                    "FC0311",
                    f"the rule `{rule.name.value}` looks only every {times}th time",
                    Label(roots[0].span, f"ticks on {fastest}"),
                    secondary=(Label(built.document.decide.clock.span, f"decisions every {long}"),),
                    notes=("what happens between two decisions is never seen",),
                    helps=(
                        f"decide on the faster clock: `decide: {short}`",
                        f"or sample on purpose: `({built.text(roots[0].span)})@{long}`",
                    ),
                )
            )
    return found
