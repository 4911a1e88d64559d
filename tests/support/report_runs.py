"""Run folders with chosen contents, for tests of the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from flashc.runtime.backtest.metrics import measure
from flashc.runtime.backtest.money import atoms_text
from flashc.runtime.backtest.result_json import metrics_object
from flashc.runtime.backtest.run_folder import write_run
from flashc.runtime.backtest.trades import Fills, Trades, round_trips
from flashc.runtime.report.series import Bars

MINUTE = 60 * 10**9
START = 10_000 * 10**8
FIRST = 1_704_067_200 * 10**9  # 2024-01-01
SOURCE = "flash: 1\nstrategy: made\ndoc: Made for a test.  # really\ndecide: 1m\nsize: 100 USDC\n"


def made_bars(count: int, seed: int = 1) -> Bars:
    rng = np.random.default_rng(seed)
    close = 4_000_000 + np.cumsum(rng.integers(-500, 501, count))
    before = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(before, close) + rng.integers(0, 300, count)
    low = np.minimum(before, close) - rng.integers(0, 300, count)
    time = FIRST + MINUTE * np.arange(1, count + 1)
    return Bars("BTC/USDC", 2, 6, MINUTE, time, before, high, low, close, rng.integers(0, 10**7, count))


def made_fills(bars: Bars, trades: int) -> Fills:
    """Buys and sells in turn at bar opens, evenly spread."""
    at = np.linspace(0, len(bars) - 1, 2 * trades).astype(np.int64)
    side, price = np.tile([1, -1], trades), bars.open[at]
    qty = np.full(2 * trades, 2500, np.int64)
    notional, zero = qty * price, np.zeros(2 * trades, np.int64)
    fee = notional // 2000
    return Fills(bars.time[at] - MINUTE, side, qty, price, notional, fee, np.tile([0, 1], trades), zero)


def write_made_run(folder: Path, bars: Bars, trades: int, **changes: Any) -> Path:
    """A run of `trades` round trips over `bars`. `changes` replace parts of the manifest; `source` the file."""
    fills = made_fills(bars, trades)
    found = round_trips(fills)
    lots = np.concatenate(([0], np.cumsum(fills.side * fills.qty)))
    cash = np.concatenate(([0], np.cumsum(-fills.side * fills.notional - fills.fee)))
    at = np.searchsorted(fills.time, bars.time, side="right")
    equity = START + cash[at] + lots[at] * bars.close
    source = changes.pop("source", SOURCE)
    manifest = made_manifest(bars, metrics_object(measure(START, bars.time, equity, fills, found))) | changes
    write_run(folder, manifest, _tables(bars, fills, found, equity), {"strategy.yaml": source, "explain.json": "{}"})
    return folder


def made_manifest(bars: Bars, metrics: Mapping[str, object]) -> dict[str, Any]:
    clauses = [
        {"set": "entries", "rule": "long", "name": "up", "bit": 0},
        {"set": "entries", "rule": "long", "name": "calm", "bit": 1},
        {"set": "exits", "rule": "out", "name": "down", "bit": 0},
    ]
    instrument = {"symbol": "BTC/USDC", "price_decimals": 2, "qty_decimals": 6}
    last = int(bars.time[-1]) if len(bars) else FIRST
    return {
        "id": "0123456789ab", "doc": "Made for a test.", "strategy": "made", "meaning": {"ir": "ab" * 32, "venue": "cd"},
        "data": {"hash": "ef" * 32, "from": FIRST, "to": last}, "params": {"fast": 12},
        "account": {"start": atoms_text(START), "maker": ["0"], "taker": ["0.0005"], "slippage_ticks": 1},
        "market": {"queue": "prob_power:3", "latency": {"place": "2ms"}},
        "flashc": "0", "sources": ["made"], "events": len(bars), "venue": {"name": "mexc.spot", "taken": "2025-01-01"},
        "instrument": instrument, "grids": [instrument], "rules": ["entries.long", "exits.out"], "clauses": clauses, "metrics": metrics,
        "decisions": {}, "rejects": {"would_cross": 2}, "assumptions": ["orders fill whole"],
    }  # fmt: skip


def _tables(bars: Bars, fills: Fills, trades: Trades, equity: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    number = np.arange(1, len(fills) + 1)
    reason = np.where(np.arange(len(bars)) % 7, 1, 2)
    reason[: min(3, len(bars))] = 0
    names = list(Trades.__dataclass_fields__)
    return {
        "equity": {"time": bars.time, "equity": equity},
        "trades": dict(zip(names, trades.columns(), strict=True)),
        "fills": {
            "order": number, "time": fills.time, "side": fills.side, "qty": fills.qty, "price": fills.price,
            "value": fills.notional, "fee": fills.fee, "rule": fills.rule, "maker": np.zeros(len(fills), np.int64),
        },
        "orders": {"order": number, "time": fills.time},
        "decisions": {"time": bars.time, "reason": reason, "mask": np.arange(len(bars)) % 4},
    }  # fmt: skip
