"""What checks, runs: blocks, clocks, values. The guide lists the keys that come later."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flashc.compiler.frontend.check import check
from flashc.compiler.library.table import FUNCTIONS
from flashc.compiler.lower.library import LIBRARY
from flashc.compiler.lower.lower import lower
from flashc.dsl.diagnostics import FlashcError
from flashc.dsl.document_reader import read_document
from flashc.dsl.schema import LATER_KEYS
from flashc.dsl.yaml_reader import load

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
BLOCKS = {
    "StrategyFile": "the file",
    "PositionBlock": "`risk.position`",
}
POLICY = "  p: {style: limit, price: close, %s}"

#: Blocks and clocks that lower, each with a file's blocks that use it.
BLOCKS_THAT_RUN = {
    "book": ("decide: book", "long: spread > 2 ticks", "out: spread > 3 ticks"),
    "trade": ("decide: trade", "long: close@1m > open@1m", "out: close@1m < open@1m"),
    "250ms": ("decide: 250ms", "long: close@1m > open@1m", "out: close@1m < open@1m"),
    "min_gap": ("decide: {clock: 1m, min_gap: 5m}",),
}
VALUES = {
    "bid": "bid > close",
    "ask": "ask > close",
    "mid": "mid > close",
    "spread": "spread > 2 ticks",
    "bid_qty": "bid_qty > 1 BTC",
    "ask_qty": "ask_qty > 1 BTC",
    "near_side": "near_side > close",
    "far_side": "far_side > close",
    "imbalance(k)": "imbalance(5) > 0.1",
    "microprice(k)": "microprice(2) > close",
    "bid_depth(k)": "bid_depth(3) > 1 BTC",
    "ask_depth(k)": "ask_depth(3) > 1 BTC",
    "vwap_to(qty)": "present(vwap_to(1 BTC))",
    "depth_ratio(k)": "depth_ratio(3) > 2.0",
    "book_slope(k)": "slope(3) > book_slope(2)",
    "ofi(k)": "ofi(2) > 1 BTC",
    "cvd": "cvd() > 1 BTC",
    "vpin": "(vpin(1 BTC) ?? 0.0) > 0.5",
    "signed_volume": "signed_volume(10s) > 1 BTC",
    "trade_rate": "trade_rate(10s, pane=500ms) > 3.0",
    "buy_share": "buy_share(50) > 0.5",
    "large_trades": "large_trades(1 BTC, 20) > 3",
    "trade.price": "trade.price > close",
    "trade.qty": "trade.qty > 1 BTC",
    "trade.signed_qty": "trade.signed_qty > 1 BTC",
    "trade.side": "trade.side == buy",
    "forming(1m).close": "forming(1m).close > close",
    "pane=": "sum(trade.qty, 1s, pane=100ms) > 1 BTC",
}
ACCOUNT = (
    "n_trades > 3",
    "vwap > close",
    "day.pnl > 0 USDC",
    "pos.qty > 0 BTC",
    "session(8h, 9h)",
    "hour(now) > 3",
    "pos.phase == flat",
    "day.trades > 3",
    "working.count > 0",
    "account.equity > 1 USDC",
)


def text_of(*blocks: str) -> str:
    """A whole file: the given blocks and rules, and the smallest ones for what is missing."""
    rest = {"trade": "trade: BTC/USDC", "decide": "decide: 1m", "size": "size: 100 USDC"}
    rules = {"long": "long: close > open", "out": "out: close < open"}
    for block in blocks:
        rules.update({block.partition(":")[0]: block} if block.partition(":")[0] in rules else {})
        rest.pop(block.partition(":")[0], None)
    own = [block for block in blocks if block.partition(":")[0] not in rules]
    parts = ["flash: 1", "strategy: example", *rest.values(), *own]
    return "\n".join([*parts, "entries:", "  " + rules["long"], "exits:", "  " + rules["out"], ""])


def outcome(text: str) -> tuple[list[str], list[str]]:
    """Codes of errors of `check`, and of what lowering refuses."""
    source, bag = load("example.yaml", text.encode())
    assert source is not None
    document, found = read_document(source)
    bag.extend(found)
    assert document is not None, text
    checked, found = check(document)
    bag.extend(found)
    if checked is None or bag.errors:
        return [d.code for d in bag.errors], []
    try:
        lower(checked)
    except FlashcError as refusal:
        return [], [d.code for d in refusal.diagnostics]
    return [], []


def between(name: str) -> str:
    found = re.search(rf"<!-- {name}: begin.*?-->\n(.*?)<!-- {name}: end -->", GUIDE, re.S)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("name", BLOCKS_THAT_RUN)
def test_a_block_runs(name: str) -> None:
    assert outcome(text_of(*BLOCKS_THAT_RUN[name])) == ([], [])


@pytest.mark.parametrize("condition", [*VALUES.values(), *ACCOUNT])
def test_a_value_runs(condition: str) -> None:
    assert outcome(text_of("long: " + condition)) == ([], [])


def test_the_queue_ahead_of_an_order_is_read_where_it_may_be_replaced() -> None:
    requote = "requote: {when: order.queue_ahead > 1 BTC, at_most: 2}"
    policy = "execution:\n  p: {style: limit, price: close, " + requote + "}"
    assert outcome(text_of(policy, "long: {when: close > open, execute: p}")) == ([], [])


def test_every_function_runs() -> None:
    fields = {re.sub(r"\(.*", "", name) for name in VALUES}
    assert set(FUNCTIONS) - set(LIBRARY) - fields == {"lead"}  # only labels read `lead`


def test_the_guide_lists_the_keys_that_come_later() -> None:
    rows = dict(re.findall(r"^\| (.+?) \| (`.+`) \|$", between("later keys"), re.M))
    assert rows == {BLOCKS[model]: ", ".join(f"`{key}`" for key in sorted(keys)) for model, keys in LATER_KEYS.items()}


def test_a_missing_price_is_found_before_the_run() -> None:
    errors, _ = outcome(text_of("execution:\n  p: {style: limit}"))
    assert errors == ["FC0009"]
