"""Volume."""

from __future__ import annotations

from .function import Function, ticks, window

_G = "volume"

ROWS = (
    Function(
        "obv() -> qty",
        _G,
        "On-balance volume since the start of the run (its level has no meaning, its changes have).",
        "y = y[1] + volume * sign(close - close[1])",
        True,
        ("close", "volume"),
        ticks(1),
        "any",
        grid="keep",
        words="2",
        cost="8",
        source="Granville 1963, TA-Lib OBV",
        differs="starts at 0, TA-Lib with the first volume",
    ),
    Function(
        "vwap(n: length) -> price",
        _G,
        "Volume-weighted average price of the last n bars, or vwap(session); the close when none traded.",
        "sum(notional, n) / sum(volume, n)",
        True,
        ("close", "volume"),
        window("n"),
        "price",
        words="3*ring(n+1)",
        cost="24",
        source="Berkowitz, Logue and Noser 1988",
        exact_on_grid=True,
    ),
    Function(
        "vwap_session() -> price",
        _G,
        "Volume-weighted average price since 00:00 UTC, written vwap(session); the close when none traded.",
        "sum(notional) / sum(volume) over the bars that closed after 00:00 and up to now (a bar that closes at 00:00 "
        "belongs to the day before)",
        True,
        ("close", "volume"),
        (("day",),),
        "price",
        words="3",
        cost="16",
        source="Berkowitz, Logue and Noser 1988",
        exact_on_grid=True,
    ),
    Function(
        "volume_profile(n: length, bins: length = 24) -> {poc: price, vah: price, val: price}",
        _G,
        "Volume by price over n bars: middle of the fullest of equal bins, ends of the 70 % area around it.",
        "bins of min(low, n) .. max(high, n); a bar's volume counts at (high + low + close) / 3; poc: the lowest of "
        "equally full bins; the area grows by the fuller neighbour (above if equal) until it holds 70 %; all three are "
        "the close when none traded",
        True,
        ("high", "low", "close", "volume"),
        window("n"),
        words="128+6*ring(n)",
        cost="300+8*n+48*log(n)",
        source="Steidlmayer 1984, Dalton 1990",
        most=(("bins", 64),),
    ),
    Function(
        "ad() -> qty",
        _G,
        "Accumulation/distribution line since the start of the run (its level has no meaning, its changes have).",
        "y = y[1] + volume * ((close - low) - (high - close)) / (high - low); unchanged while high = low",
        True,
        ("high", "low", "close", "volume"),
        words="1",
        cost="16",
        source="Chaikin, TA-Lib AD",
    ),
    Function(
        "cmf(n: length = 20) -> real",
        _G,
        "Chaikin money flow, -1 (closes at the lows) to 1 (at the highs), weighted by volume; 0 when none traded.",
        "sum(volume * ((close - low) - (high - close)) / (high - low), n) / sum(volume, n)",
        True,
        ("high", "low", "close", "volume"),
        window("n"),
        "-1..1",
        words="3*ring(n)",
        cost="24+24*log(n)",
        source="Chaikin",
        float_window="n",
    ),
)
