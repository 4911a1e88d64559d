"""What a backtest takes and what it leaves behind: account, order and fill columns, counters, the result.

Money is whole atoms (1e-8 of the quote currency), prices whole ticks, quantities whole lots, times epoch nanoseconds.
Every table is a two-dimensional int64 array; the tuples below name its columns in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Words = NDArray[np.int64]

#: One part of a fee rate: rates are whole parts per 10**8 of the notional (0.0005 is 50_000).
RATE_PARTS = 10**8

#: `time` sent, `closed` ended, `arrived` when it met the market first (0: never), `queue` lots ahead when it came to
#: rest.
ORDER_COLUMNS = (
    "order",
    "time",
    "side",
    "style",
    "qty",
    "price",
    "ttl",
    "rule",
    "status",
    "closed",
    "reject",
    "filled",
    "instrument",
    "tag",
    "arrived",
    "queue",
)
O_NUMBER, O_TIME, O_SIDE, O_STYLE, O_QTY, O_PRICE, O_TTL, O_RULE = range(8)
O_STATUS, O_CLOSED, O_REJECT, O_FILLED, O_INSTRUMENT, O_TAG, O_ARRIVED, O_QUEUE = range(8, 16)

#: `time` when the strategy heard of it, `venue_time` when it happened; `position`, `cash` and `left` (of the order)
#: after it; `queue` lots that were ahead of the order then; `bar` the number of the equity point it is part of.
FILL_COLUMNS = (
    "order",
    "time",
    "side",
    "qty",
    "price",
    "value",
    "fee",
    "rule",
    "bar",
    "maker",
    "position",
    "cash",
    "instrument",
    "venue_time",
    "left",
    "queue",
)
F_ORDER, F_TIME, F_SIDE, F_QTY, F_PRICE, F_VALUE, F_FEE, F_RULE = range(8)
F_BAR, F_MAKER, F_POSITION, F_CASH, F_INSTRUMENT, F_VENUE_TIME, F_LEFT, F_QUEUE = range(8, 16)

DECISION_COLUMNS = ("time", "reason", "mask")

#: Order status, by number. `sent` has not met a traded bar yet; `resting` has, and waits at its price.
STATUS = ("sent", "resting", "filled", "rejected", "expired", "cancelled")
SENT, RESTING, FILLED, REJECTED, EXPIRED, CANCELLED = range(6)

#: Why an order was refused, by number (0: it was not).
REJECTS = (
    "",
    "bad_side",  # the side is neither +1 nor -1
    "bad_style",  # no such order style
    "bad_quantity",  # zero or less
    "bad_price",  # a priced style without a positive price
    "below_minimum_quantity",
    "below_minimum",  # notional below the venue's minimum
    "too_large",  # notional beyond 2**61 atoms
    "not_held",  # sells more than is held
    "insufficient_balance",
    "too_many_orders",  # MAX_OPEN orders are open
    "would_cross",  # a post_only order that would take
    "bad_instrument",  # the strategy trades no such instrument
    "price_band",  # the price is farther from the market than the venue takes
)
(
    ACCEPTED,
    BAD_SIDE,
    BAD_STYLE,
    BAD_QUANTITY,
    BAD_PRICE,
    BELOW_MINIMUM_QUANTITY,
    BELOW_MINIMUM,
    TOO_LARGE,
    NOT_HELD,
    INSUFFICIENT_BALANCE,
    TOO_MANY_ORDERS,
    WOULD_CROSS,
    BAD_INSTRUMENT,
    PRICE_BAND,
) = range(14)

MAX_OPEN = 32
LARGEST_VALUE = 2**61


@dataclass(frozen=True, slots=True)
class Terms:
    """The venue's rules for one traded instrument. `scale` is the atoms in one tick times one lot.

    Rates are parts per 10**8 of the notional.
    """

    scale: int
    taker_rate: int
    maker_rate: int
    min_notional_atoms: int = 0
    min_qty_lots: int = 1

    def __post_init__(self) -> None:
        assert 1 <= self.scale <= LARGEST_VALUE, "scale is atoms per tick and lot"
        assert 0 <= self.taker_rate <= RATE_PARTS, "the taker rate is in parts per 10**8"
        assert 0 <= self.maker_rate <= RATE_PARTS, "the maker rate is in parts per 10**8"
        assert 0 <= self.min_notional_atoms <= LARGEST_VALUE, "the minimum notional is out of range"


@dataclass(frozen=True, slots=True)
class Account:
    """The simulated account: one cash, and the terms of each traded instrument, by instance number.

    `slippage_ticks` goes against the trader whenever an order takes on a bar.
    """

    cash_atoms: int
    terms: tuple[Terms, ...]
    slippage_ticks: int = 0

    def __post_init__(self) -> None:
        assert 0 <= self.cash_atoms <= LARGEST_VALUE, "starting cash is out of range"
        assert self.terms, "an account trades something"
        assert 0 <= self.slippage_ticks < 2**31, "slippage goes against the trader"


@dataclass(frozen=True, slots=True)
class Feed:
    """A numbered stream of a program; `period_ns` is 0 for books."""

    stream: int
    period_ns: int = 0


@dataclass(frozen=True, slots=True)
class KernelFacts:
    """What a driver must know of a kernel.

    `bases` is the stream that prices and fills each instance: its finest bars, or its book in a `market` run.
    `timers` are the streams whose records the driver makes, `books` those whose books the kernel reads.
    """

    state_words: int
    bases: tuple[Feed, ...]
    timers: tuple[Feed, ...] = ()
    market: bool = False
    books: tuple[int, ...] = ()

    @property
    def in_order(self) -> tuple[Feed, ...]:
        """The timers, shortest period first: so they fire at equal time."""
        return tuple(sorted(self.timers, key=lambda timer: timer.period_ns))


@dataclass(frozen=True, slots=True)
class RunResult:
    """All outputs of a run.

    On bars `equity` has one value per base bar of a single instance, one per closing time of several; it is taken after
    the event and its intents. Two runs are equal when all arrays are; words of `state` that hold a NaN are equal
    whatever the NaN's bits.
    """

    equity_time: Words  # int64[points], close times
    equity: Words  # int64[points], atoms
    decisions: Words  # int64[n, 3], DECISION_COLUMNS
    orders: Words  # int64[n, 16], ORDER_COLUMNS, in order of submission
    fills: Words  # int64[n, 16], FILL_COLUMNS, in order of time
    state: Words  # int64[state_words], the kernel's final state
    waits: int  # times an order met a bar without volume
    cash: int  # atoms at the end
    position: Words  # int64[instances], lots at the end

    def rejects(self) -> dict[str, int]:
        """How many orders were refused, by reason; reasons that did not occur are left out."""
        counts: dict[str, int] = {}
        for order in self.orders:
            if order[O_STATUS] == REJECTED:
                name = REJECTS[int(order[O_REJECT])]
                counts[name] = counts.get(name, 0) + 1
        return counts
