"""Values after warm-up agree with TA-Lib to 1e-9, on random bars and on real ones where they are at hand.

Relative: to the value, or to the mean size of the series where a value is near 0. Recurrences have other seeds, so only
the last bars are compared, by when a seed weighs less than 1e-11. What differs is listed in `differs` of the library's
rows. Real bars are Parquet files (ts, open, high, low, close, volume) in the folder FLASHC_REAL_DATA, or in
`shared/data/real` beside the repository.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from flashc.compiler.library.table import FUNCTIONS
from flashc.cython_core.layout import FLAG_INSTANT_END, KIND_BAR, head
from numpy.typing import NDArray
from support.library_series import MINUTE, Bars, random_bars, series

talib = pytest.importorskip("talib")

Column = NDArray[np.float64]
REAL = Path(os.environ.get("FLASHC_REAL_DATA", Path(__file__).resolve().parents[3] / "shared" / "data" / "real"))
FILES = sorted(REAL.glob("*_1m_*.parquet"))
CHOSEN = [
    next((f for f in FILES if part in f.name), None) for part in ("btc-usdt_binance_1m_2025-05", "btc-usdc_bybit")
]
COUNT, LONGEST, COMPARED = 1500, 4000, 300  # bars; kama needs the most to settle


class Peer:
    """TA-Lib's functions over the columns of some bars."""

    def __init__(self, bars: Bars) -> None:
        names = ("open", "high", "low", "close", "volume")
        self.o, self.h, self.l, self.c, self.v = (np.array(getattr(bars, name), dtype=np.float64) for name in names)
        ticks = np.array(bars.records, dtype=np.float64)
        self.ticks = tuple(ticks[:, k] for k in (3, 4, 5, 6))  # high, low, close, volume in whole numbers
        self.centred = self.c - self.c.mean()  # TA-Lib subtracts squares of means: near 0 it loses fewer digits

    def stoch(self, which: int) -> Column:
        lengths = {"fastk_period": 14, "slowk_period": 3, "slowd_period": 3}
        found: Column = talib.STOCH(self.h, self.l, self.c, slowk_matype=0, slowd_matype=0, **lengths)[which]
        return found


def _bars(name: str) -> Callable[[Peer], Column]:
    """A function of high, low, close and 14."""
    return lambda p: getattr(talib, name)(p.h, p.l, p.c, 14)


PEERS: dict[str, Callable[[Peer], Column]] = {
    "sma(close, 20)": lambda p: talib.SMA(p.c, 20),
    "sma(close / 3.0, 100)": lambda p: talib.SMA(p.c / 3.0, 100),
    "ema(close, 10)": lambda p: talib.EMA(p.c, 10),
    "wma(close, 9)": lambda p: talib.WMA(p.c, 9),
    "dema(close, 10)": lambda p: talib.DEMA(p.c, 10),
    "tema(close, 10)": lambda p: talib.TEMA(p.c, 10),
    "kama(close, 10)": lambda p: talib.KAMA(p.c, 10),
    "linreg(close, 12)": lambda p: talib.LINEARREG(p.c, 12),
    "slope(close, 12)": lambda p: talib.LINEARREG_SLOPE(p.c, 12),
    "sum(volume, 7)": lambda p: talib.SUM(p.v, 7),
    "min(low, 15)": lambda p: talib.MIN(p.l, 15),
    "max(high, 100)": lambda p: talib.MAX(p.h, 100),
    "rsi(close, 14)": lambda p: talib.RSI(p.c, 14),
    "stoch(14, 3, 3).k": lambda p: p.stoch(0),
    "stoch(14, 3, 3).d": lambda p: p.stoch(1),
    "cci(20)": lambda p: talib.CCI(p.h, p.l, p.c, 20),
    "macd(close).line": lambda p: talib.MACD(p.c)[0],
    "macd(close).signal": lambda p: talib.MACD(p.c)[1],
    "macd(close).hist": lambda p: talib.MACD(p.c)[2],
    "roc(close, 10)": lambda p: talib.ROC(p.c, 10),
    "mom(close, 10)": lambda p: talib.MOM(p.c, 10),
    "willr(14)": _bars("WILLR"),
    "mfi(14)": lambda p: talib.MFI(*p.ticks, 14),
    "adx(14)": _bars("ADX"),
    "dmi(14).plus": _bars("PLUS_DI"),
    "dmi(14).minus": _bars("MINUS_DI"),
    "dmi(14).dx": _bars("DX"),
    "aroon(14).up": lambda p: talib.AROON(p.h, p.l, 14)[1],
    "aroon(14).down": lambda p: talib.AROON(p.h, p.l, 14)[0],
    "aroon(25).osc": lambda p: talib.AROONOSC(p.h, p.l, 25),
    "std(close, 20)": lambda p: talib.STDDEV(p.centred, 20, 1.0),
    "std(close / 3.0, 100)": lambda p: talib.STDDEV(p.centred / 3.0, 100, 1.0),
    "var(close, 20)": lambda p: talib.VAR(p.centred, 20, 1.0),
    "atr(14)": _bars("ATR"),
    "tr()": lambda p: talib.TRANGE(p.h, p.l, p.c),
    "bbands(close, 20).upper": lambda p: talib.BBANDS(p.c, 20, 2.0, 2.0)[0],
    "bbands(close, 20).mid": lambda p: talib.BBANDS(p.c, 20, 2.0, 2.0)[1],
    "bbands(close, 20).lower": lambda p: talib.BBANDS(p.c, 20, 2.0, 2.0)[2],
    "donchian(20).upper": lambda p: talib.MAX(p.h, 20),
    "donchian(20).mid": lambda p: talib.MIDPRICE(p.h, p.l, 20),
    "donchian(20).lower": lambda p: talib.MIN(p.l, 20),
    "obv()": lambda p: talib.OBV(p.c, p.v) - p.v[0],
    "ad()": lambda p: talib.AD(p.h, p.l, p.c, p.v),
}


