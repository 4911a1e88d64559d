"""Metrics against a slow twin that uses Python integers and fractions only."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from flashc.runtime.backtest import metrics as m
from flashc.runtime.backtest.trades import Fills, Trades, open_positions, round_trips
from hypothesis import given
from hypothesis import strategies as st

MINUTE = 60 * 10**9
DAY = m.NS_PER_DAY
NO_FILLS = Fills(*(np.empty(0, np.int64) for _ in range(8)))
NO_TRADES = Trades(*(np.empty(0, np.int64) for _ in range(12)))


def ints(values: list[int]) -> np.ndarray:
    return np.array(values, np.int64)


def fills(rows: list[tuple[int, int, int, int, int]]) -> Fills:
    """Rows of (time, side, qty, price, fee); one atom for a tick and a lot; the rule is the row's number."""
    time, side, qty, price, fee = (ints(list(column)) for column in zip(*rows, strict=True))
    return Fills(time, side, qty, price, qty * price, fee, np.arange(len(rows), dtype=np.int64), ints([0] * len(rows)))


def slow_drawdown(start: int, times: list[int], equity: list[int]) -> tuple[float, int]:
    peak, peak_time, deepest, longest = start, times[0] if times else 0, 0.0, 0
    for time, value in zip(times, equity, strict=True):
        if value >= peak:
            longest = max(longest, time - peak_time)
            peak, peak_time = value, time
        deepest = max(deepest, (peak - value) / peak)
    if times:
        longest = max(longest, times[-1] - peak_time)
    return deepest, longest if deepest > 0 else 0


