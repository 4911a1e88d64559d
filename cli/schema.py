"""`flashc schema`: the JSON Schema of strategy files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import console
from .command import Json, example, make_app

app = make_app()

Output = Annotated[Path | None, typer.Option("-o", "--output", metavar="PATH", help="Write to a file instead.")]


@app.command(epilog=example("flashc schema -o flashc.schema.json"))
def schema(output: Output = None, json: Json = False) -> None:
    """Print the JSON Schema of strategy files, for editors that complete and check YAML."""
    import json as codec

    from ..dsl.schema import json_schema

    found = json_schema()
    if output is None:
        console.out_json(found)
        return
    from .writing import replace_text

    replace_text(output, codec.dumps(found, indent=2, ensure_ascii=False) + "\n")
    if json:
        console.out_json({"version": 1, "written": str(output)})
    else:
        console.err(f"wrote {output}")
