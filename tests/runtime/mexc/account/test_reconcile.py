"""Reconciliation reads every row, whatever a page holds and however it is sorted."""

from __future__ import annotations

from typing import Any

import pytest
from flashc.runtime.mexc.account.knowledge import Knowledge
from flashc.runtime.mexc.account.reconcile import Reconciler, Report
from flashc.runtime.mexc.rest.errors import UnknownOutcome
from flashc.runtime.net.http import HttpAnswer, HttpRequest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.mexc_fakes import START_MS, answer, client, parameters, refusal, run
from support.private_world import roomy


def row(number: int, time_ms: int) -> dict[str, Any]:
    return {
        "symbol": "MXUSDT",
        "id": f"t{number}",
        "orderId": "o1",
        "price": "2.5",
        "qty": "1",
        "time": time_ms,
        "isBuyer": True,
    }


ORDER = {
    "symbol": "MXUSDT", "orderId": "o1", "side": "BUY", "type": "LIMIT", "price": "2.5", "origQty": "1000", "status": "FILLED",
    "executedQty": "0", "cummulativeQuoteQty": "0", "time": START_MS, "updateTime": START_MS,
}  # fmt: skip


class Trades:
    """An exchange's list of fills, in pages."""

    def __init__(self, times: list[int], page: int, newest_first: bool) -> None:
        self.rows = [row(number, START_MS + at) for number, at in enumerate(times)]
        self.page, self.newest_first = page, newest_first

    def __call__(self, request: HttpRequest) -> HttpAnswer:
        asked = parameters(request)
        low, high = int(asked["startTime"]), int(asked["endTime"])
        found = sorted((one for one in self.rows if low <= one["time"] <= high), key=lambda one: one["time"])
        limit = min(int(asked["limit"]), self.page)
        return answer((found[::-1] if self.newest_first else found)[:limit])


def reconciled(trades: Any, **answers: Any) -> tuple[Knowledge, Report]:
    given: dict[str, Any] = {
        "GET_allOrders": answer([ORDER]),
        "GET_openOrders": answer([]),
        "GET_account": answer({"balances": []}),
    }
    rest, _, _ = client(GET_myTrades=trades, **{**given, **answers})
    rest.budget = roomy()
    knowledge = Knowledge()

    async def work() -> Report:
        await rest.sync_clock()
        return await Reconciler(rest, knowledge, ["MXUSDT"], START_MS).run()

    return knowledge, run(work())


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 4_000), min_size=0, max_size=700, unique=True), st.booleans())
def test_every_fill_is_read_whatever_the_order_of_a_page(times: list[int], newest_first: bool) -> None:
    knowledge, report = reconciled(Trades(times, 100, newest_first))
    assert len(knowledge.fills()) == len(times)
    assert report.incomplete == []
    assert sum(key.startswith("fill ") for key in report.news_ms) == len(times)


def test_a_millisecond_with_more_fills_than_a_page_is_read_with_a_larger_one() -> None:
    knowledge, report = reconciled(Trades([5] * 150 + [9], 1000, True))
    assert (len(knowledge.fills()), report.incomplete) == (151, [])


def test_fills_that_no_page_shows_are_named() -> None:
    knowledge, report = reconciled(Trades([5] * 150 + [9], 100, True))
    assert len(knowledge.fills()) >= 100
    assert report.incomplete[0].startswith("more rows than a page")


def test_an_order_that_is_open_as_far_as_we_know_and_is_not_listed_is_asked_for() -> None:
    live = {**ORDER, "status": "NEW"}
    knowledge, report = reconciled(
        Trades([], 100, True), GET_allOrders=answer([live]), GET_order=answer({**ORDER, "status": "CANCELED"})
    )
    assert knowledge.orders()[0].status == "CANCELED"
    assert report.asked == 1


def test_an_order_that_is_not_found_stays_as_it_was() -> None:
    live = {**ORDER, "status": "NEW"}
    knowledge, report = reconciled(Trades([], 100, True), GET_allOrders=answer([live]), GET_order=refusal(-2013))
    assert knowledge.orders()[0].status == "NEW"
    assert report.not_found == ["o1"]


def test_a_row_that_is_no_fact_is_counted_and_spoils_no_other() -> None:
    rows = [row(1, START_MS), {**row(2, START_MS), "qty": "0"}]
    knowledge, report = reconciled(answer(rows))
    assert len(knowledge.fills()) == 1
    assert (report.refused, knowledge.counters["refused:fill_of_nothing"]) == (1, 1)


def test_what_was_read_before_an_error_stays() -> None:
    with pytest.raises(UnknownOutcome):
        reconciled(answer({}, 500))


def test_passes_ask_for_the_exchanges_time_once_a_minute() -> None:
    empty = answer([])
    rest, transport, clock = client(
        GET_myTrades=empty, GET_allOrders=empty, GET_openOrders=empty, GET_account=answer({"balances": []})
    )

    async def work() -> None:
        reconciler = Reconciler(rest, Knowledge(), ["MXUSDT"], START_MS)
        for _ in range(5):
            await reconciler.run()
            clock.now_ns += 30_000_000_000

    run(work())
    assert transport.count("GET", "time") == 3
