"""Any file of OHLCV bars to a checked `Dataset`. What was detected is stated, and every change is a named rule."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import Place, RuntimeFault, fault
from ..bars import FLOAT_COLUMNS, Bars, Dataset, Floats, Ints, RuleUse
from ..checks.bars import REPAIRS, VALUE_CHECKS, Work, closed, on_grid, run_checks
from ..files import file_hash
from ..instruments import VENUES, Instrument, facts_from_name, parse_instrument
from ..moments import is_bar_period, parse_period, period_text
from .bar_formats import COLUMN_NAMES, HEADERLESS, OTHER_KINDS, REQUIRED, known_layout, plain_name
from .dump_files import venue_of_folder
from .tables import Table
from .time_columns import read_times

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the user says about a file; None where the file is to tell.

    `symbol` picks one instrument out of a file of several. `repairs` are names of `checks.REPAIRS`, or `all`.
    """

    instrument: str | None = None
    venue: str | None = None
    period: str | None = None
    name: str | None = None
    symbol: str | None = None
    repairs: frozenset[str] = field(default_factory=frozenset)
    now_ns: int | None = None

    def allowed(self) -> frozenset[str]:
        """The repairs, with `all` spelt out. FC1011 for a name that is none."""
        unknown = sorted(self.repairs - REPAIRS.keys() - {"all"})
        if unknown:
            helps = tuple(f"`{name}`: {what}" for name, what in REPAIRS.items())
            raise fault("FC1011", f"there is no repair called `{unknown[0]}`", "--repair", helps=helps)
        return frozenset(REPAIRS) if "all" in self.repairs else self.repairs


@dataclass(frozen=True, slots=True)
class _Columns:
    """Canonical name -> name in the table, the layout's title, and the columns that are not read."""

    found: Mapping[str, str]
    layout: str
    ignored: tuple[str, ...]


def import_bars(table: Table, path: Path, options: ImportOptions) -> Dataset:
    """Recognise and check the bars of a table that was read from `path`. Faults FC1001 to FC1009 and FC1018."""
    repairs = options.allowed()
    source = str(path)
    columns = _recognise(table, source)
    frame, symbol, rules = one_symbol(table.frame, columns.found.get("symbol"), options, source)
    if not len(frame):
        raise fault("FC1001", "the file has no rows", source)
    times = read_times(frame[columns.found["ts"]], repairs, source)
    bars, dropped = _bars(frame, columns, times.ts, source)
    rules = [*table.rules, *rules, *times.rules, *dropped]
    named = facts_from_name(stem_of(path))
    work, repaired = run_checks(Work(bars, np.arange(len(bars))), VALUE_CHECKS, repairs, source)
    period_ns = _period(work.bars.ts, options.period, named.period, source)
    now_ns = time.time_ns() if options.now_ns is None else options.now_ns
    work, gridded = run_checks(work, (on_grid(period_ns), closed(period_ns, now_ns)), repairs, source)
    if not len(work.bars):
        raise fault("FC1012", "no usable row is left", source)
    return Dataset(
        name=options.name or stem_of(path).lower(),
        instrument=find_instrument(options, symbol, named.instrument, source),
        venue=options.venue or named.venue or venue_of_folder(path, VENUES) or "unknown",
        period_ns=period_ns,
        bars=work.bars,
        rules=tuple(rules + repaired + gridded),
        source=str(path),
        facts=_facts(path, table, columns, times.unit),
    )


def stem_of(path: Path) -> str:
    """The file's name without what says how it is written."""
    name = path.name
    for ending in (
        ".gz",
        ".zip",
        ".npz",
        ".npy",
        ".jsonl",
        ".csv",
        ".txt",
        ".parquet",
        ".pq",
        ".feather",
        ".arrow",
        ".ipc",
        ".json",
    ):
        if name.lower().endswith(ending):
            name = name[: -len(ending)]
    return name or path.stem


def _facts(path: Path, table: Table, columns: _Columns, unit: str) -> Mapping[str, Any]:
    return MappingProxyType(
        {
            "file": path.name,
            "sha256": file_hash(path),
            "format": table.kind,
            "layout": columns.layout,
            "time_unit": unit,
            "ignored_columns": columns.ignored,
        }
    )


