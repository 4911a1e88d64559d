"""Fees: rounded towards the exchange, and never more than was received."""

from __future__ import annotations

from fractions import Fraction

from flashc.simulator.exchange.amounts import amount_text, parse_amount
from flashc.simulator.exchange.config import AccountSpec, ExchangeConfig, SymbolSpec
from flashc.simulator.exchange.exchange import Exchange
from flashc.simulator.exchange.orders import PlaceRequest
from flashc.simulator.exchange.stp import MOST_GROUPS, StrategyGroups
from hypothesis import given
from hypothesis import strategies as st


@given(
    price=st.integers(1, 10**6),
    lots=st.integers(1, 10**6),
    rate=st.integers(0, 10**5),
    digits=st.integers(0, 8),
    is_buy=st.booleans(),
)
def test_a_fee_is_the_least_multiple_that_is_not_below_the_exact_one(
    price: int, lots: int, rate: int, digits: int, is_buy: bool
) -> None:
    spec = SymbolSpec(
        "XY", "X", "Y", 2, 4, min_notional="0", max_notional="1000000000000", taker_fee=amount_text(rate, 5),
        base_fee_decimals=digits, quote_fee_decimals=digits,
    )  # fmt: skip
    funds = {"X": "1000000000", "Y": "1000000000000"}
    venue = Exchange(ExchangeConfig((spec,), (AccountSpec("a", funds), AccountSpec("b", funds))), 1, 0)
    sides = ("SELL", "BUY") if is_buy else ("BUY", "SELL")
    for account, side in zip("ba", sides, strict=True):
        venue.place(account, PlaceRequest("XY", side, "LIMIT", amount_text(lots, 4), amount_text(price, 2)), 1)
    fill = venue.fills("a", "XY")[0]
    received = lots * 10**4 if is_buy else price * lots * 10**2
    step = 10 ** (8 - digits)
    assert fill.fee_atoms == min(received, -(-received * rate // (10**5 * step)) * step)
    assert fill.fee_asset == ("X" if is_buy else "Y") and venue.audit().problems == ()


@given(value=st.integers(-(10**40), 10**40), decimals=st.integers(0, 20))
def test_amounts_come_back_from_their_text(value: int, decimals: int) -> None:
    text = amount_text(value, decimals)
    assert Fraction(text) == Fraction(value, 10**decimals)
    if 0 <= value < 10**29:
        assert parse_amount(text, decimals) == value
        assert parse_amount(amount_text(value, decimals, strip=False), decimals) == value


def test_groups_are_at_most_ten_for_a_master_and_keep_members_apart() -> None:
    groups = StrategyGroups()
    made = [groups.create("m", f"g{number}") for number in range(MOST_GROUPS + 1)]
    assert made[-1] is None and len(groups.of("m")) == MOST_GROUPS
    assert groups.prevents("m", "m", "m") and not groups.prevents("m", "sub", "m")
    first = made[0]
    assert first is not None
    first.members.update(("m", "sub"))
    assert groups.prevents("m", "sub", "m") and not groups.prevents("m", "sub", "other")
    assert groups.delete("m", first.group_id) and not groups.delete("m", first.group_id)
    assert not groups.prevents("m", "sub", "m")
