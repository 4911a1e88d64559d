"""The names of a strategy file and every place where each is written: for go to definition, references and rename.

Only what stands in the text counts: names that a default implies have no place. Names that the file does not define
(fields, library functions, units) are not listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass

from .. import ast
from ..document import Document, FunctionDecl, Located
from ..expression_parser import children
from ..source import Source, Span

_EXPRESSIONS = ast.Expr.__args__  # type: ignore[attr-defined]
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

#: Kinds whose names are values in expressions.
VALUES = ("param", "let", "label")


@dataclass(frozen=True, slots=True)
class Symbol:
    """One name. Kinds: param, let, label, fn, arg, instrument, module, member, policy, entry, exit. `scope` is the
    function of an argument and the module of a member."""

    kind: str
    name: str
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One place where a symbol is written."""

    symbol: Symbol
    span: Span
    is_definition: bool = False


@dataclass(slots=True)
class Names:
    """All occurrences of one file, in file order."""

    found: list[Occurrence] = field(default_factory=list)

    def at(self, offset: int) -> Occurrence | None:
        """The occurrence that an offset lies in, or touches at its end."""
        touching = [o for o in self.found if o.span.start <= offset <= o.span.end]
        return next((o for o in touching if offset < o.span.end), touching[-1] if touching else None)

    def of(self, symbol: Symbol) -> list[Occurrence]:
        return [o for o in self.found if o.symbol == symbol]

    def definition(self, symbol: Symbol) -> Occurrence | None:
        return next((o for o in self.found if o.symbol == symbol and o.is_definition), None)


def names_of(document: Document) -> Names:
    """Every written name of a document."""
    return Names(_Walker(document).walk())


