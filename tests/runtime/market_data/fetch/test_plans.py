"""The plans of `data fetch`: which pages they ask for, and what they make of answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from flashc.runtime.market_data.bars import Bars, content_hash
from flashc.runtime.market_data.day_parts import fresh
from flashc.runtime.market_data.fetch.bar_plan import BarPlan, BarRow
from flashc.runtime.market_data.fetch.pages import AnswerFault, PageRequest
from flashc.runtime.market_data.fetch.ranges import Ranges
from flashc.runtime.market_data.fetch.trade_plan import NS_PER_S, TradePlan, TradeRow
from hypothesis import given, settings
from hypothesis import strategies as st

MINUTE_MS = 60_000
MINUTE_NS = MINUTE_MS * 1_000_000
T0 = 1_790_000_040_000 // MINUTE_MS * MINUTE_MS
NS = 1_000_000


def bar(open_ms: int, *, period_ms: int = MINUTE_MS) -> BarRow:
    price = f"{100 + open_ms // MINUTE_MS % 7}.5"
    return BarRow(open_ms, price, price, price, price, "1.25", open_ms + period_ms, "125")


class BarExchange:
    """Answers as the exchange may: either end of a long range is cut, bars before the start come too."""

    def __init__(self, opens: Sequence[int], *, keeps_newest: bool, early: int = 0, by_close: bool = False) -> None:
        self.opens, self.keeps_newest, self.early, self.by_close = sorted(opens), keeps_newest, early, by_close
        self.asked = 0

    def answer(self, request: PageRequest) -> list[BarRow]:
        self.asked += 1
        ends = [t + (MINUTE_MS if self.by_close else 0) for t in self.opens]
        inside = [t for t, end in zip(self.opens, ends, strict=True) if t >= request.start_ms and end <= request.end_ms]
        before = [t for t in self.opens if t < request.start_ms][-self.early :] if self.early else []
        rows = before + inside
        cut = rows[-request.limit :] if self.keeps_newest else rows[: request.limit]
        return [bar(t) for t in cut]


def all_bars(plan: BarPlan, exchange: BarExchange) -> tuple[list[int], Ranges]:
    opens: list[int] = []
    missing = Ranges()
    while not plan.done:
        page = plan.take(exchange.answer(plan.next()))
        opens += [int(ts) // NS for ts in page.bars.ts]
        missing = Ranges.of([*missing, *page.missing])
    return opens, missing


@given(
    there=st.lists(st.booleans(), min_size=1, max_size=60),
    keeps_newest=st.booleans(),
    early=st.integers(0, 5),
    by_close=st.booleans(),
    limit=st.integers(2, 9),
)
@settings(max_examples=150, deadline=None)
def test_bars_come_once_and_all_whatever_the_exchange_means_by_its_bounds(
    there: list[bool], keeps_newest: bool, early: int, by_close: bool, limit: int
) -> None:
    if keeps_newest is False:
        early = 0  # an exchange that keeps the oldest rows has no reason to send earlier ones
    opens = [T0 + k * MINUTE_MS for k, is_there in enumerate(there) if is_there]
    outside = [T0 - 2 * MINUTE_MS, T0 - MINUTE_MS, T0 + len(there) * MINUTE_MS]
    exchange = BarExchange([*opens, *outside], keeps_newest=keeps_newest, early=early, by_close=by_close)
    plan = BarPlan(T0 * NS, (T0 + len(there) * MINUTE_MS) * NS, MINUTE_NS, limit)
    found, missing = all_bars(plan, exchange)
    assert found == opens
    assert missing.length == (len(there) - len(opens)) * MINUTE_NS


def test_a_page_asks_for_one_bar_less_than_an_answer_holds() -> None:
    plan = BarPlan(T0 * NS, (T0 + 2000 * MINUTE_MS) * NS, MINUTE_NS)
    assert plan.next() == PageRequest(T0, T0 + 499 * MINUTE_MS, 500)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([bar(T0 + MINUTE_MS), bar(T0)], "order"),
        ([bar(T0), bar(T0)], "order"),
        ([bar(T0 + 17_000)], "grid"),
        ([bar(T0, period_ms=MINUTE_MS - 1)], "close"),
        ([bar(T0)._replace(high="99")], "contradict"),
        ([bar(T0)._replace(low="0")], "contradict"),
        ([bar(T0)._replace(volume="-1")], "negative"),
        ([bar(T0)._replace(open="1e2")], "not a number"),
        ([bar(T0)._replace(open="")], "not a number"),
        ([bar(T0)._replace(open="nan")], "not a number"),
    ],
)
def test_bars_that_cannot_be_are_refused_and_the_plan_stays(rows: list[BarRow], reason: str) -> None:
    plan = BarPlan(T0 * NS, (T0 + 5 * MINUTE_MS) * NS, MINUTE_NS)
    asked = plan.next()
    with pytest.raises(AnswerFault, match=reason):
        plan.take(rows)
    assert plan.next() == asked


def test_what_lies_before_the_first_bar_is_skipped_as_missing() -> None:
    plan = BarPlan(T0 * NS, (T0 + 5 * MINUTE_MS) * NS, MINUTE_NS)
    page = plan.skip_to((T0 + 2 * MINUTE_MS) * NS)
    assert (page.missing.length, plan.at_ns) == (2 * MINUTE_NS, (T0 + 2 * MINUTE_MS) * NS)


class TradeExchange:
    """The newest `limit` trades of a window, newest first; bounds act to the second."""

    def __init__(self, seconds: Sequence[int], limit: int) -> None:
        self.rows = [
            TradeRow((T0 // 1000 + second) * 1000, f"{100 + k % 3}", f"{1 + k % 2}", k % 2 == 0)
            for k, second in enumerate(sorted(seconds))
        ]
        self.limit, self.asked = limit, 0

    def answer(self, request: PageRequest) -> list[TradeRow]:
        assert request.end_ms - request.start_ms <= 3_600_000
        self.asked += 1
        low, high = request.start_ms // 1000 * 1000, request.end_ms // 1000 * 1000
        return [row for row in reversed(self.rows) if low <= row.time_ms <= high][: self.limit]


@given(seconds=st.lists(st.integers(0, 9000), max_size=120), limit=st.integers(2, 12))
@settings(max_examples=100, deadline=None)
def test_windows_shrink_until_every_trade_is_there_and_full_seconds_are_named(seconds: list[int], limit: int) -> None:
    exchange = TradeExchange(seconds, limit)
    plan = TradePlan(T0 * NS, T0 * NS + 9000 * NS_PER_S, limit)
    found: list[int] = []
    truncated: list[int] = []
    while not plan.done:
        page = plan.take(exchange.answer(plan.next()))
        if page is None:
            continue
        found += [int(t) for t in page.trades.venue]
        if page.truncated:
            assert page.stop_ns - page.start_ns == NS_PER_S
            truncated.append((page.start_ns // NS - T0) // 1000)
    counts = {second: seconds.count(second) for second in set(seconds)}
    assert truncated == sorted(s for s, n in counts.items() if n >= limit and s < 9000)
    assert len(found) == sum(min(n, limit) for s, n in counts.items() if s < 9000)
    assert found == sorted(found)


def test_equal_trades_are_all_kept_oldest_first() -> None:
    plan = TradePlan(T0 * NS, T0 * NS + 60 * NS_PER_S)
    same = TradeRow(T0 + 1000, "2.5", "1", False)
    page = plan.take([TradeRow(T0 + 5000, "2.6", "3", True), same, same])
    assert page is not None
    assert page.trades.price.tolist() == [2.5, 2.5, 2.6]
    assert page.trades.side.tolist() == [1, 1, -1]


def test_content_does_not_depend_on_where_windows_end() -> None:
    seconds = [int(s) for s in np.random.default_rng(5).integers(0, 7000, 400)]
    hashes = set()
    for stops in ([7000], [1, 2500, 7000], [600 * k for k in range(1, 12)] + [7000]):
        exchange, at, parts = TradeExchange(seconds, 40), 0, []
        for stop in stops:
            plan = TradePlan(T0 * NS + at * NS_PER_S, T0 * NS + stop * NS_PER_S, 40)
            while not plan.done:
                if (page := plan.take(exchange.answer(plan.next()))) is not None:
                    parts.append(page.trades)
            at = stop
        columns = {
            name: np.concatenate([part.columns()[name] for part in parts]) for name in ("venue", "price", "qty", "side")
        }
        hashes.add(fresh(columns, columns["venue"]).hash)
    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([TradeRow(T0, "1", "1", True), TradeRow(T0 + 1000, "1", "1", True)], "newest"),
        ([TradeRow(T0, "0", "1", True)], "without"),
        ([TradeRow(T0, "1", "0.000", True)], "without"),
        ([TradeRow(T0, "--1", "1", True)], "not a number"),
    ],
)
def test_trades_that_cannot_be_are_refused(rows: list[TradeRow], reason: str) -> None:
    plan = TradePlan(T0 * NS, T0 * NS + 60 * NS_PER_S)
    with pytest.raises(AnswerFault, match=reason):
        plan.take(rows)
    assert plan.at_ns == T0 * NS


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))), st.integers(0, 40), st.integers(0, 40))
def test_ranges_say_of_every_moment_whether_it_is_there(
    stretches: list[tuple[int, int]], start: int, stop: int
) -> None:
    ranges = Ranges.of(stretches)
    there = {t for a, b in stretches for t in range(a, b)}
    assert {t for a, b in ranges for t in range(a, b)} == there
    assert all(a < b for a, b in ranges)
    assert all(p[1] < q[0] for p, q in zip(ranges.parts, ranges.parts[1:], strict=False))
    missing = {t for a, b in ranges.missing(start, stop) for t in range(a, b)}
    assert missing == set(range(start, stop)) - there
    assert Ranges.of(ranges.json()) == ranges


def test_bars_of_two_pages_hash_like_bars_of_one() -> None:
    opens = [T0 + k * MINUTE_MS for k in range(20)]
    hashes = set()
    for limit in (500, 7):
        plan = BarPlan(T0 * NS, (T0 + 20 * MINUTE_MS) * NS, MINUTE_NS, limit)
        exchange, pages = BarExchange(opens, keeps_newest=True, early=3), []
        while not plan.done:
            pages.append(plan.take(exchange.answer(plan.next())).bars)
        names = pages[0].columns()
        hashes.add(content_hash(Bars(**{n: np.concatenate([p.columns()[n] for p in pages]) for n in names})))
    assert len(hashes) == 1
