"""A recording as it runs: sockets in, segments out, commits beside it. Decisions are made in `recorder.py`.

Three things happen at a pace of their own: frames become rows of the segments every 50 ms, every second the segments
are flushed and put on the disk, and a full or old segment is exchanged and committed. A thread waits for the disk, and
another one for the process that commits (`apart.py`).
"""

from __future__ import annotations

import asyncio
import errno
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from ...errors import RuntimeFault, fault
from ...mexc.stream.connection import StreamShell
from ...mexc.stream.events import (
    LOST_REASONS,
    ChannelAlarm,
    ChannelConfirmed,
    Event,
    LinkLost,
    LinkUp,
    Overflow,
    PushFrame,
)
from ..bars import Ints
from ..fetch.failures import TLS_HELPS
from ..store.places import Root
from .apart import CommitFailed, Helper
from .recorder import Recorder
from .source import Snapshots, snapshot_of
from .writer import Writing

NS_PER_S = 1_000_000_000
WRITE_SECONDS, SYNC_SECONDS = 0.05, 1.0
#: After a commit that failed.
AGAIN_NS = 5 * NS_PER_S
#: A recording that never had a connection ends after so many attempts; later it never gives up.
MOST_FAILURES = 4
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Status:
    """What a recording has done so far. `pause_ms` is the longest time for which nobody looked at the streams.

    `bookless` instruments wait for a snapshot; `no_book` is why the last one did not come, empty where it did.
    `commits_failed` rounds of commits were not taken by the store. For `silent_s` seconds no datum came.
    `clock_back_s`: the machine's clock was set back, and receive times stand still for so long.
    """

    seconds: float
    frames: int
    rows: int
    trades: int
    bytes_in: int
    bytes_out: int
    gaps: int
    reconnects: int
    refused: int
    lag_ms: float
    segments: int
    waiting: int
    pause_ms: float
    up: bool
    bookless: int
    no_book: str
    commits_failed: int
    silent_s: float
    clock_back_s: float


