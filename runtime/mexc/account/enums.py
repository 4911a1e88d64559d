"""Numbers and names that the exchange has for statuses, sides and types. Closed tables: what is not here is unknown.

An unknown value never falls into a default. It is counted, and the order is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType


class Rank(IntEnum):
    """How far an order is. It never falls."""

    KNOWN = 0
    NEW = 1
    PARTIAL = 2
    DONE = 3


#: Status -> rank. The last four are not in the exchange's documents; other clients have met them.
STATUS_RANKS: Mapping[str, Rank] = MappingProxyType(
    {
        "NEW": Rank.NEW,
        "PARTIALLY_FILLED": Rank.PARTIAL,
        "FILLED": Rank.DONE,
        "CANCELED": Rank.DONE,
        "PARTIALLY_CANCELED": Rank.DONE,
        "PENDING": Rank.KNOWN,
        "PENDING_CANCEL": Rank.NEW,
        "REJECTED": Rank.DONE,
        "EXPIRED": Rank.DONE,
    }
)

#: Number on the stream -> status. 5 is terminal: some is filled, the rest was cancelled.
STATUS_NUMBERS: Mapping[int, str] = MappingProxyType(
    {1: "NEW", 2: "FILLED", 3: "PARTIALLY_FILLED", 4: "CANCELED", 5: "PARTIALLY_CANCELED"}
)

SIDE_NUMBERS: Mapping[int, str] = MappingProxyType({1: "BUY", 2: "SELL"})

#: 100 and 101 are made on the exchange's own pages: stop and take-profit orders, and a leg of a pair of orders.
TYPE_NUMBERS: Mapping[int, str] = MappingProxyType(
    {
        1: "LIMIT",
        2: "LIMIT_MAKER",
        3: "IMMEDIATE_OR_CANCEL",
        4: "FILL_OR_KILL",
        5: "MARKET",
        100: "STOP",
        101: "PAIR_LEG",
    }
)

SIDES = frozenset(SIDE_NUMBERS.values())
TYPES = frozenset(TYPE_NUMBERS.values())
