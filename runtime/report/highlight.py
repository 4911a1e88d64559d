"""A strategy file as HTML with classes for its parts. Everything that is not a class name of ours is escaped."""

from __future__ import annotations

import re
from html import escape

_TOKENS = re.compile(
    r"""(?P<c>(?:^|(?<=\s))\#.*$)
      | (?P<s>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')
      | (?P<k>^\s*(?:-\s+)?[A-Za-z_][\w.]*(?=\s*:(?:\s|$))|(?<=[{,])\s*[A-Za-z_]\w*(?=\s*:\s))
      | (?P<w>\b(?:and|or|not|if|then|else|in|true|false)\b)
      | (?P<n>(?<![\w.])\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?(?:[a-z]{1,3}\b|\s?(?:bps|ticks|%))?)
      | (?P<f>\b[A-Za-z_]\w*(?=\())
      | (?P<a>@[\w.]+)""",
    re.VERBOSE,
)


def highlight(source: str) -> str:
    """One `<span class=l>` for each line, so that lines can be numbered."""
    return "\n".join(f'<span class="l">{_line(line)}</span>' for line in source.splitlines())


def _line(line: str) -> str:
    parts, at = [], 0
    for found in _TOKENS.finditer(line):
        parts.append(escape(line[at : found.start()]))
        parts.append(f'<span class="t{found.lastgroup}">{escape(found[0])}</span>')
        at = found.end()
    return "".join([*parts, escape(line[at:])])
