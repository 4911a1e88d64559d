"""Frames of the streams to rows that are written: decoding, joining, and what is counted. No I/O, no clock.

Frames are gathered and decoded many at once. Which rows of a book are written is for `join.BookJoin` to say; a trade is
written once, though two connections may bring it while one takes over from the other.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import numpy as np

from ....cython_core.layout import HEAD, KIND_LEVEL, KIND_TRADE, STREAM_SHIFT, TIME, UPDATE_ID, VENUE_TIME
from ..bars import Ints
from .join import BookJoin, Gap, mark_row
from .streams import Recorded

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
#: Holes that are remembered by name, the newest.
MOST_GAPS = 200
#: Trade ids that are remembered, to know one that comes a second time.
MOST_IDS = 1 << 14
#: Pauses between requests for a snapshot of one book: doubled from the first to the last, so at most about 6 a minute.
FIRST_PAUSE_NS, LAST_PAUSE_NS = NS_PER_S // 4, 10 * NS_PER_S
#: A book without any update asks for its snapshot after this.
QUIET_NS = 2 * NS_PER_S
#: Word of a trade: the second number of its id.
PART = 7
_KIND, _STREAM = 0xFF, 0xFFFF


@dataclass(frozen=True, slots=True)
class WholeBook:
    """A snapshot: its version, rows of (side, lots, ticks), and the exchange's time, 0 if it gave none."""

    version: int
    levels: Ints
    venue_ns: int


class RowDecoder(Protocol):
    """Frames to records of shape (n, 8), in the order of the frames; the stream's number stands in the head.

    An update without levels gives one level row with side 0, so that its versions are not missed.
    """

    def decode(self, frames: Sequence[bytes], receive_ns: Ints) -> tuple[Ints, Counter[str]]:
        """The rows, and how many frames were refused, by reason. A refused frame leaves no row."""


@dataclass(slots=True)
class _Stream:
    """What is known of one instrument."""

    join: BookJoin
    ids: dict[tuple[int, int], None] = field(default_factory=dict)
    trades_ns: int = 0
    lost_ns: int = 0
    lost_why: str = ""
    doubt_ns: int = 0
    doubted: list[Ints] = field(default_factory=list)
    ask_ns: int = 0
    pause_ns: int = FIRST_PAUSE_NS
    asking: bool = False


