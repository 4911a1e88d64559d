"""What leaves the exchange is a matter of its own time: not of how often somebody looks, nor of how fast it runs.

And all that leaves tells one story: streams agree with each other and with REST.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from flashc.cython_core.wire.official import message_class
from flashc.cython_core.wire.schema import WRAPPER
from flashc.simulator.faults.seams import Reply
from flashc.simulator.rest.calls import Call
from flashc.simulator.server.build import make_world
from flashc.simulator.server.truth import ledger
from flashc.simulator.server.world import World
from flashc.simulator.stream.hub import Push
from support.local_exchange import START_NS, NoSockets, options, signed
from support.world_play import Side

MS = 10**6
#: Just before a full minute, so that a candle ends on the way.
BEGIN_NS = START_NS + 39_400 * MS
LASTS_NS = 1_200 * MS
SYMBOL = "BTCUSDC"
CHANNELS = [
    *(f"spot@public.{name}.v3.api.pb@{speed}@{SYMBOL}" for name in ("aggre.deals", "aggre.depth", "aggre.bookTicker")
      for speed in ("100ms", "10ms")),
    *(f"spot@public.{name}.v3.api.pb@{SYMBOL}" for name in (
        "limit.depth", "bookTicker.batch", "increase.depth.batch", "deals", "increase.depth", "bookTicker")),
    *(f"spot@public.{name}" for name in (f"kline.v3.api.pb@{SYMBOL}@Min1", "miniTickers.v3.api.pb@24H")),
    *(f"spot@private.{name}.v3.api.pb" for name in ("orders", "deals", "account")),
]  # fmt: skip
CHANNELS[6] += "@5"


def calls() -> Iterator[tuple[int, str]]:
    """When alice buys, and how much."""
    for number in range(9):
        yield BEGIN_NS + 7 * MS + number * 113_456_789, f"0.0{number + 1:02}"


def release(_: Reply) -> None:
    """Nothing is held here."""


@cache
def run(step_ns: int) -> tuple[list[Push], World]:
    """Steps of that length, with a step at each call; all pushes, and the exchange at the end."""
    made = make_world(options(), NoSockets(), BEGIN_NS)
    assert made.hub.open(1, made.rest.listen_keys.create("alice", BEGIN_NS), BEGIN_NS)
    request = {"method": "SUBSCRIPTION", "params": CHANNELS}
    assert made.heard(Side(1), json.dumps(request), BEGIN_NS)[0].count("spot@") == len(CHANNELS)
    pushes: list[Push] = []
    for at_ns, quantity in calls():
        walk(made, at_ns - 1, step_ns, pushes)
        query = f"symbol={SYMBOL}&side=BUY&type=IMMEDIATE_OR_CANCEL&quantity={quantity}&price=41000"
        reply = made.answer(signed("POST", "order", query, at_ns), Side(0, "rest"), release, at_ns)
        assert reply.answer is not None and reply.answer.status == 200, reply.answer
    walk(made, BEGIN_NS + LASTS_NS, step_ns, pushes)
    return pushes, made


def walk(made: World, until_ns: int, step_ns: int, pushes: list[Push]) -> None:
    while made.now_ns + step_ns < until_ns:
        pushes += made.step(made.now_ns + step_ns).pushes
    pushes += made.step(until_ns).pushes


@pytest.mark.parametrize("step_ns", [130 * MS, 3_600_000 * MS])
def test_streams_and_ledger_do_not_depend_on_the_length_of_steps(step_ns: int) -> None:
    pushes, made = run(step_ns)
    wanted, same = run(3 * MS)
    assert {push.channel for push in pushes} == set(CHANNELS)
    assert [(push.channel, push.frame) for push in pushes] == [(push.channel, push.frame) for push in wanted]
    assert ledger(made, "alice") == ledger(same, "alice")


def bodies(field: str, speed: str = "") -> list[Any]:
    """All bodies of one kind, in order, as the official library reads them."""
    found = [message_class(WRAPPER).FromString(push.frame) for push in run(3 * MS)[0] if speed in push.channel]
    return [getattr(push, field) for push in found if push.WhichOneof("body") == field]


def rest(path: str, query: str) -> Any:
    call = Call("GET", f"/api/v3/{path}", f"symbol={SYMBOL}&{query}")
    return run(3 * MS)[1].rest.answer(call, BEGIN_NS + LASTS_NS).json()


@pytest.mark.parametrize(
    ("field", "speed"), [("publicAggreDeals", "@10ms"), ("publicAggreDeals", "@100ms"), ("publicDeals", "")]
)
def test_trades_of_streams_are_those_of_rest(field: str, speed: str) -> None:
    told = [
        (deal.time, Decimal(deal.price), Decimal(deal.quantity), deal.tradeType)
        for body in bodies(field, speed)
        for deal in body.deals
    ]
    listed = [
        (row["time"], Decimal(row["price"]), Decimal(row["qty"]), 1 if row["tradeType"] == "BID" else 2)
        for row in reversed(rest("trades", "limit=1000"))
    ]
    assert len(told) > 20
    assert told == listed[: len(told)] and len(listed) - len(told) < 20, "the last interval is not over"


def test_the_last_word_on_a_candle_is_that_of_rest() -> None:
    told = {row.windowStart * 1000: row for row in bodies("publicSpotKline")}
    row, _ = rest("klines", "interval=1m")  # the next one has not been told of yet
    last = told[row[0]]
    assert row[1:6] == [last.openingPrice, last.highestPrice, last.lowestPrice, last.closingPrice, last.volume]
    assert row[6:] == [last.windowEnd * 1000, last.amount]


def test_the_best_levels_of_streams_are_those_of_the_changes() -> None:
    """Every push of the best levels is the book at its version, as it follows from the changes alone."""
    books, bids, asks, version = {}, {}, {}, 0
    for body in bodies("publicAggreDepths", "@10ms"):
        assert not version or int(body.fromVersion) == version + 1
        version = int(body.toVersion)
        for side, levels in ((bids, body.bids), (asks, body.asks)):
            side.update({Decimal(level.price): Decimal(level.quantity) for level in levels})
        books[version] = [sorted(row for row in side.items() if row[1]) for side in (bids, asks)]
        books[version][0].reverse()
    tops = bodies("publicLimitDepths")
    assert len(tops) > 5
    for top in tops:
        told = [[(Decimal(row.price), Decimal(row.quantity)) for row in side] for side in (top.bids, top.asks)]
        assert told == [side[:5] for side in books[int(top.version)]]
    tickers = bodies("publicAggreBookTicker")
    assert len(tickers) > 20
    for best in tickers:
        told = [
            [(Decimal(best.bidPrice), Decimal(best.bidQuantity))],
            [(Decimal(best.askPrice), Decimal(best.askQuantity))],
        ]
        assert told == [side[:1] for side in books[int(best.version)]]
