"""The segments of one data set while it is recorded: appended to, put on the disk, exchanged, and committed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..bars import Ints
from ..store.places import Root
from .commit import Commit, commit_segment
from .segment import DiskFile, SegmentFile, SegmentWriter
from .spool import Spool
from .streams import Recorded

#: A segment is exchanged for a new one after so many rows or so long, whichever comes first.
MOST_ROWS = 200_000
LONGEST_NS = 300_000_000_000


@dataclass(slots=True)
class Writing:
    """One data set. `last` is the number of the newest segment; they rise with the time.

    `append`, `flush` and `retire` belong to one thread; `sync` and `commit` may each run in another one beside it.
    """

    what: Recorded
    spool: Spool
    url: str
    server: str
    last: int
    opener: Callable[[Path], SegmentFile] = DiskFile
    retired: list[tuple[int, Path, SegmentWriter | None]] = field(default_factory=list)
    rows: int = 0
    _retired_bytes: int = 0
    _segment: SegmentWriter | None = None
    _since_ns: int = 0
    _closing: threading.Lock = field(default_factory=threading.Lock)

    def append(self, parts: Sequence[Ints], now_ns: int) -> None:
        """Write rows; the first ones open a segment. OSError when the disk takes no more."""
        for part in parts:
            if not len(part):
                continue
            if self._segment is None:
                self._open(now_ns)
            assert self._segment is not None
            self._segment.append(part)
            self.rows += len(part)

    def _open(self, now_ns: int) -> None:
        number = max(now_ns, self.last + 1)
        file = self.opener(self.spool.path(number))
        self.last, self._since_ns = number, now_ns
        self._segment = SegmentWriter(file, self.what.head(number, self.url, self.server))

    @property
    def written_bytes(self) -> int:
        """Bytes of all segments so far."""
        return self._retired_bytes + (self._segment.size if self._segment is not None else 0)

    def flush(self) -> None:
        """After this the end of the process loses nothing."""
        if self._segment is not None:
            self._segment.flush()

    def sync(self) -> None:
        """After this a power cut loses nothing that was flushed. Closes what was retired."""
        with self._closing:
            for place, (number, path, retired) in enumerate(self.retired):
                if retired is not None:
                    retired.sync()
                    retired.close()
                    self.retired[place] = (number, path, None)
            if (segment := self._segment) is not None:
                segment.sync()

    def due(self, now_ns: int) -> bool:
        """Whether the segment is full or old enough."""
        segment = self._segment
        return segment is not None and (segment.rows >= MOST_ROWS or now_ns - self._since_ns >= LONGEST_NS)

    def retire(self) -> None:
        """Write no more to the segment: it can be committed, also when its last rows find no room (OSError)."""
        if (segment := self._segment) is None:
            return
        try:
            if not segment.failed:
                segment.flush()
        finally:
            self._segment = None
            self._retired_bytes += segment.size
            self.retired.append((self.last, self.spool.path(self.last), segment))

    def commit(self, root: Root | None, commit: Commit = commit_segment) -> int:
        """Commit what was retired, in order; how many segments. What fails stays, and is tried again the next time."""
        done = 0
        while self.retired:
            number, path, segment = self.retired[0]
            if segment is not None:
                self.sync()
            commit(path, number, root)
            with self._closing:
                del self.retired[0]
            done += 1
        return done