class _Walker:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.source: Source = document.source
        self.found: dict[Span, Occurrence] = {}
        self.values = {
            **{d.name.value: Symbol("label", d.name.value) for d in document.labels},
            **{d.name.value: Symbol("let", d.name.value) for d in document.lets},
            **{d.name.value: Symbol("param", d.name.value) for d in document.params},
        }
        self.aliases = {i.alias.value for i in document.instruments}
        self.functions = {f.name.value: f for f in document.functions}
        self.rules = {Symbol(rule.kind, rule.name.value) for rule in (*document.entries, *document.exits)}
        self.modules = {use.value.rpartition(".")[2]: use.value for use in document.uses}

    def walk(self) -> list[Occurrence]:
        self.definitions()
        for name, use in self.modules.items():
            self.note(Symbol("module", name), next(u.span for u in self.document.uses if u.value == use), True)
        self.tests()
        for function in self.document.functions:
            self.function(function)
        for expr in _expressions(self.document):
            self.expression(expr, None)
        self.plain_references()
        return sorted(self.found.values(), key=lambda o: o.span)

    def note(self, symbol: Symbol, span: Span, is_definition: bool = False) -> None:
        """An occurrence, if the name really stands there."""
        text = self.source.slice(span)
        if text == symbol.name or (symbol.kind == "module" and text.endswith(symbol.name)):
            self.found.setdefault(span, Occurrence(symbol, span, is_definition))

    def definitions(self) -> None:
        document = self.document
        declared: list[tuple[str, Located[str]]] = [("param", p.name) for p in document.params]
        declared += [("let", d.name) for d in document.lets] + [("label", d.name) for d in document.labels]
        declared += [("fn", f.name) for f in document.functions]
        declared += [("instrument", i.alias) for i in document.instruments]
        declared += [("policy", e.name) for e in document.execution]
        declared += [(r.kind, r.name) for r in (*document.entries, *document.exits)]
        for kind, name in declared:
            if name.written:
                self.note(Symbol(kind, name.value), name.span, True)

    def function(self, function: FunctionDecl) -> None:
        for arg, type_ in function.args:
            self.note(Symbol("arg", arg.value, function.name.value), arg.span, True)
            self.type_text(type_)
        if function.returns is not None:
            self.type_text(function.returns)
        self.expression(function.body, function)

    def type_text(self, type_: Located[str]) -> None:
        """`price<btc>` names an instrument."""
        head, bracket, rest = type_.value.partition("<")
        name = rest.removesuffix(">")
        if bracket and name in self.aliases:
            start = type_.span.start + len(head) + 1
            self.note(Symbol("instrument", name), Span(type_.span.path, start, start + len(name)))

    # expressions

    def expression(self, expr: ast.Expr, inside: FunctionDecl | None) -> None:
        todo = [expr]
        while todo:
            node = todo.pop()
            if isinstance(node, ast.Call):
                self.call(node, inside)
                todo += [a.value for a in node.args]
                if isinstance(node.func, ast.Member):
                    todo.append(node.func.base)
                continue
            if isinstance(node, ast.Name):
                self.name(node, inside)
            elif isinstance(node, ast.At):
                self.clock(node.clock)
            todo += children(node)

    def name(self, node: ast.Name, inside: FunctionDecl | None) -> None:
        symbol = self.meaning(node.name, inside)
        if symbol is not None:
            self.note(symbol, node.span)

    def meaning(self, name: str, inside: FunctionDecl | None) -> Symbol | None:
        """What a bare name of an expression means; None for names of the language."""
        if inside is not None and any(arg.value == name for arg, _ in inside.args):
            return Symbol("arg", name, inside.name.value)
        if name in self.values:
            return self.values[name]
        if name in self.aliases:
            return Symbol("instrument", name)
        return Symbol("module", name) if name in self.modules else None

    def call(self, node: ast.Call, inside: FunctionDecl | None) -> None:
        func = node.func
        if isinstance(func, ast.Name) and func.name in self.functions:
            self.note(Symbol("fn", func.name), func.span)
            for argument in node.args:
                if argument.name is not None:
                    span = Span(argument.span.path, argument.span.start, argument.span.start + len(argument.name))
                    self.note(Symbol("arg", argument.name, func.name), span)
        elif func.name == "fired":
            self.fired(node)
        elif isinstance(func, ast.Member) and isinstance(func.base, ast.Name) and func.base.name in self.modules:
            self.note(Symbol("member", func.name, self.modules[func.base.name]), func.name_span)

    def clock(self, clock: ast.ClockName) -> None:
        if clock.instrument is None:
            return
        for word in _WORD.finditer(self.source.text, clock.span.start, clock.span.end):
            if word.group() == clock.instrument and clock.instrument in self.aliases:
                self.note(Symbol("instrument", clock.instrument), Span(clock.span.path, word.start(), word.end()))
                return

    # names outside expressions

    def plain_references(self) -> None:
        document = self.document
        for rule in (*document.entries, *document.exits):
            if rule.execute is not None:
                self.note(Symbol("policy", rule.execute.value), rule.execute.span)
        for policy in document.execution:
            if policy.then is not None:
                self.note(Symbol("policy", policy.then.value), policy.then.span)
        for alias in (*document.trade, *(name for name, _ in (document.capital.allocate if document.capital else ()))):
            self.note(Symbol("instrument", alias.value), alias.span)
        self.clock(document.decide.clock)
        self.risk()

    def risk(self) -> None:
        risk = self.document.risk
        if risk is not None and risk.band is not None:
            self.name(ast.Name(risk.band.reference.span, risk.band.reference.value), None)
        for name, _ in risk.stale.inputs if risk is not None and risk.stale is not None else ():
            alias = name.value.partition(".")[0]
            if "." in name.value and alias in self.aliases:
                start = name.span.start
                self.note(Symbol("instrument", alias), Span(name.span.path, start, start + len(alias)))

    # tests

    def tests(self) -> None:
        """Names that tests use outside expressions: of values in rows, of parameters, of rules."""
        for test in self.document.tests:
            if test.instrument is not None:
                self.note(Symbol("instrument", test.instrument.value), test.instrument.span)
            for given in (*test.params, *(value for row in test.rows for value in row.values)):
                self.tested_value(given.name)
            for given in test.start:
                if given.name.value == "rule" and isinstance(given.expr, ast.Name):
                    self.note(Symbol("entry", given.expr.name), given.expr.span)
            for order in test.intents or ():
                if order.rule is not None:
                    self.tested_rule(order.rule)

    def tested_value(self, name: Located[str]) -> None:
        """`quick`, or `eth.mid`: its first word may be a name of the file."""
        first = name.value.partition(".")[0]
        symbol = self.meaning(first, None)
        if symbol is not None:
            self.note(symbol, Span(name.span.path, name.span.start, name.span.start + len(first)))

    def tested_rule(self, rule: Located[str]) -> None:
        """`entries.long`, or `long`."""
        block, dot, name = rule.value.rpartition(".")
        kinds = {"entries": ("entry",), "exits": ("exit",), "": ("entry", "exit")}.get(block, ())
        start = rule.span.start + len(block) + len(dot)
        for kind in kinds:
            if Symbol(kind, name) in self.rules:
                self.note(Symbol(kind, name), Span(rule.span.path, start, start + len(name)))

    def fired(self, node: ast.Call) -> None:
        """`fired(exits.stop)` names a rule."""
        for argument in node.args:
            rule = argument.value
            if isinstance(rule, ast.Member) and isinstance(rule.base, ast.Name):
                kind = {"entries": "entry", "exits": "exit"}.get(rule.base.name)
                if kind is not None and Symbol(kind, rule.name) in self.rules:
                    self.note(Symbol(kind, rule.name), rule.name_span)


def _expressions(value: object) -> Iterator[ast.Expr]:
    """The expressions of a document, without those of functions, which have names of their own."""
    if isinstance(value, _EXPRESSIONS):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _expressions(item)
    elif is_dataclass(value) and not isinstance(value, Source | type | FunctionDecl | Span):
        for part in fields(value):
            yield from _expressions(getattr(value, part.name))
