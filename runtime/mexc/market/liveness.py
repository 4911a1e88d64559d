"""Watching streams against each other: agreement of book and best prices, the pace of trades, our own stalls.

A stream that stops looks like a quiet market. What the other streams say tells the two apart. Times are ns of one
clock that never steps; a comparison that has not enough to go on says nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from ..stream.events import MS, SECOND

#: Best bid and best ask in ticks.
Top = tuple[int, int]


@dataclass(slots=True)
class Agreement:
    """Whether the book's best prices and those of the book ticker are `ticks` apart at most.

    The two streams are gathered at their own moments, so each new value is compared with all values of the other from
    the last `within_ns`: they agreed at the time until which a matching one stood. They disagree when that is longer
    ago than `within_ns`.
    """

    ticks: int = 2
    within_ns: int = 300 * MS
    _book: deque[tuple[int, Top]] = field(default_factory=deque)
    _ticker: deque[tuple[int, Top]] = field(default_factory=deque)
    _agreed_ns: int | None = None

    def book(self, top: Top, now_ns: int) -> None:
        """The best prices of the book after a change."""
        self._add(self._book, top, now_ns)
        self._compare(top, self._ticker, now_ns)

    def ticker(self, top: Top, now_ns: int) -> None:
        """The best prices of the book ticker."""
        self._add(self._ticker, top, now_ns)
        self._compare(top, self._book, now_ns)

    def forget(self) -> None:
        """Begin anew: one of the two is built anew."""
        self._book.clear()
        self._ticker.clear()
        self._agreed_ns = None

    def holds(self, now_ns: int) -> bool:
        """Whether the two agree, or nothing speaks against it for long enough."""
        if not self._book or not self._ticker:
            return True
        if self._near(self._book[-1][1], self._ticker[-1][1]):
            self._agreed_ns = now_ns
            return True
        since = self._agreed_ns if self._agreed_ns is not None else min(self._book[-1][0], self._ticker[-1][0])
        return now_ns <= since + self.within_ns

    def _add(self, tops: deque[tuple[int, Top]], top: Top, now_ns: int) -> None:
        if tops and tops[-1][1] != top:
            # The last value held until now: its age counts from when it was replaced.
            tops[-1] = (now_ns, tops[-1][1])
        elif tops:
            tops.pop()
        tops.append((now_ns, top))
        while len(tops) > 1 and tops[0][0] < now_ns - self.within_ns:
            tops.popleft()

    def _compare(self, top: Top, others: deque[tuple[int, Top]], now_ns: int) -> None:
        last = len(others) - 1
        for place, (at_ns, other) in enumerate(others):
            if self._near(top, other):
                seen_ns = now_ns if place == last else at_ns
                self._agreed_ns = max(seen_ns, seen_ns if self._agreed_ns is None else self._agreed_ns)

    def _near(self, one: Top, other: Top) -> bool:
        return abs(one[0] - other[0]) <= self.ticks and abs(one[1] - other[1]) <= self.ticks


@dataclass(slots=True)
class TradePace:
    """Whether trades stopped although the market goes on.

    Trades have no fixed pace. They count as stopped when the candle's volume grows without them, or when the pause is
    longer than `least_ns` and than twice the longest pause of the last minutes, while the book still changes.
    """

    least_ns: int = 1_500 * MS
    candle_ns: int = 1_300 * MS  # candles come once a second; a trade may be a tenth of a second behind
    window_ns: int = 150 * SECOND
    enough: int = 100  # pauses that must be known before the second rule says anything
    last_ns: int = 0
    _longest: list[int] = field(default_factory=lambda: [0, 0])  # in this window, in the one before
    _pauses: int = 0
    _window_ns: int = 0
    _volume: int | None = None
    _volume_ns: int = 0
    _book_ns: int = 0

    def trades(self, now_ns: int) -> None:
        """Trades came."""
        if self.last_ns:
            self._pauses += 1
            self._longest[0] = max(self._longest[0], now_ns - self.last_ns)
        if now_ns >= self._window_ns + self.window_ns:
            self._longest = [0, self._longest[0]]
            self._window_ns = now_ns
        self.last_ns = now_ns

    def candle(self, volume: int, now_ns: int) -> None:
        """The volume of the open candle."""
        if self._volume is not None and volume > self._volume:
            self._volume_ns = now_ns
        self._volume = volume

    def book(self, now_ns: int) -> None:
        """The book changed."""
        self._book_ns = now_ns

    def forget(self) -> None:
        """The connection was away: nothing is known of the time in between."""
        self.last_ns = self._volume_ns = 0
        self._volume = None

    def stopped(self, now_ns: int) -> bool:
        if not self.last_ns:
            return False
        if self._volume_ns >= self.last_ns + self.candle_ns:
            return True
        pause = now_ns - self.last_ns
        known = self._pauses >= self.enough
        return known and pause > max(self.least_ns, 2 * max(self._longest)) and self._book_ns > now_ns - self.least_ns


@dataclass(slots=True)
class StallWatch:
    """Whether this process was away: what it sees then is a backlog, whatever its age seems to be."""

    most_ns: int = 400 * MS
    seen_ns: int | None = None
    until_ns: int | None = None  # the end of the last stall, until something sent after it was seen

    def alive(self, now_ns: int) -> bool:
        """Call it often. True when a stall has just ended."""
        stalled = self.seen_ns is not None and now_ns - self.seen_ns > self.most_ns
        if stalled:
            self.until_ns = now_ns
        self.seen_ns = now_ns
        return stalled

    def fresh(self, sent_ns: int) -> None:
        """Something came that was sent at this time of our clock."""
        if self.until_ns is not None and sent_ns >= self.until_ns:
            self.until_ns = None

    @property
    def stalled(self) -> bool:
        return self.until_ns is not None


@dataclass(slots=True)
class CrossWatch:
    """How long a book has been crossed or locked, across new snapshots and short mends. All times are ns."""

    halt_ns: int = 10 * SECOND
    settle_ns: int = 300 * MS  # so long it must be in order again to count as that
    mended_ns: int = SECOND  # so long to count as mended
    _first_ns: int | None = None
    _last_ns: int = 0

    def look(self, crossed: bool, now_ns: int) -> bool:
        """After each change of the book; True when it has been crossed for so long that the symbol must be halted."""
        if not crossed:
            if now_ns >= self._last_ns + self.mended_ns:
                self._first_ns = None
            return False
        self._first_ns = now_ns if self._first_ns is None else self._first_ns
        self._last_ns = now_ns
        return now_ns >= self._first_ns + self.halt_ns

    def recent(self, now_ns: int) -> bool:
        """Whether it was crossed a moment ago."""
        return self._first_ns is not None and now_ns < self._last_ns + self.settle_ns
