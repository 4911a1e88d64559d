"""The range of a result over what no data say: where in a queue an order stands, what came first inside a push."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..runtime.backtest.result_json import metrics_object
from .market_options import BOUNDS, PUSH_BOUNDS
from .tables import money, number, percent
from .text import table

if TYPE_CHECKING:
    from .outcome import Outcome


def bounds_object(runs: Mapping[str, Outcome]) -> dict[str, object]:
    """Queue model -> figures, from the most to the least cautious model; then order inside a push -> figures."""
    return {name: metrics_object(runs[name].summary.metrics) for name in _in_order(runs)}


def bounds_text(runs: Mapping[str, Outcome]) -> str:
    """One row per queue model, and per order inside a push."""
    rows = []
    for name in _in_order(runs):
        view = runs[name].view
        m = view.summary.metrics
        said = name.replace("_", " ") if name in PUSH_BOUNDS else f"queue {name}"
        rows.append([said, money(m.net_pnl, view.quote), percent(m.total_return), f"{m.trades:,}", number(m.sharpe)])
    return table(["If", "Net profit", "Return", "Trades", "Sharpe"], rows)


def _in_order(runs: Mapping[str, Outcome]) -> list[str]:
    first, last = BOUNDS[0], BOUNDS[-1]
    pushes = [name for name in PUSH_BOUNDS if name in runs]
    return [first, *(name for name in runs if name not in (first, last, *pushes)), last, *pushes]
