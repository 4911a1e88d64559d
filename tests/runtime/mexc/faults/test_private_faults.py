"""Faults of the private stream and the account, made by a local exchange: after each the client has the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flashc.runtime.mexc.account.feed import FeedConfig
from support.private_world import QUICK, SYMBOL, UNREAD, PrivateWorld, private_world
from support.virtual_time import run_virtual

Work = Callable[[PrivateWorld], Awaitable[None]]


def checked(folder: Path, work: Work, config: FeedConfig = QUICK) -> PrivateWorld:
    """Run `work` against an exchange, and wait until the client agrees with it again."""
    kept: list[PrivateWorld] = []

    async def all_of_it() -> None:
        async with private_world(folder, config) as world:
            kept.append(world)
            await work(world)
            await world.settled()

    run_virtual(all_of_it())
    return kept[0]


def test_fault_P_01_fills_while_the_stream_is_down(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        for number in range(3):
            await world.desk.place(world.order(f"rest-{number}"))
        await world.settled()
        world.inject("P-01", down="300")
        await world.until(lambda: world.feed.blind_ns() > 0, "the link shows as down")
        assert not world.feed.synced
        await world.until(lambda: len(world.feed.knowledge.fills()) == 3, "the fills are read over REST")

    world = checked(tmp_path, work, UNREAD)
    assert world.feed.knowledge.counters["fills"] == 3
    assert world.feed.counters["streams_lost"] >= 1


def test_fault_P_02_a_fill_again_counts_once(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        world.inject("P-02", later="50", times="3")
        await world.desk.place(world.order("take", far=False))
        await world.until(lambda: world.feed.knowledge.counters["fills_repeated"] >= 3, "the repeat is counted")

    world = checked(tmp_path, work)
    assert len(world.truth()["fills"]) == world.feed.knowledge.counters["fills"]
    assert world.feed.knowledge.counters["fills_differ"] == 0


def test_fault_P_03_any_order_of_private_messages(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        for how in ("shuffled", "reversed", "stale_last"):
            world.inject("P-03", window="60", how=how)
            await world.desk.place(world.order(f"take-{how}", far=False))
            ioc = world.order(f"ioc-{how}", side="SELL", far=False, type_="IMMEDIATE_OR_CANCEL")
            await world.desk.place(ioc)
            await world.desk.place(world.order(f"rest-{how}"))
            await world.desk.cancel(SYMBOL, f"rest-{how}")
            await asyncio.sleep(0.15)
            await world.settled()
            world.heal()

    world = checked(tmp_path, work, UNREAD)
    assert world.feed.knowledge.anomalies() == ()
    assert world.feed.knowledge.live() == ()


def test_fault_P_04_unknown_codes_are_counted_and_asked_for(tmp_path: Path) -> None:
    cases = [("status", "5"), ("status", "9"), ("status", "-1"), ("orderType", "77"), ("tradeType", "3")]

    async def work(world: PrivateWorld) -> None:
        counters = world.feed.knowledge.counters
        for number, (field, value) in enumerate(cases):
            before = counters["unknown_code"]
            world.inject("P-04", field=field, value=value)
            await world.desk.place(world.order(f"take-{number}", far=False))
            await world.until(lambda number=number: len(world.feed.knowledge.orders()) > number, "the order is known")
            await world.settled()
            world.heal()
            await world.until(
                lambda before=before, value=value: (counters["unknown_code"] > before) is (value != "5"), "counted"
            )

    world = checked(tmp_path, work, UNREAD)
    assert world.feed.knowledge.counters["refused:fill_of_unknown_side"] >= 1


def test_fault_P_04_status_5_ends_an_order(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        world.inject("R-14", percent="50")
        await world.desk.place(world.order("ioc-1", far=False, type_="IMMEDIATE_OR_CANCEL"))
        await world.until(lambda: bool(world.feed.knowledge.fills()), "it fills in part")
        await asyncio.sleep(0.1)
        (view,) = world.feed.knowledge.orders()
        assert (view.status, view.settled, view.open_qty) == ("PARTIALLY_CANCELED", True, 0)

    checked(tmp_path, work, UNREAD)


def test_fault_P_05_empty_client_ids_are_matched_by_order_id(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        world.inject("P-05")
        await world.desk.place(world.order("take-1", far=False))

    world = checked(tmp_path, work)
    assert world.feed.knowledge.request(SYMBOL, "take-1").outcome == "EXISTS"


def test_fault_P_06_a_key_that_ends_in_silence_is_noticed_when_it_cannot_be_extended(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        world.inject("P-06", how="expire")
        await world.until(lambda: world.feed.life.counters["keys_lost"] >= 1, "the extension fails")
        await world.until(lambda: world.feed.counters["streams_ready"] >= 2, "a new stream is ready")
        await world.desk.place(world.order("take-1", far=False))

    checked(tmp_path, work, replace(QUICK, keep_every_ns=200_000_000))


def test_fault_P_06_a_silent_stream_is_noticed_by_what_it_does_not_tell(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        await asyncio.sleep(0.1)
        world.inject("P-06", how="expire")
        await asyncio.sleep(0.05)
        await world.desk.place(world.order("take-1", far=False))
        await world.until(lambda: world.feed.counters["deaf_streams"] >= 1, "what only the reads told is noticed")
        await world.until(lambda: world.feed.counters["streams_ready"] >= 2, "a new stream is ready")

    checked(tmp_path, work, replace(QUICK, interval_ns=600_000_000))


def test_fault_P_06_a_silent_stream_is_noticed_though_reads_are_frequent(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        await asyncio.sleep(0.1)
        world.inject("P-06", how="expire")
        await asyncio.sleep(0.05)
        await world.desk.place(world.order("take-1", far=False))
        for _ in range(3):  # each tells the fill, or finds it known, before the stream had its time to tell it
            world.feed.reconcile_soon()
            await asyncio.sleep(0.05)
        await world.until(lambda: world.feed.counters["deaf_streams"] >= 1, "what only the reads told is noticed")
        await world.until(lambda: world.feed.counters["streams_ready"] >= 2, "a new stream is ready")

    checked(tmp_path, work)


def test_fault_P_06_a_silent_stream_is_noticed_by_an_order_that_rests(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        await asyncio.sleep(0.1)
        world.inject("P-06", how="expire")
        await asyncio.sleep(0.05)
        await world.desk.place(world.order("rest-1"))
        await world.until(lambda: world.feed.counters["deaf_streams"] >= 1, "what only the reads told is noticed")
        await world.until(lambda: world.feed.counters["streams_ready"] >= 2, "a new stream is ready")

    checked(tmp_path, work, UNREAD)


def test_fault_P_06_when_extending_fails_the_old_stream_goes_on_until_the_new_one_works(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        world.inject("P-06", how="put_fails", count=2)
        await world.until(lambda: world.feed.life.counters["keys_lost"] >= 1, "the extension fails")
        await world.desk.place(world.order("take-1", far=False))
        await world.until(lambda: world.feed.life.counters["keys_kept"] >= 1, "the new key is extended")

    world = checked(tmp_path, work, replace(QUICK, keep_every_ns=200_000_000))
    assert world.feed.counters["blind"] == 0


def test_fault_P_06_at_the_limit_of_keys_the_client_says_so_and_comes_back(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        await world.desk.place(world.order("rest-1"))
        await world.settled()
        world.inject("P-06", how="delete")
        world.inject("P-06", how="limit")
        await world.until(lambda: world.feed.life.counters["keys_refused"] >= 1, "the refusal is counted")
        assert "26" in world.feed.life.refused
        assert world.feed.blind_ns() > 0
        assert world.feed.halt() == "the private stream is away while orders are live"
        world.heal()

    checked(tmp_path, work, replace(QUICK, blind_halt_ns=0))


def test_fault_P_07_balances_late_early_or_missing_agree_in_the_end(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        for how in ("late", "early", "missing"):
            world.inject("P-07", how=how, time="60")
            await world.desk.place(world.order(f"take-{how}", far=False))
            await asyncio.sleep(0.08)
            world.heal()

    checked(tmp_path, work)


def test_fault_P_08_a_foreign_order_is_seen(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        world.inject("P-08", kind="rest")
        await world.until(lambda: bool(world.feed.knowledge.live()), "the order is seen")

    world = checked(tmp_path, work)
    assert world.feed.knowledge.live()[0].client_id == ""


def test_fault_P_09_an_impossible_fill_is_never_silent(tmp_path: Path) -> None:
    async def work() -> PrivateWorld:
        async with private_world(tmp_path) as world:
            knowledge = world.feed.knowledge
            for number, kind in enumerate(("negative", "zero", "over")):
                world.inject("P-09", kind=kind)
                await world.desk.place(world.order(f"take-{kind}", far=False))
                if kind != "over":
                    await world.until(lambda number=number: knowledge.counters["refused"] > number, "it is refused")
                    world.heal()
            await world.until(lambda: bool(knowledge.anomalies()), "it is an anomaly")
            return world

    assert "fill" in run_virtual(work()).feed.halt()


def test_fault_P_12_trade_ids_of_odd_forms(tmp_path: Path) -> None:
    async def work() -> PrivateWorld:
        async with private_world(tmp_path, replace(QUICK, interval_ns=60_000_000_000)) as world:
            for number, form in enumerate(("long", "odd")):
                world.inject("P-12", form=form)
                await world.desk.place(world.order(f"take-{form}", far=False))
                await world.until(lambda number=number: len(world.feed.knowledge.fills()) > number, "it is booked")
                world.heal()
            return world

    assert run_virtual(work()).feed.knowledge.counters["refused"] == 0


@pytest.mark.parametrize("other", ["ETHUSDC", "NONEUSDT"])
def test_fault_B_07_a_private_message_of_another_symbol_halts_and_blocks_no_reading(other: str, tmp_path: Path) -> None:
    async def all_of_it() -> None:
        async with private_world(tmp_path) as world:
            world.inject("B-07", kind="wrapper", other=other, lasts_ms=300)
            await world.desk.place(world.order("take-1", far=False))
            await world.until(lambda: "of two symbols" in world.feed.halt(), "the halt names the order")
            passes = world.feed.counters["passes"]
            await world.desk.place(world.order("take-2", far=False))
            await world.until(lambda: world.feed.counters["passes"] > passes + 2, "passes go on")
            known = {view.client_id: view for view in world.feed.knowledge.orders() if view.symbol == SYMBOL}
            assert known["take-1"].settled and known["take-2"].settled

    run_virtual(all_of_it())


def test_fault_X_05_an_order_that_is_open_again_after_its_end_halts(tmp_path: Path) -> None:
    async def all_of_it() -> None:
        async with private_world(tmp_path) as world:
            await world.desk.place(world.order("rest-1"))
            assert await world.desk.cancel(SYMBOL, "rest-1")
            await world.settled()
            world.inject("X-05", how="revived")
            await world.until(lambda: "open again after its end" in world.feed.halt(), "the halt names the order")

    run_virtual(all_of_it())
