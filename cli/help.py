"""How `--help` looks: one style for every command, and no words of the library below.

Arguments and options show what a person writes (`N`, `FILE`, `TEXT`), never a Python type. Lists of commands are
wrapped, not cut, and examples stand on a line each, so that they can be copied.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import typer
import typer.core

_WORDS = (("<int", "N"), ("<float", "X"), ("<path", "FILE"), ("<list[Path", "FILE"))
_RANGES = (
    (re.compile(r"(-?[\d.]+)<=x<=(-?[\d.]+)"), r"\1 to \2"),
    (re.compile(r"x>=(-?[\d.]+)"), r"at least \1"),
    (re.compile(r"x<=(-?[\d.]+)"), r"at most \1"),
)


class Command(typer.core.TyperCommand):
    """A command whose help is in our style."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [*([self.options_metavar] if self.options_metavar else []), *_usage(self, ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _write_parameters(self, ctx, formatter)


class Group(typer.core.TyperGroup):
    """A command with commands below it."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        _write_parameters(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(1_000)) for name, command in found if command])


class App(typer.Typer):
    """A `typer.Typer` that makes all its commands of `Command`."""

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Any], Any]:
        return super().command(name, **{"cls": Command, **settings})


def _arguments(command: Any, ctx: Any) -> list[Any]:
    return [one for one in command.get_params(ctx) if one.param_type_name == "argument"]


def _name(argument: Any) -> str:
    """What a person writes there: `FILE`, `BASE/QUOTE...`."""
    name = str(argument.metavar or argument.name.upper().strip("_"))
    return name if argument.nargs == 1 or name.endswith("...") else f"{name}..."


def _usage(command: Any, ctx: Any) -> list[str]:
    return [_name(one) if one.required else f"[{_name(one)}]" for one in _arguments(command, ctx)]


def _write_parameters(command: Any, ctx: Any, formatter: Any) -> None:
    arguments: list[tuple[str, str]] = []
    options: list[tuple[str, str]] = []
    for one in command.get_params(ctx):
        is_argument = one.param_type_name == "argument"
        if not is_argument and one.metavar is None:
            one.metavar = _word(one.display_type(ctx=ctx) or "")
        if (row := one.get_help_record(ctx)) is not None:
            kept = arguments if is_argument else options
            kept.append((_name(one), _without_need(_in_words(row[1]))) if is_argument else (row[0], _in_words(row[1])))
    for title, rows in (("Arguments", arguments), ("Options", options)):
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)


def _word(kind: str) -> str | None:
    """What stands for a value of this kind; None for a flag."""
    if not kind.startswith("<"):
        return None
    return next((word for start, word in _WORDS if kind.startswith(start)), "TEXT")


def _in_words(text: str) -> str:
    """Limits as words: `0 to 65535` for `0<=x<=65535`."""
    for pattern, words in _RANGES:
        text = pattern.sub(words, text)
    return text


def _without_need(text: str) -> str:
    """That an argument is needed shows in the line of usage."""
    return re.sub(r"\s*\[required\]$|; required(?=\]$)", "", text)
