"""One decision: 20 level changes of a book to intents and risk verdict, generated C against the same rules by hand.

    python benchmarks/bench_decision.py [--messages 12000] [--rounds 21] [--cc gcc]

The strategy is `decision.yaml`: bars of 1 and 5 minutes, timers, trades, two books, five rules, three policies, five
limits. Both contenders get the same generated tape, the same exchange (`decision_clock.c`) and the same compiler flags;
intents, reasons and clause masks must be equal before a time is printed. A message of exactly 20 level changes comes
every 25 ms, so each one decides. They take turns, round by round; a processor that is busy is busy for both.
"""

from __future__ import annotations

import argparse
import ctypes
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from flashc.compiler.backends.c.printer import print_strategy
from flashc.compiler.backends.c.toolchain import Toolchain, build, command, find_toolchain
from flashc.compiler.frontend.check import check
from flashc.compiler.pipeline import compile_checked
from flashc.cython_core import layout
from flashc.cython_core.elf import read_elf
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from flashc.runtime.backtest.driver import parameter_words
from flashc.runtime.backtest.market.book_layout import new_book
from flashc.runtime.backtest.strategy_object import StrategyObject, open_object
from flashc.runtime.market_data.synth.book import BookParameters, generate_book
from numpy.typing import NDArray

HERE = Path(__file__).parent
STRATEGY = HERE / "decision.yaml"
Words = NDArray[np.int64]

MS, SECOND, MINUTE = 10**6, 10**9, 60 * 10**9
BARS_1M, BARS_5M, BTC_BOOK, BTC_TRADES, ETH_BOOK, TIMER_50MS, TIMER_100MS = range(7)
LEVELS = 20  # changes of a message
STEP = 25 * MS  # from one message to the next
START = 28_400_000 * MINUTE  # of the books and timers, after the bars
ETH_TICK, WINDOW = 300_000, 32_768
#: Prices and their typical moves in a second. The second market is there so that targets and stops are met too.
MARKETS = ((60_000.0, 0.03), (600.0, 0.6))
ROW = 10  # words of a logged row
ROOM = 200_000
_ENDS = layout.FLAG_MESSAGE_END | layout.FLAG_INSTANT_END


# --- the tape


