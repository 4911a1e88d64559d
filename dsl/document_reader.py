"""CST -> `Document`: every expression parsed in place, every short form replaced by its long form.

The reader reports as many independent errors as the file has and goes on; it returns no document only when the frame
itself (edition, name, instrument, clock) cannot be read. Names are not resolved here.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from .ast import ClockName, Expr, Quantity
from .cst import Mapping, Node, Scalar, Sequence
from .diagnostics import Diagnostic, Diagnostics, Label
from .document import (
    Capital,
    Decide,
    Document,
    Execution,
    FunctionDecl,
    Instrument,
    Located,
    NamedExpr,
    ParamDecl,
    Rule,
)
from .fields import Fields
from .literals import is_bar_clock, is_literal, literal_type, read_clock, read_range
from .rule_reader import RuleReader, fill_in_policies, fill_in_rules
from .scalar_expressions import join_split_expressions
from .schema import DEFAULT_LATENESS_MS, DEFAULT_SETTLE, DEFAULT_VENUE, EDITION, PARAM_TYPES
from .shape import check_shape
from .source import Source, Span
from .tests_block import read_tests
from .yaml_reader import read

START_CAPITAL = 10_000  # of the quote currency, when the file does not say


def read_document(source: Source) -> tuple[Document | None, Diagnostics]:
    """Read a whole strategy file. A document comes back even with errors, if enough of the frame is readable."""
    root, bag = read(source)
    if root is None:
        return None, bag
    joined = join_split_expressions(source, root, bag)
    assert isinstance(joined, Mapping)
    if _foreign_edition(source, joined, bag):
        return None, bag
    document = _Reader(source, bag, check_shape(source, joined, bag)).document()
    assert document is not None or bag.errors, "a file without errors has a document"
    return document, bag


def _foreign_edition(source: Source, root: Mapping, bag: Diagnostics) -> bool:
    """Another edition has other keys and rules: everything else we could say about the file would be noise."""
    edition = Fields(source, bag).count(root.get("flash"))
    if edition is None or edition.value == EDITION:
        return False
    message = f"this release does not read edition {edition.value}"
    helps = (f"it reads edition {EDITION}: `flash: {EDITION}`",)
    bag.add(Diagnostic("FC0906", message, Label(edition.span), helps=helps))
    return True


class _Reader(Fields):
    def __init__(self, source: Source, bag: Diagnostics, root: Mapping) -> None:
        super().__init__(source, bag)
        self.root = root

    def document(self) -> Document | None:
        root = self.root
        instruments, trade = self._instruments()
        decide = self._decide(root.get("decide"))
        size = self.expr(root.get("size"))
        entries, exits, execution = self._rules(decide is None or decide.clock.value is not None, size)
        params, functions = self._params(instruments), self._functions()
        on_bars = decide is None or is_bar_clock(decide.clock)
        rules = RuleReader(self.source, self.bag)
        risk, capital = rules.risk(root.get("risk"), on_bars), rules.capital(root.get("capital"))
        edition, strategy = self.count(root.get("flash")), self.text(root.get("strategy"))
        body = {key: self.named_exprs(root.get(key)) for key in ("constraints", "let", "labels")}
        tests = read_tests(self, root.get("tests"))
        doc = self.scalar(root.get("doc"))
        if strategy is None or not trade or decide is None:
            return None
        capital = capital or Capital(None, (), None, None, None, strategy.span)
        capital = replace(capital, start=capital.start or _start_capital(instruments, trade))
        return Document(
            source=self.source,
            edition=edition or Located(EDITION, strategy.span, written=False),
            strategy=strategy,
            doc=doc.value if doc else None,
            venue=self.text_or(root, "venue", DEFAULT_VENUE, strategy.span),
            instruments=instruments,
            trade=trade,
            decide=decide,
            settle=self._settle(strategy.span),
            uses=self._list("use"),
            params=params,
            constraints=body["constraints"],
            functions=functions,
            lets=body["let"],
            labels=body["labels"],
            entries=entries,
            exits=exits,
            size=size,
            execution=execution,
            risk=risk,
            capital_start=capital.start,
            capital=capital,
            lateness=self.expr(root.get("lateness")) or _lateness(strategy.span),
            tests=tests,
            unread=self._unread(*params, *functions, *body["let"], *body["labels"]),
            complete=not self.bag.errors,
        )

    def _unread(self, *read: ParamDecl | FunctionDecl | NamedExpr) -> frozenset[str]:
        """The names that the file defines, without those that were read."""
        written = (name for key in ("params", "fn", "let", "labels") for name, _ in self.named(self.root.get(key)))
        return frozenset(name.value for name in written) - {decl.name.value for decl in read}

    def _rules(
        self, timed: bool, size: Expr | None
    ) -> tuple[tuple[Rule, ...], tuple[Rule, ...], tuple[Execution, ...]]:
        """Entries, exits and execution policies, each with its defaults."""
        reader = RuleReader(self.source, self.bag)
        entries = reader.entries(self.root.get("entries"), file_has_size=self.root.get("size") is not None)
        exits = reader.exits(self.root.get("exits"))
        execution = reader.executions(self.root.get("execution"))
        entries = fill_in_rules(entries, timed, size)
        exits = fill_in_rules(exits, timed, None)
        return entries, exits, fill_in_policies(execution, (*entries, *exits))

    def _list(self, key: str) -> tuple[Located[str], ...]:
        node = self.root.get(key)
        found = (self.text(item) for item in node.items) if isinstance(node, Sequence) else ()
        return tuple(text for text in found if text is not None)

    # --- instruments ---

    def _instruments(self) -> tuple[tuple[Instrument, ...], tuple[Located[str], ...]]:
        found: list[Instrument] = []
        for alias, node in self.named(self.root.get("instruments")):
            symbol = self.text(node)
            if symbol is not None:
                found.append(Instrument(alias, symbol))
        trade = tuple(self._traded(scalar, found) for scalar in self.items(self.root.get("trade")))
        return tuple(found), trade

    def _traded(self, scalar: Scalar, declared: list[Instrument]) -> Located[str]:
        """The alias that `trade` names; a symbol that no alias stands for is declared on the spot."""
        text = self.text(scalar)
        assert text is not None
        if "/" not in text.value:
            return text
        known = next((i.alias.value for i in declared if i.symbol.value == text.value), None)
        if known is None:
            known = text.value.partition("/")[0].lower()
            declared.append(Instrument(Located(known, text.span, written=False), text))
        return Located(known, text.span, written=False)

    # --- clock and warm-up ---

    def _decide(self, node: Node | None) -> Decide | None:
        clock_node = node.get("clock") if isinstance(node, Mapping) else node
        scalar = self.scalar(clock_node)
        clock: ClockName | None = None if scalar is None else read_clock(self.source, scalar, self.bag)
        if clock is None or node is None:
            return None
        min_gap = self.expr(node.get("min_gap")) if isinstance(node, Mapping) else None
        return Decide(clock, min_gap, clock.span if isinstance(node, Scalar) else node.span)

    def _settle(self, implied_by: Span) -> Located[Decimal | None]:
        warmup = self.mapping(self.root, "warmup")
        text = self.text(warmup.get("settle")) if warmup else None
        if text is None:
            return Located(Decimal(DEFAULT_SETTLE), implied_by, written=False)
        if text.value == "bits":
            return Located(None, text.span)
        try:
            value = Decimal(text.value)
        except ArithmeticError:  # not a number: the shape check has said so
            return Located(Decimal(DEFAULT_SETTLE), text.span, written=False)
        if not 0 < value < 1:
            message = "the tolerance of the warm-up lies between 0 and 1"
            self.bag.add(Diagnostic("FC0218", message, Label(text.span), helps=("the default is `1e-6`",)))
        return Located(value, text.span)

    # --- parameters and functions ---

    def _params(self, instruments: tuple[Instrument, ...]) -> tuple[ParamDecl, ...]:
        quotes = frozenset(i.quote for i in instruments) or frozenset({"USDC"})
        found = (self._param(name, node, quotes) for name, node in self.named(self.root.get("params")))
        return tuple(param for param in found if param is not None)

    def _param(self, name: Located[str], node: Node, quotes: frozenset[str]) -> ParamDecl | None:
        block = node if isinstance(node, Mapping) else None
        default = self.expr(block.get("default") if block else node)
        limits = self.scalar(block.get("in")) if block else None
        low, high = read_range(self.source, limits, self.bag) if limits else (None, None)
        only_if = self.expr(block.get("only_if")) if block else None
        if default is None:
            return None
        for value in (default, low, high):
            self._require_literal(value)
        declared = self.text(block.get("type")) if block else None
        if declared is None or declared.value not in PARAM_TYPES:
            declared = Located(literal_type(default, quotes), default.span, written=False)
        sweep = self.flag(block.get("sweep")) if block else False
        return ParamDecl(name, declared, default, low, high, sweep, only_if, name.span.to(node.span))

    def _require_literal(self, expr: Expr | None) -> None:
        if expr is not None and not is_literal(expr):
            message = "a parameter's values are literals"
            helps = ("write a number or a quantity such as `12`, `1.5 bps`, `4m`; computed values belong under `let`",)
            self.bag.add(Diagnostic("FC0010", message, Label(expr.span, "this is computed"), helps=helps))

    def _functions(self) -> tuple[FunctionDecl, ...]:
        found = (self._function(name, node) for name, node in self.named(self.root.get("fn")))
        return tuple(function for function in found if function is not None)

    def _function(self, name: Located[str], node: Node) -> FunctionDecl | None:
        if not isinstance(node, Mapping):
            return None
        body = self.expr(node.get("is"))
        args = [(arg, self.text(type_node)) for arg, type_node in self.named(node.get("args"))]
        if body is None:
            return None
        typed = tuple((arg, text) for arg, text in args if text is not None)
        return FunctionDecl(name, typed, self.text(node.get("returns")), body, name.span.to(node.span))


def _lateness(implied_by: Span) -> Expr:
    return Quantity(implied_by, Decimal(DEFAULT_LATENESS_MS), True, "ms", implied_by)


def _start_capital(instruments: tuple[Instrument, ...], trade: tuple[Located[str], ...]) -> Expr | None:
    """10 000 of the quote currency of the first traded instrument, at the text that names it."""
    first = trade[0]
    quote = next((i.quote for i in instruments if i.alias.value == first.value), None)
    if quote is None:
        return None
    return Quantity(first.span, Decimal(START_CAPITAL), True, quote, first.span)