def _recognise(table: Table, source: str) -> _Columns:
    if table.names is None:
        return _headerless(table, source)
    plain = {plain_name(name): name for name in reversed(table.names)}
    found = {}
    for column, spellings in COLUMN_NAMES.items():
        for spelling in spellings:
            if spelling in plain:
                found[column] = plain[spelling]
                break
    _split_volumes(found, plain)
    missing = [name for name in REQUIRED if name not in found]
    if missing:
        raise _not_bars(table.names, frozenset(plain), missing, source)
    ignored = tuple(name for name in table.names if name not in found.values())
    return _Columns(MappingProxyType(found), known_layout(frozenset(plain)), ignored)


def _split_volumes(found: dict[str, str], plain: Mapping[str, str]) -> None:
    """`Volume BTC` and `Volume USDT`: base and quote volume by the currency they name."""
    from ..instruments import QUOTES

    for name, original in plain.items():
        head, _, asset = name.partition("_")
        if head == "volume" and asset and "_" not in asset:
            key = "notional" if asset.upper() in QUOTES[:8] else "volume"
            found.setdefault(key, original)


def _headerless(table: Table, source: str) -> _Columns:
    names = table.frame.columns
    layout = HEADERLESS.get(len(names))
    if layout is None:
        counts = ", ".join(map(str, sorted(HEADERLESS)))
        message = f"{len(names)} columns without a header"
        note = f"files without a header are known with {counts} columns"
        raise fault("FC1002", message, source, notes=(note,), helps=("add a header line with the column names",))
    found = {column: name for column, name in zip(layout.columns, names, strict=True) if column}
    ignored = tuple(name for name in names if name not in found.values())
    return _Columns(MappingProxyType(found), layout.title, ignored)


def _not_bars(names: tuple[str, ...], plain: frozenset[str], missing: list[str], source: str) -> RuntimeFault:
    note = f"its columns are {', '.join(names[:16])}{' ...' * (len(names) > 16)}"
    for kind in OTHER_KINDS:
        if kind.marks <= plain:
            helps = ("import a file of OHLCV bars: time, open, high, low, close, volume",)
            return fault("FC1002", f"this file holds {kind.title}, not OHLCV bars", source, notes=(note,), helps=helps)
    spelt = tuple(f"`{name}` may be called {', '.join(COLUMN_NAMES[name][:6])}" for name in missing)
    word = "column" if len(missing) == 1 else "columns"
    return fault(
        "FC1002", f"missing {word}: {', '.join(missing)}", source, notes=(note,), helps=spelt, missing=tuple(missing)
    )


def one_symbol(
    frame: pl.DataFrame, name: str | None, options: ImportOptions, source: str
) -> tuple[pl.DataFrame, str | None, list[RuleUse]]:
    """The rows of one instrument, by the column `name`. FC1009 if there are several and none was chosen."""
    if name is None or not len(frame):
        return frame, None, []
    column = frame[name].cast(str, strict=False)
    symbols = [str(value) for value in column.unique(maintain_order=True)]
    if options.symbol is None and len(symbols) == 1:
        return frame, symbols[0], []
    if options.symbol not in symbols:
        raise _which_symbol(options.symbol, symbols, int((column != symbols[0]).arg_max() or 0) + 1, source)
    kept = frame.filter(column == options.symbol)
    rule = RuleUse("select_symbol", len(frame) - len(kept), f"rows of other instruments than {options.symbol} left out")
    return kept, options.symbol, [rule]


def _which_symbol(wanted: str | None, symbols: list[str], row: int, source: str) -> RuntimeFault:
    note = f"it holds {', '.join(symbols[:8])}{' ...' * (len(symbols) > 8)}"
    if wanted is not None:
        return fault("FC1009", f"the file holds no rows of `{wanted}`", source, notes=(note,))
    helps = (f"`--symbol {symbols[0]}` imports one of them",)
    return fault("FC1009", f"{len(symbols)} instruments in one file", Place(source, row), notes=(note,), helps=helps)


def _bars(frame: pl.DataFrame, columns: _Columns, ts: Ints, source: str) -> tuple[Bars, list[RuleUse]]:
    first, high, low, last, volume = (to_floats(frame[columns.found[name]], name, source) for name in FLOAT_COLUMNS)
    optional: dict[str, Any] = {}
    rules = []
    for name in ("notional", "n_trades"):
        if name not in columns.found:
            continue
        values = to_floats(frame[columns.found[name]], name, source)
        bad = ~np.isfinite(values) | (values < 0)
        if name == "n_trades":
            bad |= values != np.floor(values)
        if bad.any():
            detail = f"column `{columns.found[name]}` has unusable values and is not read"
            rules.append(RuleUse("optional_column_dropped", int(bad.sum()), detail))
        else:
            optional[name] = values.astype(np.int64) if name == "n_trades" else values
    return Bars(ts, first, high, low, last, volume, **optional), rules


