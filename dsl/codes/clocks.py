"""Group 03: clocks and causality."""

from __future__ import annotations

from ..diagnostics import Category
from .code import Code, strategy

CODES = (
    Code(
        "FC0301",
        "history index looks into the future",
        Category.FILE,
        "Indices count backwards: `close[0]` is the last closed bar, `close[1]` the one before it. A negative index "
        "would be a bar that has not happened. The bar that is being formed has its own name, `forming(1m).close`.",
        (strategy(long="close[-1] > close"),),
        strategy(long="close > close[1]"),
    ),
    Code(
        "FC0302",
        "a future value reaches a rule",
        Category.FILE,
        "`lead` reads values that come later and exists only for training targets under `labels:`. Rules, sizes, "
        "prices and model inputs cannot depend on it, not even through other names. The message draws the path.",
        (strategy(let="next: lead(close, 5)", long="next > close"),),
        strategy(tail="labels:\n  up_5m: lead(close, 5) / close - 1"),
    ),
    Code(
        "FC0303",
        "a value depends on itself",
        Category.FILE,
        "Values refer to each other in a circle within the same instant, so none of them can be computed first. The "
        "circle is drawn. A value may use its own past through `prev(name, start)`.",
        (strategy(let="a: b + 1\nb: a + 1", long="a > 1"),),
        strategy(let="streak: if close > open then prev(streak, 0) + 1 else 0", long="streak > 3"),
    ),
    Code(
        "FC0304",
        "stateful function over several clocks",
        Category.FILE,
        "A window counts ticks of its argument, and this argument ticks on several clocks at once: twelve of which? "
        "Pointwise operators may mix clocks, because the slower side is held; windows and other stateful functions "
        "may not. Say which clock is meant with `@`.",
        (strategy(let="mixed: ema(close@1m - close@5m, 12)", long="mixed > 0"),),
        strategy(let="mixed: ema((close - close@5m)@1m, 12)", long="mixed > 0"),
    ),
    Code(
        "FC0305",
        "bar field without a bar clock",
        Category.FILE,
        "`open`, `high`, `low`, `close` and `volume` belong to bars, and nothing here says which bars. On a decision "
        "clock that is not a bar, write the bar length: `close@1m`.",
        (strategy(decide="book", long="close > 100 USDC / BTC", out="bid < 90 USDC / BTC"),),
        strategy(decide="book", long="close@1m > 100 USDC / BTC", out="bid < 90 USDC / BTC"),
    ),
    Code(
        "FC0306",
        "no bars below one second",
        Category.FILE,
        "A clock shorter than one second is a timer: it samples, and has no open, high, low or close. Use a bar of "
        "`1s` or more, or sample a price such as `mid@250ms`.",
        (strategy(decide="1s", long="close@250ms > open"),),
        strategy(decide="1s", long="close@5s > open"),
    ),
    Code(
        "FC0307",
        "clock never ticks",
        Category.FILE,
        "Nothing can make this clock tick: a period of zero, or a stream that the venue does not offer.",
        (strategy(decide="0s"), strategy(long="close@0m > open")),
        strategy(long="close@5m > open"),
    ),
    Code(
        "FC0308",
        "period does not divide",
        Category.FILE,
        "Longer bars are made of shorter ones: five 1m bars make a 5m bar. This period is not a whole number of the "
        "base bars, or does not divide a day, so its bars would have no common start.",
        (strategy(decide="7m"), strategy(long="close@90s > open")),
        strategy(decide="5m"),
    ),
    Code(
        "FC0309",
        "not decomposable over time",
        Category.FILE,
        "Windows by time are kept in panes, and only sums, counts, means, least and greatest values can be put "
        "together from panes. A median or a rank cannot. Sample first (`@1s`) and use a window by count.",
        (strategy(decide="trade", long="median(trade.price, 10s, pane=1s) > 1 USDC / BTC", out="mid < 1 USDC / BTC"),),
        strategy(decide="trade", long="max(trade.price, 10s, pane=1s) > 1 USDC / BTC", out="mid < 1 USDC / BTC"),
    ),
    Code(
        "FC0310",
        "pane does not divide the window",
        Category.FILE,
        "A window by time is a whole number of panes. Choose a pane that divides the window, such as `pane=100ms` for "
        "`1s`.",
        (strategy(decide="trade", long="sum(trade.qty, 1s, pane=300ms) > 1 BTC", out="mid < 1 USDC / BTC"),),
        strategy(decide="trade", long="sum(trade.qty, 1s, pane=250ms) > 1 BTC", out="mid < 1 USDC / BTC"),
    ),
    Code(
        "FC0311",
        "decision clock slower than the only input",
        Category.FILE,
        "All inputs of a rule change many times between two decisions, so most of what they say is never looked at. "
        "Decide on the faster clock, or sample the inputs on the slower one to show that this is meant.",
        (strategy(decide="1h", long="close@1m > open@1m", out="close@1m < open@1m"),),
        strategy(decide="1m"),
    ),
    Code(
        "FC0312",
        "delay without a first value",
        Category.FILE,
        "`prev(x, start)` needs the value it has before there is a past. There is no unset value in the language.",
        (strategy(let="streak: if close > open then prev(streak) + 1 else 0", long="streak > 3"),),
        strategy(let="streak: if close > open then prev(streak, 0) + 1 else 0", long="streak > 3"),
    ),
)
