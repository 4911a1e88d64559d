"""The object that `backtest --json` prints: the same keys for every engine, and the same values bit for bit.

Times are integer epoch nanoseconds; prices, quantities and money are decimal strings on their grid; a figure that does
not exist is null. The keys are a promise to scripts: they may be added to, never renamed or removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from .metrics import DailyFigures, Metrics, TradeFigures
from .money import atoms_text, decimal_text
from .trades import Trades


@dataclass(frozen=True, slots=True)
class Grid:
    """An instrument's name and the decimals of its prices and quantities."""

    symbol: str
    price_decimals: int
    qty_decimals: int


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A stored data set as it was read: its version, and the hash of everything in that version."""

    name: str
    version: int
    hash: str


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What was run over. `first` and `last` are epoch ns: the first bar's open and the last bar's close."""

    hash: str
    first: int
    last: int
    events: int
    tables: Sequence[TableFacts] = ()


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of wall time. `compile_s` includes checking; `run_s` is the engine alone."""

    compile_s: float
    run_s: float
    events_per_s: float


@dataclass(frozen=True, slots=True)
class RunSummary:
    """Everything the object states, as plain values."""

    strategy: str
    ir_hash: str
    data: DataFacts
    engine: str
    params: Mapping[str, object]
    metrics: Metrics
    trades: Trades
    grids: Sequence[Grid]  # by instrument number
    rules: Sequence[str]  # by rule number
    timing: Timing


def result_object(run: RunSummary) -> dict[str, object]:
    """The whole object, ready for `json.dumps`."""
    return {
        "strategy": run.strategy,
        "ir_hash": run.ir_hash,
        "data": {
            "hash": run.data.hash,
            "from": run.data.first,
            "to": run.data.last,
            "events": run.data.events,
            "tables": [asdict(table) for table in run.data.tables],
        },
        "engine": run.engine,
        "params": dict(run.params),
        "metrics": metrics_object(run.metrics),
        "trades": trade_objects(run.trades, run.grids, run.rules),
        "timing": {
            "compile_s": run.timing.compile_s,
            "run_s": run.timing.run_s,
            "events_per_s": run.timing.events_per_s,
        },
    }


def metrics_object(metrics: Metrics) -> dict[str, object]:
    return {
        "net_pnl": atoms_text(metrics.net_pnl),
        "return": metrics.total_return,
        "max_drawdown": metrics.max_drawdown,
        "sharpe": metrics.sharpe,
        "sortino": metrics.sortino,
        "profit_factor": metrics.profit_factor,
        "win_rate": metrics.win_rate,
        "trades": metrics.trades,
        "exposure": metrics.exposure,
        "fees": atoms_text(metrics.fees),
        "turnover": metrics.turnover,
        "max_drawdown_ns": metrics.max_drawdown_ns,
        **_daily(metrics.daily),
        **_per_trade(metrics.per_trade),
    }


def _daily(figures: DailyFigures) -> dict[str, object]:
    return asdict(figures)


def _per_trade(figures: TradeFigures) -> dict[str, object]:
    """Money as text, like everywhere."""
    money = {"expectancy", "average_win", "average_loss", "best_trade", "worst_trade"}
    found = asdict(figures).items()
    return {name: atoms_text(value) if name in money and value is not None else value for name, value in found}


def trade_objects(trades: Trades, grids: Sequence[Grid], rules: Sequence[str]) -> list[dict[str, object]]:
    """One object per finished round trip, in the order of their exits."""
    rows = zip(*(column.tolist() for column in trades.columns()), strict=True)
    return [_trade(row, grids[row[0]], rules) for row in rows]


def _trade(row: tuple[int, ...], grid: Grid, rules: Sequence[str]) -> dict[str, object]:
    _, side, qty, entry_ts, entry, exit_ts, leave, fees, pnl, entry_rule, exit_rule, _ = row
    return {
        "instrument": grid.symbol,
        "side": "long" if side > 0 else "short",
        "qty": decimal_text(qty, grid.qty_decimals),
        "entry_ts": entry_ts,
        "entry_price": decimal_text(entry, grid.price_decimals),
        "exit_ts": exit_ts,
        "exit_price": decimal_text(leave, grid.price_decimals),
        "fees": atoms_text(fees),
        "pnl": atoms_text(pnl),
        "entry_rule": rules[entry_rule],
        "exit_rule": rules[exit_rule],
    }
