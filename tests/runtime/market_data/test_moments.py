from __future__ import annotations

import pytest
from flashc.runtime.market_data.instruments import facts_from_name, may_stand_for, parse_instrument
from flashc.runtime.market_data.moments import (
    is_bar_period,
    moment_text,
    parse_moment,
    parse_period,
    period_text,
    span_text,
    unit_of_epoch,
)

S = 10**9


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("1m", 60), ("5min", 300), ("15m", 900), ("4h", 14400), ("1d", 86400), ("60m", 3600)],
)
def test_periods_are_read(text, seconds):
    assert parse_period(text) == seconds * S


@pytest.mark.parametrize("text", ["", "m", "0m", "1", "1w", "-1m", "1.5h", "1m1m"])
def test_other_texts_are_no_periods(text):
    assert parse_period(text) is None


def test_periods_are_written_in_their_largest_unit():
    assert [period_text(s * S) for s in (1, 60, 300, 3600, 86400, 90)] == ["1s", "1m", "5m", "1h", "1d", "90s"]


def test_bar_periods_divide_a_day():
    assert [is_bar_period(s * S) for s in (1, 60, 7, 86400, 172800)] == [True, True, False, True, False]
    assert not is_bar_period(S // 2)
    assert not is_bar_period(0)


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01",
        "2024-01-01T00:00",
        "2024-01-01T01:00:00+01:00",
        "1704067200",
        "1704067200000000",
        "2024-01-01T00:00:00Z",
    ],
)
def test_moments_are_read_as_utc(text):
    assert parse_moment(text) == 1_704_067_200 * S


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01", "17", "123456789012345678901"])
def test_other_texts_are_no_moments(text):
    assert parse_moment(text) is None


def test_the_units_of_epoch_counts_do_not_overlap():
    for edge in (1_230_768_000, 4_102_444_799):
        assert [unit_of_epoch(edge * f) for f in (1, 10**3, 10**6, 10**9)] == ["s", "ms", "us", "ns"]
    assert unit_of_epoch(0) is None


def test_moments_and_spans_are_written_short():
    assert moment_text(1_704_067_200 * S) == "2024-01-01 00:00"
    assert moment_text(1_704_067_201 * S + 5 * 10**8) == "2024-01-01 00:00:01.5"
    assert [span_text(s * S) for s in (0, 17100, 61, 90061)] == ["0s", "4h 45m", "1m 1s", "1d 1h"]
    assert [span_text(ns) for ns in (250_000_000, S - 1, 1_500)] == ["250ms", "999.999ms", "0.001ms"]


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("BTC/USDT", "BTC/USDT"),
        ("btc-usd", "BTC/USD"),
        ("XBTUSD", "BTC/USD"),
        ("ETH_USDC", "ETH/USDC"),
        ("ETHBTC", "ETH/BTC"),
    ],
)
def test_symbols_are_read(text, symbol):
    found = parse_instrument(text)
    assert found is not None
    assert found.symbol == symbol


@pytest.mark.parametrize(
    ("stem", "facts"),
    [
        ("btc-usdt_binance_1m_2024-01_2024-01", ("BTC/USDT", "binance", "1m")),
        ("BTCUSDT-1m-2024-01", ("BTC/USDT", None, "1m")),
        ("BTC_USDT-5m", ("BTC/USDT", None, "5m")),
        ("BINANCE_BTCUSDT, 60", ("BTC/USDT", "binance", None)),
        ("my-btc-usdt-1h", ("BTC/USDT", None, "1h")),
        ("bars", (None, None, None)),
        ("mexc_2024", (None, "mexc", None)),
    ],
)
def test_file_names_tell_what_they_can(stem, facts):
    found = facts_from_name(stem)
    assert (found.instrument.symbol if found.instrument else None, found.venue, found.period) == facts


def test_only_dollars_stand_for_dollars():
    btc = {quote: parse_instrument(f"BTC/{quote}") for quote in ("USDC", "USD", "USDT", "EUR")}
    eth = parse_instrument("ETH/USDC")
    assert all(may_stand_for(btc[quote], btc["USDC"]) for quote in ("USDC", "USD", "USDT"))
    assert not may_stand_for(btc["EUR"], btc["USDC"])
    assert not may_stand_for(eth, btc["USDC"])