class Recorder:
    """All instruments of a recording. Times are epoch ns."""

    def __init__(self, recorded: Sequence[Recorded], decoder: RowDecoder, now_ns: int) -> None:
        self.counters: Counter[str] = Counter()
        self.lag_ns = 0
        self.gaps: deque[tuple[int, Gap]] = deque(maxlen=MOST_GAPS)
        self._decoder = decoder
        self._streams = [
            _Stream(BookJoin(number, partial(self._gap, number)), ask_ns=now_ns + QUIET_NS)
            for number in range(len(recorded))
        ]
        self._frames: list[bytes] = []
        self._times: list[int] = []

    @property
    def joins(self) -> list[BookJoin]:
        """The books, by number."""
        return [stream.join for stream in self._streams]

    def frame(self, payload: bytes, receive_ns: int) -> None:
        """One data frame."""
        self._frames.append(payload)
        self._times.append(receive_ns)

    def hole(self, why: str, now_ns: int) -> None:
        """Frames may be missing from here on: the link is down, or too many came at once."""
        self.counters[f"holes_{why}"] += 1
        for stream in self._streams:
            stream.join.expect_hole(why)
            stream.doubt_ns = 0
            if not stream.lost_why:
                stream.lost_why, stream.lost_ns = why, stream.trades_ns or now_ns

    def silent(self, now_ns: int) -> None:
        """The link gives nothing any more and is replaced. If versions of a book are missing then, so may be trades."""
        for stream in self._streams:
            if not stream.lost_why:
                stream.join.expect_hole("link")
                stream.doubt_ns = stream.doubt_ns or stream.trades_ns or now_ns

    def healed(self, number: int, now_ns: int) -> list[Ints]:
        """Trades of an instrument come again: what is to be written before them."""
        stream = self._streams[number]
        if not stream.lost_why:
            return []
        gap = Gap("trades", stream.lost_ns, now_ns, -1, stream.lost_why)
        stream.lost_why = ""
        self._gap(number, gap)
        return [mark_row(number, gap)]

    def _gap(self, number: int, gap: Gap) -> None:
        self.counters["gaps"] += 1
        self.gaps.append((number, gap))
        stream = self._streams[number]
        if gap.kind == "book" and stream.doubt_ns:
            if gap.why == "link":
                trades = Gap("trades", stream.doubt_ns, gap.to_ns, -1, gap.why)
                stream.doubted.append(mark_row(number, trades))
                self.counters["gaps"] += 1
                self.gaps.append((number, trades))
            stream.doubt_ns = 0

    def drain(self) -> list[list[Ints]]:
        """Rows to be written, by instrument, of all frames since the last call."""
        written: list[list[Ints]] = [[] for _ in self._streams]
        if not self._frames:
            return written
        frames, times = self._frames, np.array(self._times, np.int64)
        self._frames, self._times = [], []
        rows, refused = self._decoder.decode(frames, times)
        self.counters["frames"] += len(frames)
        self.counters["bytes"] += sum(map(len, frames))
        self.counters["refused"] += sum(refused.values())
        self.counters["rows"] += len(rows)
        if len(rows):
            self.lag_ns = int(np.median(rows[:, TIME] - rows[:, VENUE_TIME]))
        number, kind = rows[:, HEAD] >> STREAM_SHIFT & _STREAM, rows[:, HEAD] & _KIND
        for k in np.unique(number).tolist():
            own = number == k
            written[k] += self._trades(self._streams[k], rows[own & (kind == KIND_TRADE)])
            written[k] += self._book(k, rows[own & (kind == KIND_LEVEL)])
        return written

    def _book(self, number: int, rows: Ints) -> list[Ints]:
        stream = self._streams[number]
        written = stream.join.take(rows)
        if written:  # a snapshot went before, or nothing was missing: the silence cost nothing
            stream.doubt_ns = 0
        return written

    def _trades(self, stream: _Stream, rows: Ints) -> list[Ints]:
        """Trades that were not written before. Those without an id cannot be told apart, and are all kept."""
        if not len(rows):
            return []
        stream.trades_ns = int(rows[-1, TIME])
        new = np.ones(len(rows), np.bool_)
        for place, (number, part) in enumerate(rows[:, [UPDATE_ID, PART]].tolist()):
            if number and (number, part) in stream.ids:
                new[place] = False
            elif number:
                stream.ids[number, part] = None
        while len(stream.ids) > MOST_IDS:
            del stream.ids[next(iter(stream.ids))]
        self.counters["trades"] += int(new.sum())
        self.counters["repeated_trades"] += len(rows) - int(new.sum())
        return [rows if new.all() else rows[new]]

    # ---- snapshots

    def wanted(self, now_ns: int) -> list[int]:
        """Instruments whose book needs a snapshot now. Each counts as asked for until `snapshot` or `no_snapshot`."""
        found = []
        for number, stream in enumerate(self._streams):
            early = stream.join.holds and stream.pause_ns == FIRST_PAUSE_NS
            if stream.join.needs_snapshot and not stream.asking and (early or now_ns >= stream.ask_ns):
                stream.asking = True
                found.append(number)
        return found

    def snapshot(self, number: int, book: WholeBook, now_ns: int) -> list[Ints]:
        """A whole book came: what is to be written now, nothing if it is of no use."""
        stream = self._streams[number]
        if not _accepted(book.levels):
            self.counters["refused_snapshots"] += 1
            self.no_snapshot(number, now_ns)
            return []
        rows = stream.join.snapshot(book.version, book.levels, now_ns, book.venue_ns)
        if rows is None:
            self.no_snapshot(number, now_ns)
            return []
        stream.asking, stream.pause_ns, stream.ask_ns = False, FIRST_PAUSE_NS, now_ns + FIRST_PAUSE_NS
        doubted, stream.doubted = stream.doubted, []
        return [*doubted, *rows]

    def no_snapshot(self, number: int, now_ns: int) -> None:
        """The request brought nothing: ask again after a pause."""
        stream = self._streams[number]
        self.counters["snapshots_again"] += 1
        stream.asking, stream.ask_ns = False, now_ns + stream.pause_ns
        stream.pause_ns = min(2 * stream.pause_ns, LAST_PAUSE_NS)


def _accepted(levels: Ints) -> bool:
    """Whether both sides are filled and apart."""
    bids, asks = levels[levels[:, 0] > 0], levels[levels[:, 0] < 0]
    return bool(len(bids) and len(asks) and bids[:, 2].max() < asks[:, 2].min() and (levels[:, 1:] > 0).all())
