"""Makes the whole artefact of a strategy: what every machine makes alike, the C object, and where it is from."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..compiler.artifact import Artifact
    from ..compiler.pipeline import Compiled


def build_artifact(compiled: Compiled, cc: str | None = None) -> Artifact:
    """The artefact with its C object. Raises `FlashcError`: no C compiler (FC0909), C of ours that does not compile
    (FC0912, with a folder to report)."""
    from .. import __version__
    from ..compiler.artifact import artifact_of
    from ..compiler.backends.c.bundle import report, write_bundle
    from ..compiler.backends.c.toolchain import BrokenCode, find_toolchain
    from ..compiler.native import CHECKS, native_part, strategy_text
    from ..runtime.cache_root import cache_root

    toolchain = find_toolchain(cc)
    path = compiled.checked.document.source.path
    try:
        native = native_part(compiled, toolchain, __version__)
    except BrokenCode as broken:
        text = strategy_text(compiled)
        folder = write_bundle(cache_root(), compiled.program, text, toolchain, broken, __version__)
        raise report(folder, broken, path) from None
    return artifact_of(
        compiled,
        more=native.files,
        facts={"toolchain": native.toolchain},
        hashes={"build": native.build},
        checks=CHECKS,
        provenance=provenance(Path(path)),
    )


def provenance(path: Path) -> dict[str, object]:
    """When this was made and from which commit of the strategy's repository. `SOURCE_DATE_EPOCH` sets the time."""
    from .. import __version__

    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    seconds = int(given) if given.isdigit() else int(time.time())
    built = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    return {"built": built, "flashc": __version__, "git": commit_of(path)}


def commit_of(path: Path) -> dict[str, object] | None:
    """The commit that the file's repository is at, and whether the file is as it is there; None without one."""
    commit = _git(path, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return None
    changed = _git(path, "status", "--porcelain", "--", path.name)
    return {"commit": commit, "unchanged": changed == ""}


def _git(path: Path, *words: str) -> str | None:
    """What git says about the folder of a file; None where git, the folder or the repository is missing.

    No program that the repository's settings name is started, and another repository that a hook works on is not asked.
    """
    call = ["git", "-c", "core.fsmonitor=false", "-C", str(path.resolve().parent), *words]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(
            call, env=plain, capture_output=True, text=True, errors="replace", check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
