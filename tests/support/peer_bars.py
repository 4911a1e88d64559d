"""Bars that a peer and flashc read alike, and what both did with them in the same shape."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import flashc
import numpy as np
import pytest
from numpy.typing import NDArray

Column = NDArray[np.float64]
TICKS = 100  # per quote unit


@dataclass(frozen=True, slots=True)
class Trip:
    """A round trip: when and at what price (in ticks) it began and ended, and its profit after fees."""

    entry_time: int
    entry: int
    exit_time: int
    exit: int
    pnl: float


def required(name: str) -> Any:
    """The peer's module. Where it is absent the tests are skipped; in CI, which installs it, they fail."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return import_module(name) if os.environ.get("FLASHC_NEEDS_PEERS") else pytest.importorskip(name)


def random_bars(count: int, seed: int) -> Any:
    """One-minute bars on the tick grid as a pandas frame, as backtesting.py wants it; every bar trades."""
    import pandas as pd

    rng = np.random.default_rng(seed)
    close = 6_000_000 + np.cumsum(rng.integers(-4000, 4001, count))
    first = np.concatenate(([close[0]], close[:-1])) + rng.integers(-500, 501, count)
    high = np.maximum(first, close) + rng.integers(0, 2000, count)
    low = np.minimum(first, close) - rng.integers(0, 2000, count)
    index = pd.date_range("2024-01-01", periods=count, freq="1min")
    columns = {"Open": first, "High": high, "Low": low, "Close": close}
    frame = pd.DataFrame({name: ticks / TICKS for name, ticks in columns.items()}, index=index)
    return frame.assign(Volume=10.0)


def run(text: str, frame: Any, fees: float = 0.0, **params: Any) -> flashc.Result:
    """flashc's run of a strategy text. Decision times are closes; the peers name bars by their opens."""
    return flashc.loads(text).backtest(frame, fees=fees, **params)


def trips(result: flashc.Result) -> list[Trip]:
    """Finished round trips of a flashc run."""
    t = result.trades
    columns = [t[name].to_physical().to_list() for name in ("entry_time", "exit_time")]
    prices = [(t[name] * TICKS).round().cast(int).to_list() for name in ("entry_price", "exit_price")]
    rows = zip(columns[0], prices[0], columns[1], prices[1], t["pnl"].to_list(), strict=True)
    return [Trip(*row) for row in rows]


def first_decision(result: flashc.Result) -> int:
    """The number of the bar at whose close rules were evaluated first."""
    return int((result.decisions["reason"] != "not_armed").arg_max() or 0)


def ns(times: Any) -> list[int]:
    """Epoch ns of pandas times."""
    return [int(value) for value in times.to_numpy().astype("datetime64[ns]").astype(np.int64)]


def ticks(prices: Any) -> list[int]:
    return [int(value) for value in np.rint(np.asarray(prices) * TICKS)]


def differing(ours: list[Trip], theirs: list[Trip], tolerance: float = 1e-4) -> str:
    """The first difference in words, or an empty text. Times, prices and their number must be equal; profits nearly,
    because peers add in doubles."""
    for number, (a, b) in enumerate(zip(ours, theirs, strict=False)):
        same = (a.entry_time, a.entry, a.exit_time, a.exit) == (b.entry_time, b.entry, b.exit_time, b.exit)
        if not same or abs(a.pnl - b.pnl) > tolerance:
            return f"trip {number}: flashc {a}, peer {b}"
    return "" if len(ours) == len(theirs) else f"flashc {len(ours)} trips, peer {len(theirs)}"


def wilder(values: Column, length: int) -> Column:
    """Wilder's average, begun at its first value."""
    found, weight = np.empty_like(values), 1.0 / length
    found[0] = values[0]
    for k in range(1, len(values)):
        found[k] = found[k - 1] + weight * (values[k] - found[k - 1])
    return found


def rsi(close: Column, length: int) -> Column:
    """Wilder's RSI in points; NaN at the first bar."""
    step = np.diff(close)
    up, down = wilder(np.maximum(step, 0.0), length), wilder(np.maximum(-step, 0.0), length)
    return np.concatenate(([np.nan], 100 * up / (up + down)))


EMA_CROSS = """\
flash: 1
strategy: ema_cross
trade: BTC/USDC
decide: 1m
capital: {start: 10000000 USDC}
let:
  quick: ema(close, 12)
  calm:  ema(close, 26)
entries:
  long: cross_up(quick, calm)
exits:
  out: cross_dn(quick, calm)
size: 1 BTC
"""
