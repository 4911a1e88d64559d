"""The time column of a file to epoch nanoseconds, UTC.

`naive_time_is_utc`  times without a zone are read as UTC
`one_time_unit`      (only when asked for) epoch counts of several units, each read in the unit its size tells
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import Place, fault
from ..bars import Ints, RuleUse
from ..moments import EARLIEST_NS, EPOCH_UNITS, LATEST_NS

if TYPE_CHECKING:
    import polars as pl

_FORMATS = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y.%m.%d %H:%M",
)
_DATETIME_UNITS = {"ms": 10**6, "us": 10**3, "ns": 1}


@dataclass(frozen=True, slots=True)
class Times:
    """`unit` says what was found: an epoch unit, `ISO text` or `timestamps`."""

    ts: Ints
    unit: str
    rules: tuple[RuleUse, ...] = ()


def read_times(column: pl.Series, repairs: frozenset[str], source: str) -> Times:
    """Any numeric, date, timestamp or text column. FC1003 if its meaning is unclear, FC1006 if one is missing."""
    import polars as pl

    missing = column.is_null()
    if missing.any():
        row = int(missing.arg_max() or 0) + 1
        raise fault("FC1006", f"{int(missing.sum())} rows have no time", Place(source, row))
    if column.dtype == pl.Datetime or column.dtype == pl.Date:
        return _timestamps(column)
    if column.dtype == pl.String:
        column = column.str.strip_chars()
        counts = column.cast(pl.Float64, strict=False)
        if counts.is_null().any():
            return _iso(column, source)
        whole = column.cast(pl.Int64, strict=False)
        column = counts if whole.is_null().any() else whole
    if not column.dtype.is_numeric():
        raise fault("FC1003", f"the time column holds {column.dtype}, not times", source)
    return _epoch(_whole(column, source), repairs, source)


def _whole(column: pl.Series, source: str) -> Ints:
    values = column.to_numpy()
    if values.dtype.kind == "f":
        broken = ~np.isfinite(values) | (values != np.floor(values)) | (np.abs(values) >= 2.0**63)
        if broken.any():
            row = int(np.argmax(broken))
            raise fault("FC1003", f"the time {values[row]!r} is not a whole number", Place(source, row + 1))
    if values.dtype.kind == "u" and len(values) and int(values.max()) >= 2**63:
        raise fault("FC1003", f"the time {int(values.max())} is not one between 2009 and 2100", source)
    result: Ints = values.astype(np.int64)
    return result


def _epoch(counts: Ints, repairs: frozenset[str], source: str) -> Times:
    factors = np.zeros(len(counts), np.int64)
    for factor in EPOCH_UNITS.values():
        factors[(counts >= EARLIEST_NS // factor) & (counts < LATEST_NS // factor)] = factor
    if (factors == 0).any():
        row = int(np.argmax(factors == 0))
        note = "as seconds, milliseconds, microseconds or nanoseconds it is not between 2009 and 2100"
        raise fault("FC1003", f"the time {int(counts[row])} has no clear unit", Place(source, row + 1), notes=(note,))
    names = {factor: unit for unit, factor in EPOCH_UNITS.items()}
    kinds, first = np.unique(factors, return_index=True)
    found = [names[int(factor)] for factor in kinds[np.argsort(first)]]
    if len(found) == 1:
        return Times(counts * factors[0], found[0])
    if "one_time_unit" not in repairs:
        raise _mixed(counts, factors, found, source)
    changed = int(np.count_nonzero(factors != factors[0]))
    detail = f"times in {' and '.join(found)}: each row read in the unit its size tells"
    return Times(counts * factors, " and ".join(found), (RuleUse("one_time_unit", changed, detail),))


def _mixed(counts: Ints, factors: Ints, found: list[str], source: str) -> Exception:
    row = int(np.argmax(factors != factors[0]))
    return fault(
        "FC1003",
        f"times in different units: {' and '.join(found)}",
        Place(source, row + 1),
        notes=(f"row 1 has {int(counts[0])}, row {row + 1} has {int(counts[row])}",),
        helps=("`--repair one_time_unit` reads each row in the unit its size tells",),
        rows=(row + 1,),
    )


def _naive(count: int) -> RuleUse:
    return RuleUse("naive_time_is_utc", count, "times without a zone are read as UTC")


def _timestamps(column: pl.Series) -> Times:
    import polars as pl

    if column.dtype == pl.Date:
        column = column.cast(pl.Datetime("us"))
    dtype = column.dtype
    assert isinstance(dtype, pl.Datetime)
    ts = column.to_physical().to_numpy().astype(np.int64) * _DATETIME_UNITS[dtype.time_unit]
    return Times(ts, "timestamps", () if dtype.time_zone else (_naive(len(ts)),))


def _iso(column: pl.Series, source: str) -> Times:
    import polars as pl

    text = column.str.replace("T", " ", literal=True).str.replace(r"\s?(Z|UTC|GMT)$", "+00:00")
    zone = text.str.extract(r" [0-9:.]+\s?([+-][0-9]{2}:?[0-9]{2})$", 1).str.replace(":", "", literal=True)
    plain = text.str.replace(r"( [0-9:.]+)\s?[+-][0-9]{2}:?[0-9]{2}$", "$1")
    moments = pl.Series(column.name, [None] * len(column), dtype=pl.Datetime("ns"))
    for pattern in _FORMATS:
        if moments.is_null().any():
            moments = moments.fill_null(plain.str.to_datetime(pattern, time_unit="ns", strict=False))
    if moments.is_null().any():
        row = int(moments.is_null().arg_max() or 0)
        note = "expected an epoch number or ISO 8601 text, such as 2024-01-31 23:59:00"
        raise fault("FC1003", f"`{column[row]}` is not a time", Place(source, row + 1), notes=(note,))
    minutes = zone.str.slice(1, 2).cast(pl.Int64) * 60 + zone.str.slice(3, 2).cast(pl.Int64)
    minutes = minutes * pl.select(pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)).to_series()
    ts = moments.to_physical().to_numpy() - minutes.fill_null(0).to_numpy() * 60 * 10**9
    naive = int(zone.is_null().sum())
    return Times(ts.astype(np.int64), "ISO text", (_naive(naive),) if naive else ())
