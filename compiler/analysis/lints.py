"""Lints: correct text that is probably not what was meant. Run only on files without errors. Pure."""

from __future__ import annotations

import math
from collections import defaultdict

from ...dsl.diagnostics import Diagnostic, Label
from ...dsl.source import Span
from ..frontend.built import Built, Root
from ..frontend.policies import unused
from ..ir.hir import Facts, Node
from ..ir.types import Clock, Interval, duration_text
from ..library.table import FUNCTIONS
from .implication import Implications, age_limit
from .intervals import reachable_score
from .parameters import may_be_meant
from .params import literal_value
from .qualifiers import static_arguments

#: Numbers too common to carry a meaning of their own.
_COMMON = frozenset({0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0, 50.0, 100.0})
_REPEATED = 3
_LONG_WINDOW = 10
_BPS = 10_000


def analyse(built: Built, facts: Facts, live: frozenset[int], logic: Implications) -> list[Diagnostic]:
    """All static lints."""
    found = [*_unused(built), *_fixed_clauses(built, facts), *_scores(built, facts), *_implied(built, logic)]
    found += [*_numbers(built), *_edges(built)]
    return (
        found
        + _windows(built, facts, live)
        + _fees(built, facts)
        + _stops(built, facts)
        + _guards(built, facts)
        + _same_rules(built, logic)
    )


def _unused(built: Built) -> list[Diagnostic]:
    return [
        Diagnostic(
            "FL101",
            f"nothing reads `{d.name.value}`",
            Label(d.name.span, "never used"),
            helps=("remove it, or use it",),
        )
        for d in built.document.lets
        if d.name.value not in built.read_lets and not may_be_meant(built, d.name.value)
    ] + [
        Diagnostic(
            "FL101",
            f"no rule uses the policy `{e.name.value}`",
            Label(e.name.span, "never used"),
            helps=("remove it, or name it under `execute` or `then`",),
        )
        for e in built.document.execution
        if e.name.value in unused(built.document)
    ]


def _clauses(built: Built) -> list[Root]:
    return [r for r in built.roots if r.role == "clause"]


def _fixed_clauses(built: Built, facts: Facts) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for root in (r for r in built.roots if r.role in ("clause", "scored")):
        known = facts.intervals[root.node]
        if known.is_point:
            node = built.graph[root.node]
            found.append(
                Diagnostic(
                    "FL102",
                    f"this clause is always {'true' if known.low else 'false'}",
                    Label(root.span, _why(built, facts, node)),
                    helps=("delete the clause, or write the bound you meant",),
                )
            )
    return found


def _scores(built: Built, facts: Facts) -> list[Diagnostic]:
    """FL102 for a score that the weights cannot reach, or cannot miss."""
    found: list[Diagnostic] = []
    for root in (r for r in built.roots if r.role == "at_least"):
        weights = [facts.intervals[r.node] for r in built.roots if r.role == "weight" and r.rule is root.rule]
        least, most = reachable_score(weights)
        needed = facts.intervals[root.node]
        if needed.low > most:
            found.append(_fixed_score(root, "never", f"the weights sum up to {most:g} at most"))
        elif needed.high <= least:
            found.append(_fixed_score(root, "always", f"the score is {least:g} at least"))
    return found


def _fixed_score(root: Root, when: str, why: str) -> Diagnostic:
    help_ = "lower it, or raise a weight" if when == "never" else "raise it; clauses that must hold are `require`"
    return Diagnostic("FL102", f"this score is {when} reached", Label(root.span, why), helps=(help_,))


def _why(built: Built, facts: Facts, node: Node) -> str:
    for a in node.args:
        known = facts.intervals.get(a, Interval())
        if facts.qualifiers.get(a) == "series" and not (math.isinf(known.low) and math.isinf(known.high)):
            text = built.text(built.graph[a].span)
            return f"{text} lies in [{known.low:g}, {known.high:g}]"
    return "decided by the ranges of its parts"


def _implied(built: Built, logic: Implications) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for rule in (*built.document.entries, *built.document.exits):
        mine = [r for r in _clauses(built) if r.rule is rule]
        for i, weak in enumerate(mine):
            strong = next(
                (
                    s
                    for j, s in enumerate(mine)
                    if j != i
                    and logic.implies([s.node], weak.node)
                    and not (j > i and logic.implies([weak.node], s.node))
                ),
                None,
            )
            if strong is not None:
                found.append(
                    Diagnostic(
                        "FL103",
                        f"`{weak.name}` decides nothing",
                        Label(weak.span, f"holds whenever `{strong.name}` holds"),
                        secondary=(Label(strong.span, f"`{strong.name}`"),),
                        helps=("remove it",),
                    )
                )
    return found


