"""The type of every field, as every executor delivers it."""

from __future__ import annotations

from functools import lru_cache

from ..frontend.built import Built
from ..frontend.literals import grid_types
from ..ir.types import BOOL, DURATION, INT, REAL, TIME, Kind, Type

_ENUM = Type(Kind.ENUM)


def field_type(built: Built, alias: str, source: str, name: str) -> Type:
    """The type of a field, as every executor delivers it."""
    return _field_type(grid_types(alias, *built.currencies(alias)), source, name)


@lru_cache(maxsize=1024)
def _field_type(types: tuple[Type, Type, Type], source: str, name: str) -> Type:
    price, lots, money = types
    if source == "now":
        return TIME
    if source == "fired":
        return BOOL
    shared = {
        "age": DURATION,
        "gain": REAL,
        "net_gain": REAL,
        "phase": _ENUM,
        "side": _ENUM,
        "notional": money,
        "n_trades": INT,
        "count": INT,
        "trades": INT,
        "pnl": money,
        "equity": money,
        "free": money,
        "drawdown": REAL,
        "score": REAL,
        "adds": INT,
        "imbalance": REAL,
        "depth_ratio": REAL,
        "book_slope": REAL,
        "mid": price.off_grid(),
        "microprice": price.off_grid(),
        "vwap": price.off_grid(),
        "vwap_to": price.off_grid(),
        "entry": price.off_grid(),
    }
    if name in shared:
        return shared[name]
    return (
        lots
        if name
        in ("qty", "signed_qty", "volume", "filled", "queue_ahead", "bid_qty", "ask_qty", "bid_depth", "ask_depth")
        else price
    )
