"""What to report when a generated file does not compile: a folder with all that a maintainer needs and nothing else.

    strategy.c    fir.txt    messages.txt    facts.json

No environment, no user name, no path outside flashc: the strategy's meaning is in it, its source text is not.
"""

from __future__ import annotations

import json
import platform
from hashlib import sha256
from pathlib import Path

from ....dsl.diagnostics import Diagnostic, FlashcError
from ...ir.nodes import Program
from ...ir.printer import print_program
from .toolchain import BrokenCode, Toolchain, flags, header_stamp


def write_bundle(
    root: Path, program: Program, text: str, toolchain: Toolchain, broken: BrokenCode, version: str
) -> Path:
    """Write the folder below `root` and return it; the same fault lands in the same place. Raises OSError.

    `version` is that of flashc.
    """
    digest = sha256((text + "\0" + broken.messages).encode()).hexdigest()[:12]
    folder = root / f"broken-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    facts = {
        "flashc": version,
        "compiler": toolchain.identity,
        "flags": flags(toolchain),
        "headers": header_stamp(),
        "machine": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
    }
    parts = {
        "strategy.c": text,
        "fir.txt": print_program(program),
        "messages.txt": broken.messages,
        "facts.json": json.dumps(facts, indent=1, sort_keys=True) + "\n",
    }
    for name, content in parts.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def report(folder: Path, broken: BrokenCode, path: str) -> FlashcError:
    """The diagnostic that says so; `path` is the strategy file."""
    return FlashcError(
        [
            Diagnostic(
                "FC0912",
                f"the generated C does not compile: {broken}",
                None,
                notes=("this is a fault of flashc, not of your file",),
                helps=(
                    f"please report the folder {folder}: it holds the generated program, nothing of your machine",
                    "the other engines still run it: `--engine numba`",
                ),
                where=path,
            )
        ]
    )
