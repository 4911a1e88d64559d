"""`flashc lock`: pin what strategies are made of besides their own text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .command import Json, example, make_app
from .exit_codes import Exit
from .problem import Problem

if TYPE_CHECKING:
    from ..compiler.lock.compare import Change
    from ..compiler.lock.file import Lock
    from ..compiler.lock.pins import Place
    from ..dsl.diagnostics import Diagnostic

app = make_app()

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILE-or-DIR", help="Strategies to add; a folder stands for all below it.", show_default=False
    ),
]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; report what differs, with exit code 1.")]


@app.command(epilog=example("flashc lock strategies/", "flashc lock --check"))
def lock(paths: Paths = None, check: Check = False, json: Json = False) -> Exit:
    """Write flash.lock: hashes of the standard library, modules, venue facts, test tapes and the C compiler.

    The lock is the nearest one above the files, else it goes to the root of the repository. It covers the strategies
    that it names already and those given; a new lock without any given covers all below its folder. `compile` then
    refuses what is not as the lock says. Commit the file and review its changes.
    """
    from .locking import NAME, place_of_lock, shown_path

    for path in paths or []:
        if not path.exists():
            raise Problem(f"there is no file `{path}`", code="FC1106")
    place = shown_path(place_of_lock(paths or [Path()]))
    old, damage = _read(place, check)
    files = _covered(old, place, [*(paths or []), *([place.parent] if damage else [])])
    if not files:
        raise Problem(f"no strategy to put into {NAME}", helps=("name the files: `flashc lock my_strategy.yaml`",))
    now = _pins(files, place.parent)
    _keep_compiler(old, now)
    if check:
        return _report(old, now, place, files, json)
    return _write(old, damage, now, place, files, json)


def _read(place: Path, check: bool) -> tuple[Lock | None, Sequence[Diagnostic]]:
    """The lock that is there. A damaged one is an error for `--check`, and else written anew."""
    from ..compiler.lock.file import read_lock
    from ..dsl.diagnostics import FlashcError

    try:
        return (read_lock(place) if place.is_file() else None), ()
    except FlashcError as damaged:
        if check:
            raise
        return None, damaged.diagnostics


def _covered(old: Lock | None, place: Path, paths: Sequence[Path]) -> list[Path]:
    """The strategies of the lock, each once."""
    from .locking import locked_strategies, strategies_below

    files = locked_strategies(old) if old is not None else []
    if not paths and old is None:
        paths = [place.parent]
    for path in paths:
        files += strategies_below(path) if path.is_dir() else [path]
    unique = {path.resolve(): path for path in reversed(files)}
    return [unique[key] for key in sorted(unique)]


def _pins(files: Sequence[Path], folder: Path) -> dict[Place, str]:
    """The union of the pins of all files. Raises FlashcError with everything that is wrong with any of them."""
    from .. import __version__
    from ..compiler.lock.pins import MISSING, pins_of
    from ..dsl.diagnostics import FlashcError
    from .front import read_front
    from .locking import data_hash

    fronts = [read_front(path) for path in files]
    errors = [error for front in fronts for error in front.diagnostics.errors]
    if errors:
        raise FlashcError(errors)
    found: dict[Place, str] = {}
    for front in fronts:
        assert front.document is not None, "a file without errors has a document"
        found.update(pins_of(front.document, folder, __version__, data_hash))
    return {place: value for place, value in found.items() if value != MISSING}


def _keep_compiler(old: Lock | None, now: dict[Place, str]) -> None:
    """Without a C compiler nothing can be said about the pinned one: it stays, and the reader is told."""
    from ..compiler.lock.pins import NO_COMPILER

    cc = ("toolchain", "cc")
    pinned = NO_COMPILER if old is None else old.pins.get(cc, NO_COMPILER)
    if old is None or now[cc] != NO_COMPILER or pinned == NO_COMPILER:
        return
    now.update({place: value for place, value in old.pins.items() if place[0] == "toolchain" and place not in now})
    now[cc] = pinned
    console.err(f"note: there is no C compiler here; {pinned} stays pinned, unchecked")


def _report(old: Lock | None, now: dict[Place, str], place: Path, files: Sequence[Path], json: bool) -> Exit:
    from ..compiler.lock.compare import findings
    from .diagnosis import show

    if old is None:
        raise Problem(f"there is no {place}", kind="data", helps=("`flashc lock` writes it",))
    found = findings(old, now, whole=True)
    if found:
        show(found, {old.source.path: old.source}, as_json=json)
        return Exit.FILE
    _say(place, files, now, [], "is as it should be", json)
    return Exit.OK


def _write(
    old: Lock | None,
    damage: Sequence[Diagnostic],
    now: dict[Place, str],
    place: Path,
    files: Sequence[Path],
    json: bool,
) -> Exit:
    from ..compiler.lock.compare import changes
    from ..compiler.lock.file import lock_text
    from .writing import replace_text

    for one in damage:
        console.err(f"warning: {place}: {one.message}; it is written anew")
    changed = changes(old.pins, now, whole=True) if old is not None else []
    fresh = lock_text(now)
    if old is None or changed or old.source.text != fresh:
        replace_text(place, fresh)
    told = f"has {len(changed)} change{'s' * (len(changed) != 1)}" if changed else "is as it was"
    state = "is new" if old is None and not damage else "is written anew" if old is None else told
    _say(place, files, now, changed, state, json)
    return Exit.OK


def _say(
    place: Path, files: Sequence[Path], now: dict[Place, str], changed: Sequence[Change], state: str, json: bool
) -> None:
    if json:
        told = [{"place": list(c.place), "old": c.old, "new": c.new} for c in changed]
        console.out_json({"version": 1, "lock": str(place), "strategies": len(files), "changes": told})
        return
    compiler = now.get(("toolchain", "cc"), "none")
    shown = "no C compiler" if compiler == "none" else compiler
    kinds = (
        ("strategy", "strategies", len(files)),
        ("module", "modules", _count(now, "modules")),
        ("tape", "tapes", _count(now, "tapes")),
    )
    parts = [f"{count} {one if count == 1 else many}" for one, many, count in kinds if count]
    venues = sorted({key[1] for key in now if key[0] == "venues"})
    console.out(f"{place} {state}: {', '.join([*parts, *venues, shown])}")
    for change in changed:
        console.out(f"  {change.text}")


def _count(pins: dict[Place, str], section: str) -> int:
    return len({place[1] for place in pins if place[0] == section})
