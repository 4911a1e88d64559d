"""Memory of a native order book: one block of int64 words, and how to make one. No Numba here.

A book covers a fixed window of ticks. Per side it holds the lots of every tick, and a bitmap of the ticks that hold
lots, in three layers: a bit of a layer says that the word of the layer below is not zero. Finding the next occupied
tick is a handful of bit counts, whatever the gap; only the words of the top layer (one per 262,144 ticks) are walked.

| word  | content                                                                                   |
|-------|-------------------------------------------------------------------------------------------|
| 0, 1  | tick of cell 0; cells in the window (a multiple of 64)                                      |
| 2, 3  | cell of the best bid (-1: none) and of the best ask (cells: none)                           |
| 4, 5  | occupied ticks of bids, of asks                                                             |
| 6     | words of the top layer                                                                      |
| 7     | records that lay outside of the window and were left out: a tape has none                   |
| 8-11  | bids: first word of the lots, of layer 1 (one bit a tick), layer 2, layer 3                  |
| 12-15 | the same of asks                                                                            |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..result import Words

LOW, CELLS, BEST_BID, BEST_ASK, BID_LEVELS, ASK_LEVELS, TOP_WORDS, OUTSIDE = range(8)
#: First words of the parts of a side: lots, layer 1, layer 2, layer 3. `BID_PARTS + k`, `ASK_PARTS + k`.
BID_PARTS, ASK_PARTS = 8, 12
LOTS, LAYER_1, LAYER_2, LAYER_3 = range(4)
HEADER_WORDS = 16


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
