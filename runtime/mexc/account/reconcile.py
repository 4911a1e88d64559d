"""Read what the account is and has done, and join it to what is known. Facts only: no fill is ever made up.

Run it when the private stream is up and subscribed, never before: what happens during the reads then comes as pushes.
Fills and orders are read page by page over time, with overlap, because nobody knows how many rows a page may have.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ..rest.client import MexcRest
from ..rest.errors import AuthFault, Definitive
from ..rest.results import OrderRow, TradeRow
from .facts import (
    Evidence,
    Fact,
    FactFault,
    FillFact,
    OrderFact,
    RequestFact,
    fact_of_account,
    fact_of_order,
    fact_of_trade,
)
from .knowledge import Knowledge, Question, Request

HOUR_MS = 3_600_000
WEEK_MS = 7 * 24 * HOUR_MS
#: The last month is all that the exchange keeps; an hour less, so that no clock makes it too long.
MONTH_MS = (30 * 24 - 1) * HOUR_MS
#: Rows of a page of fills: what every edition of the documents allows. Orders: the same, by all editions 1000.
TRADES_PAGE, ORDERS_PAGE = 100, 1000
#: Sizes that a full page may have. A page of exactly that many rows may hide others.
FULL_PAGES = frozenset({100, 500, 1000})
#: Answers that say that an order cannot be found. They prove nothing.
NOT_FOUND = frozenset({-2013, -2011, 22222})
_NS_PER_MS = 1_000_000

Row = TypeVar("Row", OrderRow, TradeRow)
Page = Callable[[int, int, int], Awaitable[tuple[Row, ...]]]


@dataclass(slots=True)
class Report:
    """What a pass did. `incomplete` names ranges that could not be read whole; then nothing may be taken as proven."""

    started_ms: int
    facts: int = 0
    refused: int = 0
    asked: int = 0
    not_found: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    #: What the reads told first (`news_key`), and when it happened: a stream that was up then should have told it.
    news_ms: dict[str, int] = field(default_factory=dict)


class Reconciler:
    """Passes over the account and `symbols`. `overlap_ms`: how far a pass reads back before the last one began."""

    def __init__(
        self, rest: MexcRest, knowledge: Knowledge, symbols: Sequence[str], since_ms: int, overlap_ms: int = 120_000
    ) -> None:
        self._rest = rest
        self._knowledge = knowledge
        self._symbols = tuple(symbols)
        self._since_ms = since_ms
        self._overlap_ms = overlap_ms

    async def run(self) -> Report:
        """One pass. A `MexcError` ends it; what was read until then stays joined, and the next pass reads all again."""
        if self._rest.server_clock.due(self._rest.clock.mono_ns()):
            await self._rest.sync_clock()
        report = Report(self._now_ms())
        await self._account(report)
        for symbol in self._symbols:
            await self._unless_refused(self._symbol(symbol, report), symbol, report)
        for question in self._knowledge.questions():
            await self._unless_refused(self._ask(question, report), question.symbol, report)
        for request in self._knowledge.doubts():
            await self._unless_refused(self._look_up(request, report), request.symbol, report)
        self._since_ms = max(self._since_ms, report.started_ms - self._overlap_ms)
        return report

    async def _unless_refused(self, work: Awaitable[None], symbol: str, report: Report) -> None:
        """What the exchange refuses to tell of one symbol is named, and the rest of the pass goes on."""
        try:
            await work
        except AuthFault:
            raise
        except Definitive as error:
            report.incomplete.append(f"{symbol}: {error}")

    async def _account(self, report: Report) -> None:
        read_ms = self._now_ms()
        account = await self._rest.account()
        self._take(report, fact_of_account, account, read_ms)

    async def _symbol(self, symbol: str, report: Report) -> None:
        read_ms = self._now_ms()
        opened = await self._rest.open_orders(symbol)
        for row in opened:
            self._take(report, fact_of_order, row, read_ms)
        end_ms = read_ms + 1
        start_ms = self._since_ms
        if end_ms - start_ms > MONTH_MS:
            report.incomplete.append(f"{symbol}: before the last month")
            start_ms = end_ms - MONTH_MS
        await self._orders(symbol, start_ms, end_ms, read_ms, report)
        await self._trades(symbol, start_ms, end_ms, report)
        await self._gone(symbol, {row.order_id for row in opened}, report)

    async def _orders(self, symbol: str, start_ms: int, end_ms: int, read_ms: int, report: Report) -> None:
        async def page(low: int, high: int, limit: int) -> tuple[OrderRow, ...]:
            return await self._rest.all_orders(symbol, low, high, limit)

        for low in range(start_ms, end_ms, WEEK_MS):
            for row in await self._paged(page, low, min(low + WEEK_MS, end_ms), ORDERS_PAGE, report):
                self._take(report, fact_of_order, row, read_ms)

    async def _trades(self, symbol: str, start_ms: int, end_ms: int, report: Report, order_id: str = "") -> None:
        async def page(low: int, high: int, limit: int) -> tuple[TradeRow, ...]:
            return await self._rest.my_trades(symbol, low, high, limit, order_id)

        for row in await self._paged(page, start_ms, end_ms, TRADES_PAGE, report):
            self._take(report, fact_of_trade, row)

    async def _gone(self, symbol: str, opened: set[str], report: Report) -> None:
        """Orders that are live as far as we know, and are not in the list of open ones: ask for each."""
        for view in self._knowledge.live():
            if view.symbol == symbol and view.order_id not in opened:
                await self._ask(Question("order", symbol, view.order_id), report)

    async def _ask(self, question: Question, report: Report) -> None:
        report.asked += 1
        if question.kind == "account":
            await self._account(report)
        elif question.kind == "fills":
            now_ms = self._now_ms()
            await self._trades(question.symbol, now_ms - MONTH_MS, now_ms + 1, report, question.order_id)
        else:
            read_ms = self._now_ms()
            try:
                row = await self._rest.order(question.symbol, order_id=question.order_id)
            except Definitive as error:
                if error.code not in NOT_FOUND:
                    raise
                report.not_found.append(question.order_id)
            else:
                self._take(report, fact_of_order, row, read_ms)

    async def _look_up(self, request: Request, report: Report) -> None:
        """An order of ours by its client id. That it is not found is evidence, never a proof."""
        read_ms = self._now_ms()
        try:
            row = await self._rest.order(request.symbol, client_id=request.client_id)
        except Definitive as error:
            if error.code not in NOT_FOUND:
                raise
            missing = RequestFact(request.symbol, request.client_id, Evidence.NOT_FOUND, read_ms, error.code)
            self._knowledge.apply(missing)
            report.not_found.append(request.client_id)
        else:
            self._take(report, fact_of_order, replace(row, client_id=request.client_id), read_ms)

    async def _paged(self, page: Page[Row], low: int, high: int, most: int, report: Report) -> list[Row]:
        """Every row between two times. A full page may hide others: older ones, newer ones, or both."""
        found: list[Row] = []
        ranges = [(low, high)]
        while ranges:
            start, end = ranges.pop()
            rows = await page(start, end, most)
            found += rows
            if len(rows) < most:
                continue
            times = [row.time_ms for row in rows]
            if min(times) == max(times):
                found += await self._crowded(page, times[0], report)
            ranges += _hidden(times, start, end)
        return found

    async def _crowded(self, page: Page[Row], at_ms: int, report: Report) -> tuple[Row, ...]:
        """A millisecond with more rows than a page: it cannot be split, so the largest page must do."""
        try:
            rows = await page(at_ms, at_ms + 1, max(FULL_PAGES))
        except Definitive:
            rows = ()
        if len(rows) in FULL_PAGES or not rows:
            report.incomplete.append(f"more rows than a page in the millisecond {at_ms}")
        return rows

    def _take(self, report: Report, read: Callable[..., Fact], *what: object) -> None:
        """Join a fact, and note whether it told of a fill or an order that nothing had told of."""
        try:
            fact = read(*what)
        except FactFault as error:
            report.refused += 1
            self._knowledge.refuse(error.reason)
            return
        report.facts += 1
        if is_news(self._knowledge, fact):
            # A read says when an order was made; the time of its fact is that of the read.
            at_ms = what[0].time_ms if isinstance(what[0], OrderRow | TradeRow) else 0
            report.news_ms[news_key(fact)] = at_ms
        self._knowledge.apply(fact)

    def _now_ms(self) -> int:
        return self._rest.server_clock.server_ms(self._rest.clock.mono_ns())


def _hidden(times: list[int], start: int, end: int) -> list[tuple[int, int]]:
    """Where rows may be that a full page left out: before the first time, or after the last, with overlap."""
    first, last = min(times), max(times)
    if first == last:
        return [part for part in ((start, first - 1), (last + 1, end)) if part[0] <= part[1]]
    if times == sorted(times, reverse=True):
        return [(start, first)]
    if times == sorted(times):
        return [(last, end)]
    return [(start, first), (last, end)]


def news_key(fact: Fact) -> str:
    """A name for the fill or the order that a fact is of, the same on the stream and in a read; "" for other facts."""
    if isinstance(fact, FillFact):
        return f"fill {fact.symbol} {fact.trade_id} {fact.side}"
    return f"order {fact.symbol} {fact.order_id}" if isinstance(fact, OrderFact) else ""


def is_news(knowledge: Knowledge, fact: Fact) -> bool:
    """Whether a fact is the first of its fill, or the first that says how its order stands."""
    if isinstance(fact, FillFact):
        return not knowledge.knows_fill(fact)
    if not isinstance(fact, OrderFact):
        return False
    view = knowledge.order(fact.symbol, fact.order_id)
    return view is None or not (view.status or view.unknown)
