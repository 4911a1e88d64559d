"""`check`: a document to a `Checked` strategy, or as many independent findings as there are.

Order matters only for what each analysis may rely on. A node that one analysis rejects is *poisoned*: it and whatever
is computed from it stay silent in the later ones, so that one mistake gives one error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...dsl.diagnostics import Diagnostics
from ...dsl.document import Document
from ..analysis import clocks, intervals, later, params, presence, qualifiers, roots, units, warmup
from ..analysis.bounds import Bounds
from ..analysis.poison import alive
from ..ir.hir import Checked, CheckedClause, CheckedRule, Facts, Stream
from ..ir.types import Clock
from ..venues.profile import VenueProfile
from .built import Built, Root
from .program import build
from .venue import venue_of


def check(document: Document) -> tuple[Checked | None, Diagnostics]:
    """All analyses. `Checked` is None when there is an error."""
    analysed, bag = analyse(document)
    if analysed is None or bag.errors:
        return None, bag
    return _checked(analysed), bag


@dataclass(slots=True)
class Analysed:
    """A graph with its facts: also of a strategy with errors (nodes without facts are poisoned)."""

    built: Built
    facts: Facts
    presence: presence.Presence
    bounds: Bounds


def analyse(document: Document) -> tuple[Analysed | None, Diagnostics]:
    """Everything `check` does, without the last step; every traded instrument is analysed, the first is returned."""
    bag = Diagnostics()
    profile = venue_of(document, bag)
    if profile is None:
        return None, bag
    first: Analysed | None = None
    for alias in document.trade:
        analysed = _instance(document, profile, alias.value, bag)
        first = first or analysed
    return first, bag


def _instance(document: Document, profile: VenueProfile, alias: str, bag: Diagnostics) -> Analysed | None:
    built = build(document, profile, alias, bag)
    return _analyse(built, bag) if built is not None else None


def _analyse(built: Built, bag: Diagnostics) -> Analysed:
    facts = Facts()
    graph = built.graph
    everything = frozenset(range(len(graph.nodes)))
    live = alive(graph, everything, built.poisoned)
    typed = units.infer(built, everything - live)
    bag.extend(typed.found)
    live = frozenset(typed.types)
    facts.types = typed.types
    wrong, broken_roots = roots.analyse(built, typed.types)
    bag.extend(wrong)
    built.roots = [r for i, r in enumerate(built.roots) if i not in broken_roots]
    known = qualifiers.infer(built, live)
    bag.extend(known.found)
    facts.qualifiers = known.qualifiers
    live = alive(graph, live, known.broken)
    ticking = clocks.infer(built, live)
    bag.extend(ticking.found)
    facts.clocks = ticking.clocks
    live = alive(graph, live, ticking.broken)
    facts.intervals = intervals.infer(built, live, facts.types)
    present = presence.infer(built, live, facts.intervals, facts.types)
    bag.extend(present.found)
    for i in live:
        if present.optional(i):
            facts.types[i] = facts.types[i].maybe()
    facts.warmups = warmup.infer(built, live, facts.clocks)
    facts.poisoned = set(everything - live)
    measured = later.run(built, facts, live, present, bag)
    return Analysed(built, facts, present, measured)


# the result


def _checked(analysed: Analysed) -> Checked:
    built = analysed.built
    document = built.document
    return Checked(
        document=document,
        graph=built.graph,
        facts=analysed.facts,
        parameters=params.parameters(built),
        constraints=tuple((r.name, r.node) for r in built.roots if r.role == "constraint"),
        instruments=tuple(i.alias for i in document.instruments),
        traded=tuple(t.value for t in document.trade),
        decision=built.decision,
        entries=tuple(_rule(built, n) for n in range(len(document.entries))),
        exits=tuple(_rule(built, n + len(document.entries)) for n in range(len(document.exits))),
        position_max=_root(built, lambda r: r.name == "risk.position"),
        day_loss=_root(built, lambda r: r.name == "risk.day_loss"),
        day_loss_then=document.risk.day_loss.then.value if document.risk and document.risk.day_loss else "halt",
        capital_start=_root(built, lambda r: r.name == "capital.start"),
        streams=streams(analysed),
    )


def _root(built: Built, wanted: Callable[[Root], bool]) -> int | None:
    return next((r.node for r in built.roots if wanted(r)), None)


def _rule(built: Built, number: int) -> CheckedRule:
    document = built.document
    rule = (*document.entries, *document.exits)[number]
    mine = [r for r in built.roots if r.rule is rule]
    clauses = tuple(CheckedClause(r.name, r.node, r.span) for r in mine if r.role == "clause")
    size = next((r.node for r in mine if r.role == "size"), None)
    cooldown = next((r.node for r in mine if r.role == "cooldown"), None)
    execute = rule.execute.value if rule.execute else ""
    price, ttl = (
        next((r.node for r in built.roots if r.role == role and r.name == execute), None) for role in ("price", "ttl")
    )
    return CheckedRule(rule, clauses, size, cooldown, style_of(document, execute, built.decision), price, ttl)


def style_of(document: Document, execute: str, decision: Clock) -> str:
    """The order style of a rule: its execution's, or market on bars and timers, IOC on event clocks."""
    for execution in document.execution:
        if execution.name.value == execute:
            return execution.style.value
    if execute == "cross":
        return "ioc"
    return "market" if decision.period_ns else "ioc"


def streams(analysed: Analysed) -> tuple[Stream, ...]:
    """The inputs that a run reads, plus the decision clock and the traded instrument's own bars on bar clocks."""
    built = analysed.built
    depths: dict[Clock, int] = {}
    for node in (built.graph[i] for i in sorted(_read(built))):
        for clock in analysed.facts.clocks.get(node.id, ()):
            if clock.kind in ("bar", "book", "trade"):
                depths.setdefault(clock, 1 if clock.kind == "book" else 0)
        if node.op == "field" and node.args and node.attrs["source"] == "book":
            clock = Clock("book", str(node.attrs["instrument"]))
            depths[clock] = max(depths.get(clock, 1), depth_of(analysed, node.args[0], str(node.attrs["name"])))
    if built.decision.kind in ("bar", "book", "trade"):
        depths.setdefault(built.decision, 1 if built.decision.kind == "book" else 0)
    order = [i.alias.value for i in built.document.instruments]
    ranked = sorted(depths, key=lambda c: clocks.clock_rank(c, order))
    return tuple(Stream(c, built.symbol(c.instrument), depths[c]) for c in ranked)


def _read(built: Built) -> set[int]:
    """The nodes that rules, policies and limits read: what labels and unused equations read is not needed to run."""
    todo = [root.node for root in built.roots]
    found = set(todo)
    while todo:
        for a in built.graph[todo.pop()].args:
            if a not in found:
                found.add(a)
                todo.append(a)
    return found


def depth_of(analysed: Analysed, node: int, name: str) -> int:
    """The number of book levels an argument asks for, at most what the venue shows."""
    most = analysed.built.profile.depth_levels
    if name == "vwap_to":
        return most
    found = analysed.facts.intervals.get(node)
    return int(min(found.high, most)) if found else 1