def _windows(built: Built, facts: Facts, live: frozenset[int]) -> list[Diagnostic]:
    """FL104: a window ten times longer than the strategy ever holds."""
    limits = [
        age_limit(built, facts, built.graph[r.node])
        for r in _clauses(built)
        if r.holder == "exit" and r.rule and len(r.rule.clauses) == 1
    ]
    horizon = min((x for x in limits if x is not None), default=None)
    if horizon is None or horizon <= 0:
        return []
    found: list[Diagnostic] = []
    for node in built.graph.nodes:
        if node.id not in live or node.op != "call" or node.attrs.get("time"):
            continue
        row = FUNCTIONS[str(node.attrs["function"])]
        clock = next(iter(facts.clocks[node.id]), None)
        lengths = [
            facts.intervals[node.args[i]].low
            for i, p in enumerate(row.signature.params)
            if p.type == "length" and ("window", p.name) in row.warmup
        ]
        if (
            clock is not None
            and clock.period_ns
            and lengths
            and max(lengths) * clock.period_ns > _LONG_WINDOW * horizon
        ):
            span_ns = int(max(lengths)) * clock.period_ns
            found.append(
                Diagnostic(
                    "FL104",
                    "this window is far longer than any position",
                    Label(node.span, f"spans {duration_text(span_ns)}"),
                    notes=(f"positions are left after at most {duration_text(int(horizon))}",),
                    helps=("shorten it, or sample on a slower clock if the slow view is meant",),
                )
            )
    return found


def _numbers(built: Built) -> list[Diagnostic]:
    """FL106: the same uncommon number, with the same unit, in several places."""
    places: dict[tuple[object, str], dict[Span, None]] = defaultdict(dict)
    lengths = {node.args[i] for node in built.graph.nodes for i in static_arguments(node)}
    lengths |= {root.node for root in built.roots if root.name.startswith("risk.stale.")}
    for node in built.graph.nodes:
        if node.op != "const" or node.id in lengths:
            continue
        text = built.text(node.span)
        if text[:1].lstrip("-").isdigit() and float(node.attrs["value"]) not in _COMMON:  # type: ignore[arg-type]
            places[node.attrs["value"], repr(node.attrs["type"])].setdefault(node.span)
    found: list[Diagnostic] = []
    for spans in places.values():
        if len(spans) >= _REPEATED:
            first, *rest = sorted(spans)
            text = built.text(first)
            found.append(
                Diagnostic(
                    "FL106",
                    f"`{text}` is written {len(spans)} times",
                    Label(first, "first here"),
                    secondary=tuple(Label(s, "and here") for s in rest[:3]),
                    helps=(f"make it a parameter, so that the places change together: `level: {text}`",),
                )
            )
    return found


def _edges(built: Built) -> list[Diagnostic]:
    """FL112: the default of a swept parameter at an end of its range."""
    found: list[Diagnostic] = []
    for p in built.document.params:
        default, low, high = (literal_value(e, built) for e in (p.default, p.low, p.high))
        if p.sweep and default is not None and default in (low, high) and low != high:
            found.append(
                Diagnostic(
                    "FL112",
                    f"the default of `{p.name.value}` is at the edge of its range",
                    Label(p.default.span, "better values may lie beyond"),
                    helps=("widen the range on that side",),
                )
            )
    return found


# money


def _gains(built: Built, facts: Facts) -> list[tuple[Root, float, bool]]:
    """(exit clause, bound, is target) for `pos.gain > x` and `pos.gain < -x`, also inside `or`."""
    found: list[tuple[Root, float, bool]] = []
    for root in _clauses(built):
        if root.holder == "exit":
            todo = [root.node]
            while todo:
                node = built.graph[todo.pop()]
                todo += node.args if node.op in ("or", "and") else ()
                found += [(root, bound, target) for bound, target in _gain(built, facts, node)]
    return found


def _gain(built: Built, facts: Facts, node: Node) -> list[tuple[float, bool]]:
    if node.op not in ("lt", "le"):
        return []
    left, right = (built.graph[a] for a in node.args)
    low, high = (facts.intervals.get(a, Interval()) for a in node.args)
    if _is_gain(right) and low.high > 0 and math.isfinite(low.high):
        return [(low.high, True)]
    return [(high.low, False)] if _is_gain(left) and high.low < 0 and math.isfinite(high.low) else []


def _is_gain(node: Node) -> bool:
    return node.attrs.get("source") == "pos" and node.attrs.get("name") == "gain"


