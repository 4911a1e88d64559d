"""Seeded books with trades: a zero-intelligence book around a fair price that moves by itself.

The order flow is that of Cont, Stoikov and Talreja, "A stochastic model for order book dynamics" (Operations Research
58, 2010): limit orders, market orders and cancels come at random times (a Poisson process: given their number, event
times are sorted uniform draws) and find their level at random. Two things are added so that the market has something
to be right or wrong about. Limit orders are placed at a heavy-tailed distance from a **fair price**, and once the
fair price has passed a quote, takers pick that quote off. The fair price is a driftless walk on a grid of 100 ms; its
steps are `correlation` parts market, common to all instruments of a seed, and the rest the instrument's own.

A book message is pushed per event, or every `push_ms` with what changed since the last. What a recorder would see:
the venue's time is the event's (or the push's), the receive time adds `latency_ms` and a random part up to twice
`jitter_ms`, and never falls. The first message is a snapshot; update ids follow each other.
`defects` names faults to put in (`defects.py`), to see how they are handled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from types import MappingProxyType

import numpy as np

from ...errors import fault
from ..bars import Flags, Floats, Ints
from ..events import EventSet, Levels, Trades
from ..instruments import parse_instrument
from ..moments import NS_PER_SECOND
from .prng import Stream

VERSION = 1
_CHUNK = 1 << 16
_GRID_NS = 100_000_000
_NS_PER_MS = 1_000_000
#: Events before the first message, so that it shows a full book.
_SETTLING = 64


@dataclass(frozen=True, slots=True)
class BookParameters:
    """What to generate. Rates per second, prices in quote currency, quantities in base currency.

    `volatility` is the typical move of the fair price in a second as a part of it; `spacing` the typical distance of
    quotes from it, likewise. `push_ms` 0 pushes every event. `levels` a side are kept and pushed.
    """

    seed: int = 1
    duration_s: int = 600
    instrument: str = "BTC/USDC"
    start_ns: int = 1_704_067_200 * NS_PER_SECOND
    price: float = 40_000.0
    price_decimals: int = 2
    qty_decimals: int = 6
    events_per_s: float = 100.0
    levels: int = 50
    volatility: float = 0.00005
    correlation: float = 0.7
    spacing: float = 0.00005
    market_share: float = 0.04
    cancel_share: float = 0.42
    order_qty: float = 0.1
    trade_qty: float = 0.05
    push_ms: int = 100
    latency_ms: float = 4.0
    jitter_ms: float = 2.0
    defects: tuple[str, ...] = ()

    def problems(self) -> list[str]:
        """What is wrong with the parameters, one phrase each."""
        from .defects import DEFECTS

        unknown = [name for name in self.defects if name not in DEFECTS]
        limits = (
            (1 <= self.duration_s <= 86_400 * 7, "the duration must be from 1 second to 7 days"),
            (1.0 <= self.events_per_s <= 5_000.0, "events must be from 1 to 5000 a second"),
            (self.duration_s * self.events_per_s <= 5e7, "at most 50,000,000 events: fewer a second or a shorter time"),
            (parse_instrument(self.instrument) is not None, "instrument must be BASE/QUOTE, such as BTC/USDC"),
            (0 <= self.start_ns < 4 * 10**18, "the start must be after 1970 and before 2096"),
            (0.0001 <= self.price <= 1e9, "price must be from 0.0001 to 1,000,000,000"),
            (0 <= self.price_decimals <= 8, "price decimals must be from 0 to 8"),
            (0 <= self.qty_decimals <= 8, "quantity decimals must be from 0 to 8"),
            (5 <= self.levels <= 1000, "levels must be from 5 to 1000"),
            (0.0 <= self.volatility <= 0.01, "volatility must be from 0 to 0.01 a second"),
            (-1.0 <= self.correlation <= 1.0, "correlation must be from -1 to 1"),
            (0 <= self.push_ms <= 60_000, "a push must come every event (0) or within 60,000 ms"),
            (0.0 <= self.latency_ms <= 10_000.0, "latency must be from 0 to 10,000 ms"),
            (0.0 <= self.jitter_ms <= 10_000.0, "jitter must be from 0 to 10,000 ms"),
            (not unknown, f"no defect is called {', '.join(unknown)}; there are {', '.join(DEFECTS)}"),
        )
        return [text for fine, text in limits if not fine]


Progress = Callable[[int], None]


def generate_book(parameters: BookParameters, name: str = "", progress: Progress = lambda done: None) -> EventSet:
    """A book and its trades by the module's rules. FC1002 names every parameter that is out of bounds."""
    problems = parameters.problems()
    if problems:
        raise fault("FC1002", "these parameters give no book", "synth", notes=tuple(problems))
    p = parameters
    label = name or f"{p.instrument.replace('/', '-').lower()}_book_seed{p.seed}"
    times = _event_times(p)
    rows, taken, opening = _flow(p, times, progress)
    book, trades = _levels(p, times, rows, opening), _trades(p, times, taken)
    if p.defects:
        from .defects import put_in

        book, trades = put_in(book, trades, p.defects)
    from ..checks.events import checked

    instrument = parse_instrument(p.instrument)
    assert instrument is not None
    kept, kept_trades, rules = checked(book, trades)
    facts = MappingProxyType({"generator": "synth book", "version": VERSION, "parameters": asdict(p)})
    return EventSet(label, instrument, "synth", kept, kept_trades, tuple(rules), f"seed {p.seed}", facts)


