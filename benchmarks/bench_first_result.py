"""Edit to result: a never-seen strategy on 100,000 one-minute bars, the whole process from YAML to the printed result.

    python benchmarks/bench_first_result.py [--bars 100000] [--repeat 7] [--engines c,auto,numba]

Every run has another file: a constant that is no parameter is changed, so no kernel of it was ever compiled. The data
is a stored data set, and the drivers' machine code is in the cache, as after the first backtest on a machine. Times are
wall times of `python -m flashc backtest`; what the C engine is measured against is the Numba engine's cold time.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
STRATEGY = HERE.parent / "strategies" / "ema_cross.yaml"
LIMIT_S = 1.0


def flashc(folder: Path, *arguments: str) -> tuple[float, float]:
    """(wall seconds, processor seconds) of one process with its compiler."""
    environment = {**os.environ, "FLASHC_CACHE": str(folder / "cache"), "FLASHC_DATA": str(folder / "data")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "flashc", *arguments], check=True, cwd=folder, env=environment, capture_output=True
    )
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def edited(folder: Path, number: int) -> Path:
    """The strategy as if its size had been edited."""
    text = STRATEGY.read_text(encoding="utf-8")
    assert "size: 100 USDC" in text, "the constant that is edited"
    path = folder / "edited.yaml"
    path.write_text(text.replace("size: 100 USDC", f"size: {100 + number}.{os.getpid()} USDC"), encoding="utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bars", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--engines", default="c,auto,numba")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        flashc(folder, "data", "synth", "--bars", str(given.bars), "--seed", "7", "--name", "bars")
        for warm_up in ("numba", "c"):  # the drivers, the tape, Python's own cache
            flashc(folder, "backtest", str(edited(folder, 0)), "--data", "bars", "--engine", warm_up)
        report(folder, given.engines.split(","), given.repeat)


def report(folder: Path, engines: list[str], repeat: int) -> None:
    number, rows = 0, {}
    for engine in engines:
        seconds = []
        for _ in range(repeat):
            number += 1
            path = edited(folder, number)
            seconds.append(flashc(folder, "backtest", str(path), "--data", "bars", "--engine", engine))
        walls, works = zip(*seconds, strict=True)
        rows[engine] = (min(walls), sorted(walls)[repeat // 2], min(works))
    print(f"{'engine':<8} {'least s':>8} {'median':>8} {'processor s':>12} {'x numba':>8}")
    for engine, (least, median, work) in rows.items():
        ratio = f"{least / rows['numba'][0]:.2f}" if "numba" in rows else "-"
        print(f"{engine:<8} {least:>8.3f} {median:>8.3f} {work:>12.3f} {ratio:>8}")
        if engine != "numba" and least > LIMIT_S:
            print(f"{engine} is slower than {LIMIT_S} s")


if __name__ == "__main__":
    main()
