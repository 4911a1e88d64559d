"""Venue profiles: what a venue pins (grid, minimums, fees, order styles, limits), as data beside this module.

`profile(name)` loads `<name>.json`. The hash is over the canonical JSON (sorted keys, no spaces), so layout never
matters and content always does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class InstrumentProfile:
    """One pair. Prices are quote per base, quantities base, notionals quote; the caps bound interval analysis.

    The runtime refuses events outside `[tick, max_price]` and `[0, max_qty]`, which is what makes the analysis sound.
    """

    symbol: str
    price_decimals: int
    qty_decimals: int
    min_notional: Decimal
    max_notional: Decimal
    min_qty: Decimal
    max_price: Decimal
    max_qty: Decimal
    maker_fee: Decimal
    taker_fee: Decimal

    @property
    def tick(self) -> Decimal:
        return Decimal(1).scaleb(-self.price_decimals)

    @property
    def lot(self) -> Decimal:
        return Decimal(1).scaleb(-self.qty_decimals)

    @property
    def min_qty_lots(self) -> int:
        return int(self.min_qty.scaleb(self.qty_decimals))


@dataclass(frozen=True, slots=True)
class VenueProfile:
    """A venue at one date. `runtime_*` are the runtime's own limits, which no file can raise."""

    name: str
    taken: str
    hash: str
    styles: tuple[str, ...]
    allows_short: bool
    native_stops: bool
    amend: bool
    orders_per_s: int
    runtime_max_position: Decimal
    runtime_max_day_loss: Decimal
    runtime_max_orders_per_s: int
    history_days: int
    depth_levels: int
    instruments: Mapping[str, InstrumentProfile]


def names() -> tuple[str, ...]:
    """The venues that have a profile, sorted."""
    return tuple(sorted(path.name.removesuffix(".json") for path in _FOLDER.glob("*.json")))


@lru_cache(maxsize=8)
def profile(name: str) -> VenueProfile:
    """The profile called `name`. Raises KeyError when there is none; `names()` lists what there is."""
    if name not in names():
        raise KeyError(name)
    return read_profile(json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8")))


def read_profile(data: Mapping[str, Any]) -> VenueProfile:
    """A profile from decoded JSON."""
    features, limits, runtime = data["features"], data["limits"], data["runtime"]
    return VenueProfile(
        name=data["name"],
        taken=data["taken"],
        hash=canonical_hash(data),
        styles=tuple(data["styles"]),
        allows_short=features["short"],
        native_stops=features["native_stops"],
        amend=features["amend"],
        orders_per_s=limits["orders_per_s"],
        runtime_max_position=Decimal(runtime["max_position"]),
        runtime_max_day_loss=Decimal(runtime["max_day_loss"]),
        runtime_max_orders_per_s=runtime["max_orders_per_s"],
        history_days=data["history_days"],
        depth_levels=data["depth_levels"],
        instruments=MappingProxyType({s: _instrument(s, row, data["fees"]) for s, row in data["instruments"].items()}),
    )


def _instrument(symbol: str, row: Mapping[str, Any], fees: Mapping[str, str]) -> InstrumentProfile:
    return InstrumentProfile(
        symbol=symbol,
        price_decimals=row["price_decimals"],
        qty_decimals=row["qty_decimals"],
        min_notional=Decimal(row["min_notional"]),
        max_notional=Decimal(row["max_notional"]),
        min_qty=Decimal(row["min_qty"]),
        max_price=Decimal(row["max_price"]),
        max_qty=Decimal(row["max_qty"]),
        maker_fee=Decimal(row.get("maker_fee", fees["maker"])),
        taker_fee=Decimal(row.get("taker_fee", fees["taker"])),
    )


def canonical_hash(data: Mapping[str, Any]) -> str:
    """sha256 of the canonical JSON, as 64 hex digits."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
