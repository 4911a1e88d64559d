"""The tape as a market: it is played as it was recorded, and orders of accounts stand in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from flashc.runtime.market_data.events import EventSet, Levels, Trades
from flashc.runtime.market_data.instruments import Instrument
from flashc.runtime.market_data.synth.book import BookParameters, generate_book
from flashc.simulator.exchange.config import AccountSpec, ExchangeConfig, SymbolSpec
from flashc.simulator.exchange.events import Event, LevelChanged, Traded
from flashc.simulator.exchange.exchange import Exchange
from flashc.simulator.exchange.interventions import Interventions
from flashc.simulator.exchange.market import HOLD, LOOP, NEVER_NS
from flashc.simulator.exchange.orders import Order, PlaceRequest, Status
from flashc.simulator.exchange.tape import LEVEL, MESSAGE_END, RESET, TRADE, Tape, tape_of

NS = 1_000_000_000
SPEC = SymbolSpec("BTCUSDC", "BTC", "USDC", 2, 6)
ETH = SymbolSpec("ETHUSDC", "ETH", "USDC", 2, 6)


@pytest.fixture(scope="module")
def data() -> EventSet:
    return generate_book(BookParameters(duration_s=20, events_per_s=80, push_ms=50))


@pytest.fixture(scope="module")
def tape(data: EventSet) -> Tape:
    return tape_of(data, 2, 6)


def venue(*specs: SymbolSpec) -> Exchange:
    account = AccountSpec("ann", {"BTC": "10", "USDC": "1000000"})
    return Exchange(ExchangeConfig(specs or (SPEC,), (account,)), 1, 0)


def book_of(exchange: Exchange, symbol: str = "BTCUSDC") -> dict[tuple[int, int], int]:
    _, bids, asks = exchange.depth(symbol, 10_000)
    return {**{(1, ticks): lots for ticks, lots in bids}, **{(-1, ticks): lots for ticks, lots in asks}}


def stated(tape: Tape, until_ns: int) -> dict[tuple[int, int], int]:
    """The book that the tape says, row by row."""
    book: dict[tuple[int, int], int] = {}
    for offset, kind, side, ticks, lots in tape.rows():
        if offset > until_ns:
            break
        if kind == RESET:
            book.clear()
        elif kind in (LEVEL, MESSAGE_END):
            book[side, ticks] = lots
    return {key: lots for key, lots in book.items() if lots}


def crossed(events: list[Event]) -> bool:
    """Whether somebody who applies each level as it comes ever sees a crossed book."""
    book: dict[int, dict[int, int]] = {1: {}, -1: {}}
    for event in events:
        if isinstance(event, LevelChanged):
            book[event.side][event.price_ticks] = event.lots
            bids = [ticks for ticks, lots in book[1].items() if lots]
            asks = [ticks for ticks, lots in book[-1].items() if lots]
            if bids and asks and max(bids) >= min(asks):
                return True
    return False


@pytest.mark.parametrize("until_s", [0, 3, 11, 20])
def test_without_orders_the_book_is_the_tapes(tape: Tape, until_s: int) -> None:
    exchange = venue()
    exchange.add_tape("BTCUSDC", tape, end=HOLD)
    exchange.advance(until_s * NS)
    assert book_of(exchange) == stated(tape, until_s * NS)


def test_the_published_book_is_never_crossed_and_its_versions_have_no_gap(tape: Tape) -> None:
    exchange = venue()
    first = exchange.depth("BTCUSDC", 1)[0]
    exchange.add_tape("BTCUSDC", tape)
    exchange.advance(30 * NS)
    events = exchange.take_events()
    versions = [event.version for event in events if isinstance(event, LevelChanged)]
    assert versions == list(range(first + 1, first + 1 + len(versions)))
    assert not crossed(events) and exchange.markets["BTCUSDC"].rounds == 1


def test_all_trades_of_the_tape_are_told_at_their_times(tape: Tape) -> None:
    exchange = venue()
    exchange.add_tape("BTCUSDC", tape, start_ns=5 * NS, end=HOLD)
    exchange.advance(60 * NS)
    told = [(event.time_ns - 5 * NS, event.taker_side, event.price_ticks, event.lots)
            for event in exchange.take_events() if isinstance(event, Traded)]  # fmt: skip
    rows = [(offset, side, ticks, lots) for offset, kind, side, ticks, lots in tape.rows() if kind == TRADE]
    assert told == rows and exchange.last_ticks("BTCUSDC") == rows[-1][2]


def test_it_does_not_matter_in_which_steps_time_goes_on(tape: Tape) -> None:
    once, often = venue(), venue()
    for exchange in (once, often):
        exchange.add_tape("BTCUSDC", tape)
    once.advance(50 * NS)
    while (at := often.next_ns()) <= 50 * NS:
        often.advance(at)
    assert once.take_events() == often.take_events()


def test_at_its_end_a_tape_holds_or_loops(tape: Tape) -> None:
    holds, loops = venue(), venue()
    holds.add_tape("BTCUSDC", tape, end=HOLD)
    loops.add_tape("BTCUSDC", tape, end=LOOP)
    for exchange in (holds, loops):
        exchange.advance(tape.length_ns + 5 * NS)
    assert holds.next_ns() == NEVER_NS and book_of(holds) == stated(tape, tape.length_ns)
    told = [event.time_ns for event in loops.take_events() if isinstance(event, Traded)]
    once = [offset for offset, kind, *_ in tape.rows() if kind == TRADE]
    twice = [at + tape.length_ns for at in once if at <= 5 * NS]
    assert told == once + twice
    assert book_of(loops) == stated(tape, 5 * NS)


def test_orders_of_accounts_outlive_the_reset_of_a_loop(tape: Tape) -> None:
    exchange = venue()
    exchange.add_tape("BTCUSDC", tape)
    exchange.advance(NS)
    far = exchange.place("ann", PlaceRequest("BTCUSDC", "BUY", "LIMIT", "0.5", "20000"), NS)
    assert isinstance(far, Order)
    exchange.advance(tape.length_ns + NS)
    assert exchange.markets["BTCUSDC"].rounds == 1
    assert book_of(exchange) == {**stated(tape, NS), (1, 2_000_000): 500_000}
    assert exchange.audit().problems == ()


def test_an_order_at_the_best_price_fills_by_the_tapes_own_trades(tape: Tape) -> None:
    exchange = venue()
    exchange.add_tape("BTCUSDC", tape)
    exchange.advance(NS)
    best = exchange.depth("BTCUSDC", 1)[1][0][0]
    order = exchange.place("ann", PlaceRequest("BTCUSDC", "BUY", "LIMIT_MAKER", "0.001", f"{best / 100}"), NS)
    assert isinstance(order, Order)
    exchange.advance(19 * NS)
    done = exchange.order("ann", order_id=order.order_id)
    assert done is not None and done.status is Status.FILLED and done.executed_value == best * 1000
    assert exchange.audit().problems == ()


def test_a_faster_tape_does_the_same_sooner(tape: Tape) -> None:
    exchange = venue()
    exchange.add_tape("BTCUSDC", tape, end=HOLD)
    exchange.advance(4 * NS)
    exchange.markets["BTCUSDC"].set_speed(5, 4 * NS)
    exchange.advance(6 * NS)
    assert book_of(exchange) == stated(tape, 14 * NS)
    exchange.markets["BTCUSDC"].set_speed(1, 6 * NS)
    exchange.advance(8 * NS)
    assert book_of(exchange) == stated(tape, 16 * NS)


def test_an_emptied_side_comes_back_as_the_tape_says(tape: Tape) -> None:
    exchange = venue()
    exchange.add_tape("BTCUSDC", tape, end=HOLD)
    exchange.advance(5 * NS)
    hands = Interventions(exchange)
    hands.empty_side("BTCUSDC", -1)
    assert exchange.depth("BTCUSDC", 1)[2] == []
    exchange.advance(10 * NS)
    assert exchange.depth("BTCUSDC", 1)[2] == [] and exchange.depth("BTCUSDC", 1)[1] != []
    hands.refill_side("BTCUSDC", -1)
    assert book_of(exchange) == stated(tape, 10 * NS)
    events = exchange.take_events()
    assert not crossed(events) and exchange.audit().problems == ()


def test_several_symbols_are_played_in_the_order_of_time(tape: Tape) -> None:
    exchange = venue(SPEC, ETH)
    exchange.add_tape("BTCUSDC", tape)
    exchange.add_tape("ETHUSDC", tape, start_ns=1_234_567)
    exchange.advance(10 * NS)
    events = exchange.take_events()
    times = [event.time_ns for event in events]
    assert times == sorted(times) and book_of(exchange) == stated(tape, 10 * NS)
    assert {event.symbol for event in events if isinstance(event, Traded)} == {"BTCUSDC", "ETHUSDC"}


def test_a_tape_that_starts_in_the_past_does_not_turn_the_clock_back(tape: Tape) -> None:
    exchange = venue()
    exchange.advance(100 * NS)
    exchange.add_tape("BTCUSDC", tape, start_ns=95 * NS)
    exchange.advance(101 * NS)
    assert {event.time_ns for event in exchange.take_events()} >= {100 * NS}
    assert exchange.now_ns == 101 * NS and book_of(exchange) == stated(tape, 6 * NS)


def test_a_coarser_grid_is_counted_and_never_crosses(data: EventSet) -> None:
    tape = tape_of(data, 0, 3)
    names = {rule.name for rule in tape.rules}
    assert {"price_to_tick", "qty_to_lot"} <= names
    exchange = venue(replace(SPEC, price_decimals=0, qty_decimals=3))
    exchange.add_tape("BTCUSDC", tape)
    exchange.advance(15 * NS)
    assert not crossed(exchange.take_events())


def test_trades_alone_make_a_market_without_a_book() -> None:
    count = 5
    times = np.arange(count, dtype=np.int64) * NS
    trades = Trades(times, times, np.ones(count, np.int8), np.full(count, 100.0), np.full(count, 2.0), times)
    exchange = venue()
    exchange.add_tape("BTCUSDC", tape_of(EventSet("t", Instrument("BTC", "USDT"), "v", None, trades), 2, 6))
    order = exchange.place("ann", PlaceRequest("BTCUSDC", "SELL", "LIMIT", "3", "99"), 0)
    assert isinstance(order, Order)
    exchange.advance(2 * NS)
    fills = exchange.fills("ann", "BTCUSDC")
    assert [(fill.price_ticks, fill.lots) for fill in fills] == [(9_900, 2_000_000), (9_900, 1_000_000)]
    assert exchange.audit().problems == ()


def levels(rows: list[tuple[int, int, float, float, bool, bool]]) -> Levels:
    """(seconds, side, price, quantity, snapshot, ends)."""
    times = np.array([row[0] for row in rows], np.int64) * NS
    none = np.zeros(len(rows), np.int64)
    return Levels(
        times, times, np.array([row[1] for row in rows], np.int8), np.array([row[2] for row in rows], float),
        np.array([row[3] for row in rows], float), np.array([row[4] for row in rows]),
        np.array([row[5] for row in rows]), none, none,
    )  # fmt: skip


def test_a_snapshot_replaces_what_the_tape_had_and_nothing_else() -> None:
    rows = [(0, 1, 100.0, 1.0, True, False), (0, 1, 99.0, 1.0, True, False), (0, -1, 101.0, 1.0, True, True),
            (5, 1, 100.0, 2.0, True, False), (5, -1, 102.0, 1.0, True, True)]  # fmt: skip
    exchange = venue(replace(SPEC, price_decimals=0, qty_decimals=0))
    data = EventSet("t", Instrument("BTC", "USDT"), "v", levels(rows), None)
    exchange.add_tape("BTCUSDC", tape_of(data, 0, 0), end=HOLD)
    exchange.place("ann", PlaceRequest("BTCUSDC", "BUY", "LIMIT", "3", "99"), NS)
    assert exchange.depth("BTCUSDC", 5)[1:] == ([(100, 1), (99, 4)], [(101, 1)])
    exchange.take_events()
    exchange.advance(6 * NS)
    assert exchange.depth("BTCUSDC", 5)[1:] == ([(100, 2), (99, 3)], [(102, 1)])
    changes = [(event.side, event.price_ticks, event.lots) for event in exchange.take_events()
               if isinstance(event, LevelChanged)]  # fmt: skip
    assert changes == [(1, 99, 3), (-1, 101, 0), (1, 100, 2), (-1, 102, 1)]
