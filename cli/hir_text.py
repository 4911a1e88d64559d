"""The typed graph of a strategy as text: one node per line, with what the analyses know about it."""

from __future__ import annotations

from ..compiler.ir.hir import Checked, Node


def hir_text(checked: Checked) -> str:
    """`%3 = call ema(%1, %2)  price<btc>  btc.1m  ; quick`, one line per node."""
    return "".join(_line(checked, node) + "\n" for node in checked.graph.nodes)


def _line(checked: Checked, node: Node) -> str:
    attrs = " ".join(f"{name}={_value(value)}" for name, value in node.attrs.items())
    args = ", ".join(f"%{arg}" for arg in node.args)
    facts = checked.facts
    known = [str(table[node.id]) for table in (facts.types, facts.clocks) if node.id in table]
    label = f"  ; {node.label}" if node.label else ""
    head = f"%{node.id} = {node.op}({args})" + (f" {attrs}" if attrs else "")
    return f"{head:<48}  {'  '.join(known)}{label}".rstrip()


def _value(value: object) -> str:
    return f"({', '.join(map(str, value))})" if isinstance(value, tuple) else str(value)
