from __future__ import annotations

from pathlib import Path

import pytest
from flashc.compiler.frontend.report import pace, report
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
        "pace": "a decision each 1m",
        "sweep": "no parameters",
    }


@pytest.mark.parametrize(
    ("decide", "risk", "text"),
    [
        (
            "{clock: book, min_gap: 20ms}",
            "order_rate: {max: 8, per: 1s}",
            "at most 50 decisions/s · at most 8 orders per 1s",
        ),
        ("book", "max_open: 1", "a decision at each change of the book"),
        ("250ms", "max_open: 1", "at most 4 decisions/s"),
        ("15m", "max_open: 1", "a decision each 15m"),
    ],
)
def test_the_pace_says_how_often_a_strategy_can_act(decide: str, risk: str, text: str) -> None:
    rules = {} if decide == "15m" else {"long": "bid > 1 USDC/BTC", "out": "bid < 9 USDC/BTC"}
    assert pace(checked(strategy(decide=decide, tail=f"risk:\n  {risk}", **rules))) == text
