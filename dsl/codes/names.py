"""Group 01: syntax and names."""

from __future__ import annotations

from ..diagnostics import Category
from .code import Code, strategy

_CROSS = strategy(
    let="quick: ema(close, 12)\ncalm: ema(close, 26)", long="cross_up(quick, calm)", out="cross_dn(quick, calm)"
)

CODES = (
    Code(
        "FC0101",
        "unexpected text in an expression",
        Category.FILE,
        "The expression cannot go on with this word or sign. The message says what fits there. Missing commas, "
        "unclosed brackets and a missing `then` come with a fix.",
        (
            strategy(let="quick: ema(close 12)", long="close > quick"),
            strategy(long="close > (open"),
            strategy(long="close >"),
            strategy(long="close open"),
        ),
        strategy(let="quick: ema(close, 12)", long="close > quick"),
    ),
    Code(
        "FC0102",
        "unknown name",
        Category.FILE,
        "No value of this name exists: not in the file, not among the fields of the traded instrument, not among the "
        "account values. Similar names are suggested. Everything that uses the name is then left unchecked, so that "
        "one misspelling gives one error.",
        (strategy(let="quick: ema(close, 12)", long="close > quikc"),),
        strategy(let="quick: ema(close, 12)", long="close > quick"),
    ),
    Code(
        "FC0103",
        "unknown function",
        Category.FILE,
        "Neither the library nor the file has a function of this name. `flashc doc` lists the library. Define your "
        "own under `fn:`.",
        (strategy(let="quick: eman(close, 12)", long="close > quick"),),
        strategy(let="quick: ema(close, 12)", long="close > quick"),
    ),
    Code(
        "FC0104",
        "wrong arguments",
        Category.FILE,
        "A call has too few or too many arguments, a named argument that the function does not have, or one given "
        "twice. The message shows the signature.",
        (
            strategy(let="quick: ema(close)", long="close > quick"),
            strategy(let="quick: ema(close, 12, 3)", long="close > quick"),
            strategy(let="quick: ema(close, length=12)", long="close > quick"),
        ),
        strategy(let="quick: ema(close, 12)", long="close > quick"),
    ),
    Code(
        "FC0105",
        "unknown unit",
        Category.FILE,
        "A number is followed by a word that is no unit. Units are `bps`, `pct`, `ticks`, `lots`, the durations `ns "
        "us ms s m h d`, and the currencies of the file's instruments. Two factors need a `*` between them.",
        (strategy(long="close - open > 3 tixs"), strategy(size="100 EUR")),
        strategy(long="close - open > 3 ticks"),
    ),
    Code(
        "FC0106",
        "name defined twice",
        Category.FILE,
        "The same name is defined in two blocks, for instance as a parameter and under `let:`. A name means one thing "
        "in the whole file. Rename one of them.",
        (
            strategy(params="fast: 12", let="fast: ema(close, 12)", long="close > fast"),
            strategy(head="trade: [BTC/USDC, BTC/USDC]"),
            strategy(
                long="long:\n  score: {up: {when: close > open, weight: 2}}\n  at_least: 1\n"
                "  require: {up: volume > 1 BTC}"
            ),
        ),
        strategy(params="fast: 12", let="quick: ema(close, fast)", long="close > quick"),
    ),
    Code(
        "FC0107",
        "name hides another",
        Category.FILE,
        "A name of your own equals a field, a function or an instrument that already exists. Shadowing is an error, "
        "because a reader would take it for the one they know. Choose another name.",
        (strategy(let="close: ema(open, 12)", long="close > open"),),
        strategy(let="smooth: ema(open, 12)", long="close > smooth"),
    ),
    Code(
        "FC0108",
        "operator of another language",
        Category.FILE,
        "The expression uses a sign from another language: `&&`, `||`, `!`, `=`, `? :`, `%`, `**` and the like. The "
        "language uses `and`, `or`, `not`, `==` and `if … then … else …`, because these are safe inside YAML. Where "
        "only one meaning is possible, `flashc fix` rewrites it.",
        (
            strategy(long="close > open && volume > 1 BTC"),
            strategy(let="step: |\n  close > open ? 1 : 0", long="step > 0"),
            strategy(long="rsi(close, 14) ** 2 > 400"),
        ),
        strategy(long="close > open and volume > 1 BTC"),
    ),
    Code(
        "FC0109",
        "chain of comparisons changes direction",
        Category.FILE,
        "A chain such as `0.2 < x < 0.8` reads as a range: all its operators point the same way. In `a < b > c` they "
        "do not, and most readers would guess wrongly. Write two comparisons joined by `and`.",
        (strategy(long="open < close > low"),),
        strategy(long="open < close and close > low"),
    ),
    Code(
        "FC0110",
        "reserved name",
        Category.FILE,
        "The word belongs to the language (`if`, `and`, `true` …) and cannot be a name. Choose another one.",
        (strategy(let="not: close > open", long="close > open"),),
        strategy(let="quiet: close > open", long="quiet"),
    ),
    Code(
        "FC0111",
        "import not found",
        Category.FILE,
        "`use:` names a module that does not exist. Modules of the standard library begin with `std.`; others are "
        "files beside the strategy.",
        (strategy(tail="use: [std.flwo]"),),
        _CROSS,
    ),
    Code(
        "FC0112",
        "modules import each other",
        Category.FILE,
        "Two modules import each other, directly or through others. Modules form a tree, so that the meaning of one "
        "does not depend on who reads it first. Move what both need into a third module.",
        (strategy(long="one.half(close) > open", tail="use: [one]"),),
        strategy(),
        beside=(
            ("one.yaml", "use: [two]\nfn:\n  half:\n    args: {x: price<i>}\n    is: x / 2\n"),
            ("two.yaml", "use: [one]\nfn:\n  twice:\n    args: {x: price<i>}\n    is: x * 2\n"),
        ),
    ),
    Code(
        "FC0113",
        "private member of a module",
        Category.FILE,
        "The function stands under `private:` in its module, so only the module itself may use it. Use a public "
        "function of the module.",
        (strategy(long="one.half(close) > open", tail="use: [one]"),),
        strategy(long="one.quarter(close) > open", tail="use: [one]"),
        beside=(
            (
                "one.yaml",
                "fn:\n  quarter:\n    args: {x: price<i>}\n    is: half(half(x))\n"
                "private:\n  half:\n    args: {x: price<i>}\n    is: x / 2\n",
            ),
        ),
    ),
)
