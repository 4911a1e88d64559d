"""Plants faults one by one into copies of the package and prints who noticed each: `make faults`.

    python tests/faults/plant.py [WORD ...] [--jobs N] [--keep DIR] [--list]

WORD selects faults whose name or file holds it. Before anything is planted, every selection of tests must pass. A fault
that no test notices, or whose text is not in its file exactly once, makes the exit code 1.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from faults.fault import Check, Fault  # noqa: E402
from faults.planted import FAULTS  # noqa: E402

_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "runs", "data", "*.egg-info", "notebooks")
_LONGEST_S = 900
#: Compiled code in a shared cache could be of another fault: stamps cover these files, and a fault may break a stamp.
_COMPILED = ("runtime/", "cython_core/", "codegen_templates/", "compiler/backends/")


@dataclass(frozen=True)
class Outcome:
    """`state` is caught, survived, stale (the text is not there once) or broken (the tests did not run)."""

    fault: Fault
    state: str
    by: str
    seconds: float


def stale(fault: Fault, root: Path = ROOT) -> str:
    """Why the fault cannot be planted; empty if it can."""
    path = root / fault.file
    count = path.read_text(encoding="utf-8").count(fault.find) if path.is_file() else 0
    return "" if count == 1 else f"its text stands in {fault.file} {count} times, not once"


class Copy:
    """A copy of the package, in which one fault at a time is planted."""

    def __init__(self, folder: Path, caches: Path) -> None:
        self.folder, self.caches = folder, caches
        self.root = folder / "flashc"
        shutil.copytree(ROOT, self.root, ignore=_LEFT_OUT)

    def try_out(self, fault: Fault) -> Outcome:
        started = time.monotonic()
        reason = stale(fault, self.root)
        if reason:
            return Outcome(fault, "stale", reason, 0.0)
        path = self.root / fault.file
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(fault.find, fault.put), encoding="utf-8")
        try:
            state, by = self.run(fault.check, self._cache(fault))
        finally:
            path.write_text(text, encoding="utf-8")
        return Outcome(fault, state, by, time.monotonic() - started)

    def _cache(self, fault: Fault) -> Path:
        if not fault.file.startswith(_COMPILED):
            return self.caches / "clean"
        return self.caches / sha256(repr((fault.file, fault.find, fault.put)).encode()).hexdigest()[:12]

    def run(self, check: Check, cache: Path) -> tuple[str, str]:
        """What the tests say of this copy, and the first of them that fails."""
        cache.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=line", *check.arguments]
        places = {"PYTHONPATH": str(self.folder), "FLASHC_CACHE": str(cache), "FLASHC_TEST_CACHE": str(cache)}
        environment = os.environ | places | dict(check.variables) | {"PYTHONDONTWRITEBYTECODE": "1", "CI": "1"}
        ended = run_to_the_end(command, self.root, environment)
        return ("caught", "the tests do not end") if ended is None else verdict(*ended)


def run_to_the_end(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], longest_s: float = _LONGEST_S
) -> tuple[int, str] | None:
    """Exit code and output; None if it takes too long. What the command started ends with it: a loop would go on."""
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            output, _ = process.communicate(timeout=longest_s)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                return None
            raise
    return process.returncode, output


def verdict(code: int, output: str) -> tuple[str, str]:
    """From pytest's exit code and text: 0 passed, 1 some failed, negative a crash; else nothing was tested."""
    failed = re.search(r"^(?:FAILED|ERROR) \S*?([\w.]+(?:::\S+)?)(?: |$)", output, re.MULTILINE)
    if code == 0:
        return "survived", ""
    if code == 1 and failed is not None:
        return "caught", failed[1]
    if code < 0:
        return "caught", f"the process ended by signal {-code}"
    return "broken", output.strip().splitlines()[-1] if output.strip() else f"exit code {code}"


def plant(
    faults: Sequence[Fault], caches: Path, jobs: int = 1, *, baseline: bool = True, say: bool = True
) -> list[Outcome]:
    """Try out faults, `jobs` at a time, after every selection of tests has passed without any."""
    with tempfile.TemporaryDirectory(prefix="flashc-faults-") as folder, ThreadPoolExecutor(jobs) as pool:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(jobs):
            copies.put(Copy(Path(folder) / str(number), caches))

        def clean(check: Check) -> tuple[str, str]:
            copy = copies.get()
            try:
                return copy.run(check, caches / "clean")
            finally:
                copies.put(copy)

        def one(fault: Fault) -> Outcome:
            copy = copies.get()
            try:
                return copy.try_out(fault)
            finally:
                copies.put(copy)

        if baseline:
            checks = list(dict.fromkeys(fault.check for fault in faults))
            for check, (state, by) in zip(checks, pool.map(clean, checks), strict=True):
                if state != "survived":
                    raise SystemExit(f"without a fault, {' '.join(check.arguments)} is red: {by}")
        found = []
        for outcome in pool.map(one, faults):
            found.append(outcome)
            if say:
                print(line(outcome), flush=True)
        return found


def line(outcome: Outcome) -> str:
    by = {"caught": outcome.by, "survived": "NOTHING"}.get(outcome.state, f"{outcome.state.upper()}: {outcome.by}")
    return f"{outcome.fault.name:<52} {outcome.seconds:6.1f}  {by}"


def summary(found: Sequence[Outcome]) -> tuple[str, int]:
    """The last line, and the exit code."""
    bad = [outcome for outcome in found if outcome.state != "caught"]
    counts = f"{len(found) - len(bad)} of {len(found)} planted faults were caught"
    return (f"{counts}; not: {', '.join(o.fault.name for o in bad)}" if bad else counts), int(bool(bad) or not found)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Plant faults and see who notices.")
    parser.add_argument("words", nargs="*")
    parser.add_argument("--jobs", type=int, default=max(1, min(4, os.cpu_count() or 1)))
    parser.add_argument("--keep", type=Path, help="a folder for compiled code, so that the next round is quicker")
    parser.add_argument("--no-baseline", action="store_true", help="do not run the tests without a fault first")
    parser.add_argument("--list", action="store_true", dest="only_list")
    given = parser.parse_args(arguments)
    chosen = [f for f in FAULTS if not given.words or any(word in f"{f.name} {f.file}" for word in given.words)]
    if given.only_list:
        print("\n".join(f"{fault.name:<52} {fault.file}" for fault in chosen))
        return 0
    print(f"{'fault':<52} {'s':>6}  caught by")
    with tempfile.TemporaryDirectory(prefix="flashc-faults-cache-") as unkept:
        found = plant(chosen, given.keep or Path(unkept), given.jobs, baseline=not given.no_baseline)
    text, code = summary(found)
    print(text)
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
