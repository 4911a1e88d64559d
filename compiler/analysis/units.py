"""Types and units: every node's kind, dimension and grid, by unification; group 02 of the diagnostics.

Pure: graph in, types and findings out. `prev` is solved by a second round when its value turns out to be real or off
the grid where its initial value looked whole. Presence is not decided here (`presence.py` marks types optional).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ...dsl.diagnostics import Diagnostic, Edit, Fix, Label, Safety
from ...dsl.source import Span
from ..frontend.built import Built
from ..frontend.literals import lot_type, money_type, tick_type
from ..ir.hir import Node
from ..ir.types import BOOL, DURATION, INT, REAL, TIME, Dim, Grid, Kind, Type
from ..library.function import Function, is_pair
from ..library.signature import Signature
from ..library.table import FUNCTIONS
from .dims import Unifier, closed, is_open, power
from .wording import describe, noun

_ENUM = Type(Kind.ENUM)
_TIMES = (Kind.DURATION, Kind.TIME)


@dataclass(slots=True)
class Units:
    """`types` has no entry for a node that an error poisoned."""

    types: dict[int, Type] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)


def infer(built: Built, poisoned: frozenset[int] = frozenset()) -> Units:
    """Types of all nodes."""
    guesses: dict[int, Type] = {}
    for _ in range(4):
        inference = _Inference(built, poisoned, guesses)
        inference.run()
        if not inference.retry:
            break
        guesses.update(inference.retry)
    inference.close()
    return inference.units


class _Inference:
    def __init__(self, built: Built, poisoned: frozenset[int], guesses: dict[int, Type]) -> None:
        self.built = built
        self.graph = built.graph
        self.units = Units()
        self.types = self.units.types
        self.solver = Unifier()
        self.poisoned = poisoned
        self.guesses = guesses
        self.retry: dict[int, Type] = {}

    def run(self) -> None:
        rules: dict[str, Callable[[Node], Type | None]] = {
            "const": self.const, "param": self.param, "field": self.field, "neg": self.negate, "not": self.invert,
            "add": self.add, "sub": self.add, "mul": self.multiply, "div": self.divide, "lt": self.compare, "le": self.compare,
            "eq": self.equal, "ne": self.equal, "and": self.logic, "or": self.logic, "if": self.choose, "orelse": self.fallback,
            "present": lambda n: BOOL, "at": lambda n: self.types[n.args[0]], "index": self.index, "prev": self.prev,
            "call": self.call, "member": self.member,
        }  # fmt: skip
        for node in self.graph.nodes:
            if node.id in self.poisoned or (node.op != "prev" and any(a not in self.types for a in node.args)):
                continue
            made = rules[node.op](node)
            if made is not None:
                self.types[node.id] = made
        for node in self.graph.nodes:
            if node.op == "prev" and node.id in self.types:
                self.settle_prev(node)
        self.ascriptions()

    def close(self) -> None:
        """Solve what unification left open: a 0 that met no unit is a pure number."""
        for i, made in self.types.items():
            dim = self.solver.resolve(made.dim)
            fields = tuple((n, replace(t, dim=closed(self.solver.resolve(t.dim)))) for n, t in made.fields)
            self.types[i] = replace(made, dim=closed(dim), fields=fields)

    # helpers

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
            self.report("FC0211", "a bool is not a number", spans[at], "true or false", secondary=(labels[1 - at],),
                        helps=(f"choose the numbers: `if {self.built.text(spans[at])} then 1 else 0`",))  # fmt: skip
            return
        bare = next((i for i in (0, 1) if self.is_bare(node.args[(left, right)[i]])), None)
        other = (a, b)[1 - bare] if bare is not None else None
        if bare is not None and other is not None and (other.dim.exponents or other.kind in _TIMES):
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
        if node.op != "const" or self.types[node_id].kind not in (Kind.INT, Kind.REAL) or self.types[node_id].dim.exponents:
            return False
        text = self.built.text(node.span)
        return not any(c.isalpha() and c != "e" for c in text)

    def needs_unit(self, span: Span, other: Label, type_: Type) -> None:
        units = {Kind.DURATION: ("m", "5m"), Kind.TIME: ("m", "5m")}.get(type_.kind)
        text = self.built.text(span)
        unit = units[0] if units else str(closed(type_.dim)).replace(" per ", "/")
        shown = f"{text}{unit}" if units else f"{text} {unit}"
        fix = Fix(f"write `{shown}`", Safety.PLACEHOLDER, (Edit(span, shown),))
        self.report("FC0206", "this number needs a unit", span, "a pure number", secondary=(other,),
                    notes=("only 0 fits every unit",), helps=(f"write `{shown}` if that is what you mean",), fixes=(fix,))  # fmt: skip

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

    def advice(self, a: Type, b: Type, spans: tuple[Span, Span]) -> dict[str, object]:
        """Notes and helps for the mixtures people write most."""
        price = tick_type(self.built, self.built.instance).dim
        dims = {closed(a.dim), closed(b.dim)}
        if self.is_other_instrument(a, b):
            return {"notes": ("every base asset is its own unit",), "helps": ("compare changes instead: `ret(x, n)` is a pure number",)}
        if dims == {price, Dim()} and a.kind is b.kind is Kind.REAL:
            text = self.built.text(spans[0] if closed(a.dim) == price else spans[1])
            return {
                "notes": ("`bps` and `pct` are pure numbers (1 bps = 0.0001); a price difference is not",),
                "helps": (f"divide by a price: `({text}) / close`", "or compare in price: use `ticks` or `USDC / BTC`"),
            }
        return {}

    # leaves

    def const(self, node: Node) -> Type:
        made = node.attrs["type"]
        assert isinstance(made, Type)
        if made == INT and node.attrs["value"] == 0:
            return replace(made, dim=self.solver.fresh())
        return made

    def param(self, node: Node) -> Type:
        made = node.attrs["type"]
        assert isinstance(made, Type)
        return made

    def field(self, node: Node) -> Type | None:
        alias, name = str(node.attrs["instrument"]), str(node.attrs["name"])
        for i, wanted in enumerate((lot_type(self.built, alias).off_grid() if name == "vwap_to" else INT,) if node.args else ()):
            given = self.of(node, i)
            if given.kind is not wanted.kind or (wanted.dim.exponents and not self.solver.unify(given.dim, wanted.dim)):
                self.report("FC0104", f"`{name}` takes {noun(wanted, self.built)}", self.span(node, i), describe(given, self.built))
                return None
        return field_type(self.built, alias, str(node.attrs["source"]), name)

    # arithmetic

    def negate(self, node: Node) -> Type | None:
        a = self.of(node, 0)
        return a if self.number(node, 0, a, durations=True) else None

    def number(self, node: Node, index: int, a: Type, durations: bool = False) -> bool:
        if a.is_number or (durations and a.kind is Kind.DURATION):
            return True
        if a.kind is Kind.BOOL:
            self.report("FC0211", "a bool is not a number", self.span(node, index), "true or false",
                        helps=(f"choose the numbers: `if {self.built.text(self.span(node, index))} then 1 else 0`",))  # fmt: skip
        elif a.kind is Kind.RECORD:
            self.record_as_value(self.span(node, index), a)
        else:
            self.report("FC0201", f"cannot calculate with {noun(a, self.built)}", self.span(node, index), describe(a, self.built))
        return False

    def record_as_value(self, span: Span, a: Type) -> None:
        names = [name for name, _ in a.fields]
        self.report("FC0208", "this is several values at once", span, f"has {', '.join(names)}",
                    helps=tuple(f"take one: `{self.built.text(span)}.{name}`" for name in names[:1]))  # fmt: skip

    def invert(self, node: Node) -> Type | None:
        return BOOL if self.bool_(node, 0) else None

    def bool_(self, node: Node, index: int) -> bool:
        a = self.of(node, index)
        if a.kind is Kind.BOOL:
            return True
        span = self.span(node, index)
        helps = (f"compare it: `{self.built.text(span)} > 0`",) if a.is_number else ()
        self.report("FC0203", f"expected a condition, found {noun(a, self.built)}", span, describe(a, self.built), helps=helps)
        return False

    def unit(self, node: Node, verb: str, i: int = 0, j: int = 1) -> Type | None:
        """The common type of two arguments that must have one unit, or None after a report."""
        a, b = self.of(node, i), self.of(node, j)
        joined = self.join(a, b, node.args[i], node.args[j])
        if joined is None:
            self.mismatch(node, verb)
        return joined

    def join(self, a: Type, b: Type, a_id: int = -1, b_id: int = -1) -> Type | None:
        """The type that holds both, without report. Grid values stay on the grid when both lie on it."""
        if a.kind is Kind.RECORD or b.kind is Kind.RECORD:
            return None
        if a_id >= 0 and self.is_zero(a_id) and b.kind in _TIMES:
            return b
        if b_id >= 0 and self.is_zero(b_id) and a.kind in _TIMES:
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

    def add(self, node: Node) -> Type | None:
        a, b = self.of(node, 0), self.of(node, 1)
        if a.kind in _TIMES or b.kind in _TIMES:
            return self.add_times(node, a, b)
        if a.kind is Kind.RECORD or b.kind is Kind.RECORD:
            return None if not (self.number(node, 0, a) and self.number(node, 1, b)) else None
        if a.kind is Kind.BOOL and b.kind is Kind.BOOL or Kind.ENUM in (a.kind, b.kind):
            self.number(node, 0, a)
            return None
        return self.unit(node, "add" if node.op == "add" else "subtract")

    def add_times(self, node: Node, a: Type, b: Type) -> Type | None:
        pair = (a.kind, b.kind)
        results = {
            (Kind.DURATION, Kind.DURATION): DURATION,
            (Kind.TIME, Kind.DURATION): TIME,
            (Kind.DURATION, Kind.TIME): TIME if node.op == "add" else None,
            (Kind.TIME, Kind.TIME): DURATION if node.op == "sub" else None,
        }
        made = results.get(pair)
        if made is None:
            self.mismatch(node, "add" if node.op == "add" else "subtract")
        return made

    def multiply(self, node: Node) -> Type | None:
        a, b = self.of(node, 0), self.of(node, 1)
        if Kind.DURATION in (a.kind, b.kind) and not (a.dim.exponents or b.dim.exponents):
            scaled = b if a.kind is Kind.DURATION else a
            if scaled.is_number:
                return DURATION
        if not (self.number(node, 0, a) and self.number(node, 1, b)):
            return None
        kind = Kind.INT if a.kind is b.kind is Kind.INT else Kind.REAL
        return Type(kind, a.dim.times(b.dim))

    def divide(self, node: Node) -> Type | None:
        a, b = self.of(node, 0), self.of(node, 1)
        if a.kind is b.kind is Kind.DURATION:
            return REAL
        if a.kind is Kind.DURATION and b.kind is Kind.INT:
            return DURATION
        if not (self.number(node, 0, a) and self.number(node, 1, b)):
            return None
        return Type(Kind.REAL, a.dim.over(b.dim))

    # comparison and logic

    def compare(self, node: Node) -> Type | None:
        a, b = self.of(node, 0), self.of(node, 1)
        if a.kind is b.kind is Kind.BOOL or a.kind is b.kind is Kind.ENUM:
            self.report("FC0211", "these have no order", node.span, f"{noun(a, self.built)} is not smaller or larger",
                        helps=("use `==` or `!=`",))  # fmt: skip
            return None
        for i, t in ((0, a), (1, b)):
            if t.kind is Kind.RECORD:
                self.record_as_value(self.span(node, i), t)
                return None
        return BOOL if self.unit(node, "compare") is not None else None

    def equal(self, node: Node) -> Type | None:
        joined = self.unit(node, "compare")
        if joined is None:
            return None
        if joined.kind is Kind.REAL and joined.grid is None:
            a, b = (self.built.text(self.span(node, i)) for i in self.sides(node))
            self.report("FC0210", "equality of real numbers is not what it seems", node.span, "rounding decides this",
                        notes=("`==` is for bools, whole numbers, ticks and lots",),
                        helps=(f"say how near: `near({a}, {b}, 0.001)`", f"or for prices: `same_tick({a}, {b})`"))  # fmt: skip
            return None
        return BOOL

    def logic(self, node: Node) -> Type | None:
        both = [self.bool_(node, 0), self.bool_(node, 1)]
        return BOOL if all(both) else None

    def choose(self, node: Node) -> Type | None:
        fine = self.bool_(node, 0)
        joined = self.join(self.of(node, 1), self.of(node, 2), node.args[1], node.args[2])
        if joined is None:
            a, b = self.of(node, 1), self.of(node, 2)
            self.report("FC0204", "the two branches are different things", node.span, "", secondary=(
                Label(self.span(node, 1), describe(a, self.built)), Label(self.span(node, 2), describe(b, self.built))))  # fmt: skip
            return None
        if fine and self.graph[node.args[0]].op == "const":
            value = bool(self.graph[node.args[0]].attrs["value"])
            self.report("FC0219", f"this condition is always {str(value).lower()}", self.span(node, 0), "a constant",
                        helps=(f"write the {'`then`' if value else '`else`'} value alone",))  # fmt: skip
        return joined

    def fallback(self, node: Node) -> Type | None:
        joined = self.join(self.of(node, 0), self.of(node, 1), node.args[0], node.args[1])
        if joined is None:
            a, b = self.of(node, 0), self.of(node, 1)
            self.report("FC0404", "the fallback is another kind of value", self.span(node, 1), describe(b, self.built),
                        secondary=(Label(self.span(node, 0), describe(a, self.built)),),
                        helps=("give the fallback the unit of the value it replaces",))  # fmt: skip
        return joined

    # history

    def index(self, node: Node) -> Type | None:
        k = self.of(node, 1)
        if k.kind is not Kind.INT or closed(self.solver.resolve(k.dim)).exponents:
            self.report("FC0104", "a history index is a whole number of ticks", self.span(node, 1), describe(k, self.built))
            return None
        a = self.of(node, 0)
        if a.kind is Kind.RECORD:
            self.record_as_value(self.span(node, 0), a)
            return None
        return a

    def prev(self, node: Node) -> Type | None:
        if node.id in self.guesses:
            return replace(self.guesses[node.id], dim=self.solver.fresh())
        if node.args[1] not in self.types:
            return None
        return self.of(node, 1)

    def settle_prev(self, node: Node) -> None:
        """Fit the value to the initial value; ask for another round when the carrier must widen."""
        if node.args[0] not in self.types or node.args[1] not in self.types:
            self.types.pop(node.id, None)
            return
        value, init, here = self.of(node, 0), self.of(node, 1), self.of(node, 0)
        here = self.types[node.id]
        joined = self.join(value, init, node.args[0], node.args[1])
        if joined is None or not (joined.kind not in (Kind.INT, Kind.REAL) or self.solver.unify(joined.dim, here.dim)):
            self.report("FC0204", "the value and its initial value are different things", node.span, "", secondary=(
                Label(self.span(node, 0), describe(value, self.built)), Label(self.span(node, 1), describe(init, self.built))))  # fmt: skip
        elif (joined.kind, joined.grid) != (here.kind, here.grid):
            self.retry[node.id] = replace(joined, dim=Dim())

    # calls

    def member(self, node: Node) -> Type | None:
        record = self.of(node, 0)
        name = str(node.attrs["name"])
        found = dict(record.fields).get(name)
        if found is None:
            span = self.built.name_spans[node.id]
            names = [n for n, _ in record.fields]
            helps = (f"it has {', '.join(names)}",) if names else ("only functions with several results have fields",)
            self.report("FC0208", f"there is no field `{name}`", span, f"{noun(record, self.built)} has none of this name", helps=helps)
        return found

    def call(self, node: Node) -> Type | None:
        row = FUNCTIONS[str(node.attrs["function"])]
        if is_pair(row.name, node.attrs):
            return self.pair(node)
        if node.attrs.get("time"):
            return self.over_time(node, row)
        return _CallTyping(self, node, row).result()

    def pair(self, node: Node) -> Type | None:
        """`min(a, b)`: one unit, on the grid when both are."""
        for i in (0, 1):
            if not self.number(node, i, self.of(node, i), durations=True):
                return None
        return self.unit(node, "compare")

    def over_time(self, node: Node, row: Function) -> Type | None:
        a = self.of(node, 0)
        if row.name == "count":
            return INT if self.bool_(node, 0) else None
        if not self.number(node, 0, a):
            return None
        return a if row.grid == "keep" else Type(Kind.REAL, a.dim)

    # written types

    def ascriptions(self) -> None:
        bound: dict[int, dict[str, str]] = {}
        for item in self.built.ascriptions:
            if item.node in self.types:
                self.ascribe(item, bound.setdefault(item.call, {}))

    def ascribe(self, item: object, letters: dict[str, str]) -> None:
        from .ascription import check_ascription

        check_ascription(self, item, letters)  # type: ignore[arg-type]


class _CallTyping:
    """One call against its signature: unit letters are fresh variables."""

    def __init__(self, inference: _Inference, node: Node, row: Function) -> None:
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
        if self.row.grid == "keep" and self.signature.result == "a":
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
        return tick_type(self.inference.built, alias) if self.signature.result == "price" else lot_type(self.inference.built, alias)

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
        inference.report("FC0104", f"`{name}` of `{self.row.name}` is {what}", inference.span(self.node, index),
                         describe(given, inference.built), notes=(f"it is `{self.row.signature_text}`",))  # fmt: skip
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
        first = next((i for i, p in enumerate(self.signature.params) if p.type == self.signature.params[index].type), index)
        known = is_open(wanted.dim)
        other = () if first == index or known else (Label(inference.span(self.node, first), describe(wanted, inference.built)),)
        name = self.row.name
        if inference.is_bare(self.node.args[index]) and wanted.dim.exponents and not known:
            label = other[0] if other else Label(span, f"`{name}` wants {noun(wanted, inference.built)}")
            inference.needs_unit(span, label, wanted)
            return
        code = "FC0202" if inference.is_other_instrument(given, wanted) else "FC0201"
        inference.report(code, f"`{name}` wants {noun(wanted, inference.built)} here, not {noun(given, inference.built)}", span,
                         describe(given, inference.built), secondary=other, notes=(f"it is `{self.row.signature_text}`",))  # fmt: skip


def field_type(built: Built, alias: str, source: str, name: str) -> Type:
    """The type of a field, as every executor delivers it."""
    price, lots, money = tick_type(built, alias), lot_type(built, alias), money_type(built, alias)
    if source == "now":
        return TIME
    shared = {
        "age": DURATION, "gain": REAL, "net_gain": REAL, "phase": _ENUM, "side": _ENUM, "notional": money, "n_trades": INT,
        "count": INT, "trades": INT, "pnl": money, "equity": money, "free": money, "drawdown": REAL, "imbalance": REAL,
        "mid": price.off_grid(), "microprice": price.off_grid(), "vwap": price.off_grid(), "vwap_to": price.off_grid(),
        "entry": price.off_grid(),
    }  # fmt: skip
    if name in shared:
        return shared[name]
    return lots if name in ("qty", "signed_qty", "volume", "filled", "bid_qty", "ask_qty", "bid_depth", "ask_depth") else price


def _trim(span: Span, built: Built) -> Span:
    """The span without the blanks around its text."""
    text = built.source(span).slice(span)
    start = span.start + len(text) - len(text.lstrip())
    end = span.end - (len(text) - len(text.rstrip()))
    return Span(span.path, start, end) if start < end else span
