"""Entries, exits, execution policies and risk, and the defaults that tie rules to policies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .ast import Expr, Name
from .cst import Mapping, Node, Sequence
from .diagnostics import Diagnostic, Label
from .document import (
    Band,
    DayLoss,
    Execution,
    Located,
    NamedExpr,
    OrderRate,
    Requote,
    Risk,
    Rule,
    Stale,
)
from .fields import Fields
from .source import Span

DEFAULT_DAY_LOSS_ACTION = "flatten_and_halt"
DEFAULT_STALE_ACTION = "block_entries"
BAND_ON_BARS = "close"  # default reference of a price band where decisions are made on closed bars
BAND_ON_EVENTS = "mid"  # and elsewhere
ON_BARS = "market"  # default policy of a rule on a bar clock or a timer
ON_EVENTS = "cross"  # and on a book or trade clock


class RuleReader(Fields):
    # --- rules ---

    def entries(self, node: Node | None, file_has_size: bool) -> tuple[Rule, ...]:
        for name, value in self.named(node):
            sized = isinstance(value, Mapping) and value.get("size") is not None
            if not (sized or file_has_size):
                self.bag.add(_no_size(name))
        return self._rules(node, "entry")

    def exits(self, node: Node | None) -> tuple[Rule, ...]:
        return self._rules(node, "exit")

    def _rules(self, node: Node | None, kind: str) -> tuple[Rule, ...]:
        found = (self._rule(name, value, kind) for name, value in self.named(node))
        return tuple(rule for rule in found if rule is not None)

    def _rule(self, name: Located[str], node: Node, kind: str) -> Rule | None:
        span = name.span.to(node.span)
        side = self._side(name, node if isinstance(node, Mapping) else None, kind)
        if not isinstance(node, Mapping):
            clauses = self._clauses(name, node)
            return Rule(name, kind, side, clauses, None, None, None, None, span) if clauses else None
        clauses = self._clauses(name, node.get("when"))
        cooldown = self.expr(node.get("cooldown")) if kind == "entry" else None
        size = self.expr(node.get("size")) if kind == "entry" else None
        execute, below_min = self.text(node.get("execute")), self.text(node.get("below_min"))
        return Rule(name, kind, side, clauses, cooldown, size, execute, below_min, span) if clauses else None

    def _side(self, name: Located[str], node: Mapping | None, kind: str) -> Located[int]:
        written = self.text(node.get("side")) if node and kind == "entry" else None
        if written is not None:
            return Located(-1 if written.value == "short" else 1, written.span)
        short = kind == "entry" and name.value == "short"
        return Located(-1 if short else 1, name.span, written=False)

    def _clauses(self, rule: Located[str], node: Node | None) -> tuple[NamedExpr, ...]:
        """Named clauses; those of a list are named 1, 2, ...; a single expression is named like its rule."""
        if isinstance(node, Sequence):
            found: list[NamedExpr] = []
            for number, item in enumerate(node.items, 1):
                expr = self.expr(item)
                if expr is not None:
                    found.append(NamedExpr(Located(str(number), item.span, written=False), expr))
            return tuple(found)
        if isinstance(node, Mapping):
            return self.named_exprs(node)
        expr = self.expr(node)
        return () if expr is None else (NamedExpr(Located(rule.value, rule.span, written=False), expr),)

    # --- execution ---

    def executions(self, node: Node | None) -> tuple[Execution, ...]:
        """The policies under `execution:`; those without a style are left out, their fault is reported elsewhere."""
        found = (self._execution(name, value) for name, value in self.named(node))
        return tuple(execution for execution in found if execution is not None)

    def _execution(self, name: Located[str], node: Node) -> Execution | None:
        if not isinstance(node, Mapping):
            return None
        style = self.text(node.get("style"))
        price, ttl = self.expr(node.get("price")), self.expr(node.get("ttl"))
        requote = self._requote(node.get("requote"))
        if style is None:
            return None
        then, retries = self.text(node.get("then")), self.count(node.get("retries"))
        return Execution(name, style, price, ttl, requote, then, retries, name.span.to(node.span))

    def _requote(self, node: Node | None) -> Requote | None:
        if not isinstance(node, Mapping):
            return None
        when, at_most = self.expr(node.get("when")), self.count(node.get("at_most"))
        return None if when is None or at_most is None else Requote(when, at_most)

    # --- risk ---

    def risk(self, node: Node | None, on_bars: bool) -> Risk | None:
        """The risk block; `on_bars` tells what prices are compared with where the file does not say."""
        if not isinstance(node, Mapping):
            return None
        position = self.mapping(node, "position")
        return Risk(
            position_max=self.expr(position.get("max")) if position else None,
            position_shared=self.flag(position.get("shared")) if position else False,
            day_loss=self._day_loss(node),
            order_rate=self._order_rate(node),
            band=self._band(node, BAND_ON_BARS if on_bars else BAND_ON_EVENTS),
            stale=self._stale(node),
            invariants=self.named_exprs(node.get("invariants")),
            span=node.span,
        )

    def _day_loss(self, risk: Mapping) -> DayLoss | None:
        block = self.mapping(risk, "day_loss")
        limit = self.expr(block.get("limit")) if block else None
        if block is None or limit is None:
            return None
        return DayLoss(limit, self.text_or(block, "then", DEFAULT_DAY_LOSS_ACTION, limit.span))

    def _order_rate(self, risk: Mapping) -> OrderRate | None:
        block = self.mapping(risk, "order_rate")
        if block is None:
            return None
        most, per = self.count(block.get("max")), self.expr(block.get("per"))
        return None if most is None or per is None else OrderRate(most, per)

    def _band(self, risk: Mapping, reference: str) -> Band | None:
        block = self.mapping(risk, "band")
        most = self.expr(block.get("max")) if block else None
        if block is None or most is None:
            return None
        return Band(most, self.text_or(block, "from", reference, most.span))

    def _stale(self, risk: Mapping) -> Stale | None:
        block = self.mapping(risk, "stale")
        if block is None:
            return None
        inputs: list[tuple[Located[str], Expr]] = []
        for entry in block.unique():
            age = self.expr(entry.value) if entry.key.value != "then" else None
            if age is not None:
                inputs.append((Located(entry.key.value, entry.key.content), age))
        return Stale(tuple(inputs), self.text_or(block, "then", DEFAULT_STALE_ACTION, block.span))


def _no_size(rule: Located[str]) -> Diagnostic:
    message = f"the entry `{rule.value}` has no size"
    helps = ("give every entry one with `size: 100 USDC` at the top level, or this one with a `size` of its own",)
    return Diagnostic("FC0009", message, Label(rule.span, "needs `size`"), helps=helps)


# --- defaults -----------------------------------------------------------------------------------------------------


def fill_in_rules(rules: tuple[Rule, ...], timed: bool, size: Expr | None) -> tuple[Rule, ...]:
    """Give each rule its policy, and each entry the size of the file. `timed`: decisions come with bars or a timer."""
    policy = ON_BARS if timed else ON_EVENTS
    filled: list[Rule] = []
    for rule in rules:
        execute = rule.execute or Located(policy, rule.name.span, written=False)
        filled.append(replace(rule, execute=execute, size=rule.size or size))
    return tuple(filled)


def fill_in_policies(written: tuple[Execution, ...], rules: Iterable[Rule]) -> tuple[Execution, ...]:
    """Add `market` and `cross` where something refers to them and the file does not define them."""
    names = {execution.name.value for execution in written}
    references = [rule.execute for rule in rules] + [execution.then for execution in written]
    added: list[Execution] = []
    for reference in references:
        if reference is None or reference.value in names:
            continue
        policy = _ready_made(reference.value, reference.span)
        if policy is not None:
            names.add(reference.value)
            added.append(policy)
    return (*written, *added)


def _ready_made(name: str, span: Span) -> Execution | None:
    located = Located(name, span, written=False)
    if name == ON_BARS:
        return Execution(located, Located("market", span, written=False), None, None, None, None, None, span)
    if name == ON_EVENTS:
        style = Located("ioc", span, written=False)
        return Execution(located, style, Name(span, "far_side"), None, None, None, None, span)
    return None
