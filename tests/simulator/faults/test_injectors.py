"""Every fault can be injected by number and name, shows in the board's state, and heals without a trace."""

from __future__ import annotations

import json

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.simulator.exchange.orders import PlaceRequest
from flashc.simulator.faults.catalogue import CATALOGUE
from flashc.simulator.faults.injectors import INJECTORS
from flashc.simulator.faults.schedule import Schedule, Target
from flashc.simulator.faults.spec import FaultSpec
from flashc.simulator.server.world import World
from support.local_exchange import START_NS, signed, world

MS = 1_000_000
CHANNELS = [
    "spot@public.aggre.depth.v3.api.pb@10ms@BTCUSDC",
    "spot@public.aggre.depth.v3.api.pb@10ms@ETHUSDC",
    "spot@public.limit.depth.v3.api.pb@BTCUSDC@5",
    "spot@public.aggre.deals.v3.api.pb@100ms@BTCUSDC",
    "spot@public.aggre.bookTicker.v3.api.pb@10ms@BTCUSDC",
    "spot@public.increase.depth.batch.v3.api.pb@BTCUSDC",
]
PRIVATE = [f"spot@private.{kind}.v3.api.pb" for kind in ("orders", "deals", "account")]


class OneSide:
    """A connection as the world sees one."""

    def __init__(self, number: int, link: str, account: str = "") -> None:
        self.number, self.link, self.account, self.requests = number, link, account, 2


PUBLIC, OWN, REST = OneSide(1, "public"), OneSide(2, "private", "alice"), OneSide(3, "rest")


def ready() -> World:
    """An exchange with a public and a private listener, and an open order."""
    made = world()
    key = made.rest.listen_keys.create("alice", START_NS)
    made.hub.open(1, None, START_NS)
    made.hub.open(2, key, START_NS)
    made.heard(PUBLIC, json.dumps({"method": "SUBSCRIPTION", "params": CHANNELS, "id": 1}), START_NS)
    made.heard(OWN, json.dumps({"method": "SUBSCRIPTION", "params": PRIVATE, "id": 1}), START_NS)
    made.step(START_NS + 300 * MS)
    made.exchange.place("alice", PlaceRequest("BTCUSDC", "BUY", "LIMIT", "0.01", "39000"), made.now_ns)
    return made


