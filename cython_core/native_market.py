"""Market data through the library in C: records of a tape (`NativeRows`), and a depth book (`NativeDepth`)."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from .layout import WORDS_PER_RECORD
from .native import Library, library
from .wire.depth_codes import MOST_LEVELS, REASONS
from .wire.rows import PushRows, Rows, RowsFault, SymbolScale

_Words = NDArray[np.int64]
#: A level of a message needs eight bytes at least; two records more begin and end.
_BYTES_PER_RECORD, _MORE_RECORDS = 8, 3
_FACTS = 5
#: Ticks that a depth book covers: 4 MiB.
CELLS = 1 << 18


class _Scale(ctypes.Structure):
    """`fs_scale` of market.h."""

    _fields_ = (
        ("symbol", ctypes.c_char_p),
        ("size", ctypes.c_size_t),
        ("price_decimals", ctypes.c_size_t),
        ("qty_decimals", ctypes.c_size_t),
    )


def _scales(symbols: Sequence[SymbolScale]) -> ctypes.Array[_Scale]:
    """They keep the texts alive."""
    found = []
    for scale in symbols:
        assert scale.symbol and min(scale.price_decimals, scale.qty_decimals) >= 0
        assert max(scale.price_decimals, scale.qty_decimals) <= 18
        name = scale.symbol.encode()
        found.append(_Scale(name, len(name), scale.price_decimals, scale.qty_decimals))
    return (_Scale * len(found))(*found)


class NativeRows:
    """As `rows.PushRows`."""

    def __init__(self, found: Library, symbols: Sequence[SymbolScale]) -> None:
        self._call = found.call
        self._count = len(symbols)
        self._scales = _scales(symbols)
        self._facts = np.zeros(_FACTS, np.int64)
        self._records: _Words = np.zeros((64, WORDS_PER_RECORD), np.int64)

    def rows(self, frame: bytes, receive_ns: int) -> _Words:
        """The records of one frame, int64[n, 8]. Raises `RowsFault`."""
        return self.read(frame, receive_ns).records

    def read(self, frame: bytes, receive_ns: int) -> Rows:
        """The records of one frame, and what it was. Raises `RowsFault`."""
        room = len(frame) // _BYTES_PER_RECORD + _MORE_RECORDS
        if room > len(self._records):
            self._records = np.zeros((room, WORDS_PER_RECORD), np.int64)
        got = self._call.rows(
            self._scales,
            self._count,
            frame,
            len(frame),
            receive_ns,
            self._records.ctypes.data,
            len(self._records),
            self._facts.ctypes.data,
        )
        if got < 0:
            raise RowsFault(REASONS[-got - 1])
        return _rows(self._records[:got].copy(), self._facts.tolist())

    def read_all(self, frames: Sequence[bytes], receive_ns: Sequence[int]) -> list[Rows | RowsFault]:
        """The same of many frames in one call; faults stand in the places of the frames that are refused."""
        sizes = [len(frame) for frame in frames]
        room = sum(sizes) // _BYTES_PER_RECORD + _MORE_RECORDS * len(frames)
        records = np.empty((room, WORDS_PER_RECORD), np.int64)
        ends, times = np.array([*accumulate(sizes)], np.int64), np.array(receive_ns, np.int64)
        assert len(times) == len(frames)
        results, facts = np.zeros(len(frames), np.int64), np.zeros((len(frames), _FACTS), np.int64)
        tables = (table.ctypes.data for table in (ends, times))
        self._call.rows_of_all(
            self._scales,
            self._count,
            b"".join(frames),
            *tables,
            len(frames),
            records.ctypes.data,
            room,
            results.ctypes.data,
            facts.ctypes.data,
        )
        return _all_rows(records, results.tolist(), facts.tolist())


def _rows(records: _Words, facts: list[int]) -> Rows:
    symbol_number, body_number, first_id, last_id, venue_ns = facts
    return Rows(records, symbol_number, body_number, first_id, last_id, venue_ns)


def _all_rows(records: _Words, results: list[int], facts: list[list[int]]) -> list[Rows | RowsFault]:
    found: list[Rows | RowsFault] = []
    begin = 0
    for got, own in zip(results, facts, strict=True):
        if got < 0:
            found.append(RowsFault(REASONS[-got - 1]))
            continue
        found.append(_rows(records[begin : begin + got], own))
        begin += got
    return found


def push_rows(symbols: Sequence[SymbolScale]) -> PushRows | NativeRows:
    """What makes records of frames: the library's, or its twin."""
    found = library()
    return PushRows(symbols) if found is None else NativeRows(found, symbols)


