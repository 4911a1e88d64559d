"""What is assumed of a venue whose books orders meet: latencies, the queue model, what a taking order leaves behind.

`docs/market-simulation.md` says where each assumption comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from ....cython_core.layout import HEAD, KIND_BAR, NEVER, TIME

if TYPE_CHECKING:
    from ...market_data.tapes.file import Tape
    from ..result import Words

#: Queue models by number. What is known: lots at the order's price, before and after a change that no trade explains.
QUEUE_MODELS = ("risk_averse", "prob_power", "prob_log", "prob_log2", "fifo_optimistic")
RISK_AVERSE, PROB_POWER, PROB_LOG, PROB_LOG2, FIFO_OPTIMISTIC = range(5)

MINUTE_NS = 60_000_000_000
SECOND_NS = 1_000_000_000
_LONG_TAPE_NS = 14 * 24 * 3600 * SECOND_NS
_STRETCH = 1 << 12  # records looked at in one go for the first that is no bar


@dataclass(frozen=True, slots=True)
class Latency:
    """Nanoseconds on the way, per kind of message. One value: always that. More: measured ones, replayed in order.

    `place` and `cancel` from the decision to the venue's matching, `response` from there to the strategy.
    """

    place: tuple[int, ...] = (0,)
    cancel: tuple[int, ...] = (0,)
    response: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        for samples in (self.place, self.cancel, self.response):
            assert samples, "a latency has at least one value"
            assert all(0 <= ns < 2**50 for ns in samples), "a latency is not negative"


@dataclass(frozen=True, slots=True)
class MarketModel:
    """The assumptions of a run on books.

    `power` is the exponent of prob_power. `refill_half_life_ns`: time in which half of what our orders took is there
    again, 0: only the feed brings it back. `impact`: ticks that each part of a taking order is worse by, times the
    root of the lots taken so far. `band_parts`: orders farther than so many parts per 10**8 from the mid are refused,
    0: none.
    """

    latency: Latency = Latency()
    queue: str = "prob_power"
    power: float = 3.0
    refill_half_life_ns: int = 0
    impact: float = 0.0
    band_parts: int = 0

    def __post_init__(self) -> None:
        assert self.queue in QUEUE_MODELS, "no such queue model"
        assert isfinite(self.power), "the power is a number"
        assert self.power > 0, "the power is positive"
        assert 0 <= self.refill_half_life_ns < 2**62, "a half-life is not negative"
        assert 0 <= self.impact < 1e9, "the impact is not negative"
        assert 0 <= self.band_parts <= 10**9, "the band is in parts per 10**8"

    @property
    def queue_number(self) -> int:
        return QUEUE_MODELS.index(self.queue)


@dataclass(frozen=True, slots=True)
class BookFeed:
    """A traded book of a tape: its stream, the ticks of its records, and the stream of its trades (-1: none)."""

    stream: int
    low_ticks: int
    high_ticks: int
    trades: int = -1


@dataclass(frozen=True, slots=True)
class MarketTape:
    """Records of a tape, int64[n, 8] in order of receive time, and the books in it: also those that are not traded."""

    records: Words
    books: tuple[BookFeed, ...]

    @property
    def begin_ns(self) -> int:
        """Receive time of the first book or trade record; bars before it only warm the strategy up."""
        for at in range(0, len(self.records), _STRETCH):
            market = (self.records[at : at + _STRETCH, HEAD] & 0xFF) != KIND_BAR
            if market.any():
                return int(self.records[at + int(market.argmax()), TIME])
        return NEVER

    @property
    def step_ns(self) -> int:
        """Time between two points of the equity curve."""
        long = len(self.records) and int(self.records[-1, TIME]) - self.begin_ns > _LONG_TAPE_NS
        return MINUTE_NS if long else SECOND_NS


def market_tape(tape: Tape) -> MarketTape:
    """The books of a tape, each with the trades of its symbol."""
    trades = {stream.symbol: number for number, stream in enumerate(tape.streams) if stream.kind == "trade"}
    books = tuple(
        BookFeed(number, stream.low_ticks, stream.high_ticks, trades.get(stream.symbol, -1))
        for number, stream in enumerate(tape.streams)
        if stream.kind == "book"
    )
    return MarketTape(tape.records, books)
