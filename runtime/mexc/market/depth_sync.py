"""A book that is right or says that it is not: changes first, then a snapshot, joined by version.

Changes wait until a snapshot has come. The snapshot joins only if the first change that it does not hold continues it;
from then on each change must begin one version after the last. Everything else makes the book invalid at once: the
message that shows it waits as the first of the next attempt, and a new snapshot is asked for, at a bounded rate. Pure:
the time goes in with each call, and what is wanted comes out (`wanted`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ....cython_core.wire.depth_codes import APPLIED, BACKWARDS, GAP, LEFT_WINDOW, NOT_DEPTH, OLD, OVERLAP, REASONS
from ...market_data.synth.prng import Stream
from ..stream.counters import Counters
from ..stream.events import MINUTE, MS, SECOND
from .reference_book import DepthBook

IDLE, WAITING, ASKED, JOINING, SYNCED = "idle", "waiting", "asked", "joining", "synced"
NEVER = 2**63 - 1
#: The outcome of a change that waits for a snapshot.
HELD = 7

#: Why a book is being built (anew).
CAUSES: Mapping[str, str] = MappingProxyType(
    {
        "start": "nothing was there yet",
        "gap": "changes are missing",
        "backwards": "a change's last version is below its first",
        "refused": "a change could not be read",
        "crossed": "the best bid stayed at or above the best ask",
        "restart": "the exchange's versions began anew",
        "left_window": "prices left the range that the book covers",
        "top_differs": "whole top levels of the same version are others",
        "overflow": "frames were dropped because too many waited",
        "lag": "frames were dropped because they came too late",
        "link": "the connection ended",
        "asked": "someone asked for it",
    }
)
_CAUSE = {GAP: "gap", BACKWARDS: "backwards", LEFT_WINDOW: "left_window"}
_COUNTER = {APPLIED: "depth_applied", OLD: "depth_old", OVERLAP: "depth_overlap", GAP: "depth_gap",
            BACKWARDS: "depth_backwards"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SyncLimits:
    """Times in ns and bounds."""

    snapshots: int = 6  # in any minute
    settle_ns: int = 100 * MS  # after the first change, so that the snapshot is not older than it
    jitter_ns: int = 100 * MS
    retry_first_ns: int = 250 * MS
    retry_ceiling_ns: int = 10 * SECOND
    timeout_ns: int = 5 * SECOND
    join_patience_ns: int = 2 * SECOND
    crossed_ns: int = 500 * MS
    most_waiting: int = 5_000
    unjoined_clears: int = 3  # so many snapshots that do not join the same waiting changes, and these are dropped
    restart_after: int = 8  # so many old changes in a row, and the exchange's versions began anew


class DepthSync:
    """Keeps one book synchronised. Feed it frames, snapshots and the time; ask for what `wanted` says."""

    def __init__(self, book: DepthBook, chance: Stream, counters: Counters, limits: SyncLimits | None = None) -> None:
        self.book = book
        self.state = IDLE
        self.cause = "start"
        self.crossed_ns: int | None = None  # since when the synchronised book is crossed or locked
        self._chance = chance
        self._counters = counters
        self._limits = limits or SyncLimits()
        self._waiting: deque[bytes] = deque()
        self._asks: deque[int] = deque(maxlen=self._limits.snapshots)
        self._ask_ns = NEVER
        self._deadline_ns = NEVER
        self._ticket = 0
        self._wanted = False
        self._attempts = 0
        self._unjoined = 0
        self._old_run = 0
        self._crossed_runs = 0

    @property
    def synced(self) -> bool:
        """Whether every change since a snapshot was applied, and at least one continued it."""
        return self.state == SYNCED

    @property
    def crossed(self) -> bool:
        return self.crossed_ns is not None

    # ---- what is asked of it

    def begin(self, now_ns: int, cause: str) -> None:
        """Give up the book and everything that waits, and build it anew with the changes that come from now on."""
        self._waiting.clear()
        self._rebuild(now_ns, cause)
        self._ask_ns = NEVER  # the first change that comes decides when

    def pause(self, cause: str) -> None:
        """Give up the book and want nothing until `begin`: no changes will come."""
        self.state, self.cause, self.crossed_ns = IDLE, cause, None
        self._waiting.clear()
        self._ask_ns = self._deadline_ns = NEVER
        self._wanted = False

    def wanted(self) -> int | None:
        """The ticket of a snapshot that must be asked for now. Each ticket is given once."""
        if not self._wanted:
            return None
        self._wanted = False
        return self._ticket

    # ---- what comes

    def frame(self, frame: bytes, now_ns: int) -> int:
        """Take one frame; its outcome, of `depth_codes` or `HELD`."""
        if self.state == IDLE:
            return HELD
        if self.state in (WAITING, ASKED):
            self._hold(frame, now_ns)
            return HELD
        outcome = self.book.apply(frame)
        self._count(outcome)
        if outcome in (APPLIED, OVERLAP):
            self._applied(now_ns)
        elif outcome == OLD:
            self._old(frame, now_ns)
        elif outcome != NOT_DEPTH:
            self._lose(frame, outcome, now_ns)
        return outcome

    def snapshot(
        self,
        ticket: int,
        last_update_id: int,
        bids: Iterable[tuple[int, int]],
        asks: Iterable[tuple[int, int]],
        now_ns: int,
    ) -> None:
        """The answer to a ticket: levels of ticks and lots."""
        if self.state != ASKED or ticket != self._ticket:
            self._counters.add("snapshots_late")
            return
        if self.book.snapshot(last_update_id, bids, asks) == LEFT_WINDOW:
            self._retry(now_ns, "left_window")
            return
        joined = False
        while self._waiting:
            outcome = self.book.apply(self._waiting[0])
            self._count(outcome)
            if outcome not in (APPLIED, OVERLAP, OLD, NOT_DEPTH):
                self._fail_join(outcome, now_ns)
                return
            joined = joined or outcome in (APPLIED, OVERLAP)
            self._waiting.popleft()
        self.state, self._deadline_ns, self._old_run = JOINING, NEVER, 0
        if joined:
            self._applied(now_ns)

    def failed(self, ticket: int, why: str, now_ns: int) -> None:
        """The snapshot of a ticket did not come, or cannot be used."""
        if self.state != ASKED or ticket != self._ticket:
            self._counters.add("snapshots_late")
            return
        self._retry(now_ns, why)

    # ---- time

    def timer(self, now_ns: int) -> None:
        """Do what is due. Call it when `next_ns` comes; more often does no harm."""
        if now_ns >= self._deadline_ns:
            self._retry(now_ns, "timeout" if self.state == ASKED else "nothing_joined")
        if now_ns >= self._crossed_due():
            self._crossed_runs += 1
            self._rebuild(now_ns, "crossed")
        if self.state == WAITING and now_ns >= self._ask_ns:
            self._ask(now_ns)

    def next_ns(self) -> int:
        """The time by which `timer` must be called."""
        return min(self._ask_ns if self.state == WAITING else NEVER, self._deadline_ns, self._crossed_due())

    def _crossed_due(self) -> int:
        """When a crossed book is given up; four times later each time a new snapshot did not mend it."""
        if self.crossed_ns is None:
            return NEVER
        return self.crossed_ns + (self._limits.crossed_ns << 2 * min(self._crossed_runs, 8))

    # ---- inside

    def _count(self, outcome: int) -> None:
        if outcome < 0:
            self._counters.add("depth_refused", REASONS[-1 - outcome])
        elif (name := _COUNTER.get(outcome)) is not None:
            self._counters.add(name)

    def _hold(self, frame: bytes, now_ns: int) -> None:
        if not self._waiting and self.state == WAITING and self._ask_ns == NEVER:
            self._plan(now_ns + self._limits.settle_ns)
        self._waiting.append(frame)
        if len(self._waiting) > self._limits.most_waiting:
            self._counters.add("depth_overflow")
            self._waiting.clear()

    def _applied(self, now_ns: int) -> None:
        self.state, self._deadline_ns = SYNCED, NEVER
        self._attempts = self._unjoined = self._old_run = 0
        bid, ask = self.book.best_bid(), self.book.best_ask()
        if bid is None or ask is None or bid[0] < ask[0]:
            self.crossed_ns, self._crossed_runs = None, 0
        else:
            self._counters.add("depth_crossed")
            self.crossed_ns = now_ns if self.crossed_ns is None else self.crossed_ns

    def _old(self, frame: bytes, now_ns: int) -> None:
        """Behind a snapshot that is ahead of the changes some are old; in a book that goes on, few in a row are."""
        self._old_run += 1
        if self.state == JOINING:
            self._deadline_ns = min(self._deadline_ns, now_ns + self._limits.join_patience_ns)
        elif self._old_run >= self._limits.restart_after:
            self._counters.add("depth_restart")
            self._waiting.clear()
            self._waiting.append(frame)
            self._rebuild(now_ns, "restart")

    def _lose(self, frame: bytes, outcome: int, now_ns: int) -> None:
        self._waiting.clear()
        if outcome in (GAP, LEFT_WINDOW):
            self._waiting.append(frame)
        self._rebuild(now_ns, _CAUSE.get(outcome, "refused"))

    def _fail_join(self, outcome: int, now_ns: int) -> None:
        """A change that waits does not continue the snapshot: keep it (if it can be read) and those behind it."""
        self._counters.add("snapshots_unjoined")
        self._unjoined += 1
        if outcome not in (GAP, LEFT_WINDOW):
            self._waiting.popleft()
        if self._unjoined >= self._limits.unjoined_clears:
            self._unjoined = 0
            self._waiting.clear()
        self._retry(now_ns, "unjoined")

    def _rebuild(self, now_ns: int, cause: str) -> None:
        self._counters.add("resyncs", cause)
        self.state, self.cause, self.crossed_ns = WAITING, cause, None
        self._deadline_ns = NEVER
        self._wanted = False
        self._plan(now_ns)

    def _retry(self, now_ns: int, why: str) -> None:
        self._counters.add("snapshots_failed", why)
        self.state, self._deadline_ns = WAITING, NEVER
        pause = min(self._limits.retry_first_ns << min(self._attempts, 16), self._limits.retry_ceiling_ns)
        self._attempts += 1
        self._plan(now_ns + pause)

    def _plan(self, at_ns: int) -> None:
        """Ask at this time and some jitter, or later if too many snapshots were asked for in the last minute."""
        if len(self._asks) == self._asks.maxlen:
            at_ns = max(at_ns, self._asks[0] + MINUTE)
        self._ask_ns = at_ns + int(self._chance.words(1)[0]) % self._limits.jitter_ns

    def _ask(self, now_ns: int) -> None:
        self._counters.add("snapshots_asked")
        self._asks.append(now_ns)
        self._ticket += 1
        self._wanted = True
        self.state, self._ask_ns, self._deadline_ns = ASKED, NEVER, now_ns + self._limits.timeout_ns
