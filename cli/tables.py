"""The result of a backtest as text tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..runtime.backtest.metrics import Metrics
from ..runtime.backtest.money import Ints, decimal_text
from ..runtime.backtest.result_json import Grid
from ..runtime.backtest.trades import OpenPosition, Trades
from ..runtime.market_data.moments import moment_text, span_text


@dataclass(frozen=True, slots=True)
class ResultView:
    """Everything the screen shows. Times ns, money atoms; `buy_and_hold` a ratio."""

    strategy: str
    engine: str
    quote: str
    first: int
    last: int
    bars: int
    bar_ns: int
    start: int
    end: int
    buy_and_hold: float
    metrics: Metrics
    trades: Trades
    open_positions: tuple[OpenPosition, ...]
    grids: Sequence[Grid]
    rules: Sequence[str]
    decisions: Mapping[str, int]  # reason -> count
    rejects: Mapping[str, int]
    armed_from: int | None  # the first decision after warm-up; None: never armed
    assumptions: Sequence[str]
    folder: str
    run_seconds: float


def result_text(view: ResultView) -> str:
    """The whole screen, without a final newline."""
    title = f"{view.strategy} on {', '.join(grid.symbol for grid in view.grids)}"
    blocks = [title, pairs(_figures(view)), _exits(view), _reasons(view), _assumptions(view), _closing(view)]
    return "\n\n".join(block for block in blocks if block)


def pairs(rows: Sequence[tuple[str, str]]) -> str:
    """Two columns: names on the left, values on the right."""
    pad = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{pad}}  {value}".rstrip() for name, value in rows)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under a header: the first left-aligned, the others right-aligned."""
    widths = [max(len(row[k]) for row in (header, *rows)) for k in range(len(header))]

    def line(row: Sequence[str]) -> str:
        first = f"{row[0]:<{widths[0]}}"
        return "  ".join(
            [first, *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()

    rule = "-" * len(line(header))
    return "\n".join([line(header), rule, *(line(row) for row in rows)])


def money(atoms: int, quote: str) -> str:
    """Rounded to cents for reading: `-1,234.57 USDC`."""
    cents = (abs(atoms) + 500_000) // 1_000_000
    sign = "-" if atoms < 0 and cents else ""
    return f"{sign}{cents // 100:,}.{cents % 100:02} {quote}"


def percent(ratio: float | None) -> str:
    return "-" if ratio is None else f"{100 * ratio:.2f} %"


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _figures(view: ResultView) -> list[tuple[str, str]]:
    m, quote = view.metrics, view.quote
    drawdown = percent(m.max_drawdown)
    if m.max_drawdown_ns:
        drawdown += f", at longest {span_text(m.max_drawdown_ns)} below a peak"
    return [
        ("Period", f"{moment_text(view.first)} to {moment_text(view.last)} UTC"),
        ("Bars", f"{view.bars:,} of {span_text(view.bar_ns)}"),
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
        *_trade_figures(view.trades, quote),
        ("Exposure", percent(m.exposure)),
        ("Fees", money(m.fees, quote)),
        ("Turnover", f"{m.turnover:,.2f} x start equity"),
    ]


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
    trades = view.trades
    rows = []
    for number_ in np.unique(trades.exit_rule):
        pnl = trades.pnl[trades.exit_rule == number_]
        wins = percent(float(np.count_nonzero(pnl > 0)) / len(pnl))
        rows.append(
            [
                view.rules[int(number_)],
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


def _assumptions(view: ResultView) -> str:
    return "\n".join(["Assumptions", *(f"  - {line}" for line in view.assumptions)]) if view.assumptions else ""


def _closing(view: ResultView) -> str:
    lines = []
    if view.armed_from is None:
        lines.append(("Warm-up", "never over: the data is shorter than the warm-up, so no rule was evaluated"))
    else:
        lines.append(("Warm-up", f"over at {moment_text(view.armed_from)}"))
    for position in view.open_positions:
        grid = view.grids[position.instrument]
        base = grid.symbol.partition("/")[0]
        held = f"{decimal_text(position.lots, grid.qty_decimals)} {base}"
        lines.append(("Still open", f"{held} since {moment_text(position.entry_time)}"))
    speed = f", {view.bars / view.run_seconds / 1e6:.1f} million bars/s" if view.run_seconds > 0 else ""
    lines.append(("Engine", f"{view.engine}, {view.run_seconds:.3f} s{speed}"))
    if view.folder:
        lines.append(("Run folder", view.folder))
    return pairs(lines)
