"""Pointwise operations, history and recursion: one small function per HIR operation."""

from __future__ import annotations

from collections.abc import Callable

from ..ir.builder import SegmentBuilder, Value
from ..ir.hir import Node
from ..ir.nodes import F64, I1
from ..ir.types import Kind, Type
from .context import Lowered, Lowering, Result, literal
from .fields import field
from .panes import time_window
from .state import Call, delayed, history


def emit(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    """Lower one node into segment `b`, its home (or any segment, for a pointwise value)."""
    return _EMITTERS[node.op](lowering, node, b)


def all_present(*items: Lowered) -> Value | None:
    """Present when all are; None when all always are."""
    found: Value | None = None
    for item in items:
        if item.present is not None:
            found = item.present if found is None else found & item.present
    return found


def _const(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    return Lowered(literal(node.attrs["value"], lowering.type(node.id), b))


def _param(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    param, type_ = lowering.param_index[str(node.attrs["name"])]
    value = b.op("param.f" if param.type == F64 else "param.i", attrs=(param.name,))
    return Lowered(value.ne(0) if type_.kind is Kind.BOOL else value)


def _operand(lowering: Lowering, node_id: int, target: Type, b: SegmentBuilder) -> Lowered:
    """The node's value on the carrier of `target`: kept on the grid, kept integer, or decoded to f64."""
    item, type_ = lowering.one(node_id, b), lowering.type(node_id)
    if target.carrier == F64:
        return Lowered(lowering.as_float(item.value, type_), item.present)
    return item


def _shared(left: Type, right: Type) -> Type:
    """The type two operands meet in: their common grid, an integer kind, or f64."""
    if left.carrier == I1:
        return left
    if left.carrier == right.carrier == "i64" and left.grid == right.grid:
        return left
    return Type(Kind.REAL, left.dim)


def _arithmetic(stem: str) -> Callable[[Lowering, Node, SegmentBuilder], Result]:
    def lower(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
        type_ = lowering.type(node.id)
        left = _operand(lowering, node.args[0], type_, b)
        right = _operand(lowering, node.args[1], type_, b)
        name = ("f" if type_.carrier == F64 else "i") + stem
        return Lowered(b.op(name, left.value, right.value), all_present(left, right))

    return lower


def _mul(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    type_ = lowering.type(node.id)
    types = [lowering.type(a) for a in node.args]
    if type_.carrier == "i64" and any(t.carrier == F64 for t in types):  # a duration scaled by a real
        items = [lowering.one(a, b) for a in node.args]
        product = b.op("fmul", items[0].value.to_float(), items[1].value.to_float())
        return Lowered(b.op("f2i", b.op("fround", product)), all_present(*items))
    return _arithmetic("mul")(lowering, node, b)


def _div(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    """One rounding for a quotient of two values of one grid or two durations: the unit cancels before the division."""
    shared = _shared(lowering.type(node.args[0]), lowering.type(node.args[1]))
    left = _operand(lowering, node.args[0], shared, b)
    right = _operand(lowering, node.args[1], shared, b)
    above, below = left.value.to_float(), right.value.to_float()
    if 0.0 not in lowering.facts.intervals[node.args[1]]:
        return Lowered(above / below, all_present(left, right))
    there = below.ne(0.0)
    present = all_present(left, right, Lowered(there, there))
    return Lowered(above / b.select(there, below, 1.0), present)


def _neg(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    item = lowering.one(node.args[0], b)
    return Lowered(-item.value, item.present)


def _not(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    item = lowering.one(node.args[0], b)
    return Lowered(~item.value, item.present)


def _compare(stem: str) -> Callable[[Lowering, Node, SegmentBuilder], Result]:
    def lower(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
        shared = _shared(lowering.type(node.args[0]), lowering.type(node.args[1]))
        left = _operand(lowering, node.args[0], shared, b)
        right = _operand(lowering, node.args[1], shared, b)
        return Lowered(compare(stem, left.value, right.value), all_present(left, right))

    return lower


def compare(stem: str, left: Value, right: Value) -> Value:
    """`lt le eq ne` on two values of one carrier."""
    if left.type == I1:
        differ = left.builder.op("bxor", left, right)
        return ~differ if stem == "eq" else differ
    return left.builder.op({"i64": "i", "f64": "f"}[left.type] + stem, left, right)


def _logic(name: str) -> Callable[[Lowering, Node, SegmentBuilder], Result]:
    def lower(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
        items = [lowering.one(a, b) for a in node.args]
        return Lowered(b.op(name, items[0].value, items[1].value))

    return lower


def _if(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    type_ = lowering.type(node.id)
    condition = lowering.one(node.args[0], b)
    then, orelse = (_operand(lowering, a, type_, b) for a in node.args[1:])
    value = b.select(condition.value, then.value, orelse.value)
    if then.present is None and orelse.present is None:
        return Lowered(value, condition.present)
    sides = [b.b(True) if side.present is None else side.present for side in (then, orelse)]
    chosen = b.select(condition.value, sides[0], sides[1])
    return Lowered(value, all_present(condition, Lowered(chosen, chosen)))


def _orelse(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    type_ = lowering.type(node.id)
    first, second = (_operand(lowering, a, type_, b) for a in node.args)
    if first.present is None:
        return first
    present = None if second.present is None else first.present | second.present
    return Lowered(b.select(first.present, first.value, second.value), present)


def _present(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    item = lowering.one(node.args[0], b)
    return Lowered(b.b(True) if item.present is None else item.present)


def _at(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    return lowering.get(node.args[0], b)


def _index(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    call = Call(lowering, node, b)
    return history(call, 0, node.args[1])


def _prev(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    return delayed(Call(lowering, node, b))


def _member(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    record = lowering.get(node.args[0], b)
    assert isinstance(record, dict), "only records have members"
    return record[str(node.attrs["name"])]


def _call(lowering: Lowering, node: Node, b: SegmentBuilder) -> Result:
    from .library import LIBRARY

    function = str(node.attrs["function"])
    if node.attrs.get("time"):
        return time_window(Call(lowering, node, b), function)
    if node.attrs.get("window"):
        function = f"window_{function}"
    if function not in LIBRARY:
        raise lowering.unsupported(node, f"`{function}`", "it checks today and runs with books and trades later")
    return LIBRARY[function](Call(lowering, node, b))


_EMITTERS: dict[str, Callable[[Lowering, Node, SegmentBuilder], Result]] = {
    "const": _const,
    "param": _param,
    "field": field,
    "add": _arithmetic("add"),
    "sub": _arithmetic("sub"),
    "mul": _mul,
    "div": _div,
    "neg": _neg,
    "not": _not,
    "lt": _compare("lt"),
    "le": _compare("le"),
    "eq": _compare("eq"),
    "ne": _compare("ne"),
    "and": _logic("band"),
    "or": _logic("bor"),
    "if": _if,
    "orelse": _orelse,
    "present": _present,
    "at": _at,
    "index": _index,
    "prev": _prev,
    "call": _call,
    "member": _member,
}
