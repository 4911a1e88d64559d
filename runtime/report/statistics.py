"""What a page counts from the tables of a run: months, distributions, reasons, clauses, costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from ...cython_core.layout import REASON_SHIFT, REASONS
from ..backtest.metrics import NS_PER_DAY
from ..backtest.money import Ints, exact_sum
from .folder import Run

NS_PER_HOUR = 3600 * 10**9
#: Decisions in which no rule of that set was looked at.
_NO_ENTRIES = {"not_armed", "no_exit", "in_flight", "exited", "added", "day_loss", "profit_lock"}
_EXITS = {"no_exit", "exited"}


@dataclass(frozen=True, slots=True)
class Year:
    """Returns by month (None: no equity in it) and of the whole year."""

    year: int
    months: tuple[float | None, ...]
    total: float


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of a distribution: its bounds or name, how many trades, and their profit in atoms."""

    label: str
    count: int
    pnl: int
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class ClauseCount:
    """Over the decisions in which the clause was evaluated: how often it held, and was its rule's only one that
    did not."""

    set: str
    rule: str
    name: str
    evaluated: int
    held: int
    alone: int
    rule_held: int


@dataclass(frozen=True, slots=True)
class Costs:
    """Money in atoms. `taken` and `rested` are notional; `drift` is what prices moved against the trader between the
    decision and the fill (negative: in favour)."""

    taker_fees: int
    maker_fees: int
    taken: int
    rested: int
    taker_fills: int
    maker_fills: int
    slippage: int
    drift: int | None


