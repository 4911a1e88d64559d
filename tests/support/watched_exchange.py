"""The local exchange on loopback sockets, and our client watching one symbol of it: what it said, and whether it erred."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from flashc.runtime.mexc.market.client import MarketClient
from flashc.runtime.mexc.market.feed import FeedConfig
from flashc.runtime.mexc.market.reference_book import ASK, BID
from flashc.runtime.mexc.rest.client import MexcRest
from flashc.runtime.mexc.stream.connection import tls_context
from flashc.runtime.mexc.stream.endpoint import endpoint
from flashc.runtime.mexc.stream.events import Event, SessionConfig
from flashc.simulator.faults.schedule import Schedule, Target
from flashc.simulator.server.local import LocalExchange
from support.local_exchange import local_exchange
from support.virtual_time import LoopClock

SYMBOL = "BTCUSDC"
MS, SECOND = 1_000_000, 1_000_000_000


class Watched:
    """An exchange and a client. `seen` is every change of validity, `wrong` the versions of valid books that lied."""

    def __init__(self, local: LocalExchange, **session: Any) -> None:
        self.local, self.world = local, local.world
        spec = (
            self.world.exchange.specs()[SYMBOL]
            if callable(self.world.exchange.specs)
            else self.world.exchange.specs[SYMBOL]
        )
        self.config = FeedConfig(SYMBOL, spec.price_decimals, spec.qty_decimals)
        clock = LoopClock()
        self.rest = MexcRest(local.http_url, clock=clock)
        at = endpoint(local.ws_url)
        self.client = MarketClient(
            SessionConfig(endpoint=at, **session),
            [self.config],
            self.rest.depth,
            self._offset,
            tls=tls_context(at),
            on_event=self._look,
            now_ns=clock.mono_ns,
        )
        self.feed = self.client.feeds[SYMBOL]
        self.counters = self.client.counters
        self.seen: list[tuple[int, str]] = []
        self.wrong: list[int] = []
        self.truth: dict[int, tuple[list[tuple[int, int]], list[tuple[int, int]]]] = {}
        self.compared = 0
        step = self.world.step

        def stepped(now_ns: int) -> Any:
            leaving = step(now_ns)
            version, bids, asks = self.world.exchange.depth(SYMBOL, 5000)
            self.truth.setdefault(version, (bids, asks))
            return leaving

        self.world.step = stepped  # type: ignore[method-assign]

    def _offset(self, now_ns: int) -> int:
        return self.local.clock.now_ns() - now_ns

    def _look(self, event: Event | None = None) -> None:
        now_ns = self.client.now_ns()
        state = self.feed.validity(now_ns)
        if not self.seen or self.seen[-1][1] != str(state):
            self.seen.append((now_ns, str(state)))
        book = self.feed.book
        if state.valid and book.version in self.truth:
            self.compared += 1
            bids, asks = self.truth[book.version]
            if book.levels(BID, 5000) != bids or book.levels(ASK, 5000) != asks:
                self.wrong.append(book.version)

    def fault(self, name: str, *, for_ms: int | None = None, count: int | None = None, **values: object) -> None:
        """Inject a fault by its name, on our symbol."""
        schedule = Schedule(for_ns=None if for_ms is None else for_ms * MS, count=count)
        given = {key: str(value) for key, value in values.items()}
        self.world.board.inject(name, given, self.world.now_ns, schedule, Target(symbol=SYMBOL))

    def heal(self) -> None:
        self.world.board.heal("", self.world.now_ns)

    async def until(self, holds: Callable[[], bool], seconds: float) -> None:
        """Wait until it holds; fail after so many seconds."""
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.02)
                self._look()

    async def valid(self, seconds: float = 20) -> None:
        """Wait until the book is valid."""
        try:
            await self.until(lambda: self.feed.validity(self.client.now_ns()).valid, seconds)
        except TimeoutError:
            raise AssertionError(
                f"not valid: {self.seen[-6:]}\n{self.client.state.text(self.client.now_ns())}"
            ) from None

    async def invalid(self, seconds: float, *reasons: str) -> None:
        """Wait until the book was not valid for one of these reasons, or because this process was away."""
        begin = len(self.seen)
        wanted = (*reasons, "own_stall")
        await self.until(lambda: any(reason.startswith(wanted) for _, reason in self.seen[begin:]), seconds)


@asynccontextmanager
async def watched(folder: Path, **session: Any) -> AsyncIterator[Watched]:
    """A client of an exchange in good health, its book valid."""
    async with local_exchange(folder) as local:
        seen = Watched(local, **session)
        running = asyncio.ensure_future(seen.client.run())
        try:
            await seen.valid()
            yield seen
        finally:
            seen.client.stop()
            await asyncio.wait_for(running, 5)
            await seen.rest.close()
