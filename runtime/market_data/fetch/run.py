"""From jobs to committed rows: asks the exchange page by page, waits as it must, and says how far it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar

from ...errors import fault
from ...mexc.rest.errors import MexcError
from ...mexc.rest.results import Kline, PublicTrade
from ..moments import NS_PER_DAY
from .bar_plan import BarPage, BarPlan, BarRow
from .failures import FETCHING, Words, failure, pause_text
from .jobs import INTERVALS, Job
from .pages import NS_PER_MS, AnswerFault, PageRequest
from .patience import Patience
from .sink import StoreSink
from .trade_plan import TradePage, TradePlan, TradeRow

T = TypeVar("T")
#: An answer that contradicts itself is asked for again, this often.
MOST_FAULTY = 3
#: A page of bars with holes is asked for until two answers have as many bars, this often.
MOST_DOUBTS = 4
#: Bars missing so shortly before the end of the range may only be late.
LATE_NS = 300_000_000_000
#: A range that begins with an empty page, and has so many pages more, is looked through by days first.
MANY_PAGES = 10
_DAY = "1d"


class History(Protocol):
    """What is needed of the exchange's client."""

    async def klines(
        self, symbol: str, interval: str, start_ms: int | None = None, end_ms: int | None = None, limit: int = 500
    ) -> Sequence[Kline]: ...

    async def agg_trades(
        self, symbol: str, start_ms: int | None = None, end_ms: int | None = None, limit: int = 1000
    ) -> Sequence[PublicTrade]: ...


class FetchClock(Protocol):
    """A clock that never jumps, and waiting."""

    def mono_ns(self) -> int: ...

    async def sleep(self, duration_ns: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Watch:
    """Whom the fetch tells why it waits, and how long (ns)."""

    waits: Callable[[str, int], None] = lambda why, wait_ns: None


Done: TypeAlias = Callable[[int], None]


def nothing(done_ns: int) -> None:
    """Tells nobody."""


class Fetcher:
    """Runs jobs one after the other. Faults end it; what was committed before stays."""

    def __init__(
        self, history: History, clock: FetchClock, patience: Patience, url: str, watch: Watch, words: Words = FETCHING
    ) -> None:
        self._history, self._clock, self._patience = history, clock, patience
        self._url, self._watch, self._words = url, watch, words

    def now_ns(self) -> int:
        """Of the clock that never jumps."""
        return self._clock.mono_ns()

    async def run(self, job: Job, sink: StoreSink, server_ns: int, done: Done = nothing) -> None:
        """Fetch what is missing of the job. However it ends, what was taken is committed first.

        `done` is told how many ns of the range each page has added.
        """
        try:
            for start, stop in sink.missing:
                if job.period_ns:
                    await self._bars(job, sink, start, stop, server_ns, done)
                else:
                    await self._trades(job, sink, start, stop, done)
        finally:
            sink.commit(self._clock.mono_ns())

    async def _bars(self, job: Job, sink: StoreSink, start: int, stop: int, server_ns: int, done: Done) -> None:
        plan = BarPlan(start, stop, job.period_ns)
        interval, seen = INTERVALS[job.period_ns], False
        while not plan.done:
            page = await self._whole(lambda: self._ask_bars(job.symbol, interval, plan.next()), plan)
            covered = settled(page, server_ns)
            sink.add(page, covered, self._clock.mono_ns())
            done(page.stop_ns - page.start_ns)
            if not seen and not len(page.bars) and stop - plan.at_ns > MANY_PAGES * (page.stop_ns - page.start_ns):
                skipped = plan.skip_to(await self._first_day(job.symbol, plan.at_ns, stop))
                sink.add(skipped, skipped.stop_ns, self._clock.mono_ns())
                done(skipped.stop_ns - skipped.start_ns)
            seen = True

    async def _whole(self, ask: Callable[[], Awaitable[Sequence[BarRow]]], plan: BarPlan) -> BarPage:
        """A page of bars. What is stored as missing is never asked for again, so one answer is no proof of a hole."""
        best = await self._page(ask, plan.read)
        for _ in range(MOST_DOUBTS - 1):
            if not best.missing:
                break
            other = await self._page(ask, plan.read)
            agreed = len(other.bars) == len(best.bars)
            best = max(best, other, key=lambda page: len(page.bars))
            if agreed:
                break
        return plan.taken(best)

    async def _trades(self, job: Job, sink: StoreSink, start: int, stop: int, done: Done) -> None:
        plan = TradePlan(start, stop)
        while not plan.done:
            page = await self._page(lambda: self._ask_trades(job.symbol, plan.next()), plan.take)
            if page is not None:
                sink.add(page, page.stop_ns, self._clock.mono_ns())
                done(page.stop_ns - page.start_ns)

    async def _first_day(self, symbol: str, start: int, stop: int) -> int:
        """The beginning of the first day with a bar, `stop` if there is none."""
        first = start // NS_PER_DAY * NS_PER_DAY
        plan = BarPlan(first, max(-(-stop // NS_PER_DAY) * NS_PER_DAY, first + NS_PER_DAY), NS_PER_DAY)
        while not plan.done:
            page = await self._page(lambda: self._ask_bars(symbol, _DAY, plan.next()), plan.take)
            if len(page.bars):
                return int(page.bars.ts[0])
        return stop

    async def _page(self, ask: Callable[[], Awaitable[Sequence[T]]], take: Callable[[Sequence[T]], Page]) -> Page:
        """The checked answer to a request, however many times it must be asked for within the bounds."""
        for attempt in range(1, MOST_FAULTY + 1):
            rows = await self.answer(ask)
            try:
                return take(rows)
            except AnswerFault as error:
                if attempt == MOST_FAULTY:
                    notes = (error.shown,) if error.shown else ()
                    raise fault("FC1035", error.reason, self._url, notes=notes) from error
        raise AssertionError("the loop returns or raises")

    async def answer(self, ask: Callable[[], Awaitable[T]]) -> T:
        """What the exchange answers; a read may be repeated. Faults FC1030 to FC1033 when patience ends."""
        while True:
            try:
                found = await ask()
            except MexcError as error:
                wait_ns = self._patience.wait_ns(error)
                if wait_ns is None:
                    raise failure(error, self._url, self._words) from error
                self._watch.waits(pause_text(error), wait_ns)
                await self._clock.sleep(wait_ns)
            else:
                self._patience.success()
                return found

    async def _ask_bars(self, symbol: str, interval: str, page: PageRequest) -> list[BarRow]:
        found = await self._history.klines(symbol, interval, page.start_ms, page.end_ms, page.limit)
        return [
            BarRow(r.open_ms, r.open, r.high, r.low, r.close, r.volume, r.close_ms, r.quote_volume) for r in found
        ]  # fmt: skip

    async def _ask_trades(self, symbol: str, page: PageRequest) -> list[TradeRow]:
        found = await self._history.agg_trades(symbol, page.start_ms, page.end_ms, page.limit)
        return [TradeRow(r.time_ms, r.price, r.qty, r.buyer_is_maker) for r in found]


Page = TypeVar("Page", BarPage, "TradePage | None")


def settled(page: BarPage, server_ns: int) -> int:
    """The end of what is done with a page: bars missing at the end of the newest one may still come."""
    if not page.missing or page.missing.parts[-1][1] != page.stop_ns or page.stop_ns <= server_ns - LATE_NS:
        return page.stop_ns
    return max(page.missing.parts[-1][0], page.start_ns)


__all__ = ["NS_PER_MS", "FetchClock", "Fetcher", "History", "Watch", "settled"]
