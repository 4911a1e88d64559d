"""Small data sets for tests of sinks."""

from __future__ import annotations

import numpy as np
from flashc.runtime.market_data.bars import Bars, Dataset
from flashc.runtime.market_data.events import EventSet, Levels, Trades
from flashc.runtime.market_data.instruments import Instrument

T0 = 1_790_000_000_000_000_123


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float64)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def bars() -> Dataset:
    close = floats(10.5, 11.0)
    found = Bars(ints(T0, T0 + 60 * 10**9), close, close, close, close, floats(1, 2), n_trades=ints(3, 4))
    return Dataset("my bars", Instrument("BTC", "USDC"), "mexc.spot", 60 * 10**9, found)


def trades() -> EventSet:
    side = np.array([1, -1, 1], np.int8)
    found = Trades(ints(T0, T0, T0 + 1), ints(5, 6, 7), side, floats(10, 10.5, 11), floats(1, 2, 3), ints(8, 9, 0))
    flags = np.array([True])
    book = Levels(ints(T0), ints(4), side[:1], floats(9.5), floats(0), flags, flags, ints(1), ints(2))
    return EventSet("l2", Instrument("BTC", "USDC"), "mexc.spot", book, found)
