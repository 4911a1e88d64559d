"""The stateful building blocks that library functions are made of: delays, history, recurrences and windows.

Window rules (see `docs/language.md`, "windows that forget"): sums on the grid are exact through a ring of i64 prefix
sums; float windows of at most `DIRECT_LIMIT` ticks are added oldest to newest; longer ones use a tree over absolute
tick numbers. The choice depends on the declared greatest length, never on the run-time value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..ir.builder import SegmentBuilder, Value
from ..ir.hir import Node
from ..ir.nodes import F64, I1, I64, Slot
from ..ir.types import Type
from .context import Home, Lowered, Lowering

DIRECT_LIMIT = 64
WRITTEN_OUT, HANDED_ON = 4, 2


@dataclass(slots=True)
class Call:
    """A library function's view of one call: its arguments in the segment where it lives."""

    lowering: Lowering
    node: Node
    b: SegmentBuilder

    @property
    def home(self) -> Home:
        """The bar segment this call's state ticks in."""
        home = self.lowering.home(self.node.id)
        if home is None:
            raise self.lowering.unsupported(self.node, "state that ticks on no bar clock", "sample it: `x@1m`")
        return home

    @property
    def optional(self) -> bool:
        return self.lowering.type(self.node.id).optional

    def type(self, index: int) -> Type:
        return self.lowering.type(self.node.args[index])

    def item(self, index: int) -> Lowered:
        return self.lowering.one(self.node.args[index], self.b)

    def raw(self, index: int) -> Value:
        """The argument on its own carrier: i64 on the grid, else f64, i64 or i1."""
        return self.item(index).value

    def number(self, index: int) -> Value:
        """The argument as f64 in whole units."""
        return self.lowering.number(self.node.args[index], self.b)

    def on_grid(self, index: int) -> bool:
        return self.type(index).grid is not None

    def unit(self, *indices: int) -> float:
        """The power of ten that decodes the (common) grid of these arguments."""
        return float(10 ** self.lowering.decimals(self.type(indices[0])))

    def greatest(self, index: int) -> int:
        """The largest value a length argument can take (its range was checked)."""
        return int(self.lowering.facts.intervals[self.node.args[index]].high)

    def derived(self, name: str, formula: Callable[..., Value], *indices: int) -> Value:
        return self.lowering.derived(name, tuple(self.node.args[i] for i in indices), self.b, formula)

    def slot(self, type_: str, tag: str, words: int = 1, init: int | float = 0) -> Slot:
        return self.lowering.slot(type_, tag, words, init)

    def cold(self, index: int, extra: Value | int = 0) -> Value:
        """True up to and including the first tick at which argument `index` (and `extra` ticks more) is warm."""
        ticks = self.lowering.warm_ticks(self.node.args[index], self.home.clock, self.b)
        return self.home.seen <= (ticks.max(1) + extra)


def ring_words(greatest: int) -> int:
    """The power of two that holds `greatest` values."""
    return 1 << max(1, (greatest - 1).bit_length())


def delayed(call: Call) -> Lowered:
    """`prev(x, init)`: x at the last tick; init at the first. x may be a later node, so it is stored at the end."""
    b, home = call.b, call.home
    type_ = call.lowering.type(call.node.id)
    kept = F64 if type_.carrier == F64 else I64
    slot = call.slot(kept, "prev")
    init = call.number(1) if kept == F64 else call.raw(1)
    before = b.load(slot)
    first = home.seen <= 1
    value = b.select(first, init, before.ne(0) if init.type == I1 else before)

    def store() -> None:
        now = call.number(0) if kept == F64 else call.raw(0)
        b.store(slot, b.op("b2i", now) if now.type == I1 else now)

    call.lowering.later(store)
    return Lowered(value)


def one_ago(call: Call, x: Value, tag: str) -> Value:
    """x one tick ago (0 at the first tick)."""
    slot = call.slot(F64 if x.type == F64 else I64, tag)
    before = call.b.load(slot)
    call.b.store(slot, call.b.op("b2i", x) if x.type == I1 else x)
    return before.ne(0) if x.type == I1 else before


