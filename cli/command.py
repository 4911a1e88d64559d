"""How a command module makes its `typer.Typer`, and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .help import App, Group

JSON_OPTION = typer.Option("--json", help="Print one JSON object for machines.")

Json = Annotated[bool, JSON_OPTION]
StrategyFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A strategy file, YAML or JSON.", show_default=False)
]
StrategyFiles = Annotated[
    list[Path], typer.Argument(metavar="FILE", help="Strategy files, YAML or JSON.", show_default=False)
]

COMMON = "Every command also takes --debug (show the traceback of an internal error)."


def make_app(**settings: str) -> typer.Typer:
    """A Typer whose help is ours, and whose errors and tracebacks are left to `cli/app.py`.

    Rich help and "pretty" tracebacks are off: they cost 100 ms of imports and print local variables.
    """
    return App(
        cls=Group,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        pretty_exceptions_show_locals=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
        **settings,  # type: ignore[arg-type]
    )


def example(*lines: str) -> str:
    """The closing lines of a command's help: examples, as they are to be typed, then what all commands share."""
    shown = "\n".join(lines)
    return f"Example{'s' * (len(lines) > 1)}:\n\n\b\n{shown}\n\n{COMMON}"
