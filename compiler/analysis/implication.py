"""When does one condition imply another? Sound and simple: equal conditions, and bounds on equal expressions."""

from __future__ import annotations

from dataclasses import dataclass

from ..frontend.built import Built
from ..ir.hir import Facts, Node
from ..ir.types import Kind


def structural_keys(built: Built) -> list[int]:
    """Per node an integer, equal for nodes that mean the same."""
    table: dict[tuple[object, ...], int] = {}
    keys: list[int] = []
    for node in built.graph.nodes:
        if node.op == "prev":
            shape: tuple[object, ...] = ("prev", node.id)
        else:
            attrs = [(k, v.__class__, v) for k, v in sorted(node.attrs.items()) if k != "swapped"] if node.attrs else ()
            shape = (node.op, *attrs, *[keys[a] for a in node.args])
        keys.append(table.setdefault(shape, len(table)))
    return keys


@dataclass(frozen=True, slots=True)
class Bound:
    """`expr` (by key) lies above `low` and below `high`; an end that is excluded is marked."""

    expr: int
    low: tuple[float, bool]
    high: tuple[float, bool]

    def within(self, other: Bound) -> bool:
        """Everything this bound allows, the other allows too."""
        return self.expr == other.expr and self.low >= other.low and self.high <= other.high


class Implications:
    """Answers for one graph."""

    def __init__(self, built: Built, facts: Facts) -> None:
        self.built, self.facts = built, facts
        self.keys = structural_keys(built)
        self._bounds: dict[int, Bound | None] = {}

    def implies(self, known: list[int], wanted: int) -> bool:
        """All of `known` together imply `wanted`."""
        facts = [atom for k in known for atom in self.atoms(k)]
        bounds = [bound for k in facts if (bound := self.bound(self.built.graph[k])) is not None]
        return self._holds({self.keys[k] for k in facts}, bounds, wanted)

    def atoms(self, node_id: int) -> list[int]:
        node = self.built.graph[node_id]
        if node.op == "and":
            return [node_id, *self.atoms(node.args[0]), *self.atoms(node.args[1])]
        return [node_id]

    def _holds(self, keys: set[int], bounds: list[Bound], wanted: int) -> bool:
        if self.keys[wanted] in keys:
            return True
        node = self.built.graph[wanted]
        if node.op == "and":
            return all(self._holds(keys, bounds, a) for a in node.args)
        if node.op == "or":
            return any(self._holds(keys, bounds, a) for a in node.args)
        bound = self.bound(node)
        return bound is not None and any(b.within(bound) for b in bounds)

    def bound(self, node: Node) -> Bound | None:
        """`x < c`, `c <= x`: a comparison with a literal."""
        if node.id not in self._bounds:
            self._bounds[node.id] = self._bound(node)
        return self._bounds[node.id]

    def _bound(self, node: Node) -> Bound | None:
        if node.op not in ("lt", "le") or any(a not in self.facts.intervals for a in node.args):
            return None
        left, right = (self.facts.intervals[a] for a in node.args)
        fixed = [self.facts.qualifiers.get(a) == "const" for a in node.args]
        if fixed == [False, True] and right.is_point:
            return Bound(self.keys[node.args[0]], (-float("inf"), False), (right.low, node.op == "le"))
        if fixed == [True, False] and left.is_point:
            return Bound(self.keys[node.args[1]], (left.low, node.op == "lt"), (float("inf"), True))
        return None


def age_limit(built: Built, facts: Facts, node: Node) -> float | None:
    """`pos.age > X` as a clause: the greatest X in nanoseconds."""
    if node.op not in ("lt", "le"):
        return None
    field, limit = built.graph[node.args[1]], facts.intervals.get(node.args[0])
    if field.attrs.get("source") == "pos" and field.attrs.get("name") == "age" and limit is not None:
        return limit.high if facts.types[node.args[0]].kind is Kind.DURATION else None
    return None