def monthly_returns(run: Run) -> list[Year]:
    """Month ends in UTC; the first month against the start."""
    time, equity = run.column("equity", "time"), run.column("equity", "equity")
    if not len(time):
        return []
    # An equity point at midnight belongs to the month that ends there.
    months = (time - 1).astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
    ends = np.append(np.flatnonzero(np.diff(months)), len(months) - 1)
    level, found = run.start, dict[int, dict[int, tuple[int, int]]]()
    for end in ends:
        after, month = int(equity[end]), int(months[end])
        found.setdefault(1970 + month // 12, {})[month % 12] = (level, after)
        level = after
    return [_year(year, cells) for year, cells in found.items()]


def _year(year: int, cells: dict[int, tuple[int, int]]) -> Year:
    months = tuple(_ratio(*cells[m]) if m in cells else None for m in range(12))
    first, last = next(iter(cells.values())), list(cells.values())[-1]
    return Year(year, months, _ratio(first[0], last[1]) or 0.0)


def _ratio(before: int, after: int) -> float | None:
    return after / before - 1 if before > 0 else None


def profit_bins(run: Run, most: int = 41) -> list[Bin]:
    """Profits of trades in bins of equal width around 0; what lies outside the 1 and 99 % quantiles is in the outermost
    ones."""
    pnl = run.trades.pnl
    if not len(pnl):
        return []
    reach = float(np.max(np.abs(np.quantile(pnl, [0.01, 0.99]))))
    width = _round_width(2 * reach / most) if reach > 0 else 1.0
    places = np.clip(np.floor(pnl / width), -(reach // width) - 1, reach // width).astype(np.int64)
    return _equal_bins(places, pnl, width)


def _equal_bins(places: Ints, pnl: Ints, width: float) -> list[Bin]:
    found = []
    for place in range(int(places.min()), int(places.max()) + 1):
        own = pnl[places == place]
        found.append(Bin("", len(own), exact_sum(own), place * width, (place + 1) * width))
    return found


def _round_width(width: float) -> float:
    """1, 2 or 5 times a power of ten, not below `width` and at least one atom."""
    if width <= 1:
        return 1.0
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(k * power for k in (1, 2, 5, 10) if k * power >= width * 0.999))


#: Upper bounds of holding times.
_HELD = ((60, "1m"), (300, "5m"), (900, "15m"), (3600, "1h"), (4 * 3600, "4h"), (12 * 3600, "12h"), (86_400, "1d"),
         (3 * 86_400, "3d"), (7 * 86_400, "7d"), (30 * 86_400, "30d"))  # fmt: skip
_FINE = ((0.1, "100ms"), (1, "1s"), (5, "5s"), (15, "15s"), (30, "30s"))


def holding_bins(run: Run) -> list[Bin]:
    """Trades by the time they were held. Bounds finer than a minute appear when a trade is that short."""
    trades = run.trades
    if not len(trades):
        return []
    held = (trades.exit_time - trades.entry_time) / 1e9
    bounds = (*_FINE, *_HELD) if float(held.min()) < 30 else _HELD
    places = np.searchsorted([bound for bound, _ in bounds], held, side="right")
    names = [f"< {bounds[0][1]}", *(f"{a[1]}-{b[1]}" for a, b in pairwise(bounds))]
    return _trimmed(_named([*names, f"> {bounds[-1][1]}"], places, trades.pnl))


def hour_bins(run: Run) -> list[Bin]:
    """Trades by the UTC hour of their entry."""
    trades = run.trades
    return _named([f"{h:02}" for h in range(24)], trades.entry_time // NS_PER_HOUR % 24, trades.pnl)


def weekday_bins(run: Run) -> list[Bin]:
    """Trades by the UTC weekday of their entry; 1970-01-01 was a Thursday."""
    trades = run.trades
    names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    return _named(names, (trades.entry_time // NS_PER_DAY + 3) % 7, trades.pnl)


def _named(names: Sequence[str], places: Ints, pnl: Ints) -> list[Bin]:
    return [Bin(name, int(np.count_nonzero(places == k)), exact_sum(pnl[places == k])) for k, name in enumerate(names)]


def _trimmed(bins: list[Bin]) -> list[Bin]:
    """Without empty bins at the ends."""
    used = [k for k, found in enumerate(bins) if found.count]
    return bins[used[0] : used[-1] + 1] if used else []


def reasons_of(run: Run) -> Ints:
    """The reason number of each decision."""
    return run.column("decisions", "reason") & ((1 << REASON_SHIFT) - 1)


def reason_counts(run: Run) -> list[tuple[str, int]]:
    """(reason, decisions) that occurred, most first."""
    counts = np.bincount(reasons_of(run), minlength=len(REASONS))
    found = [(REASONS[k] if k < len(REASONS) else f"reason {k}", int(n)) for k, n in enumerate(counts) if n]
    return sorted(found, key=lambda pair: -pair[1])


def armed_from(run: Run) -> int | None:
    """The time of the first decision after warm-up."""
    armed = np.flatnonzero(reasons_of(run) != REASONS.index("not_armed"))
    return int(run.column("decisions", "time")[armed[0]]) if len(armed) else None


def clause_counts(run: Run) -> list[ClauseCount]:
    """Entries first, in the order of the file."""
    reasons, masks = reasons_of(run), run.column("decisions", "mask")
    owner = run.column("decisions", "reason") >> 32
    idle = np.isin(reasons, [REASONS.index(name) for name in _NO_ENTRIES])
    looked = {"entries": ~idle, "exits": np.isin(reasons, [REASONS.index(name) for name in _EXITS])}
    groups: dict[tuple[str, str, int], list[dict[str, object]]] = {}
    for clause in run.manifest.get("clauses", ()):
        key = (str(clause["set"]), str(clause["rule"]), int(clause.get("instance", 0)))
        groups.setdefault(key, []).append(clause)
    found: list[ClauseCount] = []
    for (set_, rule, instance), clauses in groups.items():
        if set_ in looked:
            own = masks[looked[set_] & (owner == instance)]
            found += _counts(set_, rule, clauses, own)
    return sorted(found, key=lambda c: c.set != "entries")


def _counts(set_: str, rule: str, clauses: Sequence[dict[str, object]], masks: Ints) -> list[ClauseCount]:
    bits = [int(str(clause["bit"])) for clause in clauses]
    missing = ~masks & _word(sum(1 << bit for bit in bits))
    whole = int(np.count_nonzero(missing == 0))
    found = []
    for clause, bit in zip(clauses, bits, strict=True):
        own = _word(1 << bit)
        held, alone = np.count_nonzero(missing & own == 0), np.count_nonzero(missing == own)
        found.append(ClauseCount(set_, rule, str(clause["name"]), len(masks), int(held), int(alone), whole))
    return found


def _word(value: int) -> np.int64:
    """An unsigned 64-bit pattern as the int64 with the same bits."""
    return np.int64(value - (1 << 64) if value >> 63 else value)


def costs(run: Run, bars_time: Ints | None = None, bars_close: Ints | None = None) -> Costs:
    """With the bars of the only instrument, also how far prices ran from the decision to the fill."""
    maker = run.column("fills", "maker") != 0
    fee, value = run.column("fills", "fee"), run.column("fills", "value")
    taken_lots = exact_sum(run.column("fills", "qty")[~maker])
    ticks = int(run.manifest["account"].get("slippage_ticks", 0))
    scale = run.instruments[0].scale if len(run.instruments) == 1 else 0
    return Costs(
        taker_fees=exact_sum(fee[~maker]),
        maker_fees=exact_sum(fee[maker]),
        taken=exact_sum(value[~maker]),
        rested=exact_sum(value[maker]),
        taker_fills=int(np.count_nonzero(~maker)),
        maker_fills=int(np.count_nonzero(maker)),
        slippage=ticks * taken_lots * scale,
        drift=_drift(run, bars_time, bars_close) if scale else None,
    )


def _drift(run: Run, time: Ints | None, close: Ints | None) -> int | None:
    """Sum over fills of side * (price - last close at the decision) * quantity."""
    sent, order = run.column("orders", "time"), run.column("fills", "order")
    if time is None or close is None or not len(time) or not len(order):
        return None
    numbers = run.column("orders", "order")
    asked = sent[np.clip(np.searchsorted(numbers, order), 0, len(sent) - 1)]
    at = np.searchsorted(time, asked, side="right") - 1
    moved = run.column("fills", "price") - close[np.clip(at, 0, None)]
    return exact_sum(run.column("fills", "side") * moved * run.column("fills", "qty")) * run.instruments[0].scale


def moment(ns: int) -> str:
    """`2024-03-01 12:30`, UTC; with seconds where there are some."""
    found = datetime.fromtimestamp(ns // 10**9, UTC)
    return found.strftime("%Y-%m-%d %H:%M:%S" if found.second else "%Y-%m-%d %H:%M")
