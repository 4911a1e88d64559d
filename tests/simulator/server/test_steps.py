"""What leaves the exchange is a matter of its own time: not of how often somebody looks, nor of how fast it runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import pytest
from flashc.simulator.faults.seams import Reply
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
def run(step_ns: int) -> tuple[list[Push], object]:
    """Steps of that length, with a step at each call; all pushes, and the ledger."""
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
    return pushes, ledger(made, "alice")


def walk(made: World, until_ns: int, step_ns: int, pushes: list[Push]) -> None:
    while made.now_ns + step_ns < until_ns:
        pushes += made.step(made.now_ns + step_ns).pushes
    pushes += made.step(until_ns).pushes


@pytest.mark.parametrize("step_ns", [130 * MS, 3_600_000 * MS])
def test_streams_and_ledger_do_not_depend_on_the_length_of_steps(step_ns: int) -> None:
    pushes, truth = run(step_ns)
    wanted, wanted_truth = run(3 * MS)
    assert {push.channel for push in pushes} == set(CHANNELS)
    assert [(push.channel, push.frame) for push in pushes] == [(push.channel, push.frame) for push in wanted]
    assert truth == wanted_truth
