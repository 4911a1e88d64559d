"""Requests and their answers as text: one golden file for each part of the interface, every endpoint in one of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from flashc.simulator.exchange.config import AccountSpec
from flashc.simulator.rest.calls import Answer, Call
from flashc.simulator.rest.endpoints import ENDPOINTS
from support.rest_world import ACCOUNTS, START_MS, World, encoded

Line = tuple[str, str, dict[str, object]]


def shown(answer: Answer) -> str:
    """A body, one row a line where it is a list."""
    value = answer.json()
    lines = [json.dumps(row, ensure_ascii=False) for row in value] if isinstance(value, list) else [_spread(value)]
    text = "\n".join(f"  {line}" for line in lines) or "  (no rows)"
    return f"{answer.status}\n{text}\n"


def _spread(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    if len(text) < 150 or not isinstance(value, dict):
        return text
    return "\n  ".join(f"{name}: {json.dumps(part, ensure_ascii=False)}" for name, part in value.items())


class Script:
    """A world, and what was said to it."""

    def __init__(self, world: World) -> None:
        self.world, self.text, self.seen = world, "", set[tuple[str, str]]()

    def ask(self, who: str, method: str, name: str, /, **sent: object) -> Answer:
        """A call of `who`, or a public one for ""."""
        self.seen.add((method, name))
        answer = self.world.signed(who, method, name, **sent) if who else self._public(name, sent)
        head = f"{method} {name} {encoded(sent)}".rstrip()
        self.text += f"{who + ': ' if who else ''}{head}\n{shown(answer)}\n"
        return answer

    def _public(self, name: str, sent: dict[str, object]) -> Answer:
        prefix = next(row.prefix for row in ENDPOINTS.values() if row.name == name)
        return self.world.send(Call("GET", prefix + name, encoded(sent)))

    def note(self, text: str) -> None:
        self.text += f"-- {text}\n\n"


def traded() -> World:
    """The quotes of bob, and two trades of alice some minutes apart."""
    world = World()
    world.book()
    world.place("alice", "BUY", "10", "2.5")
    world.pass_ms(150_500)
    world.place("alice", "SELL", "4.5", "2.49")
    world.pass_ms(61_000)
    return world


def listing() -> Script:
    script = Script(World())
    for name in ("ping", "time", "defaultSymbols", "symbol/offline"):
        script.ask("", "GET", name)
    script.ask("", "GET", "contract/detail")
    script.ask("", "GET", "exchangeInfo", symbol="MXUSDT")
    script.ask("", "GET", "exchangeInfo", symbols="MXUSDT,NOUSDT")
    script.ask("alice", "GET", "selfSymbols")
    return script


def market() -> Script:
    script = Script(traded())
    mx = {"symbol": "MXUSDT"}
    script.ask("", "GET", "depth", **mx)
    script.ask("", "GET", "depth", **mx, limit=1)
    script.ask("", "GET", "depth")
    script.ask("", "GET", "trades", **mx)
    script.ask("", "GET", "aggTrades", **mx)
    script.ask("", "GET", "aggTrades", **mx, startTime=START_MS + 150_999, endTime=START_MS + 160_000)
    script.ask("", "GET", "aggTrades", **mx, startTime=START_MS + 151_000, endTime=START_MS + 160_000)
    script.ask("", "GET", "aggTrades", **mx, startTime=START_MS)
    script.ask("", "GET", "avgPrice", **mx)
    return script


def candles() -> Script:
    script = Script(traded())
    mx = {"symbol": "MXUSDT", "interval": "1m"}
    script.ask("", "GET", "klines", **mx)
    script.ask("", "GET", "klines", **mx, limit=2)
    window = {"startTime": START_MS + 100_000, "endTime": START_MS + 160_000}
    script.ask("", "GET", "klines", **mx, **window)
    script.note("with `limit`, bars older than startTime come along")
    script.ask("", "GET", "klines", **mx, **window, limit=3)
    script.world.exchange.switches = script.world.exchange.switches.set("klines_narrow=strict").set(
        "klines_end=inclusive"
    )
    script.note("klines_narrow=strict, klines_end=inclusive")
    script.ask("", "GET", "klines", **mx, startTime=START_MS + 40_000, endTime=START_MS + 100_000, limit=3)
    for interval in ("5m", "60m", "1d", "1W", "1M", "1h", "8h"):
        script.ask("", "GET", "klines", symbol="MXUSDT", interval=interval)
    return script


def tickers() -> Script:
    script = Script(traded())
    for name in ("ticker/24hr", "ticker/price", "ticker/bookTicker"):
        script.ask("", "GET", name, symbol="MXUSDT")
    script.note("`symbols` is ignored")
    script.ask("", "GET", "ticker/price", symbols="MXUSDT")
    script.ask("", "GET", "ticker/bookTicker")
    script.ask("", "GET", "ticker/24hr")
    return script


def account() -> Script:
    script = Script(traded())
    for name in ("account", "uid", "kyc/status", "mxDeduct/enable", "capital/config/getall"):
        script.ask("alice", "GET", name)
    script.ask("alice", "GET", "capital/deposit/hisrec")
    script.ask("alice", "GET", "capital/withdraw/history")
    script.ask("alice", "GET", "tradeFee", symbol="MXUSDT")
    script.ask("alice", "POST", "mxDeduct/enable", mxDeductEnable="true")
    script.ask("alice", "POST", "mxDeduct/enable", mxDeductEnable="yes")
    return script


def placing() -> Script:
    world = World()
    world.book()
    script = Script(world)
    mx = {"symbol": "MXUSDT"}
    buy = {**mx, "side": "BUY"}
    script.ask("alice", "POST", "order/test", **buy, type="LIMIT", quantity="10", price="2.4")
    script.ask("alice", "POST", "order/test", **buy, type="LIMIT", quantity="0.1", price="2.4")
    script.ask("alice", "POST", "order", **buy, type="LIMIT", quantity="10", price="2.4", newClientOrderId="ab_01")
    script.ask("alice", "POST", "order", **buy, type="LIMIT_MAKER", quantity="10", price="2.5")
    script.ask(
        "alice", "POST", "order", **buy, type="IMMEDIATE_OR_CANCEL", quantity="120", price="2.5", newClientOrderId="ioc"
    )
    script.ask(
        "alice", "POST", "order", **buy, type="FILL_OR_KILL", quantity="500", price="2.51", newClientOrderId="fok"
    )
    script.ask("alice", "POST", "order", **buy, type="MARKET", quoteOrderQty="5.02", newClientOrderId="quote")
    script.ask("alice", "POST", "order", **mx, side="SELL", type="MARKET", quantity="3", newClientOrderId="sell")
    script.ask("alice", "POST", "order", **buy, type="LIMIT", quantity="1e2", price="2.4")
    script.ask("alice", "POST", "order", **buy, type="LIMIT", quantity="10", price="2.40005")
    for name in ("ioc", "fok", "quote", "sell", "ab_01"):
        script.ask("alice", "GET", "order", **mx, origClientOrderId=name)
    script.ask("alice", "GET", "myTrades", **mx)
    return script


def batches() -> Script:
    world = World()
    world.book()
    script = Script(world)
    good = {"symbol": "MXUSDT", "side": "BUY", "type": "LIMIT_ORDER", "quantity": "10", "price": "2.4"}
    rows = [
        good,
        {**good, "type": "LIMIT", "newClientOrderId": "b2"},
        {**good, "quantity": 0.1, "newClientOrderId": "b3"},
    ]
    script.ask("alice", "POST", "batchOrders", batchOrders=json.dumps(rows))
    script.ask("alice", "POST", "batchOrders", batchOrders=json.dumps([{"side": "BUY"}]))
    script.ask("alice", "POST", "batchOrders", batchOrders=json.dumps([good, {**good, "symbol": "BTCUSDC"}]))
    script.ask("alice", "POST", "batchOrders", batchOrders=json.dumps([good] * 21))
    script.ask("alice", "POST", "batchOrders", batchOrders="[]")
    script.ask("alice", "POST", "batchOrders", batchOrders="{")
    return script


def cancelling() -> Script:
    world = World()
    world.book()
    script = Script(world)
    mx = {"symbol": "MXUSDT"}
    for number in range(4):
        world.place("alice", "BUY", "10", f"2.4{number}", newClientOrderId=f"c{number}")
        world.pass_ms(1000)
    world.ask("bob", "POST", "order", **mx, side="SELL", type="LIMIT", quantity="203", price="2.42")
    script.ask("alice", "GET", "openOrders", **mx)
    script.ask("alice", "DELETE", "order", **mx)
    script.ask("alice", "DELETE", "order", **mx, origClientOrderId="c0")
    script.ask("alice", "DELETE", "order", **mx, origClientOrderId="c0")
    for setting in ("before", "canceled"):
        world.exchange.switches = world.exchange.switches.set(f"cancel_status={setting}")
        world.place("alice", "BUY", "10", "2.41", newClientOrderId=setting)
        script.note(f"cancel_status={setting}")
        script.ask("alice", "DELETE", "order", **mx, origClientOrderId=setting)
    script.ask("alice", "DELETE", "openOrders", **mx)
    script.ask("alice", "DELETE", "openOrders", symbol="MXUSDT,BTCUSDC")
    script.ask("alice", "DELETE", "order/all")
    script.ask("alice", "GET", "allOrders", **mx, limit=3)
    script.ask("alice", "GET", "allOrders", **mx, startTime=START_MS, endTime=START_MS + 1500)
    script.ask("alice", "GET", "allOrders", **mx, startTime=START_MS - 8 * 86_400_000, endTime=START_MS)
    return script


def groups() -> Script:
    script = Script(World(accounts=(ACCOUNTS[0], ACCOUNTS[1], AccountSpec("carol", master="alice", uid="777"))))
    script.ask("alice", "POST", "strategy/group", tradeGroupName="desk")
    script.ask("alice", "POST", "strategy/group/uid", tradeGroupId=1, uid="777")
    script.ask("alice", "POST", "strategy/group/uid", tradeGroupId=1, uid="778")
    script.ask("alice", "GET", "strategy/group")
    script.ask("alice", "GET", "strategy/group/uid", tradeGroupId=1)
    script.ask("alice", "DELETE", "strategy/group/uid", tradeGroupId=1, uid="777")
    script.ask("alice", "DELETE", "strategy/group", tradeGroupId=1)
    script.ask("alice", "DELETE", "strategy/group", tradeGroupId=1)
    return script


def listen_keys() -> Script:
    script = Script(World())
    key = script.ask("alice", "POST", "userDataStream").json()
    assert isinstance(key, dict)
    script.note("a second POST gives the same key")
    script.ask("alice", "POST", "userDataStream")
    script.world.pass_ms(3_000_000)
    script.ask("alice", "PUT", "userDataStream", **key)
    script.ask("bob", "PUT", "userDataStream", **key)
    script.world.pass_ms(3_000_000)
    script.ask("alice", "GET", "userDataStream")
    script.ask("alice", "DELETE", "userDataStream", **key)
    script.ask("alice", "GET", "userDataStream")
    script.world.exchange.switches = script.world.exchange.switches.set("listen_key_answer=empty").set(
        "listen_key_post=new"
    )
    script.note("listen_key_answer=empty, listen_key_post=new")
    script.ask("alice", "POST", "userDataStream")
    again = script.ask("alice", "POST", "userDataStream").json()
    assert isinstance(again, dict)
    script.ask("alice", "PUT", "userDataStream", **again)
    script.ask("alice", "DELETE", "userDataStream", **again)
    script.world.pass_ms(3_600_000)
    script.note("an hour later: the key ran out")
    script.ask("alice", "GET", "userDataStream")
    return script


SCRIPTS: tuple[Callable[[], Script], ...] = (
    listing, market, candles, tickers, account, placing, batches, cancelling, groups, listen_keys,
)  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_answers_are_as_written(script: Callable[[], Script], golden: Callable[[str, str], None]) -> None:
    golden(f"rest/{script.__name__}.txt", script().text)


def _said() -> Iterator[tuple[str, str]]:
    for script in SCRIPTS:
        yield from script().seen


def test_every_endpoint_is_in_a_transcript() -> None:
    assert {(row.method, row.name) for row in ENDPOINTS.values()} == set(_said())
