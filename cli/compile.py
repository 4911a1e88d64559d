"""`flashc compile`: a strategy to an artefact folder, or to the text of any stage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .command import Json, StrategyFile, example, make_app
from .exit_codes import Exit
from .problem import Problem

if TYPE_CHECKING:
    from ..compiler.ir.hir import Checked
    from ..compiler.ir.nodes import Program
    from ..compiler.pipeline import Compiled
    from .paranoid import Validator

app = make_app()

FORMS = ("hir", "fir", "kernel", "manifest")

Output = Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Where the artefact folder is written.")]
Emit = Annotated[
    str | None, typer.Option("--emit", metavar="FORM,...", help=f"Print forms instead: {', '.join(FORMS)}.")
]
StopAfter = Annotated[
    str | None, typer.Option("--stop-after", metavar="STAGE", help="Stop there and print the program.")
]
TimePasses = Annotated[bool, typer.Option("--time-passes", help="Print how long each stage took, and what is left.")]
Paranoid = Annotated[
    bool, typer.Option("--paranoid", help="Show on generated events that no stage changes what the strategy does.")
]
Dump = Annotated[list[str] | None, typer.Option("--dump", metavar="after:STAGE", help="Print the program; may repeat.")]


@app.command(
    name="compile",
    epilog=example(
        "flashc compile strategies/ema_cross.yaml -o build",
        "flashc compile my_strategy.yaml --emit fir --time-passes",
    ),
)
def compile_(
    file: StrategyFile,
    out: Output = Path("artifacts"),
    emit: Emit = None,
    stop_after: StopAfter = None,
    time_passes: TimePasses = False,
    paranoid: Paranoid = False,
    dump: Dump = None,
    json: Json = False,
) -> Exit:
    """Compile a strategy to an artefact folder, which is named by its content: equal input, equal bytes."""
    forms = _forms(emit)
    from ..compiler.pipeline import STAGES, compile_checked
    from .front import checked_or_raise

    wanted = [_stage(text.removeprefix("after:"), STAGES) for text in dump or []]
    last = None if stop_after is None else _stage(stop_after, STAGES)
    _, checked = checked_or_raise(file)
    watch = _Watch(wanted, _validator(checked) if paranoid else None)
    compiled = compile_checked(checked, stop_after=last, on_stage=watch.stage)
    if time_passes:
        console.err(watch.table())
    if watch.validator is not None:
        console.err(watch.validator.summary())
    if forms or last is not None:
        for form in forms or ["fir"]:
            console.raw(_text(compiled, form))
    elif not wanted or json:
        _write(compiled, out, json)
    return Exit.OK


class _Watch:
    """Sees the program between stages: keeps times, prints what was asked for."""

    def __init__(self, dump: Sequence[str], validator: Validator | None) -> None:
        self._dump, self.validator = dump, validator
        self._rows: list[tuple[str, str, str]] = []

    def stage(self, name: str, program: Program, seconds: float) -> None:
        from ..compiler.ir.printer import print_program
        from ..compiler.ir.walk import operations

        count = sum(1 for segment in program.segments for _ in operations(segment.body))
        self._rows.append((name, f"{1000 * seconds:.1f}", f"{count:,}"))
        if self.validator is not None:
            self.validator.stage(name, program)
        if name in self._dump:
            console.raw(f"# after {name}\n{print_program(program)}")

    def table(self) -> str:
        from .text import table

        return table(("stage", "ms", "operations"), self._rows)


def _validator(checked: Checked) -> Validator:
    from .paranoid import Validator

    return Validator(checked)


def _forms(emit: str | None) -> list[str]:
    forms = [form.strip() for form in emit.split(",")] if emit else []
    for form in forms:
        if form not in FORMS:
            raise Problem(f"there is no form `{form}`", helps=(f"there are: {', '.join(FORMS)}",))
    return forms


def _stage(name: str, stages: Sequence[str]) -> str:
    if name not in stages:
        raise Problem(f"there is no stage `{name}`", helps=(f"in order: {', '.join(stages)}",))
    return name


def _text(compiled: Compiled, form: str) -> str:
    if form == "hir":
        from .hir_text import hir_text

        return hir_text(compiled.checked)
    if form == "fir":
        from ..compiler.ir.printer import print_program

        return print_program(compiled.program)
    if form == "kernel":
        return compiled.kernel
    from ..compiler.artifact import canonical, manifest

    return canonical(manifest(compiled))


def _write(compiled: Compiled, out: Path, json: bool) -> None:
    from ..compiler.artifact import bounds, write_artifact

    folder = write_artifact(compiled, out)
    limits = bounds(compiled.program)
    if json:
        facts = {
            "version": 1,
            "artifact": str(folder),
            "ir_hash": compiled.ir_hash,
            "kernel_hash": compiled.kernel_hash,
        }
        console.out_json({**facts, **limits})
        return
    console.out(f"{folder}\nir {compiled.ir_hash[:12]}")
    console.out(f"state {limits['state_bytes']:,} bytes, at most {limits['ops_per_event']:,} operations per event")
