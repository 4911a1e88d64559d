"""Frames to rows, many at once: the wire's reader, and a row for updates that hold no level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ....cython_core.layout import (
    FLAG_MESSAGE_END,
    HEAD,
    KIND_LEVEL,
    TIME,
    UPDATE_ID,
    VENUE_TIME,
    WORDS_PER_RECORD,
    head,
)
from ....cython_core.native_market import push_rows
from ....cython_core.wire.rows import Rows, RowsFault, SymbolScale
from ..bars import Ints
from .join import FIRST_ID
from .streams import Recorded

DEPTH = 313


class ReadsFrames(Protocol):
    """The slow reader in Python, or the fast one in C."""

    def read_all(self, frames: Sequence[bytes], receive_ns: Sequence[int]) -> Sequence[Rows | RowsFault]: ...


def scales(recorded: Sequence[Recorded]) -> list[SymbolScale]:
    """The symbols by number."""
    return [SymbolScale(what.symbol, what.price_decimals, what.qty_decimals) for what in recorded]


class FrameRows:
    """`RowDecoder` of the recorder."""

    def __init__(self, recorded: Sequence[Recorded], reader: ReadsFrames | None = None) -> None:
        self._reader = reader or push_rows(scales(recorded))

    def decode(self, frames: Sequence[bytes], receive_ns: Ints) -> tuple[Ints, Counter[str]]:
        """Rows of all frames in their order, and the refused ones by reason."""
        refused: Counter[str] = Counter()
        parts = []
        for found, time in zip(self._reader.read_all(frames, receive_ns.tolist()), receive_ns, strict=True):
            if isinstance(found, RowsFault):
                refused[found.reason] += 1
            elif len(found.records):
                parts.append(found.records)
            elif found.body_number == DEPTH and found.last_id:
                parts.append(_empty(found, int(time)))
        rows = np.concatenate(parts) if parts else np.zeros((0, WORDS_PER_RECORD), np.int64)
        return rows, refused


def _empty(found: Rows, receive_ns: int) -> Ints:
    """An update without levels: one row of side 0 that carries its versions."""
    row = np.zeros((1, WORDS_PER_RECORD), np.int64)
    row[0, [TIME, HEAD, VENUE_TIME, UPDATE_ID, FIRST_ID]] = (
        receive_ns, head(KIND_LEVEL, FLAG_MESSAGE_END, found.symbol_number), found.venue_ns, found.last_id,
        found.first_id,
    )  # fmt: skip
    return row
