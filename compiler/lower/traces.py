"""Traces: the values of named equations at every decision, for charts. Such a program is compiled for that alone.

A row has one double per column, in whole units (prices in quote per base, quantities in base, durations in seconds);
what is absent is NaN, a condition is 0 or 1. A name with several values, such as bands, gets a column for each.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.builder import SegmentBuilder, Value
from ..ir.hir import Instance
from ..ir.types import Kind
from .context import Lowered, Lowering

_NS_PER_SECOND = 1e9


def trace_lets(lowering: Lowering, names: Sequence[str]) -> tuple[str, ...]:
    """Write a row in `decide` of each instance; the names of its columns.

    Left out are names that no `let` has, and values that nothing reads on events that the program does not get.
    """
    columns: list[str] = []
    for instance in lowering.checked.instances:
        for name in names:
            if name in instance.lets and _has_events(lowering, instance.lets[name]):
                _trace(lowering, instance, name, columns)
    return tuple(columns)


def _has_events(lowering: Lowering, root: int) -> bool:
    """Whether the program's streams bring every event that the value is made of."""
    found, todo = {root}, [root]
    while todo:
        node = todo.pop()
        if any(clock.kind != "account" and clock not in lowering.homes for clock in lowering.facts.clocks[node]):
            return False
        fresh = set(lowering.graph[node].args) - found
        found |= fresh
        todo.extend(fresh)
    return True


def _trace(lowering: Lowering, instance: Instance, name: str, columns: list[str]) -> None:
    b, node = lowering.decides[instance.alias], instance.lets[name]
    result = lowering.get(node, b)
    parts = {"": result} if isinstance(result, Lowered) else result
    for part, item in parts.items():
        column = f"{name}.{part}" if part else name
        if column not in columns:
            columns.append(column)
        value = _plain(lowering, node, part, item, b)
        b.effect("trace.f", value, attrs=(columns.index(column),))


def _plain(lowering: Lowering, node: int, part: str, item: Lowered, b: SegmentBuilder) -> Value:
    type_ = dict(lowering.type(node).fields)[part] if part else lowering.type(node)
    truth = type_.kind is Kind.BOOL
    value = b.op("b2i", item.value).to_float() if truth else lowering.as_float(item.value, type_)
    if type_.kind is Kind.DURATION:
        value = value / _NS_PER_SECOND
    return value if item.present is None else b.select(item.present, value, b.f(float("nan")))
