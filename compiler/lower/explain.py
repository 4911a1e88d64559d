"""Probes: which FIR values `explain` shows for a clause, and how to read them.

A clause becomes a small tree of what its author wrote: `and`, `or`, `not`, comparisons, and below those the operands
with the named values inside them. Each shown value is a `probe` operation in `decide`; executors that do not explain
ignore probes, so explaining costs a backtest nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ..ir.builder import SegmentBuilder
from ..ir.hir import Node
from ..ir.nodes import F64, I1, Clause
from ..ir.types import Kind, Type
from .context import Lowered, Lowering


@dataclass(frozen=True, slots=True)
class Shown:
    """One probed value: its text in the file and how to print it.

    `unit` is the dimension (`USDC per BTC`, `BTC`), a kind (`duration`, `bool`, `int`) or empty; grid values carry the
    power of ten that decodes them. `present` is the probe of the presence bit, or -1.
    """

    probe: int
    text: str
    unit: str
    decimals: int  # of the grid; -1 off the grid
    tick_decimals: int  # of the instrument's price grid, for printing prices
    present: int = -1


@dataclass(frozen=True, slots=True)
class Tree:
    """`op` is and, or, not, lt, le, eq, ne or value; `parts` are the named values inside a value.

    `label` is the name in `let` of a condition that is opened; `scale` is `bps` or `pct` where a comparison's author
    wrote one of its numbers so.
    """

    op: str
    text: str
    holds: int  # probe of the truth value; -1 for a number
    children: tuple[Tree, ...] = ()
    value: Shown | None = None
    parts: tuple[Shown, ...] = ()
    swapped: bool = False
    label: str = ""
    scale: str = ""


@dataclass(frozen=True, slots=True)
class ClauseTree:
    set: str
    rule: str
    name: str
    bit: int
    tree: Tree
    instance: int = 0


_LOGIC = ("and", "or", "not")
_COMPARE = ("lt", "le", "eq", "ne")
_SCALES = ("bps", "pct")

#: How many named conditions one clause opens: enough to read, and no file can make a clause grow without end.
_MOST_OPENED = 12
_ARITHMETIC = ("add", "sub", "mul", "div", "neg", "orelse", "at")


class Explainer:
    """Collects clause trees while `decide` is lowered."""

    def __init__(self, lowering: Lowering) -> None:
        self.lowering = lowering
        self.trees: list[ClauseTree] = []
        self._count = 0
        self._opened: set[str] = set()
        self._instance = 0

    def clause(self, clause: Clause, node_id: int, b: SegmentBuilder, instance: int = 0) -> None:
        """Probe a clause of one instance in its `decide`."""
        self._opened, self._instance = set(), instance
        tree = self._tree(node_id, b)
        self.trees.append(ClauseTree(clause.set, clause.rule, clause.name, clause.bit, tree, instance))

    def table(self) -> list[dict[str, object]]:
        """As plain data, for `explain.json`."""
        return [asdict(tree) for tree in self.trees]

    def _probe(self, item: Lowered, b: SegmentBuilder) -> tuple[int, int]:
        number = self._next(item.value.type, item, b)
        if item.present is None:
            return number, -1
        return number, self._next(I1, Lowered(item.present), b)

    def _next(self, type_: str, item: Lowered, b: SegmentBuilder) -> int:
        name = {I1: "probe.b", F64: "probe.f"}.get(type_, "probe.i")
        b.effect(name, item.value, attrs=(self._count,))
        self._count += 1
        return self._count - 1

    def _text(self, node: Node) -> str:
        text = self.lowering.checked.document.source.text
        return " ".join(text[node.span.start : node.span.end].split())

    def _tree(self, node_id: int, b: SegmentBuilder) -> Tree:
        node = self.lowering.graph[node_id]
        if node.op not in (*_LOGIC, *_COMPARE) or not self._opens(node):
            return self._value(node_id, b)
        text, (holds, _) = self._text(node), self._probe(self.lowering.one(node_id, b), b)
        if node.op in _LOGIC:
            return Tree(node.op, text, holds, tuple(self._tree(a, b) for a in node.args), label=node.label)
        sides = tuple(self._value(a, b) for a in node.args)
        swapped = bool(node.attrs.get("swapped"))
        return Tree(node.op, text, holds, sides, swapped=swapped, label=node.label, scale=self._scale(node))

    def _opens(self, node: Node) -> bool:
        """Whether a condition shows what it is made of: one without a name does, a named one once in a clause.

        What a library function became was not written by the strategy's author and stays closed.
        """
        if any(self.lowering.graph[arg].span == node.span for arg in node.args):
            return False
        if not node.label:
            return True
        if node.label in self._opened or len(self._opened) == _MOST_OPENED:
            return False
        self._opened.add(node.label)
        return True

    def _scale(self, node: Node) -> str:
        """`bps` or `pct` if a number or a parameter of the comparison is written in it."""
        graph, parameters = self.lowering.graph, self.lowering.checked.document.params
        source = self.lowering.checked.document.source.text
        sides = [graph[graph[a].args[0]] if graph[a].op == "neg" else graph[a] for a in node.args]  # `-stop`
        named = {side.label for side in sides if side.op == "param"}
        defaults = [source[p.default.span.start : p.default.span.end] for p in parameters if p.name.value in named]
        words = " ".join([self._text(node), *defaults]).split()
        return next((scale for scale in _SCALES if scale in words), "")

    def _value(self, node_id: int, b: SegmentBuilder) -> Tree:
        node = self.lowering.graph[node_id]
        shown = self._shown(node_id, b)
        truth = self.lowering.type(node_id).kind is Kind.BOOL
        opened = node.op in _ARITHMETIC or (truth and node.op == "call")  # `cross_up(quick, calm)` shows both
        parts = tuple(self._parts(node_id, b, {}).values()) if opened and not node.label else ()
        holds = shown.probe if truth else -1
        return Tree("value", shown.text, holds, value=shown, parts=parts)

    def _parts(self, node_id: int, b: SegmentBuilder, found: dict[str, Shown]) -> dict[str, Shown]:
        """The named values inside an arithmetic expression, each once."""
        for arg in self.lowering.graph[node_id].args:
            node = self.lowering.graph[arg]
            if node.op in _ARITHMETIC and not node.label:
                self._parts(arg, b, found)
            elif node.op != "const" and isinstance(self.lowering.get(arg, b), Lowered):
                shown = self._shown(arg, b)
                found.setdefault(shown.text, shown)
        return found

    def _shown(self, node_id: int, b: SegmentBuilder) -> Shown:
        node, type_ = self.lowering.graph[node_id], self.lowering.type(node_id)
        probe, present = self._probe(self.lowering.one(node_id, b), b)
        decimals = self.lowering.decimals(type_) if type_.grid is not None else -1
        return Shown(
            probe, node.label or self._text(node), self._unit(type_), decimals, self._price_decimals(), present
        )

    def _price_decimals(self) -> int:
        alias = self.lowering.checked.traded[self._instance]
        instruments = self.lowering.checked.document.instruments
        symbol = next(i.symbol.value for i in instruments if i.alias.value == alias)
        return self.lowering.profile.instruments[symbol].price_decimals

    @staticmethod
    def _unit(type_: Type) -> str:
        if type_.kind is not Kind.REAL:
            return type_.kind.value
        return "" if not type_.dim.exponents else str(type_.dim)
