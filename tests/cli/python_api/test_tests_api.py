"""`Strategy.test`: the outcome as values and as text."""

from __future__ import annotations

import flashc
import pytest

TEXT = """flash: 1
strategy: up
trade: BTC/USDC
decide: 1m
entries:
  long: close > open
exits:
  out: close < open
size: 100 USDC
tests:
  buys:
    rows: [{t: 0s, open: 99 USDC/BTC, close: 100 USDC/BTC}]
    expect:
      - always: fired(entries.long)
  sells:
    rows: [{t: 0s, open: 99 USDC/BTC, close: 100 USDC/BTC}]
    expect:
      - always: fired(exits.out)
"""


def test_the_outcome_tells_what_passed_and_shows_what_did_not() -> None:
    found = flashc.loads(TEXT).test()
    assert not found.passed
    assert found.names == {"buys": True, "sells": False}
    assert [finding.code for finding in found.findings] == ["FC0805"]
    assert found.coverage == pytest.approx(100 / 6)
    assert "error[FC0805]: this is false at 0s" in repr(found)
    assert found.json()["coverage"]["of"] == 6


def test_a_keyword_chooses() -> None:
    assert flashc.loads(TEXT).test("buy").names == {"buys": True}


def test_a_file_with_errors_raises() -> None:
    with pytest.raises(flashc.FlashcError, match="FC0102"):
        flashc.loads(TEXT.replace("close > open", "close > opne")).test()
