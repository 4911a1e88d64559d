"""One graph for all traded instruments, and the rules, policies and limits of each as nodes of it.

Every instance is built and analysed by itself. Then its nodes are laid into the graph of the first one: a node that
means the same in both (same text, same operation, same facts) is there already, so that what does not depend on the
traded instrument is computed once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import cast

from ...dsl.document import DayLoss, Drawdown, ProfitLock
from ..ir.hir import (
    CheckedCapital,
    CheckedClause,
    CheckedLimit,
    CheckedPolicy,
    CheckedRisk,
    CheckedRule,
    CheckedStale,
    Facts,
    Instance,
    WarmUp,
)
from ..ir.types import Clock
from .built import Built, Root
from .policies import EXIT_SIDE, uses

NodeMap = Callable[[int], int]


@dataclass(slots=True)
class Analysed:
    """A graph with its facts: also of a strategy with errors (nodes without facts are poisoned)."""

    built: Built
    facts: Facts


# one graph


def shared_nodes(first: Analysed, other: Analysed) -> frozenset[int]:
    """Nodes of `other` that mean what the node of the same number means in `first`."""
    mine, theirs = first.built.graph.nodes, other.built.graph.nodes
    same = {n.id for n, m in zip(theirs, mine, strict=False) if n == m and _same_facts(first.facts, other.facts, n.id)}
    size = -1
    while size != len(same):  # one round, unless `prev` refers to a later node
        size = len(same)
        same -= {n.id for n in theirs if n.id in same and any(a not in same for a in n.args)}
    return frozenset(same)


def _same_facts(a: Facts, b: Facts, node: int) -> bool:
    return all(
        x.get(node) == y.get(node)
        for x, y in ((a.types, b.types), (a.clocks, b.clocks), (a.intervals, b.intervals), (a.warmups, b.warmups))
    )


def merge(into: Analysed, other: Analysed, shared: frozenset[int]) -> NodeMap:
    """Append the nodes of `other` that are not `shared`; the place of each of its nodes in the common graph."""
    graph, start = into.built.graph, len(into.built.graph.nodes)
    own = [n for n in other.built.graph.nodes if n.id not in shared]
    places = {n.id: start + i for i, n in enumerate(own)} | {i: i for i in shared}
    for node in own:
        graph.nodes.append(replace(node, id=places[node.id], args=tuple(places[a] for a in node.args)))
        _copy_facts(into.facts, other.facts, node.id, places)
    return places.__getitem__


def _copy_facts(into: Facts, other: Facts, node: int, places: dict[int, int]) -> None:
    place = places[node]
    for mine, theirs in (
        (into.types, other.types),
        (into.qualifiers, other.qualifiers),
        (into.clocks, other.clocks),
        (into.intervals, other.intervals),
    ):
        if node in theirs:
            cast(dict[int, object], mine)[place] = cast(dict[int, object], theirs)[node]
    if node in other.warmups:
        terms = tuple((clock, _placed(term, places)) for clock, term in other.warmups[node].per_clock)
        into.warmups[place] = WarmUp(terms)


def _placed(term: tuple[object, ...], places: dict[int, int]) -> tuple[object, ...]:
    """A warm-up term (see `WarmUp`) with its nodes in the common graph."""
    match term:
        case ("const", _):
            return term
        case ("param", int(node)):
            return ("param", places[node])
        case ("settle", str(kind), int(node)):
            return ("settle", kind, places[node])
    return tuple(_placed(part, places) if isinstance(part, tuple) else part for part in term)


# what each instance does


def instance(built: Built, at: NodeMap, inputs: frozenset[Clock]) -> Instance:
    """The rules, policies and limits of one traded instrument.

    `at` gives each node's place in the common graph; guards of clocks that are not among the `inputs` are left out.
    """
    return _Instance(built, at, inputs).made()


def capital(built: Built) -> CheckedCapital:
    """The account, which all instances share."""
    found = {r.name.partition(".")[2]: r.node for r in built.roots if r.name.startswith("capital.")}
    return CheckedCapital(*(found.get(key) for key in ("start", "compound", "reserve", "reinvest_after")))


class _Instance:
    def __init__(self, built: Built, at: NodeMap, inputs: frozenset[Clock]) -> None:
        self.built, self.at, self.inputs, self.document = built, at, inputs, built.document
        self.policies = uses(built.document)
        self.numbers = {(policy.name.value, side): i for i, (policy, side) in enumerate(self.policies)}

    def made(self) -> Instance:
        entries, exits = len(self.document.entries), len(self.document.exits)
        return Instance(
            self.built.instance,
            self.built.decision,
            tuple(self._rule(n) for n in range(entries)),
            tuple(self._rule(n) for n in range(entries, entries + exits)),
            tuple(self._policy(n) for n in range(len(self.policies))),
            self._risk(),
            self._node(f"capital.allocate.{self.built.instance}"),
            MappingProxyType({name: self.at(node) for name, node in self.built.graph.lets.items()}),
        )

    def _find(self, wanted: Callable[[Root], bool]) -> int | None:
        return next((self.at(r.node) for r in self.built.roots if wanted(r)), None)

    def _node(self, name: str) -> int | None:
        return self._find(lambda r: r.name == name)

    def _rule(self, number: int) -> CheckedRule:
        rule = (*self.document.entries, *self.document.exits)[number]
        mine = [r for r in self.built.roots if r.rule is rule]
        clauses = [r for r in mine if r.role == "clause"]
        scored = [r for r in mine if r.role == "scored"]
        weights = [*(None for _ in clauses), *(self.at(r.node) for r in mine if r.role == "weight")]
        values = {r.role: self.at(r.node) for r in mine}
        side = rule.side.value if rule.kind == "entry" else EXIT_SIDE
        assert rule.execute is not None, "every rule has a policy, if only the default one"
        index = self.numbers[rule.execute.value, side]
        return CheckedRule(
            rule,
            tuple(CheckedClause(r.name, self.at(r.node), r.span) for r in (*clauses, *scored)),
            values.get("size"),
            values.get("cooldown"),
            index,
            tuple(weights) if scored else (),
            values.get("at_least"),
            values.get("fraction"),
        )

    def _policy(self, number: int) -> CheckedPolicy:
        policy, side = self.policies[number]
        name = policy.name.value
        nodes = {r.role: self.at(r.node) for r in self.built.roots if r.side == side and r.name == name}
        return CheckedPolicy(
            name,
            side,
            policy.style.value,
            nodes.get("price"),
            nodes.get("ttl"),
            nodes.get("requote"),
            policy.requote.at_most.value if policy.requote else 0,
            self.numbers.get((policy.then.value, side)) if policy.then else None,
            policy.retries.value if policy.retries else 0,
        )

    # risk

    def _risk(self) -> CheckedRisk:
        risk = self.document.risk
        if risk is None:
            return CheckedRisk()
        return CheckedRisk(
            position_max=self._node("risk.position"),
            position_shared=risk.position_shared,
            day_loss=self._limit("risk.day_loss", risk.day_loss),
            drawdown=self._limit("risk.drawdown", risk.drawdown),
            profit_lock=self._limit("risk.profit_lock", risk.profit_lock),
            losing_streak=risk.losing_streak.max.value if risk.losing_streak else 0,
            losing_pause=self._node("risk.losing_streak"),
            order_max=self._node("risk.notional"),
            max_open=risk.max_open.value if risk.max_open else 0,
            order_rate=risk.order_rate.max.value if risk.order_rate else 0,
            order_per=self._node("risk.order_rate"),
            band_max=self._node("risk.band"),
            band_reference=self._node("risk.band.from"),
            stale=self._stale(),
            stale_then=risk.stale.then.value if risk.stale else "block_entries",
            invariants=tuple(
                CheckedClause(r.name, self.at(r.node), r.span) for r in self.built.roots if r.role == "invariant"
            ),
        )

    def _limit(self, name: str, limit: DayLoss | Drawdown | ProfitLock | None) -> CheckedLimit | None:
        node = self._node(name)
        if limit is None or node is None:
            return None
        return CheckedLimit(node, limit.then.value, self._node(f"{name}.keep"))

    def _stale(self) -> tuple[CheckedStale, ...]:
        found = []
        for root in self.built.roots:
            if root.name.startswith("risk.stale."):
                clock = stale_clock(self.built, root.name.removeprefix("risk.stale."))
                assert clock is not None, "an unknown stream was reported"
                found += [CheckedStale(clock, self.at(root.node), root.span)] if clock in self.inputs else []
        return tuple(found)


def stale_clock(built: Built, name: str) -> Clock | None:
    """The clock that a stale guard names: `book` of the traded instrument, `eth.book` of another; None if none."""
    alias, _, kind = name.rpartition(".")
    known = not alias or any(i.alias.value == alias for i in built.document.instruments)
    return Clock(kind, alias or built.instance) if known and kind in ("book", "trade") else None
