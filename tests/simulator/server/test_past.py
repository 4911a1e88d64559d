"""What an exchange is given beside its markets: a past for candles, strategy groups from the accounts file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.bars import Bars, Dataset
from flashc.runtime.market_data.instruments import Instrument
from flashc.runtime.market_data.moments import NS_PER_SECOND
from flashc.simulator.accounts_file import parse_accounts
from flashc.simulator.exchange.amounts import amount_text
from flashc.simulator.exchange.orders import PlaceRequest
from flashc.simulator.rest.calls import Call
from flashc.simulator.server.build import make_world
from flashc.simulator.server.truth import ledger
from support.local_exchange import START_NS, NoSockets, options

MINUTE_NS = 60_000_000_000


def past(base: str) -> Dataset:
    times = START_NS // MINUTE_NS * MINUTE_NS - MINUTE_NS * np.arange(10, 0, -1)
    price = np.full(10, 100.0)
    bars = Bars(times.astype(np.int64), price, price, price, price, np.ones(10))
    return Dataset("past", Instrument(base, "USDC"), "mexc", MINUTE_NS, bars)


def test_candles_reach_back_over_given_bars() -> None:
    world = make_world(replace(options(), history=(past("BTC"),)), NoSockets(), START_NS)
    rows = world.rest.answer(Call("GET", "/api/v3/klines", "symbol=BTCUSDC&interval=1m"), START_NS).json()
    assert isinstance(rows, list) and len(rows) == 11
    assert rows[0][4:6] == ["100", "1"]


def test_bars_of_a_symbol_that_is_not_listed_are_refused() -> None:
    with pytest.raises(RuntimeFault, match="FC1014"):
        make_world(replace(options(), history=(past("DOGE"),)), NoSockets(), START_NS)


def test_background_traders_trade_the_same_for_the_same_seed_and_the_ledger_adds_up() -> None:
    ledgers = []
    for _ in range(2):
        world = make_world(replace(options(), traders=3), NoSockets(), START_NS)
        for second in range(1, 61):
            world.step(START_NS + second * NS_PER_SECOND)
        assert world.crowd is not None and world.crowd.placed > 20
        assert world.next_ns() <= world.crowd.next_ns()
        assert world.exchange.audit().is_right
        ledgers.append(ledger(world))
    assert ledgers[0] == ledgers[1]
    assert {"trader-1", "trader-2", "trader-3"} < ledgers[0]["accounts"].keys()  # type: ignore[attr-defined]


def test_a_trader_s_name_in_the_accounts_file_is_refused() -> None:
    found = parse_accounts(b"accounts:\n  - {name: trader-2, keys: []}\n", "x")
    with pytest.raises(RuntimeFault, match="FC1304"):
        make_world(replace(options(), accounts=found, traders=2), NoSockets(), START_NS)


def test_a_group_of_the_file_keeps_its_accounts_apart_whoever_comes_second() -> None:
    text = "accounts:\n" + "".join(
        f"  - {{name: {name}, keys: [], strategy_groups: [desk], balances: {{USDC: '100000', BTC: '10'}}}}\n"
        for name in ("ann", "ben")
    )
    world = make_world(replace(options(), accounts=parse_accounts(text.encode(), "x")), NoSockets(), START_NS)
    world.exchange.advance(START_NS + MINUTE_NS)
    now_ns, (_, bids, asks) = world.exchange.now_ns, world.exchange.depth("BTCUSDC", 1)
    price = amount_text(asks[0][0] - 1, 2)  # one tick inside
    assert asks[0][0] - 1 > bids[0][0]
    for first, second in (("ann", "ben"), ("ben", "ann")):
        world.exchange.place(
            first, PlaceRequest("BTCUSDC", "BUY", "LIMIT", "0.01", price, client_id=f"of-{first}"), now_ns
        )
        ask = PlaceRequest("BTCUSDC", "SELL", "LIMIT", "0.01", price, client_id=f"to-{first}", stp_mode="cancel_taker")
        world.exchange.place(second, ask, now_ns)
        sent = world.exchange.order(second, client_id=f"to-{first}")
        assert sent is not None and sent.cancel_reason == "stp_cancel"
        world.exchange.cancel_all(first, now_ns)
