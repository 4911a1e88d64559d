"""Generated C as a program of its own, without Python, under sanitizers: `replay.c` after the strategies' text.

It prints a digest after each event; the reference interpreter's outcomes and state give the same numbers.
"""

from __future__ import annotations

import os
import subprocess
from array import array
from collections.abc import Sequence
from pathlib import Path

from flashc.compiler.backends.c.toolchain import INCLUDE, Toolchain, flags
from flashc.compiler.evaluate.evaluator import Machine, Out
from flashc.runtime.backtest.driver import parameter_words
from flashc.runtime.backtest.market.book_layout import new_book
from support.c_batches import ENTRY, PLAIN, batch_text
from support.fir_programs import Case
from support.fir_tapes import Books

SANITIZED = ("-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all", "-g1")
_MAIN = Path(__file__).with_name("replay.c")
_SHARED = {"-shared", "-nostdlib", "-s", "-fPIC", "-fvisibility=hidden"}
_START, _PRIME, _WORD = 14695981039346656037, 1099511628211, 2**64 - 1


def build_replay(cases: Sequence[Case], target: Path, toolchain: Toolchain, extra: Sequence[str]) -> None:
    """Compile the cases' programs with the replaying main program."""
    entries = ", ".join(f"{ENTRY}_{number}" for number in range(len(cases)))
    table = f"static const fs_strategy *(*const entries[])(void) = {{{entries}}};"
    text = "\n".join(
        [batch_text([case.program for case in cases]), "#include <flashc/book.h>", table, _MAIN.read_text()]
    )
    given = [flag for flag in flags(toolchain) if flag not in _SHARED and not flag.startswith("-Wl,")]
    words = [toolchain.path, *given, "-pipe", *PLAIN, *extra, "-I", str(INCLUDE), "-x", "c", "-", "-o", str(target)]
    done = subprocess.run(words, input=text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:3000]


def replay_differences(
    cases: Sequence[Case], folder: Path, toolchain: Toolchain, extra: Sequence[str]
) -> list[tuple[int, str]]:
    """(number of the case, what is wrong): digests that differ from the reference's, or what a sanitizer says."""
    program, tape = folder / "replay", folder / "tape"
    build_replay(cases, program, toolchain, extra)
    expected = [digests(case) for case in cases]
    tape.write_bytes(
        array("q", [len(cases), *(w for k, case in enumerate(cases) for w in _written(k, case))]).tobytes()
    )
    done = subprocess.run([program, tape], capture_output=True, text=True, env={**os.environ, **_OPTIONS})
    told = [int(line, 16) for line in done.stdout.split()]
    found = []
    for number, digest in enumerate(expected):
        own, told = told[: len(digest)], told[len(digest) :]
        if own != digest:
            at = next((k for k, pair in enumerate(zip(own, digest, strict=False)) if pair[0] != pair[1]), len(own))
            said = "\n".join(done.stderr.splitlines()[:30]) if done.returncode else ""
            found.append((number, f"after {at} events (exit code {done.returncode})\n{said}"))
            break
    return found or (
        [(len(cases) - 1, f"exit code {done.returncode}\n{done.stderr[:3000]}")] if done.returncode else []
    )


_OPTIONS = {"UBSAN_OPTIONS": "print_stacktrace=1", "ASAN_OPTIONS": "detect_leaks=0"}


def _written(number: int, case: Case) -> list[int]:
    """What `replay.c` reads of one case."""
    params = parameter_words(case.params)
    words = [number, len(params), *params.tolist()]
    books = [k for k, s in enumerate(case.program.streams) if s.kind == "book"]
    words.append(len(books))
    for stream in books:
        block = new_book(*case.ticks).tolist()
        words += [stream, len(block), *block]
    words.append(len(case.records) + len(case.reports))
    for at, record in enumerate(case.records):
        words += [0, *record]
        if at in case.reports:
            words += [1, *case.reports[at]]
    return words


def digests(case: Case) -> list[int]:
    """After `init` and after each event and report: over everything so far."""
    machine, books = Machine(case.program), Books(case.program.streams, ticks=case.ticks)
    machine.books = books.books
    machine.init(case.params)
    found = [mixed(_START, machine.state)]
    for number, record in enumerate(case.records):
        books.follow(record)
        words = _of_event(machine.event(record))
        found.append(mixed(found[-1], [*words, *machine.state]))
        if number in case.reports:
            words = _of_report(machine.report(case.reports[number]))
            found.append(mixed(found[-1], [*words, *machine.state]))
    return found


def mixed(value: int, words: Sequence[int]) -> int:
    """FNV-1a over words."""
    for word in words:
        value = ((value ^ (word & _WORD)) * _PRIME) & _WORD
    return value


def _of_event(out: Out) -> list[int]:
    rows = [word for row in out.decisions for word in row]
    return [len(out.decisions), *rows, *_of_report(out), *(word for row in out.traces for word in row)]


def _of_report(out: Out) -> list[int]:
    return [len(out.intents), *(word for intent in out.intents for word in intent), out.wake]
