"""Knowledge is a join: facts may come in any order and as often as they like."""

from __future__ import annotations

import random

import pytest
from flashc.cython_core.wire.messages import PrivateAccount, PrivateDeal, PrivateOrder, Push
from flashc.runtime.mexc.account.enums import SIDE_NUMBERS, STATUS_NUMBERS, STATUS_RANKS, TYPE_NUMBERS, Rank
from flashc.runtime.mexc.account.facts import (
    AccountFact,
    BalanceFact,
    Evidence,
    Fact,
    FactFault,
    FillFact,
    OrderFact,
    RequestFact,
    fact_of_order,
    fact_of_push,
)
from flashc.runtime.mexc.account.knowledge import Knowledge, Question
from flashc.runtime.mexc.account.units import ONE, UnitsFault, units, units_text
from flashc.runtime.mexc.rest.results import OrderRow
from hypothesis import given, settings
from hypothesis import strategies as st

SYMBOLS, IDS = st.sampled_from(["MXUSDT", "BTCUSDT"]), st.sampled_from(["o1", "o2", "o3"])
CLIENTS, SMALL = st.sampled_from(["", "c1", "c2"]), st.integers(0, 3)
STATUSES, SIDES = st.sampled_from(["", *STATUS_RANKS]), st.sampled_from(["", "BUY", "SELL"])
TYPES = st.sampled_from(["", "LIMIT", "MARKET"])
FACTS = st.lists(
    st.one_of(
        st.builds(OrderFact, SYMBOLS, IDS, CLIENTS, SIDES, TYPES, STATUSES, SMALL, SMALL, SMALL, SMALL, SMALL, st.sampled_from(["", "status=9"]), st.sampled_from([0, 20_000])),
        st.builds(FillFact, SYMBOLS, st.sampled_from(["t1", "t2"]), st.sampled_from(["BUY", "SELL"]), IDS, CLIENTS, SMALL, SMALL, SMALL, SMALL, st.sampled_from(["", "MX"]), SMALL),
        st.builds(BalanceFact, SMALL, st.sampled_from(["MX", "USDT"]), SMALL, SMALL, st.integers(-2, 2), st.integers(-2, 2)),
        st.builds(AccountFact, SMALL, st.just((("MX", 1, 2),)) | st.just(())),
        st.builds(RequestFact, SYMBOLS, CLIENTS, st.sampled_from(Evidence), SMALL),
    ),
    max_size=25,
)  # fmt: skip


def known(facts: list[Fact]) -> Knowledge:
    knowledge = Knowledge()
    for fact in facts:
        knowledge.apply(fact)
    return knowledge


