"""The expressions of tests, read into the graph beside those of the strategy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...dsl import ast
from ...dsl.document import Generated, TestDecl
from .built import Root, TestRoot
from .environment import Environment

if TYPE_CHECKING:
    from .program import Reader


def read_tests(reader: Reader) -> None:
    """Every expression of every test, as roots of role `test` (conditions) and `given` (constants)."""
    for test in reader.document.tests:
        if test.instrument is None or test.instrument.value == reader.built.instance:
            _Roots(reader, test).read()


class _Roots:
    """Elaborates one test."""

    def __init__(self, reader: Reader, test: TestDecl) -> None:
        self.reader, self.test = reader, test
        self.env = replace(Environment(reader.built.ambient, reader.built.instance), in_test=True)

    def read(self) -> None:
        test = self.test
        for item in test.expect:
            self.root(item.expr, "test", "expect", item.index)
            self.root(item.time, "given", "time", item.index)
            self.root(item.low, "given", "low", item.index)
            self.root(item.high, "given", "high", item.index)
        for number, row in enumerate(test.rows):
            self.root(row.time, "given", "row", number, "t")
            for value in row.values:
                self.root(value.expr, "given", "row", number, value.name.value)
        for value in test.start:
            if value.name.value != "rule":
                self.root(value.expr, "given", "start", value.name.value)
        for value in test.params:
            self.root(value.expr, "given", "params", value.name.value)
        for number, wanted in enumerate(test.intents or ()):
            self.root(wanted.qty, "given", "qty", number)
            self.root(wanted.price, "given", "price", number)
        if test.generate is not None:
            self.generated(test.generate)

    def generated(self, generate: Generated) -> None:
        self.root(generate.length, "given", "generate", "length")
        self.root(generate.price, "given", "generate", "price")
        self.root(generate.volatility, "given", "generate", "volatility")

    def root(self, expr: ast.Expr | None, role: str, part: str, *place: object) -> None:
        if expr is None:
            return
        node = self.reader.elaborator.expr(expr, self.env)
        if node is not None:
            where = TestRoot(self.test.name.value, part, place)
            self.reader.built.test_roots.append((Root(node, role, expr.span, self.test.name.value, "test"), where))
