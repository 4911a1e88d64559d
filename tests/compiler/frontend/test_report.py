from __future__ import annotations

from pathlib import Path

from flashc.compiler.frontend.report import report
from support.checking import checked, strategy

STRATEGIES = Path(__file__).parents[2] / "data" / "strategies"


def test_the_long_example_reports_what_the_language_guide_shows() -> None:
    rows = dict(report(checked((STRATEGIES / "micro_trend.flash.yaml").read_text())))
    assert rows["inputs"] == "btc.book depth 5 · btc.trade · eth.book depth 1 · timers 50ms 100ms · bars btc 1m 5m"
    assert "235 closed 1m bars of btc (829 at the top of the sweep)" in rows["armed"]
    assert "31 closed 5m bars of btc" in rows["armed"]
    assert rows["presence"] == "all rules total · fallbacks trend, flow_z · proved idle after inlining: pressure"
    assert rows["sweep"].startswith("5 parameters (fast, slow, press_min, edge_min, stop_mult)")


def test_a_strategy_without_parameters_says_so() -> None:
    rows = dict(report(checked(strategy())))
    assert rows == {
        "inputs": "bars btc 1m",
        "armed": "after 1 closed 1m bars of btc",
        "presence": "all rules total",
        "sweep": "no parameters",
    }