def slow_daily(start: int, times: list[int], equity: list[int]) -> list[float]:
    last = {}
    for time, value in zip(times, equity, strict=True):
        last[-(-time // DAY)] = value
    levels = [start, *(last[day] for day in sorted(last))]
    return [(b - a) / a for a, b in pairwise(levels)]


def slow_trips(rows: list[tuple[int, int, int, int, int]]) -> list[tuple[int, int, int, int, int]]:
    """(entry time, exit time, quantity, fees, pnl) of each round trip, by FIFO pairing of single lots."""
    trips: list[tuple[int, int, int, int, int]] = []
    lots: list[int] = []
    begun = fees = pnl = entered = 0
    for time, side, qty, price, fee in rows:
        if not lots:
            begun, fees, pnl, entered, direction = time, 0, 0, 0, side
        fees += fee
        if side == direction:
            lots += [price] * qty
            entered += qty
        else:
            for _ in range(qty):
                pnl += direction * (price - lots.pop(0))
        if not lots:
            trips.append((begun, time, entered, fees, pnl - fees))
    return trips


@st.composite
def histories(draw: st.DrawFn) -> tuple[int, list[int], list[int]]:
    count = draw(st.integers(1, 60))
    step = draw(st.sampled_from([MINUTE, 7 * MINUTE, DAY // 3, DAY]))
    first = draw(st.integers(1, 3 * DAY))
    equity = draw(st.lists(st.integers(1, 10**13), min_size=count, max_size=count))
    return draw(st.integers(1, 10**13)), [first + k * step for k in range(count)], equity


@st.composite
def fill_rows(draw: st.DrawFn) -> list[tuple[int, int, int, int, int]]:
    held, rows = 0, []
    for k in range(draw(st.integers(1, 25))):
        choices = [+1] if held == 0 else [+1, -1]
        if held == 0:
            choices.append(-1)
        side = draw(st.sampled_from(choices))
        reduces = held * side < 0
        qty = draw(st.integers(1, abs(held) if reduces else 5))
        held += side * qty
        rows.append((k * MINUTE, side, qty, draw(st.integers(1, 1000)), draw(st.integers(-3, 9))))
    return rows


@given(histories())
def test_drawdown_equals_the_slow_twin(history: tuple[int, list[int], list[int]]) -> None:
    start, times, equity = history
    assert m.drawdown(start, ints(times), ints(equity)) == slow_drawdown(start, times, equity)


@given(histories())
def test_daily_returns_equal_the_slow_twin(history: tuple[int, list[int], list[int]]) -> None:
    start, times, equity = history
    assert m.daily_returns(start, ints(times), ints(equity)) == slow_daily(start, times, equity)


@given(fill_rows())
def test_round_trips_equal_pairing_single_lots(rows: list[tuple[int, int, int, int, int]]) -> None:
    trades = round_trips(fills(rows))
    found = zip(trades.entry_time, trades.exit_time, trades.qty, trades.fees, trades.pnl, strict=True)
    assert [tuple(map(int, row)) for row in found] == slow_trips(rows)


@given(fill_rows())
def test_average_prices_are_the_nearest_tick(rows: list[tuple[int, int, int, int, int]]) -> None:
    trades = round_trips(fills(rows))
    for k in range(len(trades)):
        begun, ended, side = trades.entry_time[k], trades.exit_time[k], trades.side[k]
        inside = [row for row in rows if begun <= row[0] <= ended and row[1] == side]
        mean = Fraction(sum(q * p for _, _, q, p, _ in inside), sum(q for _, _, q, _, _ in inside))
        assert abs(Fraction(int(trades.entry_price[k])) - mean) <= Fraction(1, 2)


@given(fill_rows())
def test_profit_of_trades_and_open_position_is_all_cash_that_moved(rows: list[tuple[int, int, int, int, int]]) -> None:
    history = fills(rows)
    cash = sum(-side * qty * price - fee for _, side, qty, price, fee in rows)
    still = open_positions(history)
    assert int(round_trips(history).pnl.sum()) - sum(p.cost + p.fees for p in still) == cash


def test_a_single_price_is_kept_exactly() -> None:
    trades = round_trips(fills([(0, 1, 3, 6_400_001, 0), (1, -1, 3, 6_400_003, 0)]))
    assert (trades.entry_price[0], trades.exit_price[0], trades.pnl[0]) == (6_400_001, 6_400_003, 6)


def test_two_instruments_do_not_mix() -> None:
    one = fills([(0, 1, 1, 10, 0), (1, 1, 2, 50, 0), (2, -1, 1, 11, 0), (3, -1, 2, 49, 0)])
    both = Fills(*one.columns()[:7], ints([0, 1, 0, 1]))
    trades = round_trips(both)
    assert trades.instrument.tolist() == [0, 1]
    assert trades.pnl.tolist() == [1, -2]


def test_a_fill_through_zero_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="through zero"):
        round_trips(fills([(0, 1, 1, 10, 0), (1, -1, 2, 10, 0)]))


def test_no_bars_and_no_trades_give_figures_without_values() -> None:
    empty = np.empty(0, np.int64)
    found = m.measure(10**12, empty, empty, NO_FILLS, NO_TRADES)
    assert (found.net_pnl, found.total_return, found.max_drawdown, found.trades, found.exposure) == (0, 0.0, 0.0, 0, 0)
    assert (found.sharpe, found.sortino, found.profit_factor, found.win_rate) == (None, None, None, None)


def test_one_bar_has_no_sharpe() -> None:
    found = m.measure(10**12, ints([MINUTE]), ints([10**12 + 5]), NO_FILLS, NO_TRADES)
    assert (found.net_pnl, found.sharpe, found.sortino, found.max_drawdown) == (5, None, None, 0.0)


def test_zero_variance_has_no_sharpe() -> None:
    times = ints([DAY, 2 * DAY, 3 * DAY])
    found = m.measure(1000, times, ints([1000, 1000, 1000]), NO_FILLS, NO_TRADES)
    assert (found.sharpe, found.sortino) == (None, None)


def test_sharpe_and_sortino_of_two_days_by_hand() -> None:
    returns = [0.10, -0.05]
    assert m.sharpe(returns) == pytest.approx(math.sqrt(365) * 0.025 / (0.15 / math.sqrt(2)), rel=1e-12)
    assert m.sortino(returns) == pytest.approx(math.sqrt(365) * 0.025 / (0.05 / math.sqrt(2)), rel=1e-12)


def test_a_close_at_midnight_belongs_to_the_day_that_ends() -> None:
    assert m.daily_returns(100, ints([DAY - 1, DAY, DAY + 1]), ints([90, 110, 121])) == [0.1, 0.1]


def test_returns_stop_when_all_money_is_gone() -> None:
    assert m.daily_returns(100, ints([DAY, 2 * DAY, 3 * DAY]), ints([0, 50, 60])) == [-1.0]


def test_profit_factor_and_win_rate_need_both_sides() -> None:
    assert m.profit_factor(ints([3, -2, 0])) == 1.5
    assert m.profit_factor(ints([3, 4])) is None
    assert m.profit_factor(ints([])) is None


def test_exposure_counts_bars_that_close_with_a_position() -> None:
    times = ints([1, 2, 3, 4])
    history = fills([(1, 1, 1, 10, 0), (3, -1, 1, 10, 0)])
    assert m.exposure(times, history) == 0.5


def test_sums_beyond_int64_stay_exact() -> None:
    from flashc.runtime.backtest.money import exact_sum

    assert exact_sum(ints([2**62, 2**62, 2**62, -7])) == 3 * 2**62 - 7
    assert exact_sum(ints([-(2**63), -(2**63)])) == -(2**64)


@pytest.mark.parametrize(("days", "known"), [(6, False), (7, True)])
def test_a_few_days_are_not_carried_to_a_year(days: int, known: bool) -> None:
    closes = ints([10_000 + (k * 37) % 101 for k in range(days)])
    found = m.measure(10_000, ints([(k + 1) * DAY for k in range(days)]), closes, NO_FILLS, NO_TRADES)
    yearly = (found.sharpe, found.sortino, found.daily.cagr, found.daily.volatility)
    assert all((value is not None) == known for value in yearly)
