"""EMA(12)/EMA(26) long-only, next open, on one-minute bars: flashc's engines, a C loop, vectorbt, backtesting.py.

    python benchmarks/bench_ema_cross.py [--bars 1000000] [--repeat 7] [--peers vectorbt,backtesting]

All contenders see the same bars in the same process. flashc and the C loop record every trade, the equity of every bar
and the clause record of every decision. Trades and final equity must be equal before a time is printed. Peers are
skipped when they are not installed (`pip install vectorbt backtesting`).
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from flashc.compiler.artifact import write_artifact
from flashc.compiler.backends.c.printer import print_strategy
from flashc.compiler.backends.c.toolchain import build, find_toolchain
from flashc.compiler.frontend.check import check
from flashc.compiler.ir.layout import state_words
from flashc.compiler.pipeline import Compiled, compile_checked
from flashc.cython_core.layout import FLAG_INSTANT_END, KIND_BAR, head
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from flashc.runtime.backtest import driver, kernel_loader, strategy_object
from flashc.runtime.backtest.kernel_loader import Kernel
from flashc.runtime.backtest.result import F_PRICE, F_QTY, F_SIDE, Account, Feed, KernelFacts, Terms
from numpy.typing import NDArray

HERE = Path(__file__).parent
STRATEGY = HERE.parent / "strategies" / "ema_cross.yaml"
MINUTE_NS = 60_000_000_000
WARM = 181  # closed bars before the first decision: one more than EMA(26) settles in, for the cross
LOT_DECIMALS = 6
TAKER_RATE = 50_000  # parts per 10**8: 0.05 %
PROFIT_TOLERANCE = 1e-3  # quote units: the peers add in doubles, with a billion of cash beside
CASH = 10**9  # quote units: enough for one coin at any price here

Words = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a contender did: signed prices of its fills in ticks, and the final result in quote units."""

    fills: Words
    profit: float


def make_bars(count: int, seed: int = 7) -> Words:
    """A random walk on the tick grid as tape records; every bar trades."""
    rng = np.random.default_rng(seed)
    close = 6_000_000 + np.cumsum(rng.integers(-400, 401, count))
    records = np.zeros((count, 8), dtype=np.int64)
    records[:, 0] = (np.arange(count) + 1) * MINUTE_NS
    records[:, 1] = head(KIND_BAR, FLAG_INSTANT_END)
    records[:, 2] = np.concatenate(([close[0]], close[:-1])) + rng.integers(-50, 51, count)
    records[:, 5] = close
    records[:, 3] = np.maximum(records[:, 2], close) + rng.integers(0, 200, count)
    records[:, 4] = np.minimum(records[:, 2], close) - rng.integers(0, 200, count)
    records[:, 6] = 10**7
    records[:, 7] = close * 10**7
    return records


