"""Trade flow: who trades, how much and how fast. Sides are the aggressor's, as the venue reports them.

All but `cvd` and `vpin` are written in terms of windows (`frontend/flow.py`), over the last n trades or over a time.
"""

from __future__ import annotations

from .function import Function, window

_G = "trade flow"

ROWS = (
    Function(
        "signed_volume(n: length) -> qty",
        _G,
        "Bought less sold quantity of the last n trades, or over a time: signed_volume(10s, pane=1s).",
        "sum(trade.signed_qty, n)",
        True,
        warmup=window("n"),
        interval="any",
        grid="keep",
        words="2*ring(n)",
        cost="8",
        over_time=True,
    ),
    Function(
        "trade_rate(time: duration) -> real",
        _G,
        "Trades per second over a time, as of the last trade: trade_rate(10s, pane=1s).",
        "count(every trade, time) / (time / 1s)",
        True,
        interval="0..",
        words="0",
        cost="40",
        over_time=True,
    ),
    Function(
        "buy_share(n: length) -> real?",
        _G,
        "Share of the traded quantity that buyers took, 0 to 1, of the last n trades or over a time.",
        "sum(trade.qty of buyers, n) / sum(trade.qty, n)",
        True,
        warmup=window("n"),
        interval="0..1",
        absent="nothing traded in that time",
        words="4*ring(n)",
        cost="20",
        over_time=True,
    ),
    Function(
        "large_trades(size: qty, n: length) -> int",
        _G,
        "How many of the last n trades, or of those in a time, are of at least that size.",
        "count(trade.qty >= size, n)",
        True,
        warmup=window("n"),
        interval="count",
        words="2*ring(n)",
        cost="10",
        over_time=True,
    ),
    Function(
        "cvd() -> qty",
        _G,
        "Cumulative volume delta: bought less sold quantity since the start.",
        "y[1] + trade.signed_qty",
        True,
        implicit=("trade.signed_qty",),
        interval="any",
        grid="keep",
        words="1",
        cost="3",
    ),
    Function(
        "vpin(bucket: qty, n: length = 50) -> real?",
        _G,
        "How one-sided trading was, 0 to 1: trades fill buckets of equal volume, the last n full ones count.",
        "sum(abs(bought - sold) of a bucket, last n buckets) / (n * bucket)",
        True,
        implicit=("trade.signed_qty",),
        interval="0..1",
        absent="fewer than n buckets are full",
        words="4+ring(n+1)",
        cost="60",
        source="Easley, Lopez de Prado and O'Hara 2012, with the venue's sides instead of classified volume",
    ),
)

#: Rows that the front end writes as windows.
WINDOWS = frozenset({"signed_volume", "trade_rate", "buy_share", "large_trades"})
