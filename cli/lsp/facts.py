"""What the compiler knows about a value, in short lines for a hover, a completion or an inlay hint."""

from __future__ import annotations

import math
from fractions import Fraction

from ...compiler.analysis.params import parameters
from ...compiler.analysis.warmup import ticks_needed
from ...compiler.analysis.wording import describe
from ...compiler.frontend.check import Analysed
from ...compiler.ir.hir import Node
from ...compiler.ir.types import Clock, Interval, Kind, Type, duration_text
from ...dsl.source import Span
from ..hir_text import clock_text

#: Kinds whose interval says something to a reader.
_NUMBERS = (Kind.INT, Kind.REAL, Kind.DURATION)


def node_at(analysed: Analysed, span: Span) -> int | None:
    """The node that stands for the text of a span; of several (an inlined function) the last one."""
    found = [n.id for n in analysed.built.graph.nodes if n.span == span]
    known = [i for i in found if i in analysed.facts.types]
    every = known or found
    return every[-1] if every else None


def named_node(analysed: Analysed, name: str) -> int | None:
    """The node of a `let`, a label or a parameter."""
    built = analysed.built
    for table in (built.graph.lets, built.labels, built.params):
        if name in table:
            return table[name]
    return None


def headline(analysed: Analysed, node: int) -> str:
    """`price, USDC per BTC · ticks on btc.1m`."""
    parts = [type_words(analysed, node)]
    clocks = analysed.facts.clocks.get(node)
    if clocks:
        parts.append(f"ticks on {clock_text(clocks)}")
    elif clocks is not None:
        qualifier = analysed.facts.qualifiers.get(node, "const")
        parts.append("a parameter" if qualifier == "param" else "a constant")
    return " · ".join(part for part in parts if part)


def type_words(analysed: Analysed, node: int) -> str:
    """`price, USDC per BTC, in ticks of btc`; a `?` says that it may be absent."""
    type_ = analysed.facts.types.get(node)
    if type_ is None:
        return ""
    absent = "?" if type_.optional else ""
    if type_.kind is Kind.RECORD:
        return "record{" + ", ".join(name for name, _ in type_.fields) + "}" + absent
    words = describe(type_, analysed.built) + absent
    return f"{words}, in {type_.grid.unit}s of {type_.grid.instrument}" if type_.grid else words


def lines(analysed: Analysed, node: int) -> list[str]:
    """Everything known about a node, a line for each topic."""
    facts = analysed.facts
    if node not in facts.types:
        return ["its type is not known: an error stands in its way"]
    found = [headline(analysed, node)]
    if facts.types[node].optional:
        found.append("may be absent")
    interval = interval_text(facts.intervals.get(node), facts.types[node])
    if interval:
        found.append(f"lies in {interval}")
    warm = warm_up(analysed, node)
    if warm:
        found.append(f"warm after {warm}")
    state = state_bytes(analysed, node)
    if state:
        found.append(f"keeps {state:,} bytes of state")
    return found


def interval_text(interval: Interval | None, type_: Type) -> str:
    """`[0, 100]`, `[5s, 10m]`; empty where nothing is known or the type says it all."""
    if interval is None or type_.kind not in _NUMBERS or (math.isinf(interval.low) and math.isinf(interval.high)):
        return ""
    return f"[{_end(interval.low, type_)}, {_end(interval.high, type_)}]"


def _end(value: float, type_: Type) -> str:
    if math.isinf(value):
        return "-∞" if value < 0 else "∞"
    if type_.kind is Kind.DURATION:
        whole = int(value)
        return f"-{duration_text(-whole)}" if whole < 0 else duration_text(whole)
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.6g}"


def warm_up(analysed: Analysed, node: int) -> str:
    """`181 bars of btc.1m`, with the parameters' defaults; empty for what is warm at once."""
    needed = analysed.facts.warmups.get(node)
    if needed is None or not needed.per_clock:
        return ""
    values = {p.name: p.default for p in parameters(analysed.built)}
    ticks = ticks_needed(analysed.built, needed, values)
    return ", ".join(_ticks(clock, count) for clock, count in ticks.items() if count > 1)


def _ticks(clock: Clock, count: int) -> str:
    if clock.kind == "timer":
        return f"{duration_text(count * clock.period_ns)} of tape"
    return f"{count:,} {'bars' if clock.kind == 'bar' else 'events'} of {clock}"


def state_bytes(analysed: Analysed, node: int) -> int:
    """Bytes of state of the value and all that it is computed from."""
    state = analysed.bounds.state
    return sum(state.get(i, 0) for i in below(analysed, node))


def below(analysed: Analysed, node: int) -> set[int]:
    """The node and everything it is computed from."""
    todo, seen = [node], {node}
    while todo:
        for arg in analysed.built.graph[todo.pop()].args:
            if arg not in seen:
                seen.add(arg)
                todo.append(arg)
    return seen


def constant_text(node: Node) -> str:
    """The exact value of a literal: `1/10000`, `60_000_000_000 ns`."""
    value, type_ = node.attrs.get("value"), node.attrs.get("type")
    if isinstance(value, bool) or not isinstance(type_, Type):
        return ""
    if type_.kind is Kind.DURATION and isinstance(value, int):
        return f"{value:_} ns"
    if isinstance(value, Fraction) and value.denominator != 1:
        return f"{float(value):.12g}"
    return f"{value}"


def is_optional(analysed: Analysed, node: int) -> bool:
    """Whether a value may be absent."""
    type_ = analysed.facts.types.get(node)
    return type_ is not None and type_.optional
