"""The private side against a local exchange: orders, fills and balances as the exchange has them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

from flashc.runtime.mexc.account.parts import add_private
from flashc.runtime.mexc.state import ClientState
from flashc.runtime.mexc.stream.counters import Counters
from flashc.runtime.mexc.stream.events import SECOND
from support.private_world import QUICK, SYMBOL, private_world
from support.virtual_time import run_virtual


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
            state = ClientState(Counters())
            add_private(state, world.feed)
            shown = json.loads(state.text(world.rest.clock.mono_ns()))
            assert [row["status"] for row in shown["orders"]].count("CANCELED") >= 1
            assert len(shown["fills"]) == len(world.truth()["fills"])
            assert shown["account"]["synced"] and shown["clock"]["usable"]
            assert world.feed.life.key is not None
            assert world.feed.life.key.reveal().decode() not in state.text(0)

    run_virtual(work())


def test_without_news_the_account_is_read_as_often_as_is_said_and_not_more(tmp_path: Path) -> None:
    async def work() -> None:
        async with private_world(tmp_path, replace(QUICK, interval_ns=30 * SECOND)) as world:
            before = world.feed.counters["passes"]
            await asyncio.sleep(25)
            assert world.feed.counters["passes"] == before
            await asyncio.sleep(10)
            assert world.feed.counters["passes"] == before + 1

    run_virtual(work())
