"""Indicators of bars against slow, plain definitions over the whole history."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Sequence

import pytest
from support.library_series import MINUTE, Bars, compile_text, random_bars, series, strategy

Values = Sequence[float]
DAY = 1440 * MINUTE


def window(x: Values, k: int, n: int) -> list[float]:
    return list(x[k - n + 1 : k + 1])


def smooth(x: Values, alpha: float) -> list[float]:
    out: list[float] = []
    for value in x:
        out.append(value if not out else out[-1] + alpha * (value - out[-1]))
    return out


def true_range(b: Bars, k: int) -> float:
    return max(b.high[k] - b.low[k], abs(b.high[k] - b.close[k - 1]), abs(b.low[k] - b.close[k - 1]))


def atr(b: Bars, n: int) -> list[float]:
    """Of the bars from the second on, at their numbers; the first has none."""
    return [math.nan, *smooth([true_range(b, k) for k in range(1, len(b.close))], 1 / n)]


def willr(b: Bars, k: int, n: int) -> float:
    top, bottom = max(window(b.high, k, n)), min(window(b.low, k, n))
    return -100 * (top - b.close[k]) / (top - bottom) if top > bottom else -50.0


def mfi(b: Bars, k: int, n: int) -> float:
    typical = [sum(record[3:6]) for record in b.records]
    flow = [t * record[6] for t, record in zip(typical, b.records, strict=True)]
    up = sum(flow[j] for j in range(k - n + 1, k + 1) if typical[j] > typical[j - 1])
    down = sum(flow[j] for j in range(k - n + 1, k + 1) if typical[j] < typical[j - 1])
    return 100 * up / (up + down) if up + down else 50.0


def directions(b: Bars, n: int) -> list[tuple[float, float, float]]:
    rows = []
    for k in range(1, len(b.close)):
        up, down = b.high[k] - b.high[k - 1], b.low[k - 1] - b.low[k]
        plus, minus = up if up > max(down, 0) + 1e-9 else 0.0, down if down > max(up, 0) + 1e-9 else 0.0
        rows.append((plus, minus, true_range(b, k)))
    columns = [smooth(column, 1 / n) for column in zip(*rows, strict=True)]
    return [(math.nan,) * 3, *zip(*columns, strict=True)]  # type: ignore[list-item]


def dmi(b: Bars, k: int, n: int, which: int) -> float:
    plus, minus, span = directions(b, n)[k]
    if which == 2:
        return 100 * abs(plus - minus) / (plus + minus)
    return 100 * (plus, minus)[which] / span


def adx(b: Bars, k: int, n: int) -> float:
    rows = directions(b, n)[1:]
    moved = [100 * abs(p - m) / (p + m) if p + m else 0.0 for p, m, _ in rows]
    return smooth(moved, 1 / n)[k - 1]


def aroon(b: Bars, k: int, n: int) -> tuple[float, float]:
    highs, lows = window(b.high, k, n + 1)[::-1], window(b.low, k, n + 1)[::-1]
    return 100 * (n - highs.index(max(highs))) / n, 100 * (n - lows.index(min(lows))) / n


def tsi(b: Bars, k: int) -> float:
    steps = [y - x for x, y in zip(b.close[:-1], b.close[1:], strict=True)]
    above = smooth(smooth(steps, 2 / 26), 2 / 14)
    below = smooth(smooth([abs(s) for s in steps], 2 / 26), 2 / 14)
    return 100 * above[k - 1] / below[k - 1]


def keltner(b: Bars, k: int, side: int) -> float:
    return smooth(b.close, 2 / 21)[k] + side * 2 * atr(b, 10)[k]


def supertrend(b: Bars, k: int) -> tuple[float, bool]:
    ranges, line, up = atr(b, 10), 0.0, False
    lower = upper = math.nan
    for j in range(1, k + 1):
        middle = (b.high[j] + b.low[j]) / 2
        low, high, before = middle - 3 * ranges[j], middle + 3 * ranges[j], b.close[j - 1]
        lower = low if j == 1 or low > lower or before < lower else lower
        upper = high if j == 1 or high < upper or before > upper else upper
        up = j > 1 and (b.close[j] >= lower if up else b.close[j] > upper)
        line = lower if up else upper
    return line, up


def lean(b: Bars, k: int) -> float:
    span = b.high[k] - b.low[k]
    return b.volume[k] * ((b.close[k] - b.low[k]) - (b.high[k] - b.close[k])) / span if span else 0.0


def cmf(b: Bars, k: int, n: int) -> float:
    volume = math.fsum(window(b.volume, k, n))
    return math.fsum(lean(b, j) for j in range(k - n + 1, k + 1)) / volume if volume else 0.0


def session_price(b: Bars, k: int) -> float:
    rows = [r for r in b.records[: k + 1] if (r[0] - 1) // DAY == (b.time[k] - 1) // DAY]
    volume = sum(r[6] for r in rows)
    return sum(r[7] for r in rows) / volume / 100 if volume else b.close[k]


def profile(b: Bars, k: int, n: int, bins: int) -> tuple[float, float, float]:
    """(poc, vah, val), by sorting what a histogram would."""
    rows = b.records[k - n + 1 : k + 1]
    low, high = min(r[4] for r in rows), max(r[3] for r in rows)
    amounts = [0] * bins
    for r in rows:
        at = (sum(r[3:6]) - 3 * low) * bins // (3 * (high - low)) if high > low else 0
        amounts[min(at, bins - 1)] += r[6]
    if not sum(amounts):
        return (b.close[k],) * 3
    poc = first = last = amounts.index(max(amounts))
    while 10 * sum(amounts[first : last + 1]) < 7 * sum(amounts):
        above = amounts[last + 1] if last + 1 < bins else -1
        below = amounts[first - 1] if first else -1
        first, last = (first, last + 1) if above >= below else (first - 1, last)
    width = (high - low) / bins
    return tuple((low + at * width) / 100 for at in (poc + 0.5, last + 1, first))  # type: ignore[return-value]


DEFINITIONS: dict[str, Callable[[Bars, int], float]] = {
    "willr(14)": lambda b, k: willr(b, k, 14),
    "willr(90)": lambda b, k: willr(b, k, 90),
    "mfi(len)": lambda b, k: mfi(b, k, 10),
    "mfi(80)": lambda b, k: mfi(b, k, 80),
    "dmi(14).plus": lambda b, k: dmi(b, k, 14, 0),
    "dmi(14).minus": lambda b, k: dmi(b, k, 14, 1),
    "dmi(len).dx": lambda b, k: dmi(b, k, 10, 2),
    "adx(14)": lambda b, k: adx(b, k, 14),
    "aroon(14).up": lambda b, k: aroon(b, k, 14)[0],
    "aroon(len).down": lambda b, k: aroon(b, k, 10)[1],
    "aroon(70).osc": lambda b, k: aroon(b, k, 70)[0] - aroon(b, k, 70)[1],
    "tsi(close)": tsi,
    "keltner(20).upper": lambda b, k: keltner(b, k, 1),
    "keltner(20).mid": lambda b, k: keltner(b, k, 0),
    "keltner(20).lower": lambda b, k: keltner(b, k, -1),
    "donchian(20).upper": lambda b, k: max(window(b.high, k, 20)),
    "donchian(len).mid": lambda b, k: (max(window(b.high, k, 10)) + min(window(b.low, k, 10))) / 2,
    "donchian(20).lower": lambda b, k: min(window(b.low, k, 20)),
    "supertrend(10).line": lambda b, k: supertrend(b, k)[0],
    "supertrend(10).up": lambda b, k: supertrend(b, k)[1],
    "parkinson(20)": lambda b, k: math.sqrt(
        sum(math.log(h / lo) ** 2 for h, lo in zip(window(b.high, k, 20), window(b.low, k, 20), strict=True))
        / (80 * math.log(2))
    ),
    "realized_vol(90)": lambda b, k: math.sqrt(
        sum(math.log(b.close[j] / b.close[j - 1]) ** 2 for j in range(k - 89, k + 1))
    ),
    "ad()": lambda b, k: math.fsum(lean(b, j) for j in range(k + 1)),
    "cmf(20)": lambda b, k: cmf(b, k, 20),
    "vwap(session)": session_price,
    "vwap_session()": session_price,
    "volume_profile(60).poc": lambda b, k: profile(b, k, 60, 24)[0],
    "volume_profile(len, 7).vah": lambda b, k: profile(b, k, 10, 7)[1],
    "volume_profile(60, 64).val": lambda b, k: profile(b, k, 60, 64)[2],
}

#: Functions that carry a seed; all others are exact.
SETTLING = re.compile(r"\b(dmi|adx|tsi|keltner|supertrend)\(")


@pytest.mark.parametrize("expression", DEFINITIONS)
@pytest.mark.parametrize("flat", [False, True], ids=["moving", "often flat"])
def test_an_indicator_equals_its_plain_definition_once_it_is_warm(expression: str, flat: bool) -> None:
    bars = random_bars(3000 if "session" in expression else 700, seed=5, flat=flat)
    values = series(expression, bars)
    armed = [k for k, value in enumerate(values) if value is not None]
    assert armed, "the program never armed"
    tolerance = 2e-6 if SETTLING.search(expression) else 1e-9
    for k in armed[:: max(1, len(armed) // 40)]:
        expected, found = float(DEFINITIONS[expression](bars, k)), float(values[k] or 0.0)
        scale = max(abs(expected), 1e-3 * bars.close[k] if tolerance > 1e-9 else 1.0)
        assert abs(found - expected) <= tolerance * scale, f"bar {k}: {found} != {expected}"


def test_nothing_that_never_moved_gives_the_middle() -> None:
    bars = random_bars(400, seed=1)
    for record in bars.records:
        record[2:8] = [6_000_000] * 4 + [0, 0]
    middles = {"willr(14)": -50.0, "mfi(14)": 50.0, "dmi(14).dx": 0.0, "adx(5)": 0.0, "tsi(close)": 0.0, "cmf(9)": 0.0}
    middles |= {"ad()": 0.0, "parkinson(9)": 0.0, "realized_vol(9)": 0.0, "volume_profile(9).poc": 60_000.0}
    for expression, middle in middles.items():
        assert series(expression, bars)[-1] == middle, expression


def test_the_session_begins_after_midnight_and_needs_a_whole_day() -> None:
    bars = random_bars(3000, seed=2)
    values = series("vwap(session)", bars)
    assert next(k for k, value in enumerate(values) if value is not None) == 1439
    first = next(k for k in range(1440, 3000) if bars.time[k] % DAY == MINUTE)
    assert values[first] == pytest.approx(bars.records[first][7] / max(bars.records[first][6], 1) / 100)


def test_sums_of_money_beyond_64_bits_stay_right() -> None:
    bars = random_bars(60, seed=3)
    for record in bars.records:
        record[6], record[7] = 10**11, record[5] * 10**11  # a hundred thousand coins a bar
    values = series("vwap(40)", bars)
    assert values[-1] == pytest.approx(sum(bars.close[-40:]) / 40, rel=1e-14)


def test_more_than_64_bins_are_refused() -> None:
    with pytest.raises(AssertionError, match="FC0218"):
        compile_text(strategy("volume_profile(60, 65).poc"))


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8, 9, 16, 31, 64, 65, 100])
def test_extremes_of_fixed_windows_of_any_length(n: int) -> None:
    bars = random_bars(300, seed=n)
    lowest, highest = series(f"min(low, {n})", bars), series(f"max(high / 3.0, {n})", bars)
    for k in range(n - 1, 300):
        assert lowest[k] == min(window(bars.low, k, n))
        assert highest[k] == max(high / 3.0 for high in window(bars.high, k, n))


@pytest.mark.parametrize("n", [2, 7, 50, 500])
def test_the_deviation_of_ticks_is_exact_even_where_its_square_passes_64_bits(n: int) -> None:
    bars = random_bars(600, seed=n)
    rng = random.Random(n)
    for record in bars.records:
        record[2:6] = [rng.choice([1, 999_999_999, rng.randint(1, 10**9)])] * 4
    values = series(f"std(close, {n})", bars)
    for k in range(n - 1, 600, 7):
        ticks = [record[5] for record in bars.records[k - n + 1 : k + 1]]
        squares = n * sum(t * t for t in ticks) - sum(ticks) ** 2
        assert values[k] == pytest.approx(math.sqrt(squares) / (100 * n), rel=1e-15, abs=0)


def test_a_small_move_of_a_large_price_keeps_its_digits() -> None:
    bars = random_bars(60, seed=4)
    for k, record in enumerate(bars.records):
        record[2:6] = [999_999_990 + k % 2] * 4
    assert series("std(close, 20)", bars)[-1] == 0.005
    assert series("bbands(close, 20).upper", bars)[-1] == pytest.approx(9_999_999.905 + 0.01, rel=1e-15)
