"""Explains expression text that does not parse.

The text is cut into pieces (`expression_scanner`). Slips that show in the pieces alone (`&&`, `? :`, `AND`) are mended
first (`expression_slips`). The mended pieces are then fed to the parser one by one; where it stops, what it would have
accepted decides the message, and a slip with one plain reading (a missing comma) is mended and the reading goes on. So
one pass reports every independent slip, and at most one failure that cannot be mended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .diagnostics import Diagnostic, Edit, Fix, Label, Safety
from .expression_scanner import FOREIGN, KEYWORDS, Piece, scan
from .expression_slips import HINTS, WORDS, Slip, mend, spaced
from .expression_tables import parser
from .source import Source, Span

if TYPE_CHECKING:
    from lark import Token, Tree

#: Slips mended while feeding the parser; each costs one more reading of the pieces before it.
MAX_REPAIRS = 10

#: Pieces of an expression that are examined for a good message.
MAX_PIECES = 20_000

END = "$END"
_VALUE_STARTS = frozenset({"NUMBER", "NAME", "TRUE", "FALSE", "LPAR"})
_CLOSERS = {"LPAR": ("RPAR", ")"), "LSQB": ("RSQB", "]")}
_FIXED_WORDS = {"RPAR": "`)`", "RSQB": "`]`", "COMMA": "`,`", "THEN": "`then`", "ELSE": "`else`"}


def explain_failure(source: Source, span: Span) -> tuple[list[Diagnostic], Tree[Token] | None]:
    """What is wrong with `source.text[span]`, and the tree of the mended text if it has one plain reading."""
    pieces = list(scan(source.text, span.start, span.end))
    if not pieces:
        return [_empty(span)], None
    reading = _Reading(source, span, *mend(source, pieces[:MAX_PIECES]))
    return reading.run()


def expected(accepts: Iterable[str]) -> str:
    """What fits here, in words: `a value`, `an operator or `)``."""
    accepted = set(accepts)
    words: list[str] = []
    if {"NUMBER", "LPAR", "TRUE"} <= accepted:
        words.append("a value")
    elif {"NUMBER", "NAME", "LPAR"} <= accepted:
        words.append("a clock such as `1m` or `book`")
    elif "NAME" in accepted and "PLUS" not in accepted:
        words.append("a name")
    if "PLUS" in accepted:
        words.append("an operator")
    words.extend(text for kind, text in _FIXED_WORDS.items() if kind in accepted)
    if END in accepted:
        words.append("the end of the expression")
    return " or ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


def _empty(span: Span) -> Diagnostic:
    return Diagnostic("FC0101", "an expression is missing", Label(span, "expected a value"))


@dataclass(frozen=True, slots=True)
class _Repair:
    """A diagnostic, and the pieces to read instead of the next `skip` pieces."""

    finding: Diagnostic
    pieces: tuple[Piece, ...]
    skip: int


class _Reading:
    """One attempt to read mended pieces."""

    def __init__(self, source: Source, span: Span, pieces: list[Piece], slips: list[Slip]) -> None:
        self.source = source
        self.span = span
        self.pieces = pieces
        self.slips = [slip.finding for slip in slips]
        self.failed: Diagnostic | None = None

    def run(self) -> tuple[list[Diagnostic], Tree[Token] | None]:
        tree: Tree[Token] | None = None
        for _ in range(MAX_REPAIRS + 1):
            at, state, tree = self._feed()
            if tree is not None:
                break
            repair = self._repair(at, state.accepts())
            if repair is None:
                self.failed = self.failed or self._unexpected(at, state.accepts())
                break
            self.slips.append(repair.finding)
            self.pieces[at : at + repair.skip] = repair.pieces
        found = self._findings(tree is not None)
        plain = all(fix.safety is Safety.SAFE for finding in found for fix in finding.fixes)
        return found, tree if plain else None

    def _feed(self) -> tuple[int, Any, Any]:
        """Feed all pieces. The index of the piece that does not fit with the state before it, or the finished tree."""
        fitting = self._feed_until(len(self.pieces))
        if isinstance(fitting, int):
            state: Any = parser().parse_interactive("")
            for piece in self.pieces[:fitting]:
                state.feed_token(_token(piece))
            return fitting, state, None
        return len(self.pieces), fitting[0], fitting[1]

    def _feed_until(self, count: int) -> int | tuple[Any, Any]:
        from lark import UnexpectedToken

        state: Any = parser().parse_interactive("")
        for index in range(count + 1):
            try:
                if index == count:
                    return state, state.feed_eof()
                state.feed_token(_token(self.pieces[index]))
            except UnexpectedToken:
                return index
        raise AssertionError("the end is always fed")

    def _findings(self, parsed: bool) -> list[Diagnostic]:
        """A failure behind a slip may be its consequence, so it is left out; unmended text makes no fix safe."""
        found = list(self.slips)
        if not parsed:
            found = [replace(d, fixes=tuple(_doubtful(f) for f in d.fixes)) for d in found]
        if self.failed is not None:
            at = self.failed.primary
            assert at is not None
            if not any(d.primary and d.primary.span.start <= at.span.start for d in found):
                found.append(self.failed)
        return found

    def _piece(self, index: int) -> Piece:
        if 0 <= index < len(self.pieces):
            return self.pieces[index]
        end = self.pieces[-1].end if self.pieces else self.span.end
        return Piece(END, "", end, end)

    def _at(self, piece: Piece) -> Span:
        return self.source.span(piece.start, piece.end)

    def _after(self, index: int) -> Span:
        """The empty place behind the piece before `index`."""
        end = self.pieces[index - 1].end if index else self.span.start
        return self.source.span(end, end)

    def _repair(self, at: int, accepts: set[str]) -> _Repair | None:
        """The slip at the piece that does not fit, if it is one with a plain reading."""
        piece, following = self._piece(at), self._piece(at + 1)
        if piece.kind == "EQUAL" and "COMPARE" in accepts:
            return self._replace(piece, "COMPARE", "==", "`=` does not compare", "values are compared with `==`")
        if piece.text in WORDS and "COMPARE" in accepts and following.kind in (*_VALUE_STARTS, "MINUS"):
            ours = WORDS[piece.text]
            return self._replace(
                piece, "COMPARE", ours, f"there is no operator `{piece.text}`", f"written `{ours}` here"
            )
        if piece.kind == "PLUS" and "MINUS" in accepts:
            fix = Fix("remove the `+`", Safety.SAFE, (Edit(self._at(piece), ""),))
            label = Label(self._at(piece), "a value fits here")
            return _Repair(Diagnostic("FC0108", "there is no sign `+`", label, fixes=(fix,)), (), 1)
        if piece.kind == "DOT" and following.kind == "NUMBER" and following.start == piece.end and "NUMBER" in accepts:
            number = Piece("NUMBER", f"0.{following.text}", piece.start, following.end)
            return (
                self._swap((piece, following), number, "a number begins with a digit")
                if following.text.isdigit()
                else None
            )
        if "THEN" in accepts and piece.kind in _VALUE_STARTS and not self._has_ahead("THEN", at):
            return self._insert(at, Piece("THEN", "then", piece.start, piece.start), "`then` is missing")
        if piece.text == ";" and "COMMA" in accepts:
            return self._replace(piece, "COMMA", ",", "arguments are separated by `,`", "not by `;`")
        if "COMMA" in accepts and piece.kind in _VALUE_STARTS:
            return self._insert(at, Piece("COMMA", ",", piece.start, piece.start), "a comma is missing")
        return self._bracket_repair(at, piece, accepts)

    def _bracket_repair(self, at: int, piece: Piece, accepts: set[str]) -> _Repair | None:
        opened = self._open_brackets(at)
        if not opened:
            return None
        kind, text = _CLOSERS[opened[-1].kind]
        if kind not in accepts:
            return None
        if piece.kind == END:
            return self._close(opened[-1], Piece(kind, text, piece.start, piece.start))
        if piece.kind in ("RPAR", "RSQB"):
            finding = Diagnostic(
                "FC0101",
                f"this `{piece.text}` closes a `{opened[-1].text}`",
                Label(self._at(piece), f"expected `{text}`"),
                secondary=(Label(self._at(opened[-1]), "opened here"),),
                fixes=(Fix(f"write `{text}`", Safety.UNSAFE, (Edit(self._at(piece), text),)),),
            )
            return _Repair(finding, (Piece(kind, text, piece.start, piece.end),), 1)
        return None

    def _close(self, opener: Piece, closer: Piece) -> _Repair:
        inside = [p for p in self.pieces if p.start > opener.start]
        plain = all(p.kind in ("NAME", "NUMBER", "COMMA", "DOT", "AT", *_CLOSERS, "RPAR", "RSQB") for p in inside)
        end = self.source.span(closer.start, closer.start)
        finding = Diagnostic(
            "FC0101",
            f"this `{opener.text}` is never closed",
            Label(self._at(opener), "opened here"),
            secondary=(Label(end, f"expected `{closer.text}` by here"),),
            fixes=(
                Fix(
                    f"write `{closer.text}` at the end",
                    Safety.SAFE if plain else Safety.UNSAFE,
                    (Edit(end, closer.text),),
                ),
            ),
        )
        return _Repair(finding, (closer,), 0)

    def _open_brackets(self, at: int) -> list[Piece]:
        opened: list[Piece] = []
        for piece in self.pieces[:at]:
            if piece.kind in _CLOSERS:
                opened.append(piece)
            elif piece.kind in ("RPAR", "RSQB"):
                opened.pop()
        return opened

    def _has_ahead(self, kind: str, at: int) -> bool:
        return any(p.kind == kind for p in self.pieces[at:])

    def _replace(self, piece: Piece, kind: str, text: str, message: str, label: str) -> _Repair:
        fix = Fix(f"write `{text}`", Safety.SAFE, (Edit(self._at(piece), spaced(self.source, piece, text)),))
        finding = Diagnostic("FC0108", message, Label(self._at(piece), label), fixes=(fix,))
        return _Repair(finding, (Piece(kind, text, piece.start, piece.end),), 1)

    def _swap(self, old: tuple[Piece, Piece], new: Piece, message: str) -> _Repair:
        span = self._at(old[0]).to(self._at(old[1]))
        fix = Fix(f"write `{new.text}`", Safety.SAFE, (Edit(span, new.text),))
        return _Repair(Diagnostic("FC0108", message, Label(span), fixes=(fix,)), (new,), 2)

    def _insert(self, at: int, new: Piece, message: str) -> _Repair:
        place = self._after(at)
        text = new.text if new.kind == "COMMA" else f" {new.text}"
        fix = Fix(f"insert `{new.text}`", Safety.SAFE, (Edit(place, text),))
        label = Label(self._at(self._piece(at)), f"expected `{new.text}` before this")
        return _Repair(Diagnostic("FC0101", message, label, fixes=(fix,)), (new,), 0)

    def _unexpected(self, at: int, accepts: set[str]) -> Diagnostic:
        piece = self._piece(at)
        fits = f"expected {expected(accepts)}"
        if not self.pieces:
            return _empty(self.span)
        if piece.kind == END:
            before = self._piece(at - 1)
            message = f"the expression stops after `{before.text}`"
            return Diagnostic("FC0101", message, Label(self._after(at), fits), helps=self._advice(at, accepts))
        if piece.kind == FOREIGN:
            return _foreign(piece, self._at(piece), fits)
        if piece.kind in ("RPAR", "RSQB") and not self._open_brackets(at):
            fix = Fix(f"remove the `{piece.text}`", Safety.UNSAFE, (Edit(self._at(piece), ""),))
            label = Label(self._at(piece), "no bracket is open here")
            return Diagnostic("FC0101", f"this `{piece.text}` closes nothing", label, fixes=(fix,))
        if piece.text in KEYWORDS and accepts <= {"NAME", "NUMBER", "LPAR"}:
            label = Label(self._at(piece), fits)
            return Diagnostic("FC0110", f"`{piece.text}` is a word of the language, not a name", label)
        return Diagnostic(
            "FC0101", f"unexpected `{piece.text}`", Label(self._at(piece), fits), helps=self._advice(at, accepts)
        )

    def _advice(self, at: int, accepts: set[str]) -> tuple[str, ...]:
        piece, before = self._piece(at), self._piece(at - 1)
        if piece.kind == "IF" and "PLUS" in accepts:
            return ("a choice is written `if condition then a else b`",)
        if piece.kind in ("NOT", "IF") and "NUMBER" in accepts:
            return (f"put brackets around the part that begins with `{piece.text}`",)
        if piece.kind == "COMMA" and before.kind == "NUMBER":
            return ("digits are grouped with `_`: `64_000`",)
        if "ELSE" in accepts and piece.kind == END:
            return ("every `if` has an `else`: a value exists on every tick",)
        if piece.kind == "NAME" and "PLUS" in accepts and before.kind in ("NAME", "RPAR", "RSQB"):
            return ("two values need an operator between them, such as `*`, `<` or `and`",)
        return ()


def _token(piece: Piece) -> Token:
    from lark import Token

    return Token(piece.kind, piece.text, start_pos=piece.start, end_pos=piece.end)


def _doubtful(fix: Fix) -> Fix:
    return replace(fix, safety=Safety.UNSAFE) if fix.safety is Safety.SAFE else fix


def _foreign(piece: Piece, span: Span, fits: str) -> Diagnostic:
    """A piece that no expression holds."""
    if piece.text[0] in "\"'":
        return Diagnostic(
            "FC0108",
            "expressions hold no text in quotes",
            Label(span, fits),
            helps=("names and clocks are written bare: `close@1m`",),
        )
    hint = HINTS.get(piece.text)
    if hint is not None:
        return Diagnostic("FC0108", f"there is no operator `{piece.text}`", Label(span, hint[0]), helps=hint[1])
    if piece.text[0].isalpha():
        label = Label(span, "names use the letters a-z and A-Z, digits and `_`")
        return Diagnostic("FC0101", f"unexpected letters `{piece.text}`", label)
    shown = piece.text if piece.text.isprintable() else f"U+{ord(piece.text[0]):04X}"
    return Diagnostic("FC0101", f"unexpected character `{shown}`", Label(span, fits))
