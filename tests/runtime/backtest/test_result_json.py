from __future__ import annotations

import json

import numpy as np
from flashc.runtime.backtest.metrics import measure
from flashc.runtime.backtest.money import decimal_text
from flashc.runtime.backtest.result_json import DataFacts, Grid, RunSummary, Timing, result_object
from flashc.runtime.backtest.trades import Fills, round_trips


def column(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def summary() -> RunSummary:
    fills = Fills(
        column(10, 20), column(1, -1), column(1500, 1500), column(6_400_050, 6_410_000),
        column(9_600_075_000, 9_615_000_000), column(4_800_038, 4_807_500), column(0, 1), column(0, 0),
    )  # fmt: skip
    trades = round_trips(fills)
    return RunSummary(
        strategy="ema_cross",
        ir_hash="ab",
        data=DataFacts("cd", 0, 30, 3),
        engine="numba",
        params={"fast": 12},
        metrics=measure(10**12, column(10, 20, 30), column(10**12, 10**12 + 5, 10**12 + 5), fills, trades),
        trades=trades,
        grids=[Grid("BTC/USDC", 2, 6)],
        rules=["entries.long", "exits.out"],
        timing=Timing(0.5, 0.25, 12.0),
    )


def test_the_object_has_exactly_the_promised_keys() -> None:
    found = result_object(summary())
    assert list(found) == ["strategy", "ir_hash", "data", "engine", "params", "metrics", "trades", "timing"]
    assert list(found["data"]) == ["hash", "from", "to", "events", "tables"]
    assert list(found["metrics"]) == [
        "net_pnl", "return", "max_drawdown", "sharpe", "sortino", "profit_factor", "win_rate", "trades", "exposure",
        "fees", "turnover", "max_drawdown_ns", "days", "cagr", "volatility", "calmar", "recovery", "ulcer_index",
        "omega", "skew", "kurtosis", "value_at_risk", "cvar", "tail_ratio", "best_day", "worst_day", "winning_days",
        "expectancy", "average_win", "average_loss", "payoff", "best_trade", "worst_trade", "longest_wins",
        "longest_losses", "average_held_ns",
    ]  # fmt: skip
    assert list(found["trades"][0]) == [
        "instrument", "side", "qty", "entry_ts", "entry_price", "exit_ts", "exit_price", "fees", "pnl", "entry_rule",
        "exit_rule",
    ]  # fmt: skip
    assert list(found["timing"]) == ["compile_s", "run_s", "events_per_s"]


def test_grid_values_are_decimal_strings_and_times_integers() -> None:
    trade = result_object(summary())["trades"][0]
    assert trade == {
        "instrument": "BTC/USDC",
        "side": "long",
        "qty": "0.001500",
        "entry_ts": 10,
        "entry_price": "64000.50",
        "exit_ts": 20,
        "exit_price": "64100.00",
        "fees": "0.09607538",
        "pnl": "0.05317462",
        "entry_rule": "entries.long",
        "exit_rule": "exits.out",
    }


def test_a_missing_figure_is_null() -> None:
    text = json.dumps(result_object(summary()), allow_nan=False)
    assert json.loads(text)["metrics"]["sharpe"] is None


def test_decimal_text_keeps_all_places() -> None:
    assert [decimal_text(v, 2) for v in (0, 5, -5, 100, -12345)] == ["0.00", "0.05", "-0.05", "1.00", "-123.45"]
    assert decimal_text(7, 0) == "7"
