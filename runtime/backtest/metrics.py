"""Performance figures of one run, from integers.

| figure          | formula |
|-----------------|---------|
| net_pnl         | last equity - starting equity |
| return          | net_pnl / starting equity |
| max_drawdown    | max over t of (peak(t) - equity(t)) / peak(t), peak with the start (Magdon-Ismail, Atiya, 2004) |
| profit_factor   | sum of winning pnl / -(sum of losing pnl), after fees |
| win_rate        | trades with pnl > 0 / trades |
| expectancy      | mean pnl of a trade |
| average_win, average_loss | mean pnl of trades with pnl > 0, with pnl < 0 |
| payoff          | average_win / -average_loss |
| best_trade, worst_trade | greatest and least pnl |
| longest_wins, longest_losses | longest runs of trades with pnl > 0, with pnl < 0, in order of their exits |
| average_held_ns | mean of exit time - entry time |
| exposure        | equity points with a position / equity points |
| turnover        | notional of all fills / starting equity |

The rest (`volatility`, `sharpe`, `sortino`, `cagr`, `calmar`, ...) are figures of daily returns, defined in
`ratios.py`. Daily returns compare the last equity of each UTC day with that of the day before (the first day with the
start), so they do not depend on the bar length. Crypto trades every day: a year has 365. A figure that does not exist
(no trades, no losses, no variance) is None.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from . import ratios
from .money import Ints, exact_sum
from .ratios import DAYS_PER_YEAR as DAYS_PER_YEAR
from .ratios import sharpe as sharpe
from .ratios import sortino as sortino
from .trades import Fills, Trades

NS_PER_DAY = 86_400 * 10**9

#: Days below which nothing is carried to a year: ten minutes on a book have no Sharpe ratio.
FEWEST_DAYS = 7


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
    daily: DailyFigures
    per_trade: TradeFigures


@dataclass(frozen=True, slots=True)
class DailyFigures:
    """Figures of the daily returns, see `ratios.py`."""

    days: int
    cagr: float | None
    volatility: float | None
    calmar: float | None
    recovery: float | None
    ulcer_index: float | None
    omega: float | None
    skew: float | None
    kurtosis: float | None
    value_at_risk: float | None
    cvar: float | None
    tail_ratio: float | None
    best_day: float | None
    worst_day: float | None
    winning_days: float | None  # share of the days with a positive return


@dataclass(frozen=True, slots=True)
class TradeFigures:
    """Figures of the finished round trips. Money in atoms, rounded to whole ones where it is a mean."""

    expectancy: int | None
    average_win: int | None
    average_loss: int | None
    payoff: float | None
    best_trade: int | None
    worst_trade: int | None
    longest_wins: int
    longest_losses: int
    average_held_ns: int | None


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
        sharpe=ratios.sharpe(_for_a_year(returns)),
        sortino=ratios.sortino(_for_a_year(returns)),
        profit_factor=profit_factor(trades.pnl),
        win_rate=float(np.count_nonzero(trades.pnl > 0)) / len(trades) if len(trades) else None,
        trades=len(trades),
        exposure=exposure(times, fills),
        fees=exact_sum(fills.fee),
        turnover=exact_sum(fills.notional) / start,
        daily=daily_figures(returns),
        per_trade=trade_figures(trades),
    )


def _for_a_year(returns: list[float]) -> list[float]:
    """The returns that a yearly figure may be made of: none where there are too few days to speak of a year."""
    return returns if len(returns) >= FEWEST_DAYS else []


def daily_figures(returns: list[float]) -> DailyFigures:
    return DailyFigures(
        days=len(returns),
        cagr=ratios.cagr(_for_a_year(returns)),
        volatility=ratios.volatility(_for_a_year(returns)),
        calmar=ratios.calmar(_for_a_year(returns)),
        recovery=ratios.recovery(returns),
        ulcer_index=ratios.ulcer_index(returns),
        omega=ratios.omega(returns),
        skew=ratios.skew(returns),
        kurtosis=ratios.kurtosis(returns),
        value_at_risk=ratios.value_at_risk(returns),
        cvar=ratios.cvar(returns),
        tail_ratio=ratios.tail_ratio(returns),
        best_day=max(returns, default=None),
        worst_day=min(returns, default=None),
        winning_days=sum(r > 0 for r in returns) / len(returns) if returns else None,
    )


def trade_figures(trades: Trades) -> TradeFigures:
    pnl = trades.pnl
    win, loss = average(pnl[pnl > 0]), average(pnl[pnl < 0])
    return TradeFigures(
        expectancy=average(pnl),
        average_win=win,
        average_loss=loss,
        payoff=None if win is None or loss is None else payoff(pnl),
        best_trade=int(pnl.max()) if len(pnl) else None,
        worst_trade=int(pnl.min()) if len(pnl) else None,
        longest_wins=longest_run(pnl > 0),
        longest_losses=longest_run(pnl < 0),
        average_held_ns=average(trades.exit_time - trades.entry_time),
    )


def average(values: Ints) -> int | None:
    """The mean to the nearest whole unit, halves up; None of nothing."""
    return (2 * exact_sum(values) + len(values)) // (2 * len(values)) if len(values) else None


def payoff(pnl: Ints) -> float | None:
    """The mean win over the mean loss; None without either."""
    wins, losses = pnl[pnl > 0], pnl[pnl < 0]
    if not len(wins) or not len(losses):
        return None
    return (exact_sum(wins) / len(wins)) / (-exact_sum(losses) / len(losses))


def longest_run(holds: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """The greatest number of neighbours that all hold."""
    breaks = np.flatnonzero(~np.concatenate((np.zeros(1, np.bool_), holds, np.zeros(1, np.bool_))))
    return int(np.max(np.diff(breaks))) - 1


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
