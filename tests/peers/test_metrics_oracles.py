"""Figures of daily returns against empyrical and quantstats, on random and on degenerate series.

quantstats pulls plotting and download libraries, so it is not among the developers' packages: its live test runs where
it is installed, and the numbers it gave for three fixed series are kept here and checked everywhere.
"""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from flashc.runtime.backtest import ratios

Returns = list[float]


def series(seed: int, days: int, drift: float = 0.0005, spread: float = 0.02) -> Returns:
    """Daily returns with fat tails; Python's generator gives the same on every machine."""
    random_ = random.Random(seed)
    return [max(-0.9, drift + spread * random_.gauss(0, 1) * math.exp(0.4 * random_.gauss(0, 1))) for _ in range(days)]


RANDOM = [(seed, days) for seed in range(6) for days in (2, 3, 5, 30, 365, 1000)]
DEGENERATE: dict[str, Returns] = {
    "no days": [],
    "one day": [0.01],
    "nothing moves": [0.0] * 10,
    "every day the same gain": [0.01] * 10,
    "every day the same loss": [-0.01] * 10,
    "only gains": [0.01, 0.02, 0.005, 0.03, 0.011],
    "only losses": [-0.01, -0.02, -0.005, -0.03, -0.011],
    "one loss": [0.0, 0.0, -0.5, 0.0, 0.0],
    "all is lost": [0.1, -1.0, 0.0],
}


def same(ours: float | None, theirs: float, tolerance: float = 1e-9) -> bool:
    """None here is NaN or an infinity there."""
    if ours is None:
        return not math.isfinite(theirs)
    return ours == pytest.approx(theirs, rel=tolerance, abs=1e-12)


def empyrical_figures() -> dict[str, tuple[Callable[[Returns], float | None], Callable[..., float]]]:
    empyrical = pytest.importorskip("empyrical")
    year = {"annualization": 365}
    return {
        "sharpe": (ratios.sharpe, lambda r: empyrical.sharpe_ratio(r, **year)),
        "sortino": (ratios.sortino, lambda r: empyrical.sortino_ratio(r, **year)),
        "cagr": (ratios.cagr, lambda r: empyrical.annual_return(r, **year)),
        "volatility": (ratios.volatility, lambda r: empyrical.annual_volatility(r, **year)),
        "max drawdown": (lambda r: -max(ratios.drawdowns(r)), empyrical.max_drawdown),
        "calmar": (ratios.calmar, lambda r: empyrical.calmar_ratio(r, **year)),
        "omega": (ratios.omega, lambda r: empyrical.omega_ratio(r, annualization=1)),
        "value at risk": (ratios.value_at_risk, empyrical.value_at_risk),
        "cvar": (ratios.cvar, empyrical.conditional_value_at_risk),
        "tail ratio": (ratios.tail_ratio, empyrical.tail_ratio),
    }


class TestEmpyrical:
    @pytest.mark.parametrize(("seed", "days"), RANDOM)
    def test_gives_the_same_figures_on_random_days(self, seed: int, days: int) -> None:
        returns = series(seed, days)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, (ours, theirs) in empyrical_figures().items():
                assert same(ours(returns), float(theirs(np.array(returns)))), name

    @pytest.mark.parametrize("case", [name for name, values in DEGENERATE.items() if len(values) > 1])
    def test_gives_the_same_figures_on_degenerate_days(self, case: str) -> None:
        returns = DEGENERATE[case]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name, (ours, theirs) in empyrical_figures().items():
                assert same(ours(returns), float(theirs(np.array(returns)))), name


