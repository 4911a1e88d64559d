"""Every assumption of a backtest in words. The report prints them all; none is silent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from .running import Costs

if TYPE_CHECKING:
    from ..runtime.backtest.result import RunResult
    from ..runtime.market_data.tapes.file import Tape
    from .market_options import MarketOptions

_BARS = (
    "an order decided at the close of a bar meets the market at the open of the next bar with volume, and fills whole",
    "a resting limit order fills only when a later bar trades through its price",
    "rules see closed bars only; stop and target are rules, tried in file order at each close",
)
_BOOKS = (
    "market, ioc, fok and marketable limit orders walk the visible book and take it away for later orders",
    "a resting order waits behind the lots at its price; what trades there, or beyond it, fills it",
    "what the venue reads at its time, the strategy reads at the receive time",
)
_QUEUES = {
    "risk_averse": "trades only: cancelled lots stand behind the order",
    "prob_power": "cancelled lots stand ahead with a probability that falls with the share in front",
    "prob_log": "cancelled lots stand ahead with a probability by the logarithms of front and back",
    "prob_log2": "cancelled lots stand ahead with a probability by the logarithms of back and all",
    "fifo_optimistic": "every cancelled lot stood ahead of the order",
}


def assumptions(
    venue: str, costs: Costs, from_venue: bool, tape: Tape, result: RunResult, options: MarketOptions | None = None
) -> list[str]:
    """One line each: fills, costs, data, and the repairs that were made to the data."""
    lines = list(_BARS) if options is None else [*_BOOKS, *market_lines(options)]
    lines += fee_lines(costs, f"as {venue} pins them" if from_venue else "as given with --fees")
    if options is None:
        lines.append(f"slippage: {costs.slippage_ticks} ticks against the trader on every order that takes")
    lines += list(tape.assumptions)
    lines += [f"{rule.name}: {rule.detail} ({rule.count:,})" for rule in tape.rules]
    if options is not None and not any(stream.kind == "trade" for stream in tape.streams):
        lines.append("the data has no trades: queues advance only by what the depth shows")
    if result.waits:
        lines.append(f"orders waited {result.waits:,} times for a bar with volume")
    return lines


def market_lines(options: MarketOptions) -> list[str]:
    """The assumptions about the venue: latencies, queue, refill, impact, order of the feed."""
    model, feed = options.model, options.feed
    times = ((name, getattr(model.latency, name)) for name in ("place", "cancel", "response"))
    lines = ["latency: " + ", ".join(f"{name} {_latency(samples)}" for name, samples in times)]
    if options.latency_file:
        lines[0] += f", measured ({options.latency_file}), replayed in order"
    power = f" with exponent {model.power:g}" if model.queue == "prob_power" else ""
    lines.append(f"queue: {model.queue}{power} ({_QUEUES[model.queue]})")
    half = model.refill_half_life_ns
    back = (
        "when the feed sets the level again" if not half else f"by half every {_time(half)}, or when the feed sets it"
    )
    lines.append(f"what our orders take comes back {back}")
    if model.impact:
        lines.append(f"impact: {model.impact:g} ticks times the square root of the lots taken so far")
    if model.band_parts:
        lines.append(f"orders farther than {model.band_parts / 10**6:g} % from the mid are refused")
    order = {"as_recorded": "as recorded", "trades_first": "trades first", "depth_first": "depth first"}[feed.order]
    later = f", everything {_time(feed.shift_ns)} later than recorded" if feed.shift_ns else ""
    return [*lines, f"trades and depth of one receive time come {order}{later}"]


def fee_lines(costs: Costs, source: str) -> list[str]:
    """One line per distinct pair of rates."""
    pairs = dict.fromkeys(costs.rates)
    return [f"fees: maker {rate_text(rates.maker)}, taker {rate_text(rates.taker)}, {source}" for rates in pairs]


def _latency(samples: tuple[int, ...]) -> str:
    if len(samples) == 1:
        return _time(samples[0])
    ordered = sorted(samples)
    return f"{_time(ordered[len(ordered) // 2])} at the median of {len(samples):,}"


def _time(ns: int) -> str:
    for unit, size in (("s", 10**9), ("ms", 10**6), ("us", 10**3)):
        if ns >= size:
            return f"{ns / size:g} {unit}"
    return f"{ns} ns"


def rate_text(rate: Decimal) -> str:
    """`0.05 %`."""
    text = format((100 * rate).normalize(), "f")
    return f"{text} %"
