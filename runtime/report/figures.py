"""Figures of a run with their names and definitions, in the order in which a page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import text
from .folder import Run, atoms


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the great figures: `tone` is `won`, `lost` or empty; `note` a smaller second line."""

    name: str
    value: str
    unit: str
    note: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class FigureGroup:
    """(name, value, definition) by topic."""

    title: str
    rows: Sequence[tuple[str, str, str]]


def tiles(run: Run, places: int) -> list[Tile]:
    m, quote = run.metrics, run.quote
    net = atoms(m["net_pnl"])
    end = f"{text.money(run.start, 2)} to {text.money(run.start + net, 2)}"
    below = m.get("max_drawdown_ns")
    return [
        Tile("Net profit", text.money(net, places, True), quote, end, _tone(net)),
        Tile("Return", text.percent(m["return"], plus=True), "", _yearly(m), _tone(net)),
        Tile("Max drawdown", text.percent(m["max_drawdown"]), "", f"longest {text.span(below)}" if below else ""),
        Tile("Sharpe", text.number(m["sharpe"]), "", f"Sortino {text.number(m['sortino'])}"),
        Tile("Profit factor", text.number(m["profit_factor"]), "", f"payoff {text.number(m.get('payoff'))}"),
        Tile("Win rate", text.percent(m["win_rate"], 1), "", text.plural(m["trades"], "trade")),
        Tile("Exposure", text.percent(m["exposure"], 1), "",
             f"turnover {text.number(m['turnover'], 1)}\N{MULTIPLICATION SIGN}"),
        Tile("Fees", text.money(atoms(m["fees"]), places), quote,
             f"{text.percent(atoms(m['fees']) / run.start)} of start"),
    ]  # fmt: skip


def _yearly(metrics: Mapping[str, Any]) -> str:
    """The growth rate of a year; of less than a month it would be a fantasy."""
    days = int(metrics.get("days", 0))
    return f"in {text.plural(days, 'day')}" if days < 30 else f"{text.percent(metrics.get('cagr'))} a year"


def _tone(value: int) -> str:
    return "won" if value > 0 else "lost" if value < 0 else ""


def figure_groups(run: Run, places: int) -> list[FigureGroup]:
    """All figures. Ratios are of daily returns at UTC day ends, with years of 365 days."""
    m = run.metrics

    def cash(name: str) -> str:
        value = m.get(name)
        return text.NONE if value is None else f"{text.money(atoms(value), places, True)} {run.quote}"

    def share(name: str, digits: int = 2) -> str:
        return text.percent(m.get(name), digits)

    def plain(name: str, digits: int = 2) -> str:
        return text.number(m.get(name), digits)

    returns = [
        ("Return", share("return"), "net profit / starting equity"),
        ("CAGR", share("cagr"), "growth of the daily returns carried to 365 days"),
        ("Volatility", share("volatility"), "standard deviation of daily returns, times the root of 365"),
        ("Best day", share("best_day"), "greatest daily return"),
        ("Worst day", share("worst_day"), "least daily return"),
        ("Winning days", share("winning_days", 1), "days with a positive return / days"),
        ("Exposure", share("exposure", 1), "equity points with a position / equity points"),
    ]
    risk = [
        (
            "Sharpe",
            plain("sharpe"),
            "mean / standard deviation of daily returns, times the root of 365; no risk-free rate",
        ),
        ("Sortino", plain("sortino"), "like Sharpe, over the root mean square of losing days"),
        ("Calmar", plain("calmar"), "CAGR / max drawdown of daily closes"),
        ("Max drawdown", share("max_drawdown"), "deepest fall from a peak, as a share of it, over all points"),
        (
            "Longest below a peak",
            text.span(m.get("max_drawdown_ns")),
            "time from a peak to its recovery, or to the end",
        ),
        ("Ulcer index", share("ulcer_index"), "root mean square of the drawdowns of daily closes"),
        ("Recovery factor", plain("recovery"), "return / max drawdown of daily closes"),
    ]
    tails = [
        ("Value at risk 95 %", share("value_at_risk"), "5 % quantile of daily returns"),
        ("CVaR 95 %", share("cvar"), "mean of the worst 5 % of the daily returns"),
        ("Tail ratio", plain("tail_ratio"), "95 % quantile / size of the 5 % quantile"),
        ("Omega", plain("omega"), "sum of gains / sum of losses of daily returns"),
        ("Skew", plain("skew"), "adjusted Fisher-Pearson, of daily returns"),
        ("Kurtosis", plain("kurtosis"), "adjusted, in excess of a normal distribution's"),
        ("Days", f"{m.get('days', 0):,}", "daily returns that these figures rest on"),
    ]
    trades = [
        ("Trades", f"{m['trades']:,}", "round trips from flat to flat"),
        ("Win rate", share("win_rate", 1), "trades with a profit after fees / trades"),
        ("Profit factor", plain("profit_factor"), "profit of winning trades / loss of losing trades"),
        ("Expectancy", cash("expectancy"), "mean profit of a trade"),
        ("Average win", cash("average_win"), "mean profit of winning trades"),
        ("Average loss", cash("average_loss"), "mean loss of losing trades"),
        ("Payoff", plain("payoff"), "average win / size of the average loss"),
        ("Best trade", cash("best_trade"), ""),
        ("Worst trade", cash("worst_trade"), ""),
        ("Wins in a row", f"{m.get('longest_wins', 0):,}", "longest run of winning trades"),
        ("Losses in a row", f"{m.get('longest_losses', 0):,}", "longest run of losing trades"),
        ("Average time held", text.span(m.get("average_held_ns")), "from the first entry to the last exit"),
    ]
    return [FigureGroup("Returns", returns), FigureGroup("Risk", risk), FigureGroup("Tails", tails),
            FigureGroup("Trades", trades)]  # fmt: skip
