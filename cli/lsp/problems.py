"""Diagnostics in the editor's words, and the code actions that mend them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from lsprotocol import types as lsp

from ...dsl.diagnostics import Diagnostic, Diagnostics, Fix, Label, Safety, Severity
from ...dsl.fixer import fix
from ...dsl.language_server.positions import Lines
from ...dsl.source import Source
from .analysis import Analysis, analysis_of
from .view import Client, View, range_of, source_lines

SOURCE = "flashc"

#: Advice for the day a strategy goes live: shown as a hint.
_HINTS = frozenset({"FL116"})
_UNUSED = frozenset({"FL101", "FC0605"})

#: More findings than anyone reads; the rest is counted in the last one.
MOST = 200

_TITLES = {Safety.SAFE: "", Safety.UNSAFE: " (the meaning may change)", Safety.PLACEHOLDER: " (needs a choice)"}
FIX_ALL = "source.fixAll.flashc"


def published(analysis: Analysis, lines: Lines, uri: str, client: Client) -> list[lsp.Diagnostic]:
    """The findings of a file, in file order."""
    return [_diagnostic(d, analysis, lines, uri, client) for d in analysis.found[:MOST]]


def _diagnostic(d: Diagnostic, analysis: Analysis, lines: Lines, uri: str, client: Client) -> lsp.Diagnostic:
    severity = lsp.DiagnosticSeverity.Error if d.severity is Severity.ERROR else lsp.DiagnosticSeverity.Warning
    related = [_related(label, analysis, lines, uri, client) for label in d.secondary if label.text]
    label = d.primary
    elsewhere = label is not None and label.span.path != analysis.source.path
    if label is not None and elsewhere:
        related.insert(0, _related(label, analysis, lines, uri, client))
    return lsp.Diagnostic(
        range=_range(d, analysis, lines, elsewhere),
        message=message_of(d),
        severity=lsp.DiagnosticSeverity.Hint if d.code in _HINTS else severity,
        code=d.code,
        source=SOURCE,
        related_information=related or None,
        tags=[lsp.DiagnosticTag.Unnecessary] if d.code in _UNUSED else None,
    )


def message_of(d: Diagnostic) -> str:
    """What is wrong, what the label says, and how to go on, a line each."""
    head = f"{d.message}: {d.primary.text}" if d.primary is not None and d.primary.text else d.message
    place = [f"in {d.where}"] if d.where else []
    fixes = [f"fix: {f.title}" for f in d.fixes]
    return "\n".join([head, *place, *(f"note: {n}" for n in d.notes), *(f"help: {h}" for h in d.helps), *fixes])


def _range(d: Diagnostic, analysis: Analysis, lines: Lines, elsewhere: bool) -> lsp.Range:
    if d.primary is None:
        return range_of(lines, 0, 0)
    if not elsewhere:
        return range_of(lines, d.primary.span.start, d.primary.span.end)
    uses = analysis.document.uses if analysis.document is not None else ()
    span = uses[0].span if uses else analysis.source.span(0, 0)
    return range_of(lines, span.start, span.end)


def _related(
    label: Label, analysis: Analysis, lines: Lines, uri: str, client: Client
) -> lsp.DiagnosticRelatedInformation:
    span = label.span
    if span.path == analysis.source.path:
        return lsp.DiagnosticRelatedInformation(
            lsp.Location(uri, range_of(lines, span.start, span.end)), label.text or "here"
        )
    other = analysis.built.sources.get(span.path) if analysis.built is not None else None
    where = source_lines(other, client.encoding) if other is not None else Lines("", client.encoding)
    location = lsp.Location(f"file://{quote(span.path)}", range_of(where, span.start, span.end))
    return lsp.DiagnosticRelatedInformation(location, label.text or "here")


# code actions


def actions(view: View, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """The fixes of the findings that a range touches, and one action for all safe ones."""
    only = params.context.only
    found: list[lsp.CodeAction] = []
    if _wants(only, "quickfix"):
        start, end = view.offset(params.range.start), view.offset(params.range.end)
        for diagnostic in _touched(view.now.found, start, max(start, end)):
            found += _fixes(view, diagnostic)
    if _wants(only, FIX_ALL) and any(f.safety is Safety.SAFE for d in view.now.found for f in d.fixes):
        found += _fix_all(view)
    return found


def _wants(only: Sequence[lsp.CodeActionKind | str] | None, kind: str) -> bool:
    kinds = [str(getattr(k, "value", k)) for k in only] if only else None
    return kinds is None or any(not k or kind == k or kind.startswith(f"{k}.") for k in kinds)


def _touched(found: Iterable[Diagnostic], start: int, end: int) -> Iterator[Diagnostic]:
    for d in found:
        if d.primary is not None and d.primary.span.start <= end and start <= d.primary.span.end:
            yield d


def _fixes(view: View, d: Diagnostic) -> Iterator[lsp.CodeAction]:
    shown = _diagnostic(d, view.now, view.lines, view.uri, view.client)
    first = True
    for fix_ in d.fixes:
        if not fix_.edits or any(e.span.path != view.path for e in fix_.edits):
            continue
        yield _action(view, fix_, shown, preferred=first and fix_.safety is Safety.SAFE)
        first = False


def _action(view: View, fix_: Fix, shown: lsp.Diagnostic, *, preferred: bool) -> lsp.CodeAction:
    return lsp.CodeAction(
        title=f"{fix_.title}{_TITLES[fix_.safety]}",
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=[shown],
        is_preferred=preferred or None,
        edit=view.edit(fix_.edits),
    )


def _fix_all(view: View) -> list[lsp.CodeAction]:
    """As `flashc fix`: batches that add errors are withdrawn."""
    from ...dsl.diagnostics import Edit

    source = view.now.source
    result = fix(source, _check)
    if result.text == source.text:
        return []
    whole = Edit(source.span(0, len(source.text)), result.text)
    return [lsp.CodeAction(title="Apply all safe fixes", kind=FIX_ALL, edit=view.edit([whole]))]


def _check(source: Source) -> Diagnostics:
    analysis = analysis_of(source, 0)
    assert analysis is not None, "nothing makes it stale"
    bag = Diagnostics()
    bag.extend(analysis.found)
    return bag
