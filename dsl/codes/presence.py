"""Group 04: presence, warm-up and bounds."""

from __future__ import annotations

from ..diagnostics import Category
from .code import Code, strategy

_TWO_DEEP = "\n".join(f"v{i}: {'close' if i == 0 else f'v{i - 1}'}[100_000]" for i in range(4))

CODES = (
    Code(
        "FC0401",
        "a value may be absent where one is needed",
        Category.FILE,
        "The value can be missing, for instance because it divides by something that can be zero; the message says "
        "when. Rules, sizes and prices need a value at every decision. Give a fallback with `??` where the value is "
        "made, or require `present(x) and …`.",
        (strategy(let="body: (close - open) / (high - low)", long="body > 0.5"),),
        strategy(let="body: (close - open) / (high - low) ?? 0.0", long="body > 0.5"),
    ),
    Code(
        "FC0402",
        "a stateful function over a value that may be absent",
        Category.FILE,
        "A window with holes has no single meaning: it could skip, hold or wait. Give the argument a fallback with "
        "`??`, or say `skip=true` to hold the last value.",
        (strategy(let="body: ema((close - open) / (high - low), 12)", long="(body ?? 0.0) > 0.5"),),
        strategy(let="body: ema((close - open) / (high - low) ?? 0.0, 12)", long="body > 0.5"),
    ),
    Code(
        "FC0403",
        "field where it has no value",
        Category.FILE,
        "`pos.entry`, `pos.age` and `pos.gain` exist only while a position is open, and entries are evaluated when it "
        "is not. Use them in `exits:`. `pos.qty` is readable everywhere and is 0 when flat. `order.*` exists only in "
        "`requote`, `entry.score` only in the `size` of an entry with a score, and `near_side` and `far_side` only in "
        "rules and `execution`.",
        (
            strategy(long="close > pos.entry"),
            strategy(let="best: near_side", long="close > best"),
            strategy(long="close > open", size="10 USDC * entry.score"),
            strategy(
                long="long:\n  when: close > open\n  execute: rest",
                tail="execution:\n  rest: {style: limit, price: order.price - 1 tick}",
            ),
        ),
        strategy(long="close > open", out="close < pos.entry"),
    ),
    Code(
        "FC0404",
        "fallback of a different unit",
        Category.FILE,
        "Both sides of `??` stand for the same value, so they have the same unit. A bare `0` fits every unit.",
        (strategy(let="body: (close - open) / (high - low) ?? 1 BTC", long="close > open"),),
        strategy(let="body: (close - open) / (high - low) ?? 0.0", long="body > 0.5"),
    ),
    Code(
        "FC0405",
        "fallback is never used",
        Category.FILE,
        "The value on the left of `??` is always present, so the fallback is dead text that would mislead a reader. "
        "Remove it.",
        (strategy(let="level: close ?? open", long="close >= level"),),
        strategy(let="level: close", long="close >= level"),
    ),
    Code(
        "FC0450",
        "length without a bound",
        Category.FILE,
        "A window length, depth or index is a parameter without a range. Memory is reserved for the greatest value, "
        "so there must be one. Write `in: 4..30`.",
        (strategy(params="length: {type: int, default: 12}", let="mean_n: sma(close, length)", long="close > mean_n"),),
        strategy(
            params="length: {type: int, default: 12, in: 4..30}",
            let="mean_n: sma(close, length)",
            long="close > mean_n",
        ),
    ),
    Code(
        "FC0451",
        "too much state",
        Category.FILE,
        "The strategy would keep more than 1 MiB of memory. The largest contributors are shown; shorten their windows "
        "or sample on a slower clock.",
        (strategy(let=_TWO_DEEP, long="close > v3"),),
        strategy(let="old: close[100]", long="close > old"),
    ),
    Code(
        "FC0452",
        "too much work per event",
        Category.FILE,
        "One event could cost more than 20 000 operations. The largest contributors are shown; shorten their windows "
        "or compute them on a slower clock.",
        (
            strategy(
                let="\n".join(f"m{i}: median(close, {200 + i})" for i in range(60)),
                long=" or ".join(["close > m0"] + [f"close > m{i}" for i in range(1, 60)]),
            ),
        ),
        strategy(let="m0: median(close, 20)", long="close > m0"),
    ),
    Code(
        "FC0453",
        "too many clauses",
        Category.FILE,
        "All entries together, and all exits together, hold at most 64 clauses, so that every decision can record in "
        "one word which of them held. Join clauses that belong together with `and`.",
        (strategy(long="long:\n  when:\n" + "\n".join(f"    c{i}: close > open + {i} ticks" for i in range(70))),),
        strategy(long="long:\n  when:\n    up: close > open\n    busy: volume > 1 BTC"),
    ),
    Code(
        "FC0454",
        "warm-up beyond available history",
        Category.FILE,
        "The strategy would need more history before its first decision than the venue keeps. Shorten the longest "
        "window, or relax `warmup: settle`.",
        (strategy(let="slow: ema(close, 30)@1d", long="close > slow", tail="warmup: {settle: 1e-300}"),),
        strategy(let="slow: ema(close, 30)@1d", long="close > slow"),
    ),
    Code(
        "FC0455",
        "long decimal window on an event clock",
        Category.FILE,
        "A window over computed decimal numbers on every book change or trade is costly to keep exact. Sample on a "
        "timer first, as in `sum(x@100ms, 600)`, or sum ticks and lots, which is exact and cheap.",
        (strategy(decide="book", long="sma(mid / ask, 50_000) > 0.5", out="bid < 1 USDC / BTC"),),
        strategy(decide="book", long="sma((mid / ask)@100ms, 600) > 0.5", out="bid < 1 USDC / BTC"),
    ),
)
