"""Random expressions over books and trades: the kernel's bits are the reference interpreter's."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from flashc.compiler.evaluate.evaluator import Machine
from flashc.cython_core.layout import KIND_LEVEL
from flashc.runtime.backtest.market.reference_book import Book
from support.random_market import random_market
from support.values import BookKernel, value_program

VALUES = 8
SEEDS = range(3)


def k(rng: random.Random) -> int:
    return rng.randint(1, 12)


def n(rng: random.Random) -> int:
    return rng.randint(2, 60)


def length(rng: random.Random) -> str:
    """A number of trades, or a time with or without panes."""
    return rng.choice((str(n(rng)), f"{rng.randint(1, 9)}0s", f"{rng.randint(1, 9)}0s, pane=2s", "1m"))


def time(rng: random.Random) -> str:
    return rng.choice(("30s", "90s, pane=500ms", "5m", "40s, pane=4s"))


def book_number(rng: random.Random) -> str:
    return rng.choice((f"imbalance({k(rng)})", f"depth_ratio({k(rng)})", f"book_slope({k(rng)})", f"slope({k(rng)})"))


def book_price(rng: random.Random) -> str:
    lots = f"{rng.uniform(0.1, 9):.3f} BTC"
    return rng.choice(("bid", "ask", "mid", f"microprice({k(rng)})", f"(vwap_to({lots}) ?? mid)"))


#: Every book and flow function, and what else may stand on their clocks.
EXPRESSIONS: tuple[Callable[[random.Random], str], ...] = (
    book_number,
    lambda r: f"{book_price(r)} / ask",
    lambda r: f"(bid_depth({k(r)}) - ask_depth({k(r)})) / (1 BTC)",
    lambda r: f"ofi({k(r)}) / (1 BTC)",
    lambda r: f"sum(ofi({k(r)}), {time(r)}) / (1 BTC)",
    lambda r: f"ema({book_price(r)}, {n(r)}) / mid",
    lambda r: f"median({book_number(r)}, {n(r)})",
    lambda r: f"rank({book_price(r)}, {n(r)}) + argmin({book_number(r)}, {n(r)})",
    lambda r: f"(zscore({book_number(r)}, {n(r)}) ?? 0.0)",
    lambda r: f"(corr({book_number(r)}, {book_number(r)}, {n(r)}) ?? 0.0)",
    lambda r: f"entropy({book_price(r)}, {n(r)}, {r.randint(2, 6)})",
    lambda r: f"kalman({book_price(r)}, 0.{k(r)}, 1.0) / mid",
    lambda r: f"mean({book_price(r)}, {time(r)}) / max({book_price(r)}, {time(r)})",
    lambda r: "cvd() / (1 BTC)",
    lambda r: f"(vpin({r.uniform(0.01, 9):.4f} BTC, {n(r)}) ?? 0.3)",
    lambda r: f"signed_volume({length(r)}) / (1 BTC)",
    lambda r: f"trade_rate({time(r)})",
    lambda r: f"(sum(trade.qty, {time(r)}) / (3 BTC)) * buy_share({n(r)})",
    lambda r: f"large_trades(1.2 BTC, {length(r)}) / 3.0",
    lambda r: f"(min(trade.price, {time(r)}) - ema(trade.price, {n(r)})) / (1 USDC/BTC)",
    lambda r: f"quantile(trade.price, {n(r)}, 0.8) / forming(1m).close",
    lambda r: "((age(mid) ?? 1h) + (age(trade.price) ?? 1h)) / 1s",
)


def source(expressions: list[str]) -> str:
    lines = [f"  v{number}: {text}" for number, text in enumerate(expressions)]
    uses = [f"      c{number}: v{number} > 0.5" for number in range(len(expressions))]
    head = ["flash: 1", "strategy: probe", "trade: BTC/USDC", "decide: 1m", "let:", *lines]
    rules = ["entries:", "  long:", "    when:", *uses, "    size: 1 BTC", "exits:", "  out: pos.age > 1m", ""]
    return "\n".join([*head, *rules])


@pytest.mark.parametrize("seed", SEEDS)
def test_values_of_books_and_trades_are_the_same_everywhere(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    chosen = [EXPRESSIONS[(seed * VALUES + j) % len(EXPRESSIONS)](rng) for j in range(VALUES)]
    program = value_program(source(chosen), *(f"v{number}" for number in range(VALUES)))
    numbers = {stream.kind: number for number, stream in enumerate(program.streams)}
    market = random_market(seed, 40, {"book": 90, "trade": 91} | numbers)
    book, at = Book(), numbers.get("book", 90)
    slow, fast = Machine(program, {at: book}), BookKernel(program, tmp_path)
    slow.init(())
    fast.init(())
    assert slow.state == fast.state
    for number, record in enumerate(market.records):
        if record[1] & 0xFF == KIND_LEVEL:
            book.set(record[2], record[4], record[3])
            fast.set(at, record[2], record[4], record[3])
        assert slow.event(record) == fast.event(record), chosen
        assert number % 97 or slow.state == fast.state, chosen
    assert slow.state == fast.state, chosen
