"""An event loop whose time jumps to the next timer whenever nothing is left to do: hours pass in moments.

Sockets are real and on this machine. The kernel hands their bytes over in the order in which they were sent, so the loop
sends a byte of its own behind them and reads it before time may pass: nothing is on its way then, however busy the
machine is. Work for threads is done at once, in the loop. So nothing that happens depends on how fast the machine is,
and what would wait for ever is an error.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

#: A connect takes three packets, and the kernel answers each when it comes.
_ROUNDS = 3


class LoopClock:
    """The time of the loop that runs: the clock of clients and exchanges that live in it."""

    def mono_ns(self) -> int:
        return round(asyncio.get_running_loop().time() * 1e9)

    def wall_ns(self) -> int:
        return self.mono_ns()

    async def sleep(self, duration_ns: int) -> None:
        await asyncio.sleep(max(duration_ns, 0) / 1e9)


class _Selector(selectors.DefaultSelector):
    """Never waits for a timer: where it should, time jumps."""

    def __init__(self) -> None:
        super().__init__()
        self.now_ns = 0
        self._probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._probe.bind(("127.0.0.1", 0))
        self._probe.connect(self._probe.getsockname())

    def close(self) -> None:
        self._probe.close()
        super().close()

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        for _ in range(_ROUNDS):
            self._probe.send(b"?")
            self._probe.recv(1)
            if ready := super().select(0):
                return ready
        if timeout is None:
            raise RuntimeError("everything waits for something that never comes")
        self.now_ns += int(timeout * 1e9) + 1
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time begins at 0, and nobody but the loop moves it."""

    def __init__(self) -> None:
        self._time = _Selector()
        super().__init__(self._time)

    def time(self) -> float:
        return self._time.now_ns / 1e9

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Time stands while `func` runs, whatever thread was meant to."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done


def run_virtual(work: Coroutine[Any, Any, T], *, debug: bool | None = None) -> T:
    """As `asyncio.run`, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop, debug=debug) as runner:
        return runner.run(work)
