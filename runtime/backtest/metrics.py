"""Performance figures of one run, from integers.

| figure         | formula | source |
|----------------|---------|--------|
| net_pnl        | last equity - starting equity | |
| return         | net_pnl / starting equity | |
| max_drawdown   | max over t of (peak(t) - equity(t)) / peak(t), peak with the start | Magdon-Ismail, Atiya 2004 |
| sharpe         | sqrt(365) * mean(r) / std(r), r daily returns, n - 1 in variance, no risk-free rate | Sharpe 1994 |
| sortino        | sqrt(365) * mean(r) / sqrt(mean(min(r, 0)**2)), target 0 | Sortino, Price 1994 |
| profit_factor  | sum of winning pnl / -(sum of losing pnl), after fees | |
| win_rate       | trades with pnl > 0 / trades | |
| exposure       | bars with a position at their close / bars | |
| turnover       | notional of all fills / starting equity | |

Daily returns compare the last equity of each UTC day with that of the day before (the first day with the start), so
they do not depend on the bar length. Crypto trades every day: a year has 365. A figure that does not exist (no trades,
no losses, no variance) is None. Sums of floats are exactly rounded (`math.fsum`), so a figure does not depend on the
order of additions nor on NumPy's build.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .money import Ints, exact_sum
from .trades import Fills, Trades

DAYS_PER_YEAR = 365
NS_PER_DAY = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Metrics:
    """Money in atoms, times in ns, the rest plain ratios; None where a figure does not exist."""

    net_pnl: int
    total_return: float
    max_drawdown: float
    max_drawdown_ns: int  # the longest time below a peak
    sharpe: float | None
    sortino: float | None
    profit_factor: float | None
    win_rate: float | None
    trades: int
    exposure: float
    fees: int
    turnover: float


def measure(start: int, times: Ints, equity: Ints, fills: Fills, trades: Trades) -> Metrics:
    """All figures of a run. `start` atoms > 0; `times` are the closes (ns) of the bars of `equity` (atoms)."""
    assert start > 0
    assert len(times) == len(equity)
    returns = daily_returns(start, times, equity)
    depth, length = drawdown(start, times, equity)
    net = int(equity[-1]) - start if len(equity) else 0
    return Metrics(
        net_pnl=net,
        total_return=net / start,
        max_drawdown=depth,
        max_drawdown_ns=length,
        sharpe=sharpe(returns),
        sortino=sortino(returns),
        profit_factor=profit_factor(trades.pnl),
        win_rate=float(np.count_nonzero(trades.pnl > 0)) / len(trades) if len(trades) else None,
        trades=len(trades),
        exposure=exposure(times, fills),
        fees=exact_sum(fills.fee),
        turnover=exact_sum(fills.notional) / start,
    )


def daily_returns(start: int, times: Ints, equity: Ints) -> list[float]:
    """One return per UTC day that has a bar. A day that begins without equity ends the series."""
    if not len(times):
        return []
    # A close at midnight belongs to the day that ends there.
    days = (times - 1) // NS_PER_DAY
    ends = np.append(np.flatnonzero(np.diff(days)), len(days) - 1)
    levels = [start, *equity[ends].tolist()]
    returns = []
    for before, after in pairwise(levels):
        if before <= 0:
            break
        returns.append((after - before) / before)
    return returns


def sharpe(returns: list[float]) -> float | None:
    """Annualised; None for fewer than two returns or no variance."""
    if len(returns) < 2:
        return None
    mean = math.fsum(returns) / len(returns)
    variance = math.fsum((r - mean) ** 2 for r in returns) / (len(returns) - 1)
    return math.sqrt(DAYS_PER_YEAR) * mean / math.sqrt(variance) if variance > 0 else None


def sortino(returns: list[float]) -> float | None:
    """Annualised; None for fewer than two returns or no losing day."""
    if len(returns) < 2:
        return None
    downside = math.fsum(min(r, 0.0) ** 2 for r in returns) / len(returns)
    mean = math.fsum(returns) / len(returns)
    return math.sqrt(DAYS_PER_YEAR) * mean / math.sqrt(downside) if downside > 0 else None


def drawdown(start: int, times: Ints, equity: Ints) -> tuple[float, int]:
    """The deepest fall from a peak as a share of the peak, and the longest time (ns) from a peak to its recovery."""
    if not len(equity):
        return 0.0, 0
    peak = np.maximum(np.maximum.accumulate(equity), start)
    depth = float(np.max((peak - equity) / peak))
    at_peak = times[equity >= peak]
    marks = np.concatenate((times[:1], at_peak, times[-1:]))
    return depth, int(np.max(np.diff(marks))) if depth > 0 else 0


def profit_factor(pnl: Ints) -> float | None:
    """None without losing trades."""
    loss = -exact_sum(pnl[pnl < 0])
    return exact_sum(pnl[pnl > 0]) / loss if loss else None


def exposure(times: Ints, fills: Fills) -> float:
    """The share of bars at whose close any instrument had a position. A fill at a close counts for that bar."""
    if not len(times) or not len(fills):
        return 0.0
    held = np.zeros(len(times), np.bool_)
    for number in np.unique(fills.instrument):
        part = fills.of(int(number))
        lots = np.concatenate((np.zeros(1, np.int64), np.cumsum(part.side * part.qty)))
        held |= lots[np.searchsorted(part.time, times, side="right")] != 0
    return float(np.count_nonzero(held)) / len(times)
