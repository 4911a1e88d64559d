"""Volatility and bands."""

from __future__ import annotations

from .function import Function, ticks, window

_G = "volatility"

ROWS = (
    Function("tr() -> price", _G, "True range of the bar.", "max(high - low, abs(high - close[1]), abs(low - close[1]))", True,
        ("high", "low", "close"), ticks(1), "range of prices", grid="keep", words="2", cost="8", source="Wilder 1978, TA-Lib TRANGE"),
    Function("atr(n: length = 14) -> price", _G, "Average true range.", "rma(tr(), n)", True, ("high", "low", "close"),
        (("ticks", 1), ("settle", "rma", "n")), "range of prices", words="4", cost="14",
        source="Wilder 1978, TA-Lib ATR (seeded with the first range)"),
    Function("std(x: a, n: length) -> a", _G, "Standard deviation of the last n values (population).", "sqrt(var(x, n))", True,
        warmup=window("n"), interval="deviation", words="4*ring(n)", cost="10+90*log(n)", source="TA-Lib STDDEV", float_window="n"),
    Function("var(x: a, n: length) -> a^2", _G, "Variance of the last n values (population).", "mean((x - mean(x, n))**2)", True,
        warmup=window("n"), interval="0..", words="4*ring(n)", cost="8+90*log(n)", source="TA-Lib VAR", float_window="n"),
    Function("bbands(x: a = close, n: length = 20, k: real = 2.0) -> {upper: a, mid: a, lower: a}", _G,
        "Bollinger bands: the mean and k standard deviations around it.", "mid = sma(x, n); upper, lower = mid +- k * std(x, n)",
        True, warmup=window("n"), words="4*ring(n)", cost="20+90*log(n)", source="Bollinger, TA-Lib BBANDS", float_window="n"),
    Function("zscore(x: a, n: length) -> real?", _G, "Distance from the mean in standard deviations.",
        "(x - mean(x, n)) / std(x, n)", True, warmup=window("n"), absent="x did not move for n ticks",
        words="4*ring(n)", cost="16+90*log(n)", float_window="n"),
)  # fmt: skip
