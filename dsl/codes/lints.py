"""Lints: text that is correct and probably not what was meant."""

from __future__ import annotations

from ..diagnostics import Category
from .code import Code, strategy


def _later(code: str, title: str, explanation: str) -> Code:
    return Code(code, title, Category.FILE, explanation, reserved=True)


_F = Category.FILE
_SAFE = "risk:\n  position: {max: 400 USDC}\n  stale: {book: 1s, then: block_entries}"

CODES = (
    Code(
        "FL101",
        "a named value is never used",
        _F,
        "Nothing reads this value, so it costs nothing and says nothing. Remove it, or use it.",
        (strategy(let="quick: ema(close, 12)"),),
        strategy(let="quick: ema(close, 12)", long="close > quick"),
    ),
    Code(
        "FL102",
        "a clause is always true or always false",
        _F,
        "The possible values of its parts decide the clause once and for all. Delete it, or write the bound you meant.",
        (
            strategy(long="volume >= 0 BTC"),
            strategy(long="long:\n  score:\n    up: {when: close > open, weight: 2}\n  at_least: 3"),
        ),
        strategy(long="volume >= 1 BTC"),
    ),
    Code(
        "FL103",
        "a clause is implied by another",
        _F,
        "Whenever the other clause of the rule holds, this one holds too, so it decides nothing.",
        (strategy(long="long:\n  when:\n    up: rsi(close, 14) > 70\n    high: rsi(close, 14) > 60"),),
        strategy(long="long:\n  when:\n    up: rsi(close, 14) > 70\n    busy: volume > 1 BTC"),
    ),
    Code(
        "FL104",
        "window far longer than the decision horizon",
        _F,
        "The window spans more than ten times the longest holding time of the strategy.",
        (strategy(let="slow: sma(close, 5_000)", long="close > slow", out="pos.age > 5m"),),
        strategy(let="slow: sma(close, 40)", long="close > slow", out="pos.age > 5m"),
    ),
    _later(
        "FL105", "a parameter had no effect in the last search", "Results barely changed over the parameter's range."
    ),
    Code(
        "FL106",
        "the same number is written several times",
        _F,
        "A number with a meaning of its own stands in several places. Make it a parameter, so that the places change "
        "together.",
        (strategy(long="rsi(close, 14) > 37.5 and rsi(open, 21) > 37.5", out="rsi(close, 30) < 37.5"),),
        strategy(
            params="level: 37.5", long="rsi(close, 14) > level and rsi(open, 21) > level", out="rsi(close, 30) < level"
        ),
    ),
    _later("FL107", "a fallback hides many ticks", "In the last run `??` stood in for a missing value very often."),
    Code(
        "FL108",
        "fees exceed the target",
        _F,
        "A profit target is smaller than the fees of getting in and out with the chosen order styles.",
        (strategy(out="pos.gain > 3 bps or pos.age > 1h"),),
        strategy(out="pos.gain > 40 bps or pos.age > 1h"),
    ),
    _later(
        "FL109", "time to live below the measured round trip", "Orders would be cancelled before they can be filled."
    ),
    Code(
        "FL110",
        "stop wider than the day's loss limit",
        _F,
        "One losing trade at its stop can lose more than the whole day may.",
        (strategy(out="pos.gain < -50 pct", tail="risk:\n  position: {max: 400 USDC}\n  day_loss: {limit: 5 USDC}"),),
        strategy(out="pos.gain < -1 pct", tail="risk:\n  position: {max: 400 USDC}\n  day_loss: {limit: 25 USDC}"),
    ),
    Code(
        "FL111",
        "no guard against a silent input",
        _F,
        "The strategy reads a live stream and `risk: stale` does not name it, so it would trade on old values when "
        "the stream stops.",
        (
            strategy(
                decide="book",
                long="bid_qty > 2 * ask_qty",
                out="bid_qty < ask_qty",
                tail="risk:\n  position: {max: 400 USDC}",
            ),
        ),
        strategy(decide="book", long="bid_qty > 2 * ask_qty", out="bid_qty < ask_qty", tail=_SAFE),
    ),
    Code(
        "FL112",
        "default at the edge of its range",
        _F,
        "The default of a swept parameter lies at an end of its range: better values may lie beyond.",
        (
            strategy(
                params="length: {type: int, default: 4, in: 4..30, sweep: true}",
                let="m: sma(close, length)",
                long="close > m",
            ),
        ),
        strategy(
            params="length: {type: int, default: 12, in: 4..30, sweep: true}",
            let="m: sma(close, length)",
            long="close > m",
        ),
    ),
    _later("FL113", "a clause was never false in the tests", "No test shows that the clause matters."),
    _later("FL114", "model older than its training window", "The model was trained on data that is long past."),
    Code(
        "FL115",
        "two entries fire together",
        _F,
        "Two entries hold under the same conditions, so the second one adds nothing. Remove one, or say what differs.",
        (strategy(long="long:\n  when: close > open\nlong_again:\n  when: close > open\n  side: long"),),
        strategy(long="close > open"),
    ),
    Code(
        "FL116",
        "no risk block",
        _F,
        "Without a `risk` block only the runtime's own limits hold. Set at least a position limit and a daily loss "
        "before trading live.",
        (strategy(),),
        strategy(tail="risk:\n  position: {max: 400 USDC}\n  day_loss: {limit: 25 USDC}"),
    ),
)
