"""Panes in slots: one value per stretch of time, so that a window over time costs what it has panes.

The rules stand in `windows.py`; `cells`, `base` and `words` are as there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from .numbers import INT_MAX, INT_MIN, wrap

Cells = list[Any]
Combine = Callable[[Any, Any], Any]


def _add(a: Any, b: Any) -> Any:
    total = a + b
    return total if isinstance(total, float) else wrap(total)


def _lesser(a: Any, b: Any) -> Any:
    return b if b < a else a


def _greater(a: Any, b: Any) -> Any:
    return b if a < b else a


def _tag(neutral: Any, pane: int) -> Any:
    """The number of a pane as a word of the slot's type."""
    return float(pane) if isinstance(neutral, float) else pane


def pane_put(combine: Combine, neutral: Any) -> Callable[..., None]:
    def put(cells: Cells, base: int, words: int, pane: int, x: Any) -> None:
        panes = words >> 1
        at = base + (pane & (panes - 1))
        before = cells[at] if cells[at + panes] == _tag(neutral, pane) else neutral
        cells[at] = combine(before, x)
        cells[at + panes] = _tag(neutral, pane)

    return put


def _there(cells: Cells, base: int, panes: int, pane: int, length: int, neutral: Any) -> Iterator[Any]:
    """Values of the panes that are there, oldest first."""
    for back in range(max(0, min(length, panes)) - 1, -1, -1):
        number = wrap(pane - back)
        at = base + (number & (panes - 1))
        if cells[at + panes] == _tag(neutral, number):
            yield cells[at]


def pane_query(combine: Combine, neutral: Any) -> Callable[..., Any]:
    def query(cells: Cells, base: int, words: int, pane: int, length: int) -> Any:
        result = neutral
        for x in _there(cells, base, words >> 1, pane, length, neutral):
            result = combine(result, x)
        return result

    return query


_RULES: dict[str, tuple[Combine, Any]] = {
    "isum": (_add, 0),
    "imin": (_lesser, INT_MAX),
    "imax": (_greater, INT_MIN),
    "sum": (_add, 0.0),
    "min": (_lesser, math.inf),
    "max": (_greater, -math.inf),
}

#: Operations on panes: (cells, base, words, *operands) -> result or None.
PANES: dict[str, Callable[..., Any]] = {
    **{f"pane.put.{name}": pane_put(*rule) for name, rule in _RULES.items()},
    **{f"pane.{name}": pane_query(*rule) for name, rule in _RULES.items()},
}
