"""The file's own values, drawn in a report: the right numbers at the right decisions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from flashc.cli import running
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from flashc.cli.prepared import Prepared, prepare
from flashc.cli.report import chart_of
from flashc.cli.traced import MOST_COLUMNS, drawable, indicators
from flashc.runtime.report.series import Indicator

STRATEGY = """\
flash: 1
strategy: traced
trade: BTC/USDC
decide: 1m
params: {fast: 12, slow: 26}
let:
  quick: ema(close, fast)
  calm: ema(close, slow)
  range: atr(14)
  rising: quick > calm
  channel: bbands(close, 20, 2.0)
entries:
  long: cross_up(quick, calm)
exits:
  out: cross_dn(quick, calm)
size: 100 USDC
"""


def finished(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Prepared, running.Finished]:
    monkeypatch.setenv("FLASHC_DATA", str(folder / "data"))
    assert run(["data", "synth", "--seed", "7", "--bars", "2000", "--name", "demo"]) == Exit.OK
    (folder / "s.yaml").write_text(text)
    prepared = prepare(folder / "s.yaml", [], ["demo"])
    tape = running.make_tape(prepared, ["demo"], None, None)
    account = running.account_of(prepared, running.costs_of(prepared, None, 0))
    return prepared, running.run(prepared, tape, account, "numba")


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Indicator]:
    prepared, done = finished(tmp_path, STRATEGY, monkeypatch)
    chart = chart_of(prepared, done)
    assert len(chart.bars[0]) == 2000
    return {indicator.name: indicator for indicator in chart.indicators} | {"": chart}  # type: ignore[dict-item]


def test_values_stand_at_their_decisions(found: dict[str, Indicator]) -> None:
    bars = found.pop("").bars[0]  # type: ignore[attr-defined]
    assert list(found)[:4] == ["quick", "calm", "range", "rising"]
    assert len(found) <= MOST_COLUMNS
    for name, window in (("quick", 12), ("calm", 26)):
        level, plain = float(bars.close[0]) / 100, []
        for close in bars.close.tolist():
            level += 2 / (window + 1) * (close / 100 - level)
            plain.append(level)
        assert found[name].time.tolist() == bars.time.tolist()
        np.testing.assert_allclose(found[name].values[500:], plain[500:], rtol=1e-9)
    rising, later = found["rising"].values, slice(500, None)
    assert np.array_equal(rising[later] == 1, (found["quick"].values > found["calm"].values)[later])


def test_prices_lie_over_the_bars_and_distances_below(found: dict[str, Indicator]) -> None:
    del found[""]
    places = {name: indicator.place for name, indicator in found.items()}
    assert {name: places[name] for name in ("quick", "calm", "rising", "range")} == {
        "quick": "price", "calm": "price", "rising": "marks", "range": "range",
    }  # fmt: skip


def test_no_more_columns_than_a_page_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many = "".join(f"  v{k}: ema(close, {k + 3})\n" for k in range(9))
    (tmp_path / "s.yaml").write_text(STRATEGY.replace("let:\n", f"let:\n{many}"))
    prepared = prepare(tmp_path / "s.yaml", [])
    assert drawable(prepared.compiled.checked) == [f"v{k}" for k in range(MOST_COLUMNS)]


@pytest.mark.parametrize("value", ["mid", "trade.price", "order.queue_ahead", "sum(trade.qty, 1s)"])
def test_what_the_run_has_no_events_for_is_left_out(value: str, tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(STRATEGY.replace("let:\n", f"let:\n  unread: {value}\n"))
    names = drawable(prepare(tmp_path / "s.yaml", []).compiled.checked)
    assert "unread" not in names
    assert "quick" in names


def test_a_file_without_let_has_no_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "flash: 1\nstrategy: bare\ntrade: BTC/USDC\ndecide: 1m\nentries: {long: close > open}\nexits: {out: close < open}\nsize: 100 USDC\n"
    prepared, done = finished(tmp_path, text, monkeypatch)
    assert indicators(prepared, done, chart_of(prepared, done).bars, lambda: None) == []


def test_a_value_that_nothing_reads_asks_for_no_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = STRATEGY.replace("let:\n", "let:\n  idle: ema(close, 3)@5m\n  here: ema(close, 3)\n")
    prepared, done = finished(tmp_path, text.replace("decide: 1m", "decide: 1m\nwarmup: {settle: 1e-3}"), monkeypatch)
    assert [i.name for i in chart_of(prepared, done).indicators][:2] == ["here", "quick"]


def test_nothing_is_drawn_before_warm_up_is_over(found: dict[str, Indicator]) -> None:
    warm = np.isfinite(found["quick"].values)
    assert not warm[:26].any()
    first = int(np.argmax(warm))
    assert warm[first:].all()
    assert not np.isfinite(found["calm"].values[:first]).any()