def _event_times(p: BookParameters) -> Ints:
    """When something happens, ns after the start: sorted, whole microseconds, never two at once."""
    count = max(1, int(p.duration_s * p.events_per_s))
    times = np.sort(Stream(p.seed, f"book/{p.instrument}/times").uniform(count))
    micros = (times * float(p.duration_s * 1_000_000)).astype(np.int64)
    steps: Ints = np.maximum.accumulate(micros - np.arange(count)) + np.arange(count)
    return steps * 1000


def _fair(p: BookParameters, times: Ints) -> Floats:
    """The fair price in ticks at each event."""
    n = int(times[-1]) // _GRID_NS + 2
    own = Stream(p.seed, f"book/{p.instrument.partition('/')[0].upper()}/fair").normal(n)
    market = Stream(p.seed, "book/market/fair").normal(n)
    rest = float(np.sqrt(1.0 - p.correlation * p.correlation))
    steps = (p.correlation * market + rest * own) * (p.volatility * float(np.sqrt(_GRID_NS / NS_PER_SECOND)))
    grid = p.price * np.cumprod(1.0 + steps)
    grid = np.clip(grid, p.price / 50.0, p.price * 50.0) * float(10**p.price_decimals)
    at, rest_ns = times // _GRID_NS, times % _GRID_NS
    part = rest_ns.astype(np.float64) / float(_GRID_NS)
    result: Floats = grid[at] + (grid[at + 1] - grid[at]) * part
    return result


def _flow(p: BookParameters, times: Ints, progress: Progress) -> tuple[Ints, Ints, Ints]:
    """(level changes, trades, the book before the first event), as `flow.py` describes them."""
    from .flow import ROWS_PER_EVENT, empty_state, run_flow

    fair = _fair(p, times)
    stream = Stream(p.seed, f"book/{p.instrument}/flow")
    ticks, lots = float(10**p.price_decimals), float(10**p.qty_decimals)
    sizes = np.array([p.spacing * p.price * ticks, p.order_qty * lots, p.trade_qty * lots])
    state = empty_state(p.levels)
    rows = np.empty((_CHUNK * ROWS_PER_EVENT, 4), np.int64)
    taken = np.empty((_CHUNK * ROWS_PER_EVENT, 4), np.int64)
    settling = np.full(_SETTLING * p.levels, fair[0])
    run_flow(state, 0, settling, _draws(stream, len(settling)), np.array([0.0, 0.0, 0.0]), sizes, rows, taken)
    opening = state.copy()
    shares = np.array([p.market_share, p.cancel_share, 0.7])
    changed, traded = [], []
    for start in range(0, len(fair), _CHUNK):
        part = fair[start : start + _CHUNK]
        n, t = run_flow(state, start, part, _draws(stream, len(part)), shares, sizes, rows, taken)
        changed.append(rows[:n].copy())
        traded.append(taken[:t].copy())
        progress(start + len(part))
    return np.concatenate(changed), np.concatenate(traded), opening


def _draws(stream: Stream, count: int) -> Floats:
    return stream.uniform(count * 5).reshape(count, 5)


