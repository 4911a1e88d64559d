"""The rules of a symbol, behind names that say something else."""

from __future__ import annotations

from typing import Any

import pytest
from flashc.cython_core.wire.decimals import DecimalFault
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.mexc.rest.errors import BadAnswer
from flashc.runtime.mexc.rest.symbols import rules_of, table_of
from hypothesis import given
from hypothesis import strategies as st

RAW: dict[str, Any] = {
    "symbol": "MXUSDT", "status": "1", "baseAsset": "MX", "quoteAsset": "USDT", "baseAssetPrecision": 2,
    "quotePrecision": 4, "quoteAssetPrecision": 4, "orderTypes": ["LIMIT", "MARKET", "LIMIT_MAKER"],
    "isSpotTradingAllowed": True, "isMarginTradingAllowed": False, "quoteAmountPrecision": "1",
    "baseSizePrecision": "0.1", "maxQuoteAmount": "2000000", "quoteAmountPrecisionMarket": "1",
    "maxQuoteAmountMarket": "100000", "permissions": ["SPOT"], "makerCommission": "0", "takerCommission": "0.0005",
    "filters": [{"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "0.2", "askMultiplierDown": "0.1"}],
    "tradeSideType": 1, "conceptPlateIds": [1], "firstOpenTime": 0,
}  # fmt: skip


def test_minimums_and_steps_are_not_mixed_up() -> None:
    rules = rules_of(RAW, ["MXUSDT"])
    assert (rules.price_decimals, rules.qty_decimals, rules.min_qty_lots) == (4, 2, 10)
    assert (rules.min_notional, rules.max_notional_market) == (100_000_000, 100_000 * 10**8)
    assert (rules.maker_rate, rules.taker_rate, rules.bid_multiplier_up) == (0, 50_000, 20_000_000)
    assert rules.tradable
    assert rules.require_tradable() is rules


def test_a_minimum_finer_than_the_grid_is_rounded_up_and_none_is_one_lot() -> None:
    assert rules_of({**RAW, "baseSizePrecision": "0.012"}).min_qty_lots == 2
    assert rules_of({**RAW, "baseSizePrecision": "0"}).min_qty_lots == 1
    assert rules_of({**RAW, "baseSizePrecision": ""}).min_qty_lots == 1
    assert rules_of({**RAW, "filters": [], "quoteAmountPrecision": None}).min_notional == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "2"}, "paused"), ({"status": "3"}, "offline"), ({"status": "DISABLED"}, "disabled"),
        ({"status": "7"}, "unknown status '7'"), ({"status": None}, "unknown status"),
        ({"isSpotTradingAllowed": False}, "not opened it to programs"), ({"isSpotTradingAllowed": None}, "not opened"),
        ({"permissions": []}, "spot trading"), ({"tradeSideType": 4}, "neither side"), ({"symbol": "BTCUSDT"}, "does not have it"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_traded_says_why(change: dict[str, object], reason: str) -> None:
    rules = rules_of({**RAW, **change}, ["MXUSDT"])
    assert reason in rules.refusal
    with pytest.raises(RuntimeFault, match="FC1208"):
        rules.require_tradable()


def test_the_old_spelling_of_the_status_is_known() -> None:
    assert rules_of({**RAW, "status": "ENABLED", "tradeSideType": "1"}).tradable


def test_a_symbol_may_be_open_for_one_side() -> None:
    rules = rules_of({**RAW, "tradeSideType": 2})
    assert rules.side_refusal("BUY") == ""
    assert "SELL" in rules.side_refusal("SELL")


@pytest.mark.parametrize(
    "change",
    [{"quotePrecision": None}, {"quotePrecision": 19}, {"baseAssetPrecision": "x"}, {"baseAsset": ""}, {"maxQuoteAmount": "1e9"},
     {"baseSizePrecision": "-1"}, {"filters": 7}, {"symbol": None}, {"maxQuoteAmount": "9" * 25}],
    ids=str,
)  # fmt: skip
def test_one_bad_row_spoils_no_other(change: dict[str, object]) -> None:
    with pytest.raises(BadAnswer):
        rules_of({**RAW, **change})
    found, bad = table_of([{**RAW, **change}, {**RAW, "symbol": "BTCUSDT"}])
    assert list(found) == ["BTCUSDT"]
    assert len(bad) == 1


@given(st.integers(0, 10**15))
def test_ticks_and_lots_come_back_from_their_text(value: int) -> None:
    rules = rules_of(RAW)
    assert rules.ticks(rules.price_text(value)) == value
    assert rules.lots(rules.qty_text(value)) == value


def test_text_off_the_grid_is_refused() -> None:
    rules = rules_of(RAW)
    assert rules.ticks("2.50010000") == 25_001
    with pytest.raises(DecimalFault):
        rules.ticks("2.50011")
