"""What is to be fetched: one symbol, one kind, one range of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ..instruments import Instrument
from ..moments import NS_PER_DAY, NS_PER_SECOND, is_bar_period, parse_period, period_text

VENUE = "mexc.spot"
TRADES = "trades"
#: Length of a bar in ns -> how the exchange spells it.
INTERVALS: Mapping[int, str] = MappingProxyType(
    {parse_period(text) or 0: text for text in ("1m", "5m", "15m", "30m", "60m", "4h", "1d")}
)
#: Intervals that are no bars of ours: a week begins on Monday, and months differ, so neither lies on one grid of days.
TOO_LONG: Mapping[str, str] = MappingProxyType({"1W": "week", "1w": "week", "1M": "month", "1mo": "month"})
#: What closed or happened less than this before the exchange's time may still change.
SETTLE_NS = 5 * NS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Job:
    """`period_ns` is the length of a bar, 0 for trades. `[from_ns, to_ns)` lies on the grid of the kind."""

    name: str
    instrument: Instrument
    period_ns: int
    from_ns: int
    to_ns: int

    @property
    def symbol(self) -> str:
        """As the exchange writes it."""
        return f"{self.instrument.base}{self.instrument.quote}"

    @property
    def kind(self) -> str:
        """`1m`, `1h`, `trades`."""
        return period_text(self.period_ns) if self.period_ns else TRADES

    def on_grid(self, server_ns: int) -> Job:
        """From the first bar that begins in the range to the last one that is over; trades by whole days and seconds.

        Trades of a day are always fetched from its beginning on: what comes later goes behind what is there.
        """
        latest = min(self.to_ns, server_ns - SETTLE_NS)
        step = self.period_ns or NS_PER_SECOND
        first = -(-self.from_ns // step) * step if self.period_ns else self.from_ns // NS_PER_DAY * NS_PER_DAY
        return replace(self, from_ns=first, to_ns=latest // step * step)


def period_of(kind: str) -> int | None:
    """`1m`, `60m`, `1h`, ... in ns, 0 for `trades`; None for what is neither."""
    if kind in (TRADES, "aggTrades"):
        return 0
    period = parse_period(kind)
    return period if period in INTERVALS and kind not in TOO_LONG else None


def base_of(kind: str) -> str | None:
    """The longest bars that the exchange has and `kind`, such as `2h`, is a multiple of; None if there are none."""
    period = parse_period(kind) or 0
    fitting = [ns for ns in INTERVALS if period and is_bar_period(period) and period % ns == 0]
    return period_text(max(fitting)) if fitting else None


def default_name(instrument: Instrument, kind: str) -> str:
    """`btc-usdc_mexc_1m`."""
    return f"{instrument.base}-{instrument.quote}_mexc_{kind}".lower()
