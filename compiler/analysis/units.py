"""Types and units: every node's kind, dimension and grid, by unification; group 02 of the diagnostics.

Pure: graph in, types and findings out. `prev` is solved by a second round when its value turns out to be real or off
the grid where its initial value looked whole. Presence is not decided here (`presence.py` marks types optional).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...dsl.diagnostics import Diagnostic, Label
from ..frontend.built import Built
from ..frontend.literals import lot_type
from ..ir.hir import Node
from ..ir.types import BOOL, DURATION, INT, REAL, TIME, Dim, Kind, Type
from ..library.function import Function, is_pair
from ..library.table import FUNCTIONS
from .ascription import check_ascription
from .call_types import CallTyping
from .dims import closed, is_open
from .field_types import field_type
from .poison import alive
from .typing_state import TIMES, TypingState, Units
from .wording import describe, noun


def infer(built: Built, poisoned: frozenset[int] = frozenset()) -> Units:
    """Types of all nodes."""
    guesses: dict[int, Type] = {}
    for _ in range(4):
        inference = _Inference(built, poisoned, guesses)
        inference.run()
        if not inference.retry:
            break
        guesses.update(inference.retry)
    if inference.broken:
        everything = frozenset(range(len(built.graph.nodes)))
        rest = infer(built, everything - alive(built.graph, everything - poisoned, inference.broken))
        rest.found += inference.unfit
        return rest
    inference.close()
    return inference.units


class _Inference(TypingState):
    def __init__(self, built: Built, poisoned: frozenset[int], guesses: dict[int, Type]) -> None:
        super().__init__(built)
        self.poisoned = poisoned
        self.guesses = guesses
        self.retry: dict[int, Type] = {}
        self.broken: set[int] = set()
        self.unfit: list[Diagnostic] = []

    def run(self) -> None:
        rules: dict[str, Callable[[Node], Type | None]] = {
            "const": self.const,
            "param": self.param,
            "field": self.field,
            "neg": self.negate,
            "not": self.invert,
            "add": self.add,
            "sub": self.add,
            "mul": self.multiply,
            "div": self.divide,
            "lt": self.compare,
            "le": self.compare,
            "eq": self.equal,
            "ne": self.equal,
            "and": self.logic,
            "or": self.logic,
            "if": self.choose,
            "orelse": self.fallback,
            "present": lambda n: BOOL,
            "at": lambda n: self.types[n.args[0]],
            "index": self.index,
            "prev": self.prev,
            "call": self.call,
            "member": self.member,
        }
        for node in self.graph.nodes:
            if node.id in self.poisoned or (node.op != "prev" and any(a not in self.types for a in node.args)):
                continue
            made = rules[node.op](node)
            if made is not None:
                self.types[node.id] = made
        for node in self.graph.nodes:
            if node.op == "prev" and node.id in self.types:
                self.settle_prev(node)
        before = len(self.units.found)
        self.ascriptions()
        self.unfit = self.units.found[before:]

    def close(self) -> None:
        """Solve what unification left open: a 0 that met no unit is a pure number."""
        for i, made in self.types.items():
            if is_open(made.dim) or made.fields:
                dim = closed(self.solver.resolve(made.dim))
                fields = tuple((n, replace(t, dim=closed(self.solver.resolve(t.dim)))) for n, t in made.fields)
                self.types[i] = replace(made, dim=dim, fields=fields)

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
        for i, wanted in enumerate(
            (lot_type(self.built, alias).off_grid() if name == "vwap_to" else INT,) if node.args else ()
        ):
            given = self.of(node, i)
            if given.kind is not wanted.kind or (wanted.dim.exponents and not self.solver.unify(given.dim, wanted.dim)):
                self.report(
                    "FC0104",
                    f"`{name}` takes {noun(wanted, self.built)}",
                    self.span(node, i),
                    describe(given, self.built),
                )
                return None
        return field_type(self.built, alias, str(node.attrs["source"]), name)

    # arithmetic

    def negate(self, node: Node) -> Type | None:
        a = self.of(node, 0)
        return a if self.number(node, 0, a, durations=True) else None

    def invert(self, node: Node) -> Type | None:
        return BOOL if self.bool_(node, 0) else None

    def unit(self, node: Node, verb: str, i: int = 0, j: int = 1) -> Type | None:
        """The common type of two arguments that must have one unit, or None after a report."""
        a, b = self.of(node, i), self.of(node, j)
        joined = self.join(a, b, node.args[i], node.args[j])
        if joined is None:
            self.mismatch(node, verb)
        return joined

    def add(self, node: Node) -> Type | None:
        a, b = self.of(node, 0), self.of(node, 1)
        if a.kind in TIMES or b.kind in TIMES:
            return self.add_times(node, a, b)
        if a.kind is b.kind is Kind.BOOL or {Kind.ENUM, Kind.RECORD} & {a.kind, b.kind}:
            if self.number(node, 0, a):
                self.number(node, 1, b)
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
            self.report(
                "FC0211",
                "these have no order",
                node.span,
                f"{noun(a, self.built)} is not smaller or larger",
                helps=("use `==` or `!=`",),
            )
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
            self.report(
                "FC0210",
                "equality of real numbers is not what it seems",
                node.span,
                "rounding decides this",
                notes=("`==` is for bools, whole numbers, ticks and lots",),
                helps=(
                    "say how near, in the unit of the two: `near(a, b, tolerance)`",
                    f"or for prices: `same_tick({a}, {b})`",
                ),
            )
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
            self.report(
                "FC0204",
                "the two branches are different things",
                node.span,
                "",
                helps=("give both the same unit; which branch is taken is known only while the strategy runs",),
                secondary=(
                    Label(self.span(node, 1), describe(a, self.built)),
                    Label(self.span(node, 2), describe(b, self.built)),
                ),
            )
            return None
        if fine and self.graph[node.args[0]].op == "const":
            value = bool(self.graph[node.args[0]].attrs["value"])
            self.report(
                "FC0219",
                f"this condition is always {str(value).lower()}",
                self.span(node, 0),
                "a constant",
                helps=(f"write the {'`then`' if value else '`else`'} value alone",),
            )
        return joined

    def fallback(self, node: Node) -> Type | None:
        joined = self.join(self.of(node, 0), self.of(node, 1), node.args[0], node.args[1])
        if joined is None:
            a, b = self.of(node, 0), self.of(node, 1)
            self.report(
                "FC0404",
                "the fallback is another kind of value",
                self.span(node, 1),
                describe(b, self.built),
                secondary=(Label(self.span(node, 0), describe(a, self.built)),),
                helps=("give the fallback the unit of the value it replaces",),
            )
        return joined

    # history

    def index(self, node: Node) -> Type | None:
        k = self.of(node, 1)
        if k.kind is not Kind.INT or closed(self.solver.resolve(k.dim)).exponents:
            self.report(
                "FC0104", "a history index is a whole number of ticks", self.span(node, 1), describe(k, self.built)
            )
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
            self.report(
                "FC0204",
                "the value and its initial value are different things",
                node.span,
                "",
                secondary=(
                    Label(self.span(node, 0), describe(value, self.built)),
                    Label(self.span(node, 1), describe(init, self.built)),
                ),
            )
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
            self.report(
                "FC0208",
                f"there is no field `{name}`",
                span,
                f"{noun(record, self.built)} has none of this name",
                helps=helps,
            )
        return found

    def call(self, node: Node) -> Type | None:
        row = FUNCTIONS[str(node.attrs["function"])]
        if is_pair(row.name, node.attrs):
            return self.pair(node)
        if node.attrs.get("time"):
            return self.over_time(node, row)
        return CallTyping(self, node, row).result()

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
            if item.node in self.types and item.result not in self.poisoned:
                before = len(self.units.found)
                check_ascription(self, item, bound.setdefault(item.call, {}))
                if len(self.units.found) > before:
                    self.broken.add(item.result)
