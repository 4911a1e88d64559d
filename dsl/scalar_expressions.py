"""Parse the expression in a scalar where it stands in the file, and the guards that make this sound.

YAML changes values (folds lines, removes indentation, resolves escapes), so positions in a value mean nothing. The
text of the scalar is parsed instead. It has the same tokens as the value unless an escape or a comment hides in it, and
those are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .ast import Expr
from .cst import Entry, Mapping, Node, Scalar, Sequence, Style
from .diagnostics import Diagnostic, Diagnostics, Edit, Fix, Label, Safety
from .expression_parser import parse_expression, tokens
from .source import Source, Span

_MOST_PIECES = 32  # of one expression that YAML has cut at its commas
MAX_EXPRESSION = 16 * 1024  # characters
_YAMLS_OWN = re.compile(r"[,\[\]{}:#\n]")  # what means something to YAML inside `{...}`, or would be folded


def read_expression(source: Source, scalar: Scalar, bag: Diagnostics) -> Expr | None:
    """The scalar's expression with spans in the file, or None after an error."""
    text = source.slice(scalar.content)
    if len(text) > MAX_EXPRESSION:
        label = Label(source.span(scalar.content.start, scalar.content.start + 1), f"{len(text):,} characters")
        help_text = f"an expression may have {MAX_EXPRESSION:,} characters; give parts of it names under `let`"
        bag.add(Diagnostic("FC0012", "this expression is too long", label, helps=(help_text,)))
        return None
    if not is_without_escapes(source, scalar, bag):
        return None
    hidden = _comment_that_folding_hides(scalar, text)
    if hidden is not None:
        bag.add(_folded_comment(source, scalar, hidden))
    if scalar.in_flow and scalar.style is Style.PLAIN and _YAMLS_OWN.search(text.strip()):
        bag.add(_in_flow(source, scalar.content))
    return parse_guarded(source, scalar, bag, check_tokens=hidden is None)


def parse_guarded(source: Source, scalar: Scalar, bag: Diagnostics, *, check_tokens: bool) -> Expr | None:
    """Parse a scalar where it stands; None, with a finding in `bag`, where it cannot be read safely."""
    expr = parse_expression(source, scalar.content, bag)
    text = source.slice(scalar.content)
    if expr is not None and check_tokens and text != scalar.value and tokens(text) != tokens(scalar.value):
        note = "the text of the file and its YAML value differ; please report this file"
        bag.add(Diagnostic("FC0007", "this expression was misread", Label(scalar.content), notes=(note,)))
        return None
    return expr


# --- FC0006 -------------------------------------------------------------------------------------------------------


def is_without_escapes(source: Source, scalar: Scalar, bag: Diagnostics) -> bool:
    """False, and FC0006, when the text in the quotes is not the value."""
    text = source.slice(scalar.content)
    if (scalar.style is Style.DOUBLE and "\\" in text) or (scalar.style is Style.SINGLE and "''" in text):
        bag.add(_escape(source, scalar))
        return False
    return True


def _escape(source: Source, scalar: Scalar) -> Diagnostic:
    text = source.slice(scalar.content)
    at = scalar.content.start + text.index("\\" if scalar.style is Style.DOUBLE else "''")
    plain = " ".join(scalar.value.split())
    fixes: tuple[Fix, ...] = ()
    if plain.isprintable() and not set(plain) & set("\\\"'#"):
        fixes = (Fix("write it without escapes", Safety.SAFE, (Edit(scalar.content, plain),)),)
    label = Label(source.span(at, at + 2), "escape")
    message = "an expression may not contain escapes"
    return Diagnostic(
        "FC0006",
        message,
        label,
        helps=() if fixes else ("write the characters themselves, without quotes around the expression",),
        fixes=fixes,
    )


# --- FC0008 -------------------------------------------------------------------------------------------------------


def _comment_that_folding_hides(scalar: Scalar, text: str) -> int | None:
    """Where a `#` stands that, once lines are joined, would swallow what follows."""
    if scalar.style is Style.LITERAL:
        return None
    at = text.find("#")
    folded = scalar.style is Style.FOLDED or "\n" in text[at:]
    return at if at >= 0 and folded else None