def _levels(p: BookParameters, times: Ints, rows: Ints, opening: Ints) -> Levels:
    """The snapshot and the pushes, as a recorder would keep them."""
    moment = times[rows[:, 0]]
    push_ns = p.push_ms * _NS_PER_MS
    group = moment // push_ns if push_ns else rows[:, 0]
    if push_ns:
        last = _last_of_each(group, rows)
        rows, group = rows[last], group[last]
        moment = (group + 1) * push_ns
    ends = np.ones(len(rows), np.bool_)
    np.not_equal(group[1:], group[:-1], out=ends[:-1])
    last_id = 1 + np.flatnonzero(ends)[np.cumsum(ends) - ends] + 1
    first_id = np.concatenate(([0], np.flatnonzero(ends)[:-1] + 1))[np.cumsum(ends) - ends] + 2
    snap = _opening_rows(opening)
    n = len(snap)
    side = np.concatenate((snap[:, 0], rows[:, 1])).astype(np.int8)
    price = np.concatenate((snap[:, 1], rows[:, 2])) / float(10**p.price_decimals)
    qty = np.concatenate((snap[:, 2], rows[:, 3])) / float(10**p.qty_decimals)
    venue = p.start_ns + np.concatenate((np.zeros(n, np.int64), moment))
    ends = np.concatenate((np.arange(n) == n - 1, ends))
    receive = _receive(p, venue, ends, "book")
    is_snapshot = np.arange(len(venue)) < n
    ids = [np.concatenate((np.full(n, start, np.int64), column)) for start, column in ((0, first_id), (1, last_id))]
    return Levels(receive, venue, side, price, qty, is_snapshot, ends, ids[0], ids[1])


def _last_of_each(group: Ints, rows: Ints) -> Ints:
    """Indices of the last change of each level in each group, in order."""
    order = np.lexsort((np.arange(len(rows)), rows[:, 2], rows[:, 1], group))
    same = (
        (group[order][1:] == group[order][:-1])
        & (rows[order][1:, 1] == rows[order][:-1, 1])
        & (rows[order][1:, 2] == rows[order][:-1, 2])
    )
    kept: Ints = np.sort(order[np.concatenate((~same, [True]))])
    return kept


def _opening_rows(state: Ints) -> Ints:
    """(side, price, lots) of each level of the book's first state, bids first."""
    most = (state.shape[1] - 1) // 2
    parts = []
    for side, sign in ((0, 1), (1, -1)):
        count = int(state[side, 0])
        prices, lots = state[side, 1 : 1 + count], state[side, 1 + most : 1 + most + count]
        parts.append(np.column_stack((np.full(count, sign, np.int64), prices, lots)))
    return np.concatenate(parts)


def _receive(p: BookParameters, venue: Ints, ends: Flags, feed: str) -> Ints:
    """Receive times: one delay for each message, whole microseconds, in order."""
    message: Ints = np.cumsum(ends) - ends
    draws = Stream(p.seed, f"book/{p.instrument}/latency/{feed}")
    count = int(message[-1]) + 1 if len(message) else 0
    spread = draws.uniform(count) * draws.uniform(count) * 2.0
    delay = ((p.latency_ms + p.jitter_ms * spread) * 1000.0).astype(np.int64) * 1000
    result: Ints = np.maximum.accumulate(venue + delay[message]) if count else venue
    return result


def _trades(p: BookParameters, times: Ints, taken: Ints) -> Trades:
    venue = p.start_ns + times[taken[:, 0]]
    ends = np.ones(len(taken), np.bool_)
    np.not_equal(taken[1:, 0], taken[:-1, 0], out=ends[:-1])
    return Trades(
        _receive(p, venue, ends, "trades"),
        venue,
        taken[:, 1].astype(np.int8),
        taken[:, 2] / float(10**p.price_decimals),
        taken[:, 3] / float(10**p.qty_decimals),
        np.arange(1, len(taken) + 1, dtype=np.int64),
    )


def book_for_instrument(parameters: BookParameters, price: float | None = None) -> BookParameters:
    """The parameters with price, lot grid and sizes that suit the base asset, unless a price is given."""
    from dataclasses import replace

    if parameters.instrument.upper().startswith("ETH"):
        eth = replace(parameters, qty_decimals=5, order_qty=1.5, trade_qty=0.8)
        return replace(eth, price=2_500.0 if price is None else price)
    return parameters if price is None else replace(parameters, price=price)
