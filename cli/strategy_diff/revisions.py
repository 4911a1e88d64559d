"""The two sides of a comparison: files, or files as a git revision has them (`main:strategies/x.yaml`)."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...dsl.source import Source
from ..front import Front, front_of, read_front
from ..problem import Problem


@dataclass(frozen=True, slots=True)
class Side:
    """What the user called it, and what the front end made of it."""

    name: str
    front: Front


@contextmanager
def side_of(text: str) -> Iterator[Side]:
    """A file, or `REV:PATH` as git understands it: from the top of the repository, or with `./` from here.

    A file that is really called so comes first. Raises `Problem`.
    """
    revision, colon, path = text.partition(":")
    if Path(text).exists() or not colon or not revision:
        yield Side(text, read_front(Path(text)))
        return
    with _at(Path(), revision, path, text) as side:
        yield side


@contextmanager
def file_at(revision: str, file: Path) -> Iterator[Side | None]:
    """A file of the working tree as a revision has it, also under a former name; None if it has no such file.

    Raises `Problem`.
    """
    folder = file.parent
    path, name = f"./{file.name}", f"{revision}:{file}"
    if _git(folder, "cat-file", "-e", f"{revision}:{path}") is None and _commit(folder, revision):
        former = _former(folder, revision, file.name)
        if former is None:
            yield None
            return
        path, name = former, f"{revision}:{former}"
    with _at(folder, revision, path, name) as side:
        yield side


def _former(folder: Path, revision: str, name: str) -> str | None:
    """Where the revision has a file that was renamed since, from the top of the repository: a limit that is loosened
    while its file gets another name is loosened all the same."""
    listed = _git(folder, "diff", "--no-relative", "--name-status", "-z", "--find-renames", "--diff-filter=R", revision)
    prefix = _git(folder, "rev-parse", "--show-prefix")
    parts = (listed or b"").decode(errors="replace").split("\0")  # R095, old, new, ...
    mine = f"{(prefix or b'').decode(errors='replace').strip()}{name}"
    return next((old for old, new in zip(parts[1::3], parts[2::3], strict=False) if new == mine), None)


@contextmanager
def _at(folder: Path, revision: str, path: str, name: str) -> Iterator[Side]:
    data = _git(folder, "show", f"{revision}:{path}")
    if data is None:
        known = _commit(folder, revision)
        said = (
            f"`{revision}` has no file `{path}`" if known else f"there is no file `{name}` and no revision `{revision}`"
        )
        raise Problem(said, helps=("a revision is written as in git: `main:strategies/x.yaml`",), code="FC1109")
    from ...dsl.yaml_reader import load

    source, found = load(name, data)
    front = Front(None, None, None, found) if source is None else front_of(source, found)
    if source is None or front.document is None or all(u.value.startswith("std.") for u in front.document.uses):
        yield Side(name, front)
        return
    with tempfile.TemporaryDirectory(prefix="flashc-diff-") as place:
        copied = _modules(folder, revision, path, Path(place))
        yield Side(name, front_of(Source(str(copied), source.text)))


def _modules(folder: Path, revision: str, path: str, place: Path) -> Path:
    """The folder of the file as the revision has it, so that the modules beside it are found; where the file is."""
    inside, slash, file = path.rpartition("/")
    top = f"{revision}:{inside}{slash}"
    listed = _git(folder, "ls-tree", "-r", "--full-tree", "--name-only", top) or b""
    for name in listed.decode().splitlines():
        if name.endswith(".yaml"):
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_git(folder, "show", f"{top}{name}") or b"")
    return place / file


def _commit(folder: Path, revision: str) -> bool:
    return _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{object}}") is not None


def _git(folder: Path, *arguments: str) -> bytes | None:
    """The output of git; None if it refuses. Raises `Problem` without git or outside of a repository."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        helps = ("install git, or name two files",)
        raise Problem(
            "git is needed to read revisions, and is not installed", kind="environment", helps=helps
        ) from None
    if b"not a git repository" in done.stderr:
        raise Problem(f"`{folder.resolve()}` is not in a git repository", helps=("name two files",), code="FC1109")
    return done.stdout if done.returncode == 0 else None
