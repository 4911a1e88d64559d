"""One library call against its signature: unit letters are fresh variables of the unifier."""

from __future__ import annotations

from dataclasses import replace

from ...dsl.diagnostics import Label
from ..frontend.literals import lot_type, money_type, tick_type
from ..ir.hir import Node
from ..ir.types import BOOL, DURATION, INT, REAL, TIME, Dim, Kind, Type
from ..library.function import Function
from ..library.signature import Signature
from .dims import closed, is_open, power
from .typing_state import TypingState
from .wording import describe, noun


class CallTyping:
    """One call against its signature: unit letters are fresh variables."""

    def __init__(self, inference: TypingState, node: Node, row: Function) -> None:
        self.inference, self.node, self.row = inference, node, row
        self.signature: Signature = row.signature
        self.letters: dict[str, Dim] = {}
        self.any: Type | None = None
        self.grids: list[Type] = []
        self.whole: set[str] = set()

    def result(self) -> Type | None:
        fine = [self.argument(i) for i in range(len(self.signature.params))]
        if not all(fine):
            return None
        if self.signature.fields:
            fields = tuple((n, self.type(t)) for n, t in self.signature.fields)
            return Type(Kind.RECORD, fields=fields)
        made = self.type(self.signature.result)
        if self.signature.result == "any":
            return made
        if self.row.grid == "keep" and self.signature.result.rstrip("?") == "a":
            return self.kept(made)
        if self.row.grid == "keep":
            return self.on_grid(made)
        return made

    def kept(self, made: Type) -> Type:
        """Functions that only choose, add or subtract keep the carrier of their arguments."""
        kinds = {t.kind for t in self.grids}
        if kinds == {Kind.INT} or kinds == {Kind.DURATION}:
            return replace(self.grids[0], dim=made.dim)
        grids = {t.grid for t in self.grids}
        if len(grids) != 1:
            return made
        for i in self.node.args[: len(self.signature.params)]:
            if self.inference.is_zero(i) and self.grids[0].grid is not None:
                self.inference.adopt(i, self.grids[0])
        return replace(made, grid=self.grids[0].grid)

    def on_grid(self, made: Type) -> Type:
        alias = self.alias()
        return (
            tick_type(self.inference.built, alias)
            if self.signature.result == "price"
            else lot_type(self.inference.built, alias)
        )

    def alias(self) -> str:
        for i in self.node.args[len(self.signature.params) :]:
            found = self.inference.graph[i].attrs.get("instrument")
            if found:
                return str(found)
        return self.inference.built.instance

    def type(self, text: str) -> Type:
        text = text.rstrip("?")
        simple = {"real": REAL, "int": INT, "bool": BOOL, "duration": DURATION, "time": TIME}.get(text)
        if simple is not None:
            return simple
        if text == "any":
            return self.any or REAL
        return Type(Kind.REAL, self.dim(text))

    def dim(self, text: str) -> Dim:
        """`a`, `a^2`, `a*b`, `price`, `qty`, `notional`."""
        total = Dim()
        for factor in text.split("*"):
            letter, _, exponent = factor.partition("^")
            total = total.times(power(self.one(letter), int(exponent or 1)))
        return total

    def one(self, letter: str) -> Dim:
        solver = self.inference.solver
        named = {"price": tick_type, "qty": lot_type, "notional": money_type}.get(letter)
        if named:
            return named(self.inference.built, self.alias()).dim
        if letter not in self.letters:
            self.letters[letter] = solver.fresh()
        return solver.resolve(self.letters[letter])

    def argument(self, index: int) -> bool:
        param, inference = self.signature.params[index], self.inference
        given, text = inference.of(self.node, index), param.type
        if given.kind is Kind.RECORD:
            inference.record_as_value(inference.span(self.node, index), given)
            return False
        if text == "any":
            self.any = given
            return True
        if text in ("bool", "duration", "time"):
            return self.exactly(index, self.type(text))
        if text in ("length", "depth", "int"):
            return self.exactly(index, INT)
        if given.kind is Kind.DURATION and "a" in text and self.row.grid == "keep":
            self.grids.append(given)
            return True
        return self.measured(index, given, text)

    def exactly(self, index: int, wanted: Type) -> bool:
        inference = self.inference
        given = inference.of(self.node, index)
        if given.kind is wanted.kind and not closed(given.dim).exponents:
            return True
        if wanted.kind is Kind.BOOL:
            return inference.bool_(self.node, index)
        name = self.signature.params[index].name
        what = "a whole number of ticks" if wanted.kind is Kind.INT else noun(wanted, inference.built)
        inference.report(
            "FC0104",
            f"`{name}` of `{self.row.name}` is {what}",
            inference.span(self.node, index),
            describe(given, inference.built),
            notes=(f"it is `{self.row.signature_text}`",),
        )
        return False

    def measured(self, index: int, given: Type, text: str) -> bool:
        inference = self.inference
        if not inference.number(self.node, index, given):
            return False
        self_zero = inference.is_zero(self.node.args[index])
        if not self_zero:
            self.grids.append(given)
        wanted = Dim() if text == "real" else self.dim(text)
        if inference.solver.unify(given.dim, wanted):
            return True
        self.complain(index, given, Type(Kind.REAL, inference.solver.resolve(wanted)))
        return False

    def complain(self, index: int, given: Type, wanted: Type) -> None:
        inference = self.inference
        span = inference.span(self.node, index)
        first = next(
            (i for i, p in enumerate(self.signature.params) if p.type == self.signature.params[index].type), index
        )
        known = is_open(wanted.dim)
        other = (
            ()
            if first == index or known
            else (Label(inference.span(self.node, first), describe(wanted, inference.built)),)
        )
        name = self.row.name
        if inference.is_bare(self.node.args[index]) and wanted.dim.exponents and not known:
            label = other[0] if other else Label(span, f"`{name}` wants {noun(wanted, inference.built)}")
            inference.needs_unit(span, label, wanted)
            return
        code = "FC0202" if inference.is_other_instrument(given, wanted) else "FC0201"
        inference.report(
            code,
            f"`{name}` wants {noun(wanted, inference.built)} here, not {noun(given, inference.built)}",
            span,
            describe(given, inference.built),
            secondary=other,
            notes=(f"it is `{self.row.signature_text}`",),
        )
