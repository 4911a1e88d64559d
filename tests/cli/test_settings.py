"""Times, fees and words of a run as they are given on the command line."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flashc.cli.assumptions import rate_text
from flashc.cli.problem import Problem
from flashc.cli.settings import moment, rates


@pytest.mark.parametrize(
    ("text", "maker", "taker"),
    [
        ("5bps", "0.0005", "0.0005"),
        ("5 bps", "0.0005", "0.0005"),
        ("0.05%", "0.0005", "0.0005"),
        ("0.05 pct", "0.0005", "0.0005"),
        ("0.0005", "0.0005", "0.0005"),
        ("0/5bps", "0", "0.0005"),
        ("0", "0", "0"),
    ],
)
def test_fees_are_read_exactly(text: str, maker: str, taker: str) -> None:
    assert rates(text) == (Decimal(maker), Decimal(taker))


@pytest.mark.parametrize("text", ["", "many", "-1bps", "50%", "1/2/3", "nan", "inf"])
def test_what_is_no_fee_is_refused(text: str) -> None:
    with pytest.raises(Problem, match="is not a fee"):
        rates(text)


def test_no_fee_given_is_none() -> None:
    assert rates(None) is None


def test_a_time_is_utc() -> None:
    assert moment("--from", "2024-01-01") == 1_704_067_200 * 10**9
    assert moment("--from", "2024-01-01T01:00+01:00") == 1_704_067_200 * 10**9
    assert moment("--to", None) is None
    with pytest.raises(Problem, match="`--at soon` is not a time"):
        moment("--at", "soon")


def test_rates_are_printed_without_an_exponent() -> None:
    assert [rate_text(Decimal(r)) for r in ("0", "0.0005", "0.001", "0.1")] == ["0 %", "0.05 %", "0.1 %", "10 %"]
