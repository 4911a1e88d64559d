"""The same strategy on the same bars gives the same round trips as backtesting.py, wherever both mean the same.

Where they do not (a touched limit, brackets inside the bar), a test shows the difference; `docs/peers.md` explains it.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import flashc
import numpy as np
import pytest
from support.peer_bars import (
    EMA_CROSS,
    TICKS,
    Trip,
    differing,
    first_decision,
    ns,
    random_bars,
    required,
    rsi,
    run,
    ticks,
    trips,
)

pytest.importorskip("pandas")
peer = required("backtesting")

CASH, FEE, LOT, MINUTE = 10_000_000, 0.0005, 1e-6, 60_000_000_000


def peer_trips(frame: Any, strategy: type, fee: float = 0.0, **options: Any) -> list[Trip]:
    """Its finished trades. One that is still open at the end is not among them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        t = peer.Backtest(frame, strategy, cash=CASH, commission=fee, **options).run()["_trades"]
    rows = zip(
        ns(t["EntryTime"]), ticks(t["EntryPrice"]), ns(t["ExitTime"]), ticks(t["ExitPrice"]), t["PnL"], strict=True
    )
    return [Trip(*row) for row in rows]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("fee", [0.0, FEE])
def test_ema_cross(seed: int, fee: float) -> None:
    frame = random_bars(4000, seed)
    ours = run(EMA_CROSS, frame, fee)
    first = first_decision(ours)

    class Cross(peer.Strategy):  # type: ignore[misc,name-defined]
        def init(self) -> None:
            close = self.data.Close.s
            self.quick = self.I(lambda: close.ewm(span=12, adjust=False).mean(), plot=False)
            self.calm = self.I(lambda: close.ewm(span=26, adjust=False).mean(), plot=False)

        def next(self) -> None:
            if len(self.data) <= first:
                return
            before, now = self.quick[-2] - self.calm[-2], self.quick[-1] - self.calm[-1]
            if not self.position and before <= 0 < now:
                self.buy(size=1)
            elif self.position and now < 0 <= before:
                self.position.close()

    assert len(trips(ours)) > 50
    assert differing(trips(ours), peer_trips(frame, Cross, fee)) == ""


REVERSION = """\
flash: 1
strategy: reversion
trade: BTC/USDC
decide: 1m
capital: {start: 10000000 USDC}
let:
  strength: rsi(close, 14)
entries:
  dip: cross_up(strength, 35)
exits:
  stop: close < pos.entry * 0.998
  mean: strength > 55
size: 1 BTC
"""


@pytest.mark.parametrize("seed", [3, 4])
def test_rsi_reversion_with_a_stop_at_the_close(seed: int) -> None:
    frame = random_bars(4000, seed)
    ours = run(REVERSION, frame, FEE)
    first = first_decision(ours)

    class Reversion(peer.Strategy):  # type: ignore[misc,name-defined]
        def init(self) -> None:
            self.strength = self.I(rsi, self.data.Close, 14, plot=False)

        def next(self) -> None:
            if len(self.data) <= first:
                return
            close, strength = self.data.Close[-1], self.strength[-1]
            if not self.position and self.strength[-2] <= 35 < strength:
                self.buy(size=1)
            elif self.position and (close < self.trades[-1].entry_price * 0.998 or strength > 55):
                self.position.close()

    assert set(ours.trades["exit_rule"]) == {"exits.stop", "exits.mean"}
    assert differing(trips(ours), peer_trips(frame, Reversion, FEE)) == ""


LIMIT = """\
flash: 1
strategy: patient
trade: BTC/USDC
decide: 1m
capital: {start: 10000000 USDC}
entries:
  dip:
    when: close < ema(close, 20)
    execute: rest
exits:
  out: close > ema(close, 20)
execution:
  rest: {style: limit, price: close - 300 ticks, ttl: 1m}
size: 1 BTC
"""


def patient(first: int) -> type:
    class Patient(peer.Strategy):  # type: ignore[misc,name-defined]
        def init(self) -> None:
            close = self.data.Close.s
            self.mean = self.I(lambda: close.ewm(span=20, adjust=False).mean(), plot=False)

        def next(self) -> None:
            if len(self.data) <= first:
                return
            if self.orders:
                for order in self.orders:
                    order.cancel()
                return  # here an order is on its way until its life has ended: that close decides nothing
            close, mean = self.data.Close[-1], self.mean[-1]
            if not self.position and close < mean:
                self.buy(size=1, limit=round(close - 3, 2))
            elif self.position and close > mean:
                self.position.close()

    found: type = Patient
    return found


def by_bar(result: flashc.Result) -> list[Trip]:
    """What rested and filled inside a bar is known at its close; the peer names the bar by its open."""
    rested = result.fills.filter(side="buy")["maker"].to_list()
    found = zip(trips(result), rested, strict=False)
    return [replace(trip, entry_time=trip.entry_time - MINUTE * inside) for trip, inside in found]


