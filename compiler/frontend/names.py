"""The fixed names of the language: fields by source, units, and words that cannot be redefined."""

from __future__ import annotations

from fractions import Fraction
from types import MappingProxyType

from ..ir.types import Kind

#: Book fields. The functions of the group `book` (`bid_depth(k)` ...) are fields with an argument.
BOOK_FIELDS = ("bid", "ask", "mid", "spread", "bid_qty", "ask_qty", "near_side", "far_side")
#: The side of the book that an order rests at, and the one it takes: `bid` or `ask` by the order's direction.
DIRECTED = ("near_side", "far_side")
BAR_FIELDS = ("open", "high", "low", "close", "volume", "vwap", "n_trades")
TRADE_FIELDS = ("price", "qty", "signed_qty", "side")
FORMING_FIELDS = BAR_FIELDS
POSITION_FIELDS = ("qty", "notional", "entry", "age", "gain", "net_gain", "best", "worst", "adds", "phase")
#: Position fields that have a value only while a position is open.
OPEN_ONLY = frozenset({"entry", "age", "gain", "net_gain", "best", "worst"})
WORKING_FIELDS = ("qty", "notional", "count")
ORDER_FIELDS = ("price", "qty", "notional", "age", "filled", "side", "queue_ahead")
DAY_FIELDS = ("pnl", "trades")
ENTRY_FIELDS = ("score",)
ACCOUNT_FIELDS = ("equity", "free", "drawdown")

#: Names with members, and the fields they have.
GROUPS = MappingProxyType(
    {
        "trade": TRADE_FIELDS,
        "pos": POSITION_FIELDS,
        "working": WORKING_FIELDS,
        "order": ORDER_FIELDS,
        "day": DAY_FIELDS,
        "account": ACCOUNT_FIELDS,
        "entry": ENTRY_FIELDS,
    }
)

RESERVED = frozenset(
    {
        "pos",
        "working",
        "order",
        "day",
        "account",
        "trade",
        "now",
        "forming",
        "book",
        "entry",
        "if",
        "then",
        "else",
        "and",
        "or",
        "not",
        "true",
        "false",
        "prev",
        "present",
        "std",
    }
)

DURATIONS = MappingProxyType(
    {
        "ns": 1,
        "us": 1_000,
        "ms": 10**6,
        "s": 10**9,
        "m": 60 * 10**9,
        "h": 3600 * 10**9,
        "d": 86400 * 10**9,
        "w": 7 * 86400 * 10**9,
    }
)
RATIOS = MappingProxyType({"bps": Fraction(1, 10_000), "pct": Fraction(1, 100)})
TICKS = frozenset({"tick", "ticks"})
LOTS = frozenset({"lot", "lots"})

#: What people write for a unit, and the unit.
FOREIGN_UNITS = MappingProxyType(
    {
        "percent": "pct",
        "bp": "bps",
        "bip": "bps",
        "bips": "bps",
        "sec": "s",
        "secs": "s",
        "second": "s",
        "seconds": "s",
        "min": "m",
        "mins": "m",
        "minute": "m",
        "minutes": "m",
        "hour": "h",
        "hours": "h",
        "hr": "h",
        "day": "d",
        "days": "d",
        "week": "w",
        "weeks": "w",
        "D": "d",
        "H": "h",
        "M": "m",
        "S": "s",
        "pips": "ticks",
        "pip": "tick",
        "points": "ticks",
    }
)

#: Values of the two enumerations.
ENUMS = MappingProxyType(
    {"buy": ("side", 1), "sell": ("side", -1), "flat": ("phase", 0), "entering": ("phase", 1), "exiting": ("phase", 3)}
)

PARAM_KINDS = MappingProxyType(
    {
        "int": Kind.INT,
        "real": Kind.REAL,
        "ratio": Kind.REAL,
        "bool": Kind.BOOL,
        "duration": Kind.DURATION,
        "price": Kind.REAL,
        "qty": Kind.REAL,
        "notional": Kind.REAL,
    }
)

SECOND = 10**9
