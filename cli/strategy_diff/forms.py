"""The meaning of a node as a number: equal for two nodes, of one strategy or of two, exactly if they mean the same.

A number stands for the operation, its attributes, the clocks and the numbers of the arguments. Names of instruments,
the order of keys and the places in the text are not part of it, and neither are the defaults of parameters.

The **whole** meaning of a node opens every equation below it. Its **own** meaning stops at named equations: it says
whether what is written here changed, where the whole meaning says whether anything it reads did.

`prev` closes cycles. Meanings are unrolled through it as often as there are `prev` nodes in both strategies, after
which two nodes that still look alike are alike for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from ...compiler.ir.hir import Checked, Node


class Table:
    """Gives every shape a number; both strategies use one table."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[object, ...], int] = {}

    def number(self, shape: tuple[object, ...]) -> int:
        return self._numbers.setdefault(shape, len(self._numbers))


class Words:
    """One instance's names, replaced by what they stand for: the traded instrument, its currencies, other symbols."""

    def __init__(self, checked: Checked, alias: str, params: Mapping[str, str]) -> None:
        self._params = params
        symbols = {i.alias.value: i.symbol.value for i in checked.document.instruments}
        base, _, quote = symbols[alias].partition("/")
        self._aliases = {**symbols, alias: "<traded>"}
        self._currencies = {base: "<base>", quote: "<quote>"}

    def param(self, name: str) -> str:
        return self._params.get(name, name)

    def attr(self, name: str, value: object) -> object:
        """An attribute of a node, without names that the file chose."""
        if name == "instrument":
            return self._aliases.get(str(value), value)
        return self.plain(value)

    def plain(self, value: object) -> object:
        """A value (clock, type, number) as nested tuples."""
        if isinstance(value, str):
            return self._currencies.get(value, value)
        if isinstance(value, frozenset):
            return tuple(sorted(map(repr, map(self.plain, value))))
        if isinstance(value, tuple):
            return tuple(self.plain(item) for item in value)
        if is_dataclass(value) and not isinstance(value, type):
            parts = (self.attr(f.name, getattr(value, f.name)) for f in fields(value))
            return (type(value).__name__, *parts)
        return (type(value).__name__, str(value))


class Forms:
    """Meanings of all nodes as one instance reads them."""

    def __init__(self, checked: Checked, alias: str, table: Table, params: Mapping[str, str], rounds: int) -> None:
        self.checked, self.table = checked, table
        self.words = Words(checked, alias, params)
        self.instance = next(i for i in checked.instances if i.alias == alias)
        self._shapes = [self._shape(node) for node in checked.graph.nodes]
        self.whole = self._wholes(rounds)
        self._own: dict[int, int] = {}
        self._named: dict[int, str] = {}

    def _shape(self, node: Node) -> tuple[object, ...]:
        if node.op == "param":
            return ("param", self.words.param(str(node.attrs["name"])))
        attrs = sorted((k, repr(self.words.attr(k, v))) for k, v in node.attrs.items() if k not in ("swapped", "rule"))
        clocks = self.words.plain(self.checked.facts.clocks.get(node.id, frozenset()))
        return (node.op, tuple(attrs), clocks)

    def _wholes(self, rounds: int) -> list[int]:
        nodes = self.checked.graph.nodes
        before = {node.id: -1 for node in nodes if node.op == "prev"}
        found: list[int] = []
        for _ in range(rounds if before else 1):
            found = []
            for node in nodes:
                args = node.args[1:] if node.op == "prev" else node.args
                later = (before[node.id],) if node.op == "prev" else ()
                found.append(self.table.number((*self._shapes[node.id], *later, *(found[a] for a in args))))
            before = {i: found[nodes[i].args[0]] for i in before}
        return found

    def name_lets(self, names: Mapping[str, str]) -> None:
        """Give the equations the names under which own meanings refer to them."""
        self._own.clear()
        self._named = {}
        for name, node in self.instance.lets.items():
            self._named.setdefault(node, names.get(name, name))

    def own(self, node_id: int, name: str = "") -> int:
        """The own meaning of a node: of the equation `name`, or of what stands elsewhere, which may be a name alone."""
        return self._below(node_id) if name and self._named.get(node_id) == name else self._reference(node_id)

    def _below(self, node_id: int) -> int:
        if node_id not in self._own:
            self._own[node_id] = -1  # a cycle that no name breaks
            args = (self._reference(a) for a in self.checked.graph[node_id].args)
            self._own[node_id] = self.table.number(("own", *self._shapes[node_id], *args))
        return self._own[node_id]

    def _reference(self, node_id: int) -> int:
        name = self._named.get(node_id)
        return self._below(node_id) if name is None else self.table.number(("let", name))

    def reads(self, node_id: int) -> frozenset[int]:
        """Everything below a node, and the node."""
        found, todo = {node_id}, [node_id]
        while todo:
            fresh = set(self.checked.graph[todo.pop()].args) - found
            found |= fresh
            todo.extend(fresh)
        return frozenset(found)
