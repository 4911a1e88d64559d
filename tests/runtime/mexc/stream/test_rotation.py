"""A connection is renewed many times, and of the exchange's trades none is lost and none comes twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from flashc.runtime.mexc.market.values import Trade
from flashc.runtime.mexc.stream.events import SECOND
from flashc.simulator.exchange.events import Traded
from support.virtual_time import run_virtual
from support.watched_exchange import SYMBOL, watched


def test_planned_rotations_lose_no_trade_double_none_and_leave_the_book_valid(tmp_path: Path) -> None:
    async def work() -> None:
        times = {"rotate_after_ns": 3 * SECOND, "overlap_ns": SECOND // 4}
        async with watched(tmp_path, **times) as play:
            told, made = trades_of(play)
            play.seen.clear()
            await asyncio.sleep(20)
            rotations, seen = play.counters["rotations.age"], [reason for _, reason in play.seen]
            assert rotations >= 4
            assert set(seen) <= {"valid"}
            assert not play.wrong
            assert play.counters["not_heard.older_link"] > 0
            assert len(told) == len(set(told)) > 20
            assert [one for one in told if one >= made[0]] == [one for one in made if one <= told[-1]]

    run_virtual(work())


def trades_of(play: Any) -> tuple[list[int], list[int]]:
    """Numbers of the trades that the client tells of from now on, and of those that the exchange makes."""
    told: list[int] = []
    made: list[int] = []
    take = play.world.exchange.take_events

    def on_trade(trade: Trade) -> None:
        told.append(int(trade.trade_id.partition("X")[0]))

    def taken() -> Any:
        events = take()
        made.extend(
            int(one.trade_id.partition("X")[0]) for one in events if isinstance(one, Traded) and one.symbol == SYMBOL
        )
        return events

    play.feed._on_trade = on_trade
    play.world.exchange.take_events = taken
    return told, made
