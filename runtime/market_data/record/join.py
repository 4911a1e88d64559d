"""The stream of one book and its snapshots, joined by version: what is written, and when a snapshot is needed.

Rows are records of `cython_core/layout`: an update carries its first and last version in words 7 and 6. A whole book is
a reset row and its levels. What comes out is, in this order and nothing else: a snapshot, updates that continue it
without a hole, and after a hole the next snapshot. Updates that come while no snapshot is there are held back (at most
`MOST_HELD` rows) and follow it with its receive time, as they would reach a strategy.

A batch of messages that all continue each other is checked as columns; any other one message by message, with the same
result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ....cython_core.layout import (
    FLAG_MESSAGE_END,
    FLAG_SHIFT,
    HEAD,
    KIND_LEVEL,
    KIND_RESET,
    PRICE,
    QTY,
    SIDE,
    TIME,
    UPDATE_ID,
    VENUE_TIME,
    WORDS_PER_RECORD,
    head,
)
from ..bars import Ints

FIRST_ID = 7
MOST_HELD = 1 << 18
#: A record that no tape holds: where a stream of a recording has a hole.
KIND_MARK = 100
#: Why rows are missing: versions were skipped or made no sense, the link was down, the exchange counts anew, and we
#: could not keep up.
WHYS = ("start", "versions", "link", "restart", "overrun")
KINDS = ("book", "trades")
#: So many messages in a row that continue each other, but lie before what is written, are a new count.
RESTART = 20
_ENDS = FLAG_MESSAGE_END << FLAG_SHIFT


@dataclass(frozen=True, slots=True)
class Gap:
    """A hole in a stream. `from_ns` is when the last good row was received, `to_ns` when it went on.

    `missing` counts the versions in between, -1 where they are not known. `why` is one of `WHYS`.
    """

    kind: str
    from_ns: int
    to_ns: int
    missing: int
    why: str

    def json(self) -> dict[str, object]:
        """For the facts of a data set."""
        return {"kind": self.kind, "from": self.from_ns, "to": self.to_ns, "missing": self.missing, "why": self.why}


@dataclass(slots=True)
class JoinCounts:
    """What happened to messages of one book."""

    messages: int = 0
    repeated: int = 0
    overlapping: int = 0
    gaps: int = 0
    snapshots: int = 0
    old_snapshots: int = 0
    held: int = 0
    refused: int = 0
    dropped: int = 0


@dataclass(slots=True)
class BookJoin:
    """State of one book's stream. `version` is the last one written, 0 while a snapshot is needed."""

    stream: int
    on_gap: Callable[[Gap], None] = lambda gap: None
    counts: JoinCounts = field(default_factory=JoinCounts)
    version: int = 0
    _last_ns: int = 0
    _last_version: int = 0
    _why: str = "start"
    _held: list[Ints] = field(default_factory=list)
    _held_rows: int = 0
    _cause: str = "versions"
    _seen: int = 0
    _behind: int = 0
    _behind_version: int = 0

    @property
    def holds(self) -> bool:
        """Whether updates wait for a snapshot."""
        return bool(self._held)

    @property
    def needs_snapshot(self) -> bool:
        return self.version == 0

    def lost(self, why: str) -> None:
        """Rows are missing: nothing is written until the next snapshot."""
        if self.version:
            self._why, self._last_version, self.version = why, self.version, 0
            self.counts.gaps += why != "start"

    def expect_hole(self, why: str) -> None:
        """The link went down, or frames were dropped. Whether that made a hole is for the versions to say."""
        self._cause = why

    def take(self, rows: Ints) -> list[Ints]:
        """Updates in the order in which they were received, whole messages; what is to be written now."""
        if not len(rows):
            return []
        starts = _starts(rows)
        self.counts.messages += len(starts)
        if self.version and _follows(rows, starts, self.version):
            self._seen = max(self._seen, int(rows[-1, UPDATE_ID]))
            return self._written(rows)
        written: list[Ints] = []
        for at, end in zip(starts, [*starts[1:], len(rows)], strict=True):
            written += self._one(rows[at:end])
        return written

    def snapshot(self, version: int, levels: Ints, receive_ns: int, venue_ns: int = 0) -> list[Ints] | None:
        """A whole book as level rows; `venue_ns` is the exchange's time, 0 if it gave none.

        None if it is older than the updates that are held: ask again.
        """
        if not self.needs_snapshot:
            return []
        held = [part for part in self._held if int(part[0, UPDATE_ID]) > version]
        if held and int(held[0][0, FIRST_ID]) > version + 1:
            self.counts.old_snapshots += 1
            return None
        mark = self._mark(version, receive_ns)
        self.counts.snapshots += 1
        self.counts.dropped += len(self._held) - len(held)
        self._held, self._held_rows = [], 0
        rows = snapshot_rows(self.stream, version, levels, receive_ns, venue_ns)
        self.version = version
        written = [*mark, *self._written(rows)]
        for part in held:
            moved = part.copy()
            moved[:, TIME] = receive_ns
            written += self._one(moved)
        return written

    def _one(self, message: Ints) -> list[Ints]:
        """One message: written, left out, or held until a snapshot comes."""
        first, last = int(message[0, FIRST_ID]), int(message[0, UPDATE_ID])
        if last < first:
            self.counts.refused += 1
            self.lost("versions")
            return []
        forward, self._seen = last > self._seen, max(self._seen, last)
        if self.version and first > self.version + 1:
            self.lost(self._cause)
        elif self.version and last <= self.version:
            self._repeated(first, last, forward)
            return []
        elif self.version:
            self.counts.overlapping += first <= self.version
            return self._written(message)
        self._hold(message)
        return []

    def _repeated(self, first: int, last: int, forward: bool) -> None:
        """A message from before what is written: on its way still when the snapshot was taken, or a repetition.

        A long run of repetitions that goes on by itself is none: the exchange counts anew.
        """
        self.counts.repeated += 1
        if forward:
            self._behind = 0
            return
        self._behind = self._behind + 1 if first == self._behind_version + 1 else 1
        self._behind_version = last
        if self._behind >= RESTART:
            self.lost("restart")
            self._seen = last

    def _hold(self, message: Ints) -> None:
        """Keep an update for the snapshot that is on its way; a hole makes those before it useless."""
        if self._held and int(message[0, FIRST_ID]) != int(self._held[-1][0, UPDATE_ID]) + 1:
            if int(message[0, UPDATE_ID]) <= int(self._held[-1][0, UPDATE_ID]):
                self.counts.repeated += 1
                return
            self._forget()
        if self._held_rows + len(message) > MOST_HELD:
            self._forget()
        self._held.append(message.copy())
        self._held_rows += len(message)
        self.counts.held += 1

    def _forget(self) -> None:
        self.counts.dropped += len(self._held)
        self._held, self._held_rows = [], 0

    def _written(self, rows: Ints) -> list[Ints]:
        self.version = int(rows[-1, UPDATE_ID])
        self._last_ns = int(rows[-1, TIME])
        self._behind, self._cause = 0, "versions"
        return [rows]

    def _mark(self, version: int, receive_ns: int) -> list[Ints]:
        if self._why == "start":
            return []
        missing = version - self._last_version if version >= self._last_version else -1
        gap = Gap("book", self._last_ns, receive_ns, missing, self._why)
        self._why = "start"
        self.on_gap(gap)
        return [mark_row(self.stream, gap)]


