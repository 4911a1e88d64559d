"""The same signals on the same bars give the same orders as vectorbt, wherever both mean the same.

`docs/peers.md` explains what is set to make them mean the same, and what cannot be.
"""

from __future__ import annotations

import warnings
from typing import Any

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
    run,
    ticks,
    trips,
)

pytest.importorskip("pandas")
vbt = required("vectorbt")

CASH, FEE = 10_000_000.0, 0.0005


def next_opens(frame: Any) -> Any:
    """The price at which an order decided at each close fills; nobody fills the last one."""
    return frame["Open"].shift(-1).fillna(frame["Close"].iloc[-1])


def peer_trips(frame: Any, entries: Any, exits: Any, lots: Any = 10**6, fee: float = 0.0) -> list[Trip]:
    """Its finished trades, at the next open. It names them by the bar of the decision: they fill one bar later."""
    size = 0.0 * frame["Close"] + lots / 10**6  # always a column: another kind of argument compiles its kernel anew
    portfolio = vbt.Portfolio.from_signals(
        frame["Close"], entries, exits, price=next_opens(frame), size=size, fees=fee, init_cash=CASH, freq="1min"
    )
    t = portfolio.trades.records
    t = t[t["status"] == 1]  # closed
    times = np.array([*ns(frame.index)[1:], ns(frame.index)[-1] + 60_000_000_000])
    rows = zip(
        times[t["entry_idx"]],
        ticks(t["entry_price"]),
        times[t["exit_idx"]],
        ticks(t["exit_price"]),
        t["pnl"],
        strict=True,
    )
    return [Trip(int(a), b, int(c), d, e) for a, b, c, d, e in rows]


def armed(signals: Any, first: int) -> Any:
    """Signals from the first decision on: the peer knows no warm-up."""
    signals = signals.copy()
    signals.iloc[:first] = False
    return signals


def finished(found: list[Trip], frame: Any) -> list[Trip]:
    """Without a trade that the peer fills at the last close, after which there is no bar."""
    end = ns(frame.index)[-1]
    return [trip for trip in found if trip.exit_time <= end]


def crossings(frame: Any, first: int) -> tuple[Any, Any]:
    close = frame["Close"]
    quick, calm = vbt.MA.run(close, 12, ewm=True), vbt.MA.run(close, 26, ewm=True)
    return armed(quick.ma_crossed_above(calm), first), armed(quick.ma_crossed_below(calm), first)


@pytest.mark.parametrize("fee", [0.0, FEE])
def test_ema_cross(fee: float) -> None:
    frame = random_bars(6000, 1)
    ours = run(EMA_CROSS, frame, fee)
    theirs = peer_trips(frame, *crossings(frame, first_decision(ours)), fee=fee)
    assert len(trips(ours)) > 80
    assert differing(trips(ours), finished(theirs, frame)) == ""


def test_sizes_in_money_are_lots_at_the_close_of_the_decision() -> None:
    frame = random_bars(6000, 2)
    ours = run(EMA_CROSS.replace("size: 1 BTC", "size: 100 USDC"), frame, FEE)
    lots = 100 * TICKS * 10**6 // np.rint(frame["Close"] * TICKS).astype(np.int64)
    theirs = peer_trips(frame, *crossings(frame, first_decision(ours)), lots=lots, fee=FEE)
    assert differing(trips(ours), finished(theirs, frame), 1e-6) == ""


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
  fell: close < 0.999 * sma(close, 20)
  mean: strength > 55
size: 1 BTC
"""


def test_rsi_reversion() -> None:
    """Wilder's average of 14 weighs a new value 1/14, as an exponential one of 27 does: 2/(27 + 1)."""
    frame = random_bars(6000, 3)
    ours = run(REVERSION, frame, FEE)
    close, first = frame["Close"], first_decision(ours)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        strength = vbt.RSI.run(close, 27, ewm=True).rsi
    entries = (strength.shift(1) <= 35) & (strength > 35)
    exits = (close < 0.999 * close.rolling(20).mean()) | (strength > 55)
    theirs = peer_trips(frame, armed(entries, first), armed(exits & ~entries, first), fee=FEE)
    assert set(ours.trades["exit_rule"]) == {"exits.fell", "exits.mean"}
    assert differing(trips(ours), finished(theirs, frame)) == ""


def test_its_defaults_fill_at_the_close_of_the_signal_and_stops_inside_the_bar() -> None:
    """Here the earliest fill is the next open, and a stop is a rule at closes that sells at the open after it."""
    frame = random_bars(2000, 5)
    entries = frame["Close"] < 0
    entries.iloc[100] = True
    portfolio = vbt.Portfolio.from_signals(
        frame["Close"], entries, ~entries & False, open=frame["Open"], high=frame["High"], low=frame["Low"],
        size=1.0, sl_stop=0.001, init_cash=CASH, freq="1min",
    )  # fmt: skip
    entry, leave = portfolio.orders.records["price"].tolist()
    assert entry == frame["Close"].iloc[100]
    stop = entry * 0.999
    fallen = int((frame["Low"].iloc[101:] <= stop).to_numpy().argmax()) + 101
    assert leave == pytest.approx(min(stop, frame["Open"].iloc[fallen]))