@settings(max_examples=150, deadline=None)
@given(FACTS, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_of_facts_gives_the_same_knowledge(
    facts: list[Fact], chance: random.Random
) -> None:
    shuffled = [*facts, *chance.choices(facts, k=len(facts))] if facts else []
    chance.shuffle(shuffled)
    one, other = known(facts), known(shuffled)
    assert one.digest() == other.digest()
    assert one.questions() == other.questions()
    assert one.anomalies() == other.anomalies()


@settings(max_examples=80, deadline=None)
@given(FACTS)
def test_rank_and_total_never_fall_and_terminal_never_reopens(facts: list[Fact]) -> None:
    knowledge, before = Knowledge(), {}
    for fact in facts:
        knowledge.apply(fact)
        for view in knowledge.orders():
            rank, executed = before.get((view.symbol, view.order_id), (Rank.KNOWN, 0))
            assert view.rank >= rank
            assert view.executed >= executed
            before[view.symbol, view.order_id] = view.rank, view.executed


def pushed(body: object, symbol: str | None = "MXUSDT", number: int = 304) -> Fact | None:
    return fact_of_push(Push("c", symbol, None, None, 1_000, number, body))


def test_every_number_of_every_table_is_known_and_no_other() -> None:
    for number in range(-3, 300):
        fact = pushed(PrivateOrder(id="o1", status=number, trade_type=1, order_type=1))
        assert fact.status == STATUS_NUMBERS.get(number, "")
        assert bool(fact.unknown) is (number not in STATUS_NUMBERS)
        fact = pushed(PrivateOrder(id="o1", status=1, trade_type=1, order_type=number))
        assert fact.type == TYPE_NUMBERS.get(number, "")
        fact = pushed(PrivateOrder(id="o1", status=1, trade_type=number, order_type=1))
        assert fact.side == SIDE_NUMBERS.get(number, "")


def test_5_is_terminal() -> None:
    fact = pushed(PrivateOrder(id="o1", status=5, trade_type=1, order_type=1, quantity="10", cumulative_quantity="4"))
    (view,) = known([fact]).orders()
    assert (view.status, view.done, view.open_qty) == ("PARTIALLY_CANCELED", True, 0)
    assert not view.settled
    assert view.question == "fills"


def test_an_unknown_status_is_counted_and_asked_for_until_it_is_answered() -> None:
    knowledge = known([pushed(PrivateOrder(id="o1", status=9, trade_type=1, order_type=1))])
    assert knowledge.counters["unknown_code"] == 1
    assert knowledge.questions() == (Question("order", "MXUSDT", "o1"),)
    row = OrderRow("MXUSDT", "o1", "", "BUY", "LIMIT", "NEW", "2.5", "10", "0", "0", "0", 900, 900)
    knowledge.apply(fact_of_order(row, 1_200))
    assert knowledge.questions() == ()
    assert knowledge.live()[0].unknown == ("status=9",)


def test_a_stop_order_without_a_status_is_no_open_order_of_a_guess() -> None:
    knowledge = known([pushed(PrivateOrder(id="o1", state=2, trade_type=1, order_type=100))])
    assert knowledge.orders()[0].status == ""
    assert knowledge.questions()[0].kind == "order"


def test_filled_and_then_an_older_partial_stays_filled() -> None:
    done = OrderFact("MXUSDT", "o1", "c1", "BUY", "LIMIT", "FILLED", 25, 10, 10, 250, 2)
    part = OrderFact("MXUSDT", "o1", "c1", "BUY", "LIMIT", "PARTIALLY_FILLED", 25, 10, 4, 100, 1)
    view = known([done, part]).orders()[0]
    assert (view.status, view.executed) == ("FILLED", 10)


def fill(trade: str = "t1", qty: int = 4, **more: object) -> FillFact:
    return FillFact("MXUSDT", trade, "BUY", "o1", price=25, qty=qty, time_ms=5, **more)


def test_a_fill_counts_once_whatever_repeats_it() -> None:
    row = fill(client_id="c1", fee=1, fee_asset="MX")
    knowledge = known([fill(), row, fill(), row])
    assert knowledge.fills() == (row,)
    assert (knowledge.counters["fills"], knowledge.counters["fills_repeated"]) == (1, 3)
    assert knowledge.counters["fills_differ"] == 0


def test_a_trade_id_is_its_symbols_and_its_sides() -> None:
    other = FillFact("BTCUSDT", "t1", "BUY", "o9", price=1, qty=1)
    own = FillFact("MXUSDT", "t1", "SELL", "o2", price=25, qty=4)
    assert len(known([fill(), other, own]).fills()) == 3


def test_a_fill_of_two_orders_or_of_two_amounts_is_an_anomaly() -> None:
    knowledge = known([fill(), FillFact("MXUSDT", "t1", "BUY", "o2", price=25, qty=4)])
    assert knowledge.anomalies() == ("trade t1: of two orders",)
    knowledge = known([fill(), fill(qty=5)])
    assert knowledge.counters["fills_differ"] == 1
    assert knowledge.anomalies() == ("order o1: fill",)


def test_a_fill_without_client_id_belongs_to_its_order() -> None:
    knowledge = known([OrderFact("MXUSDT", "o1", "c1", status="NEW", qty=10), fill()])
    (view,) = knowledge.orders()
    assert (view.client_id, view.filled, view.status) == ("c1", 4, "PARTIALLY_FILLED")


def test_an_order_known_by_its_fill_only_is_asked_for() -> None:
    assert known([fill()]).questions() == (Question("order", "MXUSDT", "o1"),)


def test_an_overfill_is_an_anomaly() -> None:
    knowledge = known([OrderFact("MXUSDT", "o1", type="LIMIT", side="BUY", status="FILLED", qty=3), fill()])
    assert knowledge.anomalies() == ("order o1: overfill",)


def test_two_orders_under_one_client_id_are_seen() -> None:
    knowledge = known([OrderFact("MXUSDT", "o1", "c1"), OrderFact("MXUSDT", "o2", "c1")])
    assert knowledge.request("MXUSDT", "c1").outcome == "TWICE"
    assert knowledge.anomalies() == ("request c1: twice",)


@pytest.mark.parametrize(
    ("evidence", "outcome"),
    [
        ([], "NOTHING"), ([Evidence.SENT], "UNKNOWN"), ([Evidence.SENT, Evidence.REFUSED], "REJECTED"),
        ([Evidence.NOT_SENT], "NOT_SENT"), ([Evidence.SENT, Evidence.UNKNOWN, Evidence.NOT_FOUND], "UNKNOWN"),
        ([Evidence.SENT, Evidence.MISMATCH], "UNKNOWN"),
    ],
)  # fmt: skip
def test_not_found_never_makes_a_request_undone(evidence: list[Evidence], outcome: str) -> None:
    facts: list[Fact] = [RequestFact("MXUSDT", "c1", one, number) for number, one in enumerate(evidence)]
    assert known(facts).request("MXUSDT", "c1").outcome == outcome


def test_an_order_that_was_refused_and_is_there_is_a_zombie() -> None:
    knowledge = known([RequestFact("MXUSDT", "c1", Evidence.REFUSED), OrderFact("MXUSDT", "o1", "c1")])
    assert knowledge.request("MXUSDT", "c1").outcome == "ZOMBIE"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (PrivateOrder(), "order_without_id"),
        (PrivateOrder(id="o1", price="1e5"), "not_a_number"),
        (PrivateOrder(id="o1", cumulative_quantity="-1"), "negative"),
        (PrivateOrder(id="o1", quantity="0." + "1" * 19), "too_fine"),
        (PrivateDeal(trade_id="", order_id="o1", price="1", quantity="1", trade_type=1), "fill_without_trade_id"),
        (PrivateDeal(trade_id="t1", price="1", quantity="1", trade_type=1), "fill_without_order_id"),
        (PrivateDeal(trade_id="t1", order_id="o1", price="1", quantity="1", trade_type=3), "fill_of_unknown_side"),
        (PrivateDeal(trade_id="t1", order_id="o1", price="1", quantity="", trade_type=1), "fill_of_nothing"),
        (PrivateDeal(trade_id="t1", order_id="o1", price="1", quantity="-1", trade_type=1), "negative"),
        (PrivateAccount(), "balance_without_asset"),
        (PrivateAccount(vcoin_name="MX", balance_amount="NaN"), "not_a_number"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_message_that_is_no_fact_is_refused_with_a_reason(body: object, reason: str) -> None:
    with pytest.raises(FactFault, match=reason):
        pushed(body)


def test_a_push_without_symbol_takes_that_of_the_order_or_is_refused() -> None:
    assert pushed(PrivateOrder(id="o1", market="MXUSDT"), None).symbol == "MXUSDT"
    with pytest.raises(FactFault, match="order_without_symbol"):
        pushed(PrivateOrder(id="o1"), None)
    assert pushed(None) is None


def test_balances_are_those_of_the_newest_time() -> None:
    old, new = BalanceFact(1, "MX", 10, 0), BalanceFact(2, "MX", 7, 3, -3, 3)
    knowledge = known([new, old, AccountFact(1, (("MX", 99, 0), ("BTC", 1, 0)))])
    assert [(row.asset, row.free, row.locked) for row in knowledge.balances.views()] == [("BTC", 1, 0), ("MX", 7, 3)]
    knowledge.apply(AccountFact(3, ()))
    assert [(row.asset, row.free) for row in knowledge.balances.views()] == [("MX", 0)]


def test_changes_of_one_millisecond_are_put_in_order_by_what_they_change() -> None:
    place, trade, fee = (
        BalanceFact(5, "MX", 7, 3, -3, 3),
        BalanceFact(5, "MX", 7, 0, 0, -3),
        BalanceFact(5, "MX", 8, 0, 1, 0),
    )
    for facts in ([place, trade, fee], [fee, trade, place], [trade, place, fee]):
        (row,) = known(facts).balances.views()
        assert (row.free, row.locked, row.ambiguous) == (8, 0, False)


def test_changes_that_lead_in_a_circle_are_ambiguous_and_asked_for() -> None:
    there, back = BalanceFact(5, "MX", 7, 3, -3, 3), BalanceFact(5, "MX", 10, 0, 3, -3)
    knowledge = known([there, back])
    assert knowledge.balances.view("MX").ambiguous
    assert knowledge.questions() == (Question("account"),)
    knowledge.apply(AccountFact(6, (("MX", 10, 0),)))
    assert knowledge.questions() == ()


@given(st.integers(-(10**40), 10**40))
def test_units_come_back_from_their_text(value: int) -> None:
    assert units(units_text(value), signed=True) == value


@pytest.mark.parametrize(
    ("text", "value"), [("", 0), (None, 0), ("1", ONE), ("0.10000000", ONE // 10), ("5.", 5 * ONE), ("-0", 0)]
)
def test_units_of_texts(text: str | None, value: int) -> None:
    assert units(text) == value


@pytest.mark.parametrize("text", ["+1", " 1", "1 ", ".5", "1e3", "NaN", "٣", "1,5", "--1", "9" * 31])
def test_units_of_what_is_no_amount(text: str) -> None:
    with pytest.raises(UnitsFault, match="not_a_number"):
        units(text)


def test_an_order_that_a_read_shows_open_long_after_its_end_is_a_conflict() -> None:
    ended = OrderFact("MXUSDT", "o1", status="CANCELED", time_ms=1_000)
    cached = OrderFact("MXUSDT", "o1", status="NEW", time_ms=9_000, read_ms=9_000)
    again = OrderFact("MXUSDT", "o1", status="NEW", time_ms=12_000, read_ms=12_000)
    late = OrderFact("MXUSDT", "o1", status="NEW", time_ms=50_000)
    assert known([ended, cached, late]).anomalies() == ()
    assert known([again, ended]).anomalies() == ("order o1: open again after its end",)
    assert known([ended, again]).live() == ()


def test_a_read_that_contradicts_a_push_of_moments_before_is_asked_for_again() -> None:
    pushed = BalanceFact(10_000, "MX", 3, 0, -1, 0)
    soon, later = (AccountFact(time_ms, (("MX", 4, 0),)) for time_ms in (12_000, 15_001))
    assert known([pushed, soon]).questions() == (Question("account"),)
    assert known([soon, later, pushed]).questions() == ()
    assert known([pushed, AccountFact(12_000, (("MX", 3, 0),))]).questions() == ()
