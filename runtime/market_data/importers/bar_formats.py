"""The layouts of OHLCV files, as tables. `bars.py` decides by them; nothing else knows a column's spelling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

#: Canonical column -> the names files give it, after `plain_name`; earlier names win.
COLUMN_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ts": (
            "open_time", "opentime", "ts", "timestamp", "time_open", "unix", "unix_timestamp", "unixtime", "epoch",
            "time", "datetime", "date_time", "date", "start", "candle_begin_time", "t",
        ),
        "open": ("open", "o", "open_price"),
        "high": ("high", "h", "high_price", "max"),
        "low": ("low", "l", "low_price", "min"),
        "close": ("close", "c", "close_price", "last"),
        "volume": ("volume", "vol", "v", "base_volume", "volume_base", "base_asset_volume"),
        "notional": (
            "notional", "quote_volume", "quote_asset_volume", "quoteassetvolume", "quotevolume", "volume_quote",
            "quote_vol", "turnover", "quote_av",
        ),
        "n_trades": (
            "n_trades", "trades", "number_of_trades", "numberoftrades", "num_trades", "trade_count", "tradecount",
            "trades_count", "count",
        ),
        "symbol": ("symbol", "pair", "instrument", "ticker", "tic", "market"),
    }
)  # fmt: skip

REQUIRED = ("ts", "open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True)
class Layout:
    """A file without a header is known by its number of columns alone."""

    title: str
    columns: tuple[str, ...]


#: Number of columns -> layout of a file without a header. An empty name is a column that is not read.
HEADERLESS: Mapping[int, Layout] = MappingProxyType(
    {
        6: Layout("CCXT rows (time, open, high, low, close, volume)", REQUIRED),
        8: Layout(
            "klines of 8 columns (time, open, high, low, close, volume, close time, quote volume)",
            (*REQUIRED, "", "notional"),
        ),
        11: Layout("Binance klines of 11 columns", (*REQUIRED, "", "notional", "n_trades", "", "")),
        12: Layout("Binance klines", (*REQUIRED, "", "notional", "n_trades", "", "", "")),
    }
)


@dataclass(frozen=True, slots=True)
class OtherKind:
    """Market data that is not trade bars; known by columns that only it has."""

    title: str
    marks: frozenset[str]


OTHER_KINDS = (
    OtherKind("quote bars (bid and ask, no trades)", frozenset({"bid_open", "ask_open"})),
    OtherKind("best bid and ask updates", frozenset({"bid", "ask"})),
    OtherKind("order book depth", frozenset({"side", "price", "qty", "is_snapshot"})),
    OtherKind("trades", frozenset({"price", "qty", "is_buyer_maker"})),
    OtherKind("trades", frozenset({"price", "qty", "trade_id"})),
    OtherKind("trades", frozenset({"price", "amount", "side"})),
)

#: Programs whose exports are recognised by the exact set of header names, for the message only.
KNOWN_HEADERS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"open_time", "close_time", "quote_asset_volume"}), "Binance klines with a header"),
    (frozenset({"open_time", "close_time", "quote_volume"}), "Binance klines with a header"),
    (frozenset({"timestamp", "open", "high", "low", "close", "volume"}), "CCXT columns"),
    (frozenset({"date", "open", "high", "low", "close", "volume"}), "freqtrade columns"),
    (frozenset({"time", "open", "high", "low", "close", "volume"}), "TradingView export"),
    (frozenset({"ts", "open", "high", "low", "close", "volume"}), "flashc columns"),
)


def plain_name(name: str) -> str:
    """Lower case, one underscore for what separates words: `Open time` is `open_time`."""
    words = "".join(char if char.isalnum() else " " for char in name.strip().lower()).split()
    return "_".join(words)


def known_layout(names: frozenset[str]) -> str:
    """A title for a header's columns."""
    return next((title for marks, title in KNOWN_HEADERS if marks <= names), "named columns")
