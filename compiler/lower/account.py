"""The strategy's own books: position, cash flow, day, and the fields that read them.

All of it is integers in slots of the strategy's state (lots, ticks, atoms, nanoseconds), updated only by the report
segment (fills) and by closed bars (best and worst price), so a restored snapshot knows its position.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...cython_core.layout import ATOM_DECIMALS, ATOMS_PER_UNIT
from ..ir.builder import ProgramBuilder, SegmentBuilder, Value
from ..ir.nodes import I64, Slot
from ..venues.profile import InstrumentProfile


@dataclass(frozen=True, slots=True)
class Account:
    """State slots of the one traded instrument."""

    qty: Slot  # lots held
    cost: Slot  # atoms paid for what is held, without fees
    fees: Slot  # atoms of fees paid for what is held
    since: Slot  # ns of the fill that opened the position
    best: Slot  # highest price since entry, ticks
    worst: Slot  # lowest price since entry, ticks
    cash_flow: Slot  # atoms: sales - purchases - fees since the start
    mark: Slot  # last close, ticks
    now: Slot  # time of the last tick of the decision clock, ns
    working: Slot  # 1 while an order is on its way
    opened_by: Slot  # number of the entry rule that opened the position
    day: Slot  # UTC day number
    day_base: Slot  # equity change (atoms) at the start of the day
    last_value: Slot  # equity change at the last decision
    halted_day: Slot  # UTC day for which entries are halted, -1 for none
    want_side: Slot  # the intent that decide leaves for risk
    want_qty: Slot
    want_rule: Slot
    want_price: Slot
    want_style: Slot
    want_ttl: Slot
    atoms_per_tick_lot: int
    price_scale: float
    qty_scale: float
    taker_fee: float


def declare_account(program: ProgramBuilder, profile: InstrumentProfile) -> Account:
    """Slots and constants for the traded instrument."""
    names = (
        "qty",
        "cost",
        "fees",
        "since",
        "best",
        "worst",
        "cash_flow",
        "mark",
        "now",
        "working",
        "opened_by",
        "day",
        "day_base",
        "last_value",
    )
    slots = {name: program.slot(I64, f"account/{name}") for name in names}
    wants = {f"want_{n}": program.slot(I64, f"intent/{n}") for n in ("side", "qty", "rule", "price", "style", "ttl")}
    halted = program.slot(I64, "account/halted_day", init=-1)
    return Account(
        **slots,
        **wants,
        halted_day=halted,
        atoms_per_tick_lot=10 ** (ATOM_DECIMALS - profile.price_decimals - profile.qty_decimals),
        price_scale=float(10**profile.price_decimals),
        qty_scale=float(10**profile.qty_decimals),
        taker_fee=float(profile.taker_fee),
    )


def market_value(account: Account, b: SegmentBuilder) -> Value:
    """Atoms that the position is worth at the last close."""
    return b.load(account.qty) * b.load(account.mark) * account.atoms_per_tick_lot


def equity_change(account: Account, b: SegmentBuilder) -> Value:
    """Atoms won or lost since the start, open position at the last close, fees paid."""
    return b.load(account.cash_flow) + market_value(account, b)


def entry_price(account: Account, b: SegmentBuilder) -> Value:
    """Average price paid, f64 quote per base; the division is safe when flat (and nobody may read it then)."""
    held = b.load(account.qty).max(1).to_float() / account.qty_scale
    return b.load(account.cost).to_float() / float(ATOMS_PER_UNIT) / held
