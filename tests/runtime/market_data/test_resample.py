"""Bars of trades and longer bars: the same as a loop over the rows makes, and as a tape makes."""

from __future__ import annotations

import numpy as np
import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.bars import Bars, Dataset
from flashc.runtime.market_data.events import EventSet, Trades
from flashc.runtime.market_data.instruments import parse_instrument
from flashc.runtime.market_data.resample import resampled, without
from flashc.runtime.market_data.synth.book import BookParameters, generate_book
from flashc.runtime.market_data.tapes.build import StreamNeed, build_tape
from hypothesis import given, settings
from hypothesis import strategies as st

SECOND, MINUTE = 10**9, 60 * 10**9
START = 1_704_067_200 * SECOND


def trades_of(rows: list[tuple[int, int]]) -> EventSet:
    """Trades at (second, price), in the order of receiving; odd ones have no venue time."""
    times = START + np.array([second for second, _ in rows], np.int64) * SECOND
    odd = np.arange(len(rows)) % 2 == 1
    prices = np.array([price for _, price in rows], np.float64)
    signs, ids = np.ones(len(rows), np.int8), np.zeros(len(rows), np.int64)
    trades = Trades(times, np.where(odd, 0, times), signs, prices, prices / 4, ids)
    instrument = parse_instrument("BTC/USDC")
    assert instrument is not None
    return EventSet("t", instrument, "test", None, trades)


def slowly(data: EventSet, period_ns: int, covered: list[tuple[int, int]]) -> list[tuple[float, ...]]:
    """The obvious loop: (ts, open, high, low, close, volume, notional, n) of bars that one stretch covers."""
    assert data.trades is not None
    held: dict[int, list[tuple[float, float]]] = {}
    for receive, price, qty in zip(data.trades.receive, data.trades.price, data.trades.qty, strict=True):
        held.setdefault(int(receive) // period_ns * period_ns, []).append((float(price), float(qty)))
    return [
        (ts, own[0][0], max(own)[0], min(own)[0], own[-1][0], sum(q for _, q in own), sum(p * q for p, q in own), len(own))
        for ts, own in sorted(held.items())
        if any(start <= ts and ts + period_ns <= stop for start, stop in covered)
    ]  # fmt: skip


def rows_of(data: Dataset) -> list[tuple[float, ...]]:
    return [tuple(row) for row in zip(*(column.tolist() for column in data.bars.columns().values()), strict=True)]


@pytest.fixture(scope="module")
def make_bars():
    def make(minutes: list[int]) -> Dataset:
        k = np.asarray(minutes, np.int64)
        close, opens = 100.0 + (k * 7919 % 101) / 100.0, 100.0 + (k * 104729 % 97) / 100.0
        high, low = np.round(np.maximum(opens, close) + 0.05, 2), np.round(np.minimum(opens, close) - 0.03, 2)
        bars = Bars(START + k * MINUTE, opens, high, low, close, (k * 31 % 11) / 1000.0, None, k % 5)
        instrument = parse_instrument("BTC/USDC")
        assert instrument is not None
        return Dataset("short", instrument, "test", MINUTE, bars)

    return make


@given(
    seconds=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 9)), min_size=1, max_size=40),
    holes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 50)), max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_bars_of_trades_are_those_of_a_loop(seconds: list[tuple[int, int]], holes: list[tuple[int, int]]) -> None:
    data = trades_of(sorted(seconds, key=lambda row: row[0]))
    covered = [(START + 7 * SECOND, START + 390 * SECOND)]
    cuts = [(START + at * SECOND, START + (at + length) * SECOND) for at, length in holes]
    wanted = slowly(data, MINUTE, without(covered, cuts))
    if wanted:
        assert rows_of(resampled(data, MINUTE, "b", covered, cuts)) == wanted
    else:
        with pytest.raises(RuntimeFault, match="FC1012"):
            resampled(data, MINUTE, "b", covered, cuts)


def test_without_word_of_what_is_covered_only_bars_between_rows_are_made() -> None:
    found = resampled(trades_of([(30, 1), (60, 2), (119, 3), (120, 4), (200, 5)]), MINUTE, "b")
    assert rows_of(found) == [
        (START + MINUTE, 2.0, 3.0, 2.0, 3.0, 1.25, 3.25, 2),
        (START + 2 * MINUTE, 4.0, 4.0, 4.0, 4.0, 1.0, 4.0, 1),
    ]
    assert [(rule.name, rule.count) for rule in found.rules] == [("partial_bar_dropped", 2)]


@given(minutes=st.sets(st.integers(3, 60), min_size=2, max_size=50))
@settings(max_examples=40, deadline=None)
def test_a_tape_of_longer_bars_is_that_of_the_shorter_ones(make_bars, minutes: set[int]) -> None:
    short = make_bars(sorted({0, *minutes, 61, 62, 63, 64}))
    long = resampled(short, 5 * MINUTE, "long")
    need = [StreamNeed("bar", "BTC/USDC", 5 * MINUTE, 2, 6)]
    a, b = build_tape([short], need), build_tape([long], need)
    prices = slice(0, 6)  # traded values are rounded bar by bar
    assert (a.records[:, prices] == b.records[:, prices]).all()


def test_what_makes_no_bars_is_refused(make_bars) -> None:
    book = generate_book(BookParameters(duration_s=2), "l2")
    for data, period in (
        (EventSet("l2", book.instrument, "synth", book.book, None), MINUTE),
        (make_bars([0, 1]), MINUTE),
        (make_bars([0, 1]), 90 * SECOND),
        (make_bars([0, 1]), 30 * SECOND),
    ):
        with pytest.raises(RuntimeFault, match="FC1038"):
            resampled(data, period, "b")
    with pytest.raises(RuntimeFault, match="FC1012"):
        resampled(make_bars([0, 1]), 5 * MINUTE, "b")
