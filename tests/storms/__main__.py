"""Storms by seed: `python -m storms --seeds 1:500 [--only B-01,N-07]`. Prints what was wrong; the exit code tells."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from storms.plan import plan
from storms.storm import storm


def main() -> int:
    parser = argparse.ArgumentParser(prog="storms", description=__doc__)
    parser.add_argument("--seeds", default="1:20", help="first:last")
    parser.add_argument("--only", default="", help="of each storm's faults only those with these numbers")
    given = parser.parse_args()
    first, _, last = given.seeds.partition(":")
    bad, begun = 0, time.monotonic()
    seeds = range(int(first), int(last or first) + 1)
    for seed in seeds:
        planned = plan(seed, tuple(filter(None, given.only.split(","))))
        with tempfile.TemporaryDirectory(prefix="flashc-storm-") as folder:
            wrong = storm(planned, Path(folder))
        if wrong:
            bad += 1
            print(f"seed {seed}:\n{planned.text()}")
            print("\n".join(f"    {one[:1500]}" for one in wrong), flush=True)
    print(f"{len(seeds)} storms, {bad} with something wrong, {time.monotonic() - begun:.0f} s")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