def messages(count: int, price: float, move: float, seed: int) -> list[list[tuple[int, int, int]]]:
    """(side, tick, lots) of the changes of each message, each level once; the first one is the whole book."""
    given = BookParameters(
        seed=seed,
        duration_s=max(20, count // 18),
        price=price,
        events_per_s=1000.0,
        volatility=move / price,
        spacing=0.03 / price,
        push_ms=0,
        latency_ms=0.0,
        jitter_ms=0.0,
    )
    book = generate_book(given).book
    assert book is not None
    rows = zip(book.side.tolist(), np.rint(book.price * 100), np.rint(book.qty * 1e6), book.snapshot, strict=True)
    found: list[list[tuple[int, int, int]]] = [[]]
    changed: dict[tuple[int, int], int] = {}
    for side, tick, lots, snapshot in rows:
        if snapshot:
            found[0].append((side, int(tick), int(lots)))
            continue
        changed[side, int(tick)] = int(lots)
        if len(changed) == LEVELS:
            found.append([(*level, lots) for level, lots in changed.items()])
            changed.clear()
        if len(found) == count:
            break
    return found


def make_tape(count: int, price: float, move: float, seed: int = 5) -> Words:
    """Four hours of rising bars, then books, trades and timers."""
    rng = np.random.default_rng(seed)
    changes = messages(count, price, move, seed)
    rows = _bars(rng, round(price * 100), START - 250 * MINUTE, START)
    end = START + len(changes) * STEP
    rows += _bars(rng, round(price * 100), START, end)
    for number, levels in enumerate(changes):
        time = START + number * STEP + 7 * MS
        for k, (side, tick, lots) in enumerate(levels):
            flags = _ENDS if k == len(levels) - 1 else 0
            rows.append(_record(time, layout.KIND_LEVEL, flags, BTC_BOOK, side, lots, tick))
    rows += _eth(rng, range(START + 3 * MS, end, 100 * MS))
    for time in range(START + 11 * MS, end, 60 * MS):
        side, lots = 1 - 2 * int(rng.integers(0, 2)), int(rng.integers(1, 50_000))
        rows.append(_record(time, layout.KIND_TRADE, layout.FLAG_INSTANT_END, BTC_TRADES, side, lots, 1))
    for period, stream in ((50 * MS, TIMER_50MS), (100 * MS, TIMER_100MS)):
        for time in range(START + period, end, period):
            rows.append(_record(time, layout.KIND_TIMER, layout.FLAG_INSTANT_END, stream, 0, 0, 0))
    tape = np.array(rows, dtype=np.int64)
    return np.ascontiguousarray(tape[np.argsort(tape[:, layout.TIME], kind="stable")])


def _record(time: int, kind: int, flags: int, stream: int, side: int, lots: int, tick: int) -> list[int]:
    return [time, layout.head(kind, flags, stream), side, lots, tick, time, 1, 0]


def _eth(rng: np.random.Generator, times: range) -> list[list[int]]:
    """A book of one level a side that moves a few basis points."""
    rows, there, tick = [], {1: 0, -1: 0}, ETH_TICK
    for time in times:
        tick += int(rng.integers(-40, 41))
        wanted = {1: tick, -1: tick + 2}
        changes = [(side, own, 0) for side, own in there.items() if own not in (0, wanted[side])]
        changes += [(side, own, 1000) for side, own in wanted.items()]
        there = wanted
        for k, (side, own, lots) in enumerate(changes):
            flags = _ENDS if k == len(changes) - 1 else 0
            rows.append(_record(time, layout.KIND_LEVEL, flags, ETH_BOOK, side, lots, own))
    return rows


def _bars(rng: np.random.Generator, tick: int, start: int, end: int) -> list[list[int]]:
    """Closes that rise towards `tick`, in both lengths."""
    rows = []
    for time in range(start + MINUTE, end, MINUTE):
        close = tick + (time - START) // MINUTE * 40 + int(rng.integers(-30, 31))
        for period, stream in ((MINUTE, BARS_1M), (5 * MINUTE, BARS_5M)):
            if time % period == 0:
                head = layout.head(layout.KIND_BAR, layout.FLAG_INSTANT_END, stream)
                rows.append([time, head, close - 20, close + 40, close - 60, close, 10**6, close * 10**6])
    return rows


# --- the contenders


class Clock:
    """The measuring program and the strategy by hand, in one shared object."""

    def __init__(self, folder: Path, toolchain: Toolchain) -> None:
        path = folder / "decision_clock.so"
        words = [w for w in command(toolchain, path, True) if w not in ("-x", "c", "-")]
        sources = [str(HERE / name) for name in ("decision.c", "decision_clock.c")]
        subprocess.run([*words, *sources, "-lm"], check=True)
        self.library = ctypes.CDLL(str(path))
        self.library.decision_rate.restype = ctypes.c_double
        for name in ("run", "start", "bytes", "hand_bytes"):
            getattr(self.library, f"decision_{name}").restype = ctypes.c_int64

    def rate(self) -> float:
        """Counts in a nanosecond."""
        return float(self.library.decision_rate()) / 1e9


@dataclass(frozen=True, slots=True)
class Result:
    samples: NDArray[np.float64]  # counts: until the intents stand, and with `after`
    log: Words


def run(clock: Clock, tape: Words, strategy: StrategyObject | None, params: Words, tick: int) -> Result:
    """One pass of the tape from a fresh start; `strategy` None: by hand."""
    own = clock.library
    contender, hand = _block(own.decision_bytes()), _block(own.decision_hand_bytes())
    state = np.zeros(strategy.table.state_words if strategy else 1, dtype=np.int64)
    lows = [(near - WINDOW) & ~63 for near in (tick, ETH_TICK)]
    books = [new_book(low, low + 2 * WINDOW - 1) for low in lows]
    table = ctypes.cast(ctypes.addressof(strategy.table), ctypes.c_void_p) if strategy else None
    blocks = [_at(b) for b in (state, *books, hand, params)]
    refused = own.decision_start(_at(contender), table, *blocks, *map(ctypes.c_int64, lows))
    assert refused == 0, f"start refused: {refused}"
    samples, log = np.zeros((len(tape), 2)), np.zeros((ROOM, ROW), dtype=np.int64)
    logged = ctypes.c_int64()
    size = ctypes.c_int64(len(tape))
    count = own.decision_run(
        _at(contender), _at(tape), size, _at(samples), _at(log), ctypes.c_int64(ROOM), ctypes.byref(logged)
    )
    return Result(samples[:count], log[: logged.value])


def _block(size: int) -> Words:
    """Memory that starts at a cache line."""
    raw = np.zeros(size // 8 + 9, dtype=np.int64)
    return raw[(-raw.ctypes.data % 64) // 8 :]


def _at(block: NDArray[np.generic]) -> ctypes.c_void_p:
    return ctypes.c_void_p(block.ctypes.data)


def generated(folder: Path, toolchain: Toolchain) -> tuple[StrategyObject, Words, list[str]]:
    """The strategy's object, its default parameters, and what the object takes from elsewhere."""
    document, problems = read_document(Source(STRATEGY.name, STRATEGY.read_text()))
    assert document is not None, problems
    checked, problems = check(document)
    assert checked is not None, problems
    program = compile_checked(checked).program
    path = folder / "decision.so"
    build(print_strategy(program), path, toolchain)
    params = parameter_words(tuple(p.default for p in program.params))
    return open_object(path), params, read_elf(path.read_bytes()).undefined()


# --- the report


def compared(mine: Result, theirs: Result) -> str:
    """What both did; stops if they differ."""
    rows = min(len(mine.log), len(theirs.log))
    different = np.flatnonzero((mine.log[:rows] != theirs.log[:rows]).any(axis=1))
    if len(different) or len(mine.log) != len(theirs.log):
        at = different[0] if len(different) else rows
        raise SystemExit(f"the contenders differ at row {at}:\n{mine.log[at : at + 2]}\n{theirs.log[at : at + 2]}")
    intents, decisions = mine.log[mine.log[:, 1] == 1, 2:], mine.log[mine.log[:, 1] == 0, 2:]
    cancels = int((intents[:, layout.I_STYLE] == layout.STYLE_CANCEL).sum())
    rules = np.unique(intents[intents[:, layout.I_SIDE] < 0, layout.I_RULE]).tolist()
    reasons = sorted({layout.REASONS[code & 0xFFFF] for code in decisions[:, 0].tolist()})
    return (
        f"{len(decisions):,} decisions, {len(intents) - cancels} orders (exits by rules {rules}), {cancels} cancels; "
        f"reasons {', '.join(reasons)}"
    )


def show(name: str, counts: NDArray[np.float64]) -> None:
    print(f"  {name:<34}" + "".join(f"{value:8.0f}" for value in np.percentile(counts, [50, 90, 99])))


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--messages", type=int, default=12_000)
    options.add_argument("--rounds", type=int, default=21)
    options.add_argument("--cc", default=None)
    given = options.parse_args()
    toolchain = find_toolchain(given.cc)
    with tempfile.TemporaryDirectory() as name:
        clock = Clock(Path(name), toolchain)
        strategy, params, foreign = generated(Path(name), toolchain)
        for price, move in MARKETS:
            tape, tick = make_tape(given.messages, price, move), round(price * 100)
            rounds = [[run(clock, tape, s, params, tick) for s in (strategy, None)] for _ in range(given.rounds)]
            print(f"{toolchain.identity}, a price of {price:,.0f}: {compared(*rounds[0])}")
            report(rounds, clock.rate())
    table = strategy.table
    size, needs = f"{8 * table.state_words:,} bytes, frame {table.frame_bytes}", ", ".join(foreign) or "nothing"
    print(f"state {size}; the object imports {needs}")


def report(rounds: list[list[Result]], rate: float) -> None:
    """Percentiles of each contender's best round, and ratios of medians. The first part of the tape warms up."""
    samples = np.array([[r.samples[len(r.samples) // 3 :] for r in pair] for pair in rounds]) / rate
    medians = np.median(samples, axis=2)
    best = medians[:, :, 0].argmin(axis=0)
    print(f"  ns, best of {len(rounds)} rounds{'':<13}     p50     p90     p99")
    for k, name in enumerate(("generated C", "by hand")):
        show(f"{name}: to the intents", samples[best[k], k, :, 0])
        show(f"{name}: with all that follows", samples[best[k], k, :, 1])
    least, ratios = medians.min(axis=0), np.median(medians[:, 0] / medians[:, 1], axis=0)
    for k, name in enumerate(("to the intents", "with all that follows")):
        of_best = least[0, k] / least[1, k]
        print(f"  generated / by hand, {name}: best rounds {of_best:.2f}, median of rounds {ratios[k]:.2f}")


if __name__ == "__main__":
    main()
