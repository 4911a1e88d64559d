"""Momentum and oscillators."""

from __future__ import annotations

from .function import Function, lag, window

_G = "momentum"

ROWS = (
    Function("rsi(x: a = close, n: length = 14) -> real", _G, "Relative strength index, 0 to 100; 50 when nothing moved.",
        "100 * up / (up + down) with up, down = rma of the gains, of the losses of x - x[1]", True,
        warmup=(("ticks", 1), ("settle", "rma", "n")), interval="0..100", words="5", cost="18",
        source="Wilder 1978, TA-Lib RSI (seeded with the first change; TA-Lib: 0 when nothing moved)"),
    Function("stoch(k: length = 14, d: length = 3, smooth: length = 3) -> {k: real, d: real}", _G,
        "Stochastic oscillator of the bar, 0 to 100; 50 while high = low.",
        "raw = 100 * (close - min(low, k)) / (max(high, k) - min(low, k)); k = sma(raw, smooth); d = sma(k, d)", True,
        ("high", "low", "close"), (("window", "k"), ("window", "smooth"), ("window", "d")), "0..100",
        words="4*ring(k)+2*ring(smooth)+2*ring(d)", cost="30+72*log(k)+24*log(smooth)+24*log(d)",
        source="TA-Lib STOCH (flat ranges: TA-Lib gives 0)", float_window="k"),
    Function("macd(x: a = close, fast: length = 12, slow: length = 26, signal: length = 9) -> {line: a, signal: a, hist: a}", _G,
        "Distance of two exponential averages, its own average, and their difference.",
        "line = ema(x, fast) - ema(x, slow); signal = ema(line, signal); hist = line - signal", True,
        warmup=(("longer", ("settle", "ema", "fast"), ("settle", "ema", "slow")), ("settle", "ema", "signal")),
        interval="spread x", words="6", cost="14", source="TA-Lib MACD (seeding as ema)"),
    Function("cci(n: length = 20) -> real", _G, "Commodity channel index of the typical price; 0 while it does not move.",
        "(tp - sma(tp, n)) / (0.015 * mean absolute deviation of tp) with tp = (high + low + close) / 3", True,
        ("high", "low", "close"), window("n"), words="ring(n)", cost="10+3*n", source="TA-Lib CCI", float_window="n"),
    Function("roc(x: a = close, n: length = 10) -> real", _G, "Change over n ticks in per cent.", "100 * (x / x[n] - 1)", True,
        warmup=lag("n"), interval="return", absent="x was 0 n ticks ago", words="ring(n+1)", cost="10", source="TA-Lib ROC"),
    Function("mom(x: a = close, n: length = 10) -> a", _G, "Change over n ticks.", "x - x[n]", True, warmup=lag("n"),
        interval="spread x", grid="keep", words="ring(n+1)", cost="5", source="TA-Lib MOM"),
)  # fmt: skip
