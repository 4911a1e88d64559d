"""Figures of a series of daily returns. Each function takes the returns in order, and gives None where a figure does
not exist (too few days, no loss, no variance).

A run of fewer than 7 days has no figure of a year (`metrics.measure`).
A year has 365 days: crypto trades every day. There is no risk-free rate, and every threshold is 0. Sums are exactly
rounded (`math.fsum`), so a figure depends neither on the order of additions nor on NumPy's build.

| figure       | formula | source |
|--------------|---------|--------|
| volatility   | sqrt(365) * std(r), n - 1 in the variance | |
| sharpe       | sqrt(365) * mean(r) / std(r) | Sharpe, J. Portfolio Management 21 (1994) |
| sortino      | sqrt(365) * mean(r) / sqrt(mean(min(r, 0)**2)) | Sortino, Price, J. Investing 3 (1994) |
| cagr         | prod(1 + r) ** (365 / n) - 1 | |
| calmar       | cagr / max drawdown of daily closes | Young, Futures 20 (1991) |
| omega        | sum(max(r, 0)) / sum(max(-r, 0)) | Keating, Shadwick, J. Perf. Measurement 6 (2002) |
| skew         | adjusted Fisher-Pearson G1 | Joanes, Gill, The Statistician 47 (1998) |
| kurtosis     | adjusted excess G2 | Joanes, Gill (1998) |
| value_at_risk | the 5 % quantile of r, linear between neighbours | Hyndman, Fan, Am. Stat. 50 (1996), type 7 |
| cvar         | mean of the worst floor(0.05 * (n - 1)) + 1 returns | Rockafellar, Uryasev, J. Risk 2 (2000) |
| tail_ratio   | 95 % quantile / abs(5 % quantile) | empyrical |
| ulcer_index  | sqrt(mean(d**2)), d the daily drawdowns | Martin, McCann, The Investor's Guide (1989) |
| recovery     | (prod(1 + r) - 1) / max drawdown of daily closes | |
"""

from __future__ import annotations

import math
from collections.abc import Sequence

DAYS_PER_YEAR = 365
TAIL = 0.05

Returns = Sequence[float]


def mean(values: Returns) -> float:
    return math.fsum(values) / len(values)


def deviation(returns: Returns) -> float | None:
    """Standard deviation with n - 1. Rounding noise of equal returns counts as none."""
    if len(returns) < 2 or min(returns) == max(returns):
        return None
    middle = mean(returns)
    return math.sqrt(math.fsum((r - middle) ** 2 for r in returns) / (len(returns) - 1)) or None


def volatility(returns: Returns) -> float | None:
    spread = deviation(returns)
    return 0.0 if spread is None and len(returns) > 1 else _times(spread, math.sqrt(DAYS_PER_YEAR))


def sharpe(returns: Returns) -> float | None:
    spread = deviation(returns)
    return None if spread is None else math.sqrt(DAYS_PER_YEAR) * mean(returns) / spread


def sortino(returns: Returns) -> float | None:
    if len(returns) < 2:
        return None
    downside = math.sqrt(math.fsum(min(r, 0.0) ** 2 for r in returns) / len(returns))
    return math.sqrt(DAYS_PER_YEAR) * mean(returns) / downside if downside > 0 else None


def growth(returns: Returns) -> float:
    """prod(1 + r)."""
    return math.prod((1.0 + r for r in returns), start=1.0)


def cagr(returns: Returns) -> float | None:
    """None without returns, and where the result is beyond a float (a few wild days carried to a year)."""
    total = growth(returns)
    if not returns or total < 0:
        return None
    try:
        return float(total ** (DAYS_PER_YEAR / len(returns))) - 1.0
    except OverflowError:
        return None


def drawdowns(returns: Returns) -> list[float]:
    """At each day's end the fall from the highest level so far (the start is one), as a share of it; 0 or more."""
    level = peak = 1.0
    found = []
    for r in returns:
        level *= 1.0 + r
        peak = max(peak, level)
        found.append((peak - level) / peak)
    return found


def calmar(returns: Returns) -> float | None:
    rate, depth = cagr(returns), max(drawdowns(returns), default=0.0)
    return None if rate is None or depth <= 0 else rate / depth


def recovery(returns: Returns) -> float | None:
    depth = max(drawdowns(returns), default=0.0)
    return None if depth <= 0 else (growth(returns) - 1.0) / depth


def ulcer_index(returns: Returns) -> float | None:
    return math.sqrt(math.fsum(d * d for d in drawdowns(returns)) / len(returns)) if returns else None


def omega(returns: Returns) -> float | None:
    losses = math.fsum(-r for r in returns if r < 0)
    return math.fsum(r for r in returns if r > 0) / losses if losses > 0 else None


def skew(returns: Returns) -> float | None:
    n, spread = len(returns), deviation(returns)
    if n < 3 or spread is None:
        return None
    middle = mean(returns)
    cubes = math.fsum(((r - middle) / spread) ** 3 for r in returns)
    return n / ((n - 1) * (n - 2)) * cubes


def kurtosis(returns: Returns) -> float | None:
    """Excess: 0 for a normal distribution."""
    n, spread = len(returns), deviation(returns)
    if n < 4 or spread is None:
        return None
    middle = mean(returns)
    fourth = math.fsum(((r - middle) / spread) ** 4 for r in returns)
    scale = n * (n + 1) / ((n - 1) * (n - 2) * (n - 3))
    return scale * fourth - 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))


def quantile(returns: Returns, share: float) -> float | None:
    """Linear between the two nearest order statistics."""
    if not returns:
        return None
    ordered = sorted(returns)
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def value_at_risk(returns: Returns) -> float | None:
    """A negative number is a loss: on 5 % of the days the return was at most this."""
    return quantile(returns, TAIL)


def cvar(returns: Returns) -> float | None:
    """The mean return of the worst 5 % of the days."""
    if not returns:
        return None
    return mean(sorted(returns)[: int(TAIL * (len(returns) - 1)) + 1])


def tail_ratio(returns: Returns) -> float | None:
    low, high = quantile(returns, TAIL), quantile(returns, 1 - TAIL)
    return None if low is None or high is None or low == 0 else abs(high) / abs(low)


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else factor * value
