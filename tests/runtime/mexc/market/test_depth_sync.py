"""The synchroniser: every seam of the join, every kind of violation, and the law that a synchronised book is true."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from flashc.cython_core.wire import depth_codes as codes
from flashc.runtime.market_data.synth.prng import Stream
from flashc.runtime.mexc.market.depth_sync import HELD, IDLE, JOINING, NEVER, SYNCED, WAITING, DepthSync, SyncLimits
from flashc.runtime.mexc.market.reference_book import ASK, BID, ReferenceBook
from flashc.runtime.mexc.stream import channels
from flashc.runtime.mexc.stream.counters import Counters
from hypothesis import given, settings
from hypothesis import strategies as st
from support.fake_streams import MS, SECOND, depth_frame, push

NAME = channels.depth("MXUSDT").name
BIDS, ASKS = [(100, 5), (99, 7)], [(101, 4), (102, 9)]


def change(
    first: int, last: int, bids: list[tuple[str, str]] | None = None, asks: list[tuple[str, str]] | None = None
) -> bytes:
    return depth_frame(NAME, first, last, bids or [], asks or [], symbol="MXUSDT")


@dataclass
class Bench:
    """A synchroniser and the time. The book has two decimals of price, none of quantity."""

    now_ns: int = 10 * SECOND
    counters: Counters = field(default_factory=Counters)

    def __post_init__(self) -> None:
        self.book = ReferenceBook("MXUSDT", 2, 0)
        self.sync = DepthSync(self.book, Stream(3, "sync"), self.counters)
        self.sync.begin(self.now_ns, "start")

    def frame(self, frame: bytes) -> int:
        return self.sync.frame(frame, self.now_ns)

    def ticket(self, within_ns: int = 61 * SECOND) -> int:
        """Let time pass until a snapshot is wanted."""
        end = self.now_ns + within_ns
        while (ticket := self.sync.wanted()) is None:
            due = self.sync.next_ns()
            assert due < end, f"no snapshot is wanted: {self.sync.state}"
            self.now_ns = max(due, self.now_ns)
            self.sync.timer(self.now_ns)
        return ticket

    def snapshot(self, version: int) -> None:
        self.sync.snapshot(self.ticket(), version, BIDS, ASKS, self.now_ns)


def synced(version: int = 10) -> Bench:
    bench = Bench()
    assert bench.frame(change(version + 1, version + 1)) == HELD
    bench.snapshot(version)
    assert bench.sync.synced
    return bench


@pytest.mark.parametrize(
    ("version", "state", "book"),
    [
        (7, WAITING, 7),  # one version is missing between snapshot and first change
        (8, SYNCED, 12),  # the first change follows directly
        (9, SYNCED, 12),  # the snapshot lies inside of the first change
        (10, SYNCED, 12),  # at the end of the first change: it is old, the second joins
        (11, SYNCED, 12),  # inside of the second change
        (12, JOINING, 12),  # everything that waits is old: the next change decides
        (13, JOINING, 13),
    ],
)
def test_the_join_at_every_seam(version: int, state: str, book: int) -> None:
    bench = Bench()
    bench.frame(change(9, 10))
    bench.frame(change(11, 12))
    bench.snapshot(version)
    assert (bench.sync.state, bench.book.version) == (state, book)


@pytest.mark.parametrize(
    ("first", "last", "outcome", "state"),
    [
        (12, 12, codes.OLD, JOINING),
        (12, 13, codes.OLD, JOINING),
        (13, 14, codes.APPLIED, SYNCED),
        (14, 14, codes.APPLIED, SYNCED),
        (14, 19, codes.APPLIED, SYNCED),
        (15, 15, codes.GAP, WAITING),
    ],
)
def test_a_snapshot_ahead_of_all_changes_waits_for_the_one_that_continues_it(
    first: int, last: int, outcome: int, state: str
) -> None:
    bench = Bench()
    bench.frame(change(9, 12))
    bench.snapshot(13)
    assert bench.frame(change(first, last)) == outcome
    assert bench.sync.state == state


@pytest.mark.parametrize(
    ("first", "last", "outcome", "version"),
    [
        (12, 12, codes.APPLIED, 12),
        (12, 15, codes.APPLIED, 15),
        (11, 11, codes.OLD, 11),
        (1, 11, codes.OLD, 11),
        (11, 12, codes.OVERLAP, 12),
        (13, 13, codes.GAP, 11),
        (13, 12, codes.BACKWARDS, 11),
        (2, 1, codes.BACKWARDS, 11),
    ],
)
def test_what_follows_a_synchronised_book(first: int, last: int, outcome: int, version: int) -> None:
    bench = synced(10)
    assert bench.frame(change(first, last)) == outcome
    assert bench.book.version == version
    assert bench.sync.synced == (outcome not in (codes.GAP, codes.BACKWARDS))


def test_a_zero_in_any_spelling_removes_a_level_and_an_unknown_level_may_go() -> None:
    bench = synced(10)
    bench.frame(change(12, 12, [("1.00", "0.00000000")], [("1.01", "0"), ("3.00", "0.0")]))
    assert (bench.book.levels(BID, 5), bench.book.levels(ASK, 5)) == ([(99, 7)], [(102, 9)])
    bench.frame(change(13, 13, [("1.0000", "6.00")]))
    assert bench.book.best_bid() == (100, 6)


@pytest.mark.parametrize(
    ("price", "quantity", "reason"),
    [
        ("0", "1", "zero_price"),
        ("0.000", "1", "zero_price"),
        ("-1", "1", "negative"),
        ("1.005", "1", "off_grid"),
        ("1e5", "1", "exponent"),
        ("", "1", "empty"),
        ("1", "", "empty"),
        ("1", "-0.1", "negative"),
        ("1", "0.5", "off_grid"),
        ("1" * 40, "1", "too_large"),
        ("1,5", "1", "not_a_number"),
        ("NaN", "1", "not_a_number"),
    ],
)
def test_a_change_with_a_bad_number_changes_nothing_and_ends_the_book(price: str, quantity: str, reason: str) -> None:
    bench = synced(10)
    before = (bench.book.levels(BID, 9), bench.book.levels(ASK, 9), bench.book.version)
    bench.frame(change(12, 12, [("0.98", "3")], [("1.05", "1"), (price, quantity)]))
    assert (bench.book.levels(BID, 9), bench.book.levels(ASK, 9), bench.book.version) == before
    assert (bench.sync.synced, bench.sync.cause) == (False, "refused")
    assert bench.counters[f"depth_refused.{reason}"] == 1


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"\xff", "truncated"),
        (depth_frame(NAME, 12, 12, symbol="BTCUSDT"), "unknown_symbol"),
        (depth_frame(NAME, 12, 12), "unknown_symbol"),
        (push(NAME, symbol="MXUSDT", publicAggreDepths={"toVersion": "12"}), "bad_version"),
        (push(NAME, symbol="MXUSDT", publicAggreDepths={"fromVersion": "12", "toVersion": "1.5"}), "bad_version"),
        (push(NAME, symbol="MXUSDT", publicAggreDepths={"fromVersion": "9" * 30, "toVersion": "12"}), "bad_version"),
    ],
)
def test_a_frame_that_cannot_be_read_ends_the_book(frame: bytes, reason: str) -> None:
    bench = synced(10)
    assert bench.frame(frame) < 0
    assert not bench.sync.synced
    assert bench.counters[f"depth_refused.{reason}"] == 1


def test_a_frame_without_a_depth_body_does_nothing() -> None:
    bench = synced(10)
    assert bench.frame(push(NAME, symbol="MXUSDT")) == codes.NOT_DEPTH
    assert bench.sync.synced


def test_after_a_gap_the_change_that_showed_it_waits_for_the_new_snapshot() -> None:
    bench = synced(10)
    bench.frame(change(14, 14, [("0.90", "1")]))
    bench.frame(change(15, 15, [("0.91", "1")]))
    bench.snapshot(13)
    assert bench.sync.synced
    assert bench.book.version == 15
    assert bench.book.levels(BID, 9) == [(100, 5), (99, 7), (91, 1), (90, 1)]


def test_a_crossed_book_is_known_and_built_anew_after_half_a_second() -> None:
    bench = synced(10)
    bench.frame(change(12, 12, [("1.01", "1")]))
    assert bench.sync.synced
    assert bench.sync.crossed, "a locked book counts as crossed"
    bench.now_ns += 400 * MS
    bench.frame(change(13, 13, [("1.01", "0")]))
    assert not bench.sync.crossed
    bench.frame(change(14, 14, [("1.05", "1")]))
    bench.sync.timer(bench.now_ns + 499 * MS)
    assert bench.sync.synced
    bench.sync.timer(bench.now_ns + 500 * MS)
    assert (bench.sync.synced, bench.sync.cause) == (False, "crossed")


def test_at_most_six_snapshots_a_minute_and_slower_after_each_failure() -> None:
    bench = Bench()
    bench.frame(change(1000, 1000))
    asked = []
    while bench.now_ns < 400 * SECOND:
        ticket = bench.ticket()
        asked.append(bench.now_ns)
        bench.sync.failed(ticket, "http", bench.now_ns)
    assert all(late - early >= 60 * SECOND for early, late in zip(asked, asked[6:], strict=False))
    assert len(asked) >= 24
    assert asked[1] - asked[0] < 500 * MS < asked[2] - asked[1] + 150 * MS


def test_a_snapshot_that_is_always_too_old_is_asked_for_within_the_bound() -> None:
    bench = Bench()
    bench.frame(change(1000, 1000))
    for version in range(1001, 1006):
        bench.snapshot(5)
        bench.frame(change(version, version))
        assert not bench.sync.synced
    bench.snapshot(1005)
    bench.frame(change(1006, 1006))
    assert bench.sync.synced
    assert bench.counters["snapshots_asked"] == 6


def test_a_late_answer_and_an_answer_to_an_old_ticket_are_not_used() -> None:
    bench = Bench()
    bench.frame(change(11, 11))
    first = bench.ticket()
    second = bench.ticket()
    bench.sync.snapshot(first, 10, BIDS, ASKS, bench.now_ns)
    assert not bench.sync.synced
    bench.sync.snapshot(second, 10, BIDS, ASKS, bench.now_ns)
    assert bench.sync.synced
    bench.sync.snapshot(second, 500, BIDS, ASKS, bench.now_ns)
    bench.sync.failed(second, "http", bench.now_ns)
    assert (bench.book.version, bench.counters["snapshots_late"]) == (11, 3)
    assert bench.counters["snapshots_failed.timeout"] == 1


@pytest.mark.parametrize("version", [5, 40_000])
def test_versions_that_begin_anew_bring_one_snapshot(version: int) -> None:
    bench = synced(1000)
    for number in range(version, version + 40):
        bench.frame(change(number, number))
        bench.now_ns += 50 * MS
    bench.snapshot(version + 20)
    assert bench.sync.synced
    for number in range(version + 40, version + 80):
        bench.frame(change(number, number))
    assert bench.sync.synced
    assert bench.counters["snapshots_asked"] == 2


def test_versions_that_begin_anew_while_a_snapshot_is_awaited_are_caught_up_with() -> None:
    bench = Bench()
    bench.frame(change(5000, 5000))
    version = 1
    for _ in range(8):
        ticket = bench.ticket()
        bench.frame(change(version, version))
        bench.sync.snapshot(ticket, version - 1, BIDS, ASKS, bench.now_ns)
        version += 1
        if bench.sync.synced:
            break
    assert bench.sync.synced


def test_a_snapshot_far_ahead_is_asked_for_again_when_old_changes_keep_coming() -> None:
    bench = Bench()
    bench.frame(change(10, 10))
    bench.snapshot(10_000)
    for number in range(11, 60):
        bench.frame(change(number, number))
    assert bench.sync.state == JOINING
    bench.snapshot(59)
    bench.frame(change(60, 60))
    assert bench.sync.synced


def test_a_quiet_symbol_is_not_asked_for_again() -> None:
    bench = Bench()
    bench.frame(change(10, 10))
    bench.snapshot(10)
    assert (bench.sync.state, bench.sync.next_ns()) == (JOINING, NEVER)


def test_too_many_waiting_changes_are_dropped() -> None:
    bench = Bench()
    bench.sync = DepthSync(bench.book, Stream(3, "sync"), bench.counters, SyncLimits(most_waiting=10))
    bench.sync.begin(bench.now_ns, "start")
    for number in range(1, 14):
        bench.frame(change(number, number))
    assert bench.counters["depth_overflow"] == 1
    bench.snapshot(3)
    assert not bench.sync.synced
    bench.snapshot(12)
    assert (bench.sync.synced, bench.book.version) == (True, 13)


def test_a_paused_book_wants_nothing_until_it_begins() -> None:
    bench = synced(10)
    bench.sync.pause("link")
    assert (bench.sync.state, bench.sync.synced, bench.sync.cause) == (IDLE, False, "link")
    assert bench.frame(change(12, 12)) == HELD
    assert bench.sync.next_ns() == NEVER
    bench.sync.begin(bench.now_ns, "link")
    bench.frame(change(20, 20))
    bench.snapshot(19)
    assert bench.sync.synced


# ---- the law


@dataclass(frozen=True)
class Market:
    """Changes one version each, and the true book after each version."""

    changes: list[tuple[int, int, int]]  # side, ticks, lots

    def book(self, version: int) -> dict[tuple[int, int], int]:
        found: dict[tuple[int, int], int] = {}
        for side, ticks, lots in self.changes[:version]:
            found[side, ticks] = lots
        return {key: lots for key, lots in found.items() if lots}

    def frame(self, first: int, last: int) -> bytes:
        """Versions `first` to `last` as one message: only the last quantity of each price."""
        rows: dict[tuple[int, int], int] = {}
        for side, ticks, lots in self.changes[first - 1 : last]:
            rows[side, ticks] = lots
        ladders = {
            side: [(f"{ticks // 100}.{ticks % 100:02}", str(lots)) for (of, ticks), lots in rows.items() if of == side]
            for side in (BID, ASK)
        }
        return change(first, last, ladders[BID], ladders[ASK])


MARKETS = st.lists(
    st.tuples(st.sampled_from([BID, ASK]), st.integers(90, 110), st.integers(0, 3)), min_size=20, max_size=60
).map(Market)


@settings(max_examples=80, deadline=None)
@given(market=MARKETS, data=st.data())
def test_whatever_is_lost_repeated_or_exchanged_a_synchronised_book_is_the_true_one(
    market: Market, data: st.DataObject
) -> None:
    last = len(market.changes)
    cuts = sorted(data.draw(st.sets(st.integers(1, last - 1), max_size=20)))
    ranges = [(first + 1, end) for first, end in zip([0, *cuts], [*cuts, last], strict=True)]
    sent: list[tuple[int, int]] = []
    for first, end in ranges:
        fate = data.draw(st.sampled_from(["as it is"] * 6 + ["lost", "twice", "wider", "late"]))
        if fate == "twice":
            sent += [(first, end)] * 2
        elif fate == "wider":
            sent.append((max(1, first - data.draw(st.integers(1, 4))), end))
        elif fate == "late" and sent:
            sent.insert(-1, (first, end))
        elif fate != "lost":
            sent.append((first, end))
    bench = Bench()
    for first, end in sent:
        bench.frame(market.frame(first, end))
        bench.now_ns += data.draw(st.sampled_from([0, 150 * MS, SECOND]))
        bench.sync.timer(bench.now_ns)
        if (ticket := bench.sync.wanted()) is not None:
            version = data.draw(st.integers(max(0, end - 3), min(last, end + 3)))
            truth = market.book(version)
            levels = {side: [(t, lots) for (of, t), lots in truth.items() if of == side] for side in (BID, ASK)}
            bench.sync.snapshot(ticket, version, levels[BID], levels[ASK], bench.now_ns)
        if bench.sync.synced:
            seen = {(side, t): lots for side in (BID, ASK) for t, lots in bench.book.levels(side, 99)}
            assert seen == market.book(bench.book.version)
