"""Groups 05 and 06, and the lints."""

from __future__ import annotations

import pytest
from support.checking import RISK, codes, findings, only, shown, strategy

JOIN = "\n    when: close > open\n    execute: join"


def policy(lines: str) -> str:
    return f"execution:\n  {lines}\n{RISK}"


def test_a_short_entry_needs_more_than_a_spot_venue() -> None:
    assert codes(strategy().replace("  long:", "  short:")) == ["FC0501"]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("0.5 USDC", ["FC0503"]),
        ("clamp(2 USDC * rsi(14), 0.5 USDC, 120 USDC)", ["FC0503"]),
        ("500 USDC", ["FC0504"]),
        ("0.002 BTC", []),
        ("100", ["FC0206"]),
        ("5 bps", []),
        ("1 bps - 1 bps", ["FC0503"]),
        ("4.1 pct", ["FC0504"]),
        ("110 pct", ["FC0504"]),
        ("0.5 * rsi(14) / 100", ["FC0503", "FC0504"]),
        ("0.25", ["FC0206"]),
        ("close", ["FC0201"]),
    ],
)
def test_sizes_fit_the_venue_and_the_limit(size: str, expected: list[str]) -> None:
    assert codes(strategy().replace("size: 100 USDC", f"size: {size}")) == expected


@pytest.mark.parametrize(
    ("size", "expected", "help_"),
    [
        ("120 USDC", [], ""),
        ("150 USDC", ["FC0504"], "write at most 120 USDC, or raise the limit"),
        (
            "100 USDC + 10 USDC * rsi(14)",
            ["FC0504"],
            "bound it: `min(100 USDC + 10 USDC * rsi(14), 120 USDC)`, or raise the limit",
        ),
        ("2 pct", ["FC0504"], "lower the size, or raise the limit"),
        ("0.002 BTC", [], ""),
    ],
)
def test_sizes_fit_the_largest_order(size: str, expected: list[str], help_: str) -> None:
    text = strategy(tail="risk:\n  position: {max: 4_000 USDC}\n  notional: {max: 120 USDC}")
    text = text.replace("size: 100 USDC", f"size: {size}")
    assert codes(text) == expected
    assert not expected or only(text).helps == (help_,)


def test_what_adds_is_an_order_of_its_own() -> None:
    rule = "\n    when: close > open\n    add: true\n    at_most: 3"
    assert codes(strategy(long=rule, tail="risk:\n  notional: {max: 120 USDC}")) == []


def test_the_range_of_a_size_is_shown() -> None:
    text = strategy().replace("size: 100 USDC", "size: clamp(2 USDC * rsi(14), 0.5 USDC, 120 USDC)")
    found = only(text)
    assert found.primary is not None
    assert found.primary.text == "the result lies in [0.5 USDC, 120 USDC]"
    assert "at least 1.1 USDC" in found.helps[0]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("join: {style: post_only, price: bid, ttl: 1s}", []),
        ("join: {style: post_only, price: near_side, ttl: 1s}", []),
        ("join: {style: post_only, price: ask, ttl: 1s}", ["FC0505"]),
        ("join: {style: post_only, price: far_side, ttl: 1s}", ["FC0505"]),
        ("join: {style: market, price: bid}", ["FC0502"]),
        ("join: {style: limit, price: bid, ttl: 1s, then: join}", ["FC0506"]),
        ("join: {style: limit, price: bid, ttl: 1s, then: jion}", ["FC0102"]),
    ],
)
def test_policies_fit_the_venue(lines: str, expected: list[str]) -> None:
    assert [c for c in codes(strategy(long=JOIN, tail=policy(lines))) if c.startswith("FC")] == expected


def test_an_exit_behind_a_weaker_one_is_never_reached() -> None:
    text = strategy(out="pos.gain > 30 bps\n  late: pos.gain > 60 bps and close > open")
    found = only(text)
    assert (found.code, shown(text, found)) == ("FC0507", "late")
    assert codes(strategy(out="pos.gain > 60 bps\n  late: pos.gain > 30 bps")) == []