def test_limit_entries_that_live_for_one_bar() -> None:
    frame = random_bars(4000, 5)
    ours = run(LIMIT, frame)
    theirs = peer_trips(frame, patient(first_decision(ours)))
    assert set(ours.fills.filter(side="buy")["maker"]) == {True, False}  # some opened beyond the limit
    assert len(theirs) > 50
    assert differing(by_bar(ours), theirs) == ""


def flat_bars(count: int) -> Any:
    """Bars that do not move."""
    import pandas as pd

    index = pd.date_range("2024-01-01", periods=count, freq="1min")
    columns = dict.fromkeys(("Open", "High", "Low", "Close"), 60_000.0)
    return pd.DataFrame(columns, index=index).assign(Volume=10.0)


ONCE = """\
flash: 1
strategy: once
trade: BTC/USDC
decide: 1m
capital: {start: 10000000 USDC}
entries:
  dip:
    when: close > 59999 USDC/BTC
    execute: rest
exits:
  out: pos.age >= 10h
execution:
  rest: {style: limit, price: close - 1500 ticks, ttl: 1m}
size: 1 BTC
"""


@pytest.mark.parametrize(("low", "ours", "theirs"), [(59_985.0, 0, 1), (59_984.99, 1, 1)])
def test_a_limit_that_is_only_touched_fills_there_and_not_here(low: float, ours: int, theirs: int) -> None:
    frame = flat_bars(20)
    frame.iloc[11, frame.columns.get_loc("Low")] = low

    class Once(peer.Strategy):  # type: ignore[misc,name-defined]
        def init(self) -> None:
            pass

        def next(self) -> None:
            for order in self.orders:
                order.cancel()
            if not self.position:
                self.buy(size=1, limit=self.data.Close[-1] - 15)

    assert len(run(ONCE, frame).fills) == ours
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stats = peer.Backtest(frame, Once, cash=CASH, finalize_trades=True).run()
    assert len(stats["_trades"]) == theirs


def test_a_stop_inside_the_bar_fills_there_at_its_price_and_here_after_the_close() -> None:
    """A bar falls through the stop and comes back: their bracket sells at the stop, a rule at closes sees nothing."""
    frame = flat_bars(20)
    frame.iloc[10, frame.columns.get_loc("Low")] = 59_000.0

    class Bracket(peer.Strategy):  # type: ignore[misc,name-defined]
        def init(self) -> None:
            pass

        def next(self) -> None:
            if not self.position and not self.closed_trades:
                self.buy(size=1, sl=59_500)

    text = ONCE.replace("    execute: rest\n", "").replace("pos.age >= 10h", "close < 59500 USDC/BTC")
    text = text[: text.index("execution:")] + "size: 1 BTC\n"
    assert [t.exit for t in peer_trips(frame, Bracket)] == [59_500 * TICKS]
    assert trips(run(text, frame)) == []


def test_trade_on_close_is_the_price_that_flashc_never_gives() -> None:
    frame = random_bars(600, 6)

    class Once(peer.Strategy):  # type: ignore[misc,name-defined]
        def init(self) -> None:
            pass

        def next(self) -> None:
            if len(self.data) == 100:
                self.buy(size=1)
            if len(self.data) == 200:
                self.position.close()

    (at_open,), (at_close,) = peer_trips(frame, Once), peer_trips(frame, Once, trade_on_close=True)
    assert at_close.entry == ticks(frame["Close"])[99]
    assert at_open.entry == ticks(frame["Open"])[100]


def test_sizes_in_money_need_fractions_there() -> None:
    """100 USDC are so many lots of 1e-6 at the close of the decision, rounded down; the peer is told the lots."""
    frame = random_bars(4000, 7)
    ours = run(EMA_CROSS.replace("size: 1 BTC", "size: 100 USDC"), frame, FEE)
    first = first_decision(ours)
    from backtesting.lib import FractionalBacktest

    class Cross(peer.Strategy):  # type: ignore[misc,name-defined]
        def init(self) -> None:
            close = self.data.Close.s
            self.quick = self.I(lambda: close.ewm(span=12, adjust=False).mean(), plot=False)
            self.calm = self.I(lambda: close.ewm(span=26, adjust=False).mean(), plot=False)

        def next(self) -> None:
            if len(self.data) <= first:
                return
            before, now = self.quick[-2] - self.calm[-2], self.quick[-1] - self.calm[-1]
            if not self.position and before <= 0 < now:
                price = round(self.data.Close[-1] / LOT * TICKS)  # the peer scales prices to whole units of LOT
                self.buy(size=100 * TICKS * 10**6 // price)
            elif self.position and now < 0 <= before:
                self.position.close()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        t = FractionalBacktest(frame, Cross, cash=CASH, commission=FEE, fractional_unit=LOT).run()["_trades"]
    assert (t["Size"] * 10**6).round().astype(int).tolist() == (ours.trades["qty"] * 10**6).round().to_list()
    assert ticks(t["EntryPrice"]) == [trip.entry for trip in trips(ours)]
    assert np.allclose(t["PnL"], [trip.pnl for trip in trips(ours)], atol=1e-4)
