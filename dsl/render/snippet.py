"""The lines of one file that a diagnostic points at, with their marks and labels.

    41 |   pressure: ema(lean(bid_depth(5), ask_depth(5)) * regime, 12)
       |                 --------------------------------   ------  ^^ 12 of which?
       |                 |                                  ticks on btc.5m
       |                 ticks on btc.book

The label of the rightmost mark stands beside it; the others hang below, the rightmost first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..source import Source, Span
from .canvas import Row, Style, shown, width

#: Columns of file text shown of one line.
LINE_LIMIT = 140

#: Columns kept in front of the first mark of a line that is cut.
LEAD = 40

#: Lines of a span over several lines that are shown whole; of a longer one, the first and the last.
WHOLE_LINES = 4

#: Lines of a block scalar shown above the marked one, so that its key is seen.
CONTEXT_LINES = 3

_BLOCK_KEY = re.compile(r"[^#]*:\s*[|>][-+0-9]*\s*(#.*)?$")


@dataclass(frozen=True, slots=True)
class Mark:
    """A span to underline, the text beside it, and how it looks."""

    span: Span
    text: str
    sign: str
    style: Style


@dataclass(frozen=True, slots=True)
class _Segment:
    """The part of a mark on one line, in code points of that line (from 0); `end > start`."""

    start: int
    end: int
    mark: Mark
    text: str


def snippet(source: Source, marks: Sequence[Mark], gutter: int, color: bool) -> list[str]:
    """The lines to print, each with its gutter of `gutter` digits."""
    segments: dict[int, list[_Segment]] = {}
    for mark in marks:
        for line, segment in _segments(source, mark):
            segments.setdefault(line, []).append(segment)
    out: list[str] = []
    previous = 0
    for line in _lines_to_show(source, segments):
        if previous and line > previous + 1:
            out.append("...")
        out.extend(_line(source, line, segments.get(line, []), gutter, color))
        previous = line
    return out


def last_line(source: Source, marks: Sequence[Mark]) -> int:
    """The greatest line number that `snippet` will print."""
    return max(line for mark in marks for line, _ in _segments(source, mark))


def bar(gutter: int, color: bool) -> str:
    row = Row()
    row.put(gutter + 1, "|", Style.FRAME)
    return row.text(color)


def _segments(source: Source, mark: Mark) -> Iterator[tuple[int, _Segment]]:
    first, last = source.position(mark.span.start), source.position(max(mark.span.start, mark.span.end - 1))
    lines = range(first.line, last.line + 1)
    if len(lines) > WHOLE_LINES:
        lines_shown: Sequence[int] = (first.line, last.line)
    else:
        lines_shown = lines
    for line in lines_shown:
        text = source.line_text(line)
        start = first.column - 1 if line == first.line else len(text) - len(text.lstrip())
        end = last.column if line == last.line else len(text)
        if line == last.line and mark.span.end == mark.span.start:
            end = start + 1
        yield line, _Segment(start, max(end, start + 1), mark, mark.text if line == last.line else "")


def _lines_to_show(source: Source, segments: dict[int, list[_Segment]]) -> list[int]:
    """The marked lines, single lines between them, and the key of a block scalar above them."""
    wanted = set(segments)
    for line in segments:
        wanted.update(_block_context(source, line))
    for line in sorted(wanted):
        if line + 2 in wanted:
            wanted.add(line + 1)
    return sorted(wanted)


def _block_context(source: Source, line: int) -> range:
    """The lines from `key: |` down to `line`, if `line` lies in a block scalar whose key is near."""
    inner = _indent(source.line_text(line))
    for above in range(line - 1, max(0, line - 1 - CONTEXT_LINES), -1):
        text = source.line_text(above)
        if text.strip() and _indent(text) < inner:
            if _BLOCK_KEY.match(text):
                return range(above, line)
            inner = _indent(text)
            if ":" in text:
                break
    return range(0)


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _line(source: Source, line: int, segments: list[_Segment], gutter: int, color: bool) -> list[str]:
    text = source.line_text(line)
    low, high = _window(text, segments)
    columns = _columns(text, low, high)
    left = gutter + 3
    head = Row()
    head.put(0, str(line).rjust(gutter), Style.FRAME)
    head.put(gutter + 1, "|", Style.FRAME)
    head.put(left, _visible(text, low, high))
    rows = [head, *_mark_rows(segments, columns, left, gutter)]
    return [row.text(color) for row in rows]


def _window(text: str, segments: list[_Segment]) -> tuple[int, int]:
    """Code points of a line that are shown: all, or a part around the marks of a long line."""
    if len(text) <= LINE_LIMIT:
        return 0, len(text)
    first = min((s.start for s in segments), default=0)
    low = max(0, min(first - LEAD, len(text) - LINE_LIMIT))
    return low, min(len(text), low + LINE_LIMIT)


def _visible(text: str, low: int, high: int) -> str:
    body = "".join(shown(char) for char in text[low:high]).rstrip()
    return ("…" if low else "") + body + ("…" if high < len(text) else "")


def _columns(text: str, low: int, high: int) -> list[int]:
    """Terminal column of each code point of the line and of its end; what is cut away clings to the cut."""
    columns, at = [], 0
    for index, char in enumerate(text):
        if index == low and low:
            at = 1
        columns.append(at)
        if low <= index < high:
            at += width(shown(char))
    columns.append(at)
    return columns


def _column(columns: list[int], index: int) -> int:
    last = len(columns) - 1
    return columns[index] if index <= last else columns[last] + index - last


def _mark_rows(segments: list[_Segment], columns: list[int], left: int, gutter: int) -> list[Row]:
    if not segments:
        return []
    placed = [(left + _column(columns, s.start), left + _column(columns, s.end), s) for s in segments]
    marks = Row()
    marks.put(gutter + 1, "|", Style.FRAME)
    for start, end, segment in sorted(placed, key=lambda p: (p[0] - p[1], p[2].mark.sign == "^")):
        marks.put(start, segment.mark.sign * max(1, end - start), segment.mark.style)
    rows = [marks]
    hanging = sorted((p for p in placed if p[2].text), key=lambda p: (-p[0], p[1]))
    furthest = max(end for _, end, _ in placed)
    if hanging and hanging[0][1] == furthest:
        start, end, segment = hanging.pop(0)
        marks.put(max(end, start + 1) + 1, segment.text, segment.mark.style)
    for index, (start, _, segment) in enumerate(hanging):
        row = Row()
        row.put(gutter + 1, "|", Style.FRAME)
        for other, _, below in hanging[index + 1 :]:
            row.put(other, "|", below.mark.style)
        row.put(start, segment.text, segment.mark.style)
        rows.append(row)
    return rows
