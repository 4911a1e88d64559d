"""Splits expression text into pieces, and never fails.

Lark reads correct expressions. This scanner knows the same tokens and, besides, the operators of other languages, so
that a wrong expression can be explained; it also gives the token lists that the formatter and the reader compare.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

KEYWORDS = frozenset({"if", "then", "else", "and", "or", "not", "true", "false"})
FOREIGN = "FOREIGN"

_SYMBOLS = {
    "??": "ORELSE", "+": "PLUS", "-": "MINUS", "*": "TIMES", "/": "OVER", "@": "AT", ".": "DOT", ",": "COMMA",
    "=": "EQUAL", "(": "LPAR", ")": "RPAR", "[": "LSQB", "]": "RSQB",
}  # fmt: skip
_COMPARISONS = ("<=", ">=", "==", "!=", "<", ">")

_PIECE = re.compile(
    r"""
    (?P<skip> [ \t\r\n]+ (?:\#[^\n]*)? )
  | (?P<NUMBER> [0-9](?:_?[0-9])* (?:\.[0-9](?:_?[0-9])*)? (?:[eE][+-]?[0-9]+)? )
  | (?P<word> [A-Za-z][A-Za-z0-9_]* )
  | (?P<FOREIGN> "[^"\n]*" | '[^'\n]*'
      | ===|!==|&&|\|\||<>|=>|=<|:=|\*\*|//|\+=|-=|\*=|/=|\?:|->|\|>
      | !(?!=) | \?(?!\?) )
  | (?P<symbol> \?\?|<=|>=|==|!=|[-<>+*/@.,=()\[\]] )
  | (?P<other> \w+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One token. `kind` is a terminal of the grammar, or FOREIGN. Offsets are those of the whole text."""

    kind: str
    text: str
    start: int
    end: int


def _kind(group: str, text: str) -> str:
    if group == "word":
        return text.upper() if text in KEYWORDS else "NAME"
    if group == "symbol":
        return "COMPARE" if text in _COMPARISONS else _SYMBOLS[text]
    return "NUMBER" if group == "NUMBER" else FOREIGN


def scan(text: str, start: int = 0, end: int | None = None) -> Iterator[Piece]:
    """The pieces of `text[start:end]`, without spaces and comments."""
    for found in _PIECE.finditer(text, start, len(text) if end is None else end):
        group = found.lastgroup
        assert group is not None
        if group != "skip":
            yield Piece(_kind(group, found.group()), found.group(), found.start(), found.end())


@lru_cache(maxsize=4096)
def token_texts(text: str) -> tuple[str, ...]:
    return tuple(piece.text for piece in scan(text))
