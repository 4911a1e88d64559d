"""`flashc check`: the whole process against the start of its libraries, and a warm check of small and dense files.

    python benchmarks/bench_check.py [--repeat 11]

Times are CPU time (user + system), so that other work on the machine changes them little; each is the median of
`--repeat` runs. The contenders of the whole process take turns. Byte code is written first. The floor is a process
that only imports the libraries that a check uses: what remains above it is ours.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from flashc.compiler.frontend.check import check
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source

STRATEGIES = Path(__file__).parent.parent / "strategies"
FLOOR = "import lark, pydantic, typer, yaml"
HEAD = """\
flash: 1
strategy: dense
instruments: {btc: BTC/USDC, eth: ETH/USDC}
trade: btc
decide: 1m
params:
  fast: {default: 12, in: 4..30}
  slow: {default: 26, in: 20..90}
  low_rsi: 40.0
  high_rsi: 70.0
  half: 0.5
  full: 1.0
let:
"""
#: Seven equations about each of a row of window lengths, as a strategy with many features has them.
GROUP = """\
  mean_{n}: ema(close, fast + {n}) - ema(close, slow + {n})
  move_{n}: (close - ema(close, {n})) / ema(close, {n}) - (eth.close - ema(eth.close, {n})) / ema(eth.close, {n})
  wide_{n}: atr({n}) / close + (close - open) / (close + open) * half
  side_{n}: if close > open then full else half * (close - low + 1 ticks) / (high + 1 ticks)
  calm_{n}: low_rsi < rsi({n}) < high_rsi and abs(move_{n}) < wide_{n}
  high_{n}: close > ema(high, {n})[1] - 3 ticks or (close + open) / 2 > ema(high, {n}) + 2 ticks
  good_{n}: side_{n} > half and calm_{n} and (high_{n} or mean_{n} > 0 USDC / BTC) and close@5m > ema(close, {n})@5m
"""
TAIL = """\
exits:
  out: close < ema(close, slow)
size: 100 USDC
risk:
  position: {max: 400 USDC}
"""


def dense(groups: int) -> str:
    """A strategy of about eight lines for each group."""
    lengths = [5 + 2 * n for n in range(groups)]
    body = "".join(GROUP.replace("{n}", str(n)) for n in lengths)
    clauses = "".join(f"      seen_{n}: good_{n}\n" for n in lengths)
    return HEAD + body + "entries:\n  long:\n    when:\n" + clauses + TAIL


def child_seconds(arguments: list[str]) -> float:
    """CPU seconds of one child process, which must succeed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, *arguments], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def in_turns(contenders: dict[str, list[str]], repeat: int) -> dict[str, float]:
    """Median seconds of each; a first round, which writes byte code, is not counted."""
    rounds = [{name: child_seconds(arguments) for name, arguments in contenders.items()} for _ in range(repeat + 1)]
    return {name: median(times[name] for times in rounds[1:]) for name in contenders}


def timed(run: Callable[[], object], repeat: int) -> float:
    """Median CPU seconds of a call, after one that fills the caches."""
    run()
    seconds = []
    for _ in range(repeat):
        start = time.process_time()
        run()
        seconds.append(time.process_time() - start)
    return median(seconds)


def warm(path: str, text: str, repeat: int) -> str:
    """One row: lines, nodes, and the times of reading and of checking."""
    source = Source(path, text)
    document, _ = read_document(source)
    assert document is not None
    checked, found = check(document)
    assert checked is not None, [d.message for d in found]
    reading = timed(lambda: read_document(source), repeat) * 1e3
    checking = timed(lambda: check(document), repeat) * 1e3
    size = f"{text.count(chr(10)):>7} {len(checked.graph.nodes):>7}"
    return f"{path:<28} {size} {reading:>9.1f} {checking:>9.1f} {reading + checking:>9.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=11)
    repeat = parser.parse_args().repeat
    short = STRATEGIES / "ema_cross.yaml"
    with tempfile.TemporaryDirectory() as folder:
        long = Path(folder) / "dense.yaml"
        long.write_text(dense(17), encoding="utf-8")
        contenders = {
            "python alone": ["-c", "pass"],
            "libraries alone (floor)": ["-c", FLOOR],
            f"check {short.name}": ["-m", "flashc", "check", str(short)],
            f"check {long.name}": ["-m", "flashc", "check", str(long)],
        }
        seconds = in_turns(contenders, repeat)
    floor = seconds["libraries alone (floor)"]
    print(f"{'whole process':<28} {'CPU ms':>9} {'x floor':>9}")
    for name, value in seconds.items():
        print(f"{name:<28} {value * 1e3:>9.0f} {value / floor:>9.2f}")
    print(f"\n{'warm, in one process':<28} {'lines':>7} {'nodes':>7} {'read ms':>9} {'check ms':>9} {'sum ms':>9}")
    print(warm(short.name, short.read_text(encoding="utf-8"), repeat))
    print(warm(long.name, dense(17), repeat))


if __name__ == "__main__":
    main()
