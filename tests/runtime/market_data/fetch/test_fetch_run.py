"""A fetch from pages to the store: what is done is what is committed, however it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.events import EventSet
from flashc.runtime.market_data.fetch.jobs import SETTLE_NS, Job, default_name, period_of
from flashc.runtime.market_data.fetch.patience import FIRST_FAILURES, LONGEST_OBEYED_NS, MOST_FAILURES, Patience
from flashc.runtime.market_data.fetch.run import LATE_NS, Fetcher, Watch
from flashc.runtime.market_data.fetch.sink import StoreSink
from flashc.runtime.market_data.instruments import Instrument
from flashc.runtime.market_data.moments import NS_PER_DAY, NS_PER_SECOND, parse_moment
from flashc.runtime.market_data.store.places import table_at
from flashc.runtime.market_data.store.sets import append, load, read_record
from flashc.runtime.mexc.rest.errors import BadAnswer, Definitive, MexcError, NotSent, RateLimited, UnknownOutcome
from flashc.runtime.mexc.rest.results import Kline, PublicTrade
from support.mexc_history import PERIODS_MS, HistoryServer

BTC = Instrument("BTC", "USDC")
MINUTE = 60 * NS_PER_SECOND
MS = 1_000_000


def at(text: str) -> int:
    found = parse_moment(text)
    assert found is not None
    return found


NOW = at("2026-09-21T14:13:20")


class Killed(BaseException):
    """The process ends here and nothing more is done."""


class Turned:
    """A clock that sleeping turns."""

    def __init__(self) -> None:
        self.now = 0
        self.slept: list[int] = []

    def mono_ns(self) -> int:
        self.now += MS
        return self.now

    async def sleep(self, duration_ns: int) -> None:
        self.slept.append(duration_ns)
        self.now += duration_ns


class History:
    """The test server's answers without a socket. `before` may raise at the n-th request."""

    def __init__(self, server: HistoryServer, before: Callable[[int], None] = lambda n: None) -> None:
        self.server, self.before, self.asked = server, before, 0

    async def klines(
        self, symbol: str, interval: str, start_ms: int | None = None, end_ms: int | None = None, limit: int = 500
    ) -> Sequence[Kline]:
        self.asked += 1
        self.before(self.asked)
        query = {"interval": interval, "startTime": str(start_ms), "endTime": str(end_ms), "limit": str(limit)}
        return [Kline(*row) for row in self.server.klines(query)]

    async def agg_trades(
        self, symbol: str, start_ms: int | None = None, end_ms: int | None = None, limit: int = 1000
    ) -> Sequence[PublicTrade]:
        self.asked += 1
        self.before(self.asked)
        query = {"startTime": str(start_ms), "endTime": str(end_ms), "limit": str(limit)}
        return [PublicTrade(r["p"], r["q"], "0", r["T"], r["m"]) for r in self.server.agg_trades(query)]


