"""The type of every field, as every executor delivers it."""

from __future__ import annotations

from ..frontend.built import Built
from ..frontend.literals import lot_type, money_type, tick_type
from ..ir.types import DURATION, INT, REAL, TIME, Kind, Type

_ENUM = Type(Kind.ENUM)


def field_type(built: Built, alias: str, source: str, name: str) -> Type:
    """The type of a field, as every executor delivers it."""
    price, lots, money = tick_type(built, alias), lot_type(built, alias), money_type(built, alias)
    if source == "now":
        return TIME
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
        "imbalance": REAL,
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
        if name in ("qty", "signed_qty", "volume", "filled", "bid_qty", "ask_qty", "bid_depth", "ask_depth")
        else price
    )
