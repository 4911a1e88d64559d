"""Words of the memory block of a native order book. `runtime/backtest/market/book_layout.py` makes such blocks.

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

LOW, CELLS, BEST_BID, BEST_ASK, BID_LEVELS, ASK_LEVELS, TOP_WORDS, OUTSIDE = 0, 1, 2, 3, 4, 5, 6, 7
#: First words of the parts of a side: lots, layer 1, layer 2, layer 3. `BID_PARTS + k`, `ASK_PARTS + k`.
BID_PARTS, ASK_PARTS = 8, 12
LOTS, LAYER_1, LAYER_2, LAYER_3 = 0, 1, 2, 3
HEADER_WORDS = 16
