"""Which of two values is larger, told from what the compiler knows about them.

In this order: numbers of constants and parameters are compared at the defaults; expressions of one shape are compared
part by part, as far as their operations are monotone; ranges that do not overlap are compared as ranges. Everything
else is unknown. The answer for (b, a) is always the opposite of that for (a, b).
"""

from __future__ import annotations

from enum import IntEnum
from fractions import Fraction

from ...compiler.ir.hir import Checked, Node
from ...compiler.ir.types import Interval
from .forms import Forms


class Way(IntEnum):
    """How the second value lies to the first; of conditions, whether it holds more often."""

    DOWN = -1
    SAME = 0
    UP = 1
    UNKNOWN = 2


def opposite(way: Way) -> Way:
    return way if way is Way.UNKNOWN else Way(-way)


def together(*ways: Way) -> Way:
    """Of something that grows with each of its parts."""
    moved = {way for way in ways if way is not Way.SAME}
    return moved.pop() if len(moved) == 1 else Way.UNKNOWN if moved else Way.SAME


def of_numbers(a: float | Fraction, b: float | Fraction) -> Way:
    return Way((b > a) - (b < a))


class Weigher:
    """Compares nodes of two strategies, which must share one table of forms."""

    def __init__(self, a: Forms, b: Forms) -> None:
        self.a, self.b = a, b

    def compare(self, a: int, b: int) -> Way:
        """How node `b` of the second strategy lies to node `a` of the first."""
        if self._unit(self.a, a) != self._unit(self.b, b):
            return Way.UNKNOWN
        before, after = static(self.a.checked, a), static(self.b.checked, b)
        if before is not None and after is not None:
            return of_numbers(float(before), float(after))
        if self.a.whole[a] == self.b.whole[b] and not self._moved(a, b):
            return Way.SAME
        found = self._parts(self.a.checked.graph[a], self.b.checked.graph[b])
        return self._ranges(a, b) if found is Way.UNKNOWN else found

    def _moved(self, a: int, b: int) -> bool:
        """Whether a parameter below has another default."""
        before, after = ({str(n.attrs["name"]) for n in _params(f, i)} for f, i in ((self.a, a), (self.b, b)))
        defaults_a = {self.a.words.param(p.name): p.default for p in self.a.checked.parameters if p.name in before}
        defaults_b = {self.b.words.param(p.name): p.default for p in self.b.checked.parameters if p.name in after}
        return defaults_a != defaults_b

    def _unit(self, forms: Forms, node: int) -> object:
        type_ = forms.checked.facts.types.get(node)
        if type_ is None:
            return None
        dim = tuple(sorted((str(forms.words.plain(name)), power) for name, power in type_.dim.exponents))
        number = type_.kind.value in ("int", "real")
        return ("number" if number else type_.kind.value, dim)

    def _ranges(self, a: int, b: int) -> Way:
        before, after = (f.checked.facts.intervals.get(i) for f, i in ((self.a, a), (self.b, b)))
        if before is None or after is None:
            return Way.UNKNOWN
        if before.high <= after.low and before != after:
            return Way.UP
        return Way.DOWN if after.high <= before.low and before != after else Way.UNKNOWN

    def _parts(self, a: Node, b: Node) -> Way:
        if a.op != b.op or len(a.args) != len(b.args) or a.op == "prev":
            return Way.UNKNOWN
        if a.op == "call":
            return self._call(a, b)
        if a.op not in ("add", "sub", "mul", "div", "neg", "not", "lt", "le", "and", "or", "orelse", "if"):
            return Way.UNKNOWN
        ways = [self.compare(x, y) for x, y in zip(a.args, b.args, strict=True)]
        match a.op:
            case "add" | "and" | "or" | "orelse":
                return together(*ways)
            case "sub":
                return together(ways[0], opposite(ways[1]))
            case "neg" | "not":
                return opposite(ways[0])
            case "lt" | "le":  # holds more often with a smaller left and a larger right side
                return together(opposite(ways[0]), ways[1])
            case "if":
                return together(*ways[1:]) if ways[0] is Way.SAME else Way.UNKNOWN
        if not all(self._not_negative(x, y) for x, y in zip(a.args, b.args, strict=True)):
            return Way.UNKNOWN
        return together(ways[0], ways[1] if a.op == "mul" else opposite(ways[1]))

    def _call(self, a: Node, b: Node) -> Way:
        """`min` and `max` of two values grow with both."""
        pair = str(a.attrs["function"]) in ("min", "max") and not a.attrs.get("window") and len(a.args) == 2
        if not pair or a.attrs["function"] != b.attrs["function"] or b.attrs.get("window"):
            return Way.UNKNOWN
        return together(*(self.compare(x, y) for x, y in zip(a.args, b.args, strict=True)))

    def _not_negative(self, a: int, b: int) -> bool:
        nothing = Interval()
        return all(f.checked.facts.intervals.get(i, nothing).low >= 0.0 for f, i in ((self.a, a), (self.b, b)))


def _params(forms: Forms, node: int) -> list[Node]:
    graph = forms.checked.graph
    return [graph[i] for i in forms.reads(node) if graph[i].op == "param"]


def static(checked: Checked, node_id: int) -> Fraction | None:
    """The value of constants and parameters at the defaults, in whole units; None for anything else."""
    node = checked.graph[node_id]
    if node.op == "const":
        known = checked.facts.intervals.get(node_id)
        return None if known is None or not known.is_point else _exact(node, known)
    if node.op == "param":
        default = next(p.default for p in checked.parameters if p.name == node.attrs["name"])
        return Fraction(default)
    if node.op not in ("add", "sub", "mul", "div", "neg"):
        return None
    parts = [static(checked, a) for a in node.args]
    known_parts = [p for p in parts if p is not None]
    return _apply(node.op, known_parts) if len(known_parts) == len(parts) else None


def _exact(node: Node, known: Interval) -> Fraction:
    """The written number where it is in whole units; on a grid, the range, which is."""
    value = node.attrs["value"]
    if isinstance(value, (bool, int, Fraction)) and float(value) == known.low:
        return Fraction(value)
    return Fraction(known.low)


def _apply(op: str, parts: list[Fraction]) -> Fraction | None:
    match op:
        case "neg":
            return -parts[0]
        case "add":
            return parts[0] + parts[1]
        case "sub":
            return parts[0] - parts[1]
        case "mul":
            return parts[0] * parts[1]
    return parts[0] / parts[1] if parts[1] else None
