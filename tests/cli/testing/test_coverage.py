"""Clause coverage: seen true, seen false, seen to be the only false one."""

from __future__ import annotations

from suite import CROSS, run

HEAD = "quick: 2 USDC/BTC, calm: 1 USDC/BTC, close: 100 USDC/BTC, bands.upper: 200 USDC/BTC"


def case(name: str, *rows: str) -> str:
    lines = "".join(f"      - {{{row}}}\n" for row in rows)
    return f"  {name}:\n    rows:\n{lines}    expect:\n      - never: pos.qty < 0 BTC\n"


def seen(tests: str) -> dict[str, tuple[int, int, int]]:
    coverage = run(tests).coverage
    assert coverage is not None
    return {f"{c.rule}.{c.name}": (c.true, c.false, c.alone) for c in coverage.clauses.values()}


def test_a_clause_is_alone_when_all_others_of_its_rule_hold() -> None:
    found = seen(case("a", f"t: 0s, {HEAD}", "t: 1m", "t: 2m, close: 101 USDC/BTC, bands.upper: 50 USDC/BTC"))
    assert found["long.up"] == (1, 0, 0)
    assert found["long.wide"] == (0, 1, 1)
    assert found["long.steady"] == (1, 0, 0)
    found = seen(case("a", f"t: 0s, {HEAD}", "t: 1m", "t: 2m, close: 99 USDC/BTC, bands.upper: 50 USDC/BTC"))
    assert found["long.wide"] == (0, 1, 0)
    assert found["long.steady"] == (0, 1, 0)


def test_tests_add_up_and_the_share_is_of_all_that_is_asked_for() -> None:
    rises = case("a", f"t: 0s, {HEAD}", "t: 1m", "t: 2m, close: 101 USDC/BTC")
    falls = case("b", f"t: 0s, {HEAD}", "t: 1m", "t: 2m, close: 99 USDC/BTC")
    found = run(rises + falls).coverage
    assert found is not None
    assert (found.met, found.total) == (5, 18)
    assert "entries.long.up was never false nor the only false one" in found.text()
    assert f"{found.percent:.0f} %" in found.text()


def test_a_weighted_clause_is_not_asked_to_be_alone() -> None:
    text = CROSS.replace(
        "    when:\n      up: quick > calm\n      wide: close < bands.upper\n      steady: close > close[lag]\n",
        "    score:\n      up:\n        when: quick[lag] > calm\n        weight: 1\n    at_least: 1\n",
    )
    found = run(case("a", f"t: 0s, {HEAD}", "t: 1m", "t: 2m"), text).coverage
    assert found is not None
    assert found.clauses["entries", "long", "up"].asked_for == {"true": 1, "false": 0}
