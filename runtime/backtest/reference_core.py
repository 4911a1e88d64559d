"""What every order simulator does alike, slow and obvious: the definition. `core.py` must give the same bits.

One account has one cash, and per instance a position and a mark: the price, in ticks, at which the position and orders
without a price are valued.

- Money: value = price * qty * scale; fee = (value * rate + 5 * 10**7) // 10**8, at most half an atom from exact. A fill
  needs value + fee in cash when it buys, the quantity in the position when it sells.
- An order is refused for a bad side, style, quantity, price or instrument, below the venue's minimum quantity or
  notional (at its price, or at the mark), above 2**61 atoms, for selling more than is held, for a priced buy that cash
  cannot pay at the taker rate, and when MAX_OPEN orders are open.
- Each fill goes to the cash and the position at once, whole or in parts, so the sum of the fills is the change of the
  position, and cash falls by exactly what they cost.
- Reports: FILL (quantity, price, value and fee of this fill), DONE (the head's count is the status; quantity = what is
  left), REJECT (the count is the reason's number). All carry the order's tag, and in the head its instance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...cython_core import layout as memory
from . import result as names
from .result import Account, Terms

Report = list[int]


@dataclass(slots=True)
class Order:
    """One submitted order; the fields are ORDER_COLUMNS."""

    number: int
    time: int
    side: int
    style: int
    qty: int
    price: int
    ttl: int
    rule: int
    instrument: int = 0
    tag: int = 0
    status: int = names.SENT
    closed: int = 0
    reject: int = names.ACCEPTED
    filled: int = 0
    arrived: int = 0
    queue: int = 0

    @property
    def left(self) -> int:
        return self.qty - self.filled

    @property
    def is_open(self) -> bool:
        return self.status in (names.SENT, names.RESTING)

    def row(self) -> list[int]:
        """ORDER_COLUMNS."""
        asked = [self.number, self.time, self.side, self.style, self.qty, self.price, self.ttl, self.rule]
        ended = [self.status, self.closed, self.reject, self.filled]
        return [*asked, *ended, self.instrument, self.tag, self.arrived, self.queue]

    def better(self, price: int) -> bool:
        """Whether `price` is strictly better for the order than its own price."""
        return price < self.price if self.side > 0 else price > self.price


def wrap(x: int) -> int:
    """The 64-bit two's complement integer that is congruent to x."""
    return (x + 2**63) % 2**64 - 2**63


def notional(terms: Terms, price: int, qty: int) -> int | None:
    """Atoms of `qty` lots at `price` ticks, both positive; None above LARGEST_VALUE."""
    value = price * qty * terms.scale
    return value if value <= names.LARGEST_VALUE else None