def _folded_comment(source: Source, scalar: Scalar, at: int) -> Diagnostic:
    place = source.span(scalar.content.start + at, scalar.content.start + at + 1)
    fixes: tuple[Fix, ...] = ()
    if scalar.style is Style.FOLDED:
        indicator = source.span(scalar.span.start, scalar.span.start + 1)
        fixes = (Fix("write `|` instead of `>`", Safety.SAFE, (Edit(indicator, "|"),)),)
    note = "this style joins lines, so YAML programs read the rest of the expression as part of the comment"
    message = "a comment inside text whose lines are joined"
    return Diagnostic(
        "FC0008",
        message,
        Label(place),
        notes=(note,),
        helps=() if fixes else ("write the expression below `|`, without quotes",),
        fixes=fixes,
    )


# --- FC0005 -------------------------------------------------------------------------------------------------------


def _in_flow(source: Source, span: Span) -> Diagnostic:
    edits = (Edit(source.span(span.start, span.start), '"'), Edit(source.span(span.end, span.end), '"'))
    multi_line = "\n" in source.slice(span)
    fixes = () if multi_line else (Fix("put the expression in quotes", Safety.SAFE, edits),)
    return Diagnostic(
        "FC0005",
        "an expression with commas inside `{...}` or `[...]`"
        if "," in source.slice(span)
        else "an expression over several lines inside `{...}` or `[...]`",
        Label(span, "YAML ends the value at the comma" if "," in source.slice(span) else "YAML joins these lines"),
        notes=("commas, brackets, colons and line ends belong to YAML here",),
        helps=("or write `name: expression` on a line of its own, without the brackets",),
        fixes=fixes,
    )


def join_split_expressions(source: Source, node: Node, bag: Diagnostics) -> Node:
    """Undo what YAML does to `{x: ema(close, 3)}`: it ends the value at the comma and reads `3)` as a key.

    Reports each such expression once (FC0005) and puts it back together, so that nothing else is reported about it.
    """
    if isinstance(node, Scalar):
        return node
    if isinstance(node, Mapping):
        return Mapping(node.span, _join_entries(source, node, bag), node.in_flow)
    return Sequence(node.span, _join_items(source, node, bag), node.in_flow)


def _join_entries(source: Source, node: Mapping, bag: Diagnostics) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    at = 0
    while at < len(node.entries):
        entry = node.entries[at]
        pieces = [other.key for other in node.entries[at + 1 : at + 1 + _MOST_PIECES]]
        joined, used = _joined(source, entry.value, pieces, bag)
        entries.append(Entry(entry.key, join_split_expressions(source, joined, bag)))
        at += 1 + used
    return tuple(entries)


def _join_items(source: Source, node: Sequence, bag: Diagnostics) -> tuple[Node, ...]:
    items: list[Node] = []
    at = 0
    while at < len(node.items):
        joined, used = _joined(source, node.items[at], node.items[at + 1 : at + 1 + _MOST_PIECES], bag)
        items.append(join_split_expressions(source, joined, bag))
        at += 1 + used
    return tuple(items)


def _joined(source: Source, first: Node, rest: Iterable[Node], bag: Diagnostics) -> tuple[Node, int]:
    """`first` with as many pieces as close its brackets, and their number."""
    if not (isinstance(first, Scalar) and first.in_flow and first.style is Style.PLAIN):
        return first, 0
    unclosed = _unclosed(source.slice(first.span))
    if unclosed <= 0:
        return first, 0
    for count, piece in enumerate(rest, 1):
        if not isinstance(piece, Scalar):
            break
        unclosed += _unclosed(source.slice(piece.span))
        if unclosed <= 0:
            span = first.span.to(piece.span)
            bag.add(_in_flow(source, span))
            return Scalar(span, span, Style.SINGLE, source.slice(span), True), count
    return first, 0


def _unclosed(text: str) -> int:
    return text.count("(") - text.count(")")
