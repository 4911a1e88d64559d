"""Named counters: every input that is not applied, and every repair, is counted under a name of one table.

`docs/streams.md` lists the table, and a test holds the page to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: Name -> what was counted. A detail may follow the name: `frame_refused` with `off_grid`.
COUNTERS: Mapping[str, str] = MappingProxyType(
    {
        # connections
        "dials": "connections that were tried",
        "links_lost": "connections that ended, by reason; planned ends too",
        "rotations": "connections that were replaced while the old one still worked, by reason",
        "frames_in": "data frames that came",
        "bytes_in": "bytes that came",
        "requests_out": "subscriptions, cancelled subscriptions and pings that were sent",
        "server_pings": "pings of the server that were answered",
        # control messages
        "control_refused": "text frames that were no answer of a known form, by reason",
        "channel_refused": "subscriptions that the exchange refused",
        "wrong_echo": "answers whose list of channels is not the list that was asked",
        "channel_alarms": "channels that gave no valid datum in time, or were refused",
        "channel_silent": "channels that were confirmed and then gave nothing for too long",
        # pushes
        "push_refused": "data frames that could not be decoded or belong to no channel of ours, by reason",
        "heartbeats": "data frames without a body",
        "overflows": "times at which the queue of events was full and every waiting frame was dropped",
        "frames_dropped": "frames that such a drop lost",
        # book
        "depth_applied": "changes of the book that were applied",
        "depth_old": "changes that the book had already: old, or sent twice",
        "depth_overlap": "changes that the book had in part; applied, as they hold whole quantities",
        "depth_standby": "changes of the newer of two connections that waited for the change-over",
        "depth_gap": "changes that did not continue the book",
        "depth_backwards": "changes whose last version is below the first",
        "depth_refused": "changes that could not be read, by reason",
        "depth_restart": "times at which the exchange's versions began anew",
        "depth_crossed": "changes that left the best bid at or above the best ask",
        "depth_overflow": "times at which too many changes waited for a snapshot",
        "resyncs": "times at which the book was given up and built anew, by reason",
        "snapshots_asked": "snapshots of the book that were asked for",
        "snapshots_failed": "snapshots that did not come or were refused, by reason",
        "snapshots_unjoined": "snapshots that the waiting changes did not continue",
        "snapshots_late": "answers to a snapshot request that was given up before",
        "lag_drops": "frames that were dropped because they were too late to be worth applying",
        # other streams
        "ticker_old": "best prices with an older version than the last",
        "ticker_refused": "best prices that could not be read, by reason",
        "deals": "trades that were taken",
        "deals_repeated": "trades that came twice",
        "deals_refused": "trades that could not be read, by reason",
        "candle_refused": "candles that could not be read, by reason",
        "limit_depth_refused": "whole top levels that could not be read, by reason",
        "top_differs": "whole top levels of the book's own version that are not the book's",
        "unknown_code": "numbers of a kind that the table does not know, by field",
        "other_symbol": "frames of one symbol's channel that carry another symbol",
        "implausible": "prices far from the last valid ones",
        "not_heard": "frames of a halted symbol, and of the older of two connections what the newer one tells too",
        "own_stalls": "times at which this process did not run for too long",
        "halts": "times at which a symbol was halted, by reason",
        "invalid": "times at which a valid book became invalid, by reason",
    }
)


class Counters:
    """Counts by name, and by name and detail. Only names of the table count."""

    __slots__ = ("_counts", "_names")

    def __init__(self, names: Mapping[str, str] = COUNTERS) -> None:
        self._names = names
        self._counts: dict[str, int] = {}

    def add(self, name: str, detail: str = "", count: int = 1) -> None:
        """Count `name`, and `name.detail` too if a detail is given."""
        assert name in self._names, name
        self._counts[name] = self._counts.get(name, 0) + count
        if detail:
            key = f"{name}.{detail}"
            self._counts[key] = self._counts.get(key, 0) + count

    def __getitem__(self, key: str) -> int:
        """The count of a name, or of `name.detail`; 0 if nothing was counted."""
        return self._counts.get(key, 0)

    def picture(self) -> dict[str, int]:
        """All counts that are not zero, by name in the order of the alphabet."""
        return dict(sorted(self._counts.items()))
