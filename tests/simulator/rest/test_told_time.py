"""An exchange whose clock is wrong tells a wrong time; what it counted of its market stays right."""

from __future__ import annotations

import pytest
from support.rest_world import World

HOUR_MS = 3_600_000


@pytest.mark.parametrize("offset_ms", [-HOUR_MS, HOUR_MS])
def test_candles_days_and_orders_survive_a_wrong_clock(offset_ms: int) -> None:
    right, wrong = World(), World()
    for world in (right, wrong):
        world.book()
        world.place("alice", "BUY", "10", "2.5")
        world.pass_ms(1_000)
    asked = ("klines", {"interval": "1m"}), ("ticker/24hr", {}), ("avgPrice", {})
    wrong.api.reads.clock_offset_ns = offset_ms * 10**6
    answers = [[world.get(name, symbol="MXUSDT", **sent) for name, sent in asked] for world in (right, wrong)]
    assert answers[0] == answers[1]
    told = wrong.now_ms + offset_ms
    assert wrong.get("time") == {"serverTime": told}
    for name in ("allOrders", "myTrades"):
        assert len(wrong.ask("alice", "GET", name, symbol="MXUSDT", timestamp=told)) == 1
    wrong.api.reads.clock_offset_ns = 0
    for world in (right, wrong):
        world.place("alice", "BUY", "5", "2.5")
        world.pass_ms(60_000)
    assert right.get("klines", symbol="MXUSDT", interval="1m") == wrong.get("klines", symbol="MXUSDT", interval="1m")
