"""Keys of rules, `capital` and `risk` that check but do not run yet, each with its place in the file."""

from __future__ import annotations

from collections.abc import Iterator

from ...dsl.document import Document, Risk, Rule
from ...dsl.source import Span
from ..ir.hir import Checked

Place = tuple[str, Span]


def places(checked: Checked) -> Iterator[Place]:
    """(what, where), in the order of the file's blocks."""
    for rule in (*checked.document.entries, *checked.document.exits):
        yield from _rule(rule)
    for entry in checked.entries:
        if entry.size is not None and not checked.facts.types[entry.size].dim.exponents:
            yield "a size that is a share of the stake", checked.graph[entry.size].span
    yield from _capital(checked.document)
    if checked.document.risk is not None:
        yield from _risk(checked.document.risk)


def _rule(rule: Rule) -> Iterator[Place]:
    if rule.scored:
        yield "entries with a `score`", rule.scored[0].clause.name.span
    if rule.add and rule.at_most is not None:
        yield "entries that `add`", rule.at_most.span
    if rule.fraction is not None:
        yield "exits with a `fraction`", rule.fraction.span


def _capital(document: Document) -> Iterator[Place]:
    capital = document.capital
    if capital is None:
        return
    if capital.allocate:
        yield "`capital.allocate`", capital.allocate[0][0].span
    for name in ("compound", "reserve", "reinvest_after"):
        expr = getattr(capital, name)
        if expr is not None:
            yield f"`capital.{name}`", expr.span


def _risk(risk: Risk) -> Iterator[Place]:
    if risk.drawdown is not None:
        yield "`risk.drawdown`", risk.drawdown.limit.span
    if risk.profit_lock is not None:
        yield "`risk.profit_lock`", risk.profit_lock.start.span
    if risk.losing_streak is not None:
        yield "`risk.losing_streak`", risk.losing_streak.max.span
    if risk.max_open is not None:
        yield "`risk.max_open`", risk.max_open.span
