"""`check`: a document to a `Checked` strategy, or as many independent findings as there are.

Order matters only for what each analysis may rely on. A node that one analysis rejects is *poisoned*: it and whatever
is computed from it stay silent in the later ones, so that one mistake gives one error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...dsl.diagnostics import Diagnostics
from ...dsl.document import Document
from ...dsl.source import Span
from ..analysis import bounds, clocks, intervals, later, lints, params, presence, qualifiers, roots, units, warmup
from ..analysis.implication import Implications
from ..analysis.poison import alive
from ..ir.hir import Checked, Facts, Graph, Stream
from ..ir.nodes import DEFAULT_LATENESS_NS
from ..venues.profile import VenueProfile
from . import instances
from .assertions import CheckedTest, Checker
from .built import Built
from .inputs import streams
from .instances import NodeMap
from .program import build
from .venue import venue_of


def check(document: Document) -> tuple[Checked | None, Diagnostics]:
    """All analyses. `Checked` is None when there is an error."""
    found, bag = _instances(document)
    return (_checked(found), bag) if found and not bag.errors else (None, bag)


@dataclass(slots=True)
class Analysed(instances.Analysed):
    """One instance with everything that the analyses know about it."""

    presence: presence.Presence
    bounds: bounds.Bounds
    logic: Implications


def analyse(document: Document) -> tuple[Analysed | None, Diagnostics]:
    """Everything `check` does, without the last step; every traded instrument is analysed, the first is returned."""
    found, bag = _instances(document)
    return (found[0] if found else None), bag


def _instances(document: Document) -> tuple[list[Analysed], Diagnostics]:
    """Every traded instrument, analysed. What is found at one place of the file is said once."""
    bag = Diagnostics()
    profile = venue_of(document, bag)
    if profile is None:
        return [], bag
    found: list[Analysed] = []
    for alias in dict.fromkeys(t.value for t in document.trade):
        analysed = _instance(document, profile, alias, bag)
        found += [analysed] if analysed is not None else []
    if found:
        bag.extend(bounds.caps([(one.built, one.bounds, _new(found[0], one)) for one in found]))
    for one in found if not bag.errors else ():
        everything = frozenset(range(len(one.built.graph.nodes)))
        bag.extend(lints.analyse(one.built, one.facts, everything - one.facts.poisoned, one.logic))
    return found, bag


def _new(first: Analysed, one: Analysed) -> frozenset[int]:
    """The nodes of an instance that the first one does not have."""
    everything = frozenset(range(len(one.built.graph.nodes)))
    return everything if one is first else everything - instances.shared_nodes(first, one)


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
    return Analysed(built, facts, present, *later.run(built, facts, live, bag))


# the tests of the file


@dataclass(frozen=True, slots=True)
class TestedFile:
    """The graphs that tests run on, one per traded instrument, and the tests."""

    __test__ = False
    instances: tuple[Analysed, ...]
    tests: tuple[CheckedTest, ...]

    def checked_with_places(self) -> tuple[Checked, Mapping[str, NodeMap]]:
        """The strategy as it is traded, with the tests' assertions in its graph; where each instance's nodes are in it.

        The graphs are copied: each call gives a graph of its own.
        """
        found = [copied(i) for i in self.instances]
        places: dict[str, NodeMap] = {}
        return checked_of(found, streams([*found]), places), places

    def instance(self, alias: str) -> Analysed:
        """A copy of one instrument's graph."""
        return copied(next(i for i in self.instances if i.built.instance == alias))


def copied(one: Analysed) -> Analysed:
    """The same with a graph of its own."""
    graph = Graph(list(one.built.graph.nodes), dict(one.built.graph.lets))
    known = one.facts
    facts = Facts(
        dict(known.types), dict(known.qualifiers), dict(known.clocks), dict(known.intervals), dict(known.warmups)
    )
    return replace(one, built=replace(one.built, graph=graph), facts=facts)


def check_tests(document: Document) -> tuple[TestedFile | None, Diagnostics]:
    """The tests of a file that is free of errors otherwise. Findings are those about the tests alone."""
    everything, bag = Diagnostics(), Diagnostics()
    profile = venue_of(document, everything)
    if profile is None or not document.tests:
        return None, bag
    found: list[Analysed] = []
    for alias in dict.fromkeys(t.value for t in document.trade):
        built = build(document, profile, alias, everything, with_tests=True)
        if built is not None:
            found.append(_analyse(built, everything))
    places = [test.span for test in document.tests]
    mine = (d for d in everything if d.primary is not None and _within(d.primary.span, places))
    bag.extend(mine)
    tests = Checker([(one.built, one.facts) for one in found], bag).tests() if found else ()
    return (None if bag.errors or not found else TestedFile(tuple(found), tests)), bag


def _within(span: Span, places: list[Span]) -> bool:
    return any(place.path == span.path and place.start <= span.start <= place.end for place in places)


# the result


def _checked(found: list[Analysed]) -> Checked:
    """The common graph, and what each instance makes of it."""
    return checked_of(found, streams([*found]))


def checked_of(found: list[Analysed], needed: tuple[Stream, ...], places: dict[str, NodeMap] | None = None) -> Checked:
    """As `_checked`, with these inputs. `places` is filled with where the nodes of each instance are."""
    first = found[0]
    document = first.built.document
    shared = [instances.shared_nodes(first, one) for one in found[1:]]
    inputs = frozenset(s.clock for s in needed)
    made = [instances.instance(first.built, lambda node: node, inputs)]
    places = {} if places is None else places
    places[first.built.instance] = lambda node: node
    for one, same in zip(found[1:], shared, strict=True):
        places[one.built.instance] = instances.merge(first, one, same)
        made.append(instances.instance(one.built, places[one.built.instance], inputs))
    return Checked(
        document=document,
        graph=first.built.graph,
        facts=first.facts,
        parameters=params.parameters(first.built),
        constraints=tuple((r.name, r.node) for r in first.built.roots if r.role == "constraint"),
        instruments=tuple(i.alias for i in document.instruments),
        streams=needed,
        instances=tuple(made),
        capital=instances.capital(first.built),
        min_gap_ns=_constant(first.built, "decide.min_gap", 0),
        lateness_ns=_constant(first.built, "lateness", DEFAULT_LATENESS_NS),
    )


def _constant(built: Built, name: str, default: int) -> int:
    """A duration that is compiled in, ns."""
    found = next((built.graph[r.node].attrs["value"] for r in built.roots if r.name == name), default)
    assert isinstance(found, int), "a constant: `amounts.py` has said so"
    return found
