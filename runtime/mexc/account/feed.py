"""The private side of the client, on the running event loop: stream, listen key and reconciliation, one `Knowledge`.

Three loops work side by side: the stream's shell, the listen key's life, and the passes of reconciliation. A pass runs
whenever a stream has become ready (open, all private channels acknowledged), at intervals, and when something is
missing. The feed is `synced` when a pass began after the last change of the stream and ended without an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from ..keys.secret import Secret
from ..rest.client import MexcRest
from ..rest.errors import Definitive, MexcError, NotSent, RateLimited
from ..stream.channels import Channel
from ..stream.connection import StreamShell, system_session
from ..stream.endpoint import Endpoint
from ..stream.events import (
    Event,
    FrameRefused,
    LinkLost,
    LinkUp,
    Overflow,
    PushFrame,
    QueryWanted,
    SessionConfig,
    Subscribed,
)
from .facts import Fact, FactFault, fact_of_push
from .knowledge import Knowledge
from .listen_key import KEEP_EVERY_NS, ListenKeyLife, Need
from .reconcile import Reconciler, Report, news_key

SECOND_NS = 1_000_000_000
CHANNELS = (Channel("orders"), Channel("fills"), Channel("account"))
_NAMES = frozenset(channel.name for channel in CHANNELS)


@dataclass(frozen=True, slots=True)
class FeedConfig:
    """Times of the private side. `deaf_ms`: news that only a read told, though the stream should have by then."""

    interval_ns: int = 30 * SECOND_NS
    question_ns: int = 2 * SECOND_NS
    retry_ns: int = 2 * SECOND_NS
    keep_every_ns: int = KEEP_EVERY_NS
    deaf_ms: int = 3_000
    quick_looks: int = 20
    blind_halt_ns: int = 2 * SECOND_NS
    lookback_ms: int = 24 * 3_600_000


@dataclass(slots=True)
class _Link:
    """A connection: which of the private channels it has acknowledged, and since when it has all."""

    channels: set[str] = field(default_factory=set)
    ready_ns: int | None = None


class PrivateFeed:
    """Call `run`; look at `knowledge`, `synced` and `blind_ns`. `on_fact` is called after each fact of the stream."""

    def __init__(
        self,
        rest: MexcRest,
        endpoint: Endpoint,
        symbols: Sequence[str],
        *,
        knowledge: Knowledge | None = None,
        config: FeedConfig | None = None,
        session: SessionConfig | None = None,
        tls: ssl.SSLContext | None = None,
        seed: int = 1,
        on_fact: Callable[[Fact], None] | None = None,
    ) -> None:
        self.rest = rest
        self.knowledge = knowledge or Knowledge()
        self.config = config or FeedConfig()
        self.life = ListenKeyLife(keep_every_ns=self.config.keep_every_ns)
        self.counters: Counter[str] = Counter()
        self.reports: list[Report] = []
        self.last_error = ""
        self.synced = False
        self._symbols = tuple(symbols)
        self._on_fact = on_fact
        self._links: dict[int, _Link] = {}
        self._blind_since_ns: int | None = rest.clock.mono_ns()
        self._changes = 0
        #: Orders and fills: told by the stream since a pass began; told by a read (when they were), not by the stream.
        self._told, self._untold_ms = set[str](), dict[str, int]()
        self._wake_keys, self._wake_passes = asyncio.Event(), asyncio.Event()
        self.session = system_session(session or SessionConfig(endpoint, fresh_query=True), seed)
        self.shell = StreamShell(self.session, self._on_event, tls=tls, now_ns=rest.clock.mono_ns)

    async def run(self) -> None:
        """Run until it is cancelled or `stop` is called. The listen key is ended on the way out."""
        self.shell.subscribe(CHANNELS)
        tasks = [asyncio.create_task(work()) for work in (self.shell.run, self._keys, self._passes)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._give_back()

    def stop(self) -> None:
        self.shell.stop()

    def reconcile_soon(self) -> None:
        """Ask for a pass: after an outcome that is not known, for example."""
        self._changed()

    def blind_ns(self) -> int:
        """For how long no stream has been ready; 0 while one is."""
        return 0 if self._blind_since_ns is None else self.rest.clock.mono_ns() - self._blind_since_ns

    def halt(self) -> str:
        """Why no order may be sent, `""` when nothing speaks against it from the private side."""
        anomalies = self.knowledge.anomalies()
        if anomalies:
            return anomalies[0]
        if self.blind_ns() > self.config.blind_halt_ns and self.knowledge.live():
            return "the private stream is away while orders are live"
        if self.reports and self.reports[-1].incomplete:
            return f"the account cannot be read whole: {self.reports[-1].incomplete[0]}"
        return "" if self.synced else "the account is not reconciled yet"

    def picture(self) -> dict[str, object]:
        """The private side as plain values, for the client's state."""
        now_ns = self.rest.clock.mono_ns()
        return {
            "synced": self.synced,
            "halt": self.halt(),
            "last_error": self.last_error,
            "blind_ms": self.blind_ns() // 1_000_000,
            "listen_key": {"alive": self.life.alive(now_ns), "refused": self.life.refused, **self.life.counters},
            "orders": len(self.knowledge.orders()),
            "live": len(self.knowledge.live()),
            "fills": len(self.knowledge.fills()),
            "questions": len(self.knowledge.questions()),
            "anomalies": list(self.knowledge.anomalies()),
            "counters": {**self.knowledge.counters, **self.counters},
        }

    # ---- the stream

    def _on_event(self, event: Event) -> None:
        if isinstance(event, PushFrame):
            self._push(event)
        elif isinstance(event, QueryWanted):
            self.life.wanted(event.now_ns)
            self._wake_keys.set()
        elif isinstance(event, LinkUp):
            self._links[event.link] = _Link()
        elif isinstance(event, Subscribed):
            self._acknowledged(event)
        elif isinstance(event, LinkLost):
            self._lost(event)
        elif isinstance(event, Overflow | FrameRefused):
            self.counters["frames_lost"] += 1
            self._changed()

    def _push(self, event: PushFrame) -> None:
        try:
            fact = fact_of_push(event.push)  # type: ignore[arg-type]
        except FactFault as error:
            self.knowledge.refuse(error.reason)
            self._changed()
            return
        if fact is not None:
            self.knowledge.apply(fact)
            if key := news_key(fact):
                self._told.add(key)
                self._untold_ms.pop(key, None)
            if self.knowledge.questions():
                self._wake_passes.set()
            if self._on_fact is not None:
                self._on_fact(fact)

    def _acknowledged(self, event: Subscribed) -> None:
        link = self._links.setdefault(event.link, _Link())
        link.channels.update(event.channels)
        if link.ready_ns is None and link.channels >= _NAMES:
            link.ready_ns = event.now_ns
            self._blind_since_ns = None
            self.counters["streams_ready"] += 1
            self._settle_keys()
            self._changed()

    def _lost(self, event: LinkLost) -> None:
        lost = self._links.pop(event.link, None)
        ready = any(link.ready_ns is not None for link in self._links.values())
        if not ready and self._blind_since_ns is None:
            self._blind_since_ns = event.now_ns
            self.counters["blind"] += event.reason != "stopped"
        if lost is not None and not event.planned:
            self.counters["streams_lost"] += 1
        if not ready:
            self.synced = False
        self._settle_keys()

    def _settle_keys(self) -> None:
        """Once one stream is left, and it works, keys of others are of no more use."""
        if len(self._links) == 1 and all(link.ready_ns is not None for link in self._links.values()):
            self.life.replaced()
            self._wake_keys.set()

    def _changed(self) -> None:
        self._changes += 1
        self.synced = False
        self._wake_passes.set()

    # ---- the listen key

    async def _keys(self) -> None:
        while True:
            self._wake_keys.clear()
            need = self.life.due(self.rest.clock.mono_ns())
            if need is None:
                await _until(self._wake_keys, self.life.next_ns(), self.rest.clock.mono_ns())
            elif need is Need.CREATE:
                await self._create()
            elif need is Need.KEEP:
                await self._keep()
            else:
                await self._end(self.life.to_end())

    async def _create(self) -> None:
        sent_ns = self.rest.clock.mono_ns()
        try:
            key = await self.rest.new_listen_key()
        except MexcError as error:
            wait_ns = _wait_of(error)
            definitive = isinstance(error, Definitive)
            self.life.not_created(str(error), self.rest.clock.mono_ns(), definitive=definitive, wait_ns=wait_ns)
            return
        self.life.created(key, sent_ns)
        self.session.use_query(_query(key), self.rest.clock.mono_ns())
        self.shell.wake()

    async def _keep(self) -> None:
        key, sent_ns = self.life.key, self.rest.clock.mono_ns()
        assert key is not None, "only a key that is there is kept"
        try:
            await self.rest.keep_listen_key(key)
        except MexcError:
            self._new_stream()
        else:
            self.life.kept(sent_ns)

    def _new_stream(self) -> None:
        """Open a stream with a new key beside the one that cannot be trusted."""
        now_ns = self.rest.clock.mono_ns()
        self.life.not_kept(now_ns)
        self.session.rotate(now_ns)
        self.shell.wake()

    async def _end(self, key: Secret | None) -> None:
        if key is not None:
            with contextlib.suppress(MexcError):
                await self.rest.end_listen_key(key)

    async def _give_back(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await self._end(self.life.key)

    # ---- reconciliation

    async def _passes(self) -> None:
        await _until(self._wake_passes, None, 0)
        since_ms = await self._since_ms()
        reconciler = Reconciler(self.rest, self.knowledge, self._symbols, since_ms)
        while True:
            self._wake_passes.clear()
            pause_ns = await self._pass(reconciler) if self._blind_since_ns is None else self.config.retry_ns
            await self._rest_between(self.rest.clock.mono_ns() + pause_ns)

    async def _rest_between(self, due_ns: int) -> None:
        """Wait until the next pass is due, something wakes it, or the stream does not tell what is missing."""
        while not self._wake_passes.is_set() and (now_ns := self.rest.clock.mono_ns()) < due_ns:
            await _until(self._wake_passes, min(due_ns, now_ns + self.config.question_ns), now_ns)
            if self.rest.clock.mono_ns() < due_ns and self.synced and self._is_missing():
                return

    async def _since_ms(self) -> int:
        while True:
            try:
                await self.rest.sync_clock()
            except MexcError as error:
                self.counters["passes_failed"] += 1
                await self.rest.clock.sleep(max(self.config.retry_ns, _wait_of(error)))
            else:
                return self.rest.server_clock.server_ms(self.rest.clock.mono_ns()) - self.config.lookback_ms

    async def _pass(self, reconciler: Reconciler) -> int:
        """One pass. Returns how long to wait for the next one, unless something wakes it."""
        changes = self._changes
        self._told.clear()
        try:
            report = await reconciler.run()
        except MexcError as error:
            self.counters["passes_failed"] += 1
            self.last_error = str(error)
            return max(self.config.retry_ns, _wait_of(error))
        self.counters["passes"] += 1
        self.reports = [*self.reports[-9:], report]
        self.synced = changes == self._changes and self._blind_since_ns is None and not report.incomplete
        self._listen_for(report)
        return self.config.question_ns if self._is_missing() else self.config.interval_ns

    def _is_missing(self) -> bool:
        """Whether something is asked for that can be expected soon. What was never found stays for the slow passes."""
        fresh = any(request.not_found < self.config.quick_looks for request in self.knowledge.doubts())
        return fresh or bool(self.knowledge.questions() or self._untold_ms)

    def _listen_for(self, report: Report) -> None:
        """Replace a stream that is open and did not tell what the reads told: its key may have run out silently."""
        ready = [link.ready_ns for link in self._links.values() if link.ready_ns is not None]
        if not ready:
            return
        ready_ms = self.rest.server_clock.server_ms(min(ready))
        news_ms = {key: at_ms for key, at_ms in report.news_ms.items() if key not in self._told}
        self._untold_ms = {key: ms for key, ms in (self._untold_ms | news_ms).items() if ms > ready_ms}
        if any(at_ms < report.started_ms - self.config.deaf_ms for at_ms in self._untold_ms.values()):
            self._untold_ms.clear()
            self.counters["deaf_streams"] += 1
            self._new_stream()


def _query(key: Secret) -> str:
    return f"listenKey={quote(key.reveal().decode('utf-8'), safe='')}"


def _wait_of(error: MexcError) -> int:
    """How long the error says to wait, in ns; 0 if it does not say."""
    if isinstance(error, RateLimited):
        return error.retry_after_ns
    return error.wait_ns if isinstance(error, NotSent) else 0


async def _until(event: asyncio.Event, at_ns: int | None, now_ns: int) -> None:
    """Wait for the event, or until `at_ns`; no longer than ten seconds, in case a clock was wrong."""
    pause_ns = 10 * SECOND_NS if at_ns is None else min(max(at_ns - now_ns, 0), 10 * SECOND_NS)
    try:
        async with asyncio.timeout(max(pause_ns / 1e9, 0.001)):
            await event.wait()
    except TimeoutError:
        return
