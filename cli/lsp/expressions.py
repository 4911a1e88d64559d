"""The expression at an offset: in a document, or cut from a text that does not parse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass

from ...dsl import ast
from ...dsl.document import Document
from ...dsl.expression_scanner import Piece, scan
from ...dsl.source import Source, Span

_EXPRESSIONS = ast.Expr.__args__  # type: ignore[attr-defined]

#: Tokens that end an operand of a comparison, a sum or `??`, seen from its right side.
_ENDS = frozenset({"AND", "OR", "NOT", "IF", "THEN", "ELSE", "COMPARE", "COMMA", "EQUAL"})


def expressions(value: object) -> Iterator[ast.Expr]:
    """The outermost expressions of a document."""
    if isinstance(value, _EXPRESSIONS):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from expressions(item)
    elif is_dataclass(value) and not isinstance(value, Source | type | Span):
        for part in fields(value):
            yield from expressions(getattr(value, part.name))


def expression_at(document: Document, offset: int) -> ast.Expr | None:
    """The written expression around an offset; a default that the text implies is no expression of the text."""
    found = [e for e in expressions(document) if e.span.start <= offset <= e.span.end]
    real = [e for e in found if not (isinstance(e, ast.Quantity) and e.implied)]
    return max(real, key=lambda e: e.span.end - e.span.start, default=None)


@dataclass(frozen=True, slots=True)
class Writing:
    """What is being written: the word before the cursor, what stands before it, and the call around it.

    `operator` is the token before the word. `operand` is the other side of a comparison, a sum or `??`, as offsets.
    `callee` is the function whose argument number `argument` is written. `base` are the words before a dot.
    `after_number` when the word follows a number (a unit), `after_at` when it follows an `@` (a clock).
    """

    word: str
    word_start: int
    operator: str = ""
    operand: tuple[int, int] | None = None
    callee: str = ""
    callee_start: int = 0
    argument: int = 0
    base: tuple[str, ...] = ()
    after_number: bool = False
    after_at: bool = False


def writing(text: str, start: int, offset: int) -> Writing:
    """What is written at `offset` of an expression that begins at `start`. Never fails."""
    pieces = list(scan(text, min(start, offset), offset))
    touching = bool(pieces) and pieces[-1].end == offset and pieces[-1].kind not in ("NUMBER",)
    word, word_start = "", offset
    if touching and (pieces[-1].text[:1].isalpha() or pieces[-1].text[:1] == "_"):
        word, word_start = pieces[-1].text, pieces[-1].start
        pieces.pop()
    before = pieces[-1] if pieces else None
    above = pieces[-2].kind if len(pieces) > 1 else ""
    after_at = before is not None and (before.kind == "AT" or (above == "AT" and before.kind in ("NUMBER", "LPAR")))
    after_number = before is not None and before.kind == "NUMBER" and not after_at
    left = pieces[:-1] if after_number else pieces
    callee, callee_start, argument = _call(left)
    return Writing(
        word,
        word_start,
        left[-1].text if left else "",
        _operand(left),
        callee,
        callee_start,
        argument,
        _base(pieces),
        after_number,
        after_at,
    )


def _base(pieces: list[Piece]) -> tuple[str, ...]:
    found: list[str] = []
    at = len(pieces)
    while at >= 2 and pieces[at - 1].kind == "DOT":
        if pieces[at - 2].kind == "RPAR":
            opener = _opening(pieces, at - 2)
            name = pieces[opener - 1].text if opener and pieces[opener - 1].kind == "NAME" else ""
            found.append(f"{name}()")
            break
        found.append(pieces[at - 2].text)
        at -= 2
    return tuple(reversed(found))


def _opening(pieces: list[Piece], closer: int) -> int:
    depth = 0
    for i in range(closer, -1, -1):
        depth += (pieces[i].kind in ("RPAR", "RSQB")) - (pieces[i].kind in ("LPAR", "LSQB"))
        if depth == 0:
            return i
    return 0


def _call(pieces: list[Piece]) -> tuple[str, int, int]:
    depth = commas = 0
    for i in range(len(pieces) - 1, -1, -1):
        kind = pieces[i].kind
        if kind in ("RPAR", "RSQB"):
            depth += 1
        elif kind in ("LPAR", "LSQB"):
            if depth == 0:
                named = kind == "LPAR" and i > 0 and pieces[i - 1].kind == "NAME"
                return (pieces[i - 1].text, pieces[i - 1].start, commas) if named else ("", 0, 0)
            depth -= 1
        elif kind == "COMMA" and depth == 0:
            commas += 1
    return "", 0, 0


def _operand(pieces: list[Piece]) -> tuple[int, int] | None:
    """The operand left of the last operator, where both sides of it have one unit."""
    if not pieces or pieces[-1].kind not in ("COMPARE", "PLUS", "MINUS", "ORELSE") or len(pieces) < 2:
        return None
    depth, first = 0, len(pieces) - 1
    for i in range(len(pieces) - 2, -1, -1):
        kind = pieces[i].kind
        if kind in ("RPAR", "RSQB"):
            depth += 1
        elif kind in ("LPAR", "LSQB"):
            depth -= 1
        if depth < 0 or (depth == 0 and kind in _ENDS):
            break
        first = i
    start, end = pieces[first].start, pieces[-2].end
    return (start, end) if start < end and first < len(pieces) - 1 else None
