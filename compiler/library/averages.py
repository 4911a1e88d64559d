"""Averages and trend lines."""

from __future__ import annotations

from .function import Function, settle, window

_G = "averages"

ROWS = (
    Function("sma(x: a, n: length) -> a", _G, "Mean of the last n values.", "sum(x[0..n-1]) / n",
        True, warmup=window("n"), interval="x", words="2*ring(n)", cost="4+24*log(n)", source="TA-Lib SMA",
        exact_on_grid=True, float_window="n"),
    Function("ema(x: a, n: length) -> a", _G, "Exponential average; n sets the weight 2 / (n + 1).",
        "y = y[1] + 2 / (n + 1) * (x - y[1]); the first value seeds it", True, warmup=settle("ema", "n"), interval="x",
        words="2", cost="4", source="TA-Lib EMA (seeded with the first value, TA-Lib with the first mean)"),
    Function("rma(x: a, n: length) -> a", _G, "Wilder's average: an exponential average with weight 1 / n.",
        "y = y[1] + (x - y[1]) / n; the first value seeds it", True, warmup=settle("rma", "n"), interval="x",
        words="2", cost="4", source="Wilder 1978"),
    Function("wma(x: a, n: length) -> a", _G, "Linearly weighted mean; the newest value weighs n, the oldest 1.",
        "sum((n - k) * x[k]) / (n * (n + 1) / 2)", True, warmup=window("n"), interval="x",
        words="ring(n)", cost="4+2*n", source="TA-Lib WMA", float_window="n"),
    Function("dema(x: a, n: length) -> a", _G, "Double exponential average: less lag than ema.",
        "2 * ema(x, n) - ema(ema(x, n), n)", True, warmup=settle("ema", "n", 2), interval="around x",
        words="4", cost="11", source="TA-Lib DEMA"),
    Function("tema(x: a, n: length) -> a", _G, "Triple exponential average: less lag still.",
        "3 * e1 - 3 * e2 + e3 with e1 = ema(x, n), e2 = ema(e1, n), e3 = ema(e2, n)", True,
        warmup=settle("ema", "n", 3), interval="around x", words="6", cost="17", source="TA-Lib TEMA"),
    Function("hma(x: a, n: length) -> a", _G, "Hull's average: weighted means arranged to cancel lag.",
        "wma(2 * wma(x, n // 2) - wma(x, n), floor(sqrt(n)))", True, warmup=(("window", "n"), ("root", "n")),
        interval="around x", words="3*ring(n)", cost="12+4*n", source="Hull 2005", float_window="n"),
    Function("kama(x: a, n: length = 10) -> a", _G,
        "Kaufman's adaptive average: fast in trends, slow in noise.",
        "y = y[1] + (efficiency(x, n) * (2/3 - 2/31) + 2/31)**2 * (x - y[1])", True,
        warmup=(("lag", "n"), ("settled", "kama", 30)), interval="x", words="2+ring(n+1)", cost="12+2*n",
        source="TA-Lib KAMA", float_window="n"),
    Function("vwma(x: a, n: length) -> a", _G, "Mean of the last n values weighted by volume; the newest value when none traded.",
        "sum(x * volume) / sum(volume) over n; x where the volume is 0", True, ("volume",), window("n"),
        interval="x", words="4*ring(n)", cost="8+72*log(n)", float_window="n"),
    Function("linreg(x: a, n: length) -> a", _G, "End point of the least-squares line through the last n values.",
        "mean + slope * (n - 1) / 2", True, warmup=window("n"), interval="around x", words="ring(n)", cost="8+3*n",
        source="TA-Lib LINREG", float_window="n"),
)  # fmt: skip
