"""What type inference knows so far, and how it says that things do not fit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ...dsl.diagnostics import Diagnostic, Edit, Fix, Label, Safety
from ...dsl.source import Span
from ..frontend.built import Built
from ..frontend.literals import tick_type
from ..ir.hir import Node
from ..ir.types import INT, Dim, Grid, Kind, Type
from .dims import Unifier, closed
from .wording import describe, noun

TIMES = (Kind.DURATION, Kind.TIME)


@dataclass(slots=True)
class Units:
    """`types` has no entry for a node that an error poisoned."""

    types: dict[int, Type] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)


class TypingState:
    """Types and the unifier of one inference run."""

    def __init__(self, built: Built) -> None:
        self.built = built
        self.graph = built.graph
        self.units = Units()
        self.types = self.units.types
        self.solver = Unifier()

    def of(self, node: Node, index: int) -> Type:
        made = self.types[node.args[index]]
        dim = self.solver.resolve(made.dim)
        return replace(made, dim=dim) if dim != made.dim else made

    def span(self, node: Node, index: int) -> Span:
        return self.built.arg_span(node.id, index)

    def report(self, code: str, message: str, span: Span, label: str = "", **more: object) -> None:
        self.units.found.append(Diagnostic(code, message, Label(span, label), **more))  # type: ignore[arg-type]

    def sides(self, node: Node) -> tuple[int, int]:
        """Argument numbers in the order of the text."""
        return (1, 0) if node.attrs.get("swapped") else (0, 1)

    def is_zero(self, node_id: int) -> bool:
        """The literal 0, which fits every unit."""
        node = self.graph[node_id]
        return node.op == "const" and node.attrs["type"] == INT and node.attrs["value"] == 0

    def mismatch(self, node: Node, verb: str) -> None:
        """FC0201, FC0202, FC0206 or FC0211: what does not fit, labelled on both parts."""
        left, right = self.sides(node)
        a, b = self.of(node, left), self.of(node, right)
        spans = self.span(node, left), self.span(node, right)
        where = Span(node.span.path, spans[0].end, spans[1].start) if spans[0].end < spans[1].start else node.span
        where = _trim(where, self.built)
        labels = (Label(spans[0], describe(a, self.built)), Label(spans[1], describe(b, self.built)))
        joiner = {"add": "and", "subtract": "and"}.get(verb, "with")
        if Kind.BOOL in (a.kind, b.kind):
            at = 0 if a.kind is Kind.BOOL else 1
            self.report(
                "FC0211",
                "a bool is not a number",
                spans[at],
                "true or false",
                secondary=(labels[1 - at],),
                helps=(f"choose the numbers: `if {self.built.text(spans[at])} then 1 else 0`",),
            )
            return
        bare = next((i for i in (0, 1) if self.is_bare(node.args[(left, right)[i]])), None)
        other = (a, b)[1 - bare] if bare is not None else None
        if bare is not None and other is not None and (other.dim.exponents or other.kind in TIMES):
            self.needs_unit(spans[bare], labels[1 - bare], other)
            return
        code = "FC0202" if self.is_other_instrument(a, b) else "FC0201"
        message = f"cannot {verb} {noun(a, self.built)} {joiner} {noun(b, self.built)}"
        if code == "FC0202":
            message += " of another instrument"
        self.report(code, message, where, "", secondary=labels, **self.advice(a, b, spans))

    def is_bare(self, node_id: int) -> bool:
        """A number written without a unit."""
        node = self.graph[node_id]
        if (
            node.op != "const"
            or self.types[node_id].kind not in (Kind.INT, Kind.REAL)
            or self.types[node_id].dim.exponents
        ):
            return False
        text = self.built.text(node.span)
        return not any(c.isalpha() and c != "e" for c in text)

    def needs_unit(self, span: Span, other: Label, type_: Type) -> None:
        units = {Kind.DURATION: ("m", "5m"), Kind.TIME: ("m", "5m")}.get(type_.kind)
        text = self.built.text(span)
        unit = units[0] if units else str(closed(type_.dim)).replace(" per ", "/")
        shown = f"{text}{unit}" if units else f"{text} {unit}"
        fix = Fix(f"write `{shown}` if that is what you mean", Safety.PLACEHOLDER, (Edit(span, shown),))
        self.report(
            "FC0206",
            "this number needs a unit",
            span,
            "a pure number",
            secondary=(other,),
            notes=("only 0 fits every unit",),
            fixes=(fix,),
        )

    def is_other_instrument(self, a: Type, b: Type) -> bool:
        """The same kind of thing, of two instruments."""
        for i in self.built.document.instruments:
            for j in self.built.document.instruments:
                if i is j:
                    continue
                price = Dim.of(**{i.quote: 1, i.base: -1}), Dim.of(**{j.quote: 1, j.base: -1})
                if (a.dim, b.dim) in (price, (Dim.of(**{i.base: 1}), Dim.of(**{j.base: 1}))):
                    return True
        return False

    def price_name(self) -> str:
        """A price that can be read where the decision clock is ambient."""
        return "close" if self.built.ambient is not None and self.built.ambient.kind == "bar" else "mid"

    def advice(self, a: Type, b: Type, spans: tuple[Span, Span]) -> dict[str, object]:
        """Notes and helps for the mixtures people write most."""
        price = tick_type(self.built, self.built.instance).dim
        dims = {closed(a.dim), closed(b.dim)}
        if self.is_other_instrument(a, b):
            return {
                "notes": ("every base asset is its own unit",),
                "helps": ("compare changes instead: `ret(x, n)` is a pure number",),
            }
        if dims == {price, Dim()} and a.kind is b.kind is Kind.REAL:
            text = self.built.text(spans[0] if closed(a.dim) == price else spans[1])
            return {
                "notes": ("`bps` and `pct` are pure numbers (1 bps = 0.0001); a price difference is not",),
                "helps": (
                    f"divide by a price: `({text}) / {self.price_name()}`",
                    "or compare in price: use `ticks` or `USDC / BTC`",
                ),
            }
        return {}

    def number(self, node: Node, index: int, a: Type, durations: bool = False) -> bool:
        if a.is_number or (durations and a.kind is Kind.DURATION):
            return True
        if a.kind is Kind.BOOL:
            self.report(
                "FC0211",
                "a bool is not a number",
                self.span(node, index),
                "true or false",
                helps=(f"choose the numbers: `if {self.built.text(self.span(node, index))} then 1 else 0`",),
            )
        elif a.kind is Kind.RECORD:
            self.record_as_value(self.span(node, index), a)
        else:
            self.report(
                "FC0201",
                f"cannot calculate with {noun(a, self.built)}",
                self.span(node, index),
                describe(a, self.built),
            )
        return False

    def record_as_value(self, span: Span, a: Type) -> None:
        names = [name for name, _ in a.fields]
        self.report(
            "FC0208",
            "this is several values at once",
            span,
            f"has {', '.join(names)}",
            helps=tuple(f"take one: `{self.built.text(span)}.{name}`" for name in names[:1]),
        )

    def bool_(self, node: Node, index: int) -> bool:
        a = self.of(node, index)
        if a.kind is Kind.BOOL:
            return True
        span = self.span(node, index)
        helps = (f"compare it with something: `{self.built.text(span)} > ...`",) if a.is_number else ()
        self.report(
            "FC0203", f"expected a condition, found {noun(a, self.built)}", span, describe(a, self.built), helps=helps
        )
        return False

    def join(self, a: Type, b: Type, a_id: int = -1, b_id: int = -1) -> Type | None:
        """The type that holds both, without report. Grid values stay on the grid when both lie on it."""
        if a.kind is Kind.RECORD or b.kind is Kind.RECORD:
            return None
        if a_id >= 0 and self.is_zero(a_id) and b.kind in TIMES:
            return b
        if b_id >= 0 and self.is_zero(b_id) and a.kind in TIMES:
            return a
        if a.is_number and b.is_number:
            if not self.solver.unify(a.dim, b.dim):
                return None
            kind = Kind.REAL if Kind.REAL in (a.kind, b.kind) else Kind.INT
            grid = a.grid if a.grid == b.grid else None
            for zero, other in ((a_id, b), (b_id, a)):
                if zero >= 0 and other.grid is not None and self.is_zero(zero):
                    grid = self.adopt(zero, other)
            return Type(kind, self.solver.resolve(a.dim), grid)
        return a if a.kind is b.kind else None

    def adopt(self, zero: int, other: Type) -> Grid | None:
        """A literal 0 beside a grid value lies on that grid."""
        self.types[zero] = replace(other, optional=False)
        return other.grid


def _trim(span: Span, built: Built) -> Span:
    """The span without the blanks around its text."""
    text = built.source(span).slice(span)
    start = span.start + len(text) - len(text.lstrip())
    end = span.end - (len(text) - len(text.rstrip()))
    return Span(span.path, start, end) if start < end else span
