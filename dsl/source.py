"""Source text and positions.

A `Source` is one file's text. A `Span` is a half-open range of code points in it. Spans are made when a token or node
is made and are never guessed later; everything a user is shown points through them.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Code points `[start, end)` of the file `path`. An empty span (`start == end`) lies between two characters."""

    path: str
    start: int
    end: int

    def __post_init__(self) -> None:
        assert 0 <= self.start <= self.end, f"span {self.start}..{self.end} runs backwards"

    def to(self, other: Span) -> Span:
        """The smallest span that covers both."""
        assert self.path == other.path, "a span cannot cross files"
        return Span(self.path, min(self.start, other.start), max(self.end, other.end))


@dataclass(frozen=True, slots=True)
class Position:
    """Line and column, both counted from 1, the column in code points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file. Lines end at `\\n` (the reader refuses other control characters)."""

    path: str
    text: str
    _line_starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at != -1:
            starts.append(at + 1)
            at = find("\n", at + 1)
        object.__setattr__(self, "_line_starts", tuple(starts))

    def span(self, start: int, end: int) -> Span:
        """The span of `[start, end)`, offsets in code points."""
        return Span(self.path, start, end)

    def slice(self, span: Span) -> str:
        assert span.path == self.path
        return self.text[span.start : span.end]

    def position(self, offset: int) -> Position:
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def line_text(self, line: int) -> str:
        """The text of line `line` (from 1) without its newline."""
        start = self._line_starts[line - 1]
        end = self._line_starts[line] - 1 if line < len(self._line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r")

    @property
    def line_count(self) -> int:
        return len(self._line_starts)
