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
        source="TA-Lib OBV (starts at 0; TA-Lib with the first volume)",
    ),
    Function(
        "vwap(n: length) -> price",
        _G,
        "Volume-weighted average price of the last n bars; the close when none traded.",
        "sum(notional, n) / sum(volume, n)",
        True,
        ("close", "volume"),
        window("n"),
        "price",
        words="2*ring(n)",
        cost="12",
        exact_on_grid=True,
    ),
)
