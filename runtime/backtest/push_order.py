"""How the recorded feed is read: later than recorded, and in which order trades and depth of one push come.

A **push** is all records of one receive time. Recorders receive trades and depth on one or several connections, so the
order inside a push is partly chance; here it can be fixed either way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...cython_core.layout import (
    FLAG_INSTANT_END,
    FLAG_SHIFT,
    HEAD,
    KIND_BAR,
    KIND_LEVEL,
    KIND_RESET,
    KIND_TRADE,
    TIME,
    VENUE_TIME,
)

if TYPE_CHECKING:
    from .result import Words

PUSH_ORDERS = ("as_recorded", "trades_first", "depth_first")
_END = FLAG_INSTANT_END << FLAG_SHIFT


@dataclass(frozen=True, slots=True)
class FeedModel:
    """`shift_ns` is added to every receive time; `order` is one of PUSH_ORDERS."""

    shift_ns: int = 0
    order: str = "as_recorded"

    def __post_init__(self) -> None:
        assert 0 <= self.shift_ns < 2**50, "the feed comes no earlier than it was recorded"
        assert self.order in PUSH_ORDERS, "no such order"


def as_received(records: Words, feed: FeedModel) -> Words:
    """The records (int64[n, 8]) as the strategy receives them; the array itself if nothing changes.

    Bars keep their places before trades and depth. Venue times stay in order: a record that moved behind a later one
    takes its venue time.
    """
    if not len(records) or feed == FeedModel():
        return records
    found = records if feed.order == "as_recorded" else _reordered(records, feed.order)
    if found is records:
        found = records.copy()
    found[:, TIME] += feed.shift_ns
    return found


def _reordered(records: Words, order: str) -> Words:
    import numpy as np

    kind = records[:, HEAD] & 0xFF
    depth = (kind == KIND_LEVEL) | (kind == KIND_RESET)
    late = depth if order == "trades_first" else kind == KIND_TRADE
    rank = np.where(kind == KIND_BAR, 0, np.where(late, 2, 1))
    found = records[np.lexsort((rank, records[:, TIME]))]  # stable: later keys first
    last = np.append(found[1:, TIME] != found[:-1, TIME], True)
    found[:, HEAD] = np.where(last, found[:, HEAD] | _END, found[:, HEAD] & ~_END)
    events = found[:, HEAD] & 0xFF != KIND_BAR
    found[events, VENUE_TIME] = np.maximum.accumulate(found[events, VENUE_TIME])
    return np.ascontiguousarray(found)
