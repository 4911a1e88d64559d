"""A client's private side against a local exchange on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flashc.runtime.mexc.account.desk import Desk
from flashc.runtime.mexc.account.feed import FeedConfig, PrivateFeed
from flashc.runtime.mexc.account.knowledge import Knowledge
from flashc.runtime.mexc.account.units import units
from flashc.runtime.mexc.keys.credentials import Credentials, Namespace
from flashc.runtime.mexc.keys.secret import Secret
from flashc.runtime.mexc.rest.budget import Budget, Limits
from flashc.runtime.mexc.rest.caller import Options
from flashc.runtime.mexc.rest.client import MexcRest
from flashc.runtime.mexc.rest.results import NewOrder
from flashc.runtime.mexc.stream.endpoint import endpoint
from flashc.runtime.mexc.stream.events import MS, SECOND, SessionConfig
from flashc.simulator.faults.schedule import Schedule, Target
from flashc.simulator.server.local import LocalExchange
from flashc.simulator.server.truth import ledger
from flashc.simulator.server.world import World
from support.local_exchange import accounts, local_exchange
from support.virtual_time import LoopClock

SYMBOL = "BTCUSDC"
#: Everything a test waits for is much faster than this, in the time of its loop.
PATIENCE_S = 60.0
QUICK = FeedConfig(interval_ns=400 * MS, question_ns=100 * MS, retry_ns=100 * MS, deaf_ms=300, lookback_ms=60_000)

#: No read happens by the clock: what the client knows, its stream told it, or it asked for.
UNREAD = replace(QUICK, interval_ns=3_600 * SECOND)


def credentials(account: int = 0) -> Credentials:
    key = accounts().keys[account]
    return Credentials(Namespace.SIMULATOR, Secret(key.key), Secret(key.secret))


def roomy() -> Budget:
    """A budget for tests: the exchange's own limits are off."""
    return Budget(Limits(ip_weight=10**6, uid_weight=10**6, orders_per_s=10**4, requests_per_s=10**4, percent=100))


def truth_of(world: World) -> dict[str, Any]:
    """Balances, orders and fills of alice, as the exchange has them."""
    found: Any = ledger(world, "alice")["accounts"]
    alice: Mapping[str, Any] = found["alice"]
    return {
        "balances": {
            asset: (units(row["free"]), units(row["locked"]))
            for asset, row in alice["balances"].items()
            if units(row["free"]) or units(row["locked"])
        },
        "orders": {
            row["order_id"]: (row["status"], units(row["executed"]), row["client_id"]) for row in alice["orders"]
        },
        "fills": sorted(
            (
                row["trade_id"],
                row["side"],
                row["order_id"],
                *(units(row[name]) for name in ("quantity", "price", "fee")),
            )
            for row in alice["fills"]
        ),
    }


def picture_of(knowledge: Knowledge) -> dict[str, Any]:
    """The same, as a client knows it."""
    return {
        "balances": {row.asset: (row.free, row.locked) for row in knowledge.balances.views() if row.total},
        "orders": {row.order_id: (row.status, row.executed, row.client_id) for row in knowledge.orders()},
        "fills": sorted((f.trade_id, f.side, f.order_id, f.qty, f.price, f.fee) for f in knowledge.fills()),
    }


@dataclass
class PrivateWorld:
    """The exchange, a client of it, and what the exchange knows."""

    local: LocalExchange
    rest: MexcRest
    feed: PrivateFeed
    desk: Desk

    def inject(self, name: str, count: int | None = None, lasts_ms: int | None = None, **given: str) -> None:
        schedule = Schedule(count=count, for_ns=None if lasts_ms is None else lasts_ms * MS)
        board, driver = self.local.world.board, self.local.driver
        board.inject(name, given, driver.now_ns(), schedule, Target(account="alice") if name[0] == "P" else Target())
        driver.soon()

    def heal(self) -> None:
        self.local.world.board.heal("", self.local.driver.now_ns())
        self.local.driver.soon()

    def best(self) -> tuple[int, int]:
        """Best bid and best ask in ticks."""
        _, bids, asks = self.local.world.exchange.depth(SYMBOL, 1)
        return bids[0][0], asks[0][0]

    def order(
        self, client_id: str, *, side: str = "BUY", far: bool = True, type_: str = "LIMIT", qty: str = "0.01"
    ) -> NewOrder:
        """An order that rests far from the market, or one that trades at once."""
        bid, ask = self.best()
        ticks = (
            (bid * 9 // 10 if side == "BUY" else ask * 11 // 10)
            if far
            else (ask * 11 // 10 if side == "BUY" else bid * 9 // 10)
        )
        return NewOrder(SYMBOL, side, type_, client_id, qty, f"{ticks // 100}.{ticks % 100:02}")

    async def until(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(PATIENCE_S):
            while not is_so():
                await asyncio.sleep(0.01)
        assert is_so(), what

    async def settled(self) -> None:
        """Wait until the client is synced, nothing is missing, and its picture is the exchange's."""
        knowledge = self.feed.knowledge

        def whole() -> bool:
            return (
                self.feed.synced
                and not knowledge.questions()
                and not knowledge.doubts()
                and self.picture() == self.truth()
            )

        try:
            await self.until(whole, "the client agrees with the exchange")
        except TimeoutError:
            raise AssertionError(self.difference()) from None

    def truth(self) -> dict[str, Any]:
        """Balances, orders and fills of the account, as the exchange has them."""
        return truth_of(self.local.world)

    def picture(self) -> dict[str, Any]:
        """The same, as the client knows it."""
        return picture_of(self.feed.knowledge)

    def difference(self) -> str:
        """What is not as the exchange has it, in short."""
        picture, truth = self.picture(), self.truth()
        parts = [
            f"{name}: {picture[name]} is not {truth[name]}"[:600] for name in truth if picture[name] != truth[name]
        ]
        return "\n".join([str(self.feed.picture()), *parts])

    def sent_orders(self) -> int:
        """How many orders the exchange has of the account."""
        return len(self.local.world.exchange.all_orders("alice"))


@contextlib.asynccontextmanager
async def private_world(folder: Path, config: FeedConfig = QUICK, **session: Any) -> AsyncIterator[PrivateWorld]:
    """A running client that has agreed with a running exchange."""
    async with local_exchange(folder) as local:
        options = Options(timeout_ns=SECOND // 3)
        rest = MexcRest(local.http_url, credentials(), clock=LoopClock(), budget=roomy(), options=options)
        where = endpoint(local.ws_url)
        times = {"backoff_first_ns": 50 * MS, "ping_every_ns": SECOND, "pong_within_ns": SECOND, "overlap_ns": 100 * MS}
        settings = SessionConfig(where, fresh_query=True, rotate_patience_ns=200 * MS, **{**times, **session})
        feed = PrivateFeed(rest, where, [SYMBOL], config=config, session=settings)
        world = PrivateWorld(local, rest, feed, Desk(rest, feed.knowledge, feed.reconcile_soon))
        task = asyncio.create_task(feed.run())
        try:
            await world.settled()
            yield world
        finally:
            feed.stop()
            await asyncio.wait_for(task, PATIENCE_S)
            await rest.close()
