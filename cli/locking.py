"""Where `flash.lock` is, which strategies it is for, and that a strategy is what its lock says."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..dsl.diagnostics import Diagnostic, FlashcError
from . import console

if TYPE_CHECKING:
    from ..compiler.ir.hir import Checked
    from ..compiler.lock.file import Lock

NAME = "flash.lock"

#: Folders that hold what was made, not what is written.
_MADE = frozenset({"artifacts", "build", "dist", "runs", "data", "node_modules", "__pycache__"})


def find_lock(start: Path) -> Path | None:
    """The nearest `flash.lock` from the folder `start` upwards, not beyond the repository's root."""
    for folder in _upwards(start):
        if (folder / NAME).is_file():
            return folder / NAME
    return None


def repository(start: Path) -> Path | None:
    """The root of the repository that the folder `start` lies in."""
    return next((folder for folder in _upwards(start) if (folder / ".git").exists()), None)


def place_of_lock(paths: Sequence[Path]) -> Path:
    """Where the lock of these files or folders is, or belongs: the nearest one, else the repository's root, else the
    folder that they share."""
    folders = [path.resolve() if path.is_dir() else path.resolve().parent for path in paths]
    shared = Path(os.path.commonpath(folders))
    found = find_lock(shared)
    return found if found is not None else (repository(shared) or shared) / NAME


def _upwards(start: Path) -> Iterator[Path]:
    """Folders from `start` to the root of its repository, or of the file system where there is none."""
    here = start.resolve()
    for folder in (here, *here.parents):
        yield folder
        if (folder / ".git").exists():
            return


def strategies_below(folder: Path) -> list[Path]:
    """Files that say `flash:` and `strategy:` at the start of a line, in the order of their names."""
    return [path for path in sorted(_yaml_files(folder)) if _is_strategy(path)]


def _yaml_files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        made = "manifest.json" in files  # an artefact, with a copy of its source
        folders[:] = [] if made else [name for name in folders if name not in _MADE and not name.startswith(".")]
        yield from (Path(place) / name for name in files if not made and name.endswith((".yaml", ".yml")))


def _is_strategy(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            lines = file.read(256 * 1024).splitlines()
    except OSError:
        return False
    return all(any(line.startswith(key) for line in lines) for key in (b"flash:", b"strategy:"))


def locked_strategies(lock: Lock) -> list[Path]:
    """The files that a lock names, those that are still there."""
    named = (lock.folder / place[1] for place in lock.pins if place[0] == "strategies")
    return sorted(path for path in named if path.is_file())


def stale(checked: Checked, *, with_compiler: bool = True, cc: str | None = None) -> list[Diagnostic]:
    """What is not as the nearest lock says; empty without a lock, or for a text that is no file.

    Raises FlashcError (FC0915) for a damaged lock.
    """
    file = Path(checked.document.source.path)
    path = find_lock(file.parent) if file.is_file() else None
    if path is None:
        return []
    from .. import __version__
    from ..compiler.lock.compare import findings
    from ..compiler.lock.file import read_lock
    from ..compiler.lock.pins import pins_of

    lock = read_lock(shown_path(path))
    return findings(
        lock, pins_of(checked.document, lock.folder, __version__, data_hash, with_compiler=with_compiler, cc=cc)
    )


def data_hash(name_or_path: str) -> str | None:
    """What identifies data of tests: the content of a data set, the bytes of a file; None if there is neither."""
    from ..runtime.errors import RuntimeFault
    from ..runtime.market_data.files import file_hash
    from ..runtime.market_data.store.catalog import locate
    from ..runtime.market_data.store.table_log import read_record

    try:
        place = locate(name_or_path)
        return file_hash(place) if isinstance(place, Path) else read_record(place).content_hash
    except RuntimeFault:
        return None


def require_lock(checked: Checked, cc: str | None = None) -> None:
    """Raises FlashcError if the strategy has a lock and is not what it says. `cc` names the C compiler."""
    found = stale(checked, cc=cc)
    if found:
        raise FlashcError(found)


def require_lock_if_named(checked: Checked) -> None:
    """As `require_lock`, for what neither needs the C compiler nor makes anything: tests. A strategy that the lock does
    not name is a sketch, and may be tested."""
    found = stale(checked, with_compiler=False)
    if found and _names(found):
        raise FlashcError(found)


def warn_if_stale(checked: Checked) -> None:
    """Say on standard error that a run is not of what is locked.

    The C compiler does not count, a run proves nothing about it; nor does a strategy that the lock does not name.
    """
    try:
        found: Sequence[Diagnostic] = stale(checked, with_compiler=False)
    except FlashcError as damaged:
        found = damaged.diagnostics
    except OSError:
        return
    if found and _names(found):
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        console.err(f"warning: {found[0].message} ({found[0].code}){more}; `flashc lock --check` shows all")


def _names(found: Iterable[Diagnostic]) -> bool:
    """Whether the lock that these findings are about names the strategy."""
    places = (one.facts.get("place") for one in found)
    return not any(isinstance(place, list) and place[0] == "strategies" for place in places)


def shown_path(path: Path) -> Path:
    """The path as a reader would write it: from here, where it lies below."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
