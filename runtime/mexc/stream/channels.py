"""Names of the exchange's channels, and what they say: a table, and the way between name and parts in both directions.

A name is a prefix, then the parts of its kind joined by `@`: `spot@public.aggre.depth.v3.api.pb@100ms@MXUSDT`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

SPEEDS = ("100ms", "10ms")
LEVELS = ("5", "10", "20")
INTERVALS = ("Min1", "Min5", "Min15", "Min30", "Min60", "Hour4", "Hour8", "Day1", "Week1", "Month1")
_HOURS = "-10 -8 -7 -6 -5 -4 -3 +0 +1 +2 +3 +4 +4:30 +5 +5:30 +6 +7 +8 +9 +10 +11 +12 +12:45 +13"
TIME_ZONES = ("24H", *(f"UTC{hours}" for hours in _HOURS.split()))

#: Characters of a symbol; the longest known one is far shorter.
MOST_SYMBOL = 64
_BETWEEN, _SYMBOL, _OPTION = "@", "symbol", "option"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of channel: its name without parts, the parts in their order, the option's values, the body's number."""

    name: str
    prefix: str
    parts: tuple[str, ...]
    options: tuple[str, ...]
    body: int

    @property
    def is_private(self) -> bool:
        return ".private." in self.prefix


def _kind(name: str, middle: str, parts: str, options: tuple[str, ...], body: int) -> Kind:
    return Kind(name, f"spot@{middle}.v3.api.pb", tuple(parts.split()), options, body)


_ROWS = (
    _kind("deals", "public.aggre.deals", "option symbol", SPEEDS, 314),
    _kind("depth", "public.aggre.depth", "option symbol", SPEEDS, 313),
    _kind("limit_depth", "public.limit.depth", "symbol option", LEVELS, 303),
    _kind("book_ticker", "public.aggre.bookTicker", "option symbol", SPEEDS, 315),
    _kind("book_ticker_batch", "public.bookTicker.batch", "symbol", (), 311),
    _kind("kline", "public.kline", "symbol option", INTERVALS, 308),
    _kind("mini_ticker", "public.miniTicker", "symbol option", TIME_ZONES, 309),
    _kind("mini_tickers", "public.miniTickers", "option", TIME_ZONES, 310),
    _kind("depth_batch", "public.increase.depth.batch", "symbol", (), 312),
    _kind("old_deals", "public.deals", "symbol", (), 301),
    _kind("old_depth", "public.increase.depth", "symbol", (), 302),
    _kind("old_book_ticker", "public.bookTicker", "symbol", (), 305),
    _kind("orders", "private.orders", "", (), 304),
    _kind("fills", "private.deals", "", (), 306),
    _kind("account", "private.account", "", (), 307),
)

#: Every kind, by our short name of it.
KINDS: Mapping[str, Kind] = MappingProxyType({row.name: row for row in _ROWS})
_BY_PREFIX: Mapping[str, Kind] = MappingProxyType({row.prefix: row for row in _ROWS})

#: What can be wrong with a name.
REASONS = ("unknown_kind", "wrong_parts", "bad_symbol", "bad_option", "too_long")


class ChannelFault(ValueError):
    """A name that no channel has. `reason` is one of `REASONS`."""

    def __init__(self, reason: str, name: str) -> None:
        self.reason = reason
        self.name = name[:160]
        super().__init__(f"{reason}: {self.name!r}")


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: the short name of its kind, its symbol and its option (speed, levels, interval or time zone)."""

    kind: str
    symbol: str | None = None
    option: str | None = None

    def __post_init__(self) -> None:
        kind = KINDS.get(self.kind)
        if kind is None:
            raise ChannelFault("unknown_kind", self.kind)
        if (self.symbol is None) == (_SYMBOL in kind.parts) or (self.option is None) == (_OPTION in kind.parts):
            raise ChannelFault("wrong_parts", f"{self.kind} {self.symbol} {self.option}")
        if self.symbol is not None and not is_symbol(self.symbol):
            raise ChannelFault("bad_symbol", self.symbol)
        if self.option is not None and self.option not in kind.options:
            raise ChannelFault("bad_option", self.option)

    @property
    def name(self) -> str:
        """The name as it stands on the wire."""
        kind = KINDS[self.kind]
        parts = [(self.symbol if part == _SYMBOL else self.option) or "" for part in kind.parts]
        return _BETWEEN.join((kind.prefix, *parts))

    @property
    def body(self) -> int:
        """The number of the wrapper's body that the channel's frames carry."""
        return KINDS[self.kind].body

    @property
    def is_private(self) -> bool:
        return KINDS[self.kind].is_private


def parse_channel(name: str) -> Channel:
    """The channel that a name on the wire means. `ChannelFault` for any other text."""
    if len(name) > 128 + MOST_SYMBOL:
        raise ChannelFault("too_long", name)
    words = name.split(_BETWEEN)
    kind, rest = _BY_PREFIX.get(_BETWEEN.join(words[:2])), words[2:]
    if kind is None:
        raise ChannelFault("unknown_kind", name)
    if len(rest) != len(kind.parts):
        raise ChannelFault("wrong_parts", name)
    parts = dict(zip(kind.parts, rest, strict=True))
    return Channel(kind.name, parts.get(_SYMBOL), parts.get(_OPTION))


def is_symbol(text: str) -> bool:
    """Whether a text can be a symbol: letters (no small Latin ones), digits, `()_-.`; so no `@`, comma or blank."""
    if not 0 < len(text) <= MOST_SYMBOL:
        return False
    return all(_in_symbol(letter) for letter in text)


def _in_symbol(letter: str) -> bool:
    if letter.isascii():
        return letter.isupper() or letter.isdigit() or letter in "()_-."
    return letter.isalnum()


def depth(symbol: str, speed: str = "100ms") -> Channel:
    """Changes of the book, gathered for `speed`."""
    return Channel("depth", symbol, speed)


def deals(symbol: str, speed: str = "100ms") -> Channel:
    """Trades, gathered for `speed`."""
    return Channel("deals", symbol, speed)


def book_ticker(symbol: str, speed: str = "100ms") -> Channel:
    """Best bid and ask, gathered for `speed`."""
    return Channel("book_ticker", symbol, speed)


def limit_depth(symbol: str, levels: int = 20) -> Channel:
    """The best 5, 10 or 20 levels of each side, whole in each frame."""
    return Channel("limit_depth", symbol, str(levels))


def kline(symbol: str, interval: str = "Min1") -> Channel:
    """Candles of the interval, the open one too."""
    return Channel("kline", symbol, interval)


PRIVATE = (Channel("orders"), Channel("fills"), Channel("account"))
