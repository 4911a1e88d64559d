"""Slips that come from other languages and show in the pieces alone: `&&`, `AND`, `? :`, `5%`, `≤`.

`mend` replaces them by what was plainly meant and reports each with a fix. `HINTS` explains the operators that have no
single counterpart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .diagnostics import Diagnostic, Edit, Fix, Label, Safety
from .expression_scanner import FOREIGN, KEYWORDS, Piece, scan
from .source import Source

#: An operator of another language and ours, where the meaning is the same.
SAME = {
    "&&": "and",
    "||": "or",
    "&": "and",
    "|": "or",
    "∧": "and",
    "∨": "or",
    "!": "not",
    "~": "not",
    "¬": "not",
    "===": "==",
    "!==": "!=",
    "<>": "!=",
    "=>": ">=",
    "=<": "<=",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "×": "*",
    "·": "*",
    "÷": "/",
    "−": "-",
    "–": "-",
    "?:": "??",
}

#: Words that stand between two values in other languages, and our operator.
WORDS = {"is": "==", "equals": "==", "above": ">", "over": ">", "below": "<", "under": "<"}

#: Operators without a single counterpart: what stands beside them, and the ways to go on.
HINTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "%": ("`%` is neither a unit nor a remainder here", ("a percentage is written `5 pct`",)),
    "^": ("powers are a function", ("write `pow(a, b)`",)),
    "**": ("powers are a function", ("write `pow(a, b)`",)),
    "//": ("division without remainder is a function", ("write `floor(a / b)`; a comment begins with `#`",)),
    ":=": ("an expression assigns nothing", ("give the value a name under `let:`",)),
    "+=": ("an expression assigns nothing", ("state is written `prev(total, 0) + x` under `let:`",)),
    "-=": ("an expression assigns nothing", ("state is written `prev(total, 0) - x` under `let:`",)),
    "*=": ("an expression assigns nothing", ("state is written with `prev(name, start)` under `let:`",)),
    "/=": ("an expression assigns nothing", ("state is written with `prev(name, start)` under `let:`",)),
    "?": ("a choice is written in words", ("write `if condition then a else b`",)),
    ":": ("no expression holds a colon", ("a choice is written `if condition then a else b`",)),
    ";": ("an expression is one value and needs no end mark", ()),
    "->": ("there are no functions inside expressions", ("define it under `fn:`",)),
    "|>": ("calls are written with brackets", ("write `ema(close, 12)`",)),
    "$": ("names are written bare", ("write `close`",)),
    "{": ("there are no maps or sets inside expressions", ()),
    "}": ("there are no maps or sets inside expressions", ()),
    "\\": ("an expression goes on over line ends by itself", ()),
    "`": ("names are written bare", ()),
    "#": ("a comment begins with a space and `#`", ()),
}

_ELSE_IFS = frozenset({"elif", "elsif", "elseif"})
_OPENING = frozenset({"LPAR", "LSQB"})
_CLOSING = frozenset({"RPAR", "RSQB"})
_SPACES = frozenset("\u00a0\u2007\u202f\u3000\u2003\u2002\u2009")
_OPERAND_STARTS = frozenset({"NUMBER", "NAME", "TRUE", "FALSE", "LPAR"})


@dataclass(frozen=True, slots=True)
class Slip:
    finding: Diagnostic


def spaced(source: Source, piece: Piece, text: str) -> str:
    """`text` in place of `piece`; a word gets a space on each side where something else would touch it."""
    left = source.text[piece.start - 1 : piece.start]
    right = source.text[piece.end : piece.end + 1]
    word = text[0].isalpha()
    before = " " if word and left.strip() and left not in "([" else ""
    after = " " if word and right.strip() and right not in ")]," else ""
    return f"{before}{text}{after}"


def mend(source: Source, pieces: list[Piece]) -> tuple[list[Piece], list[Slip]]:
    """The pieces with every plain slip replaced, and what was replaced."""
    work = _Mending(source, pieces)
    work.run()
    return work.out, [Slip(d) for d in work.findings]


class _Mending:
    def __init__(self, source: Source, pieces: list[Piece]) -> None:
        self.source = source
        self.out: list[Piece] = list(pieces)
        self.findings: list[Diagnostic] = []

    def run(self) -> None:
        index = 0
        while index < len(self.out):
            piece = self.out[index]
            if piece.kind in (FOREIGN, "NAME", "NUMBER"):
                index += self._at(index, piece)
            index += 1

    def _at(self, index: int, piece: Piece) -> int:
        """Mend the slip at `index`, if any. How many pieces the list grew before the next one to look at."""
        following = self.out[index + 1] if index + 1 < len(self.out) else None
        if piece.kind == "NAME":
            return self._word(index, piece)
        if piece.kind == "NUMBER":
            self._open_fraction(index, piece, following)
        elif piece.text in SAME:
            self._operator(index, piece)
        elif piece.text in _SPACES:
            self._report(piece, "a space of another kind", "an ordinary space belongs here", " ", " ")
            del self.out[index]
            return -1
        elif piece.text == "%":
            self._percent(index, piece, following)
        elif piece.text == "?":
            return self._choice(index, piece)
        elif piece.text == "$" and following and following.kind == "NAME" and following.start == piece.end:
            self._report(piece, "names are written without `$`", "", "", "")
            del self.out[index]
            return -1
        return 0

    def _report(
        self, piece: Piece, message: str, label: str, text: str, shown: str, safety: Safety = Safety.SAFE
    ) -> None:
        span = self.source.span(piece.start, piece.end)
        title = f"write `{shown}`" if shown.strip() else "remove it" if not shown else "write a space"
        self.findings.append(
            Diagnostic("FC0108", message, Label(span, label), fixes=(Fix(title, safety, (Edit(span, text),)),))
        )

    def _operator(self, index: int, piece: Piece) -> None:
        ours = SAME[piece.text]
        safe = Safety.SAFE if ours != "not" or self._negates_all(index) else Safety.UNSAFE
        self._report(
            piece,
            f"there is no operator `{piece.text}`",
            f"written `{ours}` here",
            spaced(self.source, piece, ours),
            ours,
            safe,
        )
        kind = next(scan(ours)).kind
        self.out[index] = Piece(kind, ours, piece.start, piece.end)

    def _negates_all(self, index: int) -> bool:
        """`!x and y`: the operand ends at a connective. In `!x > y` the two languages bind differently."""
        depth = 0
        for piece in self.out[index + 1 :]:
            depth += (piece.kind in _OPENING) - (piece.kind in _CLOSING)
            if depth < 0:
                return True
            if depth == 0 and piece.kind in ("COMPARE", "ORELSE", "PLUS", "MINUS", "TIMES", "OVER"):
                return False
            if depth == 0 and (piece.kind in ("AND", "OR", "THEN", "ELSE", "COMMA") or piece.text in ("&&", "||", "?")):
                return True
        return True

    def _word(self, index: int, piece: Piece) -> int:
        before = self.out[index - 1] if index else None
        if before is not None and before.kind in ("DOT", "AT"):
            return 0
        lower = piece.text.lower()
        if lower in KEYWORDS and lower != piece.text:
            self._report(piece, f"`{piece.text}` is written in small letters", "", lower, lower)
            self.out[index] = Piece(lower.upper(), lower, piece.start, piece.end)
        elif lower in _ELSE_IFS and before is not None:
            self._report(piece, f"there is no `{piece.text}`", "written `else if` here", "else if", "else if")
            parts = (Piece("ELSE", "else", piece.start, piece.end), Piece("IF", "if", piece.start, piece.end))
            self.out[index : index + 1] = parts
            return 1
        return 0

    def _open_fraction(self, index: int, piece: Piece, dot: Piece | None) -> None:
        """`5.` is a number in other languages."""
        after = self.out[index + 2] if index + 2 < len(self.out) else None
        if dot is None or dot.kind != "DOT" or dot.start != piece.end or "." in piece.text:
            return
        if after is not None and after.kind == "NAME" and after.start == dot.end:
            return
        whole = Piece("NUMBER", f"{piece.text}.0", piece.start, dot.end)
        self._report(whole, "a digit follows the point of a number", "", whole.text, whole.text)
        self.out[index : index + 2] = [whole]

    def _percent(self, index: int, piece: Piece, following: Piece | None) -> None:
        before = self.out[index - 1] if index else None
        if before is None or before.kind != "NUMBER" or (following is not None and following.kind in _OPERAND_STARTS):
            return
        self._report(piece, "a percentage is written `pct`", "", spaced(self.source, piece, "pct"), "pct")
        self.out[index] = Piece("NAME", "pct", piece.start, piece.end)

    def _choice(self, index: int, piece: Piece) -> int:
        """`c ? a : b` becomes `if c then a else b`: the condition begins where the enclosing part does."""
        colon = self._colon(index)
        if colon is None or index == 0:
            return 0
        first = self._segment_start(index)
        start, end = self.out[first].start, self.out[colon]
        edits = (
            Edit(self.source.span(start, start), "if "),
            Edit(self.source.span(piece.start, piece.end), spaced(self.source, piece, "then")),
            Edit(self.source.span(end.start, end.end), spaced(self.source, end, "else")),
        )
        self.findings.append(
            Diagnostic(
                "FC0108",
                "a choice is written `if … then … else …`",
                Label(self.source.span(piece.start, piece.end), "not `? :`"),
                secondary=(Label(edits[2].span, "`else` belongs here"),),
                fixes=(Fix("write it in words", Safety.SAFE, edits),),
            )
        )
        self.out[colon] = Piece("ELSE", "else", end.start, end.end)
        self.out[index] = Piece("THEN", "then", piece.start, piece.end)
        self.out.insert(first, Piece("IF", "if", start, start))
        return 1

    def _colon(self, index: int) -> int | None:
        """The `:` of the `?` at `index`: same bracket, and not that of a choice inside."""
        depth = inner = 0
        for at, piece in self._forward(index + 1):
            depth += (piece.kind in _OPENING) - (piece.kind in _CLOSING)
            if depth < 0:
                return None
            if depth == 0 and piece.text == "?":
                inner += 1
            elif depth == 0 and piece.text == ":":
                if inner == 0:
                    return at
                inner -= 1
        return None

    def _forward(self, start: int) -> Iterator[tuple[int, Piece]]:
        for at in range(start, len(self.out)):
            yield at, self.out[at]

    def _segment_start(self, index: int) -> int:
        depth = 0
        for at in range(index - 1, -1, -1):
            piece = self.out[at]
            depth += (piece.kind in _CLOSING) - (piece.kind in _OPENING)
            if depth < 0 or (depth == 0 and piece.kind in ("COMMA", "EQUAL", "THEN", "ELSE")):
                return at + 1
        return 0
