"""Windows, changes and statistics."""

from __future__ import annotations

from .function import Function, lag, window

_G = "statistics"

ROWS = (
    Function("sum(x: a, n: length) -> a", _G, "Sum of the last n values, or over a time: sum(x, 10s, pane=1s).", "sum(x[0..n-1])",
        True, warmup=window("n"), interval="sum", grid="keep", words="2*ring(n)", cost="4+24*log(n)", over_time=True,
        exact_on_grid=True, float_window="n"),
    Function("mean(x: a, n: length) -> a", _G, "Mean of the last n values, or over a time.", "sum(x, n) / n",
        True, warmup=window("n"), interval="x", words="2*ring(n)", cost="4+24*log(n)", over_time=True, exact_on_grid=True,
        float_window="n"),
    Function("min(x: a, n: length) -> a", _G, "Least of the last n values, or over a time; min(a, b) is the smaller of two.",
        "min(x[0..n-1])", True, warmup=window("n"), interval="x", grid="keep", words="2*ring(n)", cost="4+24*log(n)",
        over_time=True, exact_on_grid=True, source="TA-Lib MIN"),
    Function("max(x: a, n: length) -> a", _G, "Greatest of the last n values, or over a time; max(a, b) is the larger of two.",
        "max(x[0..n-1])", True, warmup=window("n"), interval="x", grid="keep", words="2*ring(n)", cost="4+24*log(n)",
        over_time=True, exact_on_grid=True, source="TA-Lib MAX"),
    Function("argmin(x: a, n: length) -> int", _G, "How many ticks ago the least of the last n values was (the newest of equals).",
        "k with x[k] = min(x, n)", True, warmup=window("n"), interval="index", words="ring(n)", cost="4+2*n"),
    Function("argmax(x: a, n: length) -> int", _G, "How many ticks ago the greatest of the last n values was (the newest of equals).",
        "k with x[k] = max(x, n)", True, warmup=window("n"), interval="index", words="ring(n)", cost="4+2*n"),
    Function("median(x: a, n: length) -> a", _G, "Median of the last n values (the mean of the middle two if n is even).",
        "middle of sorted(x[0..n-1])", True, warmup=window("n"), interval="x", words="2*ring(n)", cost="8+2*n", float_window="n"),
    Function("efficiency(x: a, n: length) -> real", _G, "Kaufman's efficiency ratio, 0 (noise) to 1 (straight); 0 if nothing moved.",
        "abs(x - x[n]) / sum(abs(x - x[1]), n)", True, warmup=lag("n"), interval="0..1", words="2*ring(n+1)", cost="10+24*log(n)",
        source="Kaufman 1995", float_window="n"),
    Function("ret(x: a, n: length = 1) -> real", _G, "Relative change over n ticks.", "x / x[n] - 1", True, warmup=lag("n"),
        interval="return", absent="x was 0 n ticks ago", words="ring(n+1)", cost="9"),
    Function("change(x: a, n: length = 1) -> a", _G, "Change over n ticks.", "x - x[n]", True, warmup=lag("n"),
        interval="spread x", grid="keep", words="ring(n+1)", cost="5"),
    Function("slope(x: a, n: length) -> a", _G, "Slope per tick of the least-squares line through the last n values.",
        "sum((i - (n-1)/2) * x_i) / sum((i - (n-1)/2)**2), i = 0 for the oldest", True, warmup=window("n"), interval="spread x",
        words="ring(n)", cost="8+3*n", source="TA-Lib LINEARREG_SLOPE", float_window="n"),
    Function("corr(x: a, y: b, n: length) -> real?", _G, "Correlation of two series over n ticks, -1 to 1.",
        "covariance(x, y) / (std(x, n) * std(y, n))", True, warmup=window("n"), interval="-1..1",
        absent="one of the two did not move for n ticks", words="2*ring(n)", cost="20+6*n", source="TA-Lib CORREL", float_window="n"),
)  # fmt: skip
