"""`flashc`: finds the command, runs it, and turns whatever goes wrong into one message and an exit code.

Commands are imported when they are called (`registry.py`), so `flashc --help` stays fast and `flashc check` never
loads NumPy or Numba.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from . import startup  # noqa: F401  first: it is about the imports that follow

# isort: split
import typer
import typer.core
import typer.main

from . import console
from .exit_codes import Exit
from .problem import Problem
from .registry import COMMANDS


class LazyGroup(typer.core.TyperGroup):
    """Knows the commands by name and loads the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = import_module(f".{entry.module}", __package__)
        command = typer.main.get_command(module.app)
        command.name = entry.name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.summary) for entry in COMMANDS.values()])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise _unknown_command(args[0])
        return super().resolve_command(ctx, args)


def _unknown_command(name: str) -> Problem:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS)
    helps = (f"did you mean `flashc {near[0]}`?",) if near else ()
    return Problem(f"there is no command `{name}`", helps=(*helps, "`flashc --help` lists the commands"))


app = typer.Typer(
    cls=LazyGroup,
    name="flashc",
    no_args_is_help=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Start here: flashc new my_strategy",
)


@app.callback(invoke_without_command=True)
def root(ctx: typer.Context, version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    """A compiler for trading strategies: one file in, a checked and explainable backtest out."""
    if version:
        from .. import __version__

        console.out(f"flashc {__version__}")
    elif ctx.invoked_subcommand is None:
        console.out(ctx.get_help())


def main() -> None:
    """The console script."""
    console.open_closed()
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return its exit code. Nothing is raised but `SystemExit` for a closed pipe."""
    args, debug = _take_debug(list(arguments))
    console.lose_output(False)
    try:
        code = _guarded(args, debug)
        console.flush()
        if code == Exit.OK and console.output_lost():
            console.err("error: standard output could not be written")
            return Exit.ENVIRONMENT
        return code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED


def _take_debug(args: list[str]) -> tuple[list[str], bool]:
    end = args.index("--") if "--" in args else len(args)
    kept = [arg for arg in args[:end] if arg != "--debug"] + args[end:]
    return kept, len(kept) != len(args)


def _guarded(args: list[str], debug: bool) -> int:
    from .failures import report

    try:
        result = typer.main.get_command(app).main(args, prog_name="flashc", standalone_mode=False)
        return int(result or Exit.OK)
    except (KeyboardInterrupt, SystemExit):
        raise
    except typer.Abort as error:  # Ctrl-C or the end of input at a question
        raise KeyboardInterrupt from error
    except Exception as error:  # the one boundary between our bugs and the user
        if debug and not isinstance(error, Problem):
            import traceback

            console.err(traceback.format_exc().rstrip())
        return report(error, args)
