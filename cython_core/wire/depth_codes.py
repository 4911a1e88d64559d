"""What readers of market data say besides the reasons of `push` and `decimals`, and the outcomes of a depth book."""

from __future__ import annotations

from . import decimals, push

UNKNOWN_SYMBOL = "unknown_symbol"
BAD_VERSION = "bad_version"
BAD_TIME = "bad_time"
BAD_SIDE = "bad_side"
ZERO_PRICE = "zero_price"
ZERO_QUANTITY = "zero_quantity"
TOO_MANY_LEVELS = "too_many_levels"

#: Every reason against a frame of market data; the number that C gives is the place, counted from 1.
REASONS = (
    *push.REASONS,
    *decimals.REASONS,
    UNKNOWN_SYMBOL,
    BAD_VERSION,
    BAD_TIME,
    BAD_SIDE,
    ZERO_PRICE,
    ZERO_QUANTITY,
    TOO_MANY_LEVELS,
)

#: What a frame did to a depth book; below 0 it was refused, by minus the number of the reason.
APPLIED, OLD, OVERLAP, GAP, BACKWARDS, NOT_DEPTH, LEFT_WINDOW = 0, 1, 2, 3, 4, 5, 6

#: Levels of both sides in one depth message; an honest one has far fewer.
MOST_LEVELS = 20_000
#: Milliseconds above this would not be nanoseconds of 64 bits.
MOST_MS = (2**63 - 1) // 1_000_000
