"""Groups 05 and 06: venue, rules, risk; parameters."""

from __future__ import annotations

from ..diagnostics import Category
from .code import Code, strategy

_RISK = "risk:\n  position: {max: 400 USDC}"

CODES = (
    Code(
        "FC0501",
        "short on a spot venue",
        Category.VENUE,
        "A spot venue sells only what the account holds, so an entry cannot be short. Leave the position with an exit "
        "rule instead.",
        (strategy(long="short: close < open").replace("long: short:", "short:"),),
        strategy(long="close > open", out="close < open"),
    ),
    Code(
        "FC0502",
        "order style not offered",
        Category.VENUE,
        "The execution policy asks for an order style, or a feature of one, that the venue does not have. The message "
        "lists the styles of the venue's profile.",
        (
            strategy(tail="execution:\n  quick: {style: market, price: close}"),
            strategy(tail="execution:\n  quick: {style: ioc, price: close, requote: {when: close > open, at_most: 2}}"),
        ),
        strategy(tail="execution:\n  quick: {style: market}"),
    ),
    Code(
        "FC0503",
        "size may be below the venue's minimum",
        Category.VENUE,
        "For some values of its parts the size is smaller than the least order the venue accepts, and such orders "
        "would be rejected. Raise the lower bound, or state the intent with `below_min: skip` or `below_min: "
        "round_up`.",
        (strategy(size="0.5 USDC"), strategy(size="1 bps", tail="capital: {start: 5_000 USDC}")),
        strategy(size="20 USDC"),
    ),
    Code(
        "FC0504",
        "size may exceed the position limit",
        Category.FILE,
        "A single entry can be larger than the position limit or the order limit under `risk:`, so risk would always "
        "cut it. Lower the size or raise the limit.",
        (
            strategy(size="500 USDC", tail=_RISK),
            strategy(size="150 USDC", long="long:\n  when: close > open\n  add: true\n  at_most: 3", tail=_RISK),
            strategy(size="150 USDC", tail="risk:\n  notional: {max: 120 USDC}"),
        ),
        strategy(size="100 USDC", tail=_RISK),
    ),
    Code(
        "FC0505",
        "post-only price crosses by construction",
        Category.FILE,
        "A post-only buy at or above the ask would trade at once, so the venue rejects it every time. Price it at "
        "your own side: `near_side`, or `bid` for a buy.",
        (
            strategy(
                long="long:\n  when: close > open\n  execute: join",
                tail="execution:\n  join: {style: post_only, price: ask, ttl: 1s}",
            ),
        ),
        strategy(
            long="long:\n  when: close > open\n  execute: join",
            tail="execution:\n  join: {style: post_only, price: bid, ttl: 1s}",
        ),
    ),
    Code(
        "FC0506",
        "`then` leads back to itself",
        Category.FILE,
        "Execution policies hand what is left to the next by `then`. These form a circle, so an order could go round "
        "for ever. End the chain with a policy that takes what is left, such as `ioc`.",
        (
            strategy(
                long="long:\n  when: close > open\n  execute: a",
                tail="execution:\n  a: {style: limit, price: bid, ttl: 1s, then: b}\n"
                "  b: {style: limit, price: ask, ttl: 1s, then: a}",
            ),
        ),
        strategy(
            long="long:\n  when: close > open\n  execute: a",
            tail="execution:\n  a: {style: limit, price: bid, ttl: 1s, then: b}\n  b: {style: ioc, price: ask}",
        ),
    ),
    Code(
        "FC0507",
        "exit is never reached",
        Category.FILE,
        "Exits are tried in order, and whenever this one holds an earlier one holds too. Remove it, or move it up.",
        (strategy(out="out: close < open\nlate: close < open"),),
        strategy(out="out: close < open\nlate: pos.age > 4h"),
    ),
    Code(
        "FC0508",
        "no exit covers an open position",
        Category.FILE,
        "The strategy can enter and has no rule that leaves, or only rules that leave with a part. Give it at least "
        "one exit of the whole position.",
        (strategy(out=""), strategy(out="out:\n  when: close < open\n  fraction: 50 pct\n  once: true")),
        strategy(out="close < open"),
    ),
    Code(
        "FC0509",
        "risk looser than the runtime's limit",
        Category.FILE,
        "The runtime has limits of its own that no file can raise. A looser limit in the file would suggest room that "
        "is not there. Lower it.",
        (strategy(tail="risk:\n  position: {max: 100_000_000 USDC}"),),
        strategy(tail=_RISK),
    ),
    Code(
        "FC0510",
        "unknown to the venue profile",
        Category.VENUE,
        "The profile of the venue lacks this venue, instrument, fee or tick size. Profiles are pinned with the "
        "compiler, so that a file means the same today and next year. The message lists what the profile knows.",
        (strategy(head="trade: DOGE/USDC"), strategy(head="venue: nowhere.spot\ntrade: BTC/USDC")),
        strategy(head="venue: mexc.spot\ntrade: BTC/USDC"),
    ),
    Code(
        "FC0511",
        "order rate above the venue's limit",
        Category.VENUE,
        "The file allows more orders in a time than the venue accepts. Lower `order_rate`.",
        (strategy(tail="risk:\n  position: {max: 400 USDC}\n  order_rate: {max: 500, per: 1s}"),),
        strategy(tail="risk:\n  position: {max: 400 USDC}\n  order_rate: {max: 8, per: 1s}"),
    ),
    Code(
        "FC0601",
        "default outside its range",
        Category.FILE,
        "The default of a parameter does not lie in its own `in:` range.",
        (
            strategy(
                params="length: {type: int, default: 40, in: 4..30}", let="m: sma(close, length)", long="close > m"
            ),
        ),
        strategy(params="length: {type: int, default: 20, in: 4..30}", let="m: sma(close, length)", long="close > m"),
    ),
    Code(
        "FC0602",
        "constraint is false at the defaults",
        Category.FILE,
        "The parameters break a constraint with their default values, so the strategy could not be run as it stands.",
        (
            strategy(
                params="fast: {type: int, default: 30, in: 4..40}\nslow: {type: int, default: 20, in: 4..40}",
                long="ema(close, fast) > ema(close, slow)",
                tail="constraints:\n  separated: fast < slow",
            ),
        ),
        strategy(
            params="fast: {type: int, default: 12, in: 4..40}\nslow: {type: int, default: 26, in: 4..40}",
            long="ema(close, fast) > ema(close, slow)",
            tail="constraints:\n  separated: fast < slow",
        ),
    ),
    Code(
        "FC0603",
        "constraint can never hold",
        Category.FILE,
        "No values inside the ranges satisfy the constraint, so a search would visit nothing.",
        (
            strategy(
                params="fast: {type: int, default: 30, in: 20..40}\nslow: {type: int, default: 10, in: 4..12}",
                long="ema(close, fast) > ema(close, slow)",
                tail="constraints:\n  separated: fast < slow",
            ),
        ),
        strategy(
            params="fast: {type: int, default: 6, in: 4..12}\nslow: {type: int, default: 30, in: 20..40}",
            long="ema(close, fast) > ema(close, slow)",
            tail="constraints:\n  separated: fast < slow",
        ),
    ),
    Code(
        "FC0604",
        "search over a length is too large",
        Category.FILE,
        "A swept window length reserves memory for its greatest value, and this range is too wide for that. Narrow "
        "the range.",
        (
            strategy(
                params="length: {type: int, default: 12, in: 4..1_000_000, sweep: true}",
                let="m: sma(close, length)",
                long="close > m",
            ),
        ),
        strategy(
            params="length: {type: int, default: 12, in: 4..120, sweep: true}",
            let="m: sma(close, length)",
            long="close > m",
        ),
    ),
    Code(
        "FC0605",
        "parameter is never used",
        Category.FILE,
        "Nothing reads this parameter, so changing or searching it would change nothing. Remove it, or use it where "
        "its value stands as a number.",
        (strategy(params="fast: 12"),),
        strategy(params="fast: 12", long="close > ema(close, fast)"),
    ),
)
