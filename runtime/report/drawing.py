"""Small static drawings as SVG, so that a page shows them before and without its script. Lengths are shares, so they
fit any width; colours come from the style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ..backtest.money import Ints
from .series import Floats
from .statistics import Bin

POINTS = 600
_WIDTH, _HEIGHT = 1000.0, 320.0


def equity_drawing(time: Ints, equity: Ints, start: int) -> str:
    """Equity as a line and, below it, the drawdown as an area. Empty without points."""
    if not len(time):
        return ""
    keep = _thinned(equity)
    x = (time[keep] - time[0]) / max(1, int(time[-1] - time[0])) * _WIDTH
    peak = np.maximum(np.maximum.accumulate(equity), start)[keep]
    fall = (peak - equity[keep]) / np.maximum(1, peak)
    low, high = min(start, int(equity.min())), max(start, int(equity.max()))
    y = (high - equity[keep]) / max(1, high - low) * _HEIGHT * 0.7 + 4
    depth = fall / max(1e-12, float(fall.max())) * _HEIGHT * 0.22 + _HEIGHT * 0.77
    base = (high - start) / max(1, high - low) * _HEIGHT * 0.7 + 4
    top = f"{_HEIGHT * 0.77:.1f}"
    area = f"0,{top} {_points(x, depth)} {x[-1]:.1f},{top}"
    return (
        f'<svg class="still" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" preserveAspectRatio="none" role="img"'
        ' aria-label="Equity, and drawdown below it">'
        f'<line class="base" x1="0" x2="{_WIDTH:.0f}" y1="{base:.1f}" y2="{base:.1f}"/>'
        f'<polyline class="equity" points="{_points(x, y)}"/><polygon class="fall" points="{area}"/></svg>'
    )


def _thinned(values: Ints) -> Ints:
    """Indices of the first, least, greatest and last value of each of at most `POINTS` / 4 runs."""
    if len(values) <= POINTS:
        return np.arange(len(values))
    edges = np.linspace(0, len(values), POINTS // 4 + 1).astype(np.int64)
    found: list[int] = []
    for low, high in pairwise(edges.tolist()):
        part = values[low:high]
        found += [low, low + int(part.argmin()), low + int(part.argmax()), high - 1]
    return np.unique(np.array(found, np.int64))


def _points(x: Floats, y: Floats) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def histogram(bins: Sequence[Bin], titles: Sequence[str]) -> str:
    """Bars of counts; bins on the losing side (by their bounds, else by their profit) have the class `lost`."""
    most = max((b.count for b in bins), default=0) or 1
    width = 100 / max(1, len(bins))
    bars = []
    for k, (found, title) in enumerate(zip(bins, titles, strict=True)):
        height = 100 * found.count / most
        lost = found.high <= 0 if found.high > found.low else found.pnl < 0
        bars.append(
            f'<g><rect class="hit" x="{k * width:.2f}%" width="{width:.2f}%" y="0" height="100%"/>'
            f'<rect class="{"lost" if lost else "won"}" x="{(k + 0.08) * width:.2f}%" width="{0.84 * width:.2f}%"'
            f' y="{100 - height:.2f}%" height="{height:.2f}%"/><title>{title}</title></g>'
        )
    return f'<svg class="bars" role="img" aria-label="{len(bins)} bars">{"".join(bars)}</svg>'
