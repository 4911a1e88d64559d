"""`flashc compile`: a strategy to an artefact folder, or to the text of any stage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .command import Json, StrategyFile, example, make_app
from .emit import FORMS, form_text, forms
from .exit_codes import Exit
from .problem import Problem

if TYPE_CHECKING:
    from ..compiler.ir.hir import Checked
    from ..compiler.ir.nodes import Program
    from ..compiler.pipeline import Compiled
    from .paranoid import Validator

app = make_app()

Output = Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Where the artefact folder is written.")]
Emit = Annotated[
    str | None, typer.Option("--emit", metavar="FORM,...", help=f"Print forms instead: {', '.join(FORMS)}.")
]
Compiler = Annotated[str | None, typer.Option("--cc", metavar="NAME", help="The C compiler; else CC, gcc or clang.")]
Twice = Annotated[
    bool, typer.Option("--verify-reproducible", help="Compile again elsewhere, with other settings; compare all bytes.")
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
        "flashc compile my_strategy.yaml --emit fir,asm --time-passes",
    ),
)
def compile_(
    file: StrategyFile,
    out: Output = Path("artifacts"),
    emit: Emit = None,
    cc: Compiler = None,
    verify_reproducible: Twice = False,
    stop_after: StopAfter = None,
    time_passes: TimePasses = False,
    paranoid: Paranoid = False,
    dump: Dump = None,
    json: Json = False,
) -> Exit:
    """Compile a strategy to an artefact folder, which is named by its content: equal input, equal bytes.

    Where there is a flash.lock, the strategy must be what it says (`flashc lock`).
    """
    asked = forms(emit)
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
    if asked or last is not None:
        for form in asked or ["fir"]:
            console.raw(form_text(compiled, form, cc))
    elif not wanted or json:
        _deliver(compiled, out, cc, verify_reproducible, json)
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


def _stage(name: str, stages: Sequence[str]) -> str:
    if name not in stages:
        raise Problem(f"there is no stage `{name}`", helps=(f"in order: {', '.join(stages)}",))
    return name


def _deliver(compiled: Compiled, out: Path, cc: str | None, twice: bool, json: bool) -> None:
    from ..runtime.artifact_folder import read_artifact
    from .artifact_text import artifact_object, artifact_text
    from .building import build_artifact
    from .locking import require_lock

    require_lock(compiled.checked, cc)
    artifact = build_artifact(compiled, cc)
    if twice:
        from .reproducing import require_same

        require_same(compiled, artifact, cc)
    folder = artifact.write(out)
    for name in artifact.mend(folder):
        console.err(f"warning: {folder / name} was changed since it was made; it is written anew")
    made = read_artifact(folder)
    if json:
        console.out_json({"version": 1, **artifact_object(made)})
        return
    console.out(artifact_text(made))
    if twice:
        console.out("compiled twice, in other folders and with other settings: the same bytes")
