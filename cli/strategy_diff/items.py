"""A strategy as a list of items that can be compared one by one: what it computes, decides, sends and limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...compiler.ir.hir import Checked, CheckedLimit, CheckedPolicy, CheckedRule, Instance
from ...compiler.lower.machine.rules import reachable
from ...dsl.ast import Expr
from ...dsl.document import Document, Execution, Located, Rule
from ...dsl.source import Span


@dataclass(frozen=True, slots=True)
class Item:
    """`path` is the place in the file; `role` decides what a change of it means. A value is a node or, without one, a
    plain `value`."""

    path: str
    role: str
    span: Span
    text: str
    node: int | None = None
    value: object = None


class Items:
    """Reads the items of one instance."""

    def __init__(self, checked: Checked, instance: Instance) -> None:
        self.checked, self.instance = checked, instance
        self.document: Document = checked.document

    def all(self) -> list[Item]:
        """Equations, rules, policies, limits, capital, in the order of the file."""
        return [*self.lets(), *self.rules(), *self.policies(), *self.risk(), *self.capital()]

    def text(self, span: Span) -> str:
        source = self.document.source
        return " ".join(source.slice(span).split()) if span.path == source.path else ""

    def _node(self, path: str, role: str, node: int, expr: Expr | None) -> Item:
        span = expr.span if expr is not None else self.checked.graph[node].span
        return Item(path, role, span, self.text(span), node)

    def _value(self, path: str, role: str, found: Located[object] | Located[str] | Located[int]) -> Item:
        return Item(path, role, found.span, self.text(found.span), None, found.value)

    # equations

    def lets(self) -> Iterator[Item]:
        for decl in self.document.lets:
            name = decl.name.value
            if name in self.instance.lets:
                yield self._node(f"let.{name}", "let", self.instance.lets[name], decl.expr)

    # rules

    def rules(self) -> Iterator[Item]:
        for group, rules in (("entries", self.instance.entries), ("exits", self.instance.exits)):
            for rule in rules:
                yield from self._rule(f"{group}.{rule.rule.name.value}", rule)

    def _rule(self, path: str, checked: CheckedRule) -> Iterator[Item]:
        rule = checked.rule
        yield Item(path, "rule", rule.name.span, rule.name.value, None, rule.kind)
        if rule.kind == "entry":
            yield Item(f"{path}.side", "side", rule.side.span, str(rule.side.value), None, rule.side.value)
        yield from self._clauses(path, checked)
        exprs = {"at_least": rule.at_least, "cooldown": rule.cooldown, "size": rule.size, "fraction": rule.fraction}
        for role, expr in exprs.items():
            node = getattr(checked, role)
            if node is not None:
                yield self._node(f"{path}.{role}", role, node, expr)
        yield from self._flags(path, rule)

    def _clauses(self, path: str, checked: CheckedRule) -> Iterator[Item]:
        rule = checked.rule
        for place, clause in enumerate(checked.clauses):
            group = "score" if place >= len(rule.clauses) else "require" if rule.scored else "when"
            at = f"{path}.{group}.{clause.name}"
            yield Item(at, "clause", clause.span, self.text(clause.span), clause.node)
            weight = checked.weights[place] if checked.weights else None
            if weight is not None:
                yield self._node(f"{at}.weight", "weight", weight, rule.scored[place - len(rule.clauses)].weight)

    def _flags(self, path: str, rule: Rule) -> Iterator[Item]:
        place = rule.name.span
        if rule.add:
            yield Item(f"{path}.add", "add", place, "add: true", None, True)
        if rule.once:
            yield Item(f"{path}.once", "once", place, "once: true", None, True)
        if rule.at_most is not None:
            yield self._value(f"{path}.at_most", "at_most", rule.at_most)
        if rule.below_min is not None and rule.below_min.value != "skip":
            yield self._value(f"{path}.below_min", "below_min", rule.below_min)
        if rule.execute is not None:
            yield self._value(f"{path}.execute", "execute", rule.execute)

    # execution

    def policies(self) -> Iterator[Item]:
        decls = {e.name.value: e for e in self.document.execution}
        used = [policy for _, policy in reachable(self.instance)]
        for policy in used:
            both = sum(other.name == policy.name for other in used) > 1
            side = f"[{'buy' if policy.side > 0 else 'sell'}]" if both else ""
            yield from self._policy(f"execution.{policy.name}{side}", policy, decls[policy.name])

    def _policy(self, path: str, policy: CheckedPolicy, decl: Execution) -> Iterator[Item]:
        yield self._value(f"{path}.style", "style", decl.style)
        if policy.price is not None:
            yield self._node(f"{path}.price", "price", policy.price, decl.price)
        if policy.ttl is not None:
            yield self._node(f"{path}.ttl", "ttl", policy.ttl, decl.ttl)
        if policy.requote_when is not None and decl.requote is not None:
            yield self._node(f"{path}.requote.when", "requote", policy.requote_when, decl.requote.when)
            yield self._value(f"{path}.requote.at_most", "requote_count", decl.requote.at_most)
        if decl.then is not None:
            yield self._value(f"{path}.then", "then", decl.then)
        if decl.retries is not None and decl.retries.value:
            yield self._value(f"{path}.retries", "retries", decl.retries)

    # risk and capital

    def risk(self) -> Iterator[Item]:
        known, written = self.instance.risk, self.document.risk
        if written is None:
            return
        if known.position_max is not None:
            yield self._node("risk.position.max", "limit", known.position_max, written.position_max)
            if written.position_shared and written.position_max is not None:
                span = written.position_max.span
                yield Item("risk.position.shared", "shared", span, "shared: true", None, True)
        if known.order_max is not None:
            yield self._node("risk.notional.max", "limit", known.order_max, written.order_max)
        yield from self._limit("risk.day_loss", "limit", known.day_loss, written.day_loss)
        yield from self._limit("risk.drawdown", "limit", known.drawdown, written.drawdown)
        yield from self._lock()
        yield from self._counts()
        yield from self._guards()

    def _limit(self, path: str, name: str, known: CheckedLimit | None, written: object) -> Iterator[Item]:
        if known is None:
            return
        yield self._node(f"{path}.{name}", "limit", known.node, getattr(written, name))
        then: Located[str] = getattr(written, "then")  # noqa: B009  the three limits share the field, not a class
        yield self._value(f"{path}.then", "severity", then)

    def _lock(self) -> Iterator[Item]:
        risk = self.document.risk
        known, written = self.instance.risk.profit_lock, None if risk is None else risk.profit_lock
        yield from self._limit("risk.profit_lock", "start", known, written)
        if known is not None and known.keep is not None and written is not None:
            yield self._node("risk.profit_lock.keep", "floor", known.keep, written.keep)

    def _counts(self) -> Iterator[Item]:
        known, written = self.instance.risk, self.document.risk
        assert written is not None
        if written.losing_streak is not None:
            yield self._value("risk.losing_streak.max", "limit", written.losing_streak.max)
            if known.losing_pause is not None:
                yield self._node("risk.losing_streak.then", "pause", known.losing_pause, written.losing_streak.pause)
            else:
                yield self._value("risk.losing_streak.then", "pause", written.losing_streak.then)
        if written.max_open is not None:
            yield self._value("risk.max_open", "limit", written.max_open)
        if written.order_rate is not None and known.order_per is not None:
            yield self._value("risk.order_rate.max", "limit", written.order_rate.max)
            yield self._node("risk.order_rate.per", "floor", known.order_per, written.order_rate.per)

    def _guards(self) -> Iterator[Item]:
        known, written = self.instance.risk, self.document.risk
        assert written is not None
        if known.band_max is not None and written.band is not None:
            yield self._node("risk.band.max", "limit", known.band_max, written.band.max)
            if known.band_reference is not None:
                reference = written.band.reference
                item = self._value("risk.band.from", "reference", reference)
                yield Item(item.path, item.role, item.span, item.text or reference.value, known.band_reference)
        ages = {name.value: age for name, age in written.stale.inputs} if written.stale else {}
        for guard in known.stale:
            name = next(n for n, age in ages.items() if age.span == guard.span)
            yield self._node(f"risk.stale.{name}", "limit", guard.age, ages[name])
        for clause in known.invariants:
            path = f"risk.invariants.{clause.name}"
            yield Item(path, "invariant", clause.span, self.text(clause.span), clause.node)

    def capital(self) -> Iterator[Item]:
        known, written = self.checked.capital, self.document.capital
        if known.start is not None:
            yield self._node("capital.start", "money", known.start, self.document.capital_start)
        if self.instance.allocate is not None:
            yield self._allocate(self.instance.allocate)
        if written is None:
            return
        if known.compound is not None:
            yield self._node("capital.compound", "share", known.compound, written.compound)
        if known.reserve is not None:
            yield self._node("capital.reserve", "aside", known.reserve, written.reserve)
        if known.reinvest_after is not None:
            yield self._node("capital.reinvest_after", "aside", known.reinvest_after, written.reinvest_after)

    def _allocate(self, node: int) -> Item:
        """The share of this instance. A file without it gives every instrument an equal claim to all."""
        assert self.document.capital is not None, "a share is written there"
        expr = next(e for name, e in self.document.capital.allocate if name.value == self.instance.alias)
        return self._node(f"capital.allocate.{self.instance.alias}", "share", node, expr)
