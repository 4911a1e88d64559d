"""The exchange as a whole: place, trade, cancel, look."""

from __future__ import annotations

from flashc.simulator.exchange.config import AccountSpec, ExchangeConfig, SymbolSpec
from flashc.simulator.exchange.events import LevelChanged
from flashc.simulator.exchange.exchange import Exchange
from flashc.simulator.exchange.orders import Cancelled, Order, PlaceRequest, Refusal, Status

SPEC = SymbolSpec("BTCUSDC", "BTC", "USDC", 2, 6, taker_fee="0.001")
ACCOUNTS = (AccountSpec("ann", {"BTC": "1", "USDC": "100000"}), AccountSpec("bob", {"BTC": "1", "USDC": "100000"}))


def exchange() -> Exchange:
    return Exchange(ExchangeConfig((SPEC,), ACCOUNTS), 1, 0)


def limit(side: str, quantity: str, price: str, client_id: str = "") -> PlaceRequest:
    return PlaceRequest("BTCUSDC", side, "LIMIT", quantity, price, client_id=client_id)


def test_two_accounts_trade_at_the_price_of_the_one_who_waited() -> None:
    venue = exchange()
    made = venue.place("ann", limit("SELL", "0.5", "40000"), 1)
    taken = venue.place("bob", limit("BUY", "0.2", "40010", "b1"), 2)
    assert isinstance(made, Order) and isinstance(taken, Order)
    assert taken.status is Status.NEW, "the answer says that it was accepted, not what became of it"
    now = venue.order("bob", client_id="b1")
    assert now is not None and now.status is Status.FILLED and now.executed_value == 4_000_000 * 200_000
    assert venue.balances("bob")["BTC"] == (100_000_000 + 20_000_000 - 20_000, 0), "a buyer pays the fee in base"
    assert venue.balances("bob")["USDC"] == (92_000 * 10**8, 0), "what was frozen above the price came back"
    assert venue.balances("ann")["BTC"] == (50_000_000, 30_000_000)
    assert venue.depth("BTCUSDC", 5)[1:] == ([], [(4_000_000, 300_000)])
    assert venue.audit().is_right


def test_a_cancel_gives_back_what_was_frozen_and_says_both_states() -> None:
    venue = exchange()
    order = venue.place("ann", limit("BUY", "0.1", "30000"), 1)
    assert isinstance(order, Order) and venue.balances("ann")["USDC"] == (97_000 * 10**8, 3_000 * 10**8)
    done = venue.cancel("ann", "BTCUSDC", 2, order_id=order.order_id)
    assert isinstance(done, Cancelled) and (done.before.status, done.after.status) == (Status.NEW, Status.CANCELED)
    assert venue.balances("ann")["USDC"] == (100_000 * 10**8, 0)
    again = venue.cancel("ann", "BTCUSDC", 3, order_id=order.order_id)
    assert isinstance(again, Refusal) and again.code == -2011


def test_versions_rise_by_one_with_each_published_level() -> None:
    venue = exchange()
    start = venue.depth("BTCUSDC", 1)[0]
    for number in range(5):
        venue.place("ann", limit("SELL", "0.1", f"{40000 + number}"), number)
    venue.place("bob", PlaceRequest("BTCUSDC", "BUY", "MARKET", "0.35"), 9)
    versions = [event.version for event in venue.take_events() if isinstance(event, LevelChanged)]
    assert versions == list(range(start + 1, start + len(versions) + 1))
    assert venue.depth("BTCUSDC", 1)[0] == versions[-1]
