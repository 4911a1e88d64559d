"""The tables of a run as polars frames for people: names instead of numbers, quote and base units, UTC times.

Money, prices and quantities are float64 here; `Result.json()` has them as exact text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from ...cython_core.layout import ATOMS_PER_UNIT, INSTANCE_SHIFT, REASON_SHIFT, REASONS, STYLES
from ...runtime.backtest import result as at
from ...runtime.backtest.money import Ints

if TYPE_CHECKING:
    from ..outcome import Outcome

NAMES = ("trades", "fills", "orders", "equity", "decisions")
_ABOUT_A_RULE = ("entered", "exited", "added", "cooling_down", "below_minimum", "position_limit")
_LOW_WORD = (1 << REASON_SHIFT) - 1


class Tables:
    """Makes the frames of one run."""

    def __init__(self, outcome: Outcome) -> None:
        self._result = outcome.finished.result
        self._trades = outcome.summary.trades
        self._start = outcome.view.start
        self._rules = list(outcome.summary.rules)
        grids = outcome.summary.grids
        self._symbols = [grid.symbol for grid in grids]
        self._tick = np.array([10.0**grid.price_decimals for grid in grids])
        self._lot = np.array([10.0**grid.qty_decimals for grid in grids])

    def trades(self) -> pl.DataFrame:
        """One row per finished round trip. `return` is the profit as a share of what the entry cost."""
        t = self._trades
        return pl.DataFrame(
            {
                "instrument": self._named(t.instrument, self._symbols),
                "side": _sides(t.side),
                "qty": t.qty / self._lot[t.instrument],
                "entry_time": moments(t.entry_time),
                "entry_price": t.entry_price / self._tick[t.instrument],
                "exit_time": moments(t.exit_time),
                "exit_price": t.exit_price / self._tick[t.instrument],
                "fees": t.fees / ATOMS_PER_UNIT,
                "pnl": t.pnl / ATOMS_PER_UNIT,
                "return": t.pnl / np.maximum(t.entry_notional, 1),
                "entry_rule": self._named(t.entry_rule, self._rules),
                "exit_rule": self._named(t.exit_rule, self._rules),
            }
        )

    def fills(self) -> pl.DataFrame:
        """One row per execution. `position` and `cash` are those after it."""
        f = self._result.fills
        number = f[:, at.F_INSTRUMENT]
        return pl.DataFrame(
            {
                "time": moments(f[:, at.F_TIME]),
                "order": f[:, at.F_ORDER],
                "instrument": self._named(number, self._symbols),
                "side": _sides(f[:, at.F_SIDE], "buy", "sell"),
                "qty": f[:, at.F_QTY] / self._lot[number],
                "price": f[:, at.F_PRICE] / self._tick[number],
                "value": f[:, at.F_VALUE] / ATOMS_PER_UNIT,
                "fee": f[:, at.F_FEE] / ATOMS_PER_UNIT,
                "maker": f[:, at.F_MAKER] != 0,
                "rule": self._named(f[:, at.F_RULE], self._rules),
                "position": f[:, at.F_POSITION] / self._lot[number],
                "cash": f[:, at.F_CASH] / ATOMS_PER_UNIT,
                "venue_time": moments(f[:, at.F_VENUE_TIME]),
            }
        )

    def orders(self) -> pl.DataFrame:
        """One row per order, in the order of sending. `closed` is null of an order that was open at the end."""
        o = self._result.orders
        number = o[:, at.O_INSTRUMENT]
        known = (number >= 0) & (number < len(self._symbols))
        own = np.where(known, number, 0)
        return pl.DataFrame(
            {
                "order": o[:, at.O_NUMBER],
                "time": moments(o[:, at.O_TIME]),
                "instrument": self._named(number, self._symbols),
                "side": _sides(o[:, at.O_SIDE], "buy", "sell"),
                "style": self._named(o[:, at.O_STYLE], STYLES),
                "qty": o[:, at.O_QTY] / self._lot[own],
                "price": _positive(o[:, at.O_PRICE] / self._tick[own]),
                "rule": self._named(o[:, at.O_RULE], self._rules),
                "status": self._named(o[:, at.O_STATUS], at.STATUS),
                "filled": o[:, at.O_FILLED] / self._lot[own],
                "closed": moments(o[:, at.O_CLOSED]),
                "reject": self._named(o[:, at.O_REJECT], at.REJECTS),
            }
        )

    def equity(self) -> pl.DataFrame:
        """One row per point. `drawdown` is the share lost since the highest equity before, 0 or less."""
        equity = self._result.equity
        peak = np.maximum(np.maximum.accumulate(equity), self._start) if len(equity) else equity
        fall = (equity - peak) / np.maximum(peak, 1)
        columns = {"time": moments(self._result.equity_time), "equity": equity / ATOMS_PER_UNIT, "drawdown": fall}
        return pl.DataFrame(columns)

    def decisions(self) -> pl.DataFrame:
        """One row per decision: the reason, and the rule that it is about. `clauses` is the mask of those that held."""
        d = self._result.decisions
        reason = d[:, 1] & _LOW_WORD
        rule = d[:, 1] >> REASON_SHIFT & 0xFFFF
        fired = np.isin(reason, [REASONS.index(name) for name in _ABOUT_A_RULE])
        return pl.DataFrame(
            {
                "time": moments(d[:, 0]),
                "instrument": self._named(d[:, 1] >> INSTANCE_SHIFT, self._symbols),
                "reason": self._named(reason, REASONS),
                "rule": self._named(np.where(fired, rule, -1), self._rules),
                "clauses": d[:, 2],
            }
        )

    def _named(self, numbers: Ints, names: Sequence[str]) -> pl.Series:
        """Numbers as the names they stand for; null for a number without a name, and for an empty name."""
        table = pl.Series([*(name or None for name in names), None], dtype=pl.String)
        known = (numbers >= 0) & (numbers < len(names))
        return table.gather(np.where(known, numbers, len(names)).astype(np.uint32))


def moments(ns: Ints) -> pl.Series:
    """Epoch ns as UTC times; 0 is no time."""
    counts = pl.Series(np.ascontiguousarray(ns))
    return pl.select(pl.when(counts != 0).then(counts).cast(pl.Datetime("ns", "UTC"))).to_series()


def _positive(values: Any) -> pl.Series:
    """Null for orders without a price of their own."""
    found = pl.Series(values)
    return pl.select(pl.when(found > 0).then(found)).to_series()


def _sides(side: Ints, up: str = "long", down: str = "short") -> pl.Series:
    return pl.Series([down, up], dtype=pl.String).gather((side > 0).astype(np.uint32))


def pandas_frame(frame: pl.DataFrame) -> Any:
    """The same columns in pandas, without an Arrow library between."""
    import pandas as pd

    columns = {}
    for name in frame.columns:
        column = frame[name]
        if column.dtype == pl.Datetime:
            columns[name] = pd.Series(column.dt.replace_time_zone(None).to_numpy()).dt.tz_localize("UTC")
        else:
            columns[name] = pd.Series(column.to_list() if column.dtype == pl.String else column.to_numpy())
    return pd.DataFrame(columns)
