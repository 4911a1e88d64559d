from __future__ import annotations

import calendar
from pathlib import Path

import numpy as np
from flashc.cython_core.layout import REASONS
from flashc.runtime.report import statistics as count
from flashc.runtime.report.folder import Run, read_run
from support.report_runs import FIRST, MINUTE, START, made_bars, write_made_run

DAY = 86_400 * 10**9


def run_of(tmp_path: Path, bars: int = 3000, trades: int = 40) -> Run:
    return read_run(write_made_run(tmp_path / "run", made_bars(bars), trades))


def with_table(run: Run, name: str, **columns: np.ndarray) -> Run:
    return Run(run.manifest, run.source, {**run.tables, name: columns})


class TestMonths:
    def test_returns_chain_to_the_total(self, tmp_path: Path) -> None:
        days = np.arange(1, 800) * DAY + FIRST
        equity = START + np.cumsum(np.random.default_rng(1).integers(-(10**9), 10**9, len(days)))
        years = count.monthly_returns(with_table(run_of(tmp_path), "equity", time=days, equity=equity))
        product = np.prod([1 + m for year in years for m in year.months if m is not None])
        assert np.isclose(product, equity[-1] / START)
        assert [year.year for year in years] == [2024, 2025, 2026]
        assert np.isclose(np.prod([1 + y.total for y in years]), product)

    def test_midnight_belongs_to_the_month_that_ends(self, tmp_path: Path) -> None:
        first_of_february = calendar.timegm((2024, 2, 1, 0, 0, 0)) * 10**9
        table = {"time": np.array([first_of_february]), "equity": np.array([2 * START])}
        (year,) = count.monthly_returns(with_table(run_of(tmp_path), "equity", **table))
        assert year.months[:2] == (1.0, None)

    def test_a_run_without_equity_has_no_months(self, tmp_path: Path) -> None:
        empty = np.empty(0, np.int64)
        assert count.monthly_returns(with_table(run_of(tmp_path), "equity", time=empty, equity=empty)) == []


class TestDistributions:
    def test_every_trade_is_in_one_bin_of_each(self, tmp_path: Path) -> None:
        run = run_of(tmp_path)
        for bins in (count.profit_bins(run), count.holding_bins(run), count.hour_bins(run), count.weekday_bins(run)):
            assert sum(b.count for b in bins) == len(run.trades)
            assert sum(b.pnl for b in bins) == int(run.trades.pnl.sum())

    def test_profit_bins_touch_zero_and_have_round_widths(self, tmp_path: Path) -> None:
        bins = count.profit_bins(run_of(tmp_path))
        assert all(b.high <= 0 or b.low >= 0 for b in bins)
        width = bins[0].high - bins[0].low
        assert f"{width:.0e}"[0] in "125"

    def test_the_first_of_january_2024_was_a_monday(self, tmp_path: Path) -> None:
        found = count.weekday_bins(run_of(tmp_path, bars=60, trades=3))
        assert [b.count for b in found] == [3, 0, 0, 0, 0, 0, 0]

    def test_equal_profits_and_no_trades_are_fine(self, tmp_path: Path) -> None:
        none = run_of(tmp_path, trades=0)
        assert count.profit_bins(none) == count.holding_bins(none) == []


class TestDecisions:
    def test_clauses_are_counted_like_one_by_one(self, tmp_path: Path) -> None:
        run = run_of(tmp_path)
        reasons, masks = run.column("decisions", "reason").tolist(), run.column("decisions", "mask").tolist()
        looked = {"entries": {"no_entry"}, "exits": {"no_exit", "exited"}}
        for found in count.clause_counts(run):
            bits = {"up": 0, "calm": 1, "down": 0}
            own = [m for r, m in zip(reasons, masks, strict=True) if REASONS[r] in looked[found.set]]
            bit, whole = 1 << bits[found.name], 3 if found.set == "entries" else 1
            assert found.evaluated == len(own)
            assert found.held == sum(m & bit != 0 for m in own)
            assert found.alone == sum(~m & whole == bit for m in own)
            assert found.rule_held == sum(m & whole == whole for m in own)

    def test_rules_of_other_instances_do_not_count(self, tmp_path: Path) -> None:
        run = run_of(tmp_path)
        elsewhere = {name: run.column("decisions", name) for name in ("time", "mask")}
        other = with_table(run, "decisions", reason=run.column("decisions", "reason") | 1 << 32, **elsewhere)
        assert {c.evaluated for c in count.clause_counts(other)} == {0}
        assert count.reason_counts(other) == count.reason_counts(run)

    def test_armed_is_the_first_decision_after_warm_up(self, tmp_path: Path) -> None:
        assert count.armed_from(run_of(tmp_path)) == FIRST + 4 * MINUTE


def test_costs_add_up(tmp_path: Path) -> None:
    bars = made_bars(3000)
    run = read_run(write_made_run(tmp_path / "run", bars, 40))
    found = count.costs(run, bars.time, bars.close)
    fee, qty = run.column("fills", "fee"), run.column("fills", "qty")
    assert found.taker_fees == int(fee.sum())
    assert (found.maker_fees, found.rested, found.maker_fills) == (0, 0, 0)
    assert found.slippage == int(qty.sum())
    side, price, asked = (run.column("fills", name) for name in ("side", "price", "time"))
    before = [int(bars.close[bars.time <= t][-1]) if (bars.time <= t).any() else int(bars.close[0]) for t in asked]
    assert found.drift == sum(int(s * (p - b) * q) for s, p, b, q in zip(side, price, before, qty, strict=True))
