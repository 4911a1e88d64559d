"""One style for strategy files, as a list of text edits; no dumper ever rewrites a file.

Keys in schema order, `params` in columns, even spacing inside expressions, at most one blank line in a row, no space at
line ends. Comments, line breaks inside expressions and the order of your own names stay. Formatting twice changes
nothing more. The formatted text is read again: if it meant anything else, it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from difflib import SequenceMatcher

from . import ast
from .cst import Mapping, Node, Scalar, Sequence, Style
from .diagnostics import Diagnostic, Diagnostics, Edit, Label
from .document import Document
from .document_reader import read_document
from .edits import apply_edits, in_order
from .expression_parser import parse_expression
from .format_blocks import flow_edits, order_edits
from .format_expressions import spacing_edits
from .meaning import same_meaning
from .source import Source
from .yaml_reader import read

#: Rounds of moving keys: one per block that can be out of order. A bound, never reached by a readable file.
MAX_ROUNDS = 500

_EXPRESSIONS = ast.Expr.__args__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class FormatResult:
    """The formatted text and the edits that lead to it. With `problems` the text is the old one."""

    text: str
    edits: tuple[Edit, ...]
    problems: tuple[Diagnostic, ...] = ()

    @property
    def changed(self) -> bool:
        return bool(self.edits)


def format_source(source: Source) -> FormatResult:
    """Format a readable file. A file with errors is left alone, and its errors are the `problems`."""
    document, bag = read_document(source)
    if document is None or bag.errors:
        return FormatResult(source.text, (), bag.errors)
    text = _format(source)
    again, found = read_document(Source(source.path, text))
    if again is None or found.errors or not same_meaning(document, again):
        return FormatResult(source.text, (), (_refused(source),))
    return FormatResult(text, tuple(_line_edits(source, text)))


def _format(source: Source) -> str:
    """All passes over a readable file; each reads the text the one before it left."""
    now = source
    for _ in range(MAX_ROUNDS):
        edits = _with_root(now, order_edits)
        if not edits:
            break
        now = _edited(now, edits)
    now = _edited(now, _expression_edits(now))
    now = _edited(now, _with_root(now, flow_edits))
    return _tidy_lines(now)


def _edited(source: Source, edits: list[Edit]) -> Source:
    return Source(source.path, apply_edits(source.text, in_order(edits))) if edits else source


def _with_root(source: Source, make: Callable[[Source, Mapping], list[Edit]]) -> list[Edit]:
    root, _ = read(source)
    return make(source, root) if isinstance(root, Mapping) else []


def _expression_edits(source: Source) -> list[Edit]:
    document, _ = read_document(source)
    return [edit for expr in _written(source, document) for edit in spacing_edits(source, expr.span)]


def _written(source: Source, document: Document | None) -> Iterator[ast.Expr]:
    """The expressions of the document that stand in the text as they are; defaults are only implied by it."""
    for expr in _expressions(document):
        if parse_expression(source, expr.span, Diagnostics()) == expr:
            yield expr


def _expressions(value: object) -> Iterator[ast.Expr]:
    if isinstance(value, _EXPRESSIONS):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _expressions(item)
    elif is_dataclass(value) and not isinstance(value, Source | type):
        for field in fields(value):
            yield from _expressions(getattr(value, field.name))


# --- lines --------------------------------------------------------------------------------------------------------


def _tidy_lines(source: Source) -> str:
    """No space at line ends, no two blank lines in a row, one newline at the end. Texts in blocks keep their lines."""
    root, _ = read(source)
    protected = set(_text_lines(source, root)) if root is not None else set()
    lines: list[str] = []
    for number in range(1, source.line_count + 1):
        line = source.line_text(number)
        if number not in protected:
            line = line.rstrip()
            if not line and (not lines or not lines[-1]):
                continue
        lines.append(line)
    while lines and not lines[-1].strip():
        lines.pop()
    return "\n".join(lines) + "\n"


def _text_lines(source: Source, node: Node) -> Iterator[int]:
    """Lines of scalars that run over several lines: YAML may give their blank lines and spaces a meaning."""
    if isinstance(node, Scalar):
        first, last = source.position(node.span.start).line, source.position(node.span.end).line
        if last > first:
            inner = source.slice(node.span).rstrip() if node.style in (Style.LITERAL, Style.FOLDED) else ""
            yield from range(first, first + inner.count("\n") + 1 if inner else last + 1)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _text_lines(source, item)
    else:
        for entry in node.entries:
            yield from _text_lines(source, entry.value)


def _line_edits(source: Source, text: str) -> Iterator[Edit]:
    """The difference to the old text, in whole lines."""
    old, new = source.text.splitlines(keepends=True), text.splitlines(keepends=True)
    offsets = [0]
    for line in old:
        offsets.append(offsets[-1] + len(line))
    for tag, a, b, c, d in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield Edit(source.span(offsets[a], offsets[b]), "".join(new[c:d]))


def _refused(source: Source) -> Diagnostic:
    return Diagnostic(
        "FC0908",
        "formatting this file would change its meaning",
        Label(source.span(0, 0)),
        notes=("the file was left as it is; please report it",),
    )
