"""Whether a symbol's book may be traded on, in one word. `docs/streams.md` explains each reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .depth_sync import CAUSES

VALID = "valid"

#: Reason -> what it says. They are looked at in this order; the first that holds is the one shown.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "halted": "something happened that no new snapshot mends; a person must look and resume",
        "no_link": "no connection carries the changes of the book",
        "unconfirmed": "the channel of changes or of best prices has given no valid datum on this connection yet",
        "building": "a snapshot and the changes are being joined",
        "crossed": "the best bid is at or above the best ask",
        "one_sided": "one side of the book is empty",
        "own_stall": "this process was away, and nothing sent after that was seen yet",
        "clock": "the exchange's time is not known, so neither is the lag",
        "lag": "the last change was sent too long ago when it came",
        "stale": "no change of the book came for too long",
        "disagreement": "book and best prices disagree",
        "trades_stopped": "trades stopped although the market goes on",
        "old_link": "the connection is older than the exchange lets it live",
    }
)

#: Why a symbol is halted.
HALTS: Mapping[str, str] = MappingProxyType(
    {
        "crossed": "the book stayed crossed or locked, across new snapshots",
        "other_symbol": "a channel carried another symbol",
        "implausible": "a price is far from the last valid ones",
        "asked": "someone asked for it",
    }
)


@dataclass(frozen=True, slots=True)
class Validity:
    """VALID, or the reason and its detail (of `CAUSES` when building, of `HALTS` when halted), and since when."""

    reason: str
    detail: str
    since_ns: int

    def __post_init__(self) -> None:
        assert self.reason == VALID or self.reason in REASONS, self.reason
        assert self.reason != "building" or self.detail in CAUSES, self.detail
        assert self.reason != "halted" or self.detail in HALTS, self.detail

    @property
    def valid(self) -> bool:
        return self.reason == VALID

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason
