"""From a size and a price in the file to whole lots and ticks; the capital that sizes may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....cython_core.layout import ATOMS_PER_UNIT
from ...ir.builder import SegmentBuilder, Value
from ...ir.hir import CheckedPolicy, CheckedRule
from ..context import Lowering
from .fields import sent_atoms
from .slots import Book, mark_price, mark_ticks

if TYPE_CHECKING:
    from .machine import PositionMachine

_PASSIVE = frozenset({"limit", "post_only"})


def atoms(lowering: Lowering, node: int, b: SegmentBuilder) -> Value:
    """A notional in whole atoms, rounded down."""
    return b.op("f2i", b.op("ffloor", lowering.number(node, b) * float(ATOMS_PER_UNIT)))


def least_lots(book: Book, b: SegmentBuilder) -> Value:
    """Smallest order the venue takes at the mark: minimum quantity and minimum notional, rounded up to a lot."""
    per_lot = (mark_ticks(book, b) * book.atoms_per_tick_lot).max(1)
    return b.op("idiv", per_lot + (book.min_atoms - 1), per_lot).max(book.min_lots)


def lots_for(book: Book, value: Value, b: SegmentBuilder, ticks: Value | None = None) -> Value:
    """Whole lots that `value` atoms buy at a price (left out: the mark), rounded down."""
    price = mark_ticks(book, b) if ticks is None else ticks
    return b.op("idiv", value, (price * book.atoms_per_tick_lot).max(1))


def floor_lots(book: Book, size: Value, b: SegmentBuilder) -> Value:
    """A quantity in whole lots, rounded down; a quantity that is on the lot grid is taken as it is."""
    nearest = b.op("fround", size * book.qty_scale)
    exact_or_above = nearest / book.qty_scale <= size
    return b.op("f2i", b.select(exact_or_above, nearest, nearest - 1.0))


def entry_lots(machine: PositionMachine, book: Book, rule: CheckedRule, b: SegmentBuilder) -> Value:
    """The size of an entry in lots: a quantity, a notional at the mark, or a share of the stake at the mark."""
    assert rule.size is not None
    lowering = machine.lowering
    type_ = lowering.type(rule.size)
    if type_.grid is not None and type_.grid.unit == "lot":
        return lowering.one(rule.size, b).value
    size = lowering.number(rule.size, b)
    if not type_.dim.exponents:  # a ratio: a share of the stake
        size = size * (machine.capital.stake(book, b).to_float() / float(ATOMS_PER_UNIT))
        return floor_lots(book, size / mark_price(book, b), b)
    quote = lowering.checked.document.instruments[0].quote
    if dict(type_.dim.exponents).get(quote) == 1:
        size = size / mark_price(book, b)
    return floor_lots(book, size, b)


def exit_lots(machine: PositionMachine, book: Book, rule: CheckedRule, b: SegmentBuilder) -> Value:
    """The lots that an exit sells: its fraction of the position, rounded up; all where the rest could not be sold."""
    held = b.load(book.qty)
    if rule.fraction is None:
        return held
    share = b.op("f2i", b.op("fceil", held.to_float() * machine.lowering.number(rule.fraction, b))).min(held)
    least = least_lots(book, b)
    part = share.max(least)
    return b.select(held - part < least, held, part)


def order_price(lowering: Lowering, book: Book, policy: CheckedPolicy, b: SegmentBuilder) -> Value:
    """Order price in ticks: passive rounding for limit and post-only, aggressive for IOC and FOK; 0 for market."""
    if policy.price is None:
        return b.i(0)
    type_ = lowering.type(policy.price)
    if type_.grid is not None:
        return lowering.one(policy.price, b).value
    price = lowering.number(policy.price, b)
    ticks = price * book.price_scale
    nearest = b.op("fround", ticks)
    on_grid = (nearest / book.price_scale).eq(price)
    down = (policy.style in _PASSIVE) == (policy.side > 0)
    rounded = b.op("ffloor" if down else "fceil", ticks)
    return b.op("f2i", b.select(on_grid, nearest, rounded))


class Capital:
    """The `capital` block: what is put to work, and what is free.

    stake = allocate * (start - reserve + compound * gain), where gain is the profit p if p < 0, else
    max(0, p - reinvest_after). Losses shrink the stake in full.
    """

    def __init__(self, machine: PositionMachine) -> None:
        self.machine = machine
        self.lowering = machine.lowering
        self.block = machine.lowering.checked.capital

    @property
    def bounded(self) -> bool:
        """Whether the file says more than what there is at the start."""
        allocated = any(i.allocate is not None for i in self.lowering.checked.instances)
        return allocated or self.block.reserve is not None

    def stake(self, book: Book, b: SegmentBuilder) -> Value:
        """Atoms that the instrument may use, at least 0."""
        profit = self.machine.equity_change(b)
        gain = profit
        if self.block.reinvest_after is not None:
            spare = (profit - atoms(self.lowering, self.block.reinvest_after, b)).max(0)
            gain = b.select(profit < 0, profit, spare)
        if self.block.compound is not None:
            part = gain.to_float() * self.lowering.number(self.block.compound, b)
            gain = b.select(gain < 0, gain, b.op("f2i", b.op("ffloor", part)))
        base = (gain + (self.machine.shared.start_atoms) - self._reserve(b)).max(0)
        share = self.lowering.checked.instances[book.number].allocate
        if share is None:
            return base
        return b.op("f2i", b.op("ffloor", base.to_float() * self.lowering.number(share, b)))

    def _reserve(self, b: SegmentBuilder) -> Value:
        return b.i(0) if self.block.reserve is None else atoms(self.lowering, self.block.reserve, b)

    def free(self, b: SegmentBuilder) -> Value:
        """Cash that no buy order on its way needs and that is not reserved, at least 0 atoms."""
        cash = b.load(self.machine.shared.cash_flow) + self.machine.shared.start_atoms
        out = b.i(0)
        for book in self.machine.books.values():
            out = out + sent_atoms(book, b)
        return (cash - out - self._reserve(b)).max(0)
