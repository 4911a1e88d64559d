"""YAML syntax errors in our own words. libyaml and PyYAML phrase the same problem differently; users see one text."""

from __future__ import annotations

import yaml

from .diagnostics import Diagnostic, Label
from .source import Source

# (a part of the library's text, our message, help)
_KNOWN: tuple[tuple[str, str, str], ...] = (
    ("mapping values are not allowed", "a `:` that YAML cannot place",
     "put the value in quotes, or write it below with `|`; check the indentation of this line"),
    ("cannot start any token", "a value may not begin with this character", "put the value in quotes"),
    ("unknown escape character", "an escape that YAML does not know", "drop the backslash"),
    ("unexpected end of stream", "a quote is never closed", "close the quote"),
    ("unexpected document separator", "a quote is never closed", "close the quote"),
    ("expected ',' or ']'", "a comma or the closing `]` is missing",
     "an expression with brackets of its own needs quotes inside `[...]`"),
    ("expected ',' or '}'", "a comma or the closing `}` is missing",
     "an expression with brackets of its own needs quotes inside `{...}`"),
    ("could not find expected ':'", "this line has no `:` after its key", "write `key: value`"),
    ("did not find expected key", "this line does not fit the indentation around it",
     "entries of one block start in the same column"),
    ("expected <block end>", "this line does not fit the indentation around it",
     "entries of one block start in the same column"),
    ("did not find expected '-' indicator", "this line does not fit the list around it",
     "items of one list start in the same column with `- `"),
    ("node content", "a value is missing here", "write the value, or delete what opens it"),
    ("block sequence entries are not allowed", "a list may not start here",
     "put `- ` on its own line; a negative value has no blank after its `-`"),
    ("chomping or indentation", "text may not follow `|` or `>` on the same line", "start the text on the next line"),
    ("comment or line break", "text may not follow `|` or `>` on the same line", "start the text on the next line"),
)  # fmt: skip


_MAY_BE_THE_LINE_ABOVE = (
    "mapping values are not allowed",
    "could not find expected ':'",
    "did not find expected key",
    "expected <block end>",
)


def describe(source: Source, error: yaml.YAMLError) -> Diagnostic:
    """One FC0001 at the place where the library stopped."""
    problem = str(getattr(error, "problem", "") or "")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = min(mark.index, len(source.text)) if mark is not None else 0
    opened = getattr(error, "context_mark", None)
    if any(part in problem for part in _MAY_BE_THE_LINE_ABOVE) and (better := _line_above(source, place)):
        return better
    message, help_text = _words(problem)
    secondary: tuple[Label, ...] = ()
    if opened is not None and opened.index < place:
        secondary = (Label(source.span(opened.index, opened.index + 1), "begun here"),)
    end = min(place + 1, len(source.text)) if source.text[place : place + 1] not in ("\n", "\r") else place
    helps = (help_text,) if help_text else ()
    return Diagnostic("FC0001", message, Label(source.span(place, end)), secondary=secondary, helps=helps)


def _line_above(source: Source, place: int) -> Diagnostic | None:
    """YAML stumbles over a `:` when the mistake is often the line before: it lacks one, or is indented less."""
    line = source.position(place).line
    above = next((n for n in range(line - 1, 0, -1) if source.line_text(n).partition("#")[0].strip()), None)
    if above is None:
        return None
    start = place - (source.position(place).column - 1)
    here, before = source.line_text(line), source.line_text(above)
    above_start = start
    for _ in range(line - above):
        above_start = source.text.rfind("\n", 0, above_start - 1) + 1
    if ":" not in before and _indent(before) == _indent(here) and not before.lstrip().startswith("- "):
        label = _text_of_line(source, above_start, before, "no `:` after a key")
        return Diagnostic("FC0001", "this line is not `key: value`", label, helps=("write `key: value`",))
    if _indent(here) > _indent(before) and here[: place - start].count(":") == 0:
        message = "this line is indented more than the one above it, which has a value already"
        return Diagnostic("FC0001", message, _text_of_line(source, start, here, ""))
    return None


def _text_of_line(source: Source, start: int, line: str, text: str) -> Label:
    return Label(source.span(start + _indent(line), start + len(line.rstrip())), text)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _words(problem: str) -> tuple[str, str]:
    for part, message, help_text in _KNOWN:
        if part in problem:
            return message, help_text
    return "this is not valid YAML", ""
