"""The exchange's time: the wall's, faster, or as fast as events come. The only clock of the local exchange."""

from __future__ import annotations

import time
from collections.abc import Callable

NS_PER_SECOND = 1_000_000_000

#: The speed of `--speed max`: time stands between events and jumps to the next one.
MAX = 0


class Clock:
    """Time in ns since 1970 that starts at `start_ns` and runs `speed` times as fast as `monotonic` (ns).

    With `MAX` nothing runs by itself: `reach` is what moves it. The time never goes back.
    """

    def __init__(self, start_ns: int, speed: int = 1, monotonic: Callable[[], int] = time.monotonic_ns) -> None:
        assert speed >= 0
        self._monotonic = monotonic
        self._begin_ns = start_ns
        self._zero = monotonic()
        self.speed = speed

    def now_ns(self) -> int:
        """The exchange's time."""
        return self._begin_ns + (self._monotonic() - self._zero) * self.speed

    def reach(self, at_ns: int) -> None:
        """At speed `MAX`, be at `at_ns` if that is later; otherwise time comes by itself."""
        if self.speed == MAX:
            self._begin_ns = max(self._begin_ns, at_ns)

    def wait_s(self, at_ns: int) -> float:
        """Seconds of the wall's time until `at_ns`; 0 if it has come."""
        if self.speed == MAX:
            return 0.0
        return max(0, at_ns - self.now_ns()) / (NS_PER_SECOND * self.speed)

    def wall_s(self, span_ns: int) -> float:
        """How long `span_ns` of the exchange's time lasts on the wall. At speed `MAX` as at speed 1."""
        return span_ns / (NS_PER_SECOND * (self.speed or 1))

    def set_speed(self, speed: int) -> None:
        """From now on run `speed` times as fast, without a jump."""
        self._begin_ns, self._zero = self.now_ns(), self._monotonic()
        self.speed = speed
