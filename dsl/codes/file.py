"""Group 00: the file as YAML."""

from __future__ import annotations

from ..diagnostics import Category
from .code import Code, strategy

_OK = strategy()

CODES = (
    Code(
        "FC0001",
        "not YAML",
        Category.FILE,
        "The file is not text that YAML can read: a bracket or quote is left open, the indentation does not fit, or "
        "there are characters that no text holds. Nothing else is checked until the file can be read. The place shown "
        "is where the reader stopped; the cause may stand a line earlier.",
        ("flash: 1\nstrategy: example\ntrade: [BTC/USDC\ndecide: 1m\n",),
        _OK.replace("BTC/USDC", "[BTC/USDC]"),
    ),
    Code(
        "FC0002",
        "YAML feature that strategy files do not use",
        Category.FILE,
        "Anchors, aliases, merge keys, tags, directives and second documents are refused. They let one text mean "
        "another, and then a message could not point at what you wrote. Give a value a name under `let:` and use the "
        "name.",
        (
            strategy(let="quick: &fast ema(close, 12)\ncalm: *fast"),
            _OK + "---\n" + _OK,
            strategy(let="quick: !!str ema(close, 12)"),
        ),
        strategy(let="quick: ema(close, 12)\ncalm: quick", long="close > calm"),
    ),
    Code(
        "FC0003",
        "key written twice",
        Category.FILE,
        "A key stands twice in the same block. YAML readers silently keep the last one, so half of what you wrote "
        "would be ignored. Both places are shown; remove one or rename it.",
        (strategy(let="quick: ema(close, 12)\nquick: ema(close, 26)", long="close > quick"),),
        strategy(let="quick: ema(close, 12)\ncalm: ema(close, 26)", long="quick > calm"),
    ),
    Code(
        "FC0004",
        "unknown key",
        Category.FILE,
        "The block has no key of this name. An unknown key is never ignored, because a misspelt limit would be a "
        "limit that does not exist. The nearest known key is suggested; `flashc schema` lists all keys.",
        (_OK + "exit: close < open\n", strategy(tail="risk:\n  positon: {max: 400 USDC}")),
        strategy(tail="risk:\n  position: {max: 400 USDC}"),
    ),
    Code(
        "FC0005",
        "expression inside `{…}` or `[…]`",
        Category.FILE,
        "Inside flow collections commas and brackets belong to YAML, so an expression that has them would be cut in "
        "two without notice. One without commas, brackets and colons may stand there, on one line. Write the block "
        "over several lines, or put the expression in quotes.",
        (strategy(let="", tail="").replace("exits:\n  out: close < open", "exits: {out: cross_dn(close, open)}"),),
        _OK,
    ),
    Code(
        "FC0006",
        "escape in a quoted expression",
        Category.FILE,
        "The expression stands in double quotes and holds a backslash. Expressions contain no text and no "
        "backslashes, and an escape would move every position behind it. Drop the quotes, or use a block (`|`).",
        (strategy(long='"close \\u003e open"'),),
        _OK,
    ),
    Code(
        "FC0007",
        "internal: file text and YAML value differ",
        Category.BUG,
        "The compiler reads expressions directly from the file and compares the words with the value YAML gives. They "
        "differ, which must never happen. Please report the file. As a way round, write the expression on one line "
        "without quotes.",
        reserved=True,
    ),
    Code(
        "FC0008",
        "comment in folded text",
        Category.FILE,
        "In a `>` block YAML joins the lines, so a `#` comment would swallow the rest of the expression. Use `|` "
        "instead, where line ends stay and comments end at the line.",
        (strategy(let="slow: >\n  ema(close, 26)   # the slow one\n  + 0 ticks", long="close > slow"),),
        strategy(let="slow: |\n  ema(close, 26)   # the slow one\n  + 0 ticks", long="close > slow"),
    ),
    Code(
        "FC0009",
        "a key is missing",
        Category.FILE,
        "A block lacks a key that it cannot do without. The message names the key. Every other key has a default that "
        "`flashc check --explain-defaults` prints.",
        (
            _OK.replace("trade: BTC/USDC\n", ""),
            strategy(params="fast: {type: int, in: 4..30}", long="close > ema(close, fast)"),
            strategy(
                out="out:\n  when: close < open\n  execute: patient", tail="execution:\n  patient: {style: limit}"
            ),
            strategy(long="long:\n  score:\n    up: {when: close > open, weight: 2}"),
            strategy(long="long:\n  when: close > open\n  add: true"),
            strategy(long="long:\n  cooldown: 1h"),
        ),
        _OK,
    ),
    Code(
        "FC0010",
        "a value of the wrong shape",
        Category.FILE,
        "A key holds text where it takes a block, a list where it takes text, or text that is not what the key stands "
        "for. What a scalar means is decided by its key, never by YAML, so `no` or `1:30` need no quotes. The message "
        "says what fits.",
        (
            strategy(let="").replace("strategy: example", "strategy: [example]"),
            _OK.replace("BTC/USDC", "btc usdc"),
            strategy(
                long="long:\n  when: close > open\n  score:\n    up: {when: close > open, weight: 2}\n  at_least: 1"
            ),
            strategy(out="out:\n  when: close < open\n  once: true"),
            strategy(tail="risk:\n  losing_streak: {max: 4, then: rest}"),
        ),
        _OK,
    ),
    Code(
        "FC0011",
        "key that older YAML reads as true or false",
        Category.FILE,
        "The keys `on`, `off`, `yes`, `no`, `y` and `n` are booleans to YAML 1.1 programs and text to YAML 1.2 "
        "programs. Other tools would see another file than you. Choose another name.",
        (strategy(let="on: close > open", long="on"),),
        strategy(let="rising_bar: close > open", long="rising_bar"),
    ),
    Code(
        "FC0012",
        "file too large or too deep",
        Category.FILE,
        "A strategy file holds at most 256 KiB and 16 levels of blocks, and one expression at most 100 levels of "
        "brackets and operators. Real strategies stay far below. Break a long expression up by naming its parts under "
        "`let:`.",
        (strategy(long="(" * 120 + "close" + ")" * 120 + " > open"),),
        strategy(let="body: close - open", long="body > 0 ticks"),
    ),
)
