"""Book and trade-flow functions against plain recomputation on random books and trades, read at each closed bar."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from flashc.compiler.evaluate.evaluator import Machine
from flashc.cython_core.layout import KIND_BAR, KIND_LEVEL
from flashc.runtime.backtest.market.reference_book import Book
from support.random_market import LOTS, PRICE, SECOND, Market, random_market, recorded_market
from support.values import PRESENT, VALUE, value_program


def strategy(expression: str) -> str:
    shown = "value or not value" if " > " in expression else "value <= value"
    return f"""flash: 1
strategy: probe
trade: BTC/USDC
decide: 1m
let:
  value: {expression}
entries:
  long:
    when: {shown}
    size: 1 BTC
exits:
  out: pos.age > 1m
"""


def recording() -> list[Path]:
    """A recorded book and its trades."""
    folder = os.environ.get("FLASHC_REAL_DATA")
    files = [Path(folder or "") / f"btc-usd_coinbase_{what}_2026-08-09.parquet" for what in ("depth", "trades")]
    if folder is None or not all(path.exists() for path in files):
        pytest.skip("FLASHC_REAL_DATA does not name a folder of real files")
    return files


def series(expression: str, recorded: bool = False) -> tuple[list[float | None], Market]:
    """The value at each closed bar, None where it is absent, and what happened."""
    text = strategy(expression)
    program = value_program(text.replace("decide: 1m", "decide: 1s") if recorded else text)
    numbers = {"book": 90, "trade": 91} | {stream.kind: number for number, stream in enumerate(program.streams)}
    market = recorded_market(*recording(), numbers) if recorded else random_market(1, 40, numbers)
    book = Book()
    machine = Machine(program, {numbers["book"]: book} if "book" in numbers else {})
    machine.init([])
    values: list[float | None] = []
    for record in market.records:
        if record[1] & 0xFF == KIND_LEVEL:
            book.set(record[2], record[4], record[3])
        machine.probes.clear()
        machine.event(record)
        if record[1] & 0xFF == KIND_BAR:
            found = dict(machine.probes)
            values.append(float(found[VALUE]) if found[PRESENT] else None)
    return values, market


Trades = list[tuple[int, int, int, int]]
Sides = dict[int, list[tuple[int, int]]]


def sides(market: Market, message: int) -> Sides:
    """Levels (price, quantity) of both sides in whole units, best first."""
    book = market.books[message]
    return {s: [(t / PRICE, q / LOTS) for t, q in sorted(book[s].items(), reverse=s > 0)] for s in (1, -1)}


def depth(levels: list[tuple[float, float]], k: int) -> float:
    return math.fsum(q for _, q in levels[:k])


def vwap(levels: list[tuple[float, float]], k: int) -> float:
    return math.fsum(p * q for p, q in levels[:k]) / depth(levels, k)


def imbalance(b: Sides, k: int) -> float:
    return (depth(b[1], k) - depth(b[-1], k)) / (depth(b[1], k) + depth(b[-1], k))


def microprice(b: Sides, k: int) -> float:
    bids, asks = depth(b[1], k), depth(b[-1], k)
    return (bids * vwap(b[-1], k) + asks * vwap(b[1], k)) / (bids + asks)


def vwap_to(b: Sides, qty: float) -> float:
    if qty > math.fsum(q for _, q in b[-1]) + 1e-9:
        return -1.0
    left, paid = qty, 0.0
    for price, there in b[-1]:
        part = min(left, there)
        paid, left = paid + part * price, left - part
    return paid / qty


def slope(b: Sides, k: int) -> float:
    mid, found = (b[1][0][0] + b[-1][0][0]) / 2, []
    for side in (1, -1):
        levels = b[side][:k]
        logs = [math.log(round(depth(levels, j + 1) * LOTS)) for j in range(len(levels))]
        terms = [logs[0] / abs(levels[0][0] / mid - 1)]
        for j in range(1, len(levels)):
            if logs[j - 1]:
                terms.append((logs[j] / logs[j - 1] - 1) / abs(levels[j][0] / levels[j - 1][0] - 1))
        found.append(math.fsum(terms) / len(levels))
    return sum(found) / 2


def flow(now: Sides, before: Sides, k: int) -> float:
    total = 0.0
    for side in (1, -1):
        for level in range(k):
            price, qty = now[side][level] if level < len(now[side]) else (-side * math.inf, 0.0)
            old_price, old_qty = before[side][level] if level < len(before[side]) else (-side * math.inf, 0.0)
            came = (qty if side * price >= side * old_price else 0.0) - (
                old_qty if side * price <= side * old_price else 0.0
            )
            total += side * came
    return total


BOOK: dict[str, Callable[[Sides], float]] = {
    "bid_depth(3)": lambda b: depth(b[1], 3),
    "ask_depth(20)": lambda b: depth(b[-1], 20),
    "imbalance(1)": lambda b: imbalance(b, 1),
    "imbalance(4)": lambda b: imbalance(b, 4),
    "depth_ratio(3)": lambda b: depth(b[1], 3) / depth(b[-1], 3),
    "microprice": lambda b: microprice(b, 1),
    "microprice(5)": lambda b: microprice(b, 5),
    "(vwap_to(2.5 BTC) ?? -1 USDC/BTC)": lambda b: vwap_to(b, 2.5),
    "(vwap_to(30 BTC) ?? -1 USDC/BTC)": lambda b: vwap_to(b, 30.0),
    "(vwap_to(ask_qty * 1.5) ?? -1 USDC/BTC)": lambda b: vwap_to(b, math.ceil(b[-1][0][1] * 1.5 * LOTS - 1e-6) / LOTS),
    "book_slope(1)": lambda b: slope(b, 1),
    "slope(6)": lambda b: slope(b, 6),
    "mid": lambda b: (b[1][0][0] + b[-1][0][0]) / 2,
}


def close_to(found: float | None, expected: float) -> bool:
    return found is not None and abs(float(found) - expected) <= 1e-9 * max(1.0, abs(expected))


@pytest.mark.parametrize("expression", BOOK)
def test_a_book_function_equals_its_plain_definition(expression: str) -> None:
    values, market = series(expression if expression != "microprice" else "microprice(1)")
    for k in range(5, len(values)):
        expected = BOOK[expression](sides(market, market.messages_at_bar[k] - 1))
        assert close_to(values[k], expected), f"bar {k}: {values[k]} != {expected}"


@pytest.mark.parametrize("levels", [1, 4])
def test_order_flow_is_what_came_to_the_bids_or_left_the_asks(levels: int) -> None:
    values, market = series(f"ofi({levels})")
    for k in range(5, len(values)):
        last = market.messages_at_bar[k] - 1
        expected = flow(sides(market, last), sides(market, last - 1), levels)
        assert close_to(values[k], expected), f"bar {k}: {values[k]} != {expected}"


def vpin(trades: Trades, bucket: int, n: int) -> float:
    """Lot by lot would be plainest; pieces that end with a bucket give the same."""
    leans, lean, filled = [], 0, 0
    for _, side, lots, _ in trades:
        while lots:
            part = min(lots, bucket - filled)
            lean, filled, lots = lean + side * part, filled + part, lots - part
            if filled == bucket:
                leans.append(abs(lean))
                lean = filled = 0
    return sum(leans[-n:]) / (n * bucket) if len(leans) >= n else -1.0


def last(trades: Trades, n: int) -> Trades:
    return trades[-n:]


def within(trades: Trades, seconds: int, pane: int) -> Trades:
    """Trades in the panes up to that of the last trade."""
    newest = trades[-1][0] // (pane * SECOND)
    return [t for t in trades if newest - t[0] // (pane * SECOND) < seconds // pane]


def signed(trades: Trades) -> float:
    return sum(side * lots for _, side, lots, _ in trades) / LOTS


def bought(trades: Trades) -> float:
    return sum(lots for _, side, lots, _ in trades if side > 0) / sum(lots for _, _, lots, _ in trades)


FLOW: dict[str, Callable[[Trades], float]] = {
    "cvd()": signed,
    "signed_volume(9)": lambda t: signed(last(t, 9)),
    "signed_volume(60s, pane=5s)": lambda t: signed(within(t, 60, 5)),
    "trade_rate(60s, pane=5s)": lambda t: len(within(t, 60, 5)) / 60,
    "buy_share(9)": lambda t: bought(last(t, 9)),
    "(buy_share(20s) ?? 0.0)": lambda t: bought(within(t, 20, 2)),
    "large_trades(1.5 BTC, 12)": lambda t: sum(lots >= 1_500_000 for _, _, lots, _ in last(t, 12)),
    "large_trades(1.5 BTC, 30s)": lambda t: sum(lots >= 1_500_000 for _, _, lots, _ in within(t, 30, 3)),
    "(vpin(2 BTC, 5) ?? -1.0)": lambda t: vpin(t, 2_000_000, 5),
    "(vpin(0.4 BTC, 12) ?? -1.0)": lambda t: vpin(t, 400_000, 12),
    "(vpin(40 BTC, 2) ?? -1.0)": lambda t: vpin(t, 40_000_000, 2),
    "mean(trade.price, 30s, pane=3s)": lambda t: (
        sum(p for _, _, _, p in within(t, 30, 3)) / len(within(t, 30, 3)) / PRICE
    ),
    "max(trade.price, 30s, pane=3s)": lambda t: max(p for _, _, _, p in within(t, 30, 3)) / PRICE,
    "min(trade.qty, 30s, pane=3s)": lambda t: min(q for _, _, q, _ in within(t, 30, 3)) / LOTS,
    "median(trade.price, 9)": lambda t: sorted(p for _, _, _, p in last(t, 9))[4] / PRICE,
}


@pytest.mark.parametrize("expression", FLOW)
def test_a_trade_flow_function_equals_its_plain_definition(expression: str) -> None:
    values, market = series(expression)
    for k in range(5, len(values)):
        expected = FLOW[expression](market.trades[: market.trades_at_bar[k]])
        assert close_to(values[k], expected), f"bar {k}: {values[k]} != {expected}"


@pytest.mark.parametrize(
    "expression", ["imbalance(5)", "microprice(3)", "book_slope(5)", "(vwap_to(2 BTC) ?? -1 USDC/BTC)"]
)
def test_a_book_function_equals_its_plain_definition_on_a_recorded_book(expression: str) -> None:
    plain = {**BOOK, "imbalance(5)": lambda b: imbalance(b, 5), "microprice(3)": lambda b: microprice(b, 3)}
    plain |= {"book_slope(5)": lambda b: slope(b, 5), "(vwap_to(2 BTC) ?? -1 USDC/BTC)": lambda b: vwap_to(b, 2.0)}
    values, market = series(expression, recorded=True)
    assert len(values) > 20
    for k, value in enumerate(values):
        expected = plain[expression](sides(market, market.messages_at_bar[k] - 1))
        assert close_to(value, expected), f"bar {k}: {value} != {expected}"


@pytest.mark.parametrize("expression", ["signed_volume(9)", "(vpin(0.05 BTC, 5) ?? -1.0)", "cvd()", "ofi(3)"])
def test_flow_equals_its_plain_definition_on_recorded_trades_and_books(expression: str) -> None:
    values, market = series(expression, recorded=True)
    plain = {**FLOW, "(vpin(0.05 BTC, 5) ?? -1.0)": lambda t: vpin(t, 50_000, 5)}
    for k, value in enumerate(values):
        trades, message = market.trades[: market.trades_at_bar[k]], market.messages_at_bar[k] - 1
        if len(trades) < 9 or not message:
            continue
        books = (sides(market, message), sides(market, message - 1))
        expected = flow(*books, 3) if expression.startswith("ofi") else plain[expression](trades)
        assert close_to(value, expected), f"bar {k}: {value} != {expected}"