def to_floats(column: pl.Series, name: str, source: str) -> Floats:
    """Float64 values; NaN where the file has none. FC1006 for text that is not a number."""
    import polars as pl

    if column.dtype == pl.String:
        column = column.str.strip_chars().replace(["", "null", "None", "NULL", "nan"], None)
        numbers = column.cast(pl.Float64, strict=False)
        broken = numbers.is_null() & column.is_not_null()
        if broken.any():
            row = int(broken.arg_max() or 0)
            raise _not_a_number(str(column[row])[:40], name, Place(source, row + 1))
        column = numbers
    if not (column.dtype.is_numeric() or column.dtype == pl.Null):
        raise fault("FC1002", f"column {name} holds {column.dtype}, not numbers", source)
    values = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    result: Floats = np.ascontiguousarray(values, np.float64)
    return result


def _not_a_number(text: str, name: str, where: Place) -> RuntimeFault:
    helps = ("correct it, or leave the cell empty and allow `--repair drop_missing_values` to drop the row",)
    if "," in text:
        helps = ("write numbers with a decimal point and nothing between thousands: 42000.5",)
    return fault("FC1006", f"`{text}` in column {name} is not a number", where, helps=helps)


def _period(ts: Ints, asked: str | None, named: str | None, source: str) -> int:
    """The stated period, or the most common step. FC1008 if they contradict or it is no bar period."""
    spacing = _spacing(ts)
    stated = None
    if asked is not None:
        stated = parse_period(asked)
        if stated is None:
            raise fault("FC1008", f"`{asked}` is not a period", "--period", helps=("write 1s, 1m, 5m, 1h or 1d",))
    elif named is not None:
        stated = parse_period(named)
    if stated is None and spacing is None:
        raise fault("FC1008", "the period of a single bar is not known", source, helps=("give it: `--period 1m`",))
    period_ns = stated or spacing or 0
    if spacing is not None and (spacing < period_ns or spacing % period_ns):
        message = f"most rows are {period_text(spacing)} apart, which does not fit {period_text(period_ns)} bars"
        raise fault("FC1008", message, source, helps=(f"give the right period: `--period {period_text(spacing)}`",))
    if not is_bar_period(period_ns):
        note = "bars start on a grid from 1970-01-01 00:00 UTC, so a period must be whole seconds and divide a day"
        raise fault("FC1008", f"bars of {period_text(period_ns)} are not supported", source, notes=(note,))
    return period_ns


def _spacing(ts: Ints) -> int | None:
    if len(ts) < 2:
        return None
    steps, counts = np.unique(np.diff(ts), return_counts=True)
    return int(steps[np.argmax(counts)])


def _refuse_other(stated: Instrument, symbol: str | None, source: str) -> None:
    """FC1014 if the file's own symbol column names another instrument than the user does."""
    own = parse_instrument(symbol) if symbol is not None else None
    if own is not None and own != stated:
        message = f"the rows are of {own.symbol}, not of {stated.symbol}"
        helps = (f"leave `--instrument` out, or write `--instrument {own.symbol}`",)
        raise fault("FC1014", message, source, notes=(f"the file's symbol column says {symbol}",), helps=helps)


def find_instrument(options: ImportOptions, symbol: str | None, named: Instrument | None, source: str) -> Instrument:
    """What the user says, else the file's symbol, else its name. FC1018 if none does, FC1014 if they contradict."""
    for text in (options.instrument, symbol):
        if text is None:
            continue
        found = parse_instrument(text)
        if found is not None:
            _refuse_other(found, symbol, source)
            return found
        if text is options.instrument:
            raise fault(
                "FC1018", f"`{text}` is not an instrument", "--instrument", helps=("write BASE/QUOTE: BTC/USDT",)
            )
    if named is None:
        helps = ("give it: `--instrument BTC/USDT`", "or name the file like btc-usdt_binance_1m.csv")
        raise fault("FC1018", "neither the file nor its name says which instrument this is", source, helps=helps)
    return named
