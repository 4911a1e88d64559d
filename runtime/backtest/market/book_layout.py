"""Makes the memory of a native order book; `cython_core/book_words.py` says what its words are. No Numba here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....cython_core.book_words import (
    ASK_PARTS,
    BEST_ASK,
    BEST_BID,
    BID_PARTS,
    CELLS,
    HEADER_WORDS,
    LOW,
    TOP_WORDS,
)

if TYPE_CHECKING:
    from ..result import Words


def new_book(low: int, high: int) -> Words:
    """An empty book for ticks `low`..`high` (both included): int64[words], 16 bytes a tick and a little."""
    assert 0 <= low <= high, "a window of ticks holds at least one"
    start = low & ~63
    layers = [(high - start) // 64 + 1]
    cells = layers[0] * 64
    for _ in range(2):
        layers.append((layers[-1] + 63) // 64)
    parts = [cells, *layers]
    block = np.zeros(HEADER_WORDS + 2 * sum(parts), dtype=np.int64)
    block[LOW], block[CELLS], block[TOP_WORDS] = start, cells, layers[-1]
    block[BEST_BID], block[BEST_ASK] = -1, cells
    at = HEADER_WORDS
    for first in (BID_PARTS, ASK_PARTS):
        for k, words in enumerate(parts):
            block[first + k] = at
            at += words
    return block