def exercise(made: World, steps: int = 30) -> int:
    """Some time with trades of the account, control messages and requests of each kind; how many pushes left."""
    pushed = 0
    calls = [
        ("GET", "depth", "symbol=BTCUSDC&limit=20"),
        ("POST", "order", "symbol=BTCUSDC&side=BUY&type=LIMIT&quantity=0.001&price=39500&newClientOrderId=c{n}"),
        ("POST", "order", "symbol=BTCUSDC&side=BUY&type=MARKET&quoteOrderQty=20"),
        ("POST", "order", "symbol=BTCUSDC&side=SELL&type=LIMIT_MAKER&quantity=0.001&price=41000"),
        ("GET", "order", "symbol=BTCUSDC&origClientOrderId=c{n}"),
        ("DELETE", "order", "symbol=BTCUSDC&origClientOrderId=c{n}"),
        ("GET", "account", ""),
        ("GET", "myTrades", "symbol=BTCUSDC"),
        ("PUT", "userDataStream", "listenKey=unknown"),
        ("DELETE", "openOrders", "symbol=BTCUSDC"),
    ]
    for n in range(steps):
        now_ns = made.now_ns + 20 * MS
        method, path, query = calls[n % len(calls)]
        made.answer(signed(method, path, query.format(n=n // len(calls)), now_ns), REST, lambda reply: None, now_ns)
        made.heard(PUBLIC, '{"method":"PING"}', now_ns)
        pushed += len(made.step(now_ns).pushes)
    return pushed


def test_every_row_has_an_injector() -> None:
    assert list(INJECTORS) == list(CATALOGUE)


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=lambda row: row.id)
def test_a_fault_is_injected_acts_and_heals(row: FaultSpec) -> None:
    made = ready()
    injected = made.board.inject(row.name, {}, made.now_ns)
    assert [one.spec.id for one in made.board.active] == [row.id]
    assert injected.is_on
    assert injected.facts()["name"] == row.name
    exercise(made, 20)
    made.board.heal(row.id, made.now_ns)
    assert made.board.active == []
    assert made.board.history[-1] is injected
    exercise(made, 2)
    assert exercise(made, 8) > 0
    assert not any(
        made.board.touches(hook) for hook in ("shapes", "cut", "before", "after", "pushes", "hears", "pongs")
    )
    assert made.exchange.audit().problems == ()


@pytest.mark.parametrize("row", [row for row in CATALOGUE.values() if row.parameters], ids=lambda row: row.id)
def test_every_choice_of_every_parameter_works(row: FaultSpec) -> None:
    for parameter in row.parameters:
        for value in parameter.choices:
            made = ready()
            made.board.inject(row.id, {parameter.name: value}, made.now_ns)
            exercise(made, 10)
            made.board.heal("", made.now_ns)
            exercise(made, 3)
            assert made.exchange.audit().problems == ()


@pytest.mark.parametrize("kind", ["no_body", "missing_version", "garbage", "truncated"])
def test_a_fault_stands_what_another_did_to_a_message(kind: str) -> None:
    made = ready()
    made.board.inject("W-06", {"kind": kind}, made.now_ns, target=Target(chance=70))
    for row in CATALOGUE.values():
        if row.id[0] in "BP" or row.id in ("W-04", "W-07", "W-08", "W-10"):
            choices = [(parameter.name, value) for parameter in row.parameters for value in parameter.choices]
            for given in [dict([choice]) for choice in choices] or [{}]:
                made.board.inject(row.id, given, made.now_ns, target=Target(chance=50))
    exercise(made, 12)
    made.board.heal("", made.now_ns)
    assert made.exchange.audit().problems == ()


@pytest.mark.parametrize("status", ["400", "200"])
def test_a_fault_leaves_refusals_alone(status: str) -> None:
    made = ready()
    made.exchange.switches = made.exchange.switches.set(f"error_status={status}")
    for name, given in (
        ("B-03", {"kind": "newer"}),
        ("B-03", {"kind": "older"}),
        ("B-04", {"where": "rest"}),
        ("R-07", {"field": "orderId"}),
        ("R-07", {"field": "price"}),
    ):
        made.board.inject(name, given, made.now_ns)
    for _ in range(3):
        for method, path in (("GET", "depth"), ("POST", "order"), ("GET", "order"), ("POST", "batchOrders")):
            query = "symbol=NONE&side=BUY&type=LIMIT_MAKER&quantity=1&price=1&batchOrders=[{}]"
            reply = made.answer(signed(method, path, query, made.now_ns), REST, lambda reply: None, made.now_ns)
            assert reply.answer is not None and b'"code":' in reply.answer.body
        made.step(made.now_ns + 20 * MS)
    assert made.exchange.audit().problems == ()


def test_a_schedule_switches_a_fault_on_and_off() -> None:
    made = ready()
    injected = made.board.inject(
        "X-02", {}, made.now_ns, Schedule(after_ns=50 * MS, for_ns=100 * MS, every_ns=200 * MS)
    )
    seen = []
    for _ in range(40):
        made.step(made.now_ns + 10 * MS)
        seen.append(injected.is_on)
    assert seen == [age >= 50 and (age - 50) % 200 < 100 for age in range(10, 410, 10)]


def test_a_fault_with_a_length_is_over_by_itself() -> None:
    made = ready()
    made.board.inject("X-02", {}, made.now_ns, Schedule(for_ns=30 * MS))
    made.step(made.now_ns + 40 * MS)
    assert made.board.active == []


def test_a_fault_that_may_act_twice_acts_twice() -> None:
    made = ready()
    made.board.inject("X-02", {}, made.now_ns, Schedule(count=2))
    statuses = []
    for _ in range(4):
        reply = made.answer(signed("GET", "time", "", made.now_ns), REST, lambda reply: None, made.now_ns)
        assert reply.answer is not None
        statuses.append(reply.answer.status)
        made.step(made.now_ns + MS)
    assert statuses == [403, 403, 200, 200]
    assert made.board.active == []


@pytest.mark.parametrize(("number", "does"), [("W-01", "end_streams"), ("W-05", "send_raw")])
def test_a_fault_that_acts_by_itself_ends_after_its_count_too(
    number: str, does: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, acts = ready(), list[int]()
    monkeypatch.setattr(made.board._scene.sockets, does, lambda *told: acts.append(1) or 1, raising=False)
    made.board.inject(number, {}, made.now_ns, Schedule(count=2, for_ns=10 * MS, every_ns=20 * MS))
    for _ in range(20):
        made.step(made.now_ns + 5 * MS)
    assert len(acts) == 2 and made.board.active == []


def test_a_fault_of_one_symbol_leaves_the_other_alone() -> None:
    made = ready()
    made.board.inject("W-03", {}, made.now_ns, target=Target(symbol="BTCUSDC"))
    pushes = [push for _ in range(20) for push in made.step(made.now_ns + 20 * MS).pushes]
    assert {push.symbol for push in pushes} == {"ETHUSDC"}


def test_the_same_seed_makes_the_same_faults() -> None:
    def run() -> list[bytes]:
        made = ready()
        made.board.inject("P-03", {"window": "40"}, made.now_ns)
        made.board.inject("B-01", {}, made.now_ns, target=Target(chance=50))
        exercise(made, 10)
        return [push.frame for _ in range(20) for push in made.step(made.now_ns + 20 * MS).pushes]

    assert run() == run()


def test_what_is_not_active_cannot_be_healed() -> None:
    made = ready()
    with pytest.raises(RuntimeFault) as caught:
        made.board.heal("depth-gap", made.now_ns)
    assert caught.value.first.code == "FC1313"
    with pytest.raises(RuntimeFault) as caught:
        made.board.heal("7", made.now_ns)
    assert caught.value.first.code == "FC1313"
    assert made.board.heal("", made.now_ns) == []
