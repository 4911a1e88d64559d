"""One version of an open file, as every question sees it."""

from __future__ import annotations

from dataclasses import dataclass

from lsprotocol import types as lsp

from ...dsl.diagnostics import Edit
from ...dsl.language_server.positions import Encoding, Lines
from ...dsl.source import Source, Span
from .analysis import Analysis


@dataclass(frozen=True, slots=True)
class Client:
    """What the editor can do, and how it counts columns."""

    encoding: Encoding = Encoding.UTF16
    snippets: bool = False
    versioned_edits: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """`now` is the analysis of this text; `good` the last one that got as far as types (None: never)."""

    uri: str
    path: str
    version: int
    lines: Lines
    now: Analysis
    good: Analysis | None
    client: Client

    @property
    def text(self) -> str:
        return self.lines.text

    def offset(self, position: lsp.Position) -> int:
        return self.lines.offset(position.line, position.character)

    def range(self, start: int, end: int) -> lsp.Range:
        """A range of this text; empty where `end` lies before `start`."""
        return range_of(self.lines, start, end)

    def spot(self, span: Span) -> lsp.Range:
        return self.range(span.start, span.end)

    def edit(self, edits: tuple[Edit, ...] | list[Edit]) -> lsp.WorkspaceEdit:
        """Edits of this file, bound to its version where the editor understands that."""
        made = [lsp.TextEdit(self.spot(e.span), e.text) for e in edits if e.span.path == self.path]
        if not self.client.versioned_edits:
            return lsp.WorkspaceEdit(changes={self.uri: made})
        name = lsp.OptionalVersionedTextDocumentIdentifier(uri=self.uri, version=self.version)
        return lsp.WorkspaceEdit(document_changes=[lsp.TextDocumentEdit(name, list(made))])


def range_of(lines: Lines, start: int, end: int) -> lsp.Range:
    """A range of code points as the editor writes it."""
    first, last = lines.position(start), lines.position(max(start, end))
    return lsp.Range(lsp.Position(*first), lsp.Position(*last))


def source_lines(source: Source, encoding: Encoding) -> Lines:
    """The lines of another file."""
    return Lines(source.text, encoding)
