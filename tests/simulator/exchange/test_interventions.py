"""Faults of the engine: each does what it says, and the ledger stays whole."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flashc.simulator.exchange.config import AccountSpec, ExchangeConfig, SymbolSpec
from flashc.simulator.exchange.events import (
    BalanceChanged,
    BookRestarted,
    Filled,
    LevelChanged,
    OrderChanged,
    SymbolChanged,
)
from flashc.simulator.exchange.exchange import Exchange
from flashc.simulator.exchange.interventions import Interventions
from flashc.simulator.exchange.orders import Cancelled, Order, PlaceRequest, Refusal, Side, Status

SPEC = SymbolSpec("BTCUSDC", "BTC", "USDC", 2, 6)


@pytest.fixture
def venue() -> Exchange:
    """Ann bids 1 BTC at 40,000 and offers 1 at 41,000; bob has done nothing yet."""
    accounts = tuple(AccountSpec(name, {"BTC": "10", "USDC": "1000000"}) for name in ("ann", "bob"))
    exchange = Exchange(ExchangeConfig((SPEC,), accounts), 1, 0)
    for side, price, name in (("BUY", "40000", "bid"), ("SELL", "41000", "ask")):
        placed(exchange, "ann", side, "1", price, name)
    exchange.take_events()
    return exchange


def placed(venue: Exchange, account: str, side: str, quantity: str, price: str, client_id: str = "") -> Order:
    kind = "LIMIT" if price else "MARKET"
    request = PlaceRequest("BTCUSDC", side, kind, quantity, price, client_id=client_id)
    answer = venue.place(account, request, venue.now_ns)
    assert isinstance(answer, Order), answer
    return answer


def find(venue: Exchange, client_id: str) -> Order:
    found = venue.order("ann", client_id=client_id)
    assert found is not None
    return found


def sure(venue: Exchange) -> None:
    assert venue.audit().problems == ()


def test_a_paused_symbol_refuses_and_tells_so(venue: Exchange) -> None:
    hands = Interventions(venue)
    old = hands.set_status("BTCUSDC", "2")
    refused = venue.place("bob", PlaceRequest("BTCUSDC", "BUY", "LIMIT", "1", "40000"), 1)
    assert refused == Refusal(30000, "This pair is currently suspended from transactions")
    assert venue.take_events() == [SymbolChanged(0, "BTCUSDC")]
    hands.change_symbol("BTCUSDC", lambda spec: old)
    placed(venue, "bob", "BUY", "1", "40000")
    sure(venue)


@pytest.mark.parametrize("code", [30016, 10007])
def test_orders_and_cancels_are_refused_with_any_code(venue: Exchange, code: int) -> None:
    hands = Interventions(venue)
    hands.refuse_orders("BTCUSDC", code)
    hands.refuse_cancels("BTCUSDC", code)
    order = venue.place("bob", PlaceRequest("BTCUSDC", "BUY", "LIMIT", "1", "40000"), 1)
    cancel = venue.cancel("ann", "BTCUSDC", 1, client_id="bid")
    assert isinstance(order, Refusal) and isinstance(cancel, Refusal) and (order.code, cancel.code) == (code, code)
    assert venue.cancel_all("ann", 1) == []
    hands.refuse_cancels("BTCUSDC", 0)
    assert isinstance(venue.cancel("ann", "BTCUSDC", 1, client_id="bid"), Cancelled)


def test_coarser_rules_refuse_what_was_fine_before(venue: Exchange) -> None:
    hands = Interventions(venue)
    hands.change_rules("BTCUSDC", price_digits=1, qty_digits=2, min_notional="100")
    for quantity, price in (("1", "40000.05"), ("1.001", "40000.5"), ("0.01", "9000")):
        assert isinstance(venue.place("bob", PlaceRequest("BTCUSDC", "BUY", "LIMIT", quantity, price), 1), Refusal)
    placed(venue, "bob", "BUY", "1.01", "40000.5")
    assert venue.specs["BTCUSDC"].quote_precision == 1
    hands.change_rules("BTCUSDC", price_digits=9, qty_digits=9)
    assert (venue.specs["BTCUSDC"].quote_precision, venue.specs["BTCUSDC"].base_precision) == (2, 6)


def test_an_account_is_restricted_and_capped(venue: Exchange) -> None:
    hands = Interventions(venue)
    hands.restrict("bob", 60005)
    refused = venue.place("bob", PlaceRequest("BTCUSDC", "BUY", "LIMIT", "1", "40000"), 1)
    assert isinstance(refused, Refusal) and refused.code == 60005
    hands.restrict("bob", 0)
    hands.cap_open_orders("bob", 1)
    placed(venue, "bob", "BUY", "1", "39000")
    refused = venue.place("bob", PlaceRequest("BTCUSDC", "BUY", "LIMIT", "1", "39000"), 1)
    assert isinstance(refused, Refusal) and refused.code == 30029


def test_cancelling_all_leaves_some_once(venue: Exchange) -> None:
    Interventions(venue).keep_on_cancel_all("ann", 1)
    assert len(venue.cancel_all("ann", 1)) == 1 and len(venue.open_orders("ann")) == 1
    assert len(venue.cancel_all("ann", 1)) == 1 and not venue.open_orders("ann")
    sure(venue)


def test_a_silent_balance_change_is_minted_and_tells_nobody(venue: Exchange) -> None:
    hands = Interventions(venue)
    before = venue.balances("ann")["USDC"][0]
    assert hands.change_balance("ann", "USDC", "-12.5") and hands.change_balance("ann", "BTC", "1")
    assert venue.balances("ann")["USDC"][0] == before - 1_250_000_000
    assert not hands.change_balance("ann", "USDC", "-99999999")
    assert venue.take_events() == []
    sure(venue)


def test_a_bust_takes_both_sides_back_without_a_word(venue: Exchange) -> None:
    before = {name: venue.balances(name) for name in ("ann", "bob")}
    placed(venue, "bob", "BUY", "0.4", "41000")
    venue.cancel("ann", "BTCUSDC", 1, client_id="ask")
    venue.cancel("ann", "BTCUSDC", 1, client_id="bid")
    venue.take_events()
    assert Interventions(venue).bust_last_trade("bob")
    assert venue.take_events() == [] and not venue.fills("bob", "BTCUSDC") and not venue.fills("ann", "BTCUSDC")
    assert venue.balances("bob")["BTC"] == before["bob"]["BTC"]
    assert venue.balances("ann")["BTC"][0] == before["ann"]["BTC"][0] + 10**8
    sure(venue)


def test_a_bust_of_an_open_order_keeps_its_lock_right(venue: Exchange) -> None:
    placed(venue, "bob", "BUY", "0.4", "41000")
    assert Interventions(venue).bust_last_trade("ann")
    ask = find(venue, "ask")
    assert (ask.lots, ask.executed_lots, ask.status) == (600_000, 0, Status.PARTIALLY_FILLED)
    sure(venue)


def test_orders_are_wiped_and_revived_without_a_word(venue: Exchange) -> None:
    hands = Interventions(venue)
    assert hands.wipe_orders("ann") == 2
    events = venue.take_events()
    assert events and all(isinstance(event, LevelChanged) for event in events)
    assert find(venue, "bid").status is Status.CANCELED and venue.balances("ann")["BTC"][1] == 0
    sure(venue)
    assert hands.revive_orders("ann") == 2 and find(venue, "bid").status is Status.NEW
    assert all(isinstance(event, LevelChanged) for event in venue.take_events())
    assert venue.depth("BTCUSDC", 1)[1:] == ([(4_000_000, 10**6)], [(4_100_000, 10**6)])
    sure(venue)


def test_wiped_orders_can_be_forgotten(venue: Exchange) -> None:
    Interventions(venue).wipe_orders(forget=True)
    assert venue.order("ann", client_id="bid") is None and venue.all_orders("ann") == []
    sure(venue)


def test_the_tape_trades_with_an_order_out_of_turn(venue: Exchange) -> None:
    assert Interventions(venue).trade_with("ann", find(venue, "bid").order_id, 50) == 500_000
    assert find(venue, "bid").status is Status.PARTIALLY_FILLED
    assert Interventions(venue).trade_with("ann", find(venue, "bid").order_id) == 500_000
    assert find(venue, "bid").status is Status.FILLED and venue.depth("BTCUSDC", 1)[1] == []
    assert Interventions(venue).trade_with("ann", "C02__0") == 0
    sure(venue)


def test_many_fills_have_ids_of_their_own(venue: Exchange) -> None:
    assert Interventions(venue).many_fills("bob", "BTCUSDC", Side.BUY, 250) == 250
    assert len({fill.trade_id for fill in venue.fills("bob", "BTCUSDC")}) == 250
    assert venue.all_orders("bob")[-1].status is Status.FILLED
    sure(venue)


def test_takers_stop_half_way(venue: Exchange) -> None:
    hands = Interventions(venue)
    hands.stop_takers_at(50)
    placed(venue, "bob", "BUY", "0.4", "")
    last = venue.all_orders("bob")[-1]
    assert (last.executed_lots, last.status) == (200_000, Status.PARTIALLY_CANCELED)
    hands.stop_takers_at(0)
    placed(venue, "bob", "BUY", "0.4", "")
    assert venue.all_orders("bob")[-1].status is Status.FILLED
    sure(venue)


def test_a_late_order_carries_its_first_time(venue: Exchange) -> None:
    venue.advance(10**10)
    answer = Interventions(venue).place_late("bob", PlaceRequest("BTCUSDC", "BUY", "LIMIT", "1", "39000"), 10**9)
    assert isinstance(answer, Order) and answer.created_ns == 10**9
    changed = [event for event in venue.take_events() if isinstance(event, OrderChanged)]
    assert [event.time_ns for event in changed] == [10**10]


@pytest.mark.parametrize(("locked", "price"), [(True, 4_100_000), (False, 4_100_001)])
def test_a_crossed_book_is_shown_and_taken_back(venue: Exchange, locked: bool, price: int) -> None:
    hands = Interventions(venue)
    assert hands.show_crossed("BTCUSDC", locked=locked)
    assert venue.depth("BTCUSDC", 2)[1][0] == (price, 10**6)
    hands.show_true("BTCUSDC")
    assert venue.depth("BTCUSDC", 2)[1] == [(4_000_000, 10**6)]
    shown = [event[3:5] for event in venue.take_events() if isinstance(event, LevelChanged)]
    assert shown == [(price, 10**6), (price, 0)]
    sure(venue)


def test_versions_start_again_where_they_are_told(venue: Exchange) -> None:
    Interventions(venue).restart_versions("BTCUSDC", 7)
    placed(venue, "bob", "BUY", "1", "39000")
    events = [event for event in venue.take_events() if isinstance(event, BookRestarted | LevelChanged)]
    assert [event.version for event in events] == [6, 7]


@pytest.mark.parametrize("lots", [2_000_000, -5, 0])
def test_a_false_fill_is_told_and_moves_nothing(venue: Exchange, lots: int) -> None:
    assert Interventions(venue).false_fill("ann", find(venue, "bid").order_id, lots)
    events = venue.take_events()
    assert len(events) == 1 and isinstance(events[0], Filled) and events[0].fill.lots == lots
    sure(venue)


def test_a_rate_below_zero_pays_the_maker(venue: Exchange) -> None:
    Interventions(venue).set_fees("ann", "-0.001", None)
    placed(venue, "bob", "BUY", "0.5", "41000")
    assert venue.fills("ann", "BTCUSDC")[0].fee_atoms == -2_050_000_000
    assert any(isinstance(event, BalanceChanged) and event.change_type == "TRADE_FEE" for event in venue.take_events())
    sure(venue)


def test_fees_in_mx_are_cheaper_and_need_a_price_of_mx() -> None:
    specs = (SPEC, replace(SPEC, name="MXUSDC", base="MX", price_decimals=4, qty_decimals=2, min_notional="0"))
    accounts = [AccountSpec(name, {"BTC": "10", "USDC": "1000000", "MX": "1000"}, taker_fee="0.001") for name in "ab"]
    venue = Exchange(ExchangeConfig(specs, (replace(accounts[0], mx_deduct=True), accounts[1])), 1, 0)
    placed(venue, "b", "SELL", "1", "40000")
    placed(venue, "a", "BUY", "0.5", "40000")
    assert venue.fills("a", "BTCUSDC")[0].fee_asset == "BTC"
    venue.place("b", PlaceRequest("MXUSDC", "SELL", "LIMIT", "1", "2"), 1)
    venue.place("a", PlaceRequest("MXUSDC", "BUY", "LIMIT", "1", "2"), 1)
    placed(venue, "a", "BUY", "0.5", "40000")
    fee = venue.fills("a", "BTCUSDC")[-1]
    assert (fee.fee_asset, fee.fee_atoms) == ("MX", 8 * 10**8), "20 USDC less a fifth, at 2 USDC a coin"
    sure(venue)
