"""Weights, pools, 429 and 418."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flashc.simulator.exchange.switches import Switches
from flashc.simulator.rest.endpoints import ENDPOINTS
from flashc.simulator.rest.errors import ApiError
from flashc.simulator.rest.limits import Cost, LimitRules, Limits, Window
from hypothesis import given
from hypothesis import strategies as st
from support.rest_world import World

SECOND = 10**9
SHARED, ENDPOINT = Switches(), Switches().set("rate_rule=endpoint")
CALLS = st.lists(st.tuples(st.integers(0, 3 * SECOND), st.integers(0, 40)), max_size=60)


@given(CALLS, st.integers(40, 120))
def test_no_ten_seconds_ever_hold_more_than_the_limit(calls: list[tuple[int, int]], most: int) -> None:
    window, taken, now = Window(10 * SECOND), [], 0
    for step, weight in calls:
        now += step
        inside = sum(done for time, done in taken if time > now - 10 * SECOND)
        wait = window.wait_ns(weight, most, now)
        assert (wait == 0) == (inside + weight <= most), "a call that fits is never refused"
        if not wait:
            window.add(weight, now)
            taken.append((now, weight))
        else:
            later = sum(done for time, done in taken if time > now + wait - 10 * SECOND)
            sooner = sum(done for time, done in taken if time > now + wait - 1 - 10 * SECOND)
            assert later + weight <= most < sooner + weight, "the wait is enough, and not a nanosecond too long"


def call(
    limits: Limits, name: str, now_ns: int, who: str = "", switches: Switches = SHARED, cost: Cost | None = None
) -> int:
    """0, or the status of the refusal."""
    found = cost or next(row.weight for row in ENDPOINTS.values() if row.name == name)
    try:
        limits.check_ban("1.1.1.1", now_ns)
        limits.check(name, found, "1.1.1.1", who, switches, now_ns)
    except ApiError as error:
        return error.status
    return 0


def passed(limits: Limits, name: str, **more: object) -> int:
    """How many calls in a row go through at one moment."""
    return next(n for n in range(10_000) if call(limits, name, 0, **more))  # type: ignore[arg-type]


def test_a_window_of_an_endpoint_is_no_pool_and_no_other_methods() -> None:
    world = World(rules=LimitRules())
    for _ in range(12):
        world.ask("alice", "DELETE", "order", symbol="MXUSDT", orderId="x")
    assert world.ask("alice", "DELETE", "order", symbol="MXUSDT", orderId="x")["code"] == 429
    world.exchange.switches = ENDPOINT
    world.pass_ms(2_000)
    codes = [world.ask("alice", "GET", "order", symbol="MXUSDT", orderId="x")["code"] for _ in range(251)]
    assert (codes.count(-2013), codes[-1]) == (250, 429), "500 weight in 10 s, not in one"
    assert world.ask("alice", "DELETE", "order", symbol="MXUSDT", orderId="x")["code"] == -2011


def test_an_empty_symbol_is_none_and_costs_as_much() -> None:
    world = World(("rate_rule=endpoint",), rules=LimitRules())
    answers = [world.get("ticker/24hr", symbol="") for _ in range(13)]
    assert [type(answer) for answer in answers] == [list] * 12 + [dict], "500 weight of 40 each"


@pytest.mark.parametrize(
    ("name", "who", "newer", "older"),
    [
        ("ping", "", 300, 500),
        ("exchangeInfo", "", 12, 50),
        ("depth", "", 100, 500),
        ("ticker/24hr", "", 12, 500),
        ("klines", "", 300, 500),
        ("openOrders", "alice", 166, 166),
        ("allOrders", "alice", 50, 50),
        ("tradeFee", "alice", 25, 25),
        ("account", "alice", 2, 50),
        ("batchOrders", "alice", 2, 2),
    ],
)
def test_how_many_calls_go_through_at_once(name: str, who: str, newer: int, older: int) -> None:
    row = next(
        row
        for row in ENDPOINTS.values()
        if row.name == name and row.method != "DELETE" and (row.method == "GET" or name == "batchOrders")
    )
    assert passed(Limits(), name, who=who, cost=row.weight) == newer
    assert passed(Limits(), name, who=who, cost=row.weight, switches=ENDPOINT) == older


def test_endpoints_share_a_pool_by_the_newer_rule_and_not_by_the_older() -> None:
    for switches, left in ((SHARED, 0), (ENDPOINT, 500)):
        limits = Limits()
        used = passed(limits, "depth", switches=switches)
        assert used in (100, 500)
        assert passed(limits, "klines", switches=switches) == left


def test_placing_and_cancelling_share_twelve_a_second() -> None:
    limits = Limits()
    cost = Cost(0, 1, ("order",))
    assert [call(limits, name, 0, "alice", cost=cost) for name in ("order", "openOrders") * 6] == [0] * 12
    assert call(limits, "order", SECOND - 1, "alice", cost=cost) == 429
    assert call(limits, "order", SECOND - 1, "bob", cost=cost) == 0
    assert call(limits, "order", SECOND, "alice", cost=cost) == 0
    by_address = Switches().set("order_pool=address")
    limits = Limits()
    assert sum(not call(limits, "order", 0, who, by_address, cost) for who in ("alice", "bob") * 12) == 12


def test_signed_calls_count_on_the_account_and_unsigned_ones_on_the_address() -> None:
    limits = Limits()
    assert passed(limits, "ping") == 300
    assert call(limits, "order", 0, "alice", cost=Cost(2, 2)) == 0
    assert (limits.used("weight", "1.1.1.1"), limits.used("weight", "alice")) == (300, 2)


def test_a_refusal_says_when_to_come_back_and_holds_to_it() -> None:
    world = World(rules=LimitRules())
    for _ in range(12):
        world.signed("alice", "POST", "order", symbol="MXUSDT", side="BUY", type="LIMIT", quantity="1", price="2")
    world.pass_ms(999)
    answer = world.signed("alice", "DELETE", "order", symbol="MXUSDT", orderId="1")
    assert (answer.status, answer.json()) == (429, {"msg": "Too many requests", "code": 429})
    assert answer.headers["Retry-After"] == "1"
    world.pass_ms(1)
    assert world.ask("alice", "DELETE", "order", symbol="MXUSDT", orderId="1")["code"] == -2011


def test_the_header_may_be_missing() -> None:
    world = World(("retry_after=absent",), LimitRules(address_weight=1))
    answers = [world.send_plain("ping") for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 429]
    assert "Retry-After" not in answers[1].headers


def test_who_does_not_listen_is_banned_for_longer_each_time() -> None:
    limits, now, bans = Limits(LimitRules(address_weight=1)), 0, []
    for _ in range(14):
        calls = 0
        while call(limits, "ping", now) != 418:
            calls += 1
        assert calls == 1 + limits.rules.ignored
        with pytest.raises(ApiError) as caught:
            limits.check_ban("1.1.1.1", now)
        bans.append(int(caught.value.headers["Retry-After"]))
        assert call(limits, "ping", now + bans[-1] * SECOND - 1) == 418
        now += bans[-1] * SECOND
        assert call(limits, "ping", now) == 0
        now += 10 * SECOND
    assert bans == [min(120 * 2**n, 259_200) for n in range(14)]
    now += 2 * 86_400 * SECOND
    while call(limits, "ping", now) != 418:
        pass
    with pytest.raises(ApiError) as caught:
        limits.check_ban("1.1.1.1", now)
    assert (caught.value.status, caught.value.code) == (418, 429)
    assert caught.value.headers["Retry-After"] == "120", "a day after the last one all is forgotten"


def test_a_ban_can_be_given() -> None:
    world = World()
    world.api.limits.ban("127.0.0.1", 60 * SECOND, world.now_ns)
    answer = world.send_plain("ping")
    assert (answer.status, answer.headers["Retry-After"]) == (418, "60")
    world.pass_ms(60_000)
    assert world.send_plain("ping").status == 200


def test_limits_can_be_scaled_and_turned_off() -> None:
    assert passed(Limits(LimitRules(percent=50)), "ping") == 150
    limits = Limits(LimitRules(enabled=False))
    assert not any(call(limits, "ping", 0) for _ in range(1000))
    limits.rules = replace(limits.rules, enabled=True, percent=1)
    assert passed(limits, "ping") == 3


def test_a_ticker_of_all_symbols_costs_more_by_the_older_rule() -> None:
    row = ENDPOINTS["GET", "/api/v3/ticker/24hr"]
    assert (row.cost(one_symbol=True).older, row.cost(one_symbol=False).older) == (1, 40)
    assert row.cost(one_symbol=False).newer == 25