def _zeros_for_vectors(words: int) -> _Words:
    """Zeros, int64[words], from an address on that is a multiple of 64."""
    block = np.zeros(words + 7, np.int64)
    first = -block.ctypes.data % 64 // 8
    return block[first : first + words]


class NativeDepth:
    """One symbol's book, kept by depth frames: what `depth.h` says, for callers in Python.

    Prices are ticks, quantities lots. The book covers `cells` ticks (a multiple of 64) about the middle of a snapshot;
    levels farther away are counted and left out, and if a best price might be among them the book is not valid.
    """

    def __init__(self, found: Library, scale: SymbolScale, *, cells: int = CELLS) -> None:
        assert cells > 0 and cells % 64 == 0
        assert len(scale.symbol.encode()) <= 64
        self._call = found.call
        self._facts = _zeros_for_vectors(found.call.depth_size() // 8)
        self._block = np.zeros(found.call.book_words(cells), np.int64)
        self._levels = np.zeros((MOST_LEVELS, 2), np.int64)
        self._at = (self._facts.ctypes.data, self._block.ctypes.data)
        self._room = (self._levels.ctypes.data, MOST_LEVELS)
        self._memory = (ctypes.c_size_t * 4)(*self._at, *self._room)  # `fs_wire_memory` of wire.c
        self._reference = ctypes.byref(self._memory)
        self._apply = found.call.depth_apply
        found.call.book_init(self._at[1], 0, cells)
        found.call.depth_init(self._at[0], ctypes.byref(_scales([scale])))

    @property
    def version(self) -> int:
        """Of the last change that was applied, or of the snapshot; -1 before both."""
        return int(self._facts[_VERSION])

    @property
    def valid(self) -> bool:
        """Whether every change since the snapshot was applied, and the best prices stand in the window."""
        return bool(self._facts[_VALID])

    @property
    def counts(self) -> dict[str, int]:
        """Frames by what they did, and levels left out since the snapshot."""
        return {name: int(self._facts[_FAR_BIDS + k]) for k, name in enumerate(COUNTS)}

    def snapshot(self, last_update_id: int, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]]) -> int:
        """Begin anew with these levels of ticks and lots, the window about their middle: APPLIED, or LEFT_WINDOW."""
        below, above = list(bids), list(asks)
        levels = np.array([*above, *below], np.int64).reshape(-1, 2)
        done = self._call.depth_snapshot(*self._at, last_update_id, levels.ctypes.data, len(above), len(below))
        return int(done)

    def apply(self, frame: bytes) -> int:
        """Take one frame of `aggre.depth`: an outcome of `depth_codes`, below 0 minus the number of a reason."""
        done: int = self._apply(self._reference, frame, len(frame))
        return done

    def apply_all(self, frames: Sequence[bytes]) -> _Words:
        """Take many frames in one call; the outcome of each."""
        return self.apply_block(b"".join(frames), np.array([*accumulate(map(len, frames))], np.int64))

    def apply_block(self, block: bytes, ends: _Words) -> _Words:
        """The same of frames that lie one behind the other; `ends` are where they end, the last at the block's."""
        assert ends.dtype == np.int64 and ends.flags.c_contiguous and (not len(ends) or ends[-1] <= len(block))
        assert not len(ends) or (ends[0] >= 0 and bool((ends[1:] >= ends[:-1]).all()))
        outcomes = np.zeros(len(ends), np.int64)
        given = (block, ends.ctypes.data, len(ends))
        self._call.depth_apply_all(*self._at, *given, *self._room, outcomes.ctypes.data)
        return outcomes

    def best_bid(self) -> tuple[int, int] | None:
        """Ticks and lots of the highest bid."""
        return next(iter(self.levels(1, 1)), None)

    def best_ask(self) -> tuple[int, int] | None:
        """Ticks and lots of the lowest ask."""
        return next(iter(self.levels(-1, 1)), None)

    def levels(self, side: int, count: int) -> list[tuple[int, int]]:
        """The best `count` levels of a side (+1 bids, -1 asks), best first."""
        room = min(count, MOST_LEVELS)
        got = self._call.depth_levels(self._at[1], side, self._room[0], room)
        return [(ticks, lots) for ticks, lots in self._levels[:got].tolist()]


_VERSION, _VALID, _FAR_BIDS = 0, 1, 3
#: The words of `fs_depth` from `far_bids` on.
COUNTS = (
    "far_bids",
    "far_asks",
    "applied",
    "old",
    "overlaps",
    "gaps",
    "backwards",
    "not_depth",
    "left_window",
    "refused",
)