class Recording:
    """One run. `writings` have their numbers as places; `limit` is the number of levels of a snapshot's side."""

    def __init__(
        self,
        recorder: Recorder,
        writings: Sequence[Writing],
        snapshots: Snapshots,
        limit: int,
        root: Root | None,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        mono_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.recorder, self.writings, self._snapshots, self._limit, self._root = (
            recorder, writings, snapshots, limit, root,
        )  # fmt: skip
        self._wall_ns, self._mono_ns = wall_ns, mono_ns
        self._began_ns = self._heard_ns = mono_ns()
        self._offset_ns = wall_ns() - mono_ns()
        self._numbers = {writing.what.symbol: number for number, writing in enumerate(writings)}
        self.link_ends: Counter[str] = Counter()
        self._reconnects = 0
        self._ever_up = False
        self._links: set[int] = set()
        self._failures = 0
        self._latest_ns = 0
        self._segments = 0
        self._ended = asyncio.Event()
        self._failure: Exception | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._work = ThreadPoolExecutor(2, "recording")
        self._syncing = self._committing = False
        self._no_book = ""
        self._commit_ns = self._pause_ns = 0

    # ---- what the session tells

    def on_event(self, event: Event) -> None:
        """One event of the session, in order."""
        if isinstance(event, PushFrame):
            self._heard_ns = event.receive_ns
            self._latest_ns = max(self._latest_ns, event.receive_ns + self._offset_ns)
            self.recorder.frame(event.payload, self._latest_ns)
        elif isinstance(event, LinkUp):
            self._links.add(event.link)
            self._ever_up = True
        elif isinstance(event, LinkLost):
            self._lost(event)
        elif isinstance(event, ChannelAlarm) and event.why == "silent":
            self._write()
            self.recorder.silent(event.now_ns + self._offset_ns)
        elif isinstance(event, Overflow):
            self._write()  # what came before it, first
            self.recorder.hole("overrun", event.now_ns + self._offset_ns)
        elif isinstance(event, ChannelConfirmed) and event.channel.kind == "deals":
            number = self._numbers[event.channel.symbol or ""]
            self._write()
            self._append(number, self.recorder.healed(number, event.now_ns + self._offset_ns))

    def _lost(self, event: LinkLost) -> None:
        was_up = event.link in self._links
        self.link_ends[event.reason] += 1
        self._links.discard(event.link)
        if was_up and not event.planned:
            self._reconnects += 1
            self._write()  # what came before it, first
            self.recorder.hole("link", event.now_ns + self._offset_ns)
        elif not was_up and not self._ever_up and not event.planned:
            self._failures += 1
            if self._failures >= MOST_FAILURES or event.reason == "tls_refused":
                self.stop(unreachable(event, self.writings[0].url))

    # ---- the work

    async def run(self, shell: StreamShell, seconds: float | None) -> None:
        """Record until `stop`, or for so many seconds. Ends with everything flushed, closed, and committed.

        FC1037 when the disk is full, FC1017 and its like when the store refused the last commit: the segments stay.
        """
        streaming = asyncio.create_task(shell.run())
        try:
            async with asyncio.timeout(seconds):
                await self._loop(streaming)
        except TimeoutError:
            pass
        finally:
            shell.stop()
            await asyncio.gather(streaming, return_exceptions=True)
            await self._finish()
        if self._failure is not None:
            raise self._failure

    def stop(self, failure: Exception | None = None) -> None:
        """End the recording soon; with a failure, `run` raises it when all is closed."""
        self._failure = self._failure or failure
        self._ended.set()

    async def _loop(self, streaming: asyncio.Task[None]) -> None:
        synced = self._mono_ns()
        while not self._ended.is_set() and not streaming.done():
            await self._waited()
            began = self._mono_ns()
            self._write()
            self._exchange()
            if began - synced >= SYNC_SECONDS * NS_PER_S:
                synced = began
                self._each_second(began)
            self._pause_ns = max(self._pause_ns, self._mono_ns() - began)
            for number in self.recorder.wanted(self._now_ns()):
                self._beside(self._snapshot(number))

    async def _waited(self) -> None:
        """Until the next turn, or the end. What it takes longer than that counts as a pause."""
        asleep = self._mono_ns()
        with suppress(TimeoutError):
            async with asyncio.timeout(WRITE_SECONDS):
                await self._ended.wait()
        late = self._mono_ns() - asleep - int(WRITE_SECONDS * NS_PER_S)
        self._pause_ns = max(self._pause_ns, late)

    def _each_second(self, now_ns: int) -> None:
        self._offset_ns = self._wall_ns() - self._mono_ns()
        for writing in self.writings:
            self._guard(writing.flush)
        if not self._syncing:
            self._syncing = True
            self._beside(self._sync())
        if not self._committing and now_ns >= self._commit_ns and any(writing.retired for writing in self.writings):
            self._committing = True
            self._beside(self._commit())

    def _now_ns(self) -> int:
        return self._mono_ns() + self._offset_ns

    def _write(self) -> None:
        """Everything that came since the last call, to the segments."""
        for number, parts in enumerate(self.recorder.drain()):
            self._append(number, parts)

    def _exchange(self) -> None:
        """New segments for those that are full or old."""
        now_ns = self._now_ns()
        for writing in self.writings:
            if writing.due(now_ns):
                self._guard(writing.retire)

    def _append(self, number: int, parts: Sequence[Ints]) -> None:
        self._guard(lambda: self.writings[number].append(parts, self._now_ns()))

    def _guard(self, work: Callable[[], object]) -> None:
        """Do something to the disk; a disk that takes no more ends the recording."""
        if self._failure is not None:
            return
        try:
            work()
        except OSError as error:
            self.stop(_disk_fault(error, self.writings[0]))

    def _beside(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _sync(self) -> None:
        """Put the segments on the disk, in a thread."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._work, _sync, self.writings)
        except OSError as error:
            self.stop(_disk_fault(error, self.writings[0]))
        finally:
            self._syncing = False

    async def _commit(self) -> None:
        """Put the retired segments into the store; a thread waits for the process that does it."""
        try:
            loop = asyncio.get_running_loop()
            self._segments += await loop.run_in_executor(self._work, _commit_apart, self.writings, self._root)
        except OSError as error:
            self.stop(_disk_fault(error, self.writings[0]))
        except CommitFailed:
            self.recorder.counters["commits_failed"] += 1  # the segments stay; a later round tries again
            self._commit_ns = self._mono_ns() + AGAIN_NS
        finally:
            self._committing = False

    async def _snapshot(self, number: int) -> None:
        writing = self.writings[number]
        found = await snapshot_of(self._snapshots, writing.what, self._limit)
        now_ns = self._now_ns()
        if isinstance(found, str):
            self._no_book = found
            self.recorder.no_snapshot(number, now_ns)
            return
        self._no_book = ""
        self._write()  # updates that came before the snapshot are joined before it
        self._append(number, self.recorder.snapshot(number, found, now_ns))

    async def _finish(self) -> None:
        """Write what is left, wait for what runs beside, close, commit."""
        if self._failure is None:
            self._write()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writing in self.writings:
            try:
                writing.retire()
            except OSError as error:
                self.stop(_disk_fault(error, writing))
        try:
            if self._failure is None:  # on a full disk the segments wait; that is what they are for
                self._segments += _commit(self.writings, self._root)
        except RuntimeFault as error:
            self.stop(error)
        except OSError as error:
            self.stop(_disk_fault(error, self.writings[0]))
        finally:
            self._work.shutdown()

    def status(self) -> Status:
        """What has been done so far."""
        counters, writings = self.recorder.counters, self.writings
        return Status(
            seconds=(self._mono_ns() - self._began_ns) / NS_PER_S,
            frames=counters["frames"],
            rows=sum(writing.rows for writing in writings),
            trades=counters["trades"],
            bytes_in=counters["bytes"],
            bytes_out=sum(writing.written_bytes for writing in writings),
            gaps=counters["gaps"],
            reconnects=self._reconnects,
            refused=counters["refused"],
            lag_ms=self.recorder.lag_ns / 1e6,
            segments=self._segments,
            waiting=sum(len(writing.retired) for writing in writings),
            pause_ms=self._pause_ns / 1e6,
            up=bool(self._links),
            bookless=sum(join.needs_snapshot for join in self.recorder.joins),
            no_book=self._no_book,
            commits_failed=counters["commits_failed"],
            silent_s=(self._mono_ns() - self._heard_ns) / NS_PER_S,
            clock_back_s=max(self._latest_ns - self._now_ns(), 0) / NS_PER_S,
        )


def _sync(writings: Iterable[Writing]) -> None:
    for writing in writings:
        writing.sync()


def _commit(writings: Iterable[Writing], root: Root | None) -> int:
    return sum(writing.commit(root) for writing in writings)


def _commit_apart(writings: Iterable[Writing], root: Root | None) -> int:
    with Helper() as helper:
        return sum(writing.commit(root, helper.commit) for writing in writings)


def unreachable(event: LinkLost, url: str) -> RuntimeFault:
    """Why the stream never came up: FC1030, FC1031 for TLS, FC1032 for a server that is none of streams."""
    why = (f"{LOST_REASONS.get(event.reason, event.reason)}{': ' + event.detail if event.detail else ''}",)
    if event.reason == "tls_refused":
        return fault("FC1031", "the server could not prove who it is", url, notes=why, helps=TLS_HELPS)
    helps = ("check `--url`: it names the scheme, the host, the port and the path, such as `ws://127.0.0.1:8870/ws`",)
    if event.reason == "handshake":
        return fault("FC1032", "the answer is not the exchange's", url, notes=why, helps=helps)
    return fault("FC1030", "the exchange cannot be reached", url, notes=why, helps=helps)


def _disk_fault(error: OSError, writing: Writing) -> RuntimeFault:
    """FC1037 for a full disk, FC1017 for any other refusal."""
    where, why = str(writing.spool.folder), error.strerror or type(error).__name__
    if error.errno in _FULL:
        helps = ("make room; then `flashc data record --recover-only` puts what is waiting into the data set",)
        notes = ("everything written before is whole",)
        return fault("FC1037", "the recording stopped: the disk is full", where, notes=notes, helps=helps)
    return fault("FC1017", f"cannot write the recording: {why}", where)
