"""A table of traced values as CSV, Parquet, JSON, or a preview on a terminal."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..compiler.ir.types import Kind
from ..runtime.market_data.moments import moment_text
from .text import table
from .trace_table import Column, Traced

_BLOCK = 4096
_HEAD, _TAIL = 12, 4


def iso(ns: int) -> str:
    """`2024-03-01T09:30:00Z`, with as many decimals as the time has."""
    return moment_text(ns).replace(" ", "T") + ("" if len(moment_text(ns)) > 16 else ":00") + "Z"


def header(found: Traced) -> list[str]:
    several = ["instrument"] if len(found.symbols) > 1 else []
    return ["time", "time_ns", *several, *(column.header for column in found.columns)]


def rows(found: Traced, start: int, stop: int) -> Iterator[list[str]]:
    """Rows as text; what is absent is empty."""
    several = len(found.symbols) > 1
    for k in range(start, min(stop, len(found.time))):
        time = int(found.time[k])
        whose = [found.symbols[int(found.instrument[k])]] if several else []
        cells = (cell(v, c) for v, c in zip(found.values[k].tolist(), found.columns, strict=True))
        yield [iso(time), str(time), *whose, *cells]


def cell(value: float, column: Column) -> str:
    """A number with all its digits; a condition as true or false."""
    if math.isnan(value):
        return ""
    if column.kind is Kind.BOOL:
        return "true" if value else "false"
    return str(int(value)) if column.kind in (Kind.INT, Kind.TIME) and value == int(value) else repr(value)


def csv_blocks(found: Traced) -> Iterator[str]:
    """The file in pieces."""
    yield _csv([header(found)])
    for start in range(0, len(found.time), _BLOCK):
        yield _csv(list(rows(found, start, start + _BLOCK)))


def _csv(lines: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def write(found: Traced, path: Path) -> None:
    """Write a .csv or .parquet file. Raises OSError."""
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(csv_blocks(found))
        return
    import polars as pl

    columns: dict[str, object] = {"time": pl.Series(found.time).cast(pl.Datetime("ns", "UTC")), "time_ns": found.time}
    if len(found.symbols) > 1:
        columns["instrument"] = [found.symbols[number] for number in found.instrument.tolist()]
    for place, column in enumerate(found.columns):
        series = pl.Series(found.values[:, place]).fill_nan(None)
        columns[column.header] = series.cast(pl.Boolean) if column.kind is Kind.BOOL else series
    with path.open("wb") as file:
        pl.DataFrame(columns).write_parquet(file)


def json_of(found: Traced) -> dict[str, object]:
    """Columns by name; what is absent is null."""
    values = [[None if math.isnan(v) else v for v in column] for column in found.values.T.tolist()]
    columns = [
        {"name": c.name, "unit": c.unit, "kind": c.kind.value, "values": v}
        for c, v in zip(found.columns, values, strict=True)
    ]
    whose = [found.symbols[number] for number in found.instrument.tolist()]
    known = {"run": found.run, "strategy": found.strategy, "time_ns": found.time.tolist()}
    return {**known, "instrument": whose, "columns": columns}


def preview(found: Traced, width: int) -> str:
    """The first rows with a value and the last ones, as many columns as the terminal has room for."""
    present = np.flatnonzero(np.isfinite(found.values).any(axis=1))
    start, total = int(present[0]) if len(present) else 0, len(found.time)
    if total - start <= _HEAD + _TAIL:
        lines = [_short(found, k) for k in range(start, total)]
    else:
        gap = ["..."] + [""] * (len(header(found)) - 2)
        head, tail = range(start, start + _HEAD), range(total - _TAIL, total)
        lines = [*(_short(found, k) for k in head), gap, *(_short(found, k) for k in tail)]
    titles = [title for title in header(found) if title != "time_ns"]
    count = len(titles)
    while count > 2 and sum(max(len(line[k]) for line in (titles, *lines)) + 2 for k in range(count)) > width + 2:
        count -= 1
    left = f" · {len(titles) - count} more columns" if count < len(titles) else ""
    left += f" · the first {start:,} have no value yet" if start else ""
    text = table(titles[:count], [line[:count] for line in lines])
    return f"{text}\n\n{total:,} rows{left} · all of them with `-o FILE.csv`"


def _short(found: Traced, k: int) -> list[str]:
    """A row for reading: eight digits are enough."""
    (line,) = rows(found, k, k + 1)
    first = 3 if len(found.symbols) > 1 else 2
    shown = [_digits(text) for text in line[first:]]
    return [moment_text(int(found.time[k])), *line[2:first], *shown]


def _digits(text: str) -> str:
    try:
        return f"{float(text):.8g}" if text and "." in text else text
    except ValueError:
        return text
