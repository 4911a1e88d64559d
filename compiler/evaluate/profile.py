"""Profiles: how amounts spread over levels, in the exact order that another executor repeats.

A profile with 2**k ticks N has N + N + 128 words, all i64:

    words 0 .. 127            the last fill: bins 0..63, total, fullest, lowest, highest, 60 unused
    words 128 .. 127 + N      levels, word `tick & (N-1)` belongs to the tick
    words 128 + N ..          amounts, likewise

**Fill** takes tick, n, low, high, bins. n is clamped to 0..N, bins to 1..64. All integers wrap. The bins start at 0;
for each of the n newest ticks, oldest to newest:

    bin = (level - low) * bins // (high - low), 0 if high == low, clamped to 0..bins-1
    amount of the bin += amount of the tick

The fullest bin is the lowest of equals. The area starts as that bin and grows while 10 * amount inside < 7 * total and
a bin is left: by the bin above if it holds at least as much as the bin below or there is none below, else by the one
below. Bins at and above `bins` become 0.
"""

from __future__ import annotations

from typing import Any

from .numbers import wrap

Cells = list[Any]

BINS, TOTAL, FULLEST, LOWEST, HIGHEST, HEADER = 64, 64, 65, 66, 67, 128


def put(cells: Cells, base: int, words: int, tick: int, level: int, amount: int) -> None:
    ticks = (words - HEADER) >> 1
    at = base + HEADER + (tick & (ticks - 1))
    cells[at], cells[at + ticks] = level, amount


def get(cells: Cells, base: int, words: int, which: int) -> int:
    """Word `which` (its two low bits) after the bins."""
    found: int = cells[base + TOTAL + (which & 3)]
    return found


def fill(cells: Cells, base: int, words: int, tick: int, length: int, low: int, high: int, bins: int) -> None:
    """Amounts by bin, then the fullest bin and the area around it."""
    ticks = (words - HEADER) >> 1
    bins, span = max(1, min(bins, BINS)), wrap(high - low)
    amounts, total = [0] * BINS, 0
    for back in range(max(0, min(length, ticks)) - 1, -1, -1):
        at = base + HEADER + ((tick - back) & (ticks - 1))
        scaled = wrap(wrap(cells[at] - low) * bins)
        bin_ = max(0, min(wrap(scaled // span) if span else 0, bins - 1))
        amounts[bin_] = wrap(amounts[bin_] + cells[at + ticks])
        total = wrap(total + cells[at + ticks])
    fullest = max(range(bins), key=lambda k: (amounts[k], -k))
    cells[base : base + BINS] = amounts
    cells[base + TOTAL : base + HIGHEST + 1] = [total, fullest, *_area(amounts[:bins], fullest, total)]


def _area(amounts: list[int], fullest: int, total: int) -> tuple[int, int]:
    """(lowest bin, highest bin) that hold 70 % of the total."""
    low = high = fullest
    inside = amounts[fullest]
    while wrap(inside * 10) < wrap(total * 7) and (low > 0 or high < len(amounts) - 1):
        upward = high + 1 < len(amounts) and (low == 0 or amounts[high + 1] >= amounts[low - 1])
        low, high = (low, high + 1) if upward else (low - 1, high)
        inside = wrap(inside + amounts[high if upward else low])
    return low, high
