"""`flashc lsp`: the language server for editors."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from ..command import example, make_app
from ..exit_codes import Exit
from ..problem import Problem

app = make_app()

Stdio = Annotated[bool, typer.Option("--stdio", help="Speak over standard input and output (the default).")]
Tcp = Annotated[
    int | None, typer.Option("--tcp", metavar="PORT", help="Wait for one editor at this port of 127.0.0.1.")
]
Log = Annotated[Path | None, typer.Option("--log", metavar="FILE", help="Append what happens to a file.")]


@app.command(epilog=example("flashc lsp", "flashc lsp --log /tmp/flashc-lsp.log"))
def lsp(stdio: Stdio = False, tcp: Tcp = None, log: Log = None) -> int:
    """Serve an editor over the Language Server Protocol. Editors start this; docs/editors.md says how.

    Exit code 0: the editor shut the server down. 1: the connection ended without that.
    """
    if stdio and tcp is not None:
        raise Problem("`--stdio` and `--tcp` exclude each other")
    if tcp is not None and not 0 < tcp < 65536:
        raise Problem(f"{tcp} is no port", helps=("ports are 1 to 65535",))
    if find_spec("pygls") is None:
        raise Problem(
            "the language server needs the library pygls",
            kind="environment",
            helps=("install it: `pip install 'flashc[lsp]'`",),
        )
    from .serve import serve

    return Exit.OK if serve(tcp, log) else Exit.FILE
