"""How `explain` writes values."""

from __future__ import annotations

import pytest
from flashc.cli.front import front_of
from flashc.compiler.explain import value_text
from flashc.compiler.pipeline import compile_checked
from flashc.dsl.source import Source

SECOND = 10**9


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0s"),
        (250, "250ns"),
        (288_878_000, "288.878ms"),
        (5_288_878_123, "5.289s"),
        (234_711_122_000, "3m 54.711s"),
        (10_200 * SECOND, "2h 50m"),
        (-90 * SECOND, "-1m 30s"),
        (59_999_999_999, "1m"),
    ],
)
def test_a_length_of_time_is_written_as_one_reads_it(ns: int, text: str) -> None:
    assert value_text(ns, "duration", -1, 2, "") == text


STOPS = """\
flash: 1
strategy: stops
trade: BTC/USDC
decide: 1m
params: {stop: 5 bps, share: 0.1}
entries: {long: close > open}
exits:
  below: pos.gain < -stop
  above: pos.gain > stop
  other: pos.gain > share
size: 100 USDC
"""


def test_a_comparison_with_a_parameter_is_shown_in_its_unit_also_below_zero() -> None:
    checked = front_of(Source("stops.yaml", STOPS)).checked
    assert checked is not None
    rows = {str(row["rule"]): row["tree"] for row in compile_checked(checked).explain}
    assert {name: rows[name]["scale"] for name in ("below", "above", "other")} == {  # type: ignore[index]
        "below": "bps",
        "above": "bps",
        "other": "",
    }
