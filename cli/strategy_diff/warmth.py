"""Inputs and warm-up: what a strategy must be fed, and for how long, before it may act."""

from __future__ import annotations

from collections.abc import Iterable

from ...compiler.analysis.warmup import evaluate_term, static_value
from ...compiler.frontend.report import roots
from ...compiler.ir.hir import Checked
from ...compiler.ir.types import Clock, duration_text


def ticks(checked: Checked, nodes: Iterable[int] | None = None) -> dict[str, int]:
    """Clock, by symbol -> ticks that must have passed at the defaults, for `nodes` or for all that rules read."""
    values = {p.name: p.default for p in checked.parameters}
    settle, most = checked.document.settle.value, dict[str, int]()
    for node in roots(checked) if nodes is None else nodes:
        known = checked.facts.warmups.get(node)
        for clock, term in known.per_clock if known is not None else ():
            need = evaluate_term(term, lambda i: static_value(checked.graph, i, values), settle)
            name = clock_name(checked, clock)
            most[name] = max(most.get(name, 1), need)
    return most


def clock_name(checked: Checked, clock: Clock) -> str:
    """`1m bars of BTC/USDC`, `book of BTC/USDC`, `timer 50ms`: without aliases, which a file may choose."""
    symbols = {i.alias.value: i.symbol.value for i in checked.document.instruments}
    if clock.kind == "timer":
        return f"timer {duration_text(clock.period_ns)}"
    period = f"{duration_text(clock.period_ns)} bars" if clock.kind == "bar" else clock.kind
    return f"{period} of {symbols.get(clock.instrument, clock.instrument)}"


def streams(checked: Checked) -> dict[str, int]:
    """Stream -> depth (0 for what has none). Streams that only improve matching are left out."""
    return {clock_name(checked, s.clock): s.depth for s in checked.streams if not s.optional}


def growth(before: dict[str, int], after: dict[str, int]) -> list[str]:
    """`warm-up on 1m bars of BTC/USDC grows from 235 to 829`, one line per clock that both know."""
    lines = []
    for clock in sorted(before.keys() & after.keys()):
        a, b = before[clock], after[clock]
        if a != b:
            lines.append(f"warm-up on {clock} {'grows' if b > a else 'shrinks'} from {a:,} to {b:,}")
    return lines
