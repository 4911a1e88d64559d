"""A strategy with tests, run in memory."""

from __future__ import annotations

from pathlib import Path

from flashc.cli.front import front_of
from flashc.cli.testing.runner import Asked, FileRun, TestRun, run_file
from flashc.dsl.source import Source

CROSS = """flash: 1
strategy: crossing
trade: BTC/USDC
decide: 1m
params: {lag: {default: 2, in: 1..9}, least: {type: ratio, default: 1 pct, in: 0 pct..50 pct}}
let:
  quick: ema(close, 12)
  calm: ema(close, 26)
  bands: bbands(close, 20, 2.0)
entries:
  long:
    when:
      up: quick > calm
      wide: close < bands.upper
      steady: close > close[lag]
exits:
  stop: pos.gain < -least
  out: quick < calm
  trail: close < pos.best - 5 USDC/BTC
size: 100 USDC
risk: {position: {max: 1_000 USDC}, day_loss: {limit: 50 USDC}}
"""

BOOK = """flash: 1
strategy: leaning
trade: BTC/USDC
decide: book
let: {lean: "ema(imbalance(5)@50ms, 20)"}
entries:
  long:
    when: {pressed: lean > 0.2, tight: spread <= 4 ticks}
    execute: join
exits:
  gone: {when: pos.gain > 1 pct, execute: out}
  late: {when: pos.age > 10s, execute: out}
size: 100 USDC
execution:
  join: {style: post_only, price: bid, ttl: 2s}
  out: {style: ioc, price: bid - 6 ticks, retries: 1}
risk: {position: {max: 200 USDC}, day_loss: {limit: 50 USDC}, stale: {book: 1s}}
"""


def run(tests: str, strategy: str = CROSS, *, laws: bool = False, keyword: str = "") -> FileRun:
    """All tests of a strategy whose `tests:` block has these lines, each indented by two."""
    front = front_of(Source("f.yaml", f"{strategy}tests:\n{tests}"))
    return run_file(Path("f.yaml"), front, Asked(keyword, laws), lambda run: None)


def one(test: str, strategy: str = CROSS, *, laws: bool = False) -> TestRun:
    """The only test, whose lines are indented by four."""
    found = run(f"  t:\n{test}", strategy, laws=laws)
    assert not found.front.diagnostics.errors, found.front.diagnostics.errors
    return found.runs[0]


def wrong(test: str, strategy: str = CROSS) -> list[str]:
    """The messages of a file whose test cannot be read, with their codes."""
    found = run(f"  t:\n{test}", strategy)
    return [f"{d.code} {d.message}" for d in found.front.diagnostics.errors]


def messages(found: TestRun) -> list[str]:
    return [f"{d.code} {d.message}" for d in found.findings]
