"""Switches that change answers: both directions of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flashc.simulator.exchange.switches as switches
import pytest
from flashc.simulator.exchange.switches import SWITCHES
from flashc.simulator.rest.calls import Call
from flashc.simulator.rest.parameters import signature_of
from support.rest_world import SECRET, START_MS, World

ROOT = Path(switches.__file__).parents[1]


def test_every_switch_is_asked_for_somewhere() -> None:
    texts = [path.read_text() for path in ROOT.rglob("*.py") if path != Path(switches.__file__)]
    names = {
        name
        for name in SWITCHES
        if not any(f"switches.{name}" in text or f"switches().{name}" in text for text in texts)
    }
    assert names <= {"wrapper_code"}, f"nobody asks for {names}"
    assert any("switches.success_code" in text for text in texts)


def world(*settings: str) -> World:
    made = World(settings)
    made.book()
    return made


def order(made: World, name: str) -> Any:
    return made.ask("alice", "GET", "order", symbol="MXUSDT", origClientOrderId=name)


def test_the_acknowledgement_with_and_without_the_clients_id() -> None:
    assert "clientOrderId" not in world().place("alice", "BUY", "10", "2.4", newClientOrderId="a")
    assert (
        world("ack_client_id=present").place("alice", "BUY", "10", "2.4", newClientOrderId="a")["clientOrderId"] == "a"
    )
    assert "clientOrderId" not in world("ack_client_id=present").place("alice", "BUY", "10", "2.4")


def test_the_price_of_market_orders() -> None:
    for setting, price in (("protective", "2.625"), ("zero", "0")):
        made = world(f"market_price={setting}")
        assert made.place("alice", "BUY", "10", "", "MARKET", newClientOrderId="m")["price"] == price
        assert order(made, "m")["price"] == price


def test_a_read_without_a_content_type() -> None:
    for setting, status in (("writes", 200), ("all", 400)):
        made = world(f"content_type={setting}")
        query = f"timestamp={made.now_ms}"
        query += f"&signature={signature_of(SECRET, query)}"
        answer = made.send(Call("GET", "/api/v3/account", query, "", {"x-mexc-apikey": "sim-alice"}))
        assert answer.status == status


def test_nulls_of_orders() -> None:
    made = world()
    made.place("alice", "BUY", "10", "2.4", newClientOrderId="a")
    assert (order(made, "a")["timeInForce"], order(made, "a")["updateTime"]) == (None, None)
    made = world("time_in_force=text", "new_update_time=time")
    for kind, name in (
        ("LIMIT", "GTC"),
        ("IMMEDIATE_OR_CANCEL", "IOC"),
        ("FILL_OR_KILL", "FOK"),
        ("LIMIT_MAKER", "GTC"),
    ):
        made.place("alice", "BUY", "10", "2.4", kind, newClientOrderId=name + kind)
        row = order(made, name + kind)
        assert (row["timeInForce"], row["updateTime"]) == (name, START_MS)


def test_reading_may_lag_behind() -> None:
    made = world("order_lag_ms=300", "fills_lag_ms=500")
    made.place("alice", "BUY", "10", "2.5", newClientOrderId="a")
    seen = []
    for _ in range(6):
        lists = [made.ask("alice", "GET", name, symbol="MXUSDT") for name in ("allOrders", "myTrades")]
        seen.append((order(made, "a").get("code", 0), *(len(rows) for rows in lists)))
        made.pass_ms(100)
    assert seen == [(-2013, 0, 0)] * 3 + [(0, 1, 0)] * 2 + [(0, 1, 1)]


def test_a_fault_may_hide_an_order_and_keep_old_answers() -> None:
    made = world()
    made.place("alice", "BUY", "10", "2.4", newClientOrderId="a")
    made.api.reads.hidden.add(order(made, "a")["orderId"])
    assert order(made, "a")["code"] == -2013
    assert made.ask("alice", "GET", "openOrders") == []
    made.api.reads.hidden.clear()
    made.api.reads.cache_ns = 5_000_000_000
    before = made.ask("alice", "GET", "account"), made.ask("alice", "GET", "openOrders")
    made.place("alice", "BUY", "10", "2.41")
    made.pass_ms(5000)
    assert (made.ask("alice", "GET", "account"), made.ask("alice", "GET", "openOrders")) == before
    made.pass_ms(1)
    assert len(made.ask("alice", "GET", "openOrders")) == 2
    assert made.ask("alice", "GET", "account") != before[0]


@pytest.mark.parametrize(
    ("setting", "default", "most"), [("100/100", 100, 100), ("10/1000", 10, 120), ("500/1000", 120, 120)]
)
def test_rows_of_my_trades(setting: str, default: int, most: int) -> None:
    made = world(f"my_trades_limit={setting}")
    for _ in range(120):
        made.place("alice", "BUY", "0.5", "2.5")
    assert len(made.ask("alice", "GET", "myTrades", symbol="MXUSDT")) == default
    assert len(made.ask("alice", "GET", "myTrades", symbol="MXUSDT", limit=1000)) == most
    newest = made.ask("alice", "GET", "myTrades", symbol="MXUSDT", limit=1)[0]
    assert made.ask("alice", "GET", "myTrades", symbol="MXUSDT", orderId=newest["orderId"]) == [newest]


def test_fills_older_than_a_month_are_gone() -> None:
    made = world()
    made.place("alice", "BUY", "10", "2.5")
    made.pass_ms(30 * 86_400_000)
    assert len(made.ask("alice", "GET", "myTrades", symbol="MXUSDT")) == 1
    made.pass_ms(1)
    assert made.ask("alice", "GET", "myTrades", symbol="MXUSDT", startTime=START_MS, endTime=START_MS + 1) == []


def test_a_reused_id_is_refused_or_a_second_order() -> None:
    for setting, code in (("refused", 30026), ("accepted", 0)):
        made = world(f"reused_client_id={setting}")
        made.place("alice", "BUY", "10", "2.4", newClientOrderId="a")
        assert made.place("alice", "BUY", "10", "2.4", newClientOrderId="a").get("code", 0) == code


def test_open_orders_with_and_without_a_symbol() -> None:
    assert world().ask("alice", "GET", "openOrders") == []
    assert world("open_orders_symbol=required").ask("alice", "GET", "openOrders")["code"] == 700004
    assert world().ask("alice", "GET", "openOrders", symbol="MXUSDT,BTCUSDC") == []
    assert world().ask("alice", "GET", "openOrders", symbol=",".join(["MXUSDT"] * 6))["code"] == 33333


def test_orders_of_several_symbols_go_together_by_a_switch() -> None:
    made = world("cancel_open_symbols=five", "order_all_code=0")
    made.place("alice", "BUY", "10", "2.4")
    made.place("alice", "BUY", "0.001", "20000", symbol="BTCUSDC")
    assert len(made.ask("alice", "DELETE", "openOrders", symbol="MXUSDT,BTCUSDC")) == 2
    assert made.ask("alice", "DELETE", "order/all")["code"] == 0


@pytest.mark.parametrize(
    ("settings", "codes"),
    [((), (0, 33333)), (("batch_type=short",), (33333, 33333)), (("batch_mixed=accepted",), (0, 0))],
)
def test_batches(settings: tuple[str, ...], codes: tuple[int, int]) -> None:
    long = '[{"symbol":"MXUSDT","side":"BUY","type":"LIMIT_ORDER","quantity":"10","price":"2.4"}]'
    mixed = (
        long[:-1].replace("_ORDER", "")
        + ',{"symbol":"BTCUSDC","side":"BUY","type":"LIMIT","quantity":"1","price":"1000"}]'
    )
    answers = [world(*settings).ask("alice", "POST", "batchOrders", batchOrders=text) for text in (long, mixed)]
    rows = [answer[0] if isinstance(answer, list) else answer for answer in answers]
    assert tuple(row.get("code", 0) for row in rows) == codes


def test_words_and_codes() -> None:
    made = world("status_words=words", "wrapper_code=200", "klines_8h=accepted")
    assert made.get("exchangeInfo", symbol="MXUSDT")["symbols"][0]["status"] == "ENABLED"
    assert made.get("defaultSymbols")["code"] == 200
    assert made.get("klines", symbol="MXUSDT", interval="8h") == []


def test_candles_of_a_window_that_is_too_wide() -> None:
    for setting, opened in (("first", [0, 1, 2]), ("last", [7, 8, 9])):
        made = world(f"klines_wide={setting}", "klines_limit=1000")
        made.place("alice", "BUY", "10", "2.5")
        made.pass_ms(600_000)
        start = START_MS - START_MS % 60_000
        rows = made.get(
            "klines", symbol="MXUSDT", interval="1m", startTime=start - 10**7, endTime=start + 600_000, limit=3
        )
        assert [(row[0] - start) // 60_000 for row in rows] == opened


def test_the_most_listen_keys() -> None:
    made = World(("listen_key_post=new",))
    for _ in range(60):
        assert "listenKey" in made.ask("alice", "POST", "userDataStream")
    assert made.ask("alice", "POST", "userDataStream")["code"] == 26
    made.exchange.switches = made.exchange.switches.set("listen_keys=200")
    assert made.ask("alice", "GET", "userDataStream")["available"] == 140
