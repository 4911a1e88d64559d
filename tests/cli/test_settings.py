"""Times, fees and words of a run as they are given on the command line."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flashc.cli.assumptions import rate_text
from flashc.cli.problem import Problem
from flashc.cli.settings import moment, rates, values_with
from flashc.dsl.document import Document
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source


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


def document(params: str) -> Document:
    text = f"flash: 1\nstrategy: s\ntrade: BTC/USDC\ndecide: 1m\nparams:\n  a: {params}\n"
    found, _ = read_document(
        Source(
            "s.yaml",
            text
            + "entries: {long: up}\nexits: {out: down}\nlet:\n  up: close * a > open\n  down: close < open\nsize: 100 USDC\n",
        )
    )
    assert found is not None
    return found


@pytest.mark.parametrize(("default", "given"), [("1.5", "-1.5"), ("1.5", "0"), ("-1.5", "2.0")])
def test_a_value_of_another_sign_needs_a_range(default: str, given: str) -> None:
    with pytest.raises(Problem, match="cannot be used") as raised:
        values_with(document(default), [f"a={given}"])
    assert raised.value.code == "FC1102"
    assert "has no range" in raised.value.notes[0]


@pytest.mark.parametrize("params", ["0.0", "{default: 1.5, in: -2..2}"])
def test_a_value_of_another_sign_is_taken_where_nothing_was_proved_from_the_sign(params: str) -> None:
    assert values_with(document(params), ["a=-1.5"]) == {"a": -1.5}
