"""Compiles again, elsewhere and otherwise, and compares: FC0904."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..dsl.diagnostics import Diagnostic, FlashcError
from .problem import Problem

if TYPE_CHECKING:
    from ..compiler.artifact import Artifact
    from ..compiler.pipeline import Compiled

_PARENT = Path(__file__).resolve().parents[2]
_OTHERWISE = {
    "LC_ALL": "C",
    "PYTHONHASHSEED": "4711",
    "PYTHONOPTIMIZE": "1",  # without assertions
    "SOURCE_DATE_EPOCH": "1",
    "TZ": "Pacific/Kiritimati",
}
_SCRIPT = """
import os, sys
os.umask(0o077)
from pathlib import Path
from flashc.cli.building import build_artifact
from flashc.cli.front import checked_or_raise
from flashc.compiler.pipeline import compile_checked
_, checked = checked_or_raise(Path(sys.argv[1]))
print(build_artifact(compile_checked(checked), sys.argv[2] or None).write(Path("out")))
"""


def require_same(compiled: Compiled, artifact: Artifact, cc: str | None) -> None:
    """Compile the same file in another process, folder, home, locale, time zone and with another seed of hashes.
    Raises FlashcError (FC0904) if a byte differs."""
    path = Path(compiled.checked.document.source.path).resolve()
    with tempfile.TemporaryDirectory(prefix="flashc-again-") as folder:
        made = _again(path, cc or "", Path(folder))
        other = {file.name: file.read_bytes() for file in made.iterdir()}
    mine = {**artifact.files, "manifest.json": artifact.manifest_bytes}
    names = sorted(name for name in {*mine, *other} - {*artifact.extra} if mine.get(name) != other.get(name))
    if names:
        raise FlashcError([_differs(str(path), names)])


def _again(path: Path, cc: str, folder: Path) -> Path:
    home = folder / "another home"
    home.mkdir()
    paths = {"HOME": str(home), "XDG_CACHE_HOME": str(home), "PYTHONPATH": _search_path()}
    environment = {**os.environ, **_OTHERWISE, **paths}
    call = [sys.executable, "-c", _SCRIPT, str(path), cc]
    done = subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise Problem(f"compiling again did not work: {last}", kind="environment")
    return folder / done.stdout.strip()


def _search_path() -> str:
    return os.pathsep.join([str(_PARENT), *filter(None, [os.environ.get("PYTHONPATH")])])


def _differs(path: str, names: list[str]) -> Diagnostic:
    shown = ", ".join(names)
    return Diagnostic(
        "FC0904",
        f"compiled again, other bytes in {shown}",
        None,
        helps=("please report it together with the file",),
        where=path,
    )
