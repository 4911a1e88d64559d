"""Every library function against a slow, plain definition over the whole history of bars."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from flashc.compiler.lower.library import LIBRARY
from flashc.compiler.passes import PASSES
from support.library_series import MINUTE, Bars, compile_text, random_bars, series, strategy

Values = Sequence[float]
Definition = Callable[[Bars, int], float | None]


def window(x: Values, k: int, n: int) -> list[float]:
    return list(x[k - n + 1 : k + 1])


def smooth(x: Values, alpha: float) -> list[float]:
    out: list[float] = []
    for value in x:
        out.append(value if not out else out[-1] + alpha * (value - out[-1]))
    return out


def mean(x: Values) -> float:
    return math.fsum(x) / len(x)


def std(x: Values) -> float:
    m = mean(x)
    return math.sqrt(math.fsum((v - m) ** 2 for v in x) / len(x))


def wma(x: Values) -> float:
    return math.fsum((i + 1) * v for i, v in enumerate(x)) / (len(x) * (len(x) + 1) / 2)


def true_ranges(b: Bars) -> list[float]:
    first = [b.high[0] - b.low[0]]
    rest = [max(h - lo, abs(h - c), abs(lo - c)) for h, lo, c in zip(b.high[1:], b.low[1:], b.close[:-1], strict=True)]
    return first + rest


def rsi(x: Values, n: int) -> list[float]:
    steps = [0.0] + [b - a for a, b in itertools.pairwise(x)]
    up, down = smooth([max(s, 0) for s in steps[1:]], 1 / n), smooth([max(-s, 0) for s in steps[1:]], 1 / n)
    return [50.0] + [100 * u / (u + d) if u + d else 50.0 for u, d in zip(up, down, strict=True)]


def stoch_raw(b: Bars, k: int, n: int) -> float:
    top, bottom = max(window(b.high, k, n)), min(window(b.low, k, n))
    return 100 * (b.close[k] - bottom) / (top - bottom) if top > bottom else 50.0


def regression(x: Values) -> tuple[float, float]:
    n = len(x)
    mi, mx = (n - 1) / 2, mean(x)
    s = math.fsum((i - mi) * (v - mx) for i, v in enumerate(x)) / math.fsum((i - mi) ** 2 for i in range(n))
    return s, mx + s * (n - 1 - mi)


def hma(b: Bars, k: int) -> float:
    raw = [2 * wma(window(b.close, j, 8)) - wma(window(b.close, j, 16)) for j in range(k - 3, k + 1)]
    return wma(raw)


def efficiency(x: Values, k: int, n: int) -> float | None:
    path = math.fsum(abs(x[j] - x[j - 1]) for j in range(k - n + 1, k + 1))
    return abs(x[k] - x[k - n]) / path if path else None


def kama(b: Bars) -> list[float]:
    fast, slow = 2 / 3, 2 / 31
    out = b.close[:11]
    for k in range(11, len(b.close)):
        weight = (efficiency(b.close, k, 10) or 0.0) * (fast - slow) + slow
        out.append(out[-1] + weight**2 * (b.close[k] - out[-1]))
    return out


def kept(b: Bars, k: int, which: Callable[..., int]) -> float:
    held = [j for j in range(k + 1) if b.close[j] > b.open[j]]
    return b.close[which(held)] if held else 0.0


def hysteresis(b: Bars, on: float, off: float) -> list[bool]:
    state, out = False, []
    for close in b.close:
        state = close > on or (state and close >= off)
        out.append(state)
    return out


def obv(b: Bars) -> list[float]:
    total, out = 0.0, [0.0]
    for k in range(1, len(b.close)):
        step = b.volume[k] if b.close[k] > b.close[k - 1] else -b.volume[k] if b.close[k] < b.close[k - 1] else 0.0
        out.append(total := total + step)
    return out


def vwap(b: Bars, k: int, n: int) -> float:
    volume = math.fsum(window(b.volume, k, n))
    value = math.fsum(r[5] / 100 * r[6] / 1e6 for r in b.records[k - n + 1 : k + 1])
    return value / volume if volume else b.close[k]


def vwma(b: Bars, k: int, n: int) -> float:
    weight = math.fsum(window(b.volume, k, n))
    if not weight:
        return b.close[k]
    return math.fsum(c * v for c, v in zip(window(b.close, k, n), window(b.volume, k, n), strict=True)) / weight


def cci(b: Bars, k: int, n: int) -> float:
    typical = [(h + lo + c) / 3 for h, lo, c in zip(b.high, b.low, b.close, strict=True)]
    w = window(typical, k, n)
    spread = mean([abs(v - mean(w)) for v in w])
    return (typical[k] - mean(w)) / (0.015 * spread) if spread > 1e-9 else 0.0


def bb(b: Bars, k: int, side: int) -> float:
    w = window(b.close, k, 20)
    return mean(w) + side * 2 * std(w)


def macd(b: Bars) -> tuple[list[float], list[float]]:
    line = [f - s for f, s in zip(smooth(b.close, 2 / 13), smooth(b.close, 2 / 27), strict=True)]
    return line, smooth(line, 2 / 10)


def chain(b: Bars, depth: int) -> list[list[float]]:
    out = [smooth(b.close, 2 / 11)]
    while len(out) < depth:
        out.append(smooth(out[-1], 2 / 11))
    return out


DEFINITIONS: dict[str, Definition] = {
    "sma(close, len)": lambda b, k: mean(window(b.close, k, 10)),
    "mean(open - low, 5)": lambda b, k: mean(
        [o - lo for o, lo in zip(window(b.open, k, 5), window(b.low, k, 5), strict=True)]
    ),
    "sma(close / 3.0, 100)": lambda b, k: mean([v / 3 for v in window(b.close, k, 100)]),
    "sum(volume, 7)": lambda b, k: math.fsum(window(b.volume, k, 7)),
    "sum(close / 3.0, 12)": lambda b, k: math.fsum(v / 3 for v in window(b.close, k, 12)),
    "ema(close, 10)": lambda b, k: smooth(b.close, 2 / 11)[k],
    "ema(close, len)": lambda b, k: smooth(b.close, 2 / 11)[k],
    "rma(close, 10)": lambda b, k: smooth(b.close, 1 / 10)[k],
    "dema(close, 10)": lambda b, k: 2 * chain(b, 2)[0][k] - chain(b, 2)[1][k],
    "tema(close, 10)": lambda b, k: 3 * chain(b, 3)[0][k] - 3 * chain(b, 3)[1][k] + chain(b, 3)[2][k],
    "wma(close, 9)": lambda b, k: wma(window(b.close, k, 9)),
    "hma(close, 16)": hma,
    "vwma(close, 5)": lambda b, k: vwma(b, k, 5),
    "linreg(close, 12)": lambda b, k: regression(window(b.close, k, 12))[1],
    "efficiency(close, 12)": lambda b, k: efficiency(b.close, k, 12) or 0.0,
    "change(close, 3)": lambda b, k: b.close[k] - b.close[k - 3],
    "mom(close, 10)": lambda b, k: b.close[k] - b.close[k - 10],
    "roc(close, 10)": lambda b, k: 100 * (b.close[k] / b.close[k - 10] - 1),
    "ret(close, 4)": lambda b, k: b.close[k] / b.close[k - 4] - 1,
    "rsi(close, 14)": lambda b, k: rsi(b.close, 14)[k],
    "macd(close).line": lambda b, k: macd(b)[0][k],
    "macd(close).signal": lambda b, k: macd(b)[1][k],
    "macd(close).hist": lambda b, k: macd(b)[0][k] - macd(b)[1][k],
    "stoch(14, 3, 3).k": lambda b, k: mean([stoch_raw(b, j, 14) for j in range(k - 2, k + 1)]),
    "stoch(14, 3, 3).d": lambda b, k: mean(
        [mean([stoch_raw(b, j, 14) for j in range(i - 2, i + 1)]) for i in range(k - 2, k + 1)]
    ),
    "cci(20)": lambda b, k: cci(b, k, 20),
    "tr()": lambda b, k: true_ranges(b)[k],
    "atr(14)": lambda b, k: smooth(true_ranges(b)[1:], 1 / 14)[k - 1],
    "std(close, 20)": lambda b, k: std(window(b.close, k, 20)),
    "std(close, 100)": lambda b, k: std(window(b.close, k, 100)),
    "var(close, 20)": lambda b, k: std(window(b.close, k, 20)) ** 2,
    "zscore(close, 20) ?? 0.0": lambda b, k: (
        (b.close[k] - mean(window(b.close, k, 20))) / (std(window(b.close, k, 20)) or 1)
    ),
    "bbands(close, 20).upper": lambda b, k: bb(b, k, 1),
    "bbands(close, 20).mid": lambda b, k: bb(b, k, 0),
    "bbands(close, 20).lower": lambda b, k: bb(b, k, -1),
    "obv()": lambda b, k: obv(b)[k],
    "vwap(10)": lambda b, k: vwap(b, k, 10),
    "vwap": lambda b, k: vwap(b, k, 1),
    "min(low, 15)": lambda b, k: min(window(b.low, k, 15)),
    "max(high, 15)": lambda b, k: max(window(b.high, k, 15)),
    "max(high, 100)": lambda b, k: max(window(b.high, k, 100)),
    "min(close / 3.0, 100)": lambda b, k: min(v / 3 for v in window(b.close, k, 100)),
    "close[3]": lambda b, k: b.close[k - 3],
    "close[len]": lambda b, k: b.close[k - 10],
    "cross_up(close, open[2])": lambda b, k: b.close[k] > b.open[k - 2] and b.close[k - 1] <= b.open[k - 3],
    "cross_dn(close, open[2])": lambda b, k: b.close[k] < b.open[k - 2] and b.close[k - 1] >= b.open[k - 3],
    "kama(close, 10)": lambda b, k: kama(b)[k],
    "rising(close, 2)": lambda b, k: b.close[k] > b.close[k - 1] > b.close[k - 2],
    "falling(close, 2)": lambda b, k: b.close[k] < b.close[k - 1] < b.close[k - 2],
    "count(close > open, 10)": lambda b, k: sum(
        c > o for c, o in zip(window(b.close, k, 10), window(b.open, k, 10), strict=True)
    ),
    "(first(close, close > open) ?? 0 USDC/BTC)": lambda b, k: kept(b, k, min),
    "(last(close, close > open) ?? 0 USDC/BTC)": lambda b, k: kept(b, k, max),
    "debounce(close > open, 2)": lambda b, k: all(b.close[j] > b.open[j] for j in (k - 1, k)),
    "hysteresis(close, 60_500 USDC/BTC, 59_500 USDC/BTC)": lambda b, k: hysteresis(b, 60500.0, 59500.0)[k],
    "hold_for(close > open, 2m)": lambda b, k: k >= 2 and all(b.close[j] > b.open[j] for j in (k - 2, k - 1, k)),
    "(since(close > open) ?? -1)": lambda b, k: (
        k - max((j for j in range(k + 1) if b.close[j] > b.open[j]), default=k + 1)
    ),
    "session(22h, 5h)": lambda b, k: b.time[k] // MINUTE % 1440 >= 1320 or b.time[k] // MINUTE % 1440 < 300,
    "confirm(2, close > open, close > close[1], close > high[1])": lambda b, k: (
        k > 0 and (b.close[k] > b.open[k]) + (b.close[k] > b.close[k - 1]) + (b.close[k] > b.high[k - 1]) >= 2
    ),
    "max(close, open)": lambda b, k: max(b.close[k], b.open[k]),
    "min(close, open)": lambda b, k: min(b.close[k], b.open[k]),
    "clamp(close, 59_000 USDC/BTC, 61_000 USDC/BTC)": lambda b, k: min(max(b.close[k], 59000.0), 61000.0),
    "lerp(low, high, 0.25)": lambda b, k: b.low[k] + 0.25 * (b.high[k] - b.low[k]),
    "exp(close / open)": lambda b, k: math.exp(b.close[k] / b.open[k]),
    "log(close / open)": lambda b, k: math.log(b.close[k] / b.open[k]),
    "tanh(close / open)": lambda b, k: math.tanh(b.close[k] / b.open[k]),
    "sigmoid(close / open)": lambda b, k: 1 / (1 + math.exp(-b.close[k] / b.open[k])),
    "pow(close / open, 2.5)": lambda b, k: (b.close[k] / b.open[k]) ** 2.5,
    "sqrt(close / open)": lambda b, k: math.sqrt(b.close[k] / b.open[k]),
    "abs(close - open)": lambda b, k: abs(b.close[k] - b.open[k]),
    "floor(close / 7 USDC * 1 BTC)": lambda b, k: math.floor(b.close[k] / 7),
    "near(close, open, 10 ticks)": lambda b, k: abs(b.close[k] - b.open[k]) <= 0.1,
    "same_tick(close, open)": lambda b, k: b.close[k] == b.open[k],
    "slope(close, 12)": lambda b, k: regression(window(b.close, k, 12))[0],
    "ceil(close / 7 USDC * 1 BTC)": lambda b, k: math.ceil(b.close[k] / 7),
    "round(close / 7 USDC * 1 BTC)": lambda b, k: round(b.close[k] / 7),
    "(now - bucket(now, 15m)) / 1m": lambda b, k: b.time[k] // MINUTE % 15,
    "hour(now)": lambda b, k: b.time[k] // (60 * MINUTE) % 24,
    "weekday(now)": lambda b, k: (b.time[k] // (1440 * MINUTE) + 3) % 7 + 1,
}


#: Functions that carry a seed, which weighs less than `settle` (1e-6) when they are first read. All others are exact.
SETTLING = re.compile(r"\b(ema|rma|dema|tema|rsi|macd|atr|kama)\(")


@pytest.mark.parametrize("expression", DEFINITIONS)
@pytest.mark.parametrize("flat", [False, True], ids=["moving", "often flat"])
def test_a_function_equals_its_plain_definition_once_it_is_warm(expression: str, flat: bool) -> None:
    bars = random_bars(4000 if expression.startswith("kama") else 700, seed=5, flat=flat)
    values = series(expression, bars)
    armed = [k for k, value in enumerate(values) if value is not None]
    assert armed, "the program never armed"
    assert len(armed) == len(values) - armed[0], "once armed, always armed"
    definition = DEFINITIONS[expression]
    tolerance = 2e-6 if SETTLING.search(expression) else 1e-9
    for k in armed[:: max(1, len(armed) // 60)]:
        expected, found = definition(bars, k), values[k]
        assert expected is not None
        scale = max(abs(float(expected)), 1e-3 * bars.close[k] if tolerance > 1e-9 else 1.0)
        assert abs(float(found) - float(expected)) <= tolerance * scale, f"bar {k}: {found} != {expected}"


def test_every_lowered_function_is_tested_here_or_beside() -> None:
    named = {name.removeprefix("window_") for name in LIBRARY}
    texts = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_library*.py"))
    tested = set(re.findall(r'[("]([a-z_]+)\(', texts)) | {
        name for e in DEFINITIONS for name in re.findall(r"[a-z_]+", e)
    }
    assert named <= tested, sorted(named - tested)


def test_passes_leave_one_state_for_two_equal_averages() -> None:
    text = strategy("ema(close, 10)").replace("never: close", "again: ema(close, 10) > close\n      never: close")
    slots = [s.label for s in compile_text(text).program.slots if s.label.endswith("ema")]
    assert len(slots) == 1, slots
    assert PASSES
