"""What is odd about a data set, and what a backtest would do about it. Nothing is changed here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..bars import PRICE_COLUMNS, Bars, Dataset, Floats
from ..moments import count_text, is_bar_period, moment_text, span_text
from ..tapes.grid import snap
from ..tapes.slots import longest_run


@dataclass(frozen=True, slots=True)
class Item:
    """One check. `level`: `ok`, `note` (normal in real data, a rule handles it) or `fault` (refused at import)."""

    check: str
    level: str
    count: int
    found: str
    done: str = ""
    worst: tuple[str, ...] = ()

    def json(self) -> dict[str, object]:
        """The item as JSON values; times as epoch nanoseconds."""
        return {
            "check": self.check,
            "level": self.level,
            "count": self.count,
            "found": self.found,
            "done": self.done,
            "worst": list(self.worst),
        }


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of missing bars: the first missing bar's open time, and how many."""

    from_ns: int
    bars: int


@dataclass(frozen=True, slots=True)
class Report:
    items: tuple[Item, ...]
    gaps: tuple[Gap, ...]
    missing_bars: int

    @property
    def ok(self) -> bool:
        return all(item.level != "fault" for item in self.items)


def verify(
    data: Dataset,
    jump: float = 0.05,
    price_decimals: int = 2,
    qty_decimals: int = 6,
    stored_hash: str | None = None,
    worst: int = 5,
) -> Report:
    """Check order, gaps, values, jumps above `jump` (a share of the price), the venue's grid, and the stored hash."""
    gaps = find_gaps(data)
    bars = data.bars
    items = [
        _order(bars),
        _duplicates(bars),
        _off_grid(data),
        _gaps(data, gaps, worst),
        _values(bars),
        _high_low(bars),
        _zero_volume(bars),
        _jumps(bars, jump, worst),
        _grid(
            "price_grid", [getattr(bars, name) for name in PRICE_COLUMNS], price_decimals, "price_to_tick", data.name
        ),
        _grid("volume_grid", [bars.volume], qty_decimals, "volume_to_lot", data.name),
        _vwap(bars),
    ]
    if stored_hash is not None:
        items.append(_hash(data, stored_hash))
    return Report(tuple(items), tuple(gaps), sum(gap.bars for gap in gaps))


def find_gaps(data: Dataset) -> list[Gap]:
    """Runs of missing bars between the first and the last one, in time order."""
    ts = data.bars.ts
    steps = np.diff(ts)
    places = np.flatnonzero(steps > data.period_ns)
    return [Gap(int(ts[k]) + data.period_ns, int(steps[k]) // data.period_ns - 1) for k in places]


def _item(check: str, count: int, found: str, level: str, done: str, worst: tuple[str, ...] = ()) -> Item:
    if count == 0:
        return Item(check, "ok", 0, "nothing found")
    return Item(check, level, count, found, done, worst)


def _order(bars: Bars) -> Item:
    count = int(np.count_nonzero(np.diff(bars.ts) < 0))
    return _item("order", count, f"times go back at {count:,} places", "fault", "refused; `--repair sort_rows`")


def _duplicates(bars: Bars) -> Item:
    count = len(bars) - len(np.unique(bars.ts))
    return _item(
        "duplicates", count, f"{count:,} bars have the time of another", "fault", "identical copies are dropped"
    )


def _off_grid(data: Dataset) -> Item:
    assert is_bar_period(data.period_ns)
    count = int(np.count_nonzero(data.bars.ts % data.period_ns))
    return _item("bar_grid", count, f"{count:,} bars off the grid", "fault", "refused; `--repair drop_off_grid`")


def _gaps(data: Dataset, gaps: list[Gap], worst: int) -> Item:
    missing = sum(gap.bars for gap in gaps)
    longest = max((gap.bars for gap in gaps), default=0)
    runs = f"{count_text(len(gaps), 'gap')}, longest {span_text(longest * data.period_ns)}"
    found = f"{count_text(missing, 'bar')} missing in {runs}"
    largest = sorted(gaps, key=lambda gap: (-gap.bars, gap.from_ns))[:worst]
    texts = tuple(f"{moment_text(gap.from_ns)}: {count_text(gap.bars, 'bar')}" for gap in largest)
    return _item("gaps", missing, found, "note", "`carry_close`: the close is carried with zero volume", texts)


def _values(bars: Bars) -> Item:
    bad = np.zeros(len(bars), np.bool_)
    for name in PRICE_COLUMNS:
        price = getattr(bars, name)
        bad |= ~np.isfinite(price) | (price <= 0)
    bad |= ~np.isfinite(bars.volume) | (bars.volume < 0)
    count = int(bad.sum())
    return _item("values", count, f"{count:,} bars with a missing or impossible number", "fault", "refused")


def _high_low(bars: Bars) -> Item:
    top, bottom = np.maximum(bars.open, bars.close), np.minimum(bars.open, bars.close)
    count = int(np.count_nonzero((bars.high < top) | (bars.low > bottom)))
    found = f"{count:,} bars with open or close outside low..high"
    return _item("high_low", count, found, "fault", "refused; `--repair widen_high_low`")


def _zero_volume(bars: Bars) -> Item:
    still = bars.volume == 0
    count = int(still.sum())
    found = f"{count:,} bars without volume, longest run {longest_run(still):,}"
    return _item("zero_volume", count, found, "note", "kept; no order fills in them")


def _jumps(bars: Bars, limit: float, worst: int) -> Item:
    before, after = bars.close[:-1], bars.close[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        moves = np.abs(after / before - 1.0)
    places = np.flatnonzero(moves > limit)
    largest = places[np.argsort(-moves[places], kind="stable")][:worst]
    texts = tuple(
        f"{moment_text(int(bars.ts[k + 1]))}: {100 * (after[k] / before[k] - 1.0):+.2f}%, {before[k]:g} to {after[k]:g}"
        for k in largest
    )
    found = f"{len(places):,} moves of more than {100 * limit:g}% from close to close"
    return _item("jumps", len(places), found, "note", "kept: real markets jump", texts)


def _grid(check: str, columns: list[Floats], decimals: int, rule: str, source: str) -> Item:
    snapped = [snap(column[np.isfinite(column)], decimals, check, source) for column in columns]
    count = sum(part.off_grid for part in snapped)
    largest = max(part.largest for part in snapped)
    step = f"{10.0**-decimals:.{decimals}f}"
    found = f"{count:,} values are not multiples of {step}, farthest off by {largest:.3g}"
    return _item(check, count, found, "note", f"`{rule}`: moved to the nearest multiple")


def _vwap(bars: Bars) -> Item:
    if bars.notional is None:
        return Item("traded_value", "note", len(bars), "the data has no quote volume", "`vwap_from_hlc3`")
    slack = 1e-9 * bars.notional
    outside = (bars.notional < bars.low * bars.volume - slack) | (bars.notional > bars.high * bars.volume + slack)
    count = int(outside.sum())
    found = f"{count:,} bars with an average price outside low..high"
    return _item("traded_value", count, found, "note", "`vwap_clamped`: moved to the nearer end")


def _hash(data: Dataset, stored: str) -> Item:
    from ..day_parts import parts_of, set_hash

    same = set_hash(parts_of(data)) == stored
    return _item("content_hash", int(not same), "the bars changed after the import", "fault", "import the file again")
