"""Every code that the exchange can give, given; and for every other one a reason why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network

import pytest
from flashc.simulator.exchange.config import AccountSpec
from flashc.simulator.exchange.refusals import TEXTS
from flashc.simulator.rest.calls import Answer, Call
from flashc.simulator.rest.errors import CODES
from flashc.simulator.rest.keys import ApiKey
from flashc.simulator.rest.limits import LimitRules
from support.rest_world import ACCOUNTS, SECRET, SYMBOLS, World

Case = Callable[[], Answer]
MX, BTC = SYMBOLS


def order(world: World, /, **sent: object) -> Answer:
    """An order of alice; it would be good if nothing else was said."""
    whole = {"symbol": "MXUSDT", "side": "BUY", "type": "LIMIT", "quantity": "10", "price": "2.4", **sent}
    return world.signed("alice", "POST", "order", **{name: value for name, value in whole.items() if value is not None})


def listed(**changes: object) -> World:
    """A world whose first symbol is different."""
    world = World(symbols=(replace(MX, **changes), BTC))  # type: ignore[arg-type]
    world.book()
    return world


def quoted(*switches: str) -> World:
    world = World(switches)
    world.book()
    return world


def ask(method: str, name: str, /, **sent: object) -> Answer:
    return World().signed("alice", method, name, **sent)


def keyed(**changes: object) -> World:
    world = World()
    world.keys.rows["sim-alice"] = replace(ApiKey("sim-alice", "alice", SECRET), **changes)  # type: ignore[arg-type]
    return world


def with_key(key: str, **headers: str) -> Answer:
    return World().send(Call("GET", "/api/v3/account", "", "", {"x-mexc-apikey": key, **headers}))


def twice(world: World) -> Answer:
    order(world, newClientOrderId="a1")
    return order(world, newClientOrderId="a1")


def throttled(calls: int) -> Answer:
    world = World(rules=LimitRules(address_weight=1, ignored=3))
    return [world.send_plain("ping") for _ in range(calls)][-1]


def restricted(**changes: object) -> World:
    world = World(accounts=(replace(ACCOUNTS[0], **changes), ACCOUNTS[1]))  # type: ignore[arg-type]
    world.book()
    return world


CASES: dict[int, Case] = {
    -2011: lambda: ask("DELETE", "order", symbol="MXUSDT", orderId="C02__1"),
    -2013: lambda: ask("GET", "order", symbol="MXUSDT", origClientOrderId="none"),
    -1121: lambda: World().send(Call("GET", "/api/v3/depth", "symbol=NOUSDT")),
    -1127: lambda: World().send(Call("GET", "/api/v3/aggTrades", "symbol=MXUSDT&startTime=1&endTime=3600002")),
    26: lambda: restricted(master="bob").signed("alice", "POST", "strategy/group", tradeGroupName="x"),
    400: lambda: with_key(""),
    404: lambda: World().send(Call("GET", "/api/v3/historicalTrades")),
    405: lambda: World().send(Call("POST", "/api/v3/ping")),
    429: lambda: throttled(2),
    10001: lambda: group_of_a_stranger(),
    10007: lambda: order(listed(trading_allowed=False)),
    10072: lambda: with_key("sim-nobody"),
    22222: lambda: ask("PUT", "userDataStream", listenKey="none"),
    30000: lambda: order(listed(status="2")),
    30001: lambda: order(listed(trade_side=3)),
    30002: lambda: order(quoted(), quantity="0.1"),
    30003: lambda: order(listed(max_notional="5")),
    30004: lambda: order(quoted(), quantity="5000"),
    30005: lambda: order(quoted(), side="SELL", quantity="501", price="2.6"),
    30010: lambda: far_from_the_last_price(),
    30014: lambda: order(quoted("unknown_symbol=30014"), symbol="NOUSDT"),
    30016: lambda: order(listed(status="3")),
    30018: lambda: order(listed(order_types=("LIMIT",)), type="MARKET"),
    30019: lambda: without_market_orders("30019"),
    30051: lambda: without_market_orders("30051"),
    30020: lambda: order(keyed(symbols=frozenset({"BTCUSDC"}))),
    30025: lambda: order(quoted("fok_unfilled=refused"), type="FILL_OR_KILL"),
    30026: lambda: twice(quoted()),
    30029: lambda: order(restricted(max_open_orders=0)),
    30041: lambda: order(quoted(), type="LIMIT_MAKER", price="2.5"),
    33333: lambda: order(quoted(), side="HOLD"),
    44444: lambda: ask("POST", "batchOrders", batchOrders="[]"),
    700001: lambda: with_key("ü"),
    700002: lambda: with_key_and("signature=00&timestamp=1790000000000"),
    700003: lambda: ask("GET", "account", timestamp=1),
    700004: lambda: order(quoted(), price=None),
    700005: lambda: ask("GET", "account", recvWindow=60001),
    700006: lambda: keyed(networks=(ip_network("10.0.0.0/8"),)).signed("alice", "GET", "account"),
    700007: lambda: keyed(permissions=frozenset({"SPOT_DEAL_READ"})).signed("alice", "GET", "account"),
    700008: lambda: order(quoted(), newClientOrderId="a b"),
    700013: lambda: with_key("sim-alice", **{"content-type": "text/plain"}),
}


def with_key_and(query: str) -> Answer:
    return World().send(Call("GET", "/api/v3/account", query, "", {"x-mexc-apikey": "sim-alice"}))


def group_of_a_stranger() -> Answer:
    world = World(accounts=(*ACCOUNTS, AccountSpec("carol")))
    group = world.ask("alice", "POST", "strategy/group", tradeGroupName="x")["data"]["tradeGroupId"]
    return world.signed("alice", "POST", "strategy/group/uid", tradeGroupId=group, uid="1")


def without_market_orders(code: str) -> Answer:
    return order(World((f"market_disabled={code}",), symbols=(replace(MX, order_types=("LIMIT",)), BTC)), type="MARKET")


def far_from_the_last_price() -> Answer:
    world = quoted()
    order(world, price="2.5")
    return order(world, price="3.1")


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_case_or_a_reason(code: int) -> None:
    assert (code in CASES) != bool(CODES[code].why_not)


@pytest.mark.parametrize("code", CASES)
def test_the_code_comes_with_its_status_and_text(code: int) -> None:
    answer = CASES[code]()
    body = answer.json()
    assert isinstance(body, dict)
    assert (body["code"], answer.status) == (code, CODES[code].status)
    assert str(body["msg"]).startswith(CODES[code].text.partition("{}")[0].rstrip("'"))


def test_an_hour_is_not_too_long() -> None:
    assert World().get("aggTrades", symbol="MXUSDT", startTime=1, endTime=3_600_001) == []


def test_the_texts_are_those_of_the_engine() -> None:
    assert {code: CODES[code].text for code in TEXTS} == dict(TEXTS)


def test_a_minimum_and_a_maximum_name_the_limit_and_the_coin() -> None:
    assert order(quoted(), quantity="0.1").json() == {
        "msg": "The minimum transaction volume cannot be less than:1USDT",
        "code": 30002,
    }
    assert str(order(listed(max_notional="5")).json()).count(":5USDT") == 1


@pytest.mark.parametrize("code", ["-1121", "10007", "30014"])
def test_the_code_of_an_unknown_symbol_is_a_switch(code: str) -> None:
    assert World((f"unknown_symbol={code}",)).get("depth", symbol="NO")["code"] == int(code)


def test_a_missing_order_may_have_the_other_code() -> None:
    assert World(("not_found=22222",)).ask("alice", "GET", "order", symbol="MXUSDT", orderId="1")["code"] == 22222