def _fees(built: Built, facts: Facts) -> list[Diagnostic]:
    """FL108: a target below the fees of both orders."""
    instrument = built.instrument(built.instance)
    maker, taker = float(instrument.maker_fee), float(instrument.taker_fee)
    entry = min(
        (maker if _is_maker(built, r.execute.value if r.execute else "") else taker for r in built.document.entries),
        default=taker,
    )
    found: list[Diagnostic] = []
    for root, bound, target in _gains(built, facts):
        assert root.rule is not None
        leave = maker if _is_maker(built, root.rule.execute.value if root.rule.execute else "") else taker
        if target and bound < entry + leave:
            found.append(
                Diagnostic(
                    "FL108",
                    "the fees exceed this target",
                    Label(root.span, f"a gain of {bound * _BPS:g} bps"),
                    notes=(f"entering and leaving costs {(entry + leave) * _BPS:g} bps on {built.profile.name}",),
                    helps=("raise the target, or compare `pos.net_gain`, which is after fees",),
                )
            )
    return found


def _is_maker(built: Built, name: str) -> bool:
    return any(e.name.value == name and e.style.value == "post_only" for e in built.document.execution)


def _stops(built: Built, facts: Facts) -> list[Diagnostic]:
    """FL110: one stop can lose more than the day may."""
    roots = {r.name: r for r in built.roots if r.role == "money"}
    if "risk.position" not in roots or "risk.day_loss" not in roots:
        return []
    position, day = (facts.intervals[roots[n].node].low for n in ("risk.position", "risk.day_loss"))
    quote = built.currencies(built.instance)[1]
    return [
        Diagnostic(
            "FL110",
            "one stop can lose more than the day may",
            Label(root.span, f"up to {-bound * position:g} {quote} of {position:g} {quote}"),
            secondary=(Label(roots["risk.day_loss"].span, "the day's limit"),),
            helps=("tighten the stop, or lower the position limit",),
        )
        for root, bound, target in _gains(built, facts)
        if not target and -bound * position > day
    ]


# risk


def _guards(built: Built, facts: Facts) -> list[Diagnostic]:
    """FL116 without a risk block; FL111 for instruments with live streams and no stale guard."""
    document = built.document
    if document.risk is None:
        if not document.entries:
            return []
        return [
            Diagnostic(
                "FL116",
                "no `risk` block",
                Label(document.strategy.span, "only the runtime's own limits hold"),
                notes=("a backtest does not need one",),
                helps=("before trading live set `risk: {position: {max: ...}, day_loss: {limit: ...}}`",),
            )
        ]
    guarded = (
        {alias for name, _ in document.risk.stale.inputs for alias in _guard(built, name.value)}
        if document.risk.stale
        else set()
    )
    places: dict[Clock, Span] = {}
    for node in built.graph.nodes:
        for clock in facts.clocks.get(node.id, ()):
            if clock.kind in ("book", "trade"):
                places.setdefault(clock, node.span)
    found: list[Diagnostic] = []
    for clock, span in places.items():
        if clock.instrument not in guarded:
            guarded.add(clock.instrument)
            name = clock.kind if clock.instrument == built.instance else str(clock)
            found.append(
                Diagnostic(
                    "FL111",
                    f"no guard against a silent {clock}",
                    Label(span, f"reads {clock}"),
                    helps=(f"add to `risk`: `stale: {{{name}: 1s, then: block_entries}}`",),
                )
            )
    return found


def _guard(built: Built, name: str) -> tuple[str, ...]:
    """The instruments of a stale guard: `eth.book` of one, `book` of every traded one."""
    return (name.partition(".")[0],) if "." in name else tuple(t.value for t in built.document.trade)


def _same_rules(built: Built, logic: Implications) -> list[Diagnostic]:
    """FL115: two entries whose conditions are equal."""
    nodes = {id(rule): [r.node for r in _clauses(built) if r.rule is rule] for rule in built.document.entries}
    found: list[Diagnostic] = []
    for i, second in enumerate(built.document.entries):
        for first in built.document.entries[:i] if not second.scored else ():
            if first.scored or first.add != second.add:
                continue
            a, b = nodes[id(first)], nodes[id(second)]
            if all(logic.implies(a, x) for x in b) and all(logic.implies(b, x) for x in a):
                found.append(
                    Diagnostic(
                        "FL115",
                        f"`{second.name.value}` fires exactly when `{first.name.value}` does",
                        Label(second.name.span, "adds nothing"),
                        secondary=(Label(first.name.span, "the same conditions"),),
                        helps=("remove one, or say what sets it apart",),
                    )
                )
    return found