def best_of(run: Callable[[], Any], repeat: int) -> tuple[float, float, Any]:
    """(least, median) seconds and the last result."""
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - start)
    return min(seconds), sorted(seconds)[len(seconds) // 2], result


def compiled_strategy() -> Compiled:
    text = STRATEGY.read_text(encoding="utf-8").replace("size: 100 USDC", "size: 1 BTC")
    document, found = read_document(Source(str(STRATEGY), text))
    found.raise_errors()
    assert document is not None
    checked, found = check(document)
    found.raise_errors()
    assert checked is not None
    return compile_checked(checked)


def numba_run(bars: Words, folder: Path) -> Callable[[], Outcome]:
    compiled = compiled_strategy()
    artifact = write_artifact(compiled, folder)
    return driven(compiled, bars, kernel_loader.load(next(artifact.glob("kernel_*.py"))))


def native_run(bars: Words, folder: Path) -> Callable[[], Outcome]:
    compiled = compiled_strategy()
    build(print_strategy(compiled.program), folder / "strategy.so", find_toolchain())
    return driven(compiled, bars, strategy_object.load(folder / "strategy.so"))


def driven(compiled: Compiled, bars: Words, kernel: Kernel) -> Callable[[], Outcome]:
    facts = KernelFacts(state_words(compiled.program), (Feed(0, MINUTE_NS),))
    account = Account(CASH * 10**8, (Terms(1, TAKER_RATE, 0, 10**8),))

    def run() -> Outcome:
        result = driver.run(kernel.addresses, facts, bars, [12, 26], account)
        fills = result.fills[:, F_SIDE] * result.fills[:, F_PRICE] * (result.fills[:, F_QTY] // 10**LOT_DECIMALS)
        return Outcome(fills, (int(result.equity[-1]) - CASH * 10**8) / 10**8)

    return run


def c_run(bars: Words, folder: Path) -> Callable[[], Outcome]:
    library = folder / "ema_cross.so"
    flags = ["-std=c11", "-O2", "-ffp-contract=off", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, str(HERE / "ema_cross.c"), "-o", str(library)], check=True)
    function = ctypes.CDLL(str(library)).ema_cross
    function.restype = ctypes.c_int64
    count = len(bars)

    def run() -> Outcome:
        equity, decisions = np.empty(count, np.int64), np.empty((count, 3), np.int64)
        fills = np.empty((count, 4), np.int64)
        numbers = (ctypes.c_int64(v) for v in (count, 12, 26, WARM, 10**LOT_DECIMALS, TAKER_RATE))
        pointers = (ctypes.c_void_p(a.ctypes.data) for a in (equity, decisions, fills))
        made = function(ctypes.c_void_p(bars.ctypes.data), *numbers, *pointers)
        return Outcome(fills[:made, 2] * (fills[:made, 1] // 10**LOT_DECIMALS), int(equity[-1]) / 10**8)

    return run


def frame(bars: Words) -> Any:
    import pandas as pd

    index = pd.to_datetime(bars[:, 0] - MINUTE_NS)
    columns = {"Open": bars[:, 2], "High": bars[:, 3], "Low": bars[:, 4], "Close": bars[:, 5]}
    return pd.DataFrame({name: values / 100.0 for name, values in columns.items()}, index=index).assign(Volume=10.0)


def ema(close: Any, span: int) -> Any:
    import pandas as pd

    return pd.Series(close).ewm(span=span, adjust=False).mean().to_numpy()


def vectorbt_run(bars: Words, folder: Path) -> Callable[[], Outcome]:
    import vectorbt as vbt

    data = frame(bars)
    opens, close = data["Open"], data["Close"]
    next_open = opens.shift(-1).fillna(close.iloc[-1])

    def run() -> Outcome:
        fast, slow = vbt.MA.run(close, 12, ewm=True), vbt.MA.run(close, 26, ewm=True)
        entries, exits = fast.ma_crossed_above(slow), fast.ma_crossed_below(slow)
        entries.iloc[: WARM - 1] = exits.iloc[: WARM - 1] = False
        portfolio = vbt.Portfolio.from_signals(
            close, entries, exits, price=next_open, size=1.0, fees=0.0005, init_cash=float(CASH), freq="1min"
        )
        records = portfolio.orders.records
        side = np.where(records["side"].to_numpy() == 0, 1, -1)
        fills = side * np.rint(records["price"].to_numpy() * 100).astype(np.int64)
        return Outcome(fills, float(portfolio.value().iloc[-1]) - CASH)

    return run


def backtesting_run(bars: Words, folder: Path) -> Callable[[], Outcome]:
    from backtesting import Backtest, Strategy

    data = frame(bars)

    class Cross(Strategy):  # type: ignore[misc]
        def init(self) -> None:
            self.quick = self.I(ema, self.data.Close, 12, plot=False)
            self.calm = self.I(ema, self.data.Close, 26, plot=False)

        def next(self) -> None:
            if len(self.data) < WARM:
                return
            before, now = self.quick[-2] - self.calm[-2], self.quick[-1] - self.calm[-1]
            if not self.position and before <= 0 < now:
                self.buy(size=1)
            elif self.position and now < 0 <= before:
                self.position.close()

    def run() -> Outcome:
        test = Backtest(data, Cross, cash=CASH, commission=0.0005)
        stats = test.run()
        trades = stats["_trades"]
        prices = np.empty(2 * len(trades), dtype=np.int64)
        prices[0::2] = np.rint(trades["EntryPrice"].to_numpy() * 100)
        prices[1::2] = -np.rint(trades["ExitPrice"].to_numpy() * 100)
        return Outcome(prices, float(stats["_equity_curve"]["Equity"].iloc[-1]) - CASH)

    return run


def compare(name: str, found: Outcome, truth: Outcome) -> None:
    """Stop where two contenders differ. A peer may leave a trade that is still open at the end out of its list."""
    count = min(len(found.fills), len(truth.fills))
    if abs(len(found.fills) - len(truth.fills)) > 1:
        raise SystemExit(f"{name}: {len(found.fills)} fills, flashc {len(truth.fills)}")
    differing = np.flatnonzero(found.fills[:count] != truth.fills[:count])
    if len(differing):
        at = differing[0]
        raise SystemExit(f"{name}: fill {at} is {found.fills[at]}, flashc {truth.fills[at]}")
    if abs(found.profit - truth.profit) > PROFIT_TOLERANCE:
        raise SystemExit(f"{name}: profit {found.profit}, flashc {truth.profit}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bars", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--peers", default="vectorbt,backtesting")
    given = parser.parse_args()
    bars = make_bars(given.bars)
    contenders = {
        "C engine": (native_run, given.repeat),
        "Numba engine": (numba_run, given.repeat),
        "C loop": (c_run, given.repeat),
    }
    peers = {"vectorbt": (vectorbt_run, 3), "backtesting": (backtesting_run, 1)}
    for name in filter(None, given.peers.split(",")):
        if importlib.util.find_spec(name) is None:
            print(f"{name} is not installed: skipped")
        else:
            contenders[name] = peers[name]
    with tempfile.TemporaryDirectory() as folder:
        report(bars, contenders, Path(folder))


def report(bars: Words, contenders: dict[str, tuple[Any, int]], folder: Path) -> None:
    truth, base = None, 0.0
    print(f"{'':<13} {'best ns/bar':>12} {'median':>10} {'x C engine':>10} {'fills':>8} {'final profit':>16}")
    for name, (prepare, repeat) in contenders.items():
        run = prepare(bars, folder)
        if repeat > 1:
            run()  # warm-up
        least, median, outcome = best_of(run, repeat)
        if truth is None:
            truth, base = outcome, least
        compare(name, outcome, truth)
        unit = 1e9 / len(bars)
        ratio = least / base
        times = f"{least * unit:>12.1f} {median * unit:>10.1f} {ratio:>10.2f}"
        print(f"{name:<13} {times} {len(outcome.fills):>8} {outcome.profit:>16.4f}")


if __name__ == "__main__":
    main()
