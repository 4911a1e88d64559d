"""What must be equal between two engines, compared as bits: outcomes and state after each event, and the run tables."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.ir.layout import state_words
from flashc.compiler.ir.nodes import Program
from flashc.cython_core.layout import FLAG_INSTANT_END, FLAG_SHIFT, HEAD, KIND_BAR, TIME
from flashc.runtime.backtest import driver, reference
from flashc.runtime.backtest.result import Account, Feed, KernelFacts, RunResult, Terms
from support.fir_programs import Case
from support.kernels import NativeMachine, Step, canonical_state, steps

TABLES = ("equity_time", "equity", "decisions", "orders", "fills", "waits", "cash", "position")
#: What a shorter run must show as well: the rows that a later record may not change.
LASTING = ("equity", "decisions", "fills")
KINDS = ("bar", "timer")


@dataclass
class Tally:
    """What was compared: programs, events (on each engine), and words that were found equal."""

    programs: int = 0
    events: int = 0
    words: int = 0
    by_engine: dict[str, int] = field(default_factory=dict)  # programs by engine

    def add(self, other: Tally) -> None:
        self.programs, self.events, self.words = (
            self.programs + other.programs,
            self.events + other.events,
            self.words + other.words,
        )
        for engine, count in other.by_engine.items():
            self.by_engine[engine] = self.by_engine.get(engine, 0) + count

    def steps(self, seen: Sequence[Step]) -> None:
        self.events += len(seen) - 1
        self.words += sum(len(state) + _size(out) + _size(told) for out, told, state in seen)

    def tables(self, result: RunResult) -> None:
        self.words += sum(int(np.size(getattr(result, name))) for name in TABLES) + len(result.state)


def _size(out: object) -> int:
    """Words of an outcome."""
    return 1 + sum(map(len, (*out.decisions, *out.intents, *out.traces)))  # type: ignore[attr-defined]


def first_difference(expected: Sequence[Step], got: Sequence[Step]) -> str:
    """Where two runs of a machine differ first; empty if nowhere."""
    if len(expected) != len(got):
        return f"{len(got)} steps instead of {len(expected)}"
    for number, (a, b) in enumerate(zip(expected, got, strict=True)):
        if a[:2] != b[:2]:
            return f"after event {number}: {a[:2]} became {b[:2]}"
        if a[2] != b[2]:
            words = [f"word {k}: {x} became {y}" for k, (x, y) in enumerate(zip(a[2], b[2], strict=True)) if x != y]
            return f"after event {number}: " + ", ".join(words[:4])
    return ""


def differing_tables(program: Program, fast: RunResult, slow: RunResult) -> list[str]:
    """Names of the tables in which a native run differs from the reference's; "state" for the final state."""
    found = [name for name in TABLES if not np.array_equal(getattr(fast, name), getattr(slow, name))]
    same_state = canonical_state(program, fast.state) == slow.state.tolist()
    return found if same_state else [*found, "state"]


def early_differences(part: RunResult, whole: RunResult) -> list[str]:
    """Tables of a run over the first records that are not the beginning of those of the whole run."""
    pairs = {name: (getattr(part, name), getattr(whole, name)) for name in LASTING}
    return [name for name, (early, late) in pairs.items() if not np.array_equal(early, late[: len(early)])]


# --- random programs through the driver of bars ------------------------------------------------------------------------


def for_bars(program: Program) -> bool:
    """Whether the driver of bars takes the program."""
    kinds = {s.kind for s in program.streams}
    return kinds <= set(KINDS) and "bar" in kinds


def bars_of(records: Sequence[Sequence[int]]) -> list[list[int]]:
    """The bars as a tape has them: the last one of each time ends the instant."""
    rows = [list(r) for r in records if r[HEAD] & 0xFF == KIND_BAR]
    for row, following in zip(rows, [*rows, None][1:], strict=True):
        row[HEAD] &= ~(FLAG_INSTANT_END << FLAG_SHIFT)
        row[HEAD] |= (following is None or following[TIME] != row[TIME]) * FLAG_INSTANT_END << FLAG_SHIFT
    return rows


def terms_of_bars(program: Program) -> tuple[KernelFacts, Account]:
    """What the driver must know of a random program, and an account for it."""
    feeds = {kind: [Feed(k, s.period_ns) for k, s in enumerate(program.streams) if s.kind == kind] for kind in KINDS}
    count = program.instance_count
    bases = tuple(feeds["bar"][i % len(feeds["bar"])] for i in range(count))
    facts = KernelFacts(state_words(program), bases, tuple(feeds["timer"]))
    return facts, Account(10**13, (Terms(1, 50_000, 10_000, min_notional_atoms=5),) * count, slippage_ticks=1)


def drive(case: Case, machine: Machine | NativeMachine, count: int) -> RunResult:
    """The driver of bars, or its twin, over the bars among the first `count` records."""
    facts, account = terms_of_bars(case.program)
    rows = bars_of(case.records[:count])
    if isinstance(machine, Machine):
        return reference.run(machine, facts, rows, case.params, account)
    tape = np.array(rows, dtype=np.int64).reshape(-1, 8)
    return driver.run(machine.kernel, facts, tape, case.params, account, chunk=7)


def whole_instants(case: Case, cut: int) -> int:
    """The cut, moved back to where a time ends."""
    while cut > 0 and case.records[cut - 1][TIME] == case.records[cut][TIME]:
        cut -= 1
    return cut


# --- one random program on all engines ---------------------------------------------------------------------------------


def disagreement(case: Case, machines: Mapping[str, NativeMachine], seed: int, tally: Tally) -> tuple[str, str]:
    """(engine, what differs first) of a program and its tape; two empty texts if everything is equal.

    Compared are all outcomes and all state after each event; the run tables of programs on bars; and that a tape cut
    short gives the same beginning.
    """
    expected, cut = steps(Machine(case.program), case), random.Random(seed).randrange(len(case.records))
    part = replace(case, records=case.records[:cut])
    tally.programs += 1
    for name, machine in machines.items():
        got = steps(machine, case)
        found = first_difference(expected, got)
        if not found and steps(machine, part) != got[: cut + 1]:
            found = f"the first {cut} events see later ones"
        if found:
            return name, found
        tally.steps(got)
        tally.by_engine[name] = tally.by_engine.get(name, 0) + 1
    return _driven(case, machines, cut, tally) if for_bars(case.program) else ("", "")


def _driven(case: Case, machines: Mapping[str, NativeMachine], cut: int, tally: Tally) -> tuple[str, str]:
    count = len(case.records)
    slow = drive(case, Machine(case.program), count)
    for name, machine in machines.items():
        fast = drive(case, machine, count)
        differ = differing_tables(case.program, fast, slow)
        if differ:
            return name, f"the drivers differ in {differ}"
        late = early_differences(drive(case, machine, whole_instants(case, cut)), fast)
        if late:
            return name, f"{late} see later records"
        tally.tables(fast)
    return "", ""
