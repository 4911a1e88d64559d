"""The private side against a local exchange: orders, fills and balances as the exchange has them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from support.private_world import SYMBOL, private_world


def test_orders_fills_and_balances_are_those_of_the_exchange(tmp_path: Path) -> None:
    async def work() -> None:
        async with private_world(tmp_path) as world:
            assert (await world.desk.place(world.order("rest-1"))).outcome == "EXISTS"
            assert (await world.desk.place(world.order("take-1", far=False))).outcome == "EXISTS"
            assert (
                await world.desk.place(world.order("ioc-1", type_="IMMEDIATE_OR_CANCEL", side="SELL"))
            ).outcome == "EXISTS"
            assert await world.desk.cancel(SYMBOL, "rest-1")
            await world.settled()
            assert len(world.feed.knowledge.fills()) >= 1
            assert world.feed.knowledge.anomalies() == ()
            assert world.feed.knowledge.live() == ()

    asyncio.run(work())
