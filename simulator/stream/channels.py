"""The channels that can be subscribed to, as the exchange reads their names.

The table is strict on purpose: a name with a wrong letter, level, speed, interval or zone is refused, as the exchange
refuses it. Clients build names elsewhere (`runtime/mexc/stream/channels.py`); neither side reads the other's table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MS = 1_000_000
NS = 1_000_000_000  # of a second
_OFFSETS = """
-10 -8 -7 -6 -5 -4 -3 +0 +1 +2 +3 +4 +4:30 +5 +5:30 +6 +7 +8 +9 +10 +11 +12 +12:45 +13
"""
ZONES = ("24H", *(f"UTC{offset}" for offset in _OFFSETS.split()))
INTERVALS = ("Min1", "Min5", "Min15", "Min30", "Min60", "Hour4", "Hour8", "Day1", "Week1", "Month1")
DEPTHS = (5, 10, 20)

#: How often a channel that names no speed is looked at, ns; 0: with every change.
TOP_NS, KLINE_NS, TICKER_NS, BATCH_NS = 100 * MS, 1_000 * MS, 3_000 * MS, 5 * MS


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as asked for.

    `kind` is a key of `KINDS`; `symbol` is empty for channels of all symbols and of accounts; `detail` is the number of
    levels, the interval or the time zone; `every_ns` is the shortest time between two pushes. `event_type` is the name
    without the symbol, as message bodies repeat it.
    """

    name: str
    kind: str
    symbol: str
    detail: str
    every_ns: int
    event_type: str

    @property
    def is_private(self) -> bool:
        return self.kind.startswith("private.")


_SYM = r"(?P<symbol>[^@\s]{1,64})"
_SPEED = r"(?P<speed>100ms|10ms)"

#: kind -> (the name's form after `spot@`, shortest time between pushes where no speed is named).
KINDS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "public.aggre.deals": (rf"public\.aggre\.deals\.v3\.api\.pb@{_SPEED}@{_SYM}", 0),
        "public.aggre.depth": (rf"public\.aggre\.depth\.v3\.api\.pb@{_SPEED}@{_SYM}", 0),
        "public.limit.depth": (
            rf"public\.limit\.depth\.v3\.api\.pb@{_SYM}@(?P<detail>{'|'.join(map(str, DEPTHS))})",
            TOP_NS,
        ),
        "public.aggre.bookTicker": (rf"public\.aggre\.bookTicker\.v3\.api\.pb@{_SPEED}@{_SYM}", 0),
        "public.bookTicker.batch": (rf"public\.bookTicker\.batch\.v3\.api\.pb@{_SYM}", TOP_NS),
        "public.kline": (rf"public\.kline\.v3\.api\.pb@{_SYM}@(?P<detail>{'|'.join(INTERVALS)})", KLINE_NS),
        "public.miniTicker": (
            rf"public\.miniTicker\.v3\.api\.pb@{_SYM}@(?P<detail>{'|'.join(map(re.escape, ZONES))})",
            TICKER_NS,
        ),
        "public.miniTickers": (
            rf"public\.miniTickers\.v3\.api\.pb@(?P<detail>{'|'.join(map(re.escape, ZONES))})",
            TICKER_NS,
        ),
        "public.increase.depth.batch": (rf"public\.increase\.depth\.batch\.v3\.api\.pb@{_SYM}", BATCH_NS),
        "public.deals": (rf"public\.deals\.v3\.api\.pb@{_SYM}", 0),
        "public.increase.depth": (rf"public\.increase\.depth\.v3\.api\.pb@{_SYM}", 0),
        "public.bookTicker": (rf"public\.bookTicker\.v3\.api\.pb@{_SYM}", 0),
        "private.orders": (r"private\.orders\.v3\.api\.pb", 0),
        "private.deals": (r"private\.deals\.v3\.api\.pb", 0),
        "private.account": (r"private\.account\.v3\.api\.pb", 0),
    }
)
_FORMS = {kind: re.compile(rf"spot@{form}") for kind, (form, _) in KINDS.items()}


def parse_channel(name: str) -> Channel | None:
    """The channel of a name; None for a name that no channel has. Whether its symbol is listed is not asked here."""
    for kind, form in _FORMS.items():
        found = form.fullmatch(name)
        if found:
            parts = found.groupdict()
            symbol, detail = parts.get("symbol") or "", parts.get("detail") or ""
            every_ns = _speed_ns(parts["speed"]) if "speed" in parts else KINDS[kind][1]
            event_type = name.replace(f"@{symbol}", "", 1) if symbol else name
            return Channel(name, kind, symbol, detail, every_ns, event_type)
    return None


def _speed_ns(text: str) -> int:
    return int(text.removesuffix("ms")) * MS


def private_name(kind: str) -> str:
    """The one name of a channel of accounts."""
    return f"spot@{kind}.v3.api.pb"
