"""Never above the bucket, whatever is asked and when."""

from __future__ import annotations

import pytest
from flashc.runtime.mexc.rest.budget import SECOND_NS, Budget, Limits
from flashc.runtime.mexc.rest.endpoints import ENDPOINTS, Pool, Share
from hypothesis import given, settings
from hypothesis import strategies as st

PLACE, CANCEL, ACCOUNT = ENDPOINTS["place"], ENDPOINTS["cancel"], ENDPOINTS["account"]
ASKS = st.lists(
    st.tuples(st.integers(0, SECOND_NS), st.sampled_from(sorted(ENDPOINTS)), st.none() | st.sampled_from(Share)),
    max_size=120,
)


def granted(asks: list[tuple[int, str, Share | None]], budget: Budget) -> list[tuple[int, str, Share]]:
    """The requests that were let through, with their times."""
    now_ns, found = 0, []
    for step_ns, name, share in asks:
        now_ns += step_ns
        if budget.ask(ENDPOINTS[name], now_ns, share) == 0:
            found.append((now_ns, name, ENDPOINTS[name].share if share is None else share))
    return found


def heaviest(rows: list[tuple[int, int]], window_ns: int) -> int:
    """The greatest sum of any window, counted anew from every row: slow and obvious."""
    return max((sum(w for t, w in rows if start <= t < start + window_ns) for start, _ in rows), default=0)


@settings(max_examples=60, deadline=None)
@given(ASKS)
def test_no_window_ever_holds_more_than_the_budget(asks: list[tuple[int, str, Share | None]]) -> None:
    found = granted(asks, Budget())
    for pool in Pool:
        rows = [(t, ENDPOINTS[name].weight) for t, name, _ in found if pool in ENDPOINTS[name].pools]
        assert heaviest(rows, 10 * SECOND_NS) <= 180
    assert heaviest([(t, 1) for t, name, _ in found if ENDPOINTS[name].orders], SECOND_NS) <= 7
    for name in {name for _, name, _ in found}:
        most = ENDPOINTS[name].per_second or 20
        assert heaviest([(t, 1) for t, other, _ in found if other == name], SECOND_NS) <= max(most * 60 // 100, 1)


@settings(max_examples=60, deadline=None)
@given(ASKS)
def test_the_share_of_cancels_is_never_spent_on_anything_else(asks: list[tuple[int, str, Share | None]]) -> None:
    found = granted(asks, Budget())
    for pool in Pool:
        for share, most in ((Share.RECONCILE, 126), (Share.ORDER, 90), (Share.REST, 18)):
            rows = [
                (t, ENDPOINTS[name].weight)
                for t, name, by in found
                if pool in ENDPOINTS[name].pools and by.value >= share.value
            ]
            assert heaviest(rows, 10 * SECOND_NS) <= most
    orders = [(t, 1) for t, name, by in found if ENDPOINTS[name].orders and by is not Share.CANCEL]
    assert heaviest(orders, SECOND_NS) <= 5


@settings(max_examples=60, deadline=None)
@given(ASKS, st.sampled_from(sorted(ENDPOINTS)))
def test_the_wait_that_is_named_is_the_shortest_that_helps(
    asks: list[tuple[int, str, Share | None]], name: str
) -> None:
    budget, again, early = Budget(), Budget(), Budget()
    for one in (budget, again, early):
        granted(asks, one)
    now_ns = sum(step for step, _, _ in asks)
    wait_ns = budget.ask(ENDPOINTS[name], now_ns)
    if wait_ns:
        assert early.ask(ENDPOINTS[name], now_ns + wait_ns - 1) != 0
        assert again.ask(ENDPOINTS[name], now_ns + wait_ns) == 0


@pytest.mark.parametrize("name", ENDPOINTS)
def test_every_request_fits_its_share_of_an_empty_budget(name: str) -> None:
    assert Budget().ask(ENDPOINTS[name], 0) == 0
    if not ENDPOINTS[name].signed:
        assert Budget(Limits.for_reading()).ask(ENDPOINTS[name], 0) == 0


def test_a_cancel_leaves_when_orders_have_spent_theirs() -> None:
    budget = Budget()
    while budget.ask(PLACE, 0) == 0:
        pass
    assert budget.ask(CANCEL, 0) == 0


def test_a_cancel_may_take_what_others_left() -> None:
    budget = Budget()
    assert sum(budget.ask(CANCEL, 0) == 0 for _ in range(20)) == 7


@pytest.mark.parametrize("status", [418, 429, 403])
def test_retry_after_is_obeyed_to_the_nanosecond(status: int) -> None:
    budget = Budget()
    assert budget.answered(status, "7", 1_000) == 7 * SECOND_NS
    assert budget.ask(CANCEL, 1_000 + 7 * SECOND_NS - 1) == 1
    assert budget.ask(CANCEL, 1_000 + 7 * SECOND_NS) == 0


@pytest.mark.parametrize("text", [None, "", "soon", "-1", "1.5", "1e9", "٣", "9" * 40, "0"])
def test_without_a_sensible_retry_after_the_default_holds(text: str | None) -> None:
    assert Budget().answered(429, text, 0) == 10 * SECOND_NS
    assert Budget().answered(418, text, 0) == 120 * SECOND_NS
    assert Budget().answered(403, text, 0) == 60 * SECOND_NS


def test_a_ban_is_at_most_three_days_and_a_shorter_wait_never_shortens_it() -> None:
    budget = Budget()
    assert budget.answered(418, "99999999999", 0) == 3 * 24 * 3600 * SECOND_NS
    budget.answered(429, "1", 0)
    assert budget.closed_ns(0) == 3 * 24 * 3600 * SECOND_NS


def test_a_429_takes_30_percent_once_for_each_burst() -> None:
    budget = Budget()
    for now_ns in (0, 1, 2):
        budget.answered(429, "1", now_ns)
    assert budget.percent == 42
    budget.answered(429, "1", 20 * SECOND_NS)
    assert budget.percent == 29
    assert budget.counters["status_429"] == 4


def test_a_firewall_closes_but_does_not_shrink() -> None:
    budget = Budget()
    budget.answered(403, None, 0)
    assert budget.percent == 60
    assert budget.ask(ACCOUNT, 0) == 60 * SECOND_NS


def test_quotes_are_pulled_before_the_door_closes() -> None:
    budget = Budget()
    for number in range(5):
        assert not budget.pull_quotes(0), number
        budget.ask(PLACE, 0)
    budget.ask(CANCEL, 0)
    assert budget.pull_quotes(0)
    assert not budget.pull_quotes(SECOND_NS)


def test_what_never_fits_says_so() -> None:
    assert Budget(Limits(ip_weight=10)).ask(ENDPOINTS["exchange_info"], 0) is None
