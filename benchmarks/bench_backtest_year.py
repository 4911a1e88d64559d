"""One year of one-minute bars, from Parquet to the printed result, as a whole process: time, memory, against vectorbt.

    python benchmarks/bench_backtest_year.py [--repeat 5]

flashc: `flashc backtest ema_cross.yaml --data year`, kernel and driver cached, data read from Parquet each time (its
cache of built tapes is switched off for the first row and on for the second). The floor is a process that imports
Polars and NumPy and reads the same file. vectorbt runs the same rules on the same file, if it is installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
STRATEGY = HERE.parent / "strategies" / "ema_cross.yaml"
BARS = 525_600

READ = "import polars as pl, numpy as np, sys; f = pl.read_parquet(sys.argv[1]); print(f['close'].to_numpy().sum())"
VECTORBT = """
import sys, pandas as pd, polars as pl, vectorbt as vbt
f = pl.read_parquet(sys.argv[1])
close = pd.Series(f["close"].to_numpy(), index=pd.to_datetime(f["ts"].to_numpy()))
price = pd.Series(f["open"].to_numpy(), index=close.index).shift(-1).fillna(close.iloc[-1])
fast, slow = vbt.MA.run(close, 12, ewm=True), vbt.MA.run(close, 26, ewm=True)
p = vbt.Portfolio.from_signals(close, fast.ma_crossed_above(slow), fast.ma_crossed_below(slow), price=price,
                               size=0.002, fees=0.0005, init_cash=10_000, freq="1min")
print(p.stats())
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians of whole processes: seconds of wall time and of processor time, greatest memory in MiB."""

    wall: float
    cpu: float
    peak_mib: float


def measure(command: list[str], repeat: int, environment: dict[str, str], before: Callable[[], None]) -> Cost:
    walls, cpus, peaks = [], [], []
    for number in range(repeat + 1):
        before()
        start = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        assert status == 0, f"{command} failed"
        if number:  # the first run warms caches
            walls.append(wall)
            cpus.append(usage.ru_utime + usage.ru_stime)
            peaks.append(usage.ru_maxrss / 1024)
    return Cost(statistics.median(walls), statistics.median(cpus), max(peaks))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(Path(folder), given.repeat)


def run(folder: Path, repeat: int) -> None:
    environment = {**os.environ, "FLASHC_DATA": str(folder / "data"), "FLASHC_CACHE": str(folder / "cache")}
    environment |= {"PYTHONPYCACHEPREFIX": str(folder / "pyc"), "PYTHONDONTWRITEBYTECODE": ""}
    flashc = [sys.executable, "-m", "flashc"]
    synth = [*flashc, "data", "synth", "--name", "year", "--seed", "1", "--bars", str(BARS)]
    subprocess.run(synth, env=environment, check=True, stdout=subprocess.DEVNULL)
    (parquet,) = (folder / "data").rglob("*.parquet")
    backtest = [*flashc, "backtest", str(STRATEGY), "--data", "year", "--out", str(folder / "runs")]
    no_tapes = lambda: shutil.rmtree(folder / "cache" / "tapes", ignore_errors=True)  # noqa: E731
    nothing = lambda: None  # noqa: E731
    rows = {
        "read Parquet only": measure([sys.executable, "-c", READ, str(parquet)], repeat, environment, nothing),
        "flashc backtest": measure(backtest, repeat, environment, no_tapes),
        "same, tape cached": measure(backtest, repeat, environment, nothing),
    }
    if importlib.util.find_spec("vectorbt") is None:
        print("vectorbt is not installed: skipped")
    else:
        rows["vectorbt"] = measure([sys.executable, "-c", VECTORBT, str(parquet)], repeat, environment, nothing)
    base = rows["flashc backtest"]
    print(f"{'':<18} {'wall s':>8} {'cpu s':>8} {'peak MiB':>9} {'x flashc':>9}")
    for name, cost in rows.items():
        print(f"{name:<18} {cost.wall:>8.2f} {cost.cpu:>8.2f} {cost.peak_mib:>9.0f} {cost.cpu / base.cpu:>9.2f}")


if __name__ == "__main__":
    main()