def server(**settings: Any) -> HistoryServer:
    return HistoryServer(server_ms=NOW // MS, **settings)


def fetched(
    job: Job, history: History, root: Path, *, most_rows: int = 50_000, clock: Turned | None = None
) -> StoreSink:
    sink = StoreSink(job, root, 0, most_rows)
    fetcher = Fetcher(history, clock or Turned(), Patience(lambda: 0.5), "http://127.0.0.1", Watch())
    asyncio.run(fetcher.run(job, sink, NOW))
    return sink


BARS = Job("b", BTC, MINUTE, at("2026-09-18"), at("2026-09-19T12:00"))
TRADES = Job("t", BTC, 0, at("2026-09-20"), at("2026-09-21"))


@pytest.mark.parametrize(
    ("job", "settings", "most_rows"),
    [
        (BARS, {"missing": lambda ms: ms // 60_000 % 700 == 3}, 900),
        (TRADES, {"trades_of": lambda s: 1500 if s % 40_000 == 11 else int(s % 900 == 0)}, 700),
    ],
    ids=["bars", "trades"],
)
def test_killed_between_any_two_pages_and_run_again_the_content_is_the_same(
    job: Job, settings: dict[str, Any], most_rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = History(server(**settings))
    straight = fetched(job, whole, tmp_path / "straight")
    assert straight.record is not None
    commit = StoreSink.commit
    for n in sorted({1, 2, whole.asked // 2, whole.asked - 1, whole.asked}):
        root = tmp_path / str(n)

        def die(asked: int, at: int = n) -> None:
            if asked == at:
                monkeypatch.setattr(StoreSink, "commit", lambda self, now_ns: None)  # a dead process commits nothing
                raise Killed

        with pytest.raises(Killed):
            fetched(job, History(server(**settings), die), root, most_rows=most_rows)
        monkeypatch.setattr(StoreSink, "commit", commit)
        again = History(server(**settings))
        sink = fetched(job, again, root, most_rows=most_rows)
        assert sink.record is not None
        assert sink.record.content_hash == straight.record.content_hash
        assert sink.progress == straight.progress
        assert again.asked <= whole.asked


def test_what_is_done_is_not_asked_for_again(tmp_path: Path) -> None:
    fetched(BARS, History(server()), tmp_path)
    again = History(server())
    assert fetched(BARS, again, tmp_path).added_rows == 0
    assert again.asked == 0
    longer = Job("b", BTC, MINUTE, at("2026-09-17T20:00"), at("2026-09-19T14:00"))
    sink = fetched(longer, again, tmp_path)
    assert again.asked == 2
    assert sink.added_rows == 4 * 60 + 2 * 60
    data = load(table_at(tmp_path, "b"))
    assert not isinstance(data, EventSet) and len(data.bars) == 42 * 60


def test_trades_keep_their_order_equal_ones_and_full_seconds_are_named(tmp_path: Path) -> None:
    history = History(server(trades_of=lambda s: 1200 if s == at("2026-09-20T05:00:07") // NS_PER_SECOND else s % 2))
    sink = fetched(TRADES, history, tmp_path)
    data = load(table_at(tmp_path, "t"))
    assert isinstance(data, EventSet) and data.trades is not None
    assert len(data.trades) == sink.added_rows == 43_200 - 1 + 1000
    assert sink.progress.truncated == (at("2026-09-20T05:00:07"),)
    assert data.venue == "mexc.spot"


def test_a_bar_that_runs_is_never_stored_and_the_grid_is_kept() -> None:
    job = Job("b", BTC, MINUTE, at("2026-09-21T00:00:30"), NOW).on_grid(NOW)
    assert (job.from_ns, job.to_ns) == (at("2026-09-21T00:01"), at("2026-09-21T14:13"))
    just_over = Job("b", BTC, MINUTE, 0, NOW).on_grid(at("2026-09-21T14:13") + SETTLE_NS - 1)
    assert just_over.to_ns == at("2026-09-21T14:12")
    trades = Job("t", BTC, 0, at("2026-09-21T11:00"), NOW).on_grid(NOW)
    assert (trades.from_ns % NS_PER_DAY, trades.to_ns) == (0, NOW - SETTLE_NS)


def test_the_newest_bars_are_asked_for_again_while_they_may_only_be_late(tmp_path: Path) -> None:
    job = Job("b", BTC, MINUTE, at("2026-09-21T13:00"), NOW).on_grid(NOW)
    late = at("2026-09-21T14:11") // MS
    sink = fetched(job, History(server(missing=lambda ms: ms >= late)), tmp_path)
    assert sink.missing.parts == ((at("2026-09-21T14:11"), job.to_ns),)
    assert job.to_ns - LATE_NS < at("2026-09-21T14:11")
    assert fetched(job, History(server()), tmp_path).added_rows == 2


def test_years_before_the_first_bar_cost_a_few_requests(tmp_path: Path) -> None:
    first = at("2026-09-20") // MS
    history = History(server(first_ms=first))
    sink = fetched(Job("b", BTC, MINUTE, at("2020-01-01"), at("2026-09-21")), history, tmp_path)
    assert sink.added_rows == 24 * 60
    assert history.asked < 15
    assert sink.progress.missing_bars == (at("2026-09-20") - at("2020-01-01")) // MINUTE


def test_nothing_at_all_makes_no_data_set(tmp_path: Path) -> None:
    sink = fetched(BARS, History(server(first_ms=NOW // MS)), tmp_path)
    assert sink.record is None and not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("job", "message"),
    [(Job("b", Instrument("ETH", "USDC"), MINUTE, 0, 1), "BTCUSDC"), (Job("b", BTC, 5 * MINUTE, 0, 1), "1m")],
)
def test_a_data_set_of_something_else_is_left_alone(job: Job, message: str, tmp_path: Path) -> None:
    fetched(BARS, History(server()), tmp_path)
    with pytest.raises(RuntimeFault, match=f"FC1038: .*{message}"):
        StoreSink(job, tmp_path, 0)


def test_a_data_set_that_was_not_fetched_is_left_alone(tmp_path: Path) -> None:
    fetched(BARS, History(server()), tmp_path)
    data = load(table_at(tmp_path, "b"))
    append(type(data)("c", *[getattr(data, name) for name in data.__dataclass_fields__ if name != "name"]), tmp_path)
    with pytest.raises(RuntimeFault, match="FC1038"):
        StoreSink(Job("c", BTC, MINUTE, 0, 1), tmp_path, 0)
    assert read_record(table_at(tmp_path, "c")).version == 0


# ---- patience


def failing(*errors: Exception) -> Callable[[int], None]:
    waiting = list(errors)

    def before(n: int) -> None:
        if n > 1 and waiting:
            raise waiting.pop(0)

    return before


def test_waits_that_the_exchange_asks_for_are_obeyed_exactly(tmp_path: Path) -> None:
    clock = Turned()
    errors = failing(RateLimited(7 * NS_PER_SECOND), RateLimited(120 * NS_PER_SECOND, banned=True))
    sink = fetched(BARS, History(server(), errors), tmp_path, clock=clock)
    assert clock.slept == [7 * NS_PER_SECOND, 120 * NS_PER_SECOND]
    assert sink.added_rows == 36 * 60


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([RateLimited(LONGEST_OBEYED_NS + 1, banned=True)], "FC1033"),
        ([Definitive(10007, 400, "bad symbol")], "FC1033"),
        ([UnknownOutcome("no answer in time")] * MOST_FAILURES, "FC1030"),
        ([NotSent("no connection: refused")] * MOST_FAILURES, "FC1030"),
        ([NotSent("no connection: [SSL: CERTIFICATE_VERIFY_FAILED]")] * MOST_FAILURES, "FC1031"),
        ([BadAnswer("HTTP 403: it is no JSON", http=403)] * MOST_FAILURES, "FC1032"),
    ],
)
def test_patience_has_bounds_and_what_came_before_is_stored(errors: list[Exception], code: str, tmp_path: Path) -> None:
    clock = Turned()
    with pytest.raises(RuntimeFault, match=code):
        fetched(BARS, History(server(), failing(*errors)), tmp_path, clock=clock)
    assert read_record(table_at(tmp_path, "b")).total_rows == 499
    assert sum(clock.slept) < 200 * NS_PER_SECOND


def test_failures_that_pass_are_waited_for_longer_and_longer(tmp_path: Path) -> None:
    clock = Turned()
    sink = fetched(BARS, History(server(), failing(*[UnknownOutcome("gone")] * 4)), tmp_path, clock=clock)
    assert clock.slept == sorted(clock.slept) and len(set(clock.slept)) == 4
    assert sink.added_rows == 36 * 60


def test_before_the_first_answer_patience_is_short() -> None:
    patience = Patience(lambda: 0.0)
    waits = [patience.wait_ns(NotSent("nobody there")) for _ in range(FIRST_FAILURES)]
    assert waits[-1] is None and None not in waits[:-1]
    assert Patience(lambda: 0.0).wait_ns(BadAnswer("HTTP 200: it is no JSON")) is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RateLimited(10**9), "the exchange had too many requests"),
        (RateLimited(10**9, banned=True), "the exchange has banned this address"),
        (BadAnswer("HTTP 403: damaged", http=403), "the exchange or a firewall refuses this address (HTTP 403)"),
        (BadAnswer("HTTP 502: damaged", http=502), "the exchange has a fault of its own (HTTP 502)"),
        (BadAnswer("the candles is no list"), "an answer that cannot be read (the candles is no list)"),
        (NotSent("the budget of requests is spent"), "the budget of requests is spent"),
        (UnknownOutcome("no answer in time"), "no answer in time"),
    ],
)
def test_who_waits_is_told_why_in_plain_words(error: MexcError, words: str, tmp_path: Path) -> None:
    told: list[str] = []

    def once(n: int) -> None:
        if n == 2:
            raise error

    sink = StoreSink(BARS, tmp_path, 0)
    watch = Watch(lambda why, wait_ns: told.append(why))
    fetcher = Fetcher(History(server(), once), Turned(), Patience(lambda: 0.5), "http://127.0.0.1", watch)
    asyncio.run(fetcher.run(BARS, sink, NOW))
    assert told == [words]


def test_an_answer_that_contradicts_itself_is_asked_for_again_and_then_refused(tmp_path: Path) -> None:
    class Muddled(History):
        wrong = 2

        async def klines(self, *args: Any, **named: Any) -> Sequence[Kline]:
            rows = list(await super().klines(*args, **named))
            if self.asked > 1 and self.wrong:
                self.wrong -= 1
                rows.reverse()
            return rows

    assert fetched(BARS, Muddled(server()), tmp_path / "twice").added_rows == 36 * 60
    stubborn = Muddled(server())
    stubborn.wrong = 3
    with pytest.raises(RuntimeFault, match="FC1035: bars are not in the order"):
        fetched(BARS, stubborn, tmp_path / "thrice")
    assert read_record(table_at(tmp_path / "thrice", "b")).total_rows == 499


def test_a_hole_is_believed_when_two_answers_have_it(tmp_path: Path) -> None:
    class Forgetful(History):
        """Every fifth answer lacks a bar, every seventh is empty."""

        async def klines(self, *args: Any, **named: Any) -> Sequence[Kline]:
            rows = list(await super().klines(*args, **named))
            return [] if self.asked % 7 == 0 else rows[:-300] + rows[-299:] if self.asked % 5 == 0 else rows

    whole = fetched(BARS, History(server()), tmp_path / "whole")
    doubted = fetched(BARS, Forgetful(server()), tmp_path / "doubted")
    assert doubted.progress.missing_bars == 0
    assert read_record(table_at(tmp_path / "whole", "b")).content_hash == doubted.record.content_hash
    assert doubted.added_rows == whole.added_rows
    real = History(server(missing=lambda ms: ms // 60_000 % 700 == 3))
    assert fetched(BARS, real, tmp_path / "real").progress.missing_bars == 3
    assert real.asked == 5 + 3, "each page with a hole once more"


def test_kinds_and_names() -> None:
    assert [period_of(kind) for kind in ("1m", "60m", "1h", "1d", "trades")] == [
        MINUTE, 60 * MINUTE, 60 * MINUTE, NS_PER_DAY, 0
    ]  # fmt: skip
    assert [period_of(kind) for kind in ("1M", "1W", "2m", "x", "")] == [None] * 5
    assert default_name(BTC, "1m") == "btc-usdc_mexc_1m"
    assert set(PERIODS_MS.values()) == {period // MS for kind in PERIODS_MS if (period := period_of(kind))}
