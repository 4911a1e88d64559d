"""Diagnostics for people: the text of the file, marks under it, notes and ways to go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..diagnostics import Diagnostic, Label, Severity
from ..source import Source
from .canvas import Row, Style
from .limit import MAX_PER_FILE, file_of, left_out, limited
from .snippet import Mark, bar, last_line, snippet

__all__ = ["MAX_PER_FILE", "render"]


def render(diagnostics: Diagnostic | Iterable[Diagnostic], sources: Mapping[str, Source], color: bool = False) -> str:
    """The findings as text, one paragraph each, at most `MAX_PER_FILE` per file. Ends with a newline unless empty.

    `sources` maps paths to texts; a label in a file that is not among them is shown without its text.
    """
    findings = [diagnostics] if isinstance(diagnostics, Diagnostic) else list(diagnostics)
    paragraphs = ["\n".join(_one(d, sources, color)) for d in limited(findings)]
    paragraphs += [f"... and {count} more in {path}" for path, count in left_out(findings)]
    return "\n\n".join(paragraphs) + "\n" if paragraphs else ""


def _one(diagnostic: Diagnostic, sources: Mapping[str, Source], color: bool) -> Iterator[str]:
    yield _headline(diagnostic, color)
    groups = _by_file(diagnostic, sources)
    gutter = max((len(str(last_line(sources[path], marks))) for path, marks in groups), default=1)
    if not groups:
        yield _arrow(gutter, "-->", file_of(diagnostic), color)
    for index, (path, marks) in enumerate(groups):
        source = sources[path]
        at = source.position(marks[0].span.start)
        yield _arrow(gutter, "-->" if index == 0 else ":::", f"{path}:{at.line}:{at.column}", color)
        yield bar(gutter, color)
        yield from snippet(source, marks, gutter, color)
    remarks = list(_remarks(diagnostic))
    if groups and remarks:
        yield bar(gutter, color)
    for kind, text in remarks:
        yield from _remark(gutter, kind, text, color)


def _headline(diagnostic: Diagnostic, color: bool) -> str:
    style = Style.ERROR if diagnostic.severity is Severity.ERROR else Style.WARNING
    head = f"{diagnostic.severity.value}[{diagnostic.code}]"
    row = Row()
    row.put(0, head, style)
    row.put(len(head), f": {diagnostic.message}", Style.BOLD)
    return row.text(color)


def _arrow(gutter: int, arrow: str, place: str, color: bool) -> str:
    row = Row()
    row.put(gutter, arrow, Style.FRAME)
    row.put(gutter + 4, place)
    return row.text(color)


def _by_file(diagnostic: Diagnostic, sources: Mapping[str, Source]) -> list[tuple[str, list[Mark]]]:
    """The labels of each known file, that of the primary label first."""
    primary = diagnostic.primary
    if primary is None or primary.span.path not in sources:
        return []
    style = Style.ERROR if diagnostic.severity is Severity.ERROR else Style.WARNING
    groups = {primary.span.path: [_mark(primary, "^", style)]}
    for label in diagnostic.secondary:
        if label.span.path in sources:
            groups.setdefault(label.span.path, []).append(_mark(label, "-", Style.SECONDARY))
    return list(groups.items())


def _mark(label: Label, sign: str, style: Style) -> Mark:
    return Mark(label.span, label.text, sign, style)


def _remarks(diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    for note in diagnostic.notes:
        yield "note", note
    for fix in diagnostic.fixes:
        yield "help", f"{fix.title}  ({fix.safety.value} fix)"
    for text in diagnostic.helps:
        yield "help", text


def _remark(gutter: int, kind: str, text: str, color: bool) -> Iterator[str]:
    first, *rest = text.split("\n")
    row = Row()
    row.put(gutter + 1, "=", Style.FRAME)
    row.put(gutter + 3, f"{kind}:", Style.HELP if kind == "help" else Style.BOLD)
    row.put(gutter + 3 + len(kind) + 2, first)
    yield row.text(color)
    indent = " " * (gutter + 3 + len(kind) + 2)
    for line in rest:
        yield f"{indent}{line}".rstrip()
