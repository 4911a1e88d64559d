"""A row of character cells with styles, and how wide characters are on a terminal."""

from __future__ import annotations

import unicodedata
from enum import StrEnum

TAB = 4


class Style(StrEnum):
    """A style is the ANSI sequence that switches it on; PLAIN is none."""

    PLAIN = ""
    ERROR = "\x1b[1;31m"
    WARNING = "\x1b[1;33m"
    SECONDARY = "\x1b[1;34m"
    FRAME = "\x1b[34m"
    HELP = "\x1b[1;36m"
    BOLD = "\x1b[1m"


RESET = "\x1b[0m"


def shown(char: str) -> str:
    """What is printed for one character of the file: a control character never reaches the terminal."""
    if char == "\t":
        return " " * TAB
    category = unicodedata.category(char)
    if category == "Cc":
        return chr(0x2400 + ord(char)) if ord(char) < 0x20 else "\ufffd"
    # Format characters are invisible and may reorder what follows (bidirectional marks).
    return "\ufffd" if category in ("Cf", "Cs", "Zl", "Zp") else char


def width(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


class Row:
    """Cells that are written in any order; a later text covers an earlier one."""

    def __init__(self) -> None:
        self._cells: dict[int, tuple[str, Style]] = {}

    def put(self, column: int, text: str, style: Style = Style.PLAIN) -> None:
        for char in text:
            step = _char_width(char)
            if step == 0 and column - 1 in self._cells:
                before, kept = self._cells[column - 1]
                self._cells[column - 1] = (before + char, kept)
                continue
            self._cells[column] = (char, style)
            if step == 2:
                self._cells[column + 1] = ("", style)
            column += max(step, 1)

    def text(self, color: bool) -> str:
        end = max(self._cells, default=-1) + 1
        cells = [self._cells.get(column, (" ", Style.PLAIN)) for column in range(end)]
        plain = "".join(char for char, _ in cells).rstrip()
        if not color:
            return plain
        out, current = [], Style.PLAIN
        for char, style in cells:
            if style is not current and char.strip():
                out.append((RESET if current else "") + style.value)
                current = style
            out.append(char)
        return "".join(out).rstrip() + (RESET if current else "")
