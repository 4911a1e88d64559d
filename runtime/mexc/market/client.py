"""Market data of several symbols on the running event loop: one session, a feed each, snapshots from a callable.

The thin shell around `MarketFeed`: it carries events in, asks for the snapshots that feeds want, tells them the
exchange's time, and lets time pass.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from ....cython_core import native, native_market
from ....cython_core.wire.rows import SymbolScale
from ...market_data.synth.prng import Stream
from ..rest.errors import MexcError
from ..state import ClientState, links_part
from ..stream.connection import StreamShell, system_session
from ..stream.counters import Counters
from ..stream.events import Event, SessionConfig
from .feed import FeedConfig, MarketFeed
from .reference_book import DepthBook
from .values import Trade

#: Levels of each side that a snapshot is asked for.
SNAPSHOT_LEVELS = 5000


class Snapshot(Protocol):
    """A snapshot of a book as REST gives it."""

    @property
    def last_update_id(self) -> int: ...

    @property
    def bids(self) -> Sequence[tuple[str, str]]: ...

    @property
    def asks(self) -> Sequence[tuple[str, str]]: ...


#: Asks for a snapshot of a symbol with so many levels. `MexcError` and `OSError` are counted by name.
AskDepth = Callable[[str, int], Awaitable[Snapshot]]
#: The exchange's epoch time minus our clock, in ns, or None if it is not known.
Offset = Callable[[int], int | None]


def native_book(config: FeedConfig) -> DepthBook | None:
    """The book of the C core where it was built; None means the reference."""
    library = native.library()
    if library is None:
        return None
    scale = SymbolScale(config.symbol, config.price_decimals, config.qty_decimals)
    return native_market.NativeDepth(library, scale)


class MarketClient:
    """Books, trades and candles of some symbols. `run` until `stop`; read `feeds` and `state` at any time.

    `on_event` sees every event of the session after the feeds did; `on_trade` every trade of every symbol.
    """

    def __init__(
        self,
        session: SessionConfig,
        feeds: Sequence[FeedConfig],
        ask_depth: AskDepth,
        offset_ns: Offset,
        *,
        seed: int = 1,
        tls: ssl.SSLContext | None = None,
        now_ns: Callable[[], int] = time.monotonic_ns,
        on_event: Callable[[Event], None] | None = None,
        on_trade: Callable[[str, Trade], None] | None = None,
    ) -> None:
        self.counters = Counters()
        self.state = ClientState(self.counters)
        self._ask_depth = ask_depth
        self._offset_ns = offset_ns
        self._now_ns = now_ns
        self._on_event = on_event
        self._tasks: set[asyncio.Task[None]] = set()
        self._bug: BaseException | None = None
        self.feeds: Mapping[str, MarketFeed] = {
            config.symbol: MarketFeed(
                config,
                Stream(seed, f"feed {config.symbol}"),
                self.counters,
                native_book(config),
                on_trade and _for_symbol(on_trade, config.symbol),
            )
            for config in feeds
        }
        self.session = system_session(session, seed, counters=self.counters)
        self.shell = StreamShell(self.session, self._event, tls=tls, now_ns=now_ns, on_tick=self._tick)
        self.state.add("links", links_part(self.session))
        self.state.add("symbols", lambda now: {name: feed.picture(now) for name, feed in self.feeds.items()})

    async def run(self) -> None:
        """Connect, subscribe and keep the books until `stop` or cancellation."""
        self.shell.subscribe([channel for feed in self.feeds.values() for channel in feed.config.channels()])
        try:
            await self.shell.run()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._bug is not None:
            raise self._bug

    def stop(self) -> None:
        self.shell.stop()

    def now_ns(self) -> int:
        """The time that feeds and `state` are asked with."""
        return self._now_ns()

    def _event(self, event: Event) -> None:
        now_ns = self._now_ns()
        for feed in self.feeds.values():
            feed.event(event, now_ns)
            self._fetch(feed)
        if self._on_event is not None:
            self._on_event(event)

    def _tick(self, now_ns: int) -> None:
        offset_ns = self._offset_ns(now_ns)
        for feed in self.feeds.values():
            feed.set_clock(offset_ns)
            feed.timer(now_ns)
            self._fetch(feed)

    def _fetch(self, feed: MarketFeed) -> None:
        if (ticket := feed.wanted()) is not None:
            task = asyncio.get_running_loop().create_task(self._snapshot(feed, ticket))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._bug = error
            self.stop()

    async def _snapshot(self, feed: MarketFeed, ticket: int) -> None:
        try:
            found = await self._ask_depth(feed.config.symbol, SNAPSHOT_LEVELS)
        except (MexcError, OSError) as error:  # the feed asks again at its own pace
            feed.snapshot_failed(ticket, type(error).__name__, self._now_ns())
        else:
            feed.snapshot(ticket, found.last_update_id, found.bids, found.asks, self._now_ns())


def _for_symbol(on_trade: Callable[[str, Trade], None], symbol: str) -> Callable[[Trade], None]:
    return lambda trade: on_trade(symbol, trade)
