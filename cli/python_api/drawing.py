"""The pictures of a run as SVG: a small one of its equity, and price, equity and drawdown above each other.

SVG needs no plotting library, opens in any browser and looks sharp at any size. Text and axes take the colour of the
text around them, so a picture fits a dark page too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...runtime.market_data.moments import moment_text

if TYPE_CHECKING:
    from ...runtime.backtest.money import Ints

Floats = NDArray[np.float64]
RUNS = 400  # of values, each drawn by its first, least, greatest and last
WIDTH, LEFT, RIGHT = 960.0, 84.0, 12.0
BLUE, GREEN, RED = "#3b7ddd", "#1a9e5c", "#d64545"


@dataclass(frozen=True, slots=True)
class Line:
    """Values over time, drawn in a pane. `fill` colours the area between the line and 0."""

    title: str
    time: Ints
    values: Floats
    height: float
    color: str = BLUE
    fill: bool = False
    decimals: int = 2


@dataclass(frozen=True, slots=True)
class Mark:
    """A triangle: up where a position was entered, down where it was left."""

    time: int
    value: float
    up: bool
    title: str


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG. A notebook shows it; `save` writes it to a file."""

    svg: str

    def save(self, path: str | Path) -> Path:
        """Write the SVG. Raises OSError."""
        place = Path(path)
        place.write_text(self.svg, encoding="utf-8")
        return place

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Picture of {len(self.svg):,} bytes of SVG: shown in a notebook, written by .save(path)>"


def thinned(values: Floats) -> Ints:
    """Indices that keep every extreme which a screen could show."""
    if len(values) <= 4 * RUNS:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), RUNS + 1).astype(np.int64)
    found: list[int] = []
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        part = values[low:high]
        found += [low, low + int(part.argmin()), low + int(part.argmax()), high - 1]
    return np.unique(np.array(found, np.int64))


def panes(title: str, lines: Sequence[Line], marks: Sequence[Mark] = ()) -> Picture:
    """Lines below each other over one time axis; the marks stand in the first one."""
    shown = [line for line in lines if len(line.time)]
    first = min((int(line.time[0]) for line in shown), default=0)
    last = max((int(line.time[-1]) for line in shown), default=1)
    span = max(1, last - first)
    parts, top = [_text(LEFT, 18, escape(title), "start", 14)], 46.0
    for line in shown:
        own = marks if line is shown[0] else ()
        parts.append(_pane(line, own, top, first, span))
        top += line.height + 26
    for x, anchor, at in ((LEFT, "start", first), (WIDTH - RIGHT, "end", last)):
        parts.append(_text(x, top - 8, f"{moment_text(at // 10**9 * 10**9)} UTC", anchor))
    return Picture(_svg(top, "".join(parts), title))


def _pane(line: Line, marks: Sequence[Mark], top: float, first: int, span: int) -> str:
    low, high = float(line.values.min()), float(line.values.max())
    low, high = (min(low, 0.0), max(high, 0.0)) if line.fill else (low, high)
    scale = line.height / ((high - low) or 1.0)
    inner = WIDTH - LEFT - RIGHT

    def x(time: Ints | int) -> Floats:
        return LEFT + (np.asarray(time, np.float64) - first) / span * inner

    def y(value: Floats | float) -> Floats:
        return top + (high - np.asarray(value, np.float64)) * scale

    keep = thinned(line.values)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x(line.time[keep]), y(line.values[keep]), strict=True))
    base = float(y(0.0)) if line.fill else top + line.height
    parts = [
        f'<rect x="{LEFT}" y="{top}" width="{inner}" height="{line.height}" fill="none" stroke="currentColor"'
        ' stroke-opacity="0.25"/>'
    ]
    if line.fill:
        ends = f"{float(x(line.time[0])):.1f},{base:.1f} {points} {float(x(line.time[-1])):.1f},{base:.1f}"
        parts.append(f'<polygon points="{ends}" fill="{line.color}" fill-opacity="0.3"/>')
    parts.append(f'<polyline points="{points}" fill="none" stroke="{line.color}" stroke-width="1.2"/>')
    parts += [_triangle(float(x(mark.time)), float(y(mark.value)), mark) for mark in marks]
    parts.append(_text(LEFT - 6, top + 10, f"{high:,.{line.decimals}f}", "end"))
    parts.append(_text(LEFT - 6, top + line.height, f"{low:,.{line.decimals}f}", "end"))
    parts.append(_text(LEFT, top - 5, escape(line.title), "start"))
    return "".join(parts)


def _triangle(x: float, y: float, mark: Mark) -> str:
    away = 7 if mark.up else -7
    points = f"{x:.1f},{y:.1f} {x - 4:.1f},{y + away:.1f} {x + 4:.1f},{y + away:.1f}"
    return (
        f'<polygon points="{points}" fill="{GREEN if mark.up else RED}"><title>{escape(mark.title)}</title></polygon>'
    )


def _text(x: float, y: float, text: str, anchor: str, size: int = 11) -> str:
    return f'<text x="{x}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="currentColor">{text}</text>'


def _svg(height: float, body: str, label: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {height:.0f}" role="img"'
        f' aria-label="{escape(label)}" font-family="sans-serif" style="max-width:{WIDTH:.0f}px">{body}</svg>'
    )


def small(values: Floats, label: str) -> str:
    """One line without axes, for a table."""
    if not len(values):
        return ""
    keep = thinned(values)
    low, high = float(values.min()), float(values.max())
    x = keep / max(1, len(values) - 1) * 400
    y = 4 + (high - values[keep]) / ((high - low) or 1.0) * 92
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100" role="img" aria-label="{escape(label)}"'
        f' style="display:block;width:100%;max-width:560px"><polyline points="{points}" fill="none" stroke="{BLUE}"'
        ' stroke-width="1.5"/></svg>'
    )
