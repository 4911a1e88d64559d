"""The result of a backtest as text tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..runtime.backtest.money import Ints, decimal_text
from ..runtime.backtest.result_json import RunSummary
from ..runtime.backtest.trades import OpenPosition, Trades
from ..runtime.market_data.moments import moment_text, span_text
from .blockers import Blocker
from .text import pairs, table


@dataclass(frozen=True, slots=True)
class ResultView:
    """What the screen shows besides the summary. Times ns, money atoms; `buy_and_hold` a ratio."""

    summary: RunSummary
    params: Mapping[str, str]  # name -> value with its unit, as it was written
    bars: int
    bar_ns: int  # 0: a run on books
    start: int
    end: int
    buy_and_hold: float
    open_positions: tuple[OpenPosition, ...]
    decisions: Mapping[str, int]  # reason -> count
    rejects: Mapping[str, int]
    blockers: Sequence[Blocker]
    armed_from: int | None  # the first decision after warm-up; None: never armed
    assumptions: Sequence[str]
    never_armed: Sequence[str] = ()  # of several instruments, those whose rules were never evaluated

    @property
    def quote(self) -> str:
        return self.summary.grids[0].symbol.partition("/")[2]


def result_text(view: ResultView, folder: str) -> str:
    """The whole screen, without a final newline. `folder` is where the run was written."""
    blocks = [
        title_of(view),
        pairs(figures(view)),
        _exits(view),
        _reasons(view),
        _blocked(view),
        _assumptions(view),
        _closing(view, folder),
    ]
    return "\n\n".join(block for block in blocks if block)


def title_of(view: ResultView) -> str:
    """`ema_cross on BTC/USDC  (fast 12, slow 26)`."""
    title = f"{view.summary.strategy} on {', '.join(grid.symbol for grid in view.summary.grids)}"
    params = ", ".join(f"{name} {value}" for name, value in view.params.items())
    return title + (f"  ({params})" if params else "")


def money(atoms: int, quote: str) -> str:
    """Rounded to cents for reading: `-1,234.57 USDC`."""
    cents = (abs(atoms) + 500_000) // 1_000_000
    sign = "-" if atoms < 0 and cents else ""
    return f"{sign}{cents // 100:,}.{cents % 100:02} {quote}"


def percent(ratio: float | None) -> str:
    """A ratio as a percentage of two places; `-` for None."""
    return "-" if ratio is None else f"{round(100 * ratio, 2) + 0.0:.2f} %"  # + 0.0: nothing lost is not -0.00


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _shown(ns: int) -> str:
    """A time for a reader: milliseconds say enough."""
    return moment_text(ns // 10**6 * 10**6)


def figures(view: ResultView) -> list[tuple[str, str]]:
    """Name and value of each figure, as they are shown."""
    m, quote = view.summary.metrics, view.quote
    drawdown = percent(m.max_drawdown)
    if m.max_drawdown_ns:
        drawdown += f", at longest {span_text(m.max_drawdown_ns)} below a peak"
    return [
        ("Period", f"{_shown(view.summary.data.first)} to {_shown(view.summary.data.last)} UTC"),
        _length(view),
        ("Start equity", money(view.start, quote)),
        ("End equity", money(view.end, quote)),
        ("Net profit", f"{money(m.net_pnl, quote)} ({percent(m.total_return)})"),
        ("Buy and hold", percent(view.buy_and_hold)),
        ("Max drawdown", drawdown),
        ("Sharpe", number(m.sharpe)),
        ("Sortino", number(m.sortino)),
        ("Profit factor", number(m.profit_factor)),
        ("Win rate", percent(m.win_rate)),
        ("Trades", f"{m.trades:,}"),
        *_trade_figures(view.summary.trades, quote),
        ("Exposure", percent(m.exposure)),
        ("Fees", money(m.fees, quote)),
        ("Turnover", f"{m.turnover:,.2f} x start equity"),
    ]


def _length(view: ResultView) -> tuple[str, str]:
    if not view.bar_ns:
        return "Events", f"{view.summary.data.events:,} of books and trades"
    return "Bars", f"{view.bars:,} of {span_text(view.bar_ns)}"


def _trade_figures(trades: Trades, quote: str) -> list[tuple[str, str]]:
    if not len(trades):
        return []
    held = trades.exit_time - trades.entry_time
    return [
        ("Average trade", f"{_mean_money(trades.pnl, quote)}, held {span_text(int(held.mean()))}"),
        ("Best trade", _trade_line(trades, int(np.argmax(trades.pnl)), quote)),
        ("Worst trade", _trade_line(trades, int(np.argmin(trades.pnl)), quote)),
    ]


def _mean_money(pnl: Ints, quote: str) -> str:
    return money(round(float(pnl.mean())), quote)


def _trade_line(trades: Trades, k: int, quote: str) -> str:
    gain = percent(float(trades.pnl[k]) / float(trades.entry_notional[k]))
    return f"{money(int(trades.pnl[k]), quote)} ({gain}) on {moment_text(int(trades.entry_time[k]))}"


def _exits(view: ResultView) -> str:
    trades = view.summary.trades
    rows = []
    for number_ in np.unique(trades.exit_rule):
        pnl = trades.pnl[trades.exit_rule == number_]
        wins = percent(float(np.count_nonzero(pnl > 0)) / len(pnl))
        rows.append(
            [
                view.summary.rules[int(number_)],
                f"{len(pnl):,}",
                wins,
                _mean_money(pnl, view.quote),
                money(int(pnl.sum()), view.quote),
            ]
        )
    return table(["Exit rule", "Trades", "Win rate", "Average", "Total"], rows) if rows else ""


_MEANINGS = {
    "not_armed": "still warming up",
    "no_entry": "flat, no entry rule held",
    "no_exit": "in a position, no exit rule held",
    "in_flight": "an order was on its way",
    "cooling_down": "an entry held, but its cooldown had not passed",
    "entered": "entered",
    "exited": "exited",
    "below_minimum": "the size was below the venue's minimum",
    "position_limit": "stopped by risk: position limit",
    "day_loss": "flattened by risk: day loss",
    "halted": "halted by risk for the day",
    "added": "added to a position",
    "no_funds": "the free cash did not pay the size",
    "losing_streak": "pausing after a losing streak",
    "drawdown": "stopped by risk: drawdown",
    "profit_lock": "stopped by risk: the day's profit is locked",
    "order_rate": "stopped by risk: too many orders in the time",
    "band": "stopped by risk: price too far from the reference",
    "stale": "stopped by risk: an input was too old",
    "invariant": "stopped by risk: an invariant did not hold",
    "max_open": "stopped by risk: as many positions open as may be",
    "order_notional": "stopped by risk: the largest order is below the venue's minimum",
}


def _reasons(view: ResultView) -> str:
    total = sum(view.decisions.values()) or 1
    rows = [
        [_MEANINGS.get(reason, reason.replace("_", " ")), f"{count:,}", percent(count / total)]
        for reason, count in sorted(view.decisions.items(), key=lambda item: (-item[1], item[0]))
        if count
    ]
    rows += [[f"order refused: {name.replace('_', ' ')}", f"{count:,}", ""] for name, count in view.rejects.items()]
    return table(["Decisions", "Count", "Share"], rows) if rows else ""


def _blocked(view: ResultView) -> str:
    total = view.decisions.get("no_entry", 0)
    rows = [
        [
            b.clause if b.clause == b.rule else f"{b.rule}.{b.clause}",
            f"{b.false:,}",
            percent(b.false / total),
            f"{b.alone:,}",
        ]
        for b in sorted(view.blockers, key=lambda b: -b.false)
        if total
    ]
    return table(["Entry clause that did not hold", "Decisions", "Share", "Alone"], rows) if rows else ""


def _assumptions(view: ResultView) -> str:
    return "\n".join(["Assumptions", *(f"  - {line}" for line in view.assumptions)]) if view.assumptions else ""


def _closing(view: ResultView, folder: str) -> str:
    lines = [("Warm-up", _warm_up(view))]
    for position in view.open_positions:
        grid = view.summary.grids[position.instrument]
        base = grid.symbol.partition("/")[0]
        held = f"{decimal_text(position.lots, grid.qty_decimals)} {base}"
        lines.append(("Still open", f"{held} since {moment_text(position.entry_time)}"))
    seconds = view.summary.timing.run_s
    speed = f", {_speed(view.summary.timing.events_per_s)} events/s" if seconds > 0 else ""
    lines.append(("Engine", f"{view.summary.engine}, {seconds:.3f} s{speed}"))
    lines.append(("Run folder", folder))
    return pairs(lines)


def _warm_up(view: ResultView) -> str:
    if view.armed_from is None:
        return "never over: the data is shorter than the warm-up, so no rule was evaluated"
    never = f", never for {' and '.join(view.never_armed)}: too little data" if view.never_armed else ""
    return f"over at {moment_text(view.armed_from)}{never}"


def _speed(events_per_s: float) -> str:
    return f"{events_per_s / 1e6:.1f} million" if events_per_s >= 1e5 else f"{events_per_s:,.0f}"
