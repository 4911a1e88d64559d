"""What streams see of a real engine."""

from __future__ import annotations

import json

import pytest
from flashc.cython_core.wire.official import message_class
from flashc.cython_core.wire.schema import WRAPPER
from flashc.simulator.exchange.config import AccountSpec, ExchangeConfig, SymbolSpec
from flashc.simulator.exchange.exchange import Exchange
from flashc.simulator.exchange.orders import PlaceRequest
from flashc.simulator.rest.listen_keys import ListenKeys
from flashc.simulator.rest.statistics import Statistics
from flashc.simulator.stream.channels import ZONES
from flashc.simulator.stream.hub import StreamHub
from flashc.simulator.stream.market_view import MarketView, day_start_ms

S = 10**9
T0 = 1_789_999_980 * S  # the start of a minute
RICH = {"BTC": "10", "USDC": "1000000"}


class Venue:
    """An engine with two rich accounts, its statistics and a hub."""

    def __init__(self) -> None:
        config = ExchangeConfig(
            (SymbolSpec("BTCUSDC", "BTC", "USDC", 2, 6),), (AccountSpec("ann", RICH), AccountSpec("bob", RICH))
        )
        self.exchange, self.now_ns = Exchange(config, 1, T0), T0
        self.statistics = Statistics(["BTCUSDC"])
        self.view = MarketView(self.exchange, self.statistics)
        self.hub = StreamHub(self.view, ListenKeys(lambda count: "0" * count), lambda: self.exchange.switches, T0)

    def order(self, account: str, side: str, quantity: str, price: str) -> None:
        self.exchange.place(account, PlaceRequest("BTCUSDC", side, "LIMIT", quantity, price), self.now_ns)
        events = self.exchange.take_events()
        self.statistics.collect(events)
        self.hub.collect(events)

    def trade(self, quantity: str, price: str) -> None:
        self.order("ann", "SELL", quantity, price)
        self.order("bob", "BUY", quantity, price)


def test_a_book_is_seen_with_its_version() -> None:
    venue = Venue()
    venue.order("ann", "BUY", "0.5", "99.5")
    venue.order("bob", "SELL", "0.25", "100")
    assert venue.view.top("BTCUSDC", 5) == ([(9950, 500_000)], [(10_000, 250_000)])
    version = venue.view.version("BTCUSDC")
    venue.order("ann", "BUY", "0.5", "99.4")
    assert venue.view.version("BTCUSDC") == version + 1


@pytest.mark.parametrize(("setting", "text"), [("zero", "0"), ("zeros", "0.00000000")])
def test_a_level_that_is_gone_has_the_switched_zero(setting: str, text: str) -> None:
    venue = Venue()
    venue.exchange.switches = venue.exchange.switches.set(f"removal={setting}")
    venue.hub.open(1, None, T0)
    venue.hub.text(1, '{"method":"SUBSCRIPTION","params":["spot@public.aggre.depth.v3.api.pb@10ms@BTCUSDC"]}', T0)
    venue.trade("0.5", "100")
    (push,) = venue.hub.flush(T0 + S)
    (level,) = message_class(WRAPPER).FromString(push.frame).publicAggreDepths.asks
    assert (level.price, level.quantity) == ("100.00", text)


def test_the_running_candle_and_day_are_seen() -> None:
    venue = Venue()
    assert venue.view.candle("BTCUSDC", "Min1", T0) is None
    assert venue.view.ticker("BTCUSDC", "24H", T0) is None
    for price in ("100", "104", "98", "101"):
        venue.trade("0.5", price)
    candle = venue.view.candle("BTCUSDC", "Min1", T0 + S)
    assert candle == (T0 // S, T0 // S + 60, "100", "101", "104", "98", "2", "201.5")
    ticker = venue.view.ticker("BTCUSDC", "24H", T0 + S)
    assert ticker == ("BTCUSDC", "101", "0.01", "0.01", "104", "98", "201.5", "2")


def test_the_last_word_on_a_candle_is_the_whole_candle() -> None:
    """Nothing marks the end of a candle, so what is pushed last must have every trade of it."""
    venue = Venue()
    venue.hub.open(1, None, T0)
    venue.hub.text(1, '{"method":"SUBSCRIPTION","params":["spot@public.kline.v3.api.pb@BTCUSDC@Min1"]}', T0)
    found = []
    for at_ms, price in ((59_100, "100"), (59_700, "104"), (60_000, "98"), (60_100, "99")):
        venue.now_ns = T0 + at_ms * 10**6
        venue.hub.look(venue.now_ns - 1)
        venue.trade("0.5", price)
    for push in venue.hub.flush(T0 + 62 * S):
        kline = message_class(WRAPPER).FromString(push.frame).publicSpotKline
        found.append((kline.windowStart - T0 // S, kline.openingPrice, kline.closingPrice, kline.volume))
    assert found == [(0, "100", "104", "1"), (60, "98", "99", "1")]


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_begins_at_most_24_hours_ago(zone: str) -> None:
    now_ms = T0 // 10**6
    assert 0 <= now_ms - day_start_ms(zone, now_ms) <= 86_400_000


def test_days_begin_at_midnight_of_their_zone() -> None:
    assert day_start_ms("UTC+0", 86_400_000 + 5) == 86_400_000
    assert day_start_ms("UTC+5:30", 86_400_000) == 86_400_000 - int(5.5 * 3_600_000)
    assert day_start_ms("UTC-3", 2 * 86_400_000) == 86_400_000 + 3 * 3_600_000


def test_streams_of_a_real_engine_leave_as_frames() -> None:
    venue = Venue()
    channels = [
        "spot@public.aggre.depth.v3.api.pb@10ms@BTCUSDC",
        "spot@public.kline.v3.api.pb@BTCUSDC@Min1",
        "spot@public.miniTickers.v3.api.pb@UTC+8",
        "spot@public.limit.depth.v3.api.pb@BTCUSDC@20",
    ]
    venue.hub.open(1, None, T0)
    venue.hub.text(1, json.dumps({"method": "SUBSCRIPTION", "params": channels}), T0)
    venue.trade("0.5", "100")
    venue.order("ann", "BUY", "0.5", "99.5")
    pushes = [message_class(WRAPPER).FromString(push.frame) for push in venue.hub.flush(T0 + 3 * S)]
    assert {push.channel for push in pushes} == set(channels)
    (kline,) = [push.publicSpotKline for push in pushes if push.WhichOneof("body") == "publicSpotKline"]
    assert (kline.interval, kline.windowStart, kline.closingPrice, kline.volume) == ("Min1", T0 // S, "100", "0.5")
