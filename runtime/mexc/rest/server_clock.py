"""The exchange's time, known between bounds, from requests for its time.

Sans-I/O. Only the monotonic clock counts: a machine whose wall clock is wrong, or is set while we run, signs right.
An answer proves that `offset = server - monotonic` lies in `[answered - received, answered + 1 ms - sent]`. Bounds of
several answers are cut with each other, after widening the older ones for drift.
"""

from __future__ import annotations

from dataclasses import dataclass

MS_NS = 1_000_000
MOST_UNCERTAIN_NS = 250 * MS_NS
REFRESH_NS = 60_000 * MS_NS
#: Nanoseconds that the bounds widen per second: 100 parts in a million, more than a bad quartz.
DRIFT_NS_PER_S = 100_000
_SECOND_NS = 1_000_000_000
#: A wall clock that moved this much against the monotonic one: the machine slept, or the clock was set.
_JUMP_NS = 250 * MS_NS


@dataclass(slots=True)
class ServerClock:
    """Bounds of the offset in ns at `_at_ns`, none before the first answer."""

    refresh_ns: int = REFRESH_NS
    most_uncertain_ns: int = MOST_UNCERTAIN_NS
    steps: int = 0
    jumps: int = 0
    _low_ns: int = 0
    _high_ns: int = 0
    _at_ns: int | None = None
    _stale: bool = True
    _wall_offset_ns: int | None = None

    def sample(self, sent_ns: int, received_ns: int, server_ms: int) -> None:
        """An answer: sent and received by the monotonic clock, and what the exchange said."""
        server_ns = server_ms * MS_NS
        low, high = server_ns - received_ns, server_ns + MS_NS - sent_ns
        if self._at_ns is not None and not self._stale:
            slack = self._drift_ns(received_ns)
            joined_low, joined_high = max(low, self._low_ns - slack), min(high, self._high_ns + slack)
            if joined_low <= joined_high:
                low, high = joined_low, joined_high
            else:
                self.steps += 1
        self._low_ns, self._high_ns, self._at_ns, self._stale = low, high, received_ns, False

    def _drift_ns(self, now_ns: int) -> int:
        return max(0, now_ns - (self._at_ns or now_ns)) * DRIFT_NS_PER_S // _SECOND_NS

    def refused(self) -> None:
        """The exchange refused a time of ours: what was known is worth nothing."""
        self._stale = True

    def watch_wall(self, now_ns: int, wall_ns: int) -> bool:
        """Whether the wall clock jumped against the monotonic one since the last call. Then a new sample is due."""
        offset, before = wall_ns - now_ns, self._wall_offset_ns
        self._wall_offset_ns = offset
        jumped = before is not None and abs(offset - before) > _JUMP_NS
        if jumped:
            self.jumps += 1
            self._stale = True
        return jumped

    def server_ns(self, now_ns: int) -> int:
        """The exchange's time, the middle of its bounds. Ask `usable` first."""
        return now_ns + (self._low_ns + self._high_ns) // 2

    def server_ms(self, now_ns: int) -> int:
        return self.server_ns(now_ns) // MS_NS

    def uncertainty_ns(self, now_ns: int) -> int | None:
        """How far the exchange's time can be from `server_ns`; None when nothing is known."""
        if self._at_ns is None or self._stale:
            return None
        return (self._high_ns - self._low_ns + 1) // 2 + self._drift_ns(now_ns)

    def usable(self, now_ns: int) -> bool:
        """Whether the time is known well enough to sign with."""
        uncertain = self.uncertainty_ns(now_ns)
        return uncertain is not None and uncertain <= self.most_uncertain_ns

    def due(self, now_ns: int) -> bool:
        """Whether it is time to ask the exchange again."""
        return not self.usable(now_ns) or self._at_ns is None or now_ns - self._at_ns >= self.refresh_ns
