"""Clocks: on which base clocks every value ticks, by the rules of the language's clock calculus; FC0304, FC0307.

Pure: graph in, clock sets and findings out. `prev` makes this a least fixpoint: a recursive value ticks when whatever
else it is made of ticks.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ...dsl.diagnostics import Diagnostic, Edit, Fix, Label, Safety
from ...dsl.source import Span
from ..frontend.built import Built
from ..ir.hir import Node
from ..ir.types import CONSTANT, Clock, ClockSet
from ..library.function import is_pointwise
from ..library.table import FUNCTIONS

ACCOUNT = Clock("account")
ACCOUNT_SOURCES = frozenset({"pos", "working", "order", "day", "account", "entry", "fired"})


@dataclass(slots=True)
class Clocks:
    clocks: dict[int, ClockSet] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)


def infer(built: Built, live: frozenset[int]) -> Clocks:
    """Clock sets of the `live` nodes (those that no earlier error poisoned)."""
    result = Clocks()
    delays = sum(node.op == "prev" for node in built.graph.nodes)
    for _ in range(2 + 2 * delays):
        if not _round(built, live, result.clocks) and not _count_on_ambient(built, live, result.clocks):
            break
    order = [i.alias.value for i in built.document.instruments]
    for node in built.graph.nodes:
        if node.id in live and is_stateful(node) and not node.attrs.get("time"):
            _check_stateful(built, node, result, order)
    return result


def _count_on_ambient(built: Built, live: frozenset[int], clocks: dict[int, ClockSet]) -> bool:
    """`n: prev(n, 0) + 1` has no clock of its own: it counts ticks of the bar clock it was written under."""
    for node_id, clock in built.ambients.items():
        if node_id in live and not clocks[node_id] and clock.kind == "bar":
            clocks[node_id] = frozenset({clock})
            return True
    return False


def is_stateful(node: Node) -> bool:
    """Keeps something from tick to tick of its own clock."""
    if node.op == "call":
        return not is_pointwise(FUNCTIONS[str(node.attrs["function"])], node.attrs)
    return node.op in ("index", "prev")


def _round(built: Built, live: frozenset[int], clocks: dict[int, ClockSet]) -> bool:
    """One pass over the graph; True when a `prev` changed and another pass is needed."""
    changed = False
    for node in built.graph.nodes:
        if node.id not in live:
            continue
        if node.op == "prev":
            clocks.setdefault(node.id, CONSTANT)
            continue
        clocks[node.id] = _clock(built, node, clocks)
    for node in built.graph.nodes:
        if node.op == "prev" and node.id in live:
            now = clocks.get(node.args[0], CONSTANT) | clocks[node.id]
            if now != clocks[node.id]:
                clocks[node.id] = now
                changed = True
    return changed


def _clock(built: Built, node: Node, clocks: dict[int, ClockSet]) -> ClockSet:
    if node.op in ("const", "param"):
        return CONSTANT
    if node.op == "field":
        return frozenset({field_clock(built, node)})
    if node.op == "at":
        return frozenset({_at_clock(built, node, clocks[node.args[0]])})
    if node.op == "call" and node.attrs["function"] == "age":
        return frozenset({built.decision}) | clocks.get(node.args[0], CONSTANT)
    union = CONSTANT
    for a in node.args:
        union |= clocks.get(a, CONSTANT)
    return union


def field_clock(built: Built, node: Node) -> Clock:
    """The clock of a field: its event clock, the bar clock it was read on, or the account's."""
    source, alias = str(node.attrs["source"]), str(node.attrs["instrument"])
    if source == "bar":
        period = node.attrs["period_ns"]
        assert isinstance(period, int)
        return Clock("bar", alias, period)
    if source in ACCOUNT_SOURCES:
        return ACCOUNT
    if source == "now":
        return built.decision
    return Clock("trade" if source in ("trade", "forming") else "book", alias)


def _at_clock(built: Built, node: Node, inner: ClockSet) -> Clock:
    """Bars of one length close together; the clock of the last instrument in file order sees all of them."""
    clock = node.attrs["clock"]
    assert isinstance(clock, Clock)
    if clock.kind != "bar":
        return clock
    same = {c.instrument for c in inner if c.kind == "bar" and c.period_ns == clock.period_ns}
    last = [i.alias.value for i in built.document.instruments if i.alias.value in same]
    return replace(clock, instrument=last[-1]) if last else clock


