"""Findings as workflow commands of GitHub Actions, which shows them beside the lines of a pull request.

    ::error file=s.yaml,line=10,col=18,endLine=10,endColumn=22,title=FC0102::no value called `quik`...

Lines and columns count from 1. GitHub shows few annotations per step, so errors come before warnings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ..diagnostics import Diagnostic, Severity
from ..source import Source
from .limit import file_of

#: How the place of a finding goes on behind the file: `, byte 21 (line 2)`, `, row 17`.
_INSIDE = re.compile(r"(?P<file>.+), (?:byte \d+ \(line (?P<line>\d+)\)|row \d+)")
_IN_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY = {**_IN_DATA, ":": "%3A", ",": "%2C"}


def render(diagnostics: Diagnostic | Iterable[Diagnostic], sources: Mapping[str, Source]) -> str:
    """One command per finding, each on a line of its own. Ends with a newline unless empty."""
    findings = [diagnostics] if isinstance(diagnostics, Diagnostic) else list(diagnostics)
    ordered = sorted(findings, key=lambda d: d.severity is not Severity.ERROR)
    return "".join(f"{_command(d, sources)}\n" for d in ordered)


def _command(d: Diagnostic, sources: Mapping[str, Source]) -> str:
    properties = {**_file(d), **_place(d, sources), "title": d.code}
    head = ",".join(f"{key}={_escaped(str(value), _IN_PROPERTY)}" for key, value in properties.items())
    return f"::{d.severity.value} {head}::{_escaped(_text(d), _IN_DATA)}"


def _file(d: Diagnostic) -> dict[str, str]:
    """The file alone, since GitHub finds nothing else, and the line where a text that is no text tells it."""
    found = _INSIDE.fullmatch(file_of(d)) if d.primary is None else None
    if found is None:
        return {"file": file_of(d)}
    return {"file": found["file"], **({"line": found["line"]} if found["line"] else {})}


def _place(d: Diagnostic, sources: Mapping[str, Source]) -> dict[str, int]:
    if d.primary is None or d.primary.span.path not in sources:
        return {}
    source, span = sources[d.primary.span.path], d.primary.span
    start, end = source.position(span.start), source.position(span.end)
    place = {"line": start.line, "col": start.column}
    return (
        {**place, "endLine": end.line, "endColumn": max(end.column, start.column + 1)}
        if end.line == start.line
        else place
    )


def _text(d: Diagnostic) -> str:
    """The message with its label, notes, helps and the titles of its fixes, a line each."""
    label = f": {d.primary.text}" if d.primary is not None and d.primary.text else ""
    more = [*(f"note: {note}" for note in d.notes), *(f"help: {line}" for line in d.helps)]
    return "\n".join([d.message + label, *more, *(f"help: {fix.title}" for fix in d.fixes)])


def _escaped(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(letter, letter) for letter in text)
