"""Assertions of tests as probes: at the end of `risk`, when the instant's orders are known and none has filled.

A program that is watched decides and sends what it would decide and send without: it only also says what it saw. Each
assertion is a tree of probes as a clause of `explain` is one; two more say whether it has a value, and is warm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...cython_core.layout import REASON_SHIFT, REASONS
from ..ir.builder import SegmentBuilder, Value
from ..ir.hir import Node
from ..ir.nodes import Clause
from .context import Lowered, Lowering
from .explain import Explainer

#: Probe numbers of watched programs; those of clauses count from 0.
WATCHED = 1_000_000

#: The rule set of assertions in the explain table.
SET = "tests"


@dataclass(frozen=True, slots=True)
class Watch:
    """One assertion to watch: the condition's node in the graph of the instance `alias`."""

    test: str
    index: int
    alias: str
    node: int


def watch(lowering: Lowering, explainer: Explainer, wanted: Sequence[Watch]) -> None:
    """Probe every assertion. WATCHED + 2k says whether number k has a value, WATCHED + 2k + 1 whether it is warm."""
    b = lowering.risk
    aliases = [instance.alias for instance in lowering.checked.instances]
    lowering.watching = True
    for number, item in enumerate(wanted):
        instance = aliases.index(item.alias)
        lowering.path = ["file", f"tests.{item.test}.{item.index}"]
        found = lowering.one(item.node, b)
        present = b.b(True) if found.present is None else found.present
        b.effect("probe.b", present, attrs=(WATCHED + 2 * number,))
        b.effect("probe.b", _warm(lowering, item.node, b), attrs=(WATCHED + 2 * number + 1,))
        clause = Clause(0, SET, item.test, f"{item.alias}.{item.index}", (0, 0))
        explainer.clause(clause, item.node, b, instance)
    lowering.path, lowering.watching = ["file"], False


def _warm(lowering: Lowering, node: int, b: SegmentBuilder) -> Value:
    """Whether everything that the value is made of has ticked often enough."""
    warm = b.b(True)
    known = lowering.facts.warmups[node]
    for clock, _ in known.per_clock:
        if clock in lowering.counted:
            warm = warm & (lowering.warm_ticks(node, clock, b) <= lowering.seen(clock, b))
    return warm


_FIRED = {"entries": ("entered", "added"), "exits": ("exited",)}


def fired_field(lowering: Lowering, node: Node, b: SegmentBuilder) -> Lowered:
    """`fired(entries.long)`: the reason of the instance's last decision names the rule."""
    group, _, name = str(node.attrs["name"]).partition(".")
    alias = str(node.attrs["instrument"])
    instance = next(i for i in lowering.checked.instances if i.alias == alias)
    names = [r.rule.name.value for r in (*instance.entries, *instance.exits)]
    number = names.index(name) if group == "entries" else names.index(name, len(instance.entries))
    book = lowering.machine.books[alias]
    assert book.reason is not None, "only tests ask what fired, and their programs keep the reason"
    word, holds = b.load(book.reason), b.b(False)
    for reason in _FIRED[group]:
        holds = holds | word.eq(number * (1 << REASON_SHIFT) + REASONS.index(reason))
    return Lowered(holds)
