"""The range of a result between queue models: what is known of a book does not say where in a queue an order stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..runtime.backtest.result_json import metrics_object
from .market_options import BOUNDS
from .tables import money, number, percent
from .text import table

if TYPE_CHECKING:
    from .outcome import Outcome


def bounds_object(runs: Mapping[str, Outcome]) -> dict[str, object]:
    """Queue model -> figures, from the most to the least cautious model."""
    return {queue: metrics_object(runs[queue].summary.metrics) for queue in _in_order(runs)}


def bounds_text(runs: Mapping[str, Outcome]) -> str:
    """One row per queue model."""
    rows = []
    for queue in _in_order(runs):
        view = runs[queue].view
        m = view.summary.metrics
        rows.append([queue, money(m.net_pnl, view.quote), percent(m.total_return), f"{m.trades:,}", number(m.sharpe)])
    return table(["Queue model", "Net profit", "Return", "Trades", "Sharpe"], rows)


def _in_order(runs: Mapping[str, Outcome]) -> list[str]:
    first, last = BOUNDS[0], BOUNDS[-1]
    return [first, *(queue for queue in runs if queue not in (first, last)), last]
