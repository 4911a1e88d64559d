"""Candles, days and lists of trades: the columns against a plain reading of the trades."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.bars import Bars, Dataset
from flashc.runtime.market_data.events import EventSet, Trades
from flashc.runtime.market_data.instruments import Instrument
from flashc.simulator.exchange.config import SymbolSpec
from flashc.simulator.rest.history import seed_bars, seed_trades
from flashc.simulator.rest.intervals import DAY_MS, INTERVALS, MINUTE_MS, Interval
from flashc.simulator.rest.statistics import Candle, SymbolStatistics, Table
from hypothesis import given
from hypothesis import strategies as st

SPEC = SymbolSpec("BTCUSDC", "BTC", "USDC", 2, 6)
START = 1_790_000_040_000  # a minute

Trade = tuple[int, int, int, int]


def opens_plainly(interval: Interval, time_ms: int) -> int:
    """When the candle begins that holds a time, by the calendar."""
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if interval.name == "1M":
        return int(day.replace(day=1).timestamp()) * 1000
    if interval.name == "1W":
        return int((day - timedelta(days=moment.weekday())).timestamp()) * 1000
    return time_ms - time_ms % interval.step_ms


def candles_plainly(trades: list[Trade], interval: Interval, now_ms: int) -> list[Candle]:
    """All candles up to now, by looking at every minute and every trade."""
    found: dict[int, list[int]] = {}
    last = trades[0][1]
    for minute in range(trades[0][0] // MINUTE_MS * MINUTE_MS, now_ms + 1, MINUTE_MS):
        inside = [trade for trade in trades if minute <= trade[0] < minute + MINUTE_MS]
        prices = [trade[1] for trade in inside] or [last]
        last = prices[-1]
        row = found.setdefault(opens_plainly(interval, minute), [prices[0], prices[0], prices[0], 0, 0, 0])
        row[1], row[2], row[3] = max(row[1], *prices), min(row[2], *prices), last
        row[4] += sum(trade[2] for trade in inside)
        row[5] += sum(trade[1] * trade[2] for trade in inside)
    return [Candle(opened, *row) for opened, row in found.items()]


TRADES = st.lists(
    st.tuples(st.integers(0, 40 * MINUTE_MS), st.integers(1, 10**7), st.integers(1, 2**62), st.sampled_from([1, -1])),
    min_size=1,
    max_size=20,
).map(lambda rows: [(START + time, *rest) for time, *rest in sorted(rows)])


def counted(trades: list[Trade]) -> SymbolStatistics:
    found = SymbolStatistics()
    for trade in trades:
        found.trade(*trade)
    return found


def all_candles(statistics: SymbolStatistics, interval: Interval, now_ms: int) -> list[Candle]:
    return statistics.candles(interval, 0, interval.number(now_ms) + 5, now_ms)


@given(TRADES, st.sampled_from(sorted(INTERVALS)), st.integers(0, 3 * 3_600_000))
def test_candles_are_those_of_a_plain_reading(trades: list[Trade], name: str, later: int) -> None:
    interval, now_ms = INTERVALS[name], trades[-1][0] + later
    assert all_candles(counted(trades), interval, now_ms) == candles_plainly(trades, interval, now_ms)


@given(TRADES, st.data())
def test_a_window_of_candles_is_a_part_of_all(trades: list[Trade], data: st.DataObject) -> None:
    interval, now_ms = INTERVALS["5m"], trades[-1][0]
    statistics = counted(trades)
    first, stop = (interval.number(START) + data.draw(st.integers(-3, 12)) for _ in range(2))
    wanted = [row for row in all_candles(statistics, interval, now_ms) if first <= interval.number(row.open_ms) < stop]
    assert statistics.candles(interval, first, stop, now_ms) == wanted


@given(TRADES)
def test_a_day_is_the_sum_of_its_minutes(trades: list[Trade]) -> None:
    day = counted(trades).day(trades[-1][0])
    assert day is not None
    assert (day.lots, day.value) == (sum(row[2] for row in trades), sum(row[1] * row[2] for row in trades))
    assert (day.high, day.low, day.last) == (
        max(row[1] for row in trades),
        min(row[1] for row in trades),
        trades[-1][1],
    )


def test_a_day_forgets_what_is_older_and_knows_the_close_before() -> None:
    statistics = counted([(START, 100, 5, 1), (START + MINUTE_MS, 200, 7, 1)])
    day = statistics.day(START + DAY_MS)
    assert day is not None
    assert (day.open_ms, day.open, day.previous, day.high, day.lots) == (START + MINUTE_MS, 200, 100, 200, 7)
    day = statistics.day(START + 2 * DAY_MS)
    assert day is not None and (day.open, day.previous, day.lots) == (200, 200, 0)


@pytest.mark.parametrize("name", sorted(INTERVALS))
def test_an_interval_begins_where_the_one_before_ends(name: str) -> None:
    interval = INTERVALS[name]
    for time_ms in (0, START, 1_709_164_800_000, 1_735_689_599_999):
        number = interval.number(time_ms)
        assert interval.open_ms(number) == opens_plainly(interval, time_ms) <= time_ms < interval.open_ms(number + 1)
        assert interval.number(interval.open_ms(number + 1)) == number + 1
        assert interval.first_from(interval.open_ms(number)) == number
        assert interval.first_from(interval.open_ms(number) + 1) == number + 1


def test_trades_come_newest_first_within_bounds() -> None:
    statistics = counted([(START + n, n + 1, 1, 1) for n in range(10)])
    assert statistics.trades(None, None, 3)[1].tolist() == [10, 9, 8]
    assert statistics.trades(START + 2, START + 5, 100)[1].tolist() == [5, 4, 3]
    assert statistics.trades(START + 5, START + 2, 100)[1].tolist() == []


def dataset(opens: list[int], period_ns: int = MINUTE_MS * 10**6) -> Dataset:
    size = len(opens)
    price, volume = np.arange(1, size + 1) * 100.0, np.full(size, 0.5)
    bars = Bars(np.array(opens, np.int64) * 10**6, price, price + 1, price - 1, price + 0.5, volume, price * 0.5)
    return Dataset("past", Instrument("BTC", "USDC"), "mexc", period_ns, bars)


def test_bars_of_the_past_become_candles_and_gaps_flat_ones() -> None:
    statistics = SymbolStatistics()
    opens = [START, START + MINUTE_MS, START + 4 * MINUTE_MS, START + 5 * MINUTE_MS]
    assert seed_bars(statistics, SPEC, dataset(opens), (START + 5 * MINUTE_MS) * 10**6 + 1) == 3
    found = all_candles(statistics, INTERVALS["1m"], START + 4 * MINUTE_MS + 1)
    assert found[0] == Candle(START, 10_000, 10_100, 9_900, 10_050, 500_000, 10_000 * 500_000)
    assert [row.close for row in found] == [10_050, 20_050, 20_050, 20_050, 30_050]
    assert [row.lots for row in found] == [500_000, 500_000, 0, 0, 500_000]
    statistics.trade(START + 7 * MINUTE_MS, 5, 1, -1)
    assert [row.close for row in all_candles(statistics, INTERVALS["1m"], START + 8 * MINUTE_MS)[-4:]] == [
        30_050,
        30_050,
        5,
        5,
    ]


def test_bars_of_an_hour_are_right_by_the_hour() -> None:
    statistics, hour = SymbolStatistics(), 60 * MINUTE_MS
    first = START // hour * hour
    assert (
        seed_bars(
            statistics,
            SPEC,
            dataset([first, first + hour], hour * 10**6),
            2 * START * 10**6,
            shift_ns=MINUTE_MS * 60 * 10**6,
        )
        == 2
    )
    found = statistics.candles(INTERVALS["60m"], 0, 10**9, first + 2 * hour + 30 * MINUTE_MS)
    assert [(row.open_ms, row.open, row.close) for row in found] == [
        (first + hour, 10_000, 10_050),
        (first + 2 * hour, 20_000, 20_050),
    ]


def test_bars_below_a_minute_are_refused() -> None:
    with pytest.raises(RuntimeFault, match="FC1008"):
        seed_bars(SymbolStatistics(), SPEC, dataset([START], 10**9), START * 10**6)


def test_trades_of_the_past_are_listed() -> None:
    times = (START + np.arange(5)) * 10**6
    trades = Trades(
        times, times, np.array([1, -1, 1, -1, 1], np.int8), np.full(5, 2.5), np.full(5, 0.25), np.zeros(5, np.int64)
    )
    data = EventSet("past", Instrument("BTC", "USDC"), "mexc", None, trades)
    statistics = SymbolStatistics()
    assert seed_trades(statistics, SPEC, data, int(times[4])) == 4
    assert statistics.trades(None, None, 10).tolist() == [
        [START + 3, START + 2, START + 1, START],
        [250] * 4,
        [250_000] * 4,
        [-1, 1, -1, 1],
    ]


def test_seeding_candle_by_candle_is_the_same() -> None:
    opens = [START, START + 3 * MINUTE_MS]
    whole, single = SymbolStatistics(), SymbolStatistics()
    seed_bars(whole, SPEC, dataset(opens), 2 * START * 10**6)
    single.seed_candles(
        [
            Candle(START, 10_000, 10_100, 9_900, 10_050, 500_000, 5 * 10**9),
            Candle(opens[1], 20_000, 20_100, 19_900, 20_050, 500_000, 10**10),
        ]
    )
    for name in INTERVALS:
        assert all_candles(whole, INTERVALS[name], START + DAY_MS) == all_candles(
            single, INTERVALS[name], START + DAY_MS
        )


@given(st.lists(st.integers(1, 40), max_size=30), st.integers(0, 20))
def test_a_table_keeps_the_newest_rows(sizes: list[int], keep: int) -> None:
    table, rows = Table(2, keep), []
    for number, size in enumerate(sizes):
        block = [(number, row) for row in range(size)]
        rows += block
        if number % 2:
            table.extend(np.array(block, np.int64).T)
        else:
            for row in block:
                table.append(row)
    found = [tuple(row) for row in table.view().T.tolist()]
    assert found == rows[len(rows) - len(found) :]
    assert len(found) == len(table) >= min(len(rows), keep or len(rows))
    assert not keep or len(found) <= max(2 * keep, max(sizes, default=0))


def test_rows_do_not_wait_as_objects_for_ever() -> None:
    table = Table(1)
    for number in range(10_000):
        table.append((number,))
    assert len(table._pending) < 4096
    assert table.view()[0].tolist() == list(range(10_000))
