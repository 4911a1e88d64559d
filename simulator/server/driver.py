"""The loop that moves an exchange, in steps of at least a millisecond: what leaves together is written together."""

from __future__ import annotations

import asyncio

from .clock import MAX, Clock
from .exchange_app import ExchangeApp
from .world import MS, NEVER_NS, World

#: Shortest time between two steps, seconds of the wall's time.
TICK_S = 0.001
#: Longest time between two steps.
REST_S = 0.25
#: At most this much of the wall's time is played at one step, so that requests are answered in between.
SLICE_S = 0.05


class Driver:
    """Steps the world when something is due. `lag_ns` is by how much the exchange's time is behind the clock."""

    def __init__(self, clock: Clock, world: World, app: ExchangeApp) -> None:
        self.clock, self._world, self._app = clock, world, app
        self._handle: asyncio.TimerHandle | None = None
        self._at_s = 0.0
        self._ends = False
        self.lag_ns = 0
        self.worst_lag_ns = 0
        app.settle = self.soon
        app.now_ns = self.now_ns

    def now_ns(self) -> int:
        """The time for a request: the clock's, but at most a slice ahead of what was played."""
        return min(self.clock.now_ns(), self._world.now_ns + self._slice_ns())

    def _slice_ns(self) -> int:
        return int(SLICE_S * 1e9) * max(1, self.clock.speed)

    def connections(self) -> int:
        """How many connections are open."""
        return len(self._app.connections)

    def rejected(self) -> int:
        """How many times bytes came that were no request."""
        return self._app.rejected

    def start(self) -> None:
        """Begin."""
        self._plan(0.0)
        self._sweep()

    def stop(self) -> None:
        """No step more."""
        self._ends = True
        for handle in (self._handle, self._sweeper):
            if handle is not None:
                handle.cancel()

    def soon(self) -> None:
        """Something may be due earlier than planned."""
        loop = asyncio.get_running_loop()
        if not self._ends and self._at_s > loop.time() + TICK_S:
            self._plan(TICK_S)

    def _plan(self, wait_s: float) -> None:
        loop = asyncio.get_running_loop()
        if self._handle is not None:
            self._handle.cancel()
        self._at_s = loop.time() + wait_s
        self._handle = loop.call_at(self._at_s, self._step)

    def _step(self) -> None:
        world, clock = self._world, self.clock
        world.hub.pace = clock.speed
        if clock.speed == MAX:
            clock.reach(min(world.next_ns(), world.now_ns + 1_000 * MS))
        wanted = clock.now_ns()
        now_ns = min(wanted, world.now_ns + self._slice_ns())
        self.lag_ns = wanted - now_ns
        self.worst_lag_ns = max(self.worst_lag_ns, self.lag_ns)
        self._app.send(world.step(now_ns))
        if not self._ends:
            self._plan(self._wait_s())

    def _wait_s(self) -> float:
        if self.clock.speed == MAX:
            return 0.0
        next_ns = self._world.next_ns()
        wait_s = REST_S if next_ns == NEVER_NS else self.clock.wait_s(next_ns)
        return min(REST_S, max(TICK_S, wait_s))

    _sweeper: asyncio.TimerHandle | None = None

    def _sweep(self) -> None:
        self._app.sweep()
        self._sweeper = asyncio.get_running_loop().call_later(1.0, self._sweep)
