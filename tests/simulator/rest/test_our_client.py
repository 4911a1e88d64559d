"""Our own client asks every endpoint, under every setting of every switch of the REST side."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from flashc.runtime.mexc.keys.credentials import Credentials, Namespace
from flashc.runtime.mexc.keys.secret import Secret
from flashc.runtime.mexc.rest.client import MexcRest
from flashc.runtime.mexc.rest.errors import Definitive
from flashc.runtime.mexc.rest.results import NewOrder
from flashc.runtime.net.http import HttpAnswer, HttpRequest
from flashc.simulator.exchange.switches import SWITCHES
from flashc.simulator.rest.calls import Call
from support.private_world import roomy
from support.rest_world import SECRET, START_MS, World

SETTINGS = [f"{row.name}={setting}" for row in SWITCHES.values() for setting in row.choices if setting != row.default]


class Line:
    """Hands requests to the REST side without a socket."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def send(self, request: HttpRequest, timeout_ns: int) -> HttpAnswer:
        call = Call(request.method, request.path, request.query, request.body.decode(), dict(request.headers))
        lower = Call(
            call.method, call.path, call.query, call.body, {name.lower(): text for name, text in call.headers.items()}
        )
        answer = self.world.send(lower)
        return HttpAnswer(answer.status, answer.body, {name.lower(): text for name, text in answer.headers.items()})

    async def close(self) -> None:
        """Nothing is open."""


class FixedClock:
    """The time of the world."""

    def wall_ns(self) -> int:
        return START_MS * 1_000_000

    def mono_ns(self) -> int:
        return START_MS * 1_000_000

    async def sleep(self, duration_ns: int) -> None:
        """No time passes."""


async def everything(rest: MexcRest) -> dict[str, Any]:
    """One call of each kind; those that depend on each other in their order."""
    found: dict[str, Any] = {}
    await rest.time()
    for name in (
        "exchange_info",
        "default_symbols",
        "self_symbols",
        "tickers_24hr",
        "ticker_prices",
        "book_tickers",
        "account",
    ):
        found[name] = await getattr(rest, name)()
    await rest.place(NewOrder("MXUSDT", "BUY", "LIMIT", "a", "10", "2.5"))
    await rest.place(NewOrder("MXUSDT", "BUY", "LIMIT", "b", "10", "2.4"))
    await rest.place(NewOrder("MXUSDT", "SELL", "MARKET", "m", "3"))
    await rest.place_test(NewOrder("MXUSDT", "BUY", "MARKET", "t", quote_quantity="10"))
    batch = [NewOrder("MXUSDT", "BUY", "LIMIT", f"b{n}", "10", f"2.3{n}") for n in range(2)]
    found["batch"] = await rest.place_batch(batch)
    for name in (
        "depth",
        "trades",
        "agg_trades",
        "avg_price",
        "ticker_24hr",
        "ticker_price",
        "book_ticker",
        "trade_fee",
    ):
        found[name] = await getattr(rest, name)("MXUSDT")
    found["klines"] = await rest.klines("MXUSDT", "1m")
    found["open"] = await rest.open_orders("MXUSDT")
    found["order"] = await rest.order("MXUSDT", client_id="a")
    found["fills"] = await rest.my_trades("MXUSDT")
    found["cancelled"] = await rest.cancel("MXUSDT", client_id="b")
    found["cancelled open"] = await rest.cancel_open("MXUSDT")
    await rest.cancel_all()
    found["all"] = await rest.all_orders("MXUSDT")
    for name in ("mx_deduct", "uid", "kyc_status", "offline_symbols", "strategy_groups"):
        found[name] = await getattr(rest, name)()
    key = await rest.new_listen_key()
    await rest.keep_listen_key(key)
    found["keys"] = await rest.listen_keys()
    await rest.end_listen_key(key)
    with pytest.raises(Definitive):
        await rest.cancel("MXUSDT", client_id="b")
    return found


@pytest.mark.parametrize("setting", ["cancel_status=after", *SETTINGS])
def test_our_client_reads_everything_under_every_setting(setting: str) -> None:
    world = World((setting,))
    world.book()
    keys = Credentials(Namespace.SIMULATOR, Secret("sim-alice"), Secret(SECRET.decode()))
    rest = MexcRest("http://127.0.0.1:1", keys, Line(world), FixedClock(), roomy())
    found = asyncio.run(everything(rest))
    assert len(found["all"]) == 5
    assert len(found["fills"]) == 2
    assert len(found["cancelled open"]) == 2
    assert found["order"].order_id and found["klines"] and found["trades"]
    assert world.exchange.audit().is_right
