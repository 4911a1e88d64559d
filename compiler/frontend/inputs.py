"""The streams of events that a strategy needs: what it reads, decides on, and has its orders matched on."""

from __future__ import annotations

from ..analysis.clocks import clock_rank
from ..analysis.qualifiers import depth_arguments
from ..ir.hir import Facts, Stream
from ..ir.types import Clock
from .built import Built
from .instances import Analysed, stale_clock
from .policies import unused

_EVENTS = ("book", "trade", "timer")


def streams(instances: list[Analysed]) -> tuple[Stream, ...]:
    """The inputs of all instances, shorter clocks first, then instruments in file order.

    A strategy that reads a book, or decides on events or a timer, is matched on the books of what it trades; their
    trades move queues, and are optional where the file neither reads nor guards them. A guard of a stream that is not
    an input asks for nothing.
    """
    depths: dict[Clock, int] = {}
    for one in instances:
        for clock, depth in _of(one).items():
            depths[clock] = max(depths.get(clock, 0), depth)
    built = instances[0].built
    guarded = {guard for one in instances for guard in guards(one.built)}
    optional: set[Clock] = set()
    if built.decision.kind in _EVENTS or any(clock.kind == "book" for clock in depths):
        for alias in built.document.trade:
            depths.setdefault(Clock("book", alias.value), 1)
            trades = Clock("trade", alias.value)
            optional |= {trades} - set(depths) - guarded
            depths.setdefault(trades, 0)
    order = [i.alias.value for i in built.document.instruments]
    ranked = sorted(depths, key=lambda c: clock_rank(c, order))
    return tuple(Stream(c, built.symbol(c.instrument), depths[c], c in optional) for c in ranked)


def guards(built: Built) -> list[Clock]:
    """The clocks that `risk.stale` names."""
    names = (r.name.removeprefix("risk.stale.") for r in built.roots if r.name.startswith("risk.stale."))
    return [clock for name in names if (clock := stale_clock(built, name)) is not None]


def _of(one: Analysed) -> dict[Clock, int]:
    """What one instance reads, with the depth of books."""
    built, depths = one.built, dict[Clock, int]()
    for node in (built.graph[i] for i in sorted(_read(built))):
        for clock in one.facts.clocks.get(node.id, ()):
            if clock.kind in ("bar", "book", "trade"):
                depths.setdefault(clock, 1 if clock.kind == "book" else 0)
        if node.op == "field" and node.args and node.attrs["source"] == "book":
            clock = Clock("book", str(node.attrs["instrument"]))
            depth = depth_of(built, one.facts, node.args[0], str(node.attrs["name"]))
            depths[clock] = max(depths.get(clock, 1), depth)
        if node.op == "field" and node.attrs["source"] == "order" and node.attrs["name"] == "queue_ahead":
            clock = Clock("book", str(node.attrs["instrument"]))  # an order may rest at any level that the venue shows
            depths[clock] = built.profile.depth_levels
        for index in depth_arguments(node):  # of a call that keeps state, such as `ofi(k)`
            for clock in one.facts.clocks.get(node.id, ()):
                depth = depth_of(built, one.facts, node.args[index], str(node.attrs["function"]))
                depths[clock] = max(depths.get(clock, 1), depth)
    if built.decision.kind != "timer":
        depths.setdefault(built.decision, 1 if built.decision.kind == "book" else 0)
    return depths


def _read(built: Built) -> set[int]:
    """The nodes that rules, policies and limits read: what labels and unused equations read is not needed to run."""
    idle = unused(built.document)
    todo = [root.node for root in built.roots if not (root.holder == "order" and root.name in idle)]
    todo += [root.node for root, _ in built.test_roots if root.role == "test"]
    found = set(todo)
    while todo:
        for a in built.graph[todo.pop()].args:
            if a not in found:
                found.add(a)
                todo.append(a)
    return found


def depth_of(built: Built, facts: Facts, node: int, name: str) -> int:
    """The number of book levels an argument asks for, at most what the venue shows."""
    most = built.profile.depth_levels
    if name == "vwap_to":
        return most
    found = facts.intervals.get(node)
    return int(min(found.high, most)) if found else 1