@cache
def real_bars(file: Path | None) -> Bars:
    """The first bars of a file on a grid of 0.01 and 10**-6, one minute apart (gaps are closed)."""
    if file is None:
        pytest.skip("no real bars at hand")
    import polars as pl

    table = pl.read_parquet(file).head(LONGEST)
    prices = (table.select("open", "high", "low", "close").to_numpy() * 100).round().astype(np.int64)
    lots = (table["volume"].to_numpy() * 1e6).round().astype(np.int64)
    start = int(table["ts"][0]) // 60_000 * MINUTE
    mark = head(KIND_BAR, FLAG_INSTANT_END, 0, 1)
    rows = [
        [start + k * MINUTE, mark, *p, int(v), p[3] * int(v)]
        for k, (p, v) in enumerate(zip(prices.tolist(), lots, strict=True))
    ]
    columns = [[row[word] / 100 for row in rows] for word in (2, 3, 4, 5)]
    return Bars([row[0] for row in rows], *columns, [row[6] / 1e6 for row in rows], rows)


@cache
def some_bars() -> Bars:
    return random_bars(LONGEST, seed=11)


def compare(expression: str, bars: Bars) -> None:
    if "kama" not in expression:
        bars = Bars(*(getattr(bars, column)[:COUNT] for column in Bars.__dataclass_fields__))
    found = series(expression, bars)[-COMPARED:]
    expected = PEERS[expression](Peer(bars))[-COMPARED:]
    assert None not in found, "not armed"
    error = np.abs(np.array(found, dtype=np.float64) - expected)
    scale = np.maximum(np.abs(expected), np.abs(expected).mean())
    worst = int((error / np.where(scale > 0, scale, 1.0)).argmax())
    assert (error <= 1e-9 * scale).all(), f"{found[worst]} != {expected[worst]}"


@pytest.mark.parametrize("expression", PEERS)
def test_values_on_random_bars_agree_with_talib(expression: str) -> None:
    compare(expression, some_bars())


@pytest.mark.parametrize("file", CHOSEN, ids=lambda file: file.stem if file else "absent")
@pytest.mark.parametrize("expression", PEERS)
def test_values_on_real_bars_agree_with_talib(expression: str, file: Path | None) -> None:
    compare(expression, real_bars(file))


def test_every_row_that_names_talib_is_compared() -> None:
    compared = " ".join(PEERS)
    named = {row.name for row in FUNCTIONS.values() if "TA-Lib" in row.source and row.group not in ("statistics",)}
    assert {name for name in named if f"{name}(" not in compared} == set()


def test_the_comparison_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PEERS, "sma(close, 20)", lambda p: talib.SMA(p.c, 21))
    with pytest.raises(AssertionError, match="!="):
        compare("sma(close, 20)", some_bars())
