"""Intervals of candles: where one begins and the next one follows. Days, weeks and months are those of UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

MINUTE_MS = 60_000
DAY_MS = 86_400_000
_MONDAY_MS = 4 * DAY_MS  # 5 January 1970, the first Monday


@dataclass(frozen=True, slots=True)
class Interval:
    """Candles of `step_ms`, counted from `origin_ms`; a step of 0 means calendar months."""

    name: str
    step_ms: int
    origin_ms: int = 0

    def number(self, time_ms: int) -> int:
        """Which candle holds a time."""
        if self.step_ms:
            return (time_ms - self.origin_ms) // self.step_ms
        moment = datetime.fromtimestamp(time_ms // 1000, UTC)
        return moment.year * 12 + moment.month - 1

    def open_ms(self, number: int) -> int:
        """When a candle begins."""
        if self.step_ms:
            return self.origin_ms + number * self.step_ms
        return int(datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC).timestamp()) * 1000

    def first_from(self, time_ms: int) -> int:
        """The first candle that begins at a time or later."""
        number = self.number(time_ms)
        return number if self.open_ms(number) == time_ms else number + 1


#: Name in REST -> interval. `8h` is there only by the switch `klines_8h`.
INTERVALS: Mapping[str, Interval] = MappingProxyType(
    {
        item.name: item
        for item in (
            Interval("1m", MINUTE_MS),
            Interval("5m", 5 * MINUTE_MS),
            Interval("15m", 15 * MINUTE_MS),
            Interval("30m", 30 * MINUTE_MS),
            Interval("60m", 60 * MINUTE_MS),
            Interval("4h", 240 * MINUTE_MS),
            Interval("8h", 480 * MINUTE_MS),
            Interval("1d", DAY_MS),
            Interval("1W", 7 * DAY_MS, _MONDAY_MS),
            Interval("1M", 0),
        )
    }
)
