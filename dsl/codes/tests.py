"""Group 08: tests."""

from __future__ import annotations

from ..diagnostics import Category
from .code import Code, strategy

_F = Category.FILE


def _tested(*lines: str, long: str = "close > open", **parts: str) -> str:
    """A strategy with one test called `rises`."""
    body = "\n".join(f"    {line}" for line in lines)
    return strategy(long=long, tail=f"tests:\n  rises:\n{body}", **parts)


_ROWS = ("rows:", "  - {t: 0s, open: 99 USDC/BTC, close: 100 USDC/BTC}")
_BUYS = ("expect:", "  - at: 0s", "    holds: fired(entries.long)")
_GOOD = _tested(*_ROWS, *_BUYS)
_COMMAND = "flashc test strategy.flash.yaml"

CODES = (
    Code(
        "FC0801",
        "unknown name in a test",
        _F,
        "A test gives a value to a name that the strategy does not have. Rows give values to names of `let` and to "
        "fields of the market such as `mid`, `bid` and `close`; `params` to parameters; `start` to the position.",
        (
            _tested("rows:", "  - {t: 0s, opne: 99 USDC/BTC, close: 100 USDC/BTC}", *_BUYS),
            _tested(
                "params: {fats: 3}",
                *_ROWS,
                *_BUYS,
                params="fast: {default: 9, in: 2..20}",
                let="x: sma(close, fast)",
                long="close > x",
            ),
        ),
        _GOOD,
    ),
    Code(
        "FC0802",
        "wrong unit in a test",
        _F,
        "A test gives a value of another unit than the name has, a price or quantity that is not on the venue's grid, "
        "or a value that cannot occur, such as a price below 0.",
        (
            _tested("rows:", "  - {t: 0s, open: 99 USDC/BTC, close: 100}", *_BUYS),
            _tested("rows:", "  - {t: 0s, open: 99.001 USDC/BTC, close: 100 USDC/BTC}", *_BUYS),
        ),
        _GOOD,
    ),
    Code(
        "FC0803",
        "tape lacks a stream",
        _F,
        "The test's data does not hold an input that the strategy or an assertion of the test reads.",
        (),
        _COMMAND,
    ),
    Code(
        "FC0804",
        "test shorter than the warm-up",
        _F,
        "The test ends before the strategy makes its first decision. On rows, whatever counts ticks counts rows, so "
        "give the value of the name in `let`, not what it is computed from.",
        (_tested(*_ROWS, "expect:", "  - never: fired(entries.long)", let="slow: sma(close, 9)", long="close > slow"),),
        _tested(
            "rows:",
            "  - {t: 0s, close: 100 USDC/BTC, slow: 99 USDC/BTC}",
            *_BUYS,
            let="slow: sma(close, 9)",
            long="close > slow",
        ),
    ),
    Code(
        "FC0805",
        "assertion is false",
        _F,
        "A test's assertion does not hold. The notes show the instant, the value of each part of the assertion, what "
        "the strategy decided, and the clauses of the rules that it asked.",
        (_tested(*_ROWS, "expect:", "  - always: order.notional < 50 USDC"),),
        _tested(*_ROWS, "expect:", "  - always: order.notional <= 100 USDC"),
    ),
    Code(
        "FC0806",
        "law broken",
        Category.BUG,
        "A law that holds for every strategy was broken on this tape: for one, that what is decided on the start of a "
        "tape does not depend on how it goes on. This is always a fault of the compiler. The law and the first time "
        "and value that differ are shown; please report them together with the strategy and the tape.",
        (),
        _COMMAND,
    ),
    Code(
        "FC0807",
        "a value that no row gives",
        _F,
        "A rule, a limit or an assertion reads a value that no row has given. Rows have no market behind them: what "
        "is read must be given, or follow from what is given. All clauses of a rule are read when the rule is asked: "
        "entries while no position is open, exits while one is.",
        (
            _tested("rows:", "  - {t: 0s, close: 100 USDC/BTC}", *_BUYS),
            _tested("rows:", "  - {t: 0s, close: 100 USDC/BTC}", "  - {t: 1m, open: 99 USDC/BTC}", *_BUYS),
        ),
        _GOOD,
    ),
    Code(
        "FC0808",
        "rows out of order",
        _F,
        "The rows of a test go forward in time, one row per time.",
        (_tested(*_ROWS, "  - {t: 0s, close: 98 USDC/BTC}", *_BUYS),),
        _tested(*_ROWS, "  - {t: 1m, close: 98 USDC/BTC}", *_BUYS),
    ),
    Code(
        "FC0809",
        "a test that cannot be run",
        _F,
        "A test has exactly one of `rows`, `tape` and `generate`, and something that it expects. Its values are "
        "constants, and each assertion is one of `at` with `holds`, `always`, `never`, `eventually` and `count`.",
        (
            _tested(*_ROWS),
            _tested("expect:", "  - never: pos.qty > 2 BTC"),
            _tested("rows: []", *_BUYS),
            _tested(*_ROWS, "expect:", "  - {at: 5s, holds: true}"),
            _tested(*_ROWS, "expect:", "  - always: true", "    never: false"),
        ),
        _GOOD,
    ),
    Code(
        "FC0810",
        "the orders are not those of the table",
        _F,
        "The test has a table of orders under `intents:`, and the strategy wants others. The first one that differs is "
        "shown.",
        (_tested(*_ROWS, "intents:", "  - {t: 0s, side: buy, style: market, qty: 2 BTC}"),),
        _tested(*_ROWS, "intents:", "  - {t: 0s, side: buy, style: market, qty: 1 BTC, rule: entries.long}"),
    ),
    Code(
        "FC0811",
        "the tape is not the one that the test pins",
        _F,
        "The test pins its data by hash, and the data has another one: it was changed, or imported again differently.",
        (),
        _COMMAND,
    ),
)
