"""One line per finding, as compilers print and editors parse: `file:line:col: error[FC0102] message`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..diagnostics import Diagnostic
from ..source import Source
from .limit import file_of, left_out, limited


def render(diagnostics: Diagnostic | Iterable[Diagnostic], sources: Mapping[str, Source]) -> str:
    """The findings, one line each, at most `limit.MAX_PER_FILE` per file. Ends with a newline unless empty."""
    findings = [diagnostics] if isinstance(diagnostics, Diagnostic) else list(diagnostics)
    lines = [f"{_place(d, sources)}: {d.severity.value}[{d.code}] {d.message}" for d in limited(findings)]
    lines += [f"{path}: ... and {count} more" for path, count in left_out(findings)]
    return "".join(f"{line}\n" for line in lines)


def _place(diagnostic: Diagnostic, sources: Mapping[str, Source]) -> str:
    path = file_of(diagnostic)
    if diagnostic.primary is None or path not in sources:
        return path
    at = sources[path].position(diagnostic.primary.span.start)
    return f"{path}:{at.line}:{at.column}"
