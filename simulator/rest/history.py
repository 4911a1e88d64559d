"""The past of a market: stored bars and trades, so that candles and lists of trades reach back before the start."""

from __future__ import annotations

import numpy as np

from ...runtime.errors import fault
from ...runtime.market_data.bars import Dataset
from ...runtime.market_data.events import EventSet
from ...runtime.market_data.tapes.grid import to_grid
from ...runtime.market_data.tapes.market_events import trade_rows
from ..exchange.config import SymbolSpec
from .intervals import MINUTE_MS
from .statistics import SymbolStatistics

_MS = 1_000_000


def seed_bars(
    statistics: SymbolStatistics, spec: SymbolSpec, data: Dataset, until_ns: int, *, shift_ns: int = 0
) -> int:
    """Bars that end at `until_ns` or before become candles; gives how many. Before any trade is counted.

    Bars longer than a minute stand in their first minute, so that intervals of their length and above are right.
    `shift_ns`, whole minutes, is added to their times. Faults: FC1007, FC1016, and FC1008 for bars under a minute.
    """
    if data.period_ns % (MINUTE_MS * _MS) or shift_ns % (MINUTE_MS * _MS):
        raise fault("FC1008", "candles of an exchange are of whole minutes", data.name)
    grid, _ = to_grid(data.bars, spec.price_decimals, spec.qty_decimals, data.name)
    count = int(np.searchsorted(grid.ts, until_ns - shift_ns - data.period_ns, side="right"))
    prices = np.stack([grid.open[:count], grid.high[:count], grid.low[:count], grid.close[:count]])
    opens = (grid.ts[:count] + shift_ns) // _MS
    statistics.seed_columns(opens, prices, grid.volume[:count], grid.notional[:count])
    return count


def seed_trades(
    statistics: SymbolStatistics, spec: SymbolSpec, data: EventSet, until_ns: int, *, shift_ns: int = 0
) -> int:
    """Trades before `until_ns` join the list of trades; gives how many. They make no candles. Faults: FC1016."""
    if data.trades is None:
        return 0
    rows, _ = trade_rows(data.trades, spec.price_decimals, spec.qty_decimals, data.name)
    times = rows.venue + shift_ns
    count = int(np.searchsorted(times, until_ns))
    columns = (times[:count] // _MS, rows.ticks[:count], rows.lots[:count], rows.side[:count].astype(np.int64))
    statistics.seed_trades(np.stack(columns))
    return count
