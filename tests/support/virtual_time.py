"""An event loop whose time jumps to the next timer whenever nothing is left to do: hours pass in moments.

Sockets are real and on this machine. What one side writes the other can read at once, so the loop looks at all sockets
before it lets time pass, and a run is as fast as its work.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import Any

#: Looks at the sockets before time passes: bytes may be on their way through the kernel.
_LOOKS = 2


class VirtualTime:
    """The time of one loop, in ns from 0. It serves as the clock of clients, too."""

    def __init__(self) -> None:
        self.ns = 0

    def mono_ns(self) -> int:
        return self.ns

    def wall_ns(self) -> int:
        return self.ns

    async def sleep(self, duration_ns: int) -> None:
        await asyncio.sleep(max(duration_ns, 0) / 1e9)


class _Selector(selectors.DefaultSelector):
    """Never waits: where it should, time jumps."""

    clock: VirtualTime

    def select(self, timeout: float | None = None) -> Any:
        for _ in range(_LOOKS):
            ready = super().select(0)
            if ready or timeout is None or timeout <= 0:
                break
        if not ready and timeout is None:
            return super().select(0.001)
        if not ready and timeout and timeout > 0:
            self.clock.ns += int(timeout * 1e9) + 1
        return ready


def virtual_loop() -> tuple[asyncio.AbstractEventLoop, VirtualTime]:
    """A new loop and its time."""
    clock, selector = VirtualTime(), _Selector()
    selector.clock = clock
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: clock.ns / 1e9  # type: ignore[method-assign]
    return loop, clock
