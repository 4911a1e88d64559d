"""Times and periods: text to integer epoch nanoseconds and back. Everything inside is UTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

NS_PER_SECOND = 1_000_000_000
NS_PER_DAY = 86_400 * NS_PER_SECOND

#: Market data is plausible only between these moments.
EARLIEST_NS = 1_230_768_000 * NS_PER_SECOND  # 2009-01-01
LATEST_NS = 4_102_444_800 * NS_PER_SECOND  # 2100-01-01

#: Nanoseconds per count of an epoch time.
EPOCH_UNITS: Mapping[str, int] = MappingProxyType({"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1})

_PERIOD_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_PERIOD = re.compile(r"([1-9][0-9]{0,5})(s|m|min|h|d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_period(text: str) -> int | None:
    """`1m`, `5min`, `1h`, `1d` in nanoseconds; None for anything else."""
    match = _PERIOD.fullmatch(text.strip().lower())
    if match is None:
        return None
    unit = "m" if match[2] == "min" else match[2]
    return int(match[1]) * _PERIOD_UNITS[unit] * NS_PER_SECOND


def period_text(period_ns: int) -> str:
    """The shortest spelling: 300 s is `5m`."""
    for unit, seconds in reversed(_PERIOD_UNITS.items()):
        if period_ns % (seconds * NS_PER_SECOND) == 0:
            return f"{period_ns // (seconds * NS_PER_SECOND)}{unit}"
    return f"{period_ns}ns"


def is_bar_period(period_ns: int) -> bool:
    """Whole seconds that divide a day, so that bars lie on one grid from the epoch on."""
    return period_ns >= NS_PER_SECOND and period_ns % NS_PER_SECOND == 0 and NS_PER_DAY % period_ns == 0


def unit_of_epoch(count: int) -> str | None:
    """The unit that puts an epoch count between 2009 and 2100. The windows do not overlap."""
    for unit, factor in EPOCH_UNITS.items():
        if EARLIEST_NS <= count * factor < LATEST_NS:
            return unit
    return None


def parse_moment(text: str) -> int | None:
    """An ISO date, date and time (UTC unless it names an offset), or an epoch count; None if it is neither."""
    text = text.strip()
    if re.fullmatch(r"[0-9]{9,20}", text):
        unit = unit_of_epoch(int(text))
        return None if unit is None else int(text) * EPOCH_UNITS[unit]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def moment_text(ns: int) -> str:
    """`2024-01-31 23:59`, with seconds and fractions only where there are any. UTC."""
    seconds, fraction = divmod(ns, NS_PER_SECOND)
    moment = _EPOCH + timedelta(seconds=seconds)
    text = moment.strftime("%Y-%m-%d %H:%M:%S") if moment.second or fraction else moment.strftime("%Y-%m-%d %H:%M")
    return f"{text}.{fraction:09d}".rstrip("0") if fraction else text


def span_text(ns: int) -> str:
    """A length of time in its two largest units: `4h 45m`; below a second, `250ms`."""
    if 0 < ns < NS_PER_SECOND:
        return f"{ns // 1000 / 1000:g}ms"
    seconds = ns // NS_PER_SECOND
    parts = []
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2]) or "0s"


def count_text(count: int, noun: str) -> str:
    """`1 bar`, `1,200 bars`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"
