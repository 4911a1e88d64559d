"""Logic and time."""

from __future__ import annotations

from .function import Function, lag, ticks, window

_G = "logic and time"

ROWS = (
    Function("cross_up(a: a, b: a) -> bool", _G, "a was at or below b one tick ago and is above it now.",
        "a > b and a[1] <= b[1]", True, warmup=ticks(1), interval="bool", words="2", cost="6"),
    Function("cross_dn(a: a, b: a) -> bool", _G, "a was at or above b one tick ago and is below it now.",
        "a < b and a[1] >= b[1]", True, warmup=ticks(1), interval="bool", words="2", cost="6"),
    Function("rising(x: a, n: length = 1) -> bool", _G, "x rose on each of the last n ticks.", "x > x[1] and x[1] > x[2] ... n times",
        True, warmup=lag("n"), interval="bool", words="2", cost="6"),
    Function("falling(x: a, n: length = 1) -> bool", _G, "x fell on each of the last n ticks.", "x < x[1] and x[1] < x[2] ... n times",
        True, warmup=lag("n"), interval="bool", words="2", cost="6"),
    Function("since(cond: bool) -> int?", _G, "Ticks since cond last held (0 when it holds now).", "k with cond[k], the least", True,
        interval="0..", absent="cond has not held yet", words="1", cost="5"),
    Function("count(cond: bool, n: length) -> int", _G, "On how many of the last n ticks cond held, or over a time.",
        "sum(1 if cond[k], k = 0..n-1)", True, warmup=window("n"), interval="count", words="2*ring(n)", cost="4+24*log(n)",
        over_time=True, exact_on_grid=True),
    Function("bucket(t: time, size: duration) -> time", _G, "The start of the period of length size that t lies in (UTC).",
        "t - t mod size", cost="4"),
    Function("session(from: duration, to: duration) -> bool", _G, "The time of day (UTC) lies in [from, to); may pass midnight.",
        "from <= now mod 24h < to", implicit=("now",), interval="bool", cost="8"),
    Function("hour(t: time = now) -> int", _G, "Hour of the day, 0 to 23 (UTC).", "t mod 24h // 1h", interval="0..23", cost="6"),
    Function("weekday(t: time = now) -> int", _G, "Day of the week, Monday 1 to Sunday 7 (UTC).", "(t // 24h + 3) mod 7 + 1",
        interval="1..7", cost="6"),
    Function("age(x: any) -> duration?", _G, "Time since x last ticked.", "now - time of the last tick of x", interval="0..",
        absent="x has not ticked yet", words="1", cost="3"),
)  # fmt: skip
