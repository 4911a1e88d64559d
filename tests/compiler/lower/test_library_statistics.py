"""Order, shape and dependence of windows, ages and the Kalman filter against slow, plain definitions."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Sequence

import pytest
from flashc.cython_core.layout import FLAG_INSTANT_END, KIND_BAR, head
from support.library_series import MINUTE, Bars, compile_text, random_bars, series, strategy

Values = Sequence[float]


def window(x: Values, k: int, n: int) -> list[float]:
    return list(x[k - n + 1 : k + 1])


def mean(x: Values) -> float:
    return math.fsum(x) / len(x)


def std(x: Values) -> float:
    return statistics.pstdev(x)


def kalman(b: Bars) -> list[float]:
    """The whole recursion of a local level filter, q = 0.04, r = 1."""
    level, spread, out = b.close[0], 1.0, [b.close[0]]
    for x in b.close[1:]:
        gain = (spread + 0.04) / (spread + 0.04 + 1.0)
        level, spread = level + gain * (x - level), gain
        out.append(level)
    return out


def skew(x: Values) -> float:
    m = mean(x)
    spread = mean([(v - m) ** 2 for v in x])
    return mean([(v - m) ** 3 for v in x]) / spread**1.5 if max(x) > min(x) else -9.0


def quantile(x: Values, q: float) -> float:
    at = (len(x) - 1) * q
    ordered = sorted(x)
    low = math.floor(at)
    return ordered[low] + (at - low) * (ordered[min(low + 1, len(x) - 1)] - ordered[low])


def corr(x: Values, y: Values) -> float:
    if min(max(x) - min(x), max(y) - min(y)) <= 0:
        return -9.0
    mx, my = mean(x), mean(y)
    return mean([(a - mx) * (b - my) for a, b in zip(x, y, strict=True)]) / (std(x) * std(y))


def entropy(x: Values, bins: int) -> float:
    low, high = min(x), max(x)
    counts = [0] * bins
    for v in x:
        counts[min(int((v - low) / (high - low) * bins), bins - 1) if high > low else 0] += 1
    return -sum(c / len(x) * math.log(c / len(x)) for c in counts if c) / math.log(bins)


DEFINITIONS: dict[str, Callable[[Bars, int], float]] = {
    "median(close, 9)": lambda b, k: statistics.median(window(b.close, k, 9)),
    "median(close / 3.0, 100)": lambda b, k: statistics.median([v / 3 for v in window(b.close, k, 100)]),
    "median(close - open, len)": lambda b, k: statistics.median(
        [c - o for c, o in zip(window(b.close, k, 10), window(b.open, k, 10), strict=True)]
    ),
    "quantile(close, 12, 0.3)": lambda b, k: quantile(window(b.close, k, 12), 0.3),
    "quantile(close, 12, 1.5)": lambda b, k: max(window(b.close, k, 12)),
    "rank(close, 12)": lambda b, k: 1 + sum(v < b.close[k] for v in window(b.close, k, 12)),
    "percentile_rank(close, 12)": lambda b, k: sum(v <= b.close[k] for v in window(b.close, k - 1, 12)) / 12,
    "argmin(low, 12)": lambda b, k: min(range(12), key=lambda j: (b.low[k - j], j)),
    "argmax(high, 90)": lambda b, k: min(range(90), key=lambda j: (-b.high[k - j], j)),
    "(corr(close, volume, 12) ?? -9.0)": lambda b, k: corr(window(b.close, k, 12), window(b.volume, k, 12)),
    "(corr(close, open, 100) ?? -9.0)": lambda b, k: corr(window(b.close, k, 100), window(b.open, k, 100)),
    "(skew(close, 6) ?? -9.0)": lambda b, k: skew(window(b.close, k, 6)),
    "(skew(close, 100) ?? -9.0)": lambda b, k: skew(window(b.close, k, 100)),
    "entropy(volume, 20)": lambda b, k: entropy(window(b.volume, k, 20), 8),
    "entropy(volume, 20, 3)": lambda b, k: entropy(window(b.volume, k, 20), 3),
    "entropy(close, 6, len)": lambda b, k: entropy(window(b.close, k, 6), 10),
    "kalman(close, 0.04, 1.0)": lambda b, k: kalman(b)[k],
    "((age(close) ?? 9m) / 1s)": lambda b, k: 0,
}


@pytest.mark.parametrize("expression", DEFINITIONS)
@pytest.mark.parametrize("flat", [False, True], ids=["moving", "often flat"])
def test_a_statistic_equals_its_plain_definition_once_it_is_warm(expression: str, flat: bool) -> None:
    bars = random_bars(700, seed=5, flat=flat)
    values = series(expression, bars)
    armed = [k for k, value in enumerate(values) if value is not None]
    assert armed, "the program never armed"
    tolerance = 2e-6 if re.match("kalman", expression) else 1e-9
    for k in armed[:: max(1, len(armed) // 40)]:
        expected, found = float(DEFINITIONS[expression](bars, k)), float(values[k] or 0.0)
        assert abs(found - expected) <= tolerance * max(abs(expected), 1.0), f"bar {k}: {found} != {expected}"


def test_an_age_grows_until_the_slower_clock_ticks_again() -> None:
    bars, records = random_bars(40, seed=2), []
    for record in bars.records:
        five = record[0] % (5 * MINUTE) == 0
        records.append([record[0], head(KIND_BAR, 0 if five else FLAG_INSTANT_END), *record[2:]])
        if five:
            records.append([record[0], head(KIND_BAR, FLAG_INSTANT_END, 1), *record[2:]])
    values = series("((age(close@5m) ?? 9m) / 1m)", bars, records)
    found = [v for r, v in zip(records, values, strict=True) if v is not None and r[1] >> 8 & FLAG_INSTANT_END]
    assert found[-10:] == [t // MINUTE % 5 for t in bars.time[-10:]]


def test_windows_in_order_hold_at_most_1024_values() -> None:
    for call in ("median(close, 1025)", "quantile(close, 1025, 0.5)"):
        with pytest.raises(AssertionError, match="FC0218"):
            compile_text(strategy(call))
    assert compile_text(strategy("median(close, 1024)"))


def test_the_variances_of_a_filter_have_one_unit() -> None:
    assert compile_text(strategy("kalman(close, 1 tick, 0.5 USDC/BTC)"))
    with pytest.raises(AssertionError, match="FC0206"):
        compile_text(strategy("kalman(close, 1 tick, 2.0)"))
