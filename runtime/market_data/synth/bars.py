"""Seeded bars: trend, range, jumps, gaps, outages, bars without trades. The same parameters give the same bits.

The path is a sequence of closes `p[k] = p[k-1] * (1 + r[k])`, in float64 with + - * / only, so every machine makes the
same one. `r` is noise of a slowly changing size, plus the drift of the current regime:

| regime  | drift per bar                                                   |
|---------|-----------------------------------------------------------------|
| `trend` | a constant, up or down, as steep as `trend_strength` noises     |
| `range` | a pull of `range_pull` back to where the regime began           |
| `walk`  | none                                                            |
| `mixed` | these in turns, each for `regime_bars` on average               |

Instruments of one seed are one market: BTC moves as it does, the steps of every other are `correlation` parts of the
market's and the rest its own; regimes, sizes and gaps are each one's own, jumps come to all.

Then prices go to the tick grid, volumes to the lot grid. An outage removes bars; the price after it is where the path
is by then, so an outage ends with a gap in price.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType

import numpy as np

from ...errors import fault
from ..bars import Bars, Dataset, Flags, Floats, Ints
from ..instruments import parse_instrument
from ..moments import NS_PER_DAY, NS_PER_SECOND, is_bar_period
from .prng import Stream

REGIMES = ("trend", "range", "walk", "mixed")
VERSION = 2
#: The instrument that moves as the market does.
_LEADER = "BTC"
#: Bars between two progress reports.
_CHUNK = 1 << 16

#: Size of noise and volume by hour of the day, UTC: quiet after midnight, busy when New York opens.
_HOURS = (70, 65, 65, 65, 65, 70, 75, 90, 100, 105, 105, 105, 110, 140, 165, 160, 140, 125, 115, 105, 100, 90, 80, 75)


@dataclass(frozen=True, slots=True)
class SynthParameters:
    """What to generate. Rates are per bar unless they say otherwise; prices in quote currency, volumes in base."""

    seed: int = 1
    bars: int = 525_600
    instrument: str = "BTC/USDC"
    period_ns: int = 60 * NS_PER_SECOND
    start_ns: int = 1_704_067_200 * NS_PER_SECOND  # 2024-01-01
    price: float = 40_000.0
    price_decimals: int = 2
    qty_decimals: int = 6
    regime: str = "mixed"
    regime_bars: int = 2_880
    volatility: float = 0.0004
    trend_strength: float = 0.02
    range_pull: float = 0.01
    jump_rate: float = 0.0002
    jump_size: float = 0.01
    missing_rate: float = 0.0
    outage_rate: float = 0.0
    outage_bars: int = 60
    still_rate: float = 0.001
    volume: float = 2.0
    correlation: float = 0.7

    def problems(self) -> list[str]:
        """What is wrong with the parameters, one phrase each."""
        rates = ("jump_rate", "missing_rate", "outage_rate", "still_rate")
        found = [f"{name} must be from 0 to 0.5" for name in rates if not 0.0 <= getattr(self, name) <= 0.5]
        limits = (
            (1 <= self.bars <= 20_000_000, "bars must be from 1 to 20,000,000"),
            (self.regime in REGIMES, f"regime must be one of {', '.join(REGIMES)}"),
            (parse_instrument(self.instrument) is not None, "instrument must be BASE/QUOTE, such as BTC/USDC"),
            (is_bar_period(self.period_ns), "the period must be whole seconds and divide a day"),
            (self.start_ns % max(self.period_ns, 1) == 0, "the start must lie on the bar grid"),
            (0 <= self.start_ns < 4 * 10**18, "the start must be after 1970 and before 2096"),
            (0.0001 <= self.price <= 1e9, "price must be from 0.0001 to 1,000,000,000"),
            (0 <= self.price_decimals <= 8, "price decimals must be from 0 to 8"),
            (0 <= self.qty_decimals <= 8, "quantity decimals must be from 0 to 8"),
            (0.0 <= self.volatility <= 0.05, "volatility must be from 0 to 0.05 a bar"),
            (0.0 <= self.jump_size <= 0.5, "jump size must be from 0 to 0.5"),
            (0.0 <= self.trend_strength <= 1.0, "trend strength must be from 0 to 1"),
            (-1.0 <= self.correlation <= 1.0, "correlation must be from -1 to 1"),
            (0.0 <= self.range_pull <= 1.0, "range pull must be from 0 to 1"),
            (
                self.regime_bars >= 2 and self.outage_bars >= 1,
                "regime and outage lengths must be at least 2 and 1 bars",
            ),
            (0.0 < self.volume <= 1e9, "volume must be above 0 and at most 1,000,000,000"),
        )
        return found + [text for fine, text in limits if not fine]


Progress = Callable[[int], None]


def generate(parameters: SynthParameters, name: str = "", progress: Progress = lambda done: None) -> Dataset:
    """Bars by the module's rules. FC1002 names every parameter that is out of bounds."""
    problems = parameters.problems()
    if problems:
        raise fault("FC1002", "these parameters give no bars", "synth", notes=tuple(problems))
    p = parameters
    still = _stream(p, "still").uniform(p.bars) < p.still_rate
    size = _noise_size(p)
    closes = _path(p, size, still, progress)
    bars = _bars(p, closes, size, still)
    bars = bars.take(~_absent(p))
    instrument = parse_instrument(p.instrument)
    assert instrument is not None
    facts = MappingProxyType({"generator": "synth", "version": VERSION, "parameters": asdict(p)})
    label = name or f"{p.instrument.replace('/', '-').lower()}_synth_seed{p.seed}"
    return Dataset(label, instrument, "synth", p.period_ns, bars, (), f"seed {p.seed}", facts)


