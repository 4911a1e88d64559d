"""What the machine remembers: one `Book` per traded instrument and one `Shared` for the account.

All of it is integers in slots of the strategy's state (lots, ticks, atoms, nanoseconds). The report segment alone
changes positions and money, so a restored snapshot knows what is held and what is on its way.
"""

from __future__ import annotations

from dataclasses import dataclass

from ....cython_core.layout import ATOM_DECIMALS, ATOMS_PER_UNIT
from ...ir.builder import ProgramBuilder, SegmentBuilder, Value
from ...ir.nodes import I64, Slot
from ...venues.profile import InstrumentProfile

#: `working`: nothing is on its way, an order is, an order and its cancel are.
IDLE, OUT, CANCELLING = 0, 1, 2

#: `plan`: what follows when the working order ends with something left.
BY_POLICY, AGAIN, STOP = 0, 1, 2

#: Limits that sell everything. Their sales are rules of their own, numbered after the exits in this order.
FLATTENERS = ("day_loss", "profit_lock", "drawdown")

_BOOK = {
    "qty": "lots held",
    "cost": "atoms paid for what is held, without fees",
    "fees": "atoms of fees paid for what is held",
    "since": "ns of the fill that opened the position",
    "best": "highest price since entry, ticks",
    "worst": "lowest price since entry, ticks",
    "mark": "last price: the last close in ticks, or best bid + best ask in ticks",
    "opened_by": "number of the entry rule that opened the position",
    "adds": "orders that added to the position",
    "dust": "1 when what is held is too little to be sold",
    "trip": "atoms won since the position was opened: sales - purchases - fees",
    "working": "IDLE, OUT or CANCELLING",
    "tag": "of the working order",
    "side": "of the working order",
    "asked": "lots of the working order",
    "left": "lots of the working order that are not filled",
    "price": "of the working order, ticks",
    "rule": "number of the rule that the working order serves",
    "policy": "number of the policy by which it was sent",
    "sent": "ns at which it was sent",
    "deadline": "ns at which its ttl ends; 0: never",
    "tries": "how often this policy was tried again",
    "requotes": "how often the price was moved",
    "plan": "BY_POLICY, AGAIN or STOP",
    "follow": "lots that the next order of the chain takes up; 0: none",
    "switch": "number of the exit that takes over when the working order is gone; -1: none",
    "want_side": "the intent that risk will see: side; 0: none",
    "want_qty": "its lots",
    "want_rule": "its rule",
    "want_policy": "its policy",
    "want_style": "its style",
    "want_price": "its price, ticks",
    "want_ttl": "its ttl, ns",
    "want_cancel": "0, 1 to cancel the working order, 2 because its ttl has ended",
}
_STARTS = {"switch": -1}

_SHARED = {
    "cash_flow": "atoms: sales - purchases - fees since the start",
    "now": "time of this turn, ns",
    "day": "UTC day number",
    "day_base": "equity change in atoms at the start of the day",
    "day_peak": "highest result of the day, atoms",
    "day_trades": "positions closed today",
    "last_value": "equity change at the last decision, atoms",
    "peak": "highest equity change, atoms",
    "halted_day": "UTC day for which entries are halted; -1: none",
    "halted": "1 once the drawdown limit has halted entries for good",
    "streak": "losing trades in a row",
    "paused_until": "ns before which no entry may be sent",
    "tags": "orders sent",
}
_SHARED_STARTS = {"halted_day": -1, "paused_until": -(2**62)}


