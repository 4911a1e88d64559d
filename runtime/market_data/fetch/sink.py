"""Pages on their way to the store: gathered, and committed together with what is then done."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from ...errors import fault
from ..bars import Bars, Dataset, RuleUse
from ..events import AnySet, EventSet, Trades
from ..store.places import Root, table_at
from ..store.records import AnyRecord
from ..store.sets import append, read_record
from ..store.table_log import exists
from .bar_plan import BarPage
from .jobs import VENUE, Job
from .progress import FetchProgress
from .ranges import Ranges
from .trade_plan import TradePage

#: A commit is made after so many rows or so long, whichever comes first.
MOST_ROWS = 50_000
MOST_WAIT_NS = 10_000_000_000
KEY = "fetch"


class StoreSink:
    """Pages of one job. Nothing but the store remembers: what is done is what is committed there."""

    def __init__(self, job: Job, root: Root | None, now_ns: int, most_rows: int = MOST_ROWS) -> None:
        self.job = job
        self._most_rows = most_rows
        self.record: AnyRecord | None = None
        self.added_rows = 0
        self._root = root
        self._pages: list[BarPage | TradePage] = []
        self._rows = 0
        self._since_ns = now_ns
        self.progress = self._read()
        self._pending = self._fresh()

    def _fresh(self) -> FetchProgress:
        return FetchProgress(self.job.symbol, self.job.kind)

    def _read(self) -> FetchProgress:
        """What the store says is done. FC1038 if the data set was not fetched, or is of something else."""
        place = table_at(self._root, self.job.name)
        if not exists(place):
            return self._fresh()
        self.record = read_record(place)
        try:
            found = FetchProgress.read(self.record.progress.get(KEY, {}))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._unfit("its record of what was fetched is damaged") from error
        if found is None:
            raise self._unfit(f"`{self.job.name}` was not made by `data fetch`")
        if (found.symbol, found.kind) != (self.job.symbol, self.job.kind):
            raise self._unfit(f"`{self.job.name}` holds {found.kind} of {found.symbol}")
        return found

    def _unfit(self, message: str) -> Exception:
        helps = ("`--name` gives what is fetched a data set of its own",)
        return fault("FC1038", message, str(table_at(self._root, self.job.name)), helps=helps)

    @property
    def missing(self) -> Ranges:
        """What of the job is still to be asked for."""
        return self.progress.covered.missing(self.job.from_ns, self.job.to_ns)

    def add(self, page: BarPage | TradePage, stop_ns: int, now_ns: int) -> None:
        """Take a page, of which what lies before `stop_ns` is done. Commits when it is time to."""
        if isinstance(page, BarPage):
            self._pending = self._pending.with_bars(page, self.job.period_ns, stop_ns)
            self._rows += len(page.bars)
        else:
            self._pending = self._pending.with_trades(page)
            self._rows += len(page.trades)
        self._pages.append(page)
        if self._rows >= self._most_rows or now_ns - self._since_ns >= MOST_WAIT_NS:
            self.commit(now_ns)

    def commit(self, now_ns: int) -> None:
        """Make what was taken a version of the data set. Without a row so far there is nothing to make one of."""
        self._since_ns = now_ns
        if not self._pages or (self.record is None and not self._rows):
            return
        pending = self._pending

        def update(before: Mapping[str, Any]) -> Mapping[str, Any]:
            there = FetchProgress.read(before.get(KEY, {})) or self._fresh()
            return {**before, KEY: there.and_then(pending).json()}

        self.record = append(self._rows_as_set(), self._root, update=update)
        self.progress = FetchProgress.read(self.record.progress[KEY]) or self.progress
        self.added_rows += self._rows
        self._pages, self._rows, self._pending = [], 0, self._fresh()

    def _rows_as_set(self) -> AnySet:
        job, facts = self.job, MappingProxyType({"fetched": f"MEXC {'klines' if self.job.period_ns else 'aggTrades'}"})
        if job.period_ns:
            parts = [page.bars.columns() for page in self._pages if isinstance(page, BarPage)]
            bars = Bars(**_joined(parts))
            return Dataset(job.name, job.instrument, VENUE, job.period_ns, bars, facts=facts)
        trades = Trades(**_joined([page.trades.columns() for page in self._pages if isinstance(page, TradePage)]))
        rules = (RuleUse("no_receive_time", len(trades), _NO_RECEIVE),) if len(trades) else ()
        return EventSet(job.name, job.instrument, VENUE, None, trades, rules, facts=facts)


_NO_RECEIVE = "the exchange's history has no receive times: the venue's are taken, as if nothing took time to arrive"


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