def remember(call: Call, x: Value, greatest: int, tag: str) -> Slot:
    """A ring that holds the last `greatest` values of x."""
    words = ring_words(greatest)
    kind = F64 if x.type == F64 else I64
    slot = call.slot(kind, tag, words)
    stored = call.b.op("b2i", x) if x.type == I1 else x
    call.b.effect("ring.put.f" if kind == F64 else "ring.put.i", call.home.tick, stored, attrs=(slot.name,))
    return slot


def recall(call: Call, ring: Slot, ago: Value) -> Value:
    return call.b.op("ring.get.f" if ring.type == F64 else "ring.get.i", call.home.tick, ago, attrs=(ring.name,))


def ago(call: Call, x: Value, length: Value, greatest: int, tag: str) -> Value:
    """x `length` ticks ago; `greatest` bounds the length."""
    if greatest == 0:
        return x
    value = recall(call, remember(call, x, greatest + 1, tag), length)
    return value.ne(0) if x.type == I1 else value


def history(call: Call, index: int, length_node: int) -> Lowered:
    """`x[k]`."""
    item = call.item(index)
    greatest = int(call.lowering.facts.intervals[length_node].high)
    length = call.lowering.one(length_node, call.b).value
    value = ago(call, item.value, length, greatest, "history")
    if item.present is None:
        return Lowered(value)
    return Lowered(value, ago(call, item.present, length, greatest, "history/present"))


def recurrence(call: Call, x: Value, alpha: Value, cold: Value, tag: str) -> Value:
    """y += alpha * (x - y), seeded with x while its input is not warm."""
    slot = call.slot(F64, tag)
    before = call.b.load(slot)
    y = call.b.select(cold, x, before + alpha * (x - before))
    call.b.store(slot, y)
    return y


def grid_sum(call: Call, x: Value, length: Value, greatest: int, tag: str) -> Value:
    """Exact sum of the last `length` i64 values, O(1): the difference of two prefix sums (wrapping, so never wrong)."""
    b = call.b
    ring = call.slot(I64, f"{tag}/prefix", ring_words(greatest + 1))
    last = b.op("ring.get.i", call.home.tick, b.i(1), attrs=(ring.name,))
    total = last + x
    b.effect("ring.put.i", call.home.tick, total, attrs=(ring.name,))
    return total - b.op("ring.get.i", call.home.tick, length, attrs=(ring.name,))


def wide_sum(call: Call, x: Value, length: Value, greatest: int, tag: str) -> Value:
    """Sum of the last `length` i64 values as f64, rounded once: two exact sums, so that no window is too long."""
    b = call.b
    high = grid_sum(call, b.op("ishr", x, b.i(32)), length, greatest, f"{tag}/high")
    low = grid_sum(call, b.op("iand", x, b.i(2**32 - 1)), length, greatest, f"{tag}/low")
    return high.to_float() * 2.0**32 + low.to_float()


def grid_spread(call: Call, index: int, length: Value, greatest: int, tag: str) -> tuple[Value, Value] | None:
    """(sum, n * sum of squares - sum**2) of the last `length` ticks or lots, as f64, O(1); None if squares do not fit.

    The second is n**2 times the variance. Its low 64 bits are exact (integers wrap), and a float estimate tells which
    multiple of 2**64 is missing: its error is below n**2 * x**2 * 2**-51 < 2**62, since x < 2**31 and n < 2**20.
    """
    b, most = call.b, call.lowering.facts.intervals[call.node.args[index]]
    if not call.on_grid(index) or max(-most.low, most.high) * call.unit(index) >= 2.0**31 or greatest >= 2**20:
        return None
    x = call.raw(index)
    square = x * x
    total = grid_sum(call, x, length, greatest, f"{tag}/x")
    high = grid_sum(call, b.op("ishr", square, b.i(32)), length, greatest, f"{tag}/high")
    low = grid_sum(call, b.op("iand", square, b.i(2**32 - 1)), length, greatest, f"{tag}/low")
    bits = (length * (b.op("ishl", high, b.i(32)) + low) - total * total).to_float()
    near = length.to_float() * (high.to_float() * 2.0**32 + low.to_float()) - total.to_float() * total.to_float()
    return total.to_float(), bits + b.op("fround", (near - bits) * 2.0**-64) * 2.0**64


