"""A year of one-minute bars from a stored data set to a tape, against the same bars in one bare Parquet file.

    python benchmarks/bench_store.py [--repeat 15]

Both are read and made into a tape in one process, in turns; imports are timed apart, each in a process of its own. The
table has 365 days, each a partition, first as one import wrote it, then as 365 appends left it, then compacted.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flashc.runtime.market_data.bars import Bars, Dataset
from flashc.runtime.market_data.instruments import Instrument
from flashc.runtime.market_data.store.places import Stored
from flashc.runtime.market_data.store.sets import append, load, save
from flashc.runtime.market_data.store.upkeep import compact
from flashc.runtime.market_data.synth.bars import SynthParameters, generate
from flashc.runtime.market_data.tapes.build import StreamNeed, build_tape

BARS, DAY = 525_600, 1_440
MINUTE = 60 * 10**9
NEEDS = [StreamNeed("bar", "BTC/USDC", MINUTE, 2, 6)]
IMPORTS = ("numpy", "polars", "deltalake", "polars, deltalake, flashc.runtime.market_data.store.sets")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=15)
    repeat = parser.parse_args().repeat
    bars = generate(SynthParameters(bars=BARS, seed=7), "year")
    with tempfile.TemporaryDirectory() as folder:
        for name, seconds in _runs(bars, Path(folder), repeat):
            middle = statistics.median(seconds)
            print(f"{name:<44} {1000 * middle:8.1f} ms   least {1000 * min(seconds):8.1f} ms")
    for names in IMPORTS:
        print(f"{'import ' + names:<44} {1000 * _import(names):8.1f} ms")


def _runs(bars: Dataset, root: Path, repeat: int) -> list[tuple[str, list[float]]]:
    file = _bare(bars, root / "year.parquet")
    began = time.perf_counter()
    whole = save(bars, root)
    written = time.perf_counter() - began
    daily = root / "daily"
    began = time.perf_counter()
    for first in range(0, BARS, DAY):
        append(_named(bars, slice(first, first + DAY)), daily)
    appended = time.perf_counter() - began
    ways: dict[str, Callable[[], Dataset]] = {
        "bare Parquet file to tape": lambda: _read_bare(file),
        "table of one import to tape": lambda: _loaded(whole.path),
        "table of 365 appends to tape": lambda: _loaded(Stored(str(daily / "year"))),
    }
    found = _in_turns(ways, repeat)
    compact(Stored(str(daily / "year")))
    found |= _in_turns({"the same, compacted, to tape": ways["table of 365 appends to tape"]}, repeat)
    tapes = {build_tape([way()], NEEDS).tape_hash() for way in ways.values()}
    assert len(tapes) == 1, "all ways give one tape"
    return [("write the table, one import", [written]), ("write the table, 365 appends", [appended]), *found.items()]


def _in_turns(ways: dict[str, Callable[[], Dataset]], repeat: int) -> dict[str, list[float]]:
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(repeat + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            build_tape([way()], NEEDS)
            if number:  # the first loads and warms
                seconds[name].append(time.perf_counter() - began)
    return seconds


def _named(bars: Dataset, place: slice) -> Dataset:
    return Dataset("year", bars.instrument, bars.venue, bars.period_ns, bars.bars.take(place))


def _loaded(place: Stored) -> Dataset:
    found = load(place)
    assert isinstance(found, Dataset)
    return found


def _bare(bars: Dataset, path: Path) -> Path:
    import polars as pl

    pl.DataFrame(bars.bars.columns()).write_parquet(path, compression="zstd")
    return path


def _read_bare(path: Path) -> Dataset:
    import polars as pl

    frame = pl.read_parquet(path)
    columns = {name: frame[name].to_numpy() for name in frame.columns}
    return Dataset("year", Instrument("BTC", "USDC"), "synth", MINUTE, Bars(**columns))


def _import(names: str) -> float:
    """Seconds in a fresh interpreter, least of five."""
    code = f"import time; began = time.perf_counter(); import {names}; print(time.perf_counter() - began)"
    return min(float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(5))


if __name__ == "__main__":
    main()