#: What quantstats 0.0.86 gave for `series(seed, days)`.
QUANTSTATS = {
    (0, 30): {
        "sharpe": -1.6676101181223821,
        "sortino": -2.0845451162632367,
        "cagr": -0.5248064392390284,
        "volatility": 0.3991219898924021,
        "max_drawdown": -0.09872490767635411,
        "calmar": -5.315846341021459,
        "omega": 0.8061720535235479,
        "skew": -0.5278699648661896,
        "kurtosis": -0.5821838559737109,
        "tail_ratio": 0.6478709397261323,
        "ulcer_index": 0.06685247952858434,
        "recovery_factor": 0.5541174560305193,
    },
    (1, 365): {
        "sharpe": 0.9534074869151211,
        "sortino": 1.3745157861647659,
        "cagr": 0.36342357234021105,
        "volatility": 0.4160923321760709,
        "max_drawdown": -0.28215131755556433,
        "calmar": 1.2880449238683485,
        "omega": 1.1441168624742335,
        "skew": -0.20333300550679503,
        "kurtosis": 1.7074161283361364,
        "tail_ratio": 0.9374385583829469,
        "ulcer_index": 0.12271308746948606,
        "recovery_factor": 1.406002807931301,
    },
    (2, 1000): {
        "sharpe": -0.06484868378985555,
        "sortino": -0.08925828202580223,
        "cagr": -0.11562562539776289,
        "volatility": 0.4342169729309415,
        "max_drawdown": -0.6326138182150592,
        "calmar": -0.18277442267069727,
        "omega": 0.991072130728569,
        "skew": -0.2742362142212025,
        "kurtosis": 2.310856359421179,
        "tail_ratio": 0.9690165505590413,
        "ulcer_index": 0.25019596575169917,
        "recovery_factor": 0.12194848876987274,
    },
}

OURS: dict[str, Callable[[Returns], float | None]] = {
    "sharpe": ratios.sharpe,
    "sortino": ratios.sortino,
    "cagr": ratios.cagr,
    "volatility": ratios.volatility,
    "max_drawdown": lambda r: -max(ratios.drawdowns(r)),
    "calmar": ratios.calmar,
    "omega": ratios.omega,
    "skew": ratios.skew,
    "kurtosis": ratios.kurtosis,
    "tail_ratio": ratios.tail_ratio,
    "ulcer_index": lambda r: math.sqrt(len(r) / (len(r) - 1)) * (ratios.ulcer_index(r) or 0.0),  # n - 1 there
    "recovery_factor": lambda r: abs(math.fsum(r)) / max(ratios.drawdowns(r)),  # sums instead of compounding
}


def quantstats_figures(returns: Returns) -> dict[str, float]:
    stats, pandas = pytest.importorskip("quantstats").stats, pytest.importorskip("pandas")
    values = pandas.Series(returns, index=pandas.date_range("2024-01-01", periods=len(returns)))
    year = {"periods": 365}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "sharpe": float(stats.sharpe(values, **year)),
            "sortino": float(stats.sortino(values, **year)),
            "cagr": float(stats.cagr(values, **year)),
            "volatility": float(stats.volatility(values, **year)),
            "max_drawdown": float(stats.max_drawdown(values)),
            "calmar": float(stats.calmar(values, **year)),
            "omega": float(stats.omega(values, periods=1)),
            "skew": float(stats.skew(values)),
            "kurtosis": float(stats.kurtosis(values)),
            "tail_ratio": float(stats.tail_ratio(values)),
            "ulcer_index": float(stats.ulcer_index(values)),
            "recovery_factor": float(stats.recovery_factor(values)),
        }


class TestQuantstats:
    @pytest.mark.parametrize(("seed", "days"), QUANTSTATS)
    def test_gave_the_same_figures(self, seed: int, days: int) -> None:
        for name, value in QUANTSTATS[seed, days].items():
            assert same(OURS[name](series(seed, days)), value), name

    @pytest.mark.parametrize(("seed", "days"), [pair for pair in RANDOM if pair[1] >= 30][:6])
    def test_gives_the_same_figures_where_it_is_installed(self, seed: int, days: int) -> None:
        returns = series(seed, days)
        for name, value in quantstats_figures(returns).items():
            assert same(OURS[name](returns), value), name


@pytest.mark.parametrize("case", DEGENERATE)
@pytest.mark.parametrize(
    "figure",
    [
        ratios.sharpe, ratios.sortino, ratios.cagr, ratios.volatility, ratios.calmar, ratios.omega, ratios.skew,
        ratios.kurtosis, ratios.value_at_risk, ratios.cvar, ratios.tail_ratio, ratios.ulcer_index, ratios.recovery,
    ],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_a_figure_is_finite_or_none(figure: Callable[[Returns], float | None], case: str) -> None:
    value = figure(DEGENERATE[case])
    assert value is None or math.isfinite(value)


def test_the_comparison_can_fail() -> None:
    assert not same(1.0, 1.001)
    assert not same(None, 1.0)
    assert not same(1.0, math.nan)
