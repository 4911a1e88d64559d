"""How the rows of a test come into a program: as events of ordinary streams, so that every executor can run it.

A row is one record per five inputs, all of one time; the last one is of the row clock and ends the instant. Each input
is kept in a slot, which is what the node that it replaces reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..ir.builder import SegmentBuilder, Value
from ..ir.hir import Node
from ..ir.nodes import F64, I64, Slot, Stream

if TYPE_CHECKING:
    from ..frontend.rows import RowPlan
    from .context import Lowered, Lowering

#: Number of the first probe that says that an unknown was read; an assertion's read has the odd numbers.
UNKNOWN = 2_000_000

#: Words of a record that hold inputs, by the names that `ev` has for those of a trade.
WORDS = ("side", "qty", "price", "venue_time", "trade_id")

#: Inputs that every row has: the mark (as the machine keeps it), and the highest and lowest price since the last row.
MARK, HIGH, LOW = "#mark", "#high", "#low"


@dataclass(slots=True)
class RowSlots:
    """Where the inputs lie. `order` names them as the records bring them."""

    plan: RowPlan
    slots: dict[str, Slot]
    order: tuple[str, ...]
    segments: list[SegmentBuilder]

    def load(self, name: str, b: SegmentBuilder) -> Value:
        return b.load(self.slots[name])


def declare_rows(lowering: Lowering, plan: RowPlan) -> RowSlots:
    """Streams, segments and slots of the inputs. Those of the row clock's own record come first."""
    home = lowering.homes[plan.clock]
    carriers = {MARK: I64, HIGH: I64, LOW: I64}
    carriers |= {item.name: F64 if item.type.carrier == F64 else I64 for item in plan.inputs}
    made = RowSlots(plan, {}, tuple(carriers), [])
    for number, (name, carrier) in enumerate(carriers.items()):
        group, word = divmod(number, len(WORDS))
        if group and not word:
            made.segments.append(_more(lowering, home.stream))
        b = made.segments[group - 1] if group else home.builder
        slot = lowering.program.slot(carrier, f"rows/{name}")
        raw = b.ev(WORDS[word])
        b.store(slot, b.op("bitsf", raw) if carrier == F64 else raw)
        made.slots[name] = slot
    return made


def _more(lowering: Lowering, like: Stream) -> SegmentBuilder:
    """A further stream for five more inputs."""
    name = f"t{len(lowering.program.streams)}"
    lowering.program.streams.append(
        Stream(name, "trade", like.instrument, like.symbol, 0, like.price_decimals, like.qty_decimals)
    )
    return SegmentBuilder(lowering.program, "trade", name)


def given_field(lowering: Lowering, node: Node, b: SegmentBuilder) -> Lowered:
    """An input, in any segment."""
    from .context import Lowered

    assert lowering.rows is not None, "only programs of rows have inputs"
    value = lowering.rows.load(str(node.attrs["name"]), b)
    return Lowered(value.ne(0) if lowering.type(node.id).carrier == "i1" else value)


def unknown_field(lowering: Lowering, node: Node, b: SegmentBuilder) -> Lowered:
    """Something that no row gives: reading it leaves a probe, and nothing of what is made of it counts."""
    from .context import Lowered

    number = node.attrs["name"]
    assert isinstance(number, int)
    b.effect("probe.b", b.b(True), attrs=(UNKNOWN + 2 * number + int(lowering.watching),))
    type_ = lowering.type(node.id)
    zero = {"i1": b.b(False), "f64": b.f(0.0)}.get(type_.carrier) or b.i(0)
    return Lowered(zero, b.b(False) if type_.optional else None)
