"""The difference of two runs as text: what went in, where results part, which value parts first."""

from __future__ import annotations

from ..runtime.market_data.moments import moment_text
from .run_difference import RunDifference
from .text import table
from .value_difference import Value, ValueDifference


def run_difference_text(found: RunDifference) -> str:
    """The whole screen, without a final newline."""
    head = f"A  {found.a}\nB  {found.b}"
    if found.same:
        same = "the runs are the same: decisions, orders, fills and equity are equal to the last bit"
        values = [] if found.values is None else _values(found.values)
        return "\n\n".join([head, same, *values])
    blocks = [head, _inputs(found), _tables(found)]
    if found.values is not None:
        blocks += _values(found.values)
    return "\n\n".join(block for block in [*blocks, found.note] if block)


def _inputs(found: RunDifference) -> str:
    if not found.inputs:
        return "what went in is the same: strategy, data, parameters, costs"
    return table(["What went in", "A", "B"], [[one.name, one.a, one.b] for one in found.inputs])


def _tables(found: RunDifference) -> str:
    if not found.tables:
        return "what came out is the same: decisions, orders, fills and equity are equal to the last bit"
    first = found.tables[0]
    lines = [f"results first differ at {moment_text(first.time)} UTC, in {first.table}"]
    for one in found.tables:
        lines += [
            f"  {one.table:<9}  from {moment_text(one.time)} on, row {one.row + 1:,}",
            f"    A  {one.a}",
            f"    B  {one.b}",
        ]
    return "\n".join(lines)


def _values(found: ValueDifference) -> list[str]:
    times = moment_text(found.time_a) + ("" if found.time_a == found.time_b else f" and {moment_text(found.time_b)}")
    lines = [f"values at the decision of {times} ({found.instrument})"]
    lines += [f"  A  {found.reason_a}", f"  B  {found.reason_b}"]
    if found.first is None:
        said = "no value that the rules read differs"
        return ["\n".join([*lines, said, *_state(found)])]
    lines.append(f"first to differ: {_line(found.first)}")
    if found.follows:
        lines.append("then, in the order in which they are computed")
        lines += [f"  {_line(one)}{'' if one.from_first else '  (of its own)'}" for one in found.follows]
    if found.more:
        lines.append(f"  and {found.more} more")
    return ["\n".join([*lines, *_state(found)])]


def _line(value: Value) -> str:
    unit = f" {value.unit}" if value.unit else ""
    meaning = "" if value.same_meaning else "  (defined differently)"
    return f"{value.kind} {value.name}  A {value.a}{unit}  B {value.b}{unit}{meaning}"


def _state(found: ValueDifference) -> list[str]:
    if not found.state:
        return []
    shown = ", ".join(f"{name.partition('/')[2]} {a} and {b}" for name, a, b in found.state[:6])
    return [f"the account before it (ticks, lots, 1e-8 of the quote): {shown}"]
