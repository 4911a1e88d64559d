"""`flashc data record` at a steady rate: what is lost, and what it needs.

    python benchmarks/bench_record.py [--seconds 600] [--rate 5000] [--segment-rows 200000]

`record_source.py` sends the messages from a process of its own on this machine. Afterwards the stored rows are compared
with what it says it sent: every version of the books in its turn, every trade once. Memory is the resident set of the
recorder, read twice a second, and that of the processes that it starts for its commits. `--segment-rows` makes commits
more frequent than they are. The script fails if anything is lost.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from flashc.runtime.market_data.events import EventSet
from flashc.runtime.market_data.record.writer import MOST_ROWS
from flashc.runtime.market_data.store.places import table_at
from flashc.runtime.market_data.store.sets import load

#: The command, with segments of another size.
_RECORD = """
import sys
from flashc.runtime.market_data.record import writer
writer.MOST_ROWS = {}
from flashc.cli.app import run
sys.exit(run(sys.argv[1:]))
"""
HERE = Path(__file__).resolve().parent
PER_SECOND = 2
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Sampled:
    """Resident MiB of a process, and of what it started, every half second, and its processor seconds."""

    mib: list[float]
    helpers: list[float]
    cpu_s: float


def started(command: list[str], **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, *command], **{"stdout": subprocess.PIPE, "text": True, **options})


def watched(process: subprocess.Popen[str]) -> Sampled:
    """Look at the process until it ends."""
    found = Sampled([], [], 0.0)
    own = Path(f"/proc/{process.pid}")
    while process.poll() is None:
        try:
            times = (own / "stat").read_text().rpartition(")")[2].split()
            children = [pid for task in (own / "task").iterdir() for pid in (task / "children").read_text().split()]
        except OSError:
            break
        if mib := resident_mib(own):
            found.mib.append(mib)
            found.helpers.append(sum(resident_mib(Path("/proc") / pid) for pid in children))
            found.cpu_s = sum(map(int, times[11:15])) / _TICKS
        time.sleep(1 / PER_SECOND)
    return found


def resident_mib(process: Path) -> float:
    """Of a folder below /proc; 0 if the process has ended."""
    try:
        status = (process / "status").read_text()
    except OSError:
        return 0.0
    line = next((line for line in status.splitlines() if line.startswith("VmRSS")), "VmRSS: 0")
    return int(line.split()[1]) / 1024


def lost(root: Path, name: str, sent: dict[str, Any]) -> tuple[int, int, dict[str, int]]:
    """(versions missing, trades missing, what was found) of one data set."""
    data = load(table_at(root, name))
    assert isinstance(data, EventSet) and data.book is not None and data.trades is not None
    book = data.book
    heads = np.flatnonzero(book.ends)
    first, last = book.first_id[heads], book.last_id[heads]
    holes = int(np.maximum(first[1:] - last[:-1] - 1, 0)[first[1:] > 0].sum())
    versions = holes + sent["version"] - int(last[-1])
    ids = np.unique(data.trades.trade_id)
    found = {"book rows": len(book), "messages": len(heads), "trades": len(data.trades)}
    repeated = len(data.trades) - len(ids)
    return versions, sent["trades"] - len(ids) + repeated, found


def shown(label: str, sampled: Sampled, seconds: float) -> str:
    """Least, median and most of each minute; the processor's time is with that of the helpers that have ended."""
    count = max(1, round(len(sampled.mib) / (60 * PER_SECOND)))
    minutes = np.array_split(np.array(sampled.mib), count)
    spans = ", ".join(f"{part.min():.0f}/{np.median(part):.0f}/{part.max():.0f}" for part in minutes)
    peaks = ", ".join(f"{part.max():.0f}" for part in np.array_split(np.array(sampled.helpers), count))
    share = 100 * sampled.cpu_s / seconds
    return (
        f"{label}: least/median/most MiB of each minute {spans}; {share:.0f} % of a processor\n"
        f"its helpers: most MiB of each minute {peaks}"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=int, default=5_000)
    parser.add_argument("--segment-rows", type=int, default=MOST_ROWS)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        return measured(options, Path(folder))


def measured(options: argparse.Namespace, root: Path) -> int:
    """One run and its figures; 0 if nothing was lost."""
    given = ["--rate", str(options.rate), "--seconds", str(options.seconds), "--linger", "4"]
    source = started([str(HERE / "record_source.py"), *given])
    assert source.stdout is not None
    port = source.stdout.readline().strip()
    command = [
        "-c",
        _RECORD.format(options.segment_rows),
        "data",
        "record",
        "BTC/USDC",
        "ETH/USDC",
        "--url",
        f"ws://127.0.0.1:{port}/ws",
    ]
    length = f"{int(options.seconds) + 4}s"
    said = root / "said.json"
    with said.open("w") as out:
        recorder = started([*command, "--name", "bench", "--for", length, "--root", str(root), "--json"], stdout=out)
        sampled = watched(recorder)
    summary = json.loads(said.read_text())
    sent = json.loads(source.communicate(timeout=60)[0])
    status = summary["status"]
    print(
        f"sent {sent['messages']:,} messages in {sent['seconds']} s: {sent['messages'] / options.seconds:,.0f} a second"
    )
    print(
        f"recorded {status['frames']:,} messages, {status['rows']:,} rows, {status['trades']:,} trades; "
        f"frames read in {summary['reader']}"
    )
    gone = sent["messages"] - status["frames"]
    for symbol, own in sent["symbols"].items():
        versions, trades, found = lost(root, f"bench_{symbol[:3].lower()}-usdc", own)
        print(f"  {symbol}: {versions} versions lost, {trades} trades lost or twice; stored {found}")
        gone += abs(versions) + abs(trades)
    print(shown("recorder", sampled, options.seconds))
    print(f"{status['gaps']} holes, {status['reconnects']} reconnects: {summary['link_ends']}")
    print(f"longest pause in reading: {status['pause_ms']:.0f} ms")
    print(f"{status['segments']} segments committed; {status['bytes_out'] / 2**20:,.0f} MiB of segments")
    print(f"lost: {gone}")
    return int(gone != 0 or recorder.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
