"""Five indicators with their rules on a million one-minute bars: flashc against TA-Lib's arrays and NumPy.

    python benchmarks/bench_indicators.py [--bars 1000000] [--repeat 15]

SMA(50), RSI(14), BBANDS(20), ATR(14), STOCH(14, 3, 3), four clauses to enter and two to leave. TA-Lib makes arrays of
the doubles it is given, NumPy combines them to a mask of entries and one of exits, and that is all that is timed.
flashc reads tape records, decides at every bar in the order of time, records the clauses of each decision, places and
fills orders and keeps the equity of every bar. The fills that follow from the masks must be those that flashc made.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from flashc.compiler.artifact import write_artifact
from flashc.compiler.frontend.check import check
from flashc.compiler.ir.layout import state_words
from flashc.compiler.pipeline import compile_checked
from flashc.cython_core.layout import FLAG_INSTANT_END, KIND_BAR, head
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from flashc.runtime.backtest import driver, kernel_loader
from flashc.runtime.backtest.result import F_SIDE, F_TIME, Account, Feed, KernelFacts, Terms
from numpy.typing import NDArray

MINUTE_NS = 60_000_000_000
SETTLED = 1000  # bars after which no seed can be seen
CASH = 10**9  # quote units
STRATEGY = """flash: 1
strategy: five_indicators
trade: BTC/USDC
decide: 1m
let:
  bands: bbands(close, 20, 2.0)
  swing: stoch(14, 3, 3)
  calm: atr(14)
entries:
  dip:
    when:
      trend: close > sma(close, 50) - 4.0 * calm
      weak: rsi(close, 14) < 45
      low: close < bands.lower + calm
      turned: swing.k > swing.d
    size: 1 BTC
exits:
  high:
    when:
      above: close > bands.upper - calm
      hot: rsi(close, 14) > 55
"""

Words = NDArray[np.int64]
Flags = NDArray[np.bool_]


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


def best_of(runs: list[Callable[[], Any]], repeat: int) -> list[tuple[float, float, Any]]:
    """(least, median) seconds and the last result of each, in turns, after one run each to warm up."""
    results = [run() for run in runs]
    seconds: list[list[float]] = [[] for _ in runs]
    for _ in range(repeat):
        for k, run in enumerate(runs):
            start = time.perf_counter()
            results[k] = run()
            seconds[k].append(time.perf_counter() - start)
    return [(min(s), sorted(s)[len(s) // 2], r) for s, r in zip(seconds, results, strict=True)]


def flashc_run(bars: Words, folder: Path) -> Callable[[], Words]:
    """Signed times of the fills."""
    document, found = read_document(Source("five.yaml", STRATEGY))
    found.raise_errors()
    assert document is not None
    checked, found = check(document)
    found.raise_errors()
    assert checked is not None
    compiled = compile_checked(checked)
    kernel = kernel_loader.load(next(write_artifact(compiled, folder).glob("kernel_*.py")))
    facts = KernelFacts(state_words(compiled.program), (Feed(0, MINUTE_NS),))
    account = Account(CASH * 10**8, (Terms(1, 0, 0, 10**8),))

    def run() -> Words:
        result = driver.run(kernel.addresses, facts, bars, [], account)
        signed: Words = result.fills[:, F_SIDE] * result.fills[:, F_TIME]
        return signed

    return run


def talib_run(bars: Words) -> Callable[[], tuple[Flags, Flags]]:
    """The bars at which entries, and at which exits, hold."""
    import talib

    high, low, close = (np.ascontiguousarray(bars[:, k] / 100.0) for k in (3, 4, 5))

    def run() -> tuple[Flags, Flags]:
        average, strength = talib.SMA(close, 50), talib.RSI(close, 14)
        upper, _, lower = talib.BBANDS(close, 20, 2.0, 2.0)
        ranges = talib.ATR(high, low, close, 14)
        k, d = talib.STOCH(high, low, close, 14, 3, 0, 3, 0)
        entries = (close > average - 4.0 * ranges) & (strength < 45) & (close < lower + ranges) & (k > d)
        exits = (close > upper - ranges) & (strength > 55)
        return entries, exits

    return run


def fills_of(entries: Flags, exits: Flags, bars: Words, start: int) -> Words:
    """Signed times of the fills that the masks lead to: a decision at bar k fills at the open of bar k + 1."""
    buys, sells, made, at = np.flatnonzero(entries), np.flatnonzero(exits), [], start
    opens = bars[:, 0] - MINUTE_NS
    for side, where in _alternating(buys, sells):
        found = int(np.searchsorted(where, at))
        if found == len(where) or where[found] + 1 >= len(bars):
            break
        at = int(where[found]) + 1
        made.append(side * int(opens[at]))
    return np.array(made, dtype=np.int64)


def _alternating(buys: Words, sells: Words) -> Any:
    while True:
        yield 1, buys
        yield -1, sells


def compare(fills: Words, masks: tuple[Flags, Flags], bars: Words) -> int:
    """How many fills are equal: all from the first exit on at which every seed is forgotten."""
    settled = int(np.flatnonzero((fills < 0) & (-fills > SETTLED * MINUTE_NS))[0])
    start = int(np.searchsorted(bars[:, 0] - MINUTE_NS, -fills[settled]))
    expected, found = fills_of(*masks, bars, start), fills[settled + 1 :]
    if not np.array_equal(expected, found):
        raise SystemExit(f"flashc made {len(found)} fills, TA-Lib's masks lead to {len(expected)} or to others")
    return len(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bars", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=15)
    given = parser.parse_args()
    if importlib.util.find_spec("talib") is None:
        print("TA-Lib is not installed: skipped (`pip install TA-Lib`)")
        return
    bars = make_bars(given.bars)
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = best_of([flashc_run(bars, Path(folder)), talib_run(bars)], given.repeat)
    fills = compare(ours[2], theirs[2], bars)
    unit = 1e9 / given.bars
    print(f"{'':<16} {'best ns/bar':>12} {'median':>10} {'x flashc':>10}")
    for name, (least, median, _) in (("flashc, whole run", ours), ("TA-Lib and NumPy", theirs)):
        print(f"{name:<16} {least * unit:>12.1f} {median * unit:>10.1f} {least / ours[0]:>10.2f}")
    print(f"{fills} equal fills")


if __name__ == "__main__":
    main()