def _window(call: Call, op: str, slot: Slot, *operands: Value) -> Value:
    return call.b.op(op, call.home.tick, *operands, attrs=(slot.name,))


def _tree(call: Call, kind: str, x: Value, greatest: int, tag: str) -> Slot:
    leaves = ring_words(greatest)
    slot = call.slot(F64, f"{tag}/tree", leaves * (6 if kind == "mom" else 2))
    call.b.effect(f"tree.put.{kind}", call.home.tick, x, attrs=(slot.name,))
    return slot


def float_sum(call: Call, x: Value, length: Value, greatest: int, tag: str) -> Value:
    """Sum of the last `length` floats, a function of the window only. Short fixed windows are written out."""
    if greatest <= WRITTEN_OUT and is_fixed(call, length, greatest):
        values = [x]
        while len(values) < greatest:
            values.append(one_ago(call, values[-1], f"{tag}/{len(values)}"))
        total = call.b.f(0.0)
        for value in reversed(values):
            total = total + value
        return total
    if greatest <= DIRECT_LIMIT:
        return _window(call, "win.sum", remember(call, x, greatest, f"{tag}/ring"), length)
    return _window(call, "tree.sum", _tree(call, "sum", x, greatest, tag), length)


def float_mean(call: Call, x: Value, length: Value, greatest: int, tag: str) -> Value:
    return float_sum(call, x, length, greatest, tag) / length.to_float()


def moments(call: Call, x: Value, length: Value, greatest: int, tag: str) -> tuple[Value, Value]:
    """(mean, sum of squared deviations) of the last `length` floats."""
    if greatest <= DIRECT_LIMIT:
        ring = remember(call, x, greatest, f"{tag}/ring")
        mean = _window(call, "win.sum", ring, length) / length.to_float()
        return mean, _window(call, "win.m2", ring, length, mean)
    tree = _tree(call, "mom", x, greatest, tag)
    return _window(call, "tree.mean", tree, length), _window(call, "tree.m2", tree, length)


def is_fixed(call: Call, length: Value, greatest: int) -> bool:
    """The length is the constant `greatest`: equal constants of a segment are one value."""
    return call.b.i(greatest).id == length.id


def _fixed_ago(call: Call, x: Value, back: int, tag: str) -> Value:
    """x `back` ticks ago. A few ticks are cheaper handed on from word to word than through a ring."""
    if back > HANDED_ON:
        return ago(call, x, call.b.i(back), back, tag)
    for step in range(back):
        x = one_ago(call, x, f"{tag}/{step}")
    return x


def _doubled(call: Call, which: str, x: Value, length: int, tag: str) -> Value:
    """Extreme of a fixed window by doubling, log2(length) steps: the window of 2k is those of k, now and k ticks ago.

    The last two windows may overlap, which an extreme does not mind; the older stands first, so the oldest of equals
    wins as in `win.min`.
    """
    found, size = x, 1
    while size < length:
        back = min(size, length - size)
        before = _fixed_ago(call, found, back, f"{tag}/{size}")
        found, size = (before.min(found) if which == "min" else before.max(found)), size + back
    return found


def extreme(call: Call, which: str, x: Value, length: Value, greatest: int, tag: str) -> Value:
    """Least or greatest (`which`: min, max) of the last `length` values; integers stay integers.

    Ticks and lots are below 2**53, so a long integer window may run through the float tree and come back exactly.
    """
    if is_fixed(call, length, greatest):
        return _doubled(call, which, x, greatest, tag)
    if greatest > DIRECT_LIMIT:
        tree = _tree(call, which, x.to_float(), greatest, tag)
        found = _window(call, f"tree.{which}", tree, length)
        return found if x.type == F64 else call.b.op("f2i", found)
    ring = remember(call, x, greatest, f"{tag}/ring")
    return _window(call, f"win.{which}" if x.type == F64 else f"win.i{which}", ring, length)
