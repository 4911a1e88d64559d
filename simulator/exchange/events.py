"""What the exchange says happened, in order. Named tuples, because tens of thousands come in a second.

`time_ns` is the exchange's clock. Ticks and lots are those of the symbol's grid, atoms those of the ledger.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from .orders import Fill, Order


class LevelChanged(NamedTuple):
    """A price level holds `lots` now, 0 if it is gone. `version` is one above the symbol's version before.

    `side` is +1 for bids, -1 for asks. `order_created_ns` is when the newest order of the symbol was made.
    """

    time_ns: int
    symbol: str
    side: int
    price_ticks: int
    lots: int
    version: int
    order_created_ns: int


class Traded(NamedTuple):
    """A public trade. `taker_side` is +1 if the taker bought, -1 if it sold."""

    time_ns: int
    symbol: str
    price_ticks: int
    lots: int
    taker_side: int
    trade_id: str


class OrderChanged(NamedTuple):
    """An account's order as it is now."""

    time_ns: int
    order: Order


class Filled(NamedTuple):
    """An account's part of a trade. The order's own `OrderChanged` comes just before."""

    time_ns: int
    fill: Fill


class BalanceChanged(NamedTuple):
    """An account's free and locked atoms of an asset after a posting, and by how much they moved."""

    time_ns: int
    account: str
    asset: str
    free_atoms: int
    locked_atoms: int
    d_free: int
    d_locked: int
    change_type: str


class SymbolChanged(NamedTuple):
    """A symbol's rules changed; `exchange.specs[symbol]` has the new ones."""

    time_ns: int
    symbol: str


class BookRestarted(NamedTuple):
    """A symbol's versions began anew; the next `LevelChanged` has `version` + 1. The book itself did not change."""

    time_ns: int
    symbol: str
    version: int


Event: TypeAlias = LevelChanged | Traded | OrderChanged | Filled | BalanceChanged | SymbolChanged | BookRestarted
