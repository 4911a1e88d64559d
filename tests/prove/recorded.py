"""The ready strategies on recorded bars, books and trades: what `flashc backtest --json` says, and every table of the run.

Bars run whole on all engines. Books run whole on the native engines, and for some seconds on the reference as well.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from support.measured import MEASURED

ROOT = Path(__file__).resolve().parents[2]
DAY = "2024-08-08_2024-08-09"
PARTS = {"": ("1m_2024-07_2024-08",), "_l2": (f"depth_{DAY}", f"trades_{DAY}")}
UNTIL = "2024-08-08T23:54:40"  # what the reference runs of a book
NATIVE = ("numba", "c")
_OWN = ("engine", "timing")  # of one run
_MANIFEST = "manifest.json"  # names the engine


def import_recorded(recorded: Path, place: Path) -> None:
    """Make data sets of the files in `recorded`, as if USDT were USDC. Done before: left alone."""
    for name in ("btc", "eth"):
        for kind, parts in PARTS.items():
            if (place / "data" / f"{name}{kind}").exists():
                continue
            files = [str(recorded / f"{name}-usdt_binance_{part}.parquet") for part in parts]
            rest = ["--instrument", f"{name.upper()}/USDC", "--name", f"{name}{kind}", "--root", str(place / "data")]
            _flashc(["data", "import", *files, *rest])


def recorded_differences(file: Path, place: Path) -> tuple[int, list[str]]:
    """(events run, how the engines differ) of one strategy."""
    books = file.stem in MEASURED.BOOKS
    groups = [((*NATIVE, "ref"), ["--to", UNTIL]), (NATIVE, [])] if books else [((*NATIVE, "ref"), [])]
    events, found = 0, []
    for engines, limits in groups:
        results = {engine: _result(file, place, engine, limits) for engine in engines}
        first = results[engines[0]]
        events += int(first["data"]["events"]) * len(engines)
        for engine, result in results.items():
            parts = [key for key in first.keys() | result.keys() if first.get(key) != result.get(key)]
            if parts:
                found.append(f"{engine} and {engines[0]} differ in {sorted(parts)} {' '.join(limits)}")
    return events, found


def _result(file: Path, place: Path, engine: str, limits: list[str]) -> dict[str, Any]:
    data = ",".join(str(place / "data" / name) for name in MEASURED.data_of(file))
    with tempfile.TemporaryDirectory(dir=place) as out:
        words = ["backtest", str(file), "--data", data, "--out", out, "--engine", engine, "--json"]
        found: dict[str, Any] = json.loads(_flashc([*words, *limits]))
        (run,) = Path(out).iterdir()
        tables = {path.name: sha256(path.read_bytes()).hexdigest() for path in run.iterdir() if path.name != _MANIFEST}
    return {key: value for key, value in (found | tables | {"run": run.name}).items() if key not in _OWN}


def _flashc(words: list[str]) -> str:
    done = subprocess.run([sys.executable, "-m", "flashc", *words], capture_output=True, text=True)
    assert done.returncode == 0, f"flashc {' '.join(words)}: {done.stderr[-2000:]}"
    return done.stdout