def _check_stateful(built: Built, node: Node, result: Clocks, order: list[str]) -> None:
    mine = result.clocks[node.id]
    if len(mine) == 1 or any(a in result.broken for a in node.args):
        return
    result.broken.add(node.id)
    name = str(node.attrs.get("function", "history" if node.op == "index" else "prev"))
    if not mine:
        result.found.append(_never(built, node, name))
        return
    result.found.append(_several(built, node, name, mine, result.clocks, order))


def _never(built: Built, node: Node, name: str) -> Diagnostic:
    what = "this value" if node.op == "prev" else f"`{name}`"
    return Diagnostic(
        "FC0307",
        f"{what} never ticks",
        Label(node.span, "made of constants and parameters only"),
        notes=("state advances when an input ticks, and nothing here does",),
        helps=(f"say when it counts: `({built.text(node.span)})@1m` does not help; use a field such as `close` in it",)
        if node.op != "prev"
        else ("let it depend on a bar, book or trade field",),
    )


def _several(
    built: Built, node: Node, name: str, mine: ClockSet, clocks: dict[int, ClockSet], order: list[str]
) -> Diagnostic:
    ranked = sorted(mine, key=lambda c: clock_rank(c, order))
    parts = _parts(built, node, clocks)
    labels = tuple(Label(span, f"ticks on {clock}") for clock, span in parts.items())
    counts = "two different clocks" if len(mine) == 2 else f"{len(mine)} different clocks"
    length = _length(built, node)
    what = f"a window of {length} counts ticks of {counts}" if length else f"`{name}` counts ticks of {counts}"
    finest = next((c for c in ranked if c.period_ns), ranked[0])
    inner = built.arg_span(node.id, 0)
    text = built.text(inner)
    at = f"({text})@{_written(finest)}" if " " in text else f"{text}@{_written(finest)}"
    fix = Fix(f"say which: `{at}`", Safety.PLACEHOLDER, (Edit(inner, at),))
    return Diagnostic(
        "FC0304",
        what,
        Label(_length_span(built, node), f"{length} of which?" if length else "ticks of which?"),
        secondary=labels,
        notes=("`+`, `<` and their like may mix clocks (the slower side is held); what counts bars may not",),
        fixes=(fix,),
    )


def _written(clock: Clock) -> str:
    return (
        str(clock).partition(".")[2] or str(clock)
        if clock.kind == "bar"
        else clock.kind
        if clock.kind != "timer"
        else str(clock)
    )


def _length(built: Built, node: Node) -> str:
    """The text of the length argument, if the call has one."""
    span = _length_span(built, node)
    return "" if span == node.span else built.text(span)


def _length_span(built: Built, node: Node) -> Span:
    """Where the length is written; the whole node where none is."""
    params = FUNCTIONS[str(node.attrs["function"])].signature.params if node.op == "call" else ()
    for i, p in enumerate(params):
        span = built.arg_span(node.id, i)
        if p.type == "length" and span.start > node.span.start:  # a default stands at the function's name
            return span
    return node.span


def _parts(built: Built, node: Node, clocks: dict[int, ClockSet]) -> dict[Clock, Span]:
    """For each clock the first part of the text that ticks on it alone."""
    found: dict[Clock, Span] = {}
    seen: set[int] = set()
    todo = [(node.id, i) for i in range(len(node.args))][::-1]
    while todo:
        user, i = todo.pop()
        arg = built.graph[user].args[i]
        if len(clocks.get(arg, CONSTANT)) == 1:
            (clock,) = clocks[arg]
            found.setdefault(clock, built.arg_span(user, i))
        elif arg not in seen:
            seen.add(arg)
            todo += [(arg, j) for j in range(len(built.graph[arg].args))][::-1]
    return found


def clock_rank(clock: Clock, order: list[str]) -> tuple[int, int, str]:
    """Shorter periods first, then instruments in file order; event clocks after all periods."""
    place = order.index(clock.instrument) if clock.instrument in order else len(order)
    return (clock.period_ns or 2**62, place, clock.kind)
