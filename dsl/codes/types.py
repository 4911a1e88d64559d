"""Group 02: types and numbers."""

from __future__ import annotations

from ..diagnostics import Category
from .code import Code, strategy

_TWO = "instruments: {btc: BTC/USDC, eth: ETH/USDC}\ntrade: btc"

CODES = (
    Code(
        "FC0201",
        "different dimensions",
        Category.FILE,
        "Two values are compared, added or subtracted whose units differ, such as a price and a ratio. `5 bps` is a "
        "pure number and `5 ticks` is a price difference. Divide to make a ratio, or write the number in the other "
        "unit.",
        (strategy(long="close - open > 2 bps"), strategy(long="close > volume")),
        strategy(long="(close - open) / open > 2 bps"),
    ),
    Code(
        "FC0202",
        "different instruments",
        Category.FILE,
        "Two values of the same kind belong to different instruments. A BTC price and an ETH price are different "
        "units, and ticks of one mean nothing to the other. Compare returns or ratios instead.",
        (strategy(head=_TWO, long="btc.close > eth.close"),),
        strategy(head=_TWO, long="ret(btc.close, 5) > ret(eth.close, 5)"),
    ),
    Code(
        "FC0203",
        "a condition is needed",
        Category.FILE,
        "Here stands a value that is neither true nor false: in a clause, before `then`, or beside `and`, `or` and "
        "`not`. Numbers are not conditions. Write the comparison you mean.",
        (strategy(long="close - open"), strategy(long="not volume")),
        strategy(long="close - open > 0 ticks"),
    ),
    Code(
        "FC0204",
        "the branches of `if` differ",
        Category.FILE,
        "`then` and `else` give values of different kinds or units. The result has one type, whichever branch is "
        "taken.",
        (strategy(let="level: if close > open then close else 1 BTC", long="close > level"),),
        strategy(let="level: if close > open then close else open", long="close > level"),
    ),
    Code(
        "FC0205",
        "unit cannot be inferred",
        Category.FILE,
        "Nothing says which instrument the unit belongs to. An instrument letter in a function's result, as in "
        "`price<i>`, must also stand in one of its arguments, where each call decides it.",
        (
            strategy(
                let="lean: half(2.5)",
                long="volume > lean",
                tail="fn:\n  half:\n    args: {x: real}\n    returns: qty<i>\n    is: x / 2",
            ),
        ),
        strategy(
            let="lean: half(volume)",
            long="volume[1] > lean",
            tail="fn:\n  half:\n    args: {x: qty<i>}\n    returns: qty<i>\n    is: x / 2",
        ),
    ),
    Code(
        "FC0206",
        "number needs a unit",
        Category.FILE,
        "A bare number stands where an amount of money, a price, a quantity or a duration is needed. Only `0` fits "
        "every unit. Write `100 USDC`, `3 ticks`, `0.01 BTC`, `5s`.",
        (strategy(size="100"), strategy(long="close - open > 5")),
        strategy(size="100 USDC"),
    ),
    Code(
        "FC0207",
        "constant or parameter needed",
        Category.FILE,
        "Window lengths, depths, history indices and what `capital` says must be known before the run: a number, a "
        "parameter or arithmetic on them. A length that changes with the market would make memory unbounded.",
        (
            strategy(let="length: if close > open then 5 else 10\nquick: ema(close, length)", long="close > quick"),
            strategy(tail="capital:\n  reserve: if close > open then 500 USDC else 0 USDC"),
        ),
        strategy(
            params="length: {type: int, default: 5, in: 2..20}", let="quick: ema(close, length)", long="close > quick"
        ),
    ),
    Code(
        "FC0208",
        "no such field",
        Category.FILE,
        "The value before the point has no field of this name. Functions with several results, such as `macd`, list "
        "their fields in `flashc doc`.",
        (strategy(let="m: macd(close, 12, 26, 9)", long="m.histogramm > 0"), strategy(long="pos.entri > 0")),
        strategy(let="m: macd(close, 12, 26, 9)", long="m.hist > 0"),
    ),
    Code(
        "FC0210",
        "equality of decimal numbers",
        Category.FILE,
        "`==` and `!=` on computed numbers decide by the last bit, so a strategy would trade or not by rounding. They "
        "exist for whole numbers, conditions, ticks and lots. Write `near(a, b, tolerance)` or `same_tick(a, b)`.",
        (strategy(long="ema(close, 12) == ema(close, 26)"),),
        strategy(long="near(ema(close, 12), ema(close, 26), 2 ticks)"),
    ),
    Code(
        "FC0211",
        "condition used as a number",
        Category.FILE,
        "Arithmetic or an ordered comparison is applied to a condition. Conditions are not 0 and 1. Write `if c then "
        "1 else 0`, or `count(c, n)` to count them.",
        (strategy(long="(close > open) + (volume > 1 BTC) > 1"),),
        strategy(long="confirm(2, close > open, volume > 1 BTC)"),
    ),
    Code(
        "FC0217",
        "whole number may overflow",
        Category.FILE,
        "A whole number can leave the range of 64 bits for some values of its parts, as the ranges show. Narrow a "
        "parameter's range, or use a decimal number.",
        (
            strategy(
                params="k: {type: int, default: 1, in: 1..4_000_000_000}",
                long="k * k * k > 7 and close > open",
            ),
        ),
        strategy(params="k: {type: int, default: 1, in: 1..1_000}", long="k * k * k > 7 and close > open"),
    ),
    Code(
        "FC0218",
        "number out of range",
        Category.FILE,
        "The number is too large or too small to be held, or lies outside what its place allows.",
        (
            strategy(long="rsi(close, 14) > 1e999"),
            strategy(long="imbalance(50) > 0.1"),
            strategy(out="out: close < open\nhalf:\n  when: pos.gain > 1 pct\n  fraction: 50\n  once: true"),
            strategy(
                head="instruments: {btc: BTC/USDC, eth: ETH/USDC}\ntrade: [btc, eth]",
                tail="capital:\n  allocate: {btc: 70 pct, eth: 50 pct}",
            ),
        ),
        strategy(long="rsi(close, 14) > 70"),
    ),
    Code(
        "FC0219",
        "condition of `if` never changes",
        Category.FILE,
        "The condition is true, or false, for all values its parts can take, so one branch is never used. Remove the "
        "`if`, or correct the condition.",
        (strategy(let="level: if true then close else open", long="close > level"),),
        strategy(let="level: if close > open then close else open", long="close >= level"),
    ),
)
