"""Whatever an expression says, `check` answers with findings: never with an exception, never outside the file."""

from __future__ import annotations

from flashc.compiler.frontend.check import check
from flashc.compiler.library.table import FUNCTIONS
from flashc.dsl.document_reader import read_document
from flashc.dsl.render.text import render
from flashc.dsl.source import Source
from hypothesis import given, settings
from hypothesis import strategies as st
from support.checking import FILE, codes, strategy

LEAVES = [
    "close",
    "volume",
    "mid",
    "trade.qty",
    "eth.mid",
    "eth.close",
    "pos.entry",
    "pos.gain",
    "pos.age",
    "pos.qty",
    "now",
    "true",
    "0",
    "1",
    "14",
    "0.5",
    "-1",
    "look",
    "quick",
    "n_trades",
    "vwap",
    "order.price",
    "USDC",
    "buy",
    "day.pnl",
    "close@5m",
    "mid@100ms",
    "forming(1m).close",
    "rsi(14)",
    "macd()",
    "macd().hist",
    "3 ticks",
    "5 bps",
    "100 USDC",
    "5m",
    "near_side",
    "entry.score",
    "account.equity",
    "pos.adds",
    "stoch(14, 3, 3).k",
    "sum(trade.qty, 1s, pane=100ms)",
]
CALLS = (*FUNCTIONS, "prev", "present", "confirm", "forming", "half", "unknown")
OPERATORS = ("+", "-", "*", "/", "??", "<", "<=", ">", "==", "!=", "and", "or")


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"(if {t[0]} then {t[1]} else {t[2]})"),
        st.tuples(st.sampled_from(CALLS), st.lists(inner, max_size=3)).map(lambda t: f"{t[0]}({', '.join(t[1])})"),
        st.tuples(inner, st.sampled_from(["0", "2", "-1", "look"])).map(lambda t: f"({t[0]})[{t[1]}]"),
        st.tuples(inner, st.sampled_from(["1m", "1h", "7m", "100ms", "book", "(eth.book)"])).map(
            lambda t: f"({t[0]})@{t[1]}"
        ),
        inner.map(lambda e: f"not ({e})"),
        inner.map(lambda e: f"-({e})"),
    )


EXPRESSIONS = st.recursive(st.sampled_from(LEAVES), _grow, max_leaves=6)


@settings(max_examples=150)
@given(EXPRESSIONS, EXPRESSIONS, st.sampled_from(["1m", "book", "trade", "100ms", "1h"]))
def test_any_expression_is_answered(first: str, second: str, decide: str) -> None:
    params = "look: {type: int, default: 3, in: 1..20}"
    tail = "fn:\n  half:\n    args: {x: price<i>}\n    returns: price<i>\n    is: x / 2\n"
    text = strategy(
        let=f"quick: {first}",
        params=params,
        decide=decide,
        long=f"({second}) and quick > 0",
        out="pos.age > 1h",
        tail=tail,
    )
    assert answered(text)


#: One expression in every place that takes one, in a file that trades two instruments.
EVERYWHERE = """\
flash: 1
strategy: everywhere
instruments: {btc: BTC/USDC, eth: ETH/USDC}
trade: [btc, eth]
decide: DECIDE
params: {look: {type: int, default: 3, in: 1..20}}
let:
  quick: ema(mid@1m, look)
capital:
  allocate: {btc: "SHARE", eth: 40 pct}
  reserve: "MONEY"
entries:
  scored:
    score:
      up: {when: "close@1m > open@1m", weight: "WEIGHT"}
      down: {when: "CONDITION", weight: 2}
    at_least: "NEEDED"
    size: "SIZE"
    execute: rest
  more: {when: "close@1m > open@1m", add: true, at_most: 2, size: 50 USDC}
exits:
  half: {when: pos.gain > 1 pct, fraction: "FRACTION", once: true}
  out: pos.age > 1h
execution:
  rest: {style: limit, price: "PRICE", ttl: 5s, requote: {when: "REQUOTE", at_most: 2}, then: cross}
risk:
  position: {max: "MONEY"}
  drawdown: {limit: "SHARE"}
  profit_lock: {start: "MONEY", keep: "SHARE"}
  invariants: {ok: "CONDITION"}
"""
PLACES = {
    "SHARE": "50 pct",
    "MONEY": "400 USDC",
    "WEIGHT": "1",
    "CONDITION": "close@1m > open@1m",
    "NEEDED": "2",
    "SIZE": "50 USDC",
    "FRACTION": "0.5",
    "PRICE": "near_side",
    "REQUOTE": "near_side > order.price",
}


def test_the_usual_values_stand_everywhere() -> None:
    text = EVERYWHERE.replace("DECIDE", "book")
    for name, expression in PLACES.items():
        text = text.replace(name, expression)
    assert [c for c in codes(text) if c.startswith("FC")] == []
    assert answered(text)


@settings(max_examples=120)
@given(st.sampled_from(sorted(PLACES)), EXPRESSIONS, st.sampled_from(["1m", "book", "100ms"]))
def test_any_expression_in_any_place_is_answered(place: str, expression: str, decide: str) -> None:
    assert answered(EVERYWHERE.replace("DECIDE", decide), **{**PLACES, place: expression})


def answered(text: str, **places: str) -> bool:
    """The file has findings with places in it, or it is whole."""
    for name, expression in places.items():
        text = text.replace(name, expression)
    source = Source(FILE, text)
    document, found = read_document(source)
    if document is None:
        return bool(found.errors)
    result, more = check(document)
    assert (result is None) == bool(more.errors)
    for d in more:
        assert d.primary is not None
        assert d.primary.span.end <= len(text)
        assert all(edit.span.end <= len(text) for fix in d.fixes for edit in fix.edits)
    return isinstance(render(list(more), {FILE: source}), str)


def test_a_choice_is_no_summand_on_either_side() -> None:
    for expression in ("(close + buy)", "(buy + close)", "close - buy > close", "close + macd() > close"):
        assert [code for code in codes(strategy(long=expression)) if code.startswith("FC02")], expression
