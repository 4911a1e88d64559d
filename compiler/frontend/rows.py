"""Rows of a test as a strategy of its own: the named nodes become inputs, everything else stays as it is.

In the strategy's graph, each node that a row names is replaced by an input. What then still reads the market is
*unknown*: it has no value, and whoever reads it in a decision is told so. All market clocks become one, that of the
rows: what counts ticks counts rows, and needs as many of them as it always needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..analysis import warmup
from ..analysis.clocks import ACCOUNT, is_stateful
from ..analysis.field_types import field_type
from ..analysis.qualifiers import depth_arguments
from ..ir.hir import Checked, Facts, Graph, Node, Stream
from ..ir.types import Clock, Kind, Type
from .assertions import Key
from .built import Built
from .check import Analysed, checked_of

#: Fields of a book that follow from one another.
BOOK = ("bid", "ask", "mid", "spread")
_MARKET = frozenset({"book", "bar", "trade", "forming"})


@dataclass(frozen=True, slots=True)
class RowInput:
    """A value that each row brings. `derived`: not named in the rows, follows from others of the book."""

    name: str
    type: Type
    derived: bool = False


@dataclass(frozen=True, slots=True)
class RowPlan:
    """What lowering needs to know: the inputs in order, the names of what is unknown, whether orders meet a book."""

    clock: Clock
    inputs: tuple[RowInput, ...]
    unknown: tuple[str, ...]
    market: bool


def rows_variant(one: Analysed, keys: Mapping[str, Key], market: bool) -> tuple[Checked, RowPlan]:
    """The strategy of one instance over rows that give `keys`. `one` must be a copy: its graph is changed."""
    built = one.built
    clock = Clock("trade", built.instance)
    inputs = [RowInput(key.name, key.type.present()) for key in keys.values()]
    replaced = {node: key.name for key in keys.values() for node in key.nodes}
    for name in _follow(keys) if market else ():
        nodes = _fields(built, name)
        replaced |= dict.fromkeys(nodes, name)
        inputs.append(RowInput(name, field_type(built, built.instance, "book", name), derived=True))
    for node, name in replaced.items():
        _replace(built.graph, node, "given", name, built.instance)
    names = _cut(built, one.facts, frozenset(replaced))
    _onto_rows(one, clock, frozenset(replaced), names)
    moved = replace(one, built=replace(built, decision=clock))
    stream = Stream(clock, built.symbol(built.instance))
    checked = replace(checked_of([moved], (stream,)), min_gap_ns=0)
    return checked, RowPlan(clock, tuple(inputs), tuple(names.values()), market)


def _follow(keys: Mapping[str, Key]) -> tuple[str, ...]:
    """The fields of the book that follow from those given: from the mid, or from both sides."""
    given = {key.field for key in keys.values()}
    known = "mid" in given or {"bid", "ask"} <= given
    return tuple(name for name in BOOK if known and name not in given)


def _fields(built: Built, name: str) -> Iterable[int]:
    for node in built.graph.nodes:
        wanted = {"instrument": built.instance, "source": "book", "name": name}
        if node.op == "field" and all(node.attrs[key] == value for key, value in wanted.items()):
            yield node.id


def _replace(graph: Graph, node_id: int, source: str, name: object, alias: str) -> None:
    node = graph[node_id]
    attrs = {"instrument": alias, "source": source, "name": name}
    graph.nodes[node_id] = Node(node_id, "field", (), attrs, node.span, node.label)


def _cut(built: Built, facts: Facts, given: frozenset[int]) -> dict[int, str]:
    """Replace what cannot be known by unknowns, at the nearest name; the name of each, by node."""
    graph = built.graph
    unknown: set[int] = set()
    size = -1
    while size != len(unknown):  # one round, unless `prev` refers to a later node
        size = len(unknown)
        for node in graph.nodes:
            if node.id not in given and (_is_market(node) or any(a in unknown for a in node.args)):
                unknown.add(node.id)
    names: dict[int, str] = {}
    for node in [graph[i] for i in sorted(unknown)]:
        record = node.id not in facts.types or facts.types[node.id].kind is Kind.RECORD
        ends = node.label or node.op == "member" or _is_market(node) or is_stateful(node)
        if ends and not record:
            names[node.id] = node.label or built.text(node.span)
    for number, node_id in enumerate(names):
        _replace(graph, node_id, "unknown", number, built.instance)
    for node_id in unknown:
        facts.clocks[node_id] = frozenset({ACCOUNT})  # computed where it is read, so that reading it is seen
    return names


def _is_market(node: Node) -> bool:
    """Whether a node reads the market itself."""
    if node.op == "field":
        return node.attrs["source"] in _MARKET or node.attrs["name"] == "queue_ahead"
    return bool(depth_arguments(node))


def _onto_rows(one: Analysed, clock: Clock, given: frozenset[int], names: Mapping[int, str]) -> None:
    """Every tick of the market is a row; warm-up is counted again."""
    facts = one.facts
    for node_id, clocks in facts.clocks.items():
        if any(c.kind != "account" for c in clocks):
            facts.clocks[node_id] = frozenset(clock if c.kind != "account" else c for c in clocks)
    for node_id in given:
        facts.clocks[node_id] = frozenset({clock})
        facts.qualifiers[node_id] = "series"
        facts.types[node_id] = facts.types[node_id].present()
    for node_id in names:
        facts.qualifiers[node_id] = "series"
    facts.warmups = warmup.infer(one.built, frozenset(facts.types), facts.clocks)
