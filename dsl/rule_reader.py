"""Entries, exits, execution policies and risk, and the defaults that tie rules to policies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .ast import Expr, Name
from .cst import Mapping, Node, Scalar, Sequence
from .diagnostics import Diagnostic, Label
from .document import (
    Band,
    Capital,
    DayLoss,
    Drawdown,
    Execution,
    Located,
    LosingStreak,
    NamedExpr,
    OrderRate,
    ProfitLock,
    Requote,
    Risk,
    Rule,
    Scored,
    Stale,
)
from .expression_parser import parse_expression
from .fields import Fields
from .literals import trimmed
from .scalar_expressions import is_without_escapes
from .source import Span

DEFAULT_LIMIT_ACTION = "flatten_and_halt"
DEFAULT_STREAK_ACTION = "halt"
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
        return self._entry(name, node, side, span) if kind == "entry" else self._exit(name, node, side, span)

    def _entry(self, name: Located[str], node: Mapping, side: Located[int], span: Span) -> Rule | None:
        self._entry_keys(name, node)
        scored = tuple(self._scored(node.get("score")))
        clauses = self._clauses(name, node.get("require" if node.get("score") is not None else "when"))
        self._clause_names(clauses, scored)
        rule = Rule(
            name,
            "entry",
            side,
            clauses,
            self.expr(node.get("cooldown")),
            self.expr(node.get("size")),
            self.text(node.get("execute")),
            self.text(node.get("below_min")),
            span,
            scored=scored,
            at_least=self.expr(node.get("at_least")),
            add=self.flag(node.get("add")),
            at_most=self.count(node.get("at_most")),
        )
        return rule if clauses or scored else None

    def _exit(self, name: Located[str], node: Mapping, side: Located[int], span: Span) -> Rule | None:
        clauses = self._clauses(name, node.get("when"))
        execute, below_min = self.text(node.get("execute")), self.text(node.get("below_min"))
        fraction, once = self.expr(node.get("fraction")), self.flag(node.get("once"))
        if once and node.get("fraction") is None:
            self._needless(node, "once", "an exit of the whole position ends it", "add a `fraction`, or drop `once`")
        rule = Rule(name, "exit", side, clauses, None, None, execute, below_min, span, fraction=fraction, once=once)
        return rule if clauses else None

    def _entry_keys(self, name: Located[str], node: Mapping) -> None:
        """Which keys of an entry need which others, and which exclude each other."""
        has = {key for key in ("when", "score", "at_least", "require", "at_most") if node.get(key) is not None}
        add = self.flag(node.get("add"))
        if not has & {"when", "score"}:
            self._lacks(name, "when", "clauses that must all hold, or a `score`")
        elif {"when", "score"} <= has:
            self._needless(node, "when", "this entry has a `score`", "clauses that must always hold are `require`")
        if "score" in has and "at_least" not in has:
            self._lacks(name, "at_least", "the score that is needed, such as `3.5`")
        for key in ("at_least", "require") if "score" not in has else ():
            if key in has:
                self._needless(node, key, "this entry has no `score`", "give its clauses weights under `score`")
        if add and "at_most" not in has:
            self._lacks(name, "at_most", "how often it may add to one position")
        elif "at_most" in has and not add:
            self._needless(node, "at_most", "this entry never adds to a position", "write `add: true` as well")

    def _clause_names(self, clauses: tuple[NamedExpr, ...], scored: tuple[Scored, ...]) -> None:
        """FC0106: explanations name clauses, so one of the score and one under `require` cannot share a name."""
        required = {clause.name.value: clause.name for clause in clauses}
        for name in (part.clause.name for part in scored):
            if name.value in required:
                other = (Label(required[name.value].span, "under `require`"),)
                message, label = f"two clauses are called `{name.value}`", Label(name.span, "in the score")
                self.bag.add(Diagnostic("FC0106", message, label, secondary=other))

    def _lacks(self, rule: Located[str], key: str, what: str) -> None:
        message, label = f"`{rule.value}` lacks the key `{key}`", Label(rule.span, f"needs `{key}`")
        self.bag.add(Diagnostic("FC0009", message, label, helps=(f"`{key}`: {what}",)))

    def _needless(self, node: Mapping, key: str, why: str, help_: str) -> None:
        entry = node.entry(key)
        if entry is not None:
            message = f"`{key}` has no meaning here"
            self.bag.add(Diagnostic("FC0010", message, Label(entry.key.span, why), helps=(help_,)))

    def _scored(self, node: Node | None) -> Iterable[Scored]:
        for name, value in self.named(node):
            if isinstance(value, Mapping):
                when, weight = self.expr(value.get("when")), self.expr(value.get("weight"))
                if when is not None and weight is not None:
                    yield Scored(NamedExpr(name, when), weight)

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
        position, notional = self.mapping(node, "position"), self.mapping(node, "notional")
        return Risk(
            position_max=self.expr(position.get("max")) if position else None,
            position_shared=self.flag(position.get("shared")) if position else False,
            day_loss=self._day_loss(node),
            order_rate=self._order_rate(node),
            band=self._band(node, BAND_ON_BARS if on_bars else BAND_ON_EVENTS),
            stale=self._stale(node),
            invariants=self.named_exprs(node.get("invariants")),
            span=node.span,
            drawdown=self._drawdown(node),
            profit_lock=self._profit_lock(node),
            losing_streak=self._losing_streak(node),
            max_open=self.count(node.get("max_open")),
            order_max=self.expr(notional.get("max")) if notional else None,
        )

    def _drawdown(self, risk: Mapping) -> Drawdown | None:
        block = self.mapping(risk, "drawdown")
        limit = self.expr(block.get("limit")) if block else None
        if block is None or limit is None:
            return None
        return Drawdown(limit, self.text_or(block, "then", DEFAULT_LIMIT_ACTION, limit.span))

    def _profit_lock(self, risk: Mapping) -> ProfitLock | None:
        block = self.mapping(risk, "profit_lock")
        if block is None:
            return None
        start, keep = self.expr(block.get("start")), self.expr(block.get("keep"))
        if start is None or keep is None:
            return None
        return ProfitLock(start, keep, self.text_or(block, "then", DEFAULT_LIMIT_ACTION, start.span))

    def _losing_streak(self, risk: Mapping) -> LosingStreak | None:
        block = self.mapping(risk, "losing_streak")
        most = self.count(block.get("max")) if block else None
        if block is None or most is None:
            return None
        then, node = self.text_or(block, "then", DEFAULT_STREAK_ACTION, most.span), block.get("then")
        if not then.value.startswith("pause") or not isinstance(node, Scalar):
            return LosingStreak(most, then, None)
        if not is_without_escapes(self.source, node, self.bag):
            return None
        at = then.span.start + len("pause")
        pause = parse_expression(self.source, trimmed(self.source, self.source.span(at, then.span.end)), self.bag)
        return LosingStreak(most, Located("pause", then.span), pause) if pause is not None else None

    # --- capital ---

    def capital(self, node: Node | None) -> Capital | None:
        if not isinstance(node, Mapping):
            return None
        return Capital(
            start=self.expr(node.get("start")),
            allocate=tuple((item.name, item.expr) for item in self.named_exprs(node.get("allocate"))),
            compound=self.expr(node.get("compound")),
            reserve=self.expr(node.get("reserve")),
            reinvest_after=self.expr(node.get("reinvest_after")),
            span=node.span,
        )

    def _day_loss(self, risk: Mapping) -> DayLoss | None:
        block = self.mapping(risk, "day_loss")
        limit = self.expr(block.get("limit")) if block else None
        if block is None or limit is None:
            return None
        return DayLoss(limit, self.text_or(block, "then", DEFAULT_LIMIT_ACTION, limit.span))

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
