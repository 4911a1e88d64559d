"""Frames to rows that are written: joined, told once, and what is counted."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from flashc.cython_core.layout import HEAD, KIND_RESET, KIND_TRADE, UPDATE_ID
from flashc.cython_core.wire.rows import PushRows
from flashc.runtime.market_data.bars import Ints
from flashc.runtime.market_data.instruments import Instrument
from flashc.runtime.market_data.record.frames import FrameRows, scales
from flashc.runtime.market_data.record.join import KIND_MARK, marked
from flashc.runtime.market_data.record.recorder import FIRST_PAUSE_NS, LAST_PAUSE_NS, QUIET_NS, Recorder, WholeBook
from flashc.runtime.market_data.record.streams import Recorded, event_set
from flashc.simulator.stream.encode import aggre_depth, deal, deals, frame

BTC = Recorded("b", Instrument("BTC", "USDC"), 2, 6)
ETH = Recorded("e", Instrument("ETH", "USDC"), 2, 6)
S, T0 = 10**9, 1_790_000_000 * 10**9
BOOK = WholeBook(100, np.array([[1, 5_000_000, 999_00], [-1, 4_000_000, 1001_00]], np.int64), T0)


def depth(
    first: int,
    last: int,
    bids: Iterable[tuple[str, str]] = (),
    asks: Iterable[tuple[str, str]] = (),
    symbol: str = "BTCUSDC",
) -> bytes:
    name = "spot@public.aggre.depth.v3.api.pb@10ms"
    body = aggre_depth(list(asks), list(bids), name, (first, last), 0)
    return frame(f"{name}@{symbol}", symbol, 313, body, T0 // 10**6)


def trades(*ids: str, symbol: str = "BTCUSDC") -> bytes:
    name = "spot@public.aggre.deals.v3.api.pb@10ms"
    rows = [deal("1000.00", "0.5", 1, T0 // 10**6, trade_id) for trade_id in ids]
    return frame(f"{name}@{symbol}", symbol, 314, deals(rows, name), T0 // 10**6)


def recorder(*recorded: Recorded) -> Recorder:
    held = recorded or (BTC,)
    return Recorder(held, FrameRows(held, PushRows(scales(held))), T0)


def given(made: Recorder, *frames: bytes, at_ns: int = T0) -> list[list[Ints]]:
    for payload in frames:
        made.frame(payload, at_ns)
    return made.drain()


def versions(parts: list[Ints]) -> list[int]:
    return [int(row[UPDATE_ID]) for part in parts for row in part]


def test_rows_of_several_instruments_go_to_their_own() -> None:
    made = recorder(BTC, ETH)
    made.snapshot(0, BOOK, T0)
    made.snapshot(1, BOOK, T0)
    btc, eth = given(
        made,
        depth(101, 101, [("999.50", "1")]),
        depth(101, 102, [("998.00", "1")], symbol="ETHUSDC"),
        trades("7X0_7X1"),
    )
    assert [int(row[HEAD]) & 0xFF for part in btc for row in part] == [KIND_TRADE, 2]
    assert versions(eth) == [102]
    assert made.counters["trades"] == 1 and made.counters["frames"] == 3


def test_a_trade_that_comes_twice_is_written_once_and_those_without_an_id_always() -> None:
    made = recorder()
    given(made, trades("1X0_1X1", "1X5_1X6", "2X0_2X1"))
    [parts] = given(made, trades("1X5_1X6", "2X0_2X1", "3X0_3X1"), trades("", ""))
    assert sum(len(part) for part in parts) == 3
    assert made.counters["repeated_trades"] == 2


def test_an_update_without_levels_is_no_hole_and_leaves_no_row_in_the_data_set() -> None:
    made = recorder()
    rows = made.snapshot(0, BOOK, T0)
    [parts] = given(made, depth(101, 103), depth(104, 104), depth(105, 106, [("999.10", "1"), ("999.20", "2")]))
    assert made.counters["gaps"] == 0
    data, _ = event_set(BTC, np.concatenate([*rows, *parts]), "here")
    assert data is not None and data.book is not None
    assert data.book.first_id.tolist() == [0, 0, 101, 101] and data.book.last_id.tolist()[-1] == 106
    assert data.book.qty.tolist() == [5.0, 4.0, 1.0, 2.0]


def test_frames_that_nobody_can_read_are_counted_and_the_version_shows_the_hole() -> None:
    made = recorder()
    made.snapshot(0, BOOK, T0)
    [parts] = given(made, depth(101, 101, [("1e3", "1")]), depth(102, 102, [("999.00", "2")]))
    assert made.counters["refused"] == 1 and parts == []
    assert made.joins[0].needs_snapshot


def test_snapshots_are_asked_for_once_after_the_first_update_and_then_with_growing_pauses() -> None:
    made = recorder()
    assert made.wanted(T0) == []
    given(made, depth(90, 95, [("999.00", "1")]))
    assert made.wanted(T0) == [0]
    assert made.wanted(T0) == []
    pauses, now = [], T0
    for _ in range(9):
        made.no_snapshot(0, now)
        asked = next(now + k * 10**8 for k in range(200) if made.wanted(now + k * 10**8))
        pauses.append(asked - now)
        now = asked
    assert pauses == sorted(pauses) and pauses[0] >= FIRST_PAUSE_NS and pauses[-1] == LAST_PAUSE_NS


def test_a_quiet_book_asks_for_its_snapshot_too() -> None:
    made = recorder()
    assert made.wanted(T0 + QUIET_NS) == [0]


@pytest.mark.parametrize(
    "levels", [[], [[1, 5, 99]], [[1, 5, 101], [-1, 5, 100]], [[1, 5, 100], [-1, 5, 100]], [[1, 0, 99], [-1, 5, 100]]]
)
def test_a_snapshot_that_is_no_accepted_book_is_not_used(levels: list[list[int]]) -> None:
    made = recorder()
    found = WholeBook(100, np.array(levels, np.int64).reshape(-1, 3), 0)
    assert made.snapshot(0, found, T0) == []
    assert made.counters["refused_snapshots"] == 1 and made.joins[0].needs_snapshot


def test_a_link_that_went_down_marks_trades_and_a_book_only_if_versions_are_missing() -> None:
    made = recorder()
    made.snapshot(0, BOOK, T0)
    given(made, depth(101, 101, [("999.00", "1")]), trades("1X0_"), at_ns=T0 + S)
    made.hole("link", T0 + 2 * S)
    [mark] = made.healed(0, T0 + 5 * S)
    gap = marked(mark[0])
    assert (gap.kind, gap.why, gap.from_ns, gap.to_ns) == ("trades", "link", T0 + S, T0 + 5 * S)
    assert made.healed(0, T0 + 6 * S) == []
    [parts] = given(made, depth(102, 102, [("999.00", "2")]), at_ns=T0 + 5 * S)
    assert versions(parts) == [102] and made.counters["gaps"] == 1
    made.hole("link", T0 + 6 * S)
    given(made, depth(105, 105, [("999.00", "2")]), at_ns=T0 + 7 * S)
    rows = made.snapshot(0, WholeBook(105, BOOK.levels, 0), T0 + 8 * S)
    assert int(rows[0][0, HEAD]) & 0xFF == KIND_MARK and marked(rows[0][0]).why == "link"
    assert int(rows[1][0, HEAD]) & 0xFF == KIND_RESET


def test_a_link_that_is_replaced_for_silence_marks_trades_too_if_versions_are_missing() -> None:
    made = recorder()
    made.snapshot(0, BOOK, T0)
    given(made, depth(101, 101, [("999.00", "1")]), trades("1X0_"), at_ns=T0 + S)
    made.silent(T0 + 11 * S)
    given(made, depth(102, 102, [("999.00", "2")]), at_ns=T0 + 12 * S)
    given(made, depth(104, 104, [("999.00", "2")]), at_ns=T0 + 13 * S)
    assert [marked(part[0]).kind for part in made.snapshot(0, WholeBook(104, BOOK.levels, 0), T0 + 14 * S)[:1]] == [
        "book"
    ]
    given(made, trades("2X0_"), at_ns=T0 + 15 * S)
    made.silent(T0 + 25 * S)
    given(made, depth(110, 110, [("999.00", "2")]), at_ns=T0 + 46 * S)
    rows = made.snapshot(0, WholeBook(110, BOOK.levels, 0), T0 + 47 * S)
    found = [marked(part[0]) for part in rows[:2]]
    assert [(gap.kind, gap.why, gap.from_ns, gap.to_ns) for gap in found] == [
        ("trades", "link", T0 + 15 * S, T0 + 47 * S), ("book", "link", T0 + 14 * S, T0 + 47 * S)
    ]  # fmt: skip
    assert made.counters["gaps"] == 3 and int(rows[2][0, HEAD]) & 0xFF == KIND_RESET


def test_what_is_recorded_is_the_book_that_the_exchange_had() -> None:
    """A random book, recorded through gaps and late snapshots, equals the truth wherever it is not said to be missing."""
    chance = np.random.default_rng(11)
    truth: dict[tuple[int, int], int] = {(1, 900_00): 1, (-1, 1100_00): 1}
    made, written, version = recorder(), list[Ints](), 100
    books: dict[int, dict[tuple[int, int], int]] = {}
    pending: tuple[int, dict[tuple[int, int], int]] | None = None
    for step in range(600):
        now = T0 + step * 10**7
        side = int(chance.choice((1, -1)))
        ticks, lots = 1000_00 - side * int(chance.integers(1, 60)), int(chance.choice((0, 5_000_000, 1_000_000)))
        version += 1
        truth[side, ticks] = lots
        truth = {place: qty for place, qty in truth.items() if qty}
        books[version] = dict(truth)
        text = (f"{ticks / 100:.2f}", f"{lots / 10**6:.6f}")
        if chance.random() > 0.03:
            payload = depth(version, version, [text] if side > 0 else [], [text] if side < 0 else [])
            written += given(made, payload, at_ns=now)[0]
        if pending is not None and chance.random() < 0.3:
            levels = np.array([[s, q, t] for (s, t), q in pending[1].items()], np.int64)
            written += made.snapshot(0, WholeBook(pending[0], levels, now), now)
            pending = None
        if made.wanted(now):
            pending = (version, dict(truth))
    data, gaps = event_set(BTC, np.concatenate(written), "here")
    assert data is not None and data.book is not None and len(gaps) == made.counters["gaps"] > 3
    replayed: dict[tuple[int, int], int] = {}
    checked = 0
    book = data.book
    for k in range(len(book)):
        if book.snapshot[k] and (k == 0 or book.ends[k - 1]):
            replayed = {}
        place = (int(book.side[k]), round(float(book.price[k]) * 100))
        replayed[place] = round(float(book.qty[k]) * 10**6)
        replayed = {place: qty for place, qty in replayed.items() if qty}
        if book.ends[k]:
            assert replayed == books[int(book.last_id[k])]
            checked += 1
    assert checked > 300
    assert (np.diff(book.receive) >= 0).all() and int(book.receive[0]) >= T0
