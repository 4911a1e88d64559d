"""A whole client (REST, private stream, two market feeds) against the local exchange on real sockets, in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flashc.runtime.mexc.account.desk import Desk
from flashc.runtime.mexc.account.feed import FeedConfig as PrivateConfig
from flashc.runtime.mexc.account.feed import PrivateFeed
from flashc.runtime.mexc.account.knowledge import Request
from flashc.runtime.mexc.market.client import MarketClient
from flashc.runtime.mexc.market.feed import FeedConfig as MarketConfig
from flashc.runtime.mexc.rest.caller import Options
from flashc.runtime.mexc.rest.client import MexcRest
from flashc.runtime.mexc.rest.errors import MexcError
from flashc.runtime.mexc.stream.endpoint import endpoint
from flashc.runtime.mexc.stream.events import MS, SECOND, SessionConfig
from flashc.runtime.net.http import HttpTransport
from flashc.simulator.server.build import make_world
from flashc.simulator.server.clock import Clock
from flashc.simulator.server.folder import Folder
from flashc.simulator.server.local import LocalExchange, Ports

from .local_exchange import START_NS, market, options
from .private_world import PrivateWorld, credentials, roomy
from .virtual_time import LoopClock, VirtualLoop

SYMBOL, OTHER = "BTCUSDC", "ETHUSDC"
_FEED = PrivateConfig(interval_ns=2 * SECOND, question_ns=200 * MS, retry_ns=500 * MS, deaf_ms=300, lookback_ms=60_000)


@dataclass
class WholeClient(PrivateWorld):
    """What `PrivateWorld` is, and the market side."""

    market: MarketClient
    clock: LoopClock
    named: int = 0
    last_error: MexcError | None = None
    last_codes: list[int] = field(default_factory=list)
    last_info: Mapping[str, Any] = field(default_factory=dict)

    def reason(self) -> str:
        """Why the book is not valid, or `valid`."""
        return str(self.market.feeds[SYMBOL].validity(self.clock.mono_ns()))

    def count(self, name: str) -> int:
        """A counter of any part of the client."""
        feed = self.feed
        parts = (self.rest.counters, feed.knowledge.counters, feed.counters, feed.life.counters)
        return self.market.counters[name] + sum(part.get(name, 0) for part in parts)

    def name(self) -> str:
        """A client id that was not used before."""
        self.named += 1
        return f"id-{self.named}"

    def newest(self) -> Request:
        """What is known of the order that was sent last."""
        return self.feed.knowledge.request(SYMBOL, f"id-{self.named}")

    async def place(self, **given: object) -> str:
        """Send an order; its outcome."""
        return (await self.desk.place(self.order(self.name(), **given))).outcome  # type: ignore[arg-type]

    async def whole(self, patience_s: float = 200.0) -> None:
        """Wait until books are valid and the account agrees with the exchange."""
        async with asyncio.timeout(patience_s):
            while not (self.reason() == "valid" and self.feed.synced and self.agrees()):
                await asyncio.sleep(0.1)

    def agrees(self) -> bool:
        """Whether all that is known of orders, fills and balances is what the exchange has."""
        return self.picture() == self.truth()


class ClientSession:
    """A client and its exchange that stay while tests take turns. Time passes only while one of them waits."""

    def __init__(self, folder: Path, *, tls: bool = False) -> None:
        self._runner = asyncio.Runner(loop_factory=VirtualLoop)
        self._running = whole_client(folder, tls)
        self.client = self._runner.run(self._running.__aenter__())

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Let `work` happen."""
        self._runner.run(work)

    def close(self) -> None:
        """End everything."""
        self._runner.run(self._running.__aexit__(None, None, None))
        self._runner.close()


@contextlib.asynccontextmanager
async def whole_client(folder: Path, tls: bool, *, strict: bool = False) -> AsyncIterator[WholeClient]:
    """A client that has come to agree with its exchange. `strict`: limits and times are those of every day."""
    clock = LoopClock()
    markets = (market("BTC/USDC", 12.0), market("ETH/USDC", 6.0))
    made, ports = replace(options(limits=strict), markets=markets), Ports(tls=0 if tls else None)
    exchange = LocalExchange(
        lambda app, now_ns: make_world(made, app, now_ns), Clock(START_NS, 1, clock.mono_ns), Folder(folder), ports
    )
    async with exchange as local:
        trust = ssl.create_default_context(cafile=str(local.ca_file)) if tls else None
        http, ws = (local.running.https, local.running.wss) if tls else (local.running.http, local.running.ws)
        transport = HttpTransport(http, certificate=str(local.ca_file) if tls else None)
        budget = None if strict else roomy()
        rest = MexcRest(http, credentials(), transport, clock, budget, Options(timeout_ns=SECOND, auth_pause_ns=SECOND))
        where = endpoint(ws)
        times = {"backoff_first_ns": 50 * MS, "ping_every_ns": 5 * SECOND, "pong_within_ns": 2 * SECOND}
        private = PrivateFeed(
            rest,
            where,
            [SYMBOL, OTHER],
            config=PrivateConfig() if strict else _FEED,
            session=SessionConfig(where, fresh_query=True, **times),
            tls=trust,
        )
        streams = MarketClient(
            SessionConfig(where, **times),
            [MarketConfig(SYMBOL, 2, 6), MarketConfig(OTHER, 2, 5)],
            rest.depth,
            lambda now_ns: rest.server_clock.server_ns(now_ns) - now_ns if rest.server_clock.usable(now_ns) else None,
            tls=trust,
            now_ns=clock.mono_ns,
        )
        client = WholeClient(
            local, rest, private, Desk(rest, private.knowledge, private.reconcile_soon), streams, clock
        )
        tasks = [asyncio.create_task(one.run()) for one in (private, streams)]
        try:
            await client.whole()
            yield client
        finally:
            for one in (private, streams):
                one.stop()
            await asyncio.gather(*tasks)
            await rest.close()