def fee_of(value: int, rate: int) -> int:
    """The fee in atoms: `rate` parts per 10**8 of `value`, rounded to nearest, halves up."""
    return (value * rate + names.RATE_PARTS // 2) // names.RATE_PARTS


@dataclass(slots=True)
class Core:
    """Cash, positions and orders of one account. `bar` is the number of the equity point that is being worked for."""

    account: Account
    cash: int = 0
    position: list[int] = field(default_factory=list)
    mark: list[int] = field(default_factory=list)
    bar: int = 0
    open: list[Order] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    fills: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cash = self.account.cash_atoms
        self.position = [0] * len(self.account.terms)
        self.mark = [0] * len(self.account.terms)

    def equity(self) -> int:
        """Cash plus every position at its mark, in atoms."""
        held = zip(self.account.terms, self.position, self.mark, strict=True)
        return wrap(self.cash + sum(lots * price * terms.scale for terms, lots, price in held))

    def new_order(self, intent: Sequence[int], time: int) -> Order:
        """An order from an intent, as a row of `orders`; it is not open yet."""
        side, style, qty, price, ttl, rule, tag, instrument = intent
        order = Order(len(self.orders) + 1, time, side, style, qty, price, ttl, rule, instrument, tag)
        self.orders.append(order)
        return order

    def refusal(self, order: Order) -> int:
        """Why the venue would not take the order as the account stands; ACCEPTED if it would."""
        if not 0 <= order.instrument < len(self.position):
            return names.BAD_INSTRUMENT
        if order.side not in (1, -1):
            return names.BAD_SIDE
        if not 0 <= order.style < len(memory.STYLES):
            return names.BAD_STYLE
        if order.qty <= 0:
            return names.BAD_QUANTITY
        priced, terms = order.style != memory.STYLE_MARKET, self.account.terms[order.instrument]
        if priced and order.price <= 0:
            return names.BAD_PRICE
        if order.qty < terms.min_qty_lots:
            return names.BELOW_MINIMUM_QUANTITY
        value = notional(terms, order.price if priced else max(1, self.mark[order.instrument]), order.qty)
        if value is None:
            return names.TOO_LARGE
        if value < terms.min_notional_atoms:
            return names.BELOW_MINIMUM
        if order.side < 0 and order.qty > self.position[order.instrument]:
            return names.NOT_HELD
        if priced and order.side > 0 and value + fee_of(value, terms.taker_rate) > self.cash:
            return names.INSUFFICIENT_BALANCE
        return names.TOO_MANY_ORDERS if len(self.open) == names.MAX_OPEN else names.ACCEPTED

    def sweep(self) -> None:
        """Keep only the open orders that have not ended."""
        self.open = [order for order in self.open if order.is_open]

    def open_with_tag(self, instrument: int, tag: int) -> Order | None:
        """The first open order of the instrument with this tag."""
        return next((o for o in self.open if o.is_open and (o.instrument, o.tag) == (instrument, tag)), None)

    # --- what happens to an order: each gives the report about it

    def fill(
        self, order: Order, price: int, qty: int, time: int, venue_time: int, *, maker: bool, queue: int = 0
    ) -> Report | int:
        """Trade `qty` lots of the order at `price`: cash, position, the order, a row of `fills`.

        Gives the report, or why the account cannot pay or deliver; then nothing has happened. `time` is when the
        strategy hears of it, `venue_time` when it happened, `queue` the lots that were ahead.
        """
        terms, number = self.account.terms[order.instrument], order.instrument
        value = notional(terms, price, qty)
        if value is None:
            return names.TOO_LARGE
        fee = fee_of(value, terms.maker_rate if maker else terms.taker_rate)
        if order.side > 0 and value + fee > self.cash:
            return names.INSUFFICIENT_BALANCE
        if order.side < 0 and qty > self.position[number]:
            return names.NOT_HELD
        self.cash = wrap(self.cash - order.side * value - fee)
        self.position[number] = wrap(self.position[number] + order.side * qty)
        order.filled += qty
        traded = [order.number, time, order.side, qty, price, value, fee, order.rule, self.bar, int(maker)]
        self.fills.append([*traded, self.position[number], self.cash, number, venue_time, order.left, queue])
        return _report(memory.KIND_FILL, order, time, qty, price, value, fee)

    def finish(self, order: Order, status: int, time: int) -> Report:
        """The order ends filled, expired or cancelled."""
        order.status, order.closed = status, time
        return _report(memory.KIND_DONE, order, time, order.left, order.price, count=status)

    def reject(self, order: Order, reason: int, time: int) -> Report:
        """The order is refused."""
        order.status, order.closed, order.reject = names.REJECTED, time, reason
        return _report(memory.KIND_REJECT, order, time, order.left, order.price, count=reason)


def _report(
    kind: int, order: Order, time: int, qty: int, price: int, value: int = 0, fee: int = 0, *, count: int = 0
) -> Report:
    head = memory.head(kind, 0, order.instrument & 0xFFFF, count)
    return [time, head, order.side, qty, price, value, fee, order.tag]
