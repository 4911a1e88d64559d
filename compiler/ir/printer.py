"""FIR as text. `parser.py` is the inverse; the form is shown in `nodes.py`."""

from __future__ import annotations

import json
import re

from .nodes import DEFAULT_LATENESS_NS, F64, Attr, Clause, Item, Op, Param, Program, Segment, Slot, Stream, When
from .ops import OPS, Row

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCES = ("slot", "param", "stream")


def print_program(program: Program) -> str:
    """The whole program, one item per line, ending in a newline."""
    gap = f" gap {program.min_gap_ns}" if program.min_gap_ns else ""
    late = f" late {program.lateness_ns}" if program.lateness_ns != DEFAULT_LATENESS_NS else ""
    lines = [f"program {_word(program.name)} edition {program.edition}{gap}{late}"]
    lines += [f"instance {_word(alias)}" for alias in program.instances]
    lines += [f"trace {json.dumps(name)}" for name in program.traces]
    lines += [_param(p) for p in program.params]
    lines += [_stream(s) for s in program.streams]
    lines += [_slot(s) for s in program.slots]
    lines += [_clause(c) for c in program.clauses]
    for segment in program.segments:
        lines += print_segment(segment)
    return "\n".join(lines) + "\n"


def print_segment(segment: Segment) -> list[str]:
    """The lines of one segment."""
    stream = "" if segment.stream is None else f" %{segment.stream}"
    instance = f" instance {segment.instance}" if segment.instance else ""
    return [f"segment {segment.trigger}{stream}{instance} {{", *_body(segment.body, "  "), "}"]


def print_op(op: Op) -> str:
    """One operation without its origin: `%3: f64 = fdiv %1 %2`."""
    row = OPS.get(op.name)
    words = [op.name, *_attrs(op, row), *(f"%{a}" for a in op.args)]
    if op.result is not None:
        words.insert(0, f"%{op.result}: {(row.result if row else None) or '?'} =")
    return " ".join(words)


def number_text(value: int | float) -> str:
    """Integers in decimal, floats as `float.hex` writes them."""
    return value.hex() if isinstance(value, float) else str(value)


def _typed(value: int | float, type_: str) -> str:
    return number_text(float(value) if type_ == F64 else value)


def _body(body: tuple[Item, ...], indent: str) -> list[str]:
    lines: list[str] = []
    for item in body:
        if isinstance(item, When):
            lines += [f"{indent}when %{item.condition} {{", *_body(item.body, indent + "  "), f"{indent}}}"]
        else:
            origin = "" if item.origin is None else f"  ; @{item.origin[0]}-{item.origin[1]}"
            lines.append(f"{indent}{print_op(item)}{origin}")
    return lines


def _attrs(op: Op, row: Row | None) -> list[str]:
    kinds = row.attrs if row and len(row.attrs) == len(op.attrs) else ("",) * len(op.attrs)
    return [_attr(kind, value) for kind, value in zip(kinds, op.attrs, strict=True)]


def _attr(kind: str, value: Attr) -> str:
    if isinstance(value, str):
        return f"%{value}" if kind in _REFERENCES else _word(value)
    return number_text(value)


def _param(param: Param) -> str:
    low, high = ("" if v is None else _typed(v, param.type) for v in (param.low, param.high))
    bounds = f" in {low}..{high}" if low or high else ""
    return f"param %{param.name} {param.type} = {_typed(param.default, param.type)}{bounds} {json.dumps(param.label)}"


def _stream(s: Stream) -> str:
    grid = f"price {s.price_decimals} qty {s.qty_decimals}" + (f" depth {s.depth}" if s.depth else "")
    grid += " optional" if s.optional else ""
    return f"stream %{s.name} {_word(s.kind)} {_word(s.instrument)} {json.dumps(s.symbol)} {s.period_ns} ns {grid}"


def _slot(s: Slot) -> str:
    return f"slot %{s.name} {s.type}[{s.words}] = {_typed(s.init, s.type)} id {_word(s.id, _HEX)} {json.dumps(s.label)}"


def _clause(c: Clause) -> str:
    start, end = c.origin
    return f"clause {c.bit} {_word(c.set)} {_word(c.rule)} {json.dumps(c.name)} ; @{start}-{end}"


_HEX = re.compile(r"[0-9a-f]+")


def _word(text: str, bare: re.Pattern[str] = _BARE) -> str:
    return text if bare.fullmatch(text) else json.dumps(text)