def _stream(p: SynthParameters, name: str) -> Stream:
    """Random numbers of the instrument's own; those of BTC are the seed's plain ones."""
    base = p.instrument.partition("/")[0].upper()
    return Stream(p.seed, name if base == _LEADER else f"{name}/{base}")


def _noise(p: SynthParameters) -> Floats:
    """Steps of variance 1. BTC takes the market's; others share `correlation` of them."""
    market, own = Stream(p.seed, "noise").normal(p.bars), _stream(p, "noise").normal(p.bars)
    if p.instrument.partition("/")[0].upper() == _LEADER:
        return market
    return p.correlation * market + float(np.sqrt(1.0 - p.correlation * p.correlation)) * own


def _noise_size(p: SynthParameters) -> Floats:
    """Typical |return| of each bar: the hour's factor times a factor that wanders from hour to hour."""
    slots = p.start_ns // p.period_ns + np.arange(p.bars, dtype=np.int64)
    hour = slots * p.period_ns % NS_PER_DAY // (3600 * NS_PER_SECOND)
    daily = np.array(_HOURS, np.float64)[hour] / 100.0
    blocks = -(-p.bars // 60)
    draws = _stream(p, "size").normal(blocks)
    wander, level = np.empty(blocks), 0.0
    for block in range(blocks):
        level = 0.97 * level + 0.24 * float(draws[block])
        wander[block] = 0.35 + level * level
    result: Floats = p.volatility * daily * np.repeat(wander, 60)[: p.bars]
    return result


def _path(p: SynthParameters, size: Floats, still: Flags, progress: Progress) -> Floats:
    """Close prices before they go to the grid."""
    noise = _noise(p) * size
    noise += _jumps(p)
    drift, pull, begins = _regimes(p)
    noise += drift * p.volatility
    noise[still] = 0.0
    pull[still] = 0.0
    closes: list[float] = []
    price = anchor = p.price
    low, high = p.price / 50.0, p.price * 50.0
    for start in range(0, p.bars, _CHUNK):
        part = slice(start, start + _CHUNK)
        for step, strength, new in zip(noise[part].tolist(), pull[part].tolist(), begins[part].tolist(), strict=True):
            if new:
                anchor = price
            price = price * (1.0 + step - strength * (price - anchor) / anchor)
            price = min(max(price, low), high)
            closes.append(price)
        progress(min(start + _CHUNK, p.bars))
    return np.array(closes)


def _jumps(p: SynthParameters) -> Floats:
    draws = Stream(p.seed, "jump")
    hit = draws.uniform(p.bars) < p.jump_rate
    size = (0.25 + 1.5 * draws.uniform(p.bars)) * p.jump_size
    sign = np.where(draws.uniform(p.bars) < 0.5, -1.0, 1.0)
    result: Floats = np.where(hit, sign * size, 0.0)
    return result


def _regimes(p: SynthParameters) -> tuple[Floats, Floats, Flags]:
    """Per bar: the drift in units of `volatility`, the pull to the anchor, and whether a regime begins."""
    draws = _stream(p, "regime")
    drift, pull, begins = np.zeros(p.bars), np.zeros(p.bars), np.zeros(p.bars, np.bool_)
    start = 0
    while start < p.bars:
        length, kind, sign = draws.uniform(3).tolist()
        stop = p.bars if p.regime != "mixed" else start + max(2, int(p.regime_bars * (0.25 + 1.5 * length)))
        regime = p.regime if p.regime != "mixed" else REGIMES[int(kind * 3.0)]
        if regime == "trend":
            drift[start:stop] = p.trend_strength if sign < 0.5 else -p.trend_strength
        elif regime == "range":
            pull[start:stop] = p.range_pull
        begins[start] = True
        start = stop
    return drift, pull, begins


def _bars(p: SynthParameters, closes: Floats, size: Floats, still: Flags) -> Bars:
    draws = _stream(p, "bar")
    opens = np.concatenate(([p.price], closes[:-1]))
    high = np.maximum(opens, closes) * (1.0 + 0.7 * size * draws.uniform(p.bars))
    low = np.minimum(opens, closes) * (1.0 - 0.7 * size * draws.uniform(p.bars))
    scale = float(10**p.price_decimals)
    ticks = [np.maximum(np.rint(column * scale), 1.0) for column in (opens, high, low, closes)]
    lots, trades = _volumes(p, closes, size, draws)
    lots, trades = np.where(still, 0.0, lots), np.where(still, 0, trades)
    flat = [np.where(still, ticks[0], column) for column in ticks]
    ts = p.start_ns + np.arange(p.bars, dtype=np.int64) * p.period_ns
    first, top, bottom, last = (column / scale for column in flat)
    volume = lots / float(10**p.qty_decimals)
    average = (first + top + bottom + last) / 4.0
    return Bars(ts, first, top, bottom, last, volume, notional=volume * average, n_trades=trades)


def _volumes(p: SynthParameters, closes: Floats, size: Floats, draws: Stream) -> tuple[Floats, Ints]:
    """Lots and trade counts: more where prices move more, with a heavy tail."""
    moves = np.abs(np.diff(closes, prepend=closes[0])) / closes
    u = draws.uniform(p.bars)
    tail = 0.1 + 0.9 * u / (1.05 - u)
    busy = np.minimum((size + moves) / (2.0 * p.volatility + 1e-6), 50.0)
    lots = np.maximum(np.rint(p.volume * tail * (0.2 + busy) * float(10**p.qty_decimals)), 1.0)
    trades = (lots / (p.volume * float(10**p.qty_decimals)) * 40.0).astype(np.int64) + 1
    return lots, trades


def _absent(p: SynthParameters) -> Flags:
    """Bars to leave out: single ones and outages. The first and last bar stay."""
    absent = _stream(p, "missing").uniform(p.bars) < p.missing_rate
    draws = _stream(p, "outage")
    starts = np.flatnonzero(draws.uniform(p.bars) < p.outage_rate)
    lengths = (p.outage_bars * (0.25 + 1.5 * draws.uniform(len(starts)))).astype(np.int64) + 1
    for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        absent[start : start + length] = True
    absent[0] = absent[-1] = False
    return absent


def for_instrument(parameters: SynthParameters, price: float | None = None) -> SynthParameters:
    """The parameters with a price and a lot grid that suit the base asset, unless a price is given."""
    if parameters.instrument.upper().startswith("ETH"):
        return replace(parameters, price=2_500.0 if price is None else price, qty_decimals=5, volume=20.0)
    return parameters if price is None else replace(parameters, price=price)
