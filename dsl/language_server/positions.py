"""Lines and columns as editors count them, against offsets in code points.

An editor counts lines and columns from 0, a column in units of the agreed encoding: bytes of UTF-8, UTF-16 code units,
or code points. A line ends at LF, CR LF, or CR alone. A byte order mark at the start is the editor's: offsets here are
those of the text without it, as the reader sees the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import StrEnum

_LINE_END = re.compile(r"\r\n|\n|\r")
_BOM = "\ufeff"


class Encoding(StrEnum):
    """The unit of a column."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


def units(text: str, encoding: Encoding) -> int:
    """The length of `text` in units of the encoding. A lone surrogate counts as the character it stands for."""
    if encoding is Encoding.UTF32 or text.isascii():
        return len(text)
    if encoding is Encoding.UTF16:
        return len(text) + sum(c > "\uffff" for c in text)
    return len(text.encode("utf-8", "surrogatepass"))


class Lines:
    """The lines of one text. Positions outside of it mean its nearest place; nothing here fails."""

    def __init__(self, text: str, encoding: Encoding = Encoding.UTF16) -> None:
        self.raw = text
        self.encoding = encoding
        self._lead = len(_BOM) if text.startswith(_BOM) else 0
        self._ends = [0]  # of the text before each line
        self._stops: list[int] = []  # where the characters of each line end
        for found in _LINE_END.finditer(text):
            self._stops.append(found.start())
            self._ends.append(found.end())
        self._stops.append(len(text))

    @property
    def text(self) -> str:
        """The text that offsets count in."""
        return self.raw[self._lead :]

    @property
    def count(self) -> int:
        """How many lines there are, at least one."""
        return len(self._stops)

    def offset(self, line: int, character: int) -> int:
        """The code point at a position. A column inside a character means the place before it."""
        return max(0, self._raw_offset(line, character) - self._lead)

    def _raw_offset(self, line: int, character: int) -> int:
        if line < 0:
            return 0
        if line >= len(self._stops):
            return len(self.raw)
        start, stop = self._ends[line], self._stops[line]
        content = self.raw[start:stop]
        if self.encoding is Encoding.UTF32 or content.isascii():
            return start + min(max(character, 0), len(content))
        left = character
        for at, letter in enumerate(content):
            left -= units(letter, self.encoding)
            if left < 0:
                return start + at
        return stop

    def position(self, offset: int) -> tuple[int, int]:
        """Line and character of a code point; offsets outside mean the nearest end."""
        raw = min(max(offset, 0) + self._lead, len(self.raw))
        line = bisect_right(self._ends, raw) - 1
        start = self._ends[line]
        return line, units(self.raw[start : min(raw, self._stops[line])], self.encoding)

    def replaced(self, start: tuple[int, int], end: tuple[int, int], text: str) -> str:
        """The whole text, byte order mark included, with a range replaced. A range that runs backwards is empty."""
        first, last = self._raw_offset(*start), self._raw_offset(*end)
        return self.raw[:first] + text + self.raw[max(first, last) :]