@dataclass(frozen=True, slots=True)
class Book:
    """Slots of one traded instrument (meanings in `_BOOK`), and the constants of its grids."""

    number: int
    alias: str
    qty: Slot
    cost: Slot
    fees: Slot
    since: Slot
    best: Slot
    worst: Slot
    mark: Slot
    opened_by: Slot
    adds: Slot
    dust: Slot
    trip: Slot
    working: Slot
    tag: Slot
    side: Slot
    asked: Slot
    left: Slot
    price: Slot
    rule: Slot
    policy: Slot
    sent: Slot
    deadline: Slot
    tries: Slot
    requotes: Slot
    plan: Slot
    follow: Slot
    switch: Slot
    want_side: Slot
    want_qty: Slot
    want_rule: Slot
    want_policy: Slot
    want_style: Slot
    want_price: Slot
    want_ttl: Slot
    want_cancel: Slot
    atoms_per_tick_lot: int
    price_scale: float
    qty_scale: float
    taker_fee: float
    min_lots: int
    min_atoms: int
    marks_per_tick: int  # 1 on bars (the close), 2 on books (bid + ask)
    reason: Slot | None  # the last reason word, where a test asks for it


@dataclass(frozen=True, slots=True)
class Shared:
    """Slots of the account; meanings in `_SHARED`. `start_atoms` is the capital at the start."""

    cash_flow: Slot
    now: Slot
    day: Slot
    day_base: Slot
    day_peak: Slot
    day_trades: Slot
    last_value: Slot
    peak: Slot
    halted_day: Slot
    halted: Slot
    streak: Slot
    paused_until: Slot
    tags: Slot
    start_atoms: int


def declare_book(
    program: ProgramBuilder,
    number: int,
    alias: str,
    profile: InstrumentProfile,
    *,
    market: bool,
    alone: bool,
    watched: bool = False,
) -> Book:
    """Slots for one traded instrument; `alone`: it is the only one, and needs no name in its labels."""
    prefix = "account" if alone else f"account.{alias}"
    slots = {name: program.slot(I64, f"{prefix}/{name}", init=_STARTS.get(name, 0)) for name in _BOOK}
    return Book(
        number,
        alias,
        **slots,
        atoms_per_tick_lot=10 ** (ATOM_DECIMALS - profile.price_decimals - profile.qty_decimals),
        price_scale=float(10**profile.price_decimals),
        qty_scale=float(10**profile.qty_decimals),
        taker_fee=float(profile.taker_fee),
        min_lots=max(1, profile.min_qty_lots),
        min_atoms=int(profile.min_notional * ATOMS_PER_UNIT),
        marks_per_tick=2 if market else 1,
        reason=program.slot(I64, f"{prefix}/reason") if watched else None,
    )


def declare_shared(program: ProgramBuilder, start_atoms: int) -> Shared:
    """Slots of the account."""
    slots = {name: program.slot(I64, f"account/{name}", init=_SHARED_STARTS.get(name, 0)) for name in _SHARED}
    return Shared(**slots, start_atoms=start_atoms)


# --- what the slots say


def at_mark(book: Book, lots: Value, b: SegmentBuilder) -> Value:
    """Atoms that `lots` are worth at the mark, rounded down."""
    product = lots * b.load(book.mark) * book.atoms_per_tick_lot
    return product if book.marks_per_tick == 1 else b.op("idiv", product, b.i(book.marks_per_tick))


def market_value(book: Book, b: SegmentBuilder) -> Value:
    """Atoms that the position is worth at the mark."""
    return at_mark(book, b.load(book.qty), b)


def mark_ticks(book: Book, b: SegmentBuilder) -> Value:
    """The mark in whole ticks, rounded down."""
    mark = b.load(book.mark)
    return mark if book.marks_per_tick == 1 else b.op("idiv", mark, b.i(book.marks_per_tick))


def mark_price(book: Book, b: SegmentBuilder) -> Value:
    """The mark as f64, quote per base."""
    return b.load(book.mark).to_float() / (book.price_scale * book.marks_per_tick)


def entry_price(book: Book, b: SegmentBuilder) -> Value:
    """Average price paid, f64 quote per base; the division is safe when flat (and nobody may read it then)."""
    held = b.load(book.qty).max(1).to_float() / book.qty_scale
    return b.load(book.cost).to_float() / float(ATOMS_PER_UNIT) / held
