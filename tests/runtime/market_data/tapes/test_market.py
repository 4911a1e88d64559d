"""Tapes of books and trades: their promises, and a named rule for each kind of broken data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from flashc.cython_core import layout
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.events import EventSet
from flashc.runtime.market_data.synth.book import BookParameters, book_for_instrument, generate_book
from flashc.runtime.market_data.synth.defects import DEFECTS
from flashc.runtime.market_data.tapes.build import StreamNeed, Tape, build_tape
from flashc.runtime.market_data.verify.events import verify_events
from support.book_replay import check_promises, kind_of, stream_of

SECOND = 10**9
MINUTE = 60 * SECOND
BTC = BookParameters(duration_s=200, levels=12)
ETH = book_for_instrument(replace(BTC, instrument="ETH/USDC"))
BOOK = StreamNeed("book", "BTC/USDC", 0, 2, 6)
TRADE = StreamNeed("trade", "BTC/USDC", 0, 2, 6)
BAR = StreamNeed("bar", "BTC/USDC", MINUTE, 2, 6)
ETH_BOOK = StreamNeed("book", "ETH/USDC", 0, 2, 5)


@pytest.fixture(scope="module")
def btc() -> EventSet:
    return generate_book(BTC)


@pytest.fixture(scope="module")
def eth() -> EventSet:
    return generate_book(ETH)


def used(tape: Tape) -> dict[str, int]:
    return {rule.name: rule.count for rule in tape.rules}


def test_a_tape_keeps_its_promises(btc, eth):
    tape = build_tape([btc, eth], [BOOK, TRADE, BAR, ETH_BOOK])
    tops = check_promises(tape)
    assert len(tops[0]) == int(btc.book.ends.sum())
    kinds = [kind_of(row) for row in tape.records.tolist()]
    assert kinds.count(layout.KIND_BAR) == 3
    assert kinds.count(layout.KIND_TRADE) == tape.streams[1].n_records > 1000


@pytest.mark.parametrize("defect", DEFECTS)
def test_every_defect_has_its_rule_and_the_tape_keeps_its_promises(defect, btc):
    names = {"off_grid": "price_to_tick"}
    tape = build_tape([generate_book(replace(BTC, defects=(defect,)))], [BOOK, TRADE, BAR])
    clean = used(build_tape([btc], [BOOK, TRADE, BAR]))
    rule = names.get(defect, defect)
    assert used(tape).get(rule, 0) > clean.get(rule, 0)
    check_promises(tape)


@pytest.mark.parametrize("defect", DEFECTS)
def test_verify_names_what_a_tape_would_do(defect):
    data = generate_book(replace(BTC, defects=(defect,)))
    rule = {"off_grid": "price_to_tick"}.get(defect, defect)
    item = next(item for item in verify_events(data).items if item.check == rule)
    assert item.level == "note"
    assert item.count > 0


def test_all_defects_at_once():
    tape = build_tape([generate_book(replace(BTC, defects=tuple(DEFECTS)))], [BOOK, TRADE, BAR])
    check_promises(tape)
    assert {"crossed_book", "one_sided_book", "sequence_gap", "clock_offset"} <= set(used(tape))


def test_a_cut_begins_with_the_book_as_it_stood(btc):
    whole = build_tape([btc], [BOOK, TRADE])
    start = btc.from_ns + 100 * SECOND
    part = build_tape([btc], [BOOK, TRADE], start)
    before = [top for top in check_promises(whole)[0] if top[0] < start][-1]
    first = check_promises(part)[0][0]
    assert first[0] == start - 1  # before any timer of the start
    assert first[2:] == before[2:]
    assert check_promises(part)[0][1:] == [top for top in check_promises(whole)[0] if top[0] >= start]


def test_bars_close_as_the_language_says(btc):
    tape = build_tape([btc], [TRADE, BAR])
    rows = tape.records.tolist()
    for place, row in enumerate(rows):
        if kind_of(row) != layout.KIND_BAR:
            continue
        trades = [r for r in rows if kind_of(r) == layout.KIND_TRADE]
        end = (row[layout.TIME] // MINUTE) * MINUTE
        after = next(r for r in rows[place:] if kind_of(r) == layout.KIND_TRADE)
        assert row[layout.TIME] == min(after[layout.TIME], end + 250_000_000)
        inside = [r for r in trades if end - MINUTE <= r[layout.VENUE_TIME] < end]
        prices = [r[layout.PRICE] for r in inside]
        assert row[layout.OPEN] == prices[0]
        assert row[layout.CLOSE] == prices[-1]
        assert (row[layout.HIGH], row[layout.LOW]) == (max(prices), min(prices))
        assert row[layout.VOLUME] == sum(r[layout.QTY] for r in inside)
        assert row[layout.NOTIONAL] == sum(r[layout.QTY] * r[layout.PRICE] for r in inside)
        assert row[layout.HEAD] >> layout.COUNT_SHIFT == len(inside)


@pytest.mark.parametrize("lateness", [0, 10**6, 10 * SECOND])
def test_bars_wait_as_long_as_asked(btc, lateness):
    data = replace(btc, trades=replace(btc.trades, receive=btc.trades.receive + 20 * 10**6))  # all are 20 ms late
    rows = build_tape([data], [TRADE, BAR], lateness_ns=lateness).records.tolist()
    bars = [(place, row) for place, row in enumerate(rows) if kind_of(row) == layout.KIND_BAR]
    assert len(bars) == 2
    for place, row in bars:
        after = next(r for r in rows[place:] if kind_of(r) == layout.KIND_TRADE)
        assert row[layout.TIME] == min(after[layout.TIME], row[layout.TIME] // MINUTE * MINUTE + lateness)


def test_who_waits_longer_counts_fewer_late_trades(btc):
    rng = np.random.default_rng(5)
    receive = np.maximum.accumulate(btc.trades.receive + rng.integers(0, 400, len(btc.trades)) * 10**6)
    data = replace(btc, book=None, trades=replace(btc.trades, receive=receive, venue=receive - 200 * 10**6))
    late = [
        used(build_tape([data], [TRADE, BAR], lateness_ns=ms * 10**6)).get("late_trade", 0) for ms in (0, 100, 1_000)
    ]
    assert late[0] > late[1] >= late[2] == 0


def test_a_late_trade_goes_to_the_next_bar_and_is_counted(btc):
    trades = btc.trades
    late = int(np.searchsorted(trades.venue, (trades.venue[0] // MINUTE + 2) * MINUTE)) - 1
    receive = trades.receive.copy()
    receive[late:] = np.maximum(receive[late:], trades.venue[late] + SECOND)
    data = replace(btc, trades=replace(trades, receive=receive), book=None)
    tape = build_tape([data], [TRADE, BAR])
    assert used(tape)["late_trade"] > 0
    bars = [row for row in tape.records.tolist() if stream_of(row) == 1]
    total = sum(row[layout.VOLUME] for row in bars)
    begin = trades.venue[0] // MINUTE * MINUTE + MINUTE
    rows = [row for row in tape.records.tolist() if stream_of(row) == 0 and row[layout.VENUE_TIME] >= begin]
    assert total == sum(row[layout.QTY] for row in rows if row[layout.TIME] < bars[-1][layout.TIME])


def test_bar_data_seeds_the_bars_before_the_first_trade(btc, make_dataset):
    history = make_dataset(list(range(-30, 1)), "BTC/USDC")
    tape = build_tape([btc, history], [BOOK, BAR])
    bars = [row for row in tape.records.tolist() if kind_of(row) == layout.KIND_BAR]
    assert used(tape)["seed_bars"] == 30
    assert sum(row[layout.TIME] <= tape.from_ns for row in bars) == 30
    check_promises(tape)


def test_instruments_without_a_common_time_are_refused(btc):
    later = generate_book(replace(ETH, start_ns=BTC.start_ns + 3600 * SECOND))
    with pytest.raises(RuntimeFault) as caught:
        build_tape([btc, later], [BOOK, ETH_BOOK])
    assert caught.value.first.code == "FC1012"


def test_missing_streams_are_named_with_the_command_that_makes_them(btc, make_dataset):
    with pytest.raises(RuntimeFault) as caught:
        build_tape([make_dataset([0, 1, 2])], [BOOK, TRADE])
    assert caught.value.first.code == "FC1010"
    assert "synth --kind book" in caught.value.first.helps[0]
    assert "cannot be made from bars" in " ".join(caught.value.first.notes)
    with pytest.raises(RuntimeFault) as caught:
        build_tape([replace(btc, trades=None)], [BAR])
    assert "a book alone gives none" in " ".join(caught.value.first.notes)


@pytest.mark.parametrize("start", [None, BTC.start_ns + 60 * SECOND])
def test_every_book_is_there_before_any_timer(btc, eth, start):
    tape = build_tape([btc, eth], [BOOK, TRADE, ETH_BOOK], start)
    tops = check_promises(tape)
    first = [tops[0][0][0], tops[2][0][0]]
    assert first == [tape.from_ns - 1] * 2
    assert first[0] % 1_000_000 != 0
    assert int(tape.records[0, layout.TIME]) == first[0]
