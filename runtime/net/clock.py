"""The clocks of outer shells. Cores never read one: they are given `now_ns`."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What a shell needs of time. Tests give one whose time they turn themselves."""

    def mono_ns(self) -> int:
        """Nanoseconds of a clock that never jumps; its zero means nothing."""

    def wall_ns(self) -> int:
        """Nanoseconds since 1970 by this machine, which may jump."""

    async def sleep(self, duration_ns: int) -> None:
        """Come back after `duration_ns`."""


class SystemClock:
    """The clocks of the operating system."""

    def mono_ns(self) -> int:
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        return time.time_ns()

    async def sleep(self, duration_ns: int) -> None:
        await asyncio.sleep(max(duration_ns, 0) / 1e9)
