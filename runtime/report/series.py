"""What a page draws: prices as bars, and the strategy's own values as columns beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...cython_core import layout
from ..backtest.money import Ints

Floats = NDArray[np.float64]

NS_PER_US = 1_000
#: More bars than this are merged before they go into a page.
MOST_BARS = 600_000
#: A float is kept in so many steps between its least and its greatest value.
STEPS = 1 << 16


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of one instrument: close times in ns, prices in ticks, volume in lots. `period_ns` is their length."""

    symbol: str
    price_decimals: int
    qty_decimals: int
    period_ns: int
    time: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    volume: Ints

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True, slots=True)
class Indicator:
    """One named value of the strategy over time. `time` ns, ascending; `values` with NaN where it is absent.

    `unit` says where it is drawn: `price` over the bars of `symbol`, `bool` as marks, everything else in a pane of its
    own; indicators with the same `pane` share one.
    """

    name: str
    unit: str
    time: Ints
    values: Floats
    symbol: str = ""
    pane: str = ""

    @property
    def place(self) -> str:
        if self.unit == "price":
            return "price"
        return "marks" if self.unit == "bool" else self.pane or self.name


@dataclass(frozen=True, slots=True)
class Chart:
    """All that a page draws besides what lies in the run folder."""

    bars: Sequence[Bars] = ()
    indicators: Sequence[Indicator] = ()


def bars_of_tape(
    records: Ints, stream: int, symbol: str, price_decimals: int, qty_decimals: int, period_ns: int
) -> Bars:
    """The bars of one stream of a tape. `records` is int64[n, 8]."""
    heads = records[:, layout.HEAD]
    own = (heads & 0xFFFF00FF) == layout.KIND_BAR | stream << layout.STREAM_SHIFT
    picked = records if bool(np.all(own)) else records[own]
    words = (layout.TIME, layout.OPEN, layout.HIGH, layout.LOW, layout.CLOSE, layout.VOLUME)
    return Bars(symbol, price_decimals, qty_decimals, period_ns, *(picked[:, word] for word in words))


#: Bars made from trades: the shortest of these of which a page holds at most `MOST_BARS`.
_PERIODS = (10**9, 5 * 10**9, 15 * 10**9, 60 * 10**9, 300 * 10**9, 3600 * 10**9)


def bars_of_trades(records: Ints, streams: Sequence[int], symbol: str, price_decimals: int, qty_decimals: int) -> Bars:
    """Bars of the trade records of some streams of a tape, by receive time."""
    heads = records[:, layout.HEAD]
    own = (heads & 0xFF == layout.KIND_TRADE) & np.isin(heads >> layout.STREAM_SHIFT & 0xFFFF, streams)
    time, price, qty = (records[own, word] for word in (layout.TIME, layout.PRICE, layout.QTY))
    span = int(time[-1] - time[0]) if len(time) else 0
    period = next((p for p in _PERIODS if span // p < MOST_BARS), _PERIODS[-1])
    return bars_of_samples(symbol, price_decimals, qty_decimals, time, price, period, qty)


def bars_of_samples(
    symbol: str,
    price_decimals: int,
    qty_decimals: int,
    time: Ints,
    price: Ints,
    period_ns: int,
    qty: Ints | None = None,
) -> Bars:
    """Bars from samples of a price (ticks), such as the mid at each equity point. Empty bars are left out."""
    slots = -(-time // period_ns)
    first = np.flatnonzero(np.diff(slots, prepend=slots[:1] - 1)) if len(slots) else slots
    last = np.append(first[1:], len(slots)) - 1 if len(slots) else slots
    high = np.maximum.reduceat(price, first) if len(slots) else price
    low = np.minimum.reduceat(price, first) if len(slots) else price
    volume = np.zeros(len(first), np.int64) if qty is None or not len(qty) else np.add.reduceat(qty, first)
    return Bars(
        symbol, price_decimals, qty_decimals, period_ns, slots[first] * period_ns, price[first], high, low, price[last],
        volume,
    )  # fmt: skip


def merged(bars: Bars) -> Bars:
    """At most `MOST_BARS` bars: neighbours merged by equal numbers if there are more."""
    factor = -(-len(bars) // MOST_BARS)
    if factor <= 1:
        return bars
    first = np.arange(0, len(bars), factor)
    last = np.append(first[1:], len(bars)) - 1
    return Bars(
        bars.symbol, bars.price_decimals, bars.qty_decimals, bars.period_ns * factor, bars.time[last], bars.open[first],
        np.maximum.reduceat(bars.high, first), np.minimum.reduceat(bars.low, first), bars.close[last],
        np.add.reduceat(bars.volume, first),
    )  # fmt: skip


def bar_columns(bars: Bars) -> dict[str, Ints]:
    """Integers that pack well: each price relative to one that the reader already knows. Times in us."""
    before = np.concatenate((np.zeros(min(1, len(bars)), np.int64), bars.close[:-1]))
    return {
        "time": (bars.time - bars.period_ns) // NS_PER_US,
        "gap": bars.open - before,
        "body": bars.close - bars.open,
        "above": bars.high - np.maximum(bars.open, bars.close),
        "below": np.minimum(bars.open, bars.close) - bars.low,
        "volume": _rounded(bars.volume),
    }


def _rounded(volume: Ints) -> Ints:
    """In steps that leave the greatest four digits: only the proportions of volumes are drawn."""
    greatest = int(volume.max()) if len(volume) else 0
    step: int = 10 ** max(0, len(str(greatest)) - 4)
    return np.asarray((volume + step // 2) // step, np.int64)


def indicator_columns(indicator: Indicator) -> tuple[dict[str, Ints], Mapping[str, object]]:
    """Whole steps of the value, 0 where it is absent, and how to read them: value = low + (number - 1) * step.

    A bool becomes the times at which it turns (true first).
    """
    if indicator.unit == "bool":
        return {"edges": _edges(indicator) // NS_PER_US}, {"kind": "marks"}
    stride = -(-len(indicator.time) // MOST_BARS) or 1
    time, values = indicator.time[::stride], indicator.values[::stride]
    present = np.isfinite(values)
    low = float(np.min(values[present])) if present.any() else 0.0
    high = float(np.max(values[present])) if present.any() else 0.0
    step = (high - low) / STEPS or 1.0
    if not np.isfinite(step):
        low, step = 0.0, 1.0
        present = np.zeros(len(values), np.bool_)
    numbers = np.zeros(len(values), np.int64)
    numbers[present] = np.rint((values[present] - low) / step).astype(np.int64) + 1
    return {"time": time // NS_PER_US, "value": numbers}, {"kind": "line", "low": low, "step": step}


def _edges(indicator: Indicator) -> Ints:
    """Times of the changes between false and true; an even number of them, the first to true."""
    truth = np.nan_to_num(indicator.values) != 0
    turns = np.flatnonzero(np.diff(truth, prepend=False))
    edges = indicator.time[turns]
    return np.append(edges, indicator.time[-1]) if len(edges) % 2 else edges
