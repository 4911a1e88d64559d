"""The one place that knows the order of the stages: checked strategy -> FIR -> passes -> kernel.

Every stage has a text form, and compiling can stop after any of them. Between passes the program is verified (unless
`verify` is off, as for a backtest of a file whose kernel is already cached).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from .ir.hir import Checked
from .ir.nodes import Item, Program, When
from .ir.printer import print_program
from .ir.verify import verify as verify_program
from .ir.walk import renumber
from .lower.lower import LoweredStrategy, lower
from .passes import PASSES

#: Stage names in order, for `--stop-after` and `--dump`.
STAGES = ("lower", *(p.name for p in PASSES), "kernel")

OnStage = Callable[[str, Program, float], None]


@dataclass(frozen=True, slots=True)
class Compiled:
    """What compiling one strategy gave. `program` is the result of the last stage run; hashes are 64 hex digits."""

    checked: Checked
    program: Program
    explain: list[dict[str, object]]
    ir_hash: str
    kernel: str  # module text; empty when stopped before
    kernel_hash: str
    verified: bool = True  # the verifier ran after every stage


class BrokenProgram(Exception):
    """A stage produced a program that does not verify: a bug of ours, named by stage."""


def compile_checked(
    checked: Checked,
    *,
    stop_after: str | None = None,
    verify: bool = True,
    on_stage: OnStage | None = None,
    trace: Sequence[str] = (),
) -> Compiled:
    """Compile. Raises FlashcError for what cannot be executed, BrokenProgram for our own bugs.

    `trace` names equations whose values the kernel writes down at every decision; it is another kernel then.
    """
    assert stop_after is None or stop_after in STAGES, f"unknown stage {stop_after!r}"
    started = time.perf_counter()
    lowered = lower(checked, trace)
    program = renumber(lowered.program)
    _after("lower", program, started, verify, on_stage)
    ir_hash = meaning_hash(program)
    stopped = stop_after == "lower"
    for step in PASSES:
        if stopped:
            break
        started = time.perf_counter()
        program = renumber(step.run(program))
        _after(step.name, program, started, verify, on_stage)
        stopped = stop_after == step.name
    return replace(_finish(checked, lowered, program, ir_hash, stopped, on_stage), verified=verify)


def _finish(
    checked: Checked, lowered: LoweredStrategy, program: Program, ir_hash: str, stopped: bool, on_stage: OnStage | None
) -> Compiled:
    if stopped:
        return Compiled(checked, program, lowered.explain, ir_hash, "", "")
    from .backends.numba.printer import print_kernel

    started = time.perf_counter()
    kernel = print_kernel(program)
    if on_stage is not None:
        on_stage("kernel", program, time.perf_counter() - started)
    return Compiled(checked, program, lowered.explain, ir_hash, kernel, sha256(kernel.encode()).hexdigest())


def _after(name: str, program: Program, started: float, verify: bool, on_stage: OnStage | None) -> None:
    seconds = time.perf_counter() - started
    if verify:
        problems = verify_program(program)
        if problems:
            raise BrokenProgram(f"after {name}: {problems[0]}")
    if on_stage is not None:
        on_stage(name, program, seconds)


def meaning_hash(program: Program) -> str:
    """Hash of what a program means: its text without names, labels and places in the file.

    Renaming a `let` or an instrument, moving a rule's text or editing a comment leaves it; a changed threshold or
    default changes it.
    """
    plain = _plain_aliases(program)
    bare = replace(
        program,
        name="_",
        instances=tuple(plain[alias] for alias in program.instances),
        streams=tuple(replace(s, instrument=plain[s.instrument]) for s in program.streams),
        slots=tuple(replace(s, label="", id="0") for s in program.slots),
        clauses=tuple(replace(c, rule="_", name="_", origin=(0, 0)) for c in program.clauses),
        segments=tuple(replace(s, body=_bare(s.body)) for s in program.segments),
    )
    return sha256(print_program(bare).encode()).hexdigest()


def _plain_aliases(program: Program) -> dict[str, str]:
    """What each alias counts as: the base currency of its symbol, with its place behind it where that is not unique."""
    symbols = dict.fromkeys(program.instances, "") | {s.instrument: s.symbol for s in program.streams}
    bases = {alias: symbol.partition("/")[0].lower() for alias, symbol in symbols.items()}
    taken = list(bases.values())
    return {
        alias: base if taken.count(base) == 1 or not alias else f"{base}#{place}"
        for place, (alias, base) in enumerate(bases.items())
    }


def _bare(body: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(When(i.condition, _bare(i.body)) if isinstance(i, When) else replace(i, origin=None) for i in body)
