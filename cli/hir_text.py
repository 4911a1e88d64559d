"""The typed graph of a strategy as text: one node per line, with what the analyses know about it."""

from __future__ import annotations

from ..compiler.ir.hir import Checked, Node
from ..compiler.ir.types import ClockSet, Kind, Type


def hir_text(checked: Checked) -> str:
    """`%3 = call(%1, %2) function=ema window=20  real USDC per BTC  btc.1m  ; quick`, one line per node."""
    return "".join(_line(checked, node) + "\n" for node in checked.graph.nodes)


def _line(checked: Checked, node: Node) -> str:
    attrs = " ".join(f"{name}={_value(value)}" for name, value in node.attrs.items())
    args = ", ".join(f"%{arg}" for arg in node.args)
    type_, clocks = checked.facts.types.get(node.id), checked.facts.clocks.get(node.id)
    known = [*([type_text(type_)] if type_ else []), *([clock_text(clocks)] if clocks else [])]
    label = f"  ; {node.label}" if node.label else ""
    head = f"%{node.id} = {node.op}({args})" + (f" {attrs}" if attrs else "")
    return f"{head:<48}  {'  '.join(known)}{label}".rstrip()


def type_text(type_: Type) -> str:
    """`bool`, `real USDC per BTC?`, `ticks of btc`, `{upper: real, lower: real}`; `?` says it may be absent."""
    absent = "?" if type_.optional else ""
    if type_.kind is Kind.RECORD:
        return "{" + ", ".join(f"{name}: {type_text(field)}" for name, field in type_.fields) + "}" + absent
    if type_.grid is not None:
        return f"{type_.grid.unit}s of {type_.grid.instrument}{absent}"
    return f"{type_.kind}{f' {type_.dim}' if type_.dim.exponents else ''}{absent}"


def clock_text(clocks: ClockSet) -> str:
    """`btc.1m`, or several joined by `|` in the order in which instants fire."""
    return " | ".join(str(clock) for clock in sorted(clocks, key=lambda c: (c.period_ns, c.instrument, c.kind)))


def _value(value: object) -> str:
    if isinstance(value, Type):
        return type_text(value).replace(" ", "_")
    if isinstance(value, frozenset):
        return clock_text(value).replace(" ", "")
    if isinstance(value, bool):
        return str(value).lower()
    return f"({', '.join(map(_value, value))})" if isinstance(value, tuple) else str(value)
