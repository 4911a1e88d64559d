"""Write a strategy file in long form, with every default spelled out and marked.

The result is a strategy file of the same meaning: reading it gives an equal `Document` up to places in the text.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from .ast import Expr, Name, Quantity
from .cst import Mapping, Node, Sequence
from .document import Document, Execution, FunctionDecl, Located, NamedExpr, ParamDecl, Risk, Rule
from .document_reader import read_document
from .expression_printer import JOINED_UNITS
from .source import Source
from .yaml_reader import read

DEFAULT = "default"
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`")
_SIMPLE_LINE = re.compile(r"\S(?:.*\S)?")


def explain_defaults(source: Source) -> str:
    """The whole file in long form. Raises `FlashcError` when the file has errors."""
    document, bag = read_document(source)
    bag.raise_errors()
    root, _ = read(source)
    assert document is not None
    assert root is not None
    return _Writer(document, root).text()


class _Writer:
    def __init__(self, document: Document, root: Mapping) -> None:
        self.document = document
        self.source = document.source
        self.root = root
        self.lines: list[str] = []
        self.depth = 0

    def text(self) -> str:
        self._head()
        self._parameters()
        self._values()
        self._rules("entries", self.document.entries)
        self._rules("exits", self.document.exits)
        if self.document.size is not None:
            self._expr("size", self.document.size)
        self._executions()
        self._risk(self.document.risk)
        self._tests()
        return "\n".join(self.lines) + "\n"

    # --- lines ---

    def _line(self, text: str, note: str = "") -> None:
        self.lines.append("  " * self.depth + text + (f"  # {note}" if note else ""))

    @contextmanager
    def _block(self, key: str, note: str = "") -> Iterator[None]:
        self._line(f"{key}:", note)
        opened = len(self.lines)
        self.depth += 1
        yield
        self.depth -= 1
        if len(self.lines) == opened:
            self.lines.pop()
            self._line(f"{key}: {{}}", note)

    def _field(self, key: str, value: Located[str] | Located[int] | None, note: str = DEFAULT) -> None:
        if value is not None:
            self._line(f"{key}: {value.value}", "" if value.written else note)

    def _expr(self, key: str, expr: Expr | None, note: str = "") -> None:
        if expr is not None:
            self._valued(f"{key}:", self._words(expr), note)

    def _words(self, expr: Expr) -> str:
        """The expression as the file writes it, or in our words where the file does not."""
        if _is_ours(expr):
            assert isinstance(expr, Quantity)
            return f"{int(expr.value):_}{'' if expr.unit in JOINED_UNITS else ' '}{expr.unit}"
        return expr.name if isinstance(expr, Name) else self.source.slice(expr.span)

    def _valued(self, head: str, text: str, note: str) -> None:
        lines = [line.strip() for line in text.splitlines()]
        plain = len(lines) == 1 and text[0] not in _INDICATORS - {"-"} and not text.startswith("- ")
        if plain and "#" not in text:
            self._line(f"{head} {text}", note)
            return
        self._line(f"{head} |", note)
        self.depth += 1
        for line in lines:
            self._line(line)
        self.depth -= 1

    def _named(self, key: str, values: Iterable[NamedExpr]) -> None:
        values = tuple(values)
        if not values:
            return
        with self._block(key):
            for value in values:
                self._expr(value.name.value, value.expr)

    # --- sections ---

    def _head(self) -> None:
        document = self.document
        self._field("flash", document.edition)
        self._field("strategy", document.strategy)
        if document.doc is not None:
            self._doc(document.doc)
        self._field("venue", document.venue)
        with self._block("instruments"):
            for instrument in document.instruments:
                note = "" if instrument.alias.written else "default alias"
                self._line(f"{instrument.alias.value}: {instrument.symbol.value}", note)
        aliases = [alias.value for alias in document.trade]
        self._line("trade: " + (aliases[0] if len(aliases) == 1 else f"[{', '.join(aliases)}]"))
        with self._block("decide"):
            self._line(f"clock: {self.source.slice(document.decide.clock.span)}")
            self._expr("min_gap", document.decide.min_gap)
        with self._block("warmup"):
            settle = document.settle
            text = "bits" if settle.value is None else f"{settle.value.normalize():e}"
            self._line(f"settle: {text}", _note(settle))
        if document.lateness is not None:
            self._expr("lateness", document.lateness, DEFAULT if _is_ours(document.lateness) else "")
        self._capital()
        if document.uses:
            with self._block("use"):
                for module in document.uses:
                    self._line(f"- {module.value}")

    def _capital(self) -> None:
        start, capital = self.document.capital_start, self.document.capital
        if start is None:
            return
        with self._block("capital"):
            self._expr("start", start, DEFAULT if _is_ours(start) else "")
            if capital is None:
                return
            if capital.allocate:
                with self._block("allocate"):
                    for alias, share in capital.allocate:
                        self._expr(alias.value, share)
            self._expr("compound", capital.compound)
            self._expr("reserve", capital.reserve)
            self._expr("reinvest_after", capital.reinvest_after)

    def _doc(self, text: str) -> None:
        body = text.removesuffix("\n")
        if not all(_SIMPLE_LINE.fullmatch(line) and line.isprintable() for line in body.split("\n")):
            self._line(f"doc: {json.dumps(text, ensure_ascii=False)}")
            return
        self._line("doc: |" if text.endswith("\n") else "doc: |-")
        self.lines.extend("  " + line for line in body.split("\n"))

    def _parameters(self) -> None:
        if self.document.params:
            with self._block("params"):
                for param in self.document.params:
                    self._param(param)
        self._named("constraints", self.document.constraints)

    def _param(self, param: ParamDecl) -> None:
        with self._block(param.name.value):
            self._field("type", param.type, "default, from the literal")
            self._expr("default", param.default)
            if param.low is not None and param.high is not None:
                self._line(f"in: {self._words(param.low)}..{self._words(param.high)}")
            self._line(f"sweep: {_flag(param.sweep)}", "" if param.sweep else DEFAULT)
            self._expr("only_if", param.only_if)

    def _values(self) -> None:
        if self.document.functions:
            with self._block("fn"):
                for function in self.document.functions:
                    self._function(function)
        self._named("let", self.document.lets)
        self._named("labels", self.document.labels)

    def _function(self, function: FunctionDecl) -> None:
        with self._block(function.name.value):
            args = ", ".join(f"{name.value}: {kind.value}" for name, kind in function.args)
            self._line(f"args: {{{args}}}")
            self._field("returns", function.returns)
            self._expr("is", function.body)

    # --- rules ---

    def _rules(self, key: str, rules: tuple[Rule, ...]) -> None:
        if not rules:
            return
        with self._block(key):
            for rule in rules:
                with self._block(rule.name.value):
                    self._rule(rule)

    def _rule(self, rule: Rule) -> None:
        if rule.scored:
            self._score(rule)
        if rule.clauses:
            with self._block("require" if rule.scored else "when"):
                self._clauses(rule)
        if rule.kind == "entry":
            self._line(f"side: {'short' if rule.side.value < 0 else 'long'}", _note(rule.side))
        self._expr("cooldown", rule.cooldown)
        self._expr("size", rule.size, "default, the size of the file" if rule.size is self.document.size else "")
        self._field("execute", rule.execute)
        self._field("below_min", rule.below_min)
        if rule.add:
            self._line("add: true")
            self._field("at_most", rule.at_most)
        self._expr("fraction", rule.fraction)
        if rule.once:
            self._line("once: true")

    def _score(self, rule: Rule) -> None:
        with self._block("score"):
            for part in rule.scored:
                with self._block(part.clause.name.value):
                    self._expr("when", part.clause.expr)
                    self._expr("weight", part.weight)
        self._expr("at_least", rule.at_least)

    def _clauses(self, rule: Rule) -> None:
        for clause in rule.clauses:
            if clause.name.value.isdigit():
                self._valued("-", self._words(clause.expr), "")
            else:
                self._expr(clause.name.value, clause.expr, "" if clause.name.written else "default name")

    def _executions(self) -> None:
        if not self.document.execution:
            return
        with self._block("execution"):
            for execution in self.document.execution:
                with self._block(execution.name.value, "" if execution.name.written else "default, ready-made"):
                    self._execution(execution)

    def _execution(self, execution: Execution) -> None:
        self._field("style", execution.style)
        self._expr("price", execution.price, "" if execution.name.written else DEFAULT)
        self._expr("ttl", execution.ttl)
        if execution.requote is not None:
            with self._block("requote"):
                self._expr("when", execution.requote.when)
                self._field("at_most", execution.requote.at_most)
        self._field("then", execution.then)
        self._field("retries", execution.retries)

    # --- risk and tests ---

    def _risk(self, risk: Risk | None) -> None:
        if risk is None:
            self._line("# no `risk` block: the position limit is the largest size, all else the run-time's own limits")
            return
        with self._block("risk"):
            if risk.position_max is not None:
                with self._block("position"):
                    self._expr("max", risk.position_max)
                    self._line(f"shared: {_flag(risk.position_shared)}", "" if risk.position_shared else DEFAULT)
            if risk.order_max is not None:
                with self._block("notional"):
                    self._expr("max", risk.order_max)
            self._limits(risk)
            self._named("invariants", risk.invariants)

    def _limits(self, risk: Risk) -> None:
        if risk.day_loss is not None:
            with self._block("day_loss"):
                self._expr("limit", risk.day_loss.limit)
                self._field("then", risk.day_loss.then)
        if risk.drawdown is not None:
            with self._block("drawdown"):
                self._expr("limit", risk.drawdown.limit)
                self._field("then", risk.drawdown.then)
        if risk.profit_lock is not None:
            with self._block("profit_lock"):
                self._expr("start", risk.profit_lock.start)
                self._expr("keep", risk.profit_lock.keep)
                self._field("then", risk.profit_lock.then)
        self._streak(risk)
        self._field("max_open", risk.max_open)
        if risk.order_rate is not None:
            with self._block("order_rate"):
                self._field("max", risk.order_rate.max)
                self._expr("per", risk.order_rate.per)
        if risk.band is not None:
            with self._block("band"):
                self._expr("max", risk.band.max)
                self._field("from", risk.band.reference)
        if risk.stale is not None:
            with self._block("stale"):
                for stream, age in risk.stale.inputs:
                    self._expr(stream.value, age)
                self._field("then", risk.stale.then)

    def _streak(self, risk: Risk) -> None:
        streak = risk.losing_streak
        if streak is None:
            return
        with self._block("losing_streak"):
            self._field("max", streak.max)
            if streak.pause is None:
                self._field("then", streak.then)
            else:
                self._line(f"then: pause {self._words(streak.pause)}")

    def _tests(self) -> None:
        """Tests have no short forms: they are copied."""
        tests = self.root.get("tests")
        if isinstance(tests, Mapping):
            self._node("tests", tests)

    def _node(self, head: str, node: Node) -> None:
        if isinstance(node, Mapping):
            with self._block(head):
                for entry in node.entries:
                    self._node(entry.key.value, entry.value)
        elif isinstance(node, Sequence) and not node.items:
            self._line(f"{head}: []")
        elif isinstance(node, Sequence):
            with self._block(head):
                for item in node.items:
                    self._item(item)
        elif head in ("tape", "doc"):
            self._line(f"{head}: {json.dumps(node.value.strip(), ensure_ascii=False)}")
        else:
            self._valued(f"{head}:", textwrap.dedent(self.source.slice(node.content)).strip(), "")

    def _item(self, node: Node) -> None:
        """A list item: its lines one level deeper, the first one with the dash."""
        if not isinstance(node, Mapping) or not node.entries:
            self._line("- {}")
            return
        first = len(self.lines)
        self.depth += 1
        for entry in node.entries:
            self._node(entry.key.value, entry.value)
        self.depth -= 1
        indent = "  " * self.depth
        self.lines[first] = f"{indent}- {self.lines[first][len(indent) + 2 :]}"


def _is_ours(expr: Expr) -> bool:
    """A quantity that the file does not write."""
    return isinstance(expr, Quantity) and expr.implied


def _note(value: Located[Any]) -> str:
    return "" if value.written else DEFAULT


def _flag(value: bool) -> str:
    return "true" if value else "false"
