"""The analyses that come after types, clocks, intervals and presence are known, in order."""

from __future__ import annotations

from ...dsl.diagnostics import Diagnostics
from ..frontend.built import Built
from ..ir.hir import Facts
from . import amounts, bounds, causality, parameters, periods, rules, sizes
from .implication import Implications


def run(built: Built, facts: Facts, live: frozenset[int], bag: Diagnostics) -> tuple[bounds.Bounds, Implications]:
    """Run them all, without the lints; their findings go to `bag`."""
    bag.extend(causality.analyse(built, live, facts.intervals))
    bag.extend(periods.analyse(built, live, facts.clocks))
    bag.extend(parameters.declarations(built))
    bag.extend(parameters.analyse(built, facts, live))
    swept, rejected = parameters.swept_lengths(built, facts, live)
    bag.extend(swept)
    measured = bounds.analyse(built, facts, live, rejected)
    bag.extend(measured.found)
    logic = Implications(built, facts)
    bag.extend(rules.analyse(built, facts, live, logic))
    bag.extend(sizes.analyse(built, facts, live))
    bag.extend(amounts.analyse(built, facts, live))
    return measured, logic