@pytest.mark.parametrize(
    ("risk", "expected"),
    [
        ("position: {max: 100_000_000 USDC}", ["FC0509"]),
        ("position: {max: 400 USDC}\n  order_rate: {max: 13, per: 1s}", ["FC0511"]),
        ("position: {max: 400 USDC}\n  order_rate: {max: 24, per: 2s}", []),
        ("notional: {max: 100_000_000 USDC}", ["FC0509"]),
        ("notional: {max: 1 BTC}", ["FC0201"]),
        ("position: {max: 400}", ["FC0206"]),
        ("position: {max: 1 BTC}", ["FC0201"]),
    ],
)
def test_limits_fit_the_runtime_and_the_venue(risk: str, expected: list[str]) -> None:
    assert codes(strategy(tail=f"risk:\n  {risk}")) == expected


def test_what_the_profile_does_not_know_is_named() -> None:
    (found,) = findings(strategy().replace("ETH/USDC", "SOL/USDC"))
    assert (found.code, "SOL/USDC" in found.message) == ("FC0510", True)


@pytest.mark.parametrize(
    ("param", "expected"),
    [
        ("fast: {type: int, default: 40, in: 4..30}", ["FC0601"]),
        ("fast: {type: int, default: 9, in: 30..4}", ["FC0218"]),
        ("fast: {type: duration, default: 9, in: 1m..30m}", ["FC0206"]),
        ("fast: {type: int, default: 9 bps, in: 4..30}", ["FC0201"]),
    ],
)
def test_defaults_fit_their_declaration(param: str, expected: list[str]) -> None:
    found = [c for c in codes(strategy(params=param, long="fast == fast[1]")) if c.startswith("FC06") or c in expected]
    assert found == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("fast < slow", []), ("fast > slow", ["FC0602"]), ("fast > slow + 100", ["FC0603"]), ("fast", ["FC0203"])],
)
def test_constraints_hold_at_the_defaults(rule: str, expected: list[str]) -> None:
    params = "fast: {type: int, default: 9, in: 4..30}\nslow: {type: int, default: 20, in: 4..60}"
    text = strategy(
        params=params, long="ema(close, fast) > ema(close, slow)", tail=f"constraints:\n  c: {rule}\n{RISK}"
    )
    assert codes(text) == expected


def test_a_parameter_that_only_constraints_read_is_unused() -> None:
    params = "fast: {type: int, default: 9, in: 4..30}"
    assert codes(strategy(params=params, tail=f"constraints:\n  c: fast > 3\n{RISK}")) == ["FC0605"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (strategy(let="spare: ema(close, 9)"), ["FL101"]),
        (strategy(long="volume >= 0 BTC"), ["FL102"]),
        (strategy(long="\n    when:\n      up: rsi(14) > 70\n      high: rsi(14) > 60"), ["FL103"]),
        (strategy(let="slow: sma(close, 5_000)", long="close > slow", out="pos.age > 5m"), ["FL104"]),
        (strategy(out="pos.gain > 3 bps"), ["FL108"]),
        (strategy(out="pos.gain < -50 pct"), ["FL110"]),
        (
            strategy(
                decide="book",
                long="bid_qty > ask_qty",
                out="bid_qty < ask_qty",
                tail="risk:\n  position: {max: 400 USDC}",
            ),
            ["FL111"],
        ),
        (strategy(long="close > open\n  again: close > open"), ["FL115"]),
        (strategy(tail=""), ["FL116"]),
    ],
)
def test_lints_advise(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


def test_lints_wait_until_there_are_no_errors() -> None:
    assert codes(strategy(let="spare: ema(close, 9)", long="volume >= 0 BTC and clse > 1")) == ["FC0102"]
