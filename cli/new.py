"""`flashc new`: a commented starter file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from . import console
from .command import Json, example, make_app
from .problem import Problem

app = make_app()

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the strategy, or a path that ends in .yaml.")]
Template = Annotated[
    str, typer.Option("--template", "-t", metavar="NAME", help="minimal, full, or book: one on an order book.")
]


@app.command(epilog=example("flashc new my_strategy", "flashc new my_scalper --template book"))
def new(name: Name, template: Template = "minimal", json: Json = False) -> None:
    """Write a commented starter strategy. An existing file is never overwritten."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else Path(f"{name}.yaml")
    text = _starter(_strategy_name(path), template)
    from .writing import create_text

    try:
        create_text(path, text)
    except FileExistsError:
        raise Problem(f"`{path}` exists already", helps=("choose another name, or delete the file first",)) from None
    except FileNotFoundError:
        raise Problem(f"there is no directory `{path.parent}`") from None
    if json:
        console.out_json({"version": 1, "written": str(path), "template": template})
    else:
        console.out(f"wrote {path}\nnext: flashc check {path}")


def _strategy_name(path: Path) -> str:
    name = path.stem
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise Problem(
            f"`{name}` cannot be the name of a strategy",
            helps=("use lower-case letters, digits and `_`, beginning with a letter",),
        )
    return name


def _starter(name: str, template: str) -> str:
    from ..dsl.templates import TEMPLATES, starter

    if template not in TEMPLATES:
        raise Problem(f"there is no template `{template}`", helps=(f"there are: {', '.join(TEMPLATES)}",))
    return starter(name, template)
