"""The hub of the streams: who hears what, when, and who is closed."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from flashc.cython_core.wire.official import message_class
from flashc.cython_core.wire.schema import WRAPPER
from flashc.simulator.exchange.events import BalanceChanged, BookRestarted, Filled, OrderChanged
from flashc.simulator.exchange.orders import Fill, Order, OrderType, Side, Status, StpMode
from flashc.simulator.exchange.switches import Switches
from flashc.simulator.rest.listen_keys import ListenKeys
from flashc.simulator.stream.channels import KINDS
from flashc.simulator.stream.hub import NEVER_NS, Push, StreamHub
from support.stream_market import HandMarket

MS, S = 10**6, 10**9
T0 = 1_790_000_000 * S
DEPTH = "spot@public.aggre.depth.v3.api.pb@10ms@BTCUSDC"
DEALS = "spot@public.aggre.deals.v3.api.pb@100ms@BTCUSDC"
TOP = "spot@public.limit.depth.v3.api.pb@BTCUSDC@5"
PRIVATE = [f"spot@private.{kind}.v3.api.pb" for kind in ("orders", "deals", "account")]


class World:
    """A hub with a market made by hand and switches that tests turn."""

    def __init__(self, **switches: str) -> None:
        self.market, self.switches = HandMarket(), replace(Switches(), **switches)
        self.keys = ListenKeys(lambda count: f"{len(self.keys.valid('ann', T0)):0{count}x}")
        self.hub = StreamHub(self.market, self.keys, lambda: self.switches, T0)

    def listen(self, *channels: str, connection: int = 1, key: str | None = None) -> list[Any]:
        if connection not in self.hub.connections:
            assert self.hub.open(connection, key, T0)
        request = {"method": "SUBSCRIPTION", "params": list(channels), "id": 7}
        return [json.loads(answer) for answer in self.hub.text(connection, json.dumps(request), T0)]


def read(push: Push) -> Any:
    return message_class(WRAPPER).FromString(push.frame)


def test_a_subscription_is_confirmed_with_its_own_channels() -> None:
    assert World().listen(DEPTH, DEALS) == [{"id": 7, "code": 0, "msg": f"{DEPTH},{DEALS}"}]


def test_a_ping_is_answered() -> None:
    world = World()
    world.listen(DEPTH)
    assert world.hub.text(1, '{"method":"PING"}', T0) == ['{"id":0,"code":0,"msg":"PONG"}']


def test_a_ping_in_small_letters_is_answered_by_switch() -> None:
    for letters, answer in (("any", "PONG"), ("capitals", "Invalid request: unknown method")):
        world = World(ping_letters=letters)
        world.hub.open(1, None, T0)
        assert world.hub.text(1, '{"method":"ping"}', T0) == [f'{{"id":0,"code":0,"msg":"{answer}"}}']


def test_changes_of_one_interval_leave_as_one_message_with_their_versions() -> None:
    world = World()
    world.listen(DEPTH)
    change = world.market.change
    world.hub.collect([change(T0 + 1, 1, 100, 5), change(T0 + 2, -1, 101, 7), change(T0 + 3, 1, 100, 6)])
    assert world.hub.flush(T0 + 9 * MS) == []
    assert world.hub.next_ns() == T0 + 10 * MS
    (push,) = world.hub.flush(T0 + 10 * MS)
    depth = read(push).publicAggreDepths
    assert (depth.fromVersion, depth.toVersion) == ("1001", "1003")
    assert [(level.price, level.quantity) for level in depth.bids] == [("1.00", "0.000006")]
    assert [(level.price, level.quantity) for level in depth.asks] == [("1.01", "0.000007")]
    assert read(push).sendTime == (T0 + 10 * MS) // MS
    assert depth.eventType == "spot@public.aggre.depth.v3.api.pb@10ms"


def test_versions_of_one_channel_follow_each_other_also_over_a_late_call() -> None:
    world = World()
    world.listen(DEPTH)
    events = [world.market.change(T0 + k * 3 * MS, 1, 100 + k % 5, k % 3) for k in range(1, 40)]
    world.hub.collect(events)
    found = [read(push).publicAggreDepths for push in world.hub.flush(T0 + S)]
    assert len(found) == 12
    seams = pairwise(found)
    assert all(int(after.fromVersion) == int(before.toVersion) + 1 for before, after in seams)
    assert int(found[-1].toVersion) == world.market.version("BTCUSDC")


def test_a_restart_of_versions_parts_what_came_before_from_what_comes_after() -> None:
    world = World()
    world.listen(DEPTH)
    first = world.market.change(T0 + 1, 1, 100, 5)
    world.market.versions["BTCUSDC"] = 0
    after = [BookRestarted(T0 + 2, "BTCUSDC", 0), world.market.change(T0 + 3, 1, 100, 6)]
    world.hub.collect([first, *after])
    found = [read(push).publicAggreDepths for push in world.hub.flush(T0 + S)]
    assert [(depth.fromVersion, depth.toVersion) for depth in found] == [("1001", "1001"), ("1", "1")]


def test_a_level_that_went_is_said_with_a_zero() -> None:
    world = World()
    world.listen(DEPTH)
    world.hub.collect([world.market.change(T0 + 1, 1, 100, 5), world.market.change(T0 + 2, 1, 100, 0)])
    (push,) = world.hub.flush(T0 + S)
    assert read(push).publicAggreDepths.bids[0].quantity == "0"


def test_frames_without_a_body_come_by_a_switch() -> None:
    world = World(empty_frames="5s")
    world.listen(DEPTH)
    pushes = [read(push) for step in range(11) for push in world.hub.flush(T0 + step * S)]
    assert [(push.channel, push.symbol, push.WhichOneof("body")) for push in pushes] == [(DEPTH, "BTCUSDC", None)] * 3
    assert [push.sendTime - T0 // MS for push in pushes] == [0, 5_000, 10_000]


def test_every_listener_of_a_channel_gets_the_same_frame_and_nobody_else() -> None:
    world = World()
    world.listen(DEPTH, connection=1)
    world.listen(DEPTH, connection=2)
    world.listen(DEALS, connection=3)
    world.hub.collect([world.market.change(T0 + 1, 1, 100, 5)])
    pushes = world.hub.flush(T0 + S)
    assert [push.connection for push in pushes] == [1, 2]
    assert pushes[0].frame == pushes[1].frame


def test_who_leaves_hears_nothing_more() -> None:
    world = World()
    world.listen(DEPTH, connection=1)
    world.listen(DEPTH, connection=2)
    world.hub.close(1)
    world.hub.text(2, json.dumps({"method": "UNSUBSCRIPTION", "params": [DEPTH], "id": 1}), T0)
    world.hub.collect([world.market.change(T0 + 1, 1, 100, 5)])
    assert world.hub.flush(T0 + S) == []


def test_the_top_is_pushed_when_it_changed_only() -> None:
    world = World()
    world.listen(TOP)
    world.hub.collect([world.market.change(T0 + 1, 1, 100, 5)])
    (push,) = world.hub.flush(T0 + 100 * MS)
    assert read(push).publicLimitDepths.version == "1001"
    world.hub.collect([world.market.change(T0 + 101 * MS, 1, 100, 6), world.market.change(T0 + 102 * MS, 1, 100, 5)])
    assert world.hub.flush(T0 + 300 * MS) == []


def test_who_comes_later_hears_the_top_too() -> None:
    world = World()
    for connection in (1, 2):
        world.listen(TOP, connection=connection)
        world.hub.collect([world.market.change(T0 + connection, 1, 100, 5)])
        pushes = world.hub.flush(T0 + connection * 200 * MS)
        assert [push.connection for push in pushes] == list(range(1, connection + 1))


def test_trades_of_an_interval_leave_together() -> None:
    world = World()
    world.listen(DEALS)
    world.hub.collect([world.market.trade(T0 + 1, 100, 3), world.market.trade(T0 + 5 * MS, 101, 2, -1)])
    (push,) = world.hub.flush(T0 + 100 * MS)
    deals = read(push).publicAggreDeals.deals
    assert [(d.price, d.quantity, d.tradeType, d.time) for d in deals] == [
        ("1.00", "0.000003", 1, T0 // MS),
        ("1.01", "0.000002", 2, T0 // MS + 5),
    ]


PUBLIC = {
    kind: f"spot@{kind}.v3.api.pb" + {"10": "@10ms", "": ""}["10" if "aggre" in kind else ""] + "@BTCUSDC" + tail
    for kind, tail in {
        "public.aggre.deals": "",
        "public.aggre.depth": "",
        "public.limit.depth": "@5",
        "public.aggre.bookTicker": "",
        "public.bookTicker.batch": "",
        "public.kline": "@Min1",
        "public.miniTicker": "@UTC+8",
        "public.increase.depth.batch": "",
        "public.deals": "",
        "public.increase.depth": "",
        "public.bookTicker": "",
    }.items()
} | {"public.miniTickers": "spot@public.miniTickers.v3.api.pb@24H"}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith("public")])
def test_every_public_channel_says_something_of_a_change_and_a_trade(kind: str) -> None:
    world = World()
    world.listen(PUBLIC[kind])
    world.hub.collect([world.market.change(T0 + 1, 1, 100, 5), world.market.trade(T0 + 2, 100, 5)])
    pushes = world.hub.flush(T0 + 3 * S)
    assert pushes
    assert {push.channel for push in pushes} == {PUBLIC[kind]}
    assert all(read(push).WhichOneof("body") for push in pushes)


def test_five_changes_leave_a_batch_at_once() -> None:
    world = World()
    world.listen(PUBLIC["public.increase.depth.batch"])
    world.hub.collect([world.market.change(T0 + k, 1, 100 + k, 5) for k in range(6)])
    (push,) = world.hub.flush(T0 + 6)
    assert [item.version for item in read(push).publicIncreaseDepthsBatch.items] == [
        "1001",
        "1002",
        "1003",
        "1004",
        "1005",
    ]


ORDER = Order(
    "C02__1", "ab_01", "ann", "BTCUSDC", Side.BUY, OrderType.LIMIT, 250, 10_000_000, 0, 4_000_000, 1_000_000_000,
    4_000_000, Status.PARTIALLY_FILLED, StpMode.NONE, "", True, T0, T0 + 5, 2,
)  # fmt: skip
FILL = Fill(
    "1X1", "C02__1", "ab_01", "ann", "BTCUSDC", Side.BUY, 250, 4_000_000, 1_000_000_000, 5, "BTC", True, False, T0 + 5
)
EVENTS = [
    OrderChanged(T0 + 5, ORDER),
    Filled(T0 + 5, FILL),
    BalanceChanged(T0 + 5, "ann", "USDC", 700, 300, 0, -100, "ENTRUST"),
]


def test_an_account_hears_its_orders_fills_and_balances_in_the_switched_order() -> None:
    for order in ("orders,deals,account", "account,deals,orders"):
        world = World(private_order=order)
        world.listen(*PRIVATE, key=world.keys.create("ann", T0))
        world.hub.collect(EVENTS)
        pushes = world.hub.flush(T0 + 6)
        assert [push.channel.split(".")[1] for push in pushes] == order.split(",")
        assert {push.account for push in pushes} == {"ann"}


def test_moves_of_one_balance_are_told_apart_or_as_one() -> None:
    moves = [
        BalanceChanged(T0 + 5, "ann", "BTC", 900, 0, 900, 0, "ENTRUST"),
        BalanceChanged(T0 + 5, "ann", "USDC", 700, 200, 0, -100, "ENTRUST"),
        BalanceChanged(T0 + 5, "ann", "BTC", 895, 0, -5, 0, "TRADE_FEE"),
    ]
    for setting, told in (("each", ["0.000009", "0", "-0.00000005"]), ("one", ["0.00000895", "0"])):
        world = World(account_frames=setting)
        world.listen(*PRIVATE, key=world.keys.create("ann", T0))
        world.hub.collect([*EVENTS[:2], *moves])
        rows = [read(push).privateAccount for push in world.hub.flush(T0 + 6)[2:]]
        assert [row.balanceAmountChange for row in rows] == told
        last = {row.vcoinName: (row.balanceAmount, row.frozenAmount) for row in rows}
        assert last == {"BTC": ("0.00000895", "0"), "USDC": ("0.000007", "0.000002")}


def test_the_frames_of_an_account_have_the_exchanges_fields() -> None:
    world = World()
    world.listen(*PRIVATE, key=world.keys.create("ann", T0))
    world.hub.collect(EVENTS)
    orders, deals, account = (read(push) for push in world.hub.flush(T0 + 6))
    order = orders.privateOrders
    assert (orders.symbol, order.id, order.clientId, order.price, order.quantity) == (
        "BTCUSDC",
        "C02__1",
        "ab_01",
        "2.5",
        "10",
    )
    assert (order.amount, order.avgPrice, order.remainQuantity, order.remainAmount) == ("25", "2.5", "6", "15")
    assert (order.cumulativeQuantity, order.cumulativeAmount, order.lastDealQuantity, order.status) == (
        "4",
        "10",
        "4",
        3,
    )
    deal = deals.privateDeals
    assert (deal.tradeId, deal.price, deal.quantity, deal.amount, deal.tradeType) == ("1X1", "2.5", "4", "10", 1)
    assert (deal.feeAmount, deal.feeCurrency, deal.isMaker) == ("0.00000005", "BTC", True)
    balance = account.privateAccount
    assert (balance.vcoinName, balance.balanceAmount, balance.frozenAmountChange) == ("USDC", "0.000007", "-0.000001")
    assert account.symbol == ""


def test_a_new_order_has_the_exchanges_zeros() -> None:
    world = World()
    world.listen(*PRIVATE, key=world.keys.create("ann", T0))
    fresh = replace(ORDER, executed_lots=0, executed_value=0, last_lots=0, status=Status.NEW)
    world.hub.collect([OrderChanged(T0 + 5, fresh)])
    order = read(world.hub.flush(T0 + 6)[0]).privateOrders
    assert (order.avgPrice, order.cumulativeQuantity, order.cumulativeAmount) == ("0", "0", "0")
    assert not order.HasField("lastDealQuantity")


def test_another_account_hears_nothing_of_it() -> None:
    world = World()
    world.listen(*PRIVATE, key=world.keys.create("bob", T0))
    world.hub.collect(EVENTS)
    assert world.hub.flush(T0 + 6) == []


def test_private_channels_need_a_listen_key() -> None:
    (answer,) = World().listen(*PRIVATE)
    assert answer["code"] == 0
    assert answer["msg"].startswith("Not Subscribed successfully! [")


def test_a_key_that_ran_out_leaves_an_open_and_silent_stream() -> None:
    world = World()
    key = world.keys.create("ann", T0)
    world.listen(*PRIVATE, key=key)
    world.keys.expire(key, T0 + 1)
    world.hub.collect(EVENTS)
    assert world.hub.flush(T0 + 6) == []
    assert world.hub.closes(T0 + 6) == []


def test_a_deleted_key_closes_its_stream() -> None:
    world = World()
    key = world.keys.create("ann", T0)
    world.listen(*PRIVATE, key=key)
    world.keys.delete("ann", key, T0 + 1)
    assert [closing.connection for closing in world.hub.closes(T0 + 6)] == [1]


def test_a_bad_listen_key_is_refused_or_silent() -> None:
    assert not World().hub.open(1, "nonsense", T0)
    assert World(bad_listen_key="silent").hub.open(1, "nonsense", T0)


def test_a_key_serves_five_connections() -> None:
    world = World()
    key = world.keys.create("ann", T0)
    assert [world.hub.open(number, key, T0) for number in range(6)] == [True] * 5 + [False]


def test_private_frames_can_come_twice() -> None:
    world = World(private_repeats="twice")
    world.listen(*PRIVATE, key=world.keys.create("ann", T0))
    world.hub.collect(EVENTS)
    assert len(world.hub.flush(T0 + 6)) == 6


@pytest.mark.parametrize(
    "name", ["spot@public.aggre.depth.v3.api.pb@10ms@btcusdc", "spot@public.aggre.depth.v3.api.pb@10ms@NONEUSDC", "x"]
)
def test_a_bad_channel_is_refused_alone_or_with_its_neighbours(name: str) -> None:
    (answer,) = World().listen(DEPTH, name)
    assert answer["msg"].startswith(f"Not Subscribed successfully! [{DEPTH},{name}]")
    good, bad = World(mixed_subscription="bad_refused").listen(DEPTH, name)
    assert good["msg"] == DEPTH
    assert bad["msg"].startswith(f"Not Subscribed successfully! [{name}]")


def names(count: int) -> list[str]:
    zones = ["24H", *(f"UTC-{k}" for k in range(3, 9)), *(f"UTC+{k}" for k in range(14))]
    every = [f"spot@public.miniTicker.v3.api.pb@{s}@{z}" for s in ("BTCUSDC", "ETHUSDC") for z in zones]
    return every[:count]


def test_a_connection_has_at_most_30_channels() -> None:
    world = World()
    assert world.listen(*names(30))[0]["msg"] == ",".join(names(30))
    assert world.listen(DEPTH)[0]["msg"].startswith("Not Subscribed")
    closed = World(too_many_channels="closed")
    assert closed.listen(*names(31)) == []
    assert [closing.why for closing in closed.hub.closes(T0)] == ["more than 30 channels"]


def test_connections_are_closed_as_the_exchange_says() -> None:
    world = World()
    world.hub.open(1, None, T0)
    assert world.hub.closes(T0 + 30 * S - 1) == []
    assert [closing.why for closing in world.hub.closes(T0 + 30 * S)] == ["30 seconds without a subscription"]
    world.listen(DEPTH)
    assert world.hub.closes(T0 + 60 * S - 1) == []
    assert [closing.why for closing in world.hub.closes(T0 + 60 * S)] == ["60 seconds without data"]
    world.hub.text(1, '{"method":"PING"}', T0 + 59 * S)
    assert world.hub.closes(T0 + 60 * S) == []
    world.hub.collect([world.market.change(T0 + 24 * 3600 * S - 5 * MS, 1, 1, 1)])
    world.hub.flush(T0 + 24 * 3600 * S)
    assert [closing.why for closing in world.hub.closes(T0 + 24 * 3600 * S)] == ["24 hours are over"]


def test_silence_is_counted_by_the_clients_clocks() -> None:
    """At 60 times the speed a client that pings every 20 seconds of its own is heard every 20 minutes."""
    for pace, why in ((1, ["60 seconds without data"]), (60, []), (0, [])):
        world = World()
        world.hub.pace = pace
        world.listen(DEPTH)
        assert [closing.why for closing in world.hub.closes(T0 + 3_599 * S)] == why
    world.hub.pace = 60
    assert [closing.why for closing in world.hub.closes(T0 + 3_600 * S)] == ["60 seconds without data"]


def test_more_than_100_requests_in_a_second_end_the_connection() -> None:
    world = World()
    world.hub.open(1, None, T0)
    answers = [world.hub.text(1, '{"method":"PING"}', T0 + k) for k in range(101)]
    assert answers[99]
    assert not answers[100]
    assert [closing.connection for closing in world.hub.closes(T0 + 101)] == [1]


def test_ping_frames_come_by_switch_and_want_an_answer() -> None:
    world = World(server_ping="20s")
    world.listen(DEPTH)
    assert world.hub.pings(T0 + 19 * S) == []
    assert [ping.connection for ping in world.hub.pings(T0 + 20 * S)] == [1]
    world.hub.pong(1, T0 + 21 * S)
    assert world.hub.closes(T0 + 70 * S) == []
    assert [closing.why for closing in world.hub.closes(T0 + 81 * S)] == ["no pong for 60 seconds"]


def test_a_hub_without_connections_waits_for_nothing() -> None:
    assert World().hub.next_ns() == NEVER_NS
