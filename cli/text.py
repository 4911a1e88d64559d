"""Columns of text. Nothing here knows what it lays out."""

from __future__ import annotations

from collections.abc import Sequence


def pairs(rows: Sequence[tuple[str, str]]) -> str:
    """Two columns: names on the left, values on the right."""
    pad = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{pad}}  {value}".rstrip() for name, value in rows)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under a header: the first left-aligned, the others right-aligned."""
    widths = [max(len(row[k]) for row in (header, *rows)) for k in range(len(header))]

    def line(row: Sequence[str]) -> str:
        rest = (f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        return "  ".join([f"{row[0]:<{widths[0]}}", *rest]).rstrip()

    return "\n".join([line(header), "-" * len(line(header)), *(line(row) for row in rows)])


def columns(rows: Sequence[Sequence[str]], indent: str = "  ") -> list[str]:
    """Lines of left-aligned columns."""
    widths = [
        max((len(row[k]) for row in rows if k < len(row)), default=0) for k in range(max(map(len, rows), default=0))
    ]
    return [
        indent + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    ]
