"""Faults of order entry, made by a local exchange: what the client knows after each, and that it sends once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from flashc.runtime.mexc.account.facts import Evidence
from flashc.runtime.mexc.rest.errors import RateLimited
from support.private_world import SYMBOL, UNREAD, PrivateWorld, private_world
from support.virtual_time import run_virtual

Work = Callable[[PrivateWorld], Awaitable[None]]


def checked(folder: Path, work: Work) -> PrivateWorld:
    """Run `work` against an exchange, and wait until the client agrees with it again."""
    kept: list[PrivateWorld] = []

    async def all_of_it() -> None:
        async with private_world(folder) as world:
            kept.append(world)
            await work(world)
            await world.settled()

    run_virtual(all_of_it())
    return kept[0]


def outcome(world: PrivateWorld, client_id: str) -> str:
    return world.feed.knowledge.request(SYMBOL, client_id).outcome


async def found_again(world: PrivateWorld, client_id: str) -> None:
    await world.until(lambda: outcome(world, client_id) == "EXISTS", "it is found")


def test_fault_R_01_an_accepted_order_whose_answer_is_lost_is_found_and_not_sent_again(tmp_path: Path) -> None:
    answers = ("timeout", "reset", "500", "503", "504")

    async def work(world: PrivateWorld) -> None:
        for answer in answers:
            world.inject("R-01", count=1, answer=answer)
            await world.desk.place(world.order(f"lost-{answer}"))
            await found_again(world, f"lost-{answer}")

    world = checked(tmp_path, work)
    for answer in answers:
        assert Evidence.UNKNOWN in world.feed.knowledge.request(SYMBOL, f"lost-{answer}").evidence
    assert world.sent_orders() == len(answers)


def test_fault_R_02_a_refused_order_whose_answer_is_lost_stays_unknown(tmp_path: Path) -> None:
    async def work() -> PrivateWorld:
        async with private_world(tmp_path) as world:
            for answer in ("timeout", "reset", "500"):
                world.inject("R-02", count=1, answer=answer)
                assert (await world.desk.place(world.order(f"lost-{answer}"))).outcome == "UNKNOWN"
            await world.until(lambda: all(one.not_found >= 3 for one in world.feed.knowledge.doubts()), "looked up")
            return world

    world = run_virtual(work())
    assert len(world.feed.knowledge.doubts()) == 3
    assert world.sent_orders() == 0


def test_fault_R_03_not_found_decides_nothing(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        for lists in ("without", "with_order"):
            world.inject("R-03", lag="300", lists=lists)
            world.inject("R-01", count=1, answer="500")
            await world.desk.place(world.order(f"late-{lists}"))
            await found_again(world, f"late-{lists}")
            world.heal()

    assert checked(tmp_path, work).sent_orders() == 2


@pytest.mark.parametrize("fault", ["R-01 R-03", "R-06"])
def test_fault_R_01_R_03_R_06_an_order_that_nothing_tells_of_is_looked_for_until_it_is_found(
    fault: str, tmp_path: Path
) -> None:
    async def all_of_it() -> None:
        async with private_world(tmp_path, UNREAD) as world:
            world.inject("W-03", channel="private")
            if fault == "R-06":
                world.inject("R-06", count=1, late="1700", answer="504")
            else:
                world.inject("R-03", lag="1700", lists="without")
                world.inject("R-01", count=1, answer="500")
            assert (await world.desk.place(world.order("dark-1"))).outcome == "UNKNOWN"
            request = world.feed.knowledge.request
            await world.until(lambda: request(SYMBOL, "dark-1").not_found >= 2, "it is not found at first")
            assert outcome(world, "dark-1") == "UNKNOWN"
            await found_again(world, "dark-1")
            assert world.sent_orders() == 1

    run_virtual(all_of_it())


def test_fault_R_04_a_connection_that_dies_under_an_order_sends_it_once(tmp_path: Path) -> None:
    async def work() -> PrivateWorld:
        async with private_world(tmp_path) as world:
            world.inject("R-04", count=1, how="cut")
            assert (await world.desk.place(world.order("cut-1"))).outcome == "UNKNOWN"
            await world.until(lambda: world.feed.knowledge.request(SYMBOL, "cut-1").not_found >= 2, "it is looked up")
            return world

    world = run_virtual(work())
    assert world.sent_orders() == 0
    assert world.rest.counters["lost"] == 1


def test_fault_R_04_an_order_that_a_proxy_sent_twice_is_noticed(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        world.inject("R-04", count=1, how="replay")
        await world.desk.place(world.order("twice-1"))
        await world.until(lambda: bool(world.feed.knowledge.anomalies()), "it is noticed")

    world = checked(tmp_path, work)
    assert world.feed.knowledge.request(SYMBOL, "twice-1").outcome == "TWICE"
    assert world.feed.halt() == "request twice-1: twice"


def test_fault_R_06_an_order_admitted_late_is_adopted(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        world.inject("R-06", count=1, late="500", answer="504")
        assert (await world.desk.place(world.order("zombie-1"))).outcome == "UNKNOWN"
        await world.until(lambda: world.feed.knowledge.request(SYMBOL, "zombie-1").outcome == "EXISTS", "it is adopted")

    world = checked(tmp_path, work)
    assert world.sent_orders() == 1


def test_fault_R_07_an_answer_of_another_order_is_a_mismatch_or_no_answer(tmp_path: Path) -> None:
    fields = ("price", "origQty", "symbol", "side", "type", "orderId")

    async def work(world: PrivateWorld) -> None:
        for field in fields:
            world.inject("R-07", count=1, field=field)
            await world.desk.place(world.order(f"other-{field}"))
            await found_again(world, f"other-{field}")

    world = checked(tmp_path, work)
    for field in fields:
        evidence = world.feed.knowledge.request(SYMBOL, f"other-{field}").evidence
        assert (Evidence.UNKNOWN if field == "orderId" else Evidence.MISMATCH) in evidence
        assert Evidence.ACKED not in evidence


def test_fault_R_09_a_cancel_that_races_leaves_the_order_open_until_its_end_is_known(tmp_path: Path) -> None:
    ends = {"fill": "FILLED", "part": "PARTIALLY_CANCELED", "unknown": "NEW", "lost": "CANCELED"}

    async def work(world: PrivateWorld) -> None:
        for how in ends:
            await world.desk.place(world.order(f"race-{how}"))
            await world.settled()
            world.inject("R-09", count=1, how=how)
            assert await world.desk.cancel(SYMBOL, f"race-{how}") is (how == "part")
            await world.settled()

    world = checked(tmp_path, work)
    assert {view.client_id[5:]: view.status for view in world.feed.knowledge.orders()} == ends
    assert [view.client_id for view in world.feed.knowledge.live()] == ["race-unknown"]


def test_fault_R_09_a_cancel_that_was_taken_proves_no_end(tmp_path: Path) -> None:
    async def all_of_it() -> None:
        async with private_world(tmp_path, UNREAD) as world:
            await world.desk.place(world.order("rest-1"))
            await world.settled()
            world.inject("W-03", channel="private")
            assert await world.desk.cancel(SYMBOL, "rest-1")
            assert [view.status for view in world.feed.knowledge.live()] == ["NEW"]
            world.feed.reconcile_soon()
            await world.until(lambda: not world.feed.knowledge.live(), "a read tells the end")

    run_virtual(all_of_it())


def test_fault_R_11_a_definitive_refusal_is_rejected(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        for code in ("30004", "30002", "30003", "30005", "10101", "30029"):
            world.inject("R-11", count=1, code=code)
            assert (await world.desk.place(world.order(f"no-{code}"))).outcome == "REJECTED"

    assert checked(tmp_path, work).sent_orders() == 0


def test_fault_R_15_refused_keys_silence_the_client(tmp_path: Path) -> None:
    async def work() -> PrivateWorld:
        async with private_world(tmp_path) as world:
            world.inject("R-15", code="700002")
            await world.until(lambda: world.rest.counters["AuthFault"] >= 1, "the keys are refused")
            await world.until(lambda: world.feed.counters["passes_failed"] >= 2, "later passes do not get out")
            return world

    assert run_virtual(work()).rest.counters["AuthFault"] == 1


def test_fault_R_17_broken_json_of_an_order_is_an_unknown_outcome(tmp_path: Path) -> None:
    kinds = [
        "truncated",
        "huge",
        "duplicate_key",
        "error_in_200",
        "text_numbers",
        "number_texts",
        "deep",
        "nan",
        "empty",
        "utf8",
    ]

    async def work(world: PrivateWorld) -> None:
        for kind in kinds:
            world.inject("R-17", count=1, kind=kind)
            await world.desk.place(world.order(f"broken-{kind}"))
            await found_again(world, f"broken-{kind}")

    assert checked(tmp_path, work).sent_orders() == len(kinds)


def many_fills(world: PrivateWorld, limits: str) -> None:
    """250 fills of one millisecond while the stream is away."""
    exchange = world.local.world.exchange
    exchange.switches = exchange.switches.set(f"my_trades_limit={limits}")
    world.inject("P-01", down="100")
    world.inject("R-18", fills="250")


def test_fault_R_18_more_fills_than_a_page_are_all_read(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        many_fills(world, "500/1000")
        await world.until(lambda: len(world.feed.knowledge.fills()) == 250, "all are read")

    checked(tmp_path, work)


def test_fault_R_18_fills_that_no_page_can_show_are_never_taken_for_read(tmp_path: Path) -> None:
    async def work() -> PrivateWorld:
        async with private_world(tmp_path) as world:
            many_fills(world, "100/100")
            await world.until(lambda: "more rows than a page" in world.feed.halt(), "it is said")
            assert not world.feed.synced
            return world

    assert len(run_virtual(work()).feed.knowledge.fills()) == 100


def test_fault_X_01_nothing_leaves_before_the_exchange_allows_it_and_the_stream_goes_on(tmp_path: Path) -> None:
    async def work(world: PrivateWorld) -> None:
        await world.desk.place(world.order("rest-1"))
        await world.settled()
        world.inject("X-01", count=1, retry_after="3")
        with pytest.raises(RateLimited):
            await world.rest.time()
        heard = world.local.world.counts["requests"]
        assert (await world.desk.place(world.order("early-1"))).outcome == "NOT_SENT"
        await asyncio.sleep(2.9)
        assert world.local.world.counts["requests"] == heard
        assert world.feed.blind_ns() == 0
        async with asyncio.timeout(0.3):
            await world.rest.time()

    assert checked(tmp_path, work).rest.counters["RateLimited"] == 1


def test_fault_N_09_a_firewalls_page_proves_nothing_of_an_order(tmp_path: Path) -> None:
    async def work() -> PrivateWorld:
        async with private_world(tmp_path) as world:
            world.inject("N-09", lasts_ms=100)
            assert (await world.desk.place(world.order("wall-1"))).outcome == "UNKNOWN"
            return world

    assert run_virtual(work()).rest.counters["BadAnswer"] >= 1
