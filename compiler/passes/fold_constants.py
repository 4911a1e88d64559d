"""Compute what is known now, with the reference interpreter's own functions.

    %0: f64 = fconst 0x1.0p+0            %0: f64 = fconst 0x1.0p+0
    %1: f64 = fconst 0x1.8p+1            %1: f64 = fconst 0x1.8p+1
    %2: f64 = fdiv %0 %1           ->    %2: f64 = fconst 0x1.5555555555555p-2
    %3: i1 = flt %1 %0                   %3: i1 = bconst 0
    when %3 { store.f %s0 %2 }

A region whose condition is known is spliced in or dropped.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..evaluate.evaluator import pure_function
from ..evaluate.numbers import CONSTANT
from ..ir.nodes import F64, I1, I64, Attr, Item, Op, Program, When
from ..ir.ops import OPS
from ..ir.walk import map_segments

_CONSTANT_OP = {I1: "bconst", I64: "iconst", F64: "fconst"}


def run(program: Program) -> Program:
    return map_segments(program, lambda segment: _folded(segment.body, {}))


def _folded(body: tuple[Item, ...], known: dict[int, Any]) -> tuple[Item, ...]:
    """`known` maps values to constants; numbers are unique in a segment, so it may be shared by all regions."""
    result: list[Item] = []
    for item in body:
        if isinstance(item, When):
            inner = _folded(item.body, known)
            if item.condition not in known:
                result.append(When(item.condition, inner))
            elif known[item.condition]:
                result += inner
        else:
            result.append(_folded_op(item, known))
    return tuple(result)


def _folded_op(op: Op, known: dict[int, Any]) -> Op:
    if op.result is None:
        return op
    if op.name in CONSTANT:
        known[op.result] = CONSTANT[op.name](op.attrs[0])
        return op
    function = pure_function(op.name)
    if function is None or not all(a in known for a in op.args):
        return op
    value = function(*(known[a] for a in op.args))
    known[op.result] = value
    return constant(op, value)


def constant(op: Op, value: Any) -> Op:
    """The constant operation that takes the place of `op`."""
    type_ = OPS[op.name].result
    assert type_ is not None, f"{op.name} has no result"
    attr: Attr = float(value) if type_ == F64 else int(value)
    return replace(op, name=_CONSTANT_OP[type_], attrs=(attr,), args=())
