"""`flashc verify`: is an artefact folder exactly what the compiler wrote?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..runtime.errors import RuntimeFault
from . import console
from .command import Json, example, make_app
from .exit_codes import Exit

if TYPE_CHECKING:
    from ..runtime.artifact_folder import ArtifactFolder
    from ..runtime.errors import Fault

app = make_app()

Folders = Annotated[
    list[Path], typer.Argument(metavar="DIR", help="Artefact folders that `flashc compile` wrote.", show_default=False)
]


@app.command(epilog=example("flashc verify artifacts/ema_cross-7c1fe2a0b1c2"))
def verify(folders: Folders, json: Json = False) -> Exit:
    """Check artefact folders: the manifest's form and version, its own hash, and the hash of every file.

    The same check runs before anything in a folder is run. It proves that a folder is whole, not who made it.
    """
    from ..runtime.artifact_folder import read_artifact
    from .artifact_text import artifact_object, artifact_text
    from .faults import show_faults

    read: list[ArtifactFolder] = []
    faults: list[Fault] = []
    for folder in folders:
        try:
            read.append(read_artifact(folder))
        except RuntimeFault as damaged:
            faults += damaged.faults
    if faults:
        return show_faults(faults, as_json=json)
    if json:
        console.out_json({"version": 1, "artifacts": [artifact_object(one) for one in read]})
    else:
        console.out("\n\n".join(artifact_text(one) for one in read))
    return Exit.OK
