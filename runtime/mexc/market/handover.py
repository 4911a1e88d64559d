"""One book from two connections: the older one feeds it until the newer one can continue it without a hole."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

#: Changes of the newer connection that may wait.
MOST_STANDBY = 2_000


@dataclass(frozen=True, slots=True)
class Change:
    """A depth frame and its versions; versions of -1 if they cannot be read."""

    frame: bytes = field(repr=False)
    first: int
    last: int


@dataclass(slots=True)
class Handover:
    """Which connection feeds the book. Connections are known by number; a newer one has a higher number."""

    link: int | None = None
    waits: int | None = None
    _standby: deque[Change] = field(default_factory=deque)

    def take(self, link: int, change: Change, version: int, synced: bool) -> list[bytes]:
        """The frames that go to the book now, in order. `version` is the book's."""
        if self.link is None:
            self.link = link
        if link == self.link:
            return [change.frame]
        if link < self.link or change.first < 0:
            return []  # of the connection that is going away, or nothing that could continue a book
        if link != self.waits:
            self.waits = link
            self._standby.clear()
        self._standby.append(change)
        if len(self._standby) > MOST_STANDBY:
            self._standby.popleft()
        return self._change_over(version) if synced else []

    def _change_over(self, version: int) -> list[bytes]:
        while self._standby and self._standby[0].last <= version:
            self._standby.popleft()
        if not self._standby or self._standby[0].first > version + 1:
            return []
        return self._promote()

    def _promote(self) -> list[bytes]:
        self.link, self.waits = self.waits, None
        frames = [change.frame for change in self._standby]
        self._standby.clear()
        return frames

    def lost(self, link: int) -> tuple[bool, list[bytes]]:
        """A connection ended: whether another one feeds the book, and the frames that go to the book now."""
        if link == self.waits:
            self.waits = None
            self._standby.clear()
        if link != self.link:
            return self.link is not None, []
        if self.waits is None:
            self.link = None
            return False, []
        return True, self._promote()

    def clear(self) -> None:
        """Drop what waits."""
        self._standby.clear()
