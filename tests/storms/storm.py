"""One storm: a client that agrees with its exchange, faults and acts by plan, and then agreement again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from pathlib import Path

from flashc.runtime.mexc.rest.errors import MexcError
from flashc.simulator.faults.schedule import Schedule, Target
from storms.plan import LASTS_MS, LIMITS, Plan
from storms.watch import Heard, Watch
from support.virtual_time import run_virtual
from support.whole_client import OTHER, SYMBOL, WholeClient, whole_client

MS = 1_000_000
#: Virtual seconds after healing until all must agree: a ban may last two minutes, and a firewall's pause one.
HEALED_WITHIN_S = 400.0
#: A stream that is open and silent is found and replaced in so many.
HEARS_WITHIN_S = 15.0


def storm(plan: Plan, folder: Path) -> list[str]:
    """What was wrong in the storm of a plan; empty if nothing was."""
    heard, root = Heard(), logging.getLogger()
    level = root.level
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    try:
        return run_virtual(_live_through(plan, folder, heard))
    finally:
        root.setLevel(level)
        root.removeHandler(heard)


async def _live_through(plan: Plan, folder: Path, heard: Heard) -> list[str]:
    async with whole_client(folder, tls=False, strict=True) as client:
        watch = Watch(client, plan.forges)
        looks = asyncio.create_task(_look(watch))
        try:
            await _rage(client, plan, watch)
            await _mend(client, plan, watch)
        finally:
            looks.cancel()
            await asyncio.gather(looks, return_exceptions=True)
        watch.texts += heard.texts
        watch.at_the_end(bool(plan.numbers & LIMITS), plan.may_halt)
        return watch.wrong


async def _look(watch: Watch) -> None:
    while True:
        watch.look()
        await asyncio.sleep(0.05)


async def _rage(client: WholeClient, plan: Plan, watch: Watch) -> None:
    board, driver = client.local.world.board, client.local.driver
    for one in plan.faults:
        schedule = Schedule(one.after_ms * MS, one.for_ms * MS, None, one.count)
        target = Target(account="alice" if one.number[0] == "P" else "", chance=one.chance)
        board.inject(one.number, one.values, driver.now_ns(), schedule, target)
    driver.soon()
    begun, tasks = client.market.now_ns(), []
    for at_ms, act, draw in plan.acts:
        await asyncio.sleep(max(begun + at_ms * MS - client.market.now_ns(), 0) / 1e9)
        tasks.append(asyncio.create_task(_quietly(_act(client, act, draw), watch)))
    await asyncio.sleep(max(begun + LASTS_MS * MS - client.market.now_ns(), 0) / 1e9)
    await asyncio.gather(*tasks)


async def _quietly(work: Awaitable[object], watch: Watch) -> None:
    try:
        await work
    except MexcError as error:
        watch.error(error)


async def _act(client: WholeClient, act: str, draw: int) -> None:
    side = "BUY" if draw % 2 else "SELL"
    orders = {
        "rest": {}, "take": {"far": False}, "make": {"type_": "LIMIT_MAKER"},
        "immediate": {"far": False, "type_": "IMMEDIATE_OR_CANCEL"},
    }  # fmt: skip
    if act in orders:
        if all(client.local.world.exchange.depth(SYMBOL, 1)[1:]):
            await client.place(side=side, **orders[act])
    elif act == "cancel":
        if client.named:
            await client.desk.cancel(SYMBOL, f"id-{1 + draw % client.named}")
    elif act == "cancel_all":
        await client.rest.cancel_open(SYMBOL)
        client.feed.reconcile_soon()
    else:
        await client.rest.open_orders(SYMBOL)


async def _mend(client: WholeClient, plan: Plan, watch: Watch) -> None:
    client.heal()
    for feed in client.market.feeds.values():
        feed.resume(client.market.now_ns())
    client.feed.reconcile_soon()
    try:
        async with asyncio.timeout(HEALED_WITHIN_S):
            while not _is_whole(client, plan):
                await asyncio.sleep(0.2)
    except TimeoutError:
        watch.wrong.append(f"not mended: {_difference(client)}")
        return
    if not client.feed.knowledge.anomalies():
        await _hears_of_a_new_order(client, watch)


def _is_whole(client: WholeClient, plan: Plan) -> bool:
    feeds = client.market.feeds
    valid = all(feeds[symbol].validity(client.market.now_ns()).valid for symbol in (SYMBOL, OTHER))
    named = plan.may_halt and bool(client.feed.knowledge.anomalies())
    return valid and (named or (client.feed.synced and client.agrees()))


def _difference(client: WholeClient) -> str:
    books = {symbol: str(feed.validity(client.market.now_ns())) for symbol, feed in client.market.feeds.items()}
    return f"{books} {client.difference()}"


async def _hears_of_a_new_order(client: WholeClient, watch: Watch) -> None:
    """The private stream lives: it tells of an order within two seconds.

    One whose key ran out in silence is found by what it does not tell of a first order.
    """
    if not await _is_told(client, watch):
        await asyncio.sleep(HEARS_WITHIN_S)
        if not await _is_told(client, watch):
            watch.wrong.append("the private stream does not tell of new orders")
    if not client.feed.life.alive(client.market.now_ns()):
        watch.wrong.append("no listen key is alive")
    await asyncio.sleep(1)
    if not client.agrees():
        watch.wrong.append(f"after a new order: {client.difference()}")


async def _is_told(client: WholeClient, watch: Watch) -> bool:
    """Whether the stream tells of a new order in time."""
    told = asyncio.Event()
    client.feed._on_fact = lambda fact: told.set()
    for _ in range(60):
        if await client.place() == "EXISTS":
            break
        await asyncio.sleep(5)
    else:
        watch.wrong.append("no order could be placed when all was well")
    try:
        async with asyncio.timeout(2):
            await told.wait()
    except TimeoutError:
        return False
    return True