def _starts(rows: Ints) -> list[int]:
    """Index of the first row of each message."""
    ends = np.flatnonzero(rows[:, HEAD] & _ENDS)
    return [0, *(int(end) + 1 for end in ends[:-1])]


def _follows(rows: Ints, starts: list[int], version: int) -> bool:
    """Whether every message continues the one before it, the first one `version`."""
    heads = rows[starts]
    return int(heads[0, FIRST_ID]) == version + 1 and bool(
        (heads[1:, FIRST_ID] == heads[:-1, UPDATE_ID] + 1).all() and (heads[:, UPDATE_ID] >= heads[:, FIRST_ID]).all()
    )


def snapshot_rows(stream: int, version: int, levels: Ints, receive_ns: int, venue_ns: int = 0) -> Ints:
    """A reset row, then one row a level. `levels` has shape (n, 3): side, lots, ticks."""
    rows = np.zeros((len(levels) + 1, WORDS_PER_RECORD), np.int64)
    rows[:, TIME] = receive_ns
    rows[:, UPDATE_ID] = version
    rows[:, HEAD] = head(KIND_LEVEL, 0, stream)
    rows[0, HEAD] = head(KIND_RESET, 0, stream)
    rows[1:, SIDE], rows[1:, QTY], rows[1:, PRICE] = levels[:, 0], levels[:, 1], levels[:, 2]
    rows[:, VENUE_TIME] = venue_ns
    rows[-1, HEAD] |= _ENDS
    return rows


def mark_row(stream: int, gap: Gap) -> Ints:
    """A hole as a record: `marked` reads it back."""
    row = np.zeros((1, WORDS_PER_RECORD), np.int64)
    row[0, [TIME, HEAD, SIDE, QTY, PRICE, UPDATE_ID]] = (
        gap.to_ns, head(KIND_MARK, 0, stream), WHYS.index(gap.why), gap.missing, gap.from_ns, KINDS.index(gap.kind),
    )  # fmt: skip
    return row


def marked(row: Ints) -> Gap:
    """The hole that a record of `KIND_MARK` stands for."""
    words = [int(word) for word in row]
    return Gap(KINDS[words[UPDATE_ID]], words[PRICE], words[TIME], words[QTY], WHYS[words[SIDE]])
