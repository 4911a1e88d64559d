"""A session of streams without sockets: which channels on which connections, and what each of them gives.

Bytes, timers and ends of connections go in with the time; actions and events come out (`stream_events.py`). Times are
ns of one clock that never steps. The session keeps every wanted channel subscribed: within the limits of the exchange,
over as many connections as that needs, across lost connections, and across the planned change to a new connection
before the exchange ends the old one. A channel counts only after its first valid datum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ....cython_core.wire import ws_frames
from ...market_data.synth.prng import Stream
from .channels import Channel
from .control import Answer, ControlFault, parse_answer
from .counters import Counters
from .events import (
    SECOND,
    ChannelAlarm,
    ChannelConfirmed,
    Close,
    Connect,
    FrameRefused,
    Heartbeat,
    LinkLost,
    LinkUp,
    Pushed,
    PushFrame,
    QueryWanted,
    Send,
    SessionConfig,
    Subscribed,
)
from .link import LOST, NEVER, OPEN, Entropy, Link, LinkFault, Reader, Topic
from .outbox import Outbox

#: Decodes a push; raises `ValueError` with a `reason` for bytes that are none.
Decoder = Callable[[bytes], Pushed]

PLANNED = frozenset({"rotated", "not_needed", "stopped"})
#: A connection is not replaced for silence more often than this.
SILENT_PAUSE_NS = 30 * SECOND


@dataclass(slots=True)
class Slot:
    """A group of channels that share a connection, the connection, and its successor while it is being replaced."""

    wanted: dict[str, Channel] = field(default_factory=dict)
    current: Link | None = None
    successor: Link | None = None
    dial_ns: int = 0  # without a connection: the next dial is due then
    wants_successor: bool = False
    failures: int = 0
    replaced_ns: int = -NEVER  # the last replacement for silence


class Session:
    """The streams of one account, or the public ones. See the module's text for the way of the data."""

    def __init__(
        self,
        config: SessionConfig,
        decode: Decoder,
        chance: Stream,
        entropy: Entropy,
        counters: Counters | None = None,
        reader: Reader = ws_frames.FrameReader,
    ) -> None:
        self.config = config
        self.counters = counters if counters is not None else Counters()
        self.outbox = Outbox(config, self.counters)
        self._decode = decode
        self._chance = chance
        self._entropy = entropy
        self._reader = reader
        self._slots: list[Slot] = []
        self._links: dict[int, tuple[Link, Slot]] = {}
        self._numbers = 0
        self._query: str | None = None
        self._asked_query = False
        self._stopped = False

    # ---- what is wanted

    def subscribe(self, channels: Iterable[Channel], now_ns: int) -> None:
        """Want these channels, from now on and across every reconnect. Those already wanted stay as they are."""
        known = {name for slot in self._slots for name in slot.wanted}
        new = [channel for channel in dict.fromkeys(channels) if channel.name not in known]
        for channel in new:
            slot = self._roomy_slot(now_ns)
            slot.wanted[channel.name] = channel
            for link in (slot.current, slot.successor):
                if link is not None and link.phase == OPEN:
                    link.ask([channel], now_ns)
        self.timer(now_ns)

    def _roomy_slot(self, now_ns: int) -> Slot:
        for slot in self._slots:
            if len(slot.wanted) < self.config.topics_per_link:
                return slot
        self._slots.append(Slot(dial_ns=now_ns))
        return self._slots[-1]

    def unsubscribe(self, channels: Iterable[Channel], now_ns: int) -> None:
        """Want these channels no more. A connection without channels is closed."""
        gone = {channel.name for channel in channels}
        for slot in list(self._slots):
            names = [name for name in slot.wanted if name in gone]
            for name in names:
                del slot.wanted[name]
            links = [link for link in (slot.current, slot.successor) if link is not None]
            for link in links:
                if slot.wanted and link.phase == OPEN and names:
                    link.cancel(names, now_ns)
            if not slot.wanted:
                self._slots.remove(slot)
                for link in links:
                    self._end(link, "not_needed", "", now_ns)
        self.timer(now_ns)

    def use_query(self, query: str, now_ns: int) -> None:
        """The query of the next connection (a listen key). It is sent once and then forgotten."""
        self._query, self._asked_query = query, False
        self.timer(now_ns)

    def rotate(self, now_ns: int, reason: str = "asked") -> None:
        """Replace every working connection, with overlap."""
        for slot in self._slots:
            self._replace(slot, reason, now_ns)
        self.timer(now_ns)

    def stop(self, now_ns: int) -> None:
        """Close everything; nothing is dialled again."""
        self._stopped = True
        for link, _ in list(self._links.values()):
            self._end(link, "stopped", "", now_ns)

    # ---- what came

    def connected(self, number: int, now_ns: int) -> None:
        """The socket of a `Connect` is open."""
        if (found := self._links.get(number)) is not None:
            found[0].connected(now_ns)
            self._drain(found[0], now_ns)

    def closed(self, number: int, reason: str, now_ns: int, detail: str = "") -> None:
        """The socket ended, or could not be opened. `reason` is one of `LOST_REASONS`."""
        if (found := self._links.get(number)) is not None:
            self._end(found[0], reason, detail, now_ns, say_goodbye=False)
            self.timer(now_ns)

    def received(self, number: int, data: bytes, now_ns: int) -> None:
        """Bytes of a socket."""
        found = self._links.get(number)
        if found is None:
            return
        link, slot = found
        was_open = link.phase == OPEN
        self.counters.add("bytes_in", count=len(data))
        ends: tuple[str, str] | None = None  # no exception: it would hold this frame, and this frame the link
        frames: Sequence[ws_frames.Frame]
        try:
            frames = link.received(data, now_ns)
        except LinkFault as fault:
            ends, frames = (fault.reason, fault.detail), fault.frames
        if link.phase == OPEN and not was_open:
            self._opened(link, slot, now_ns)
        for frame in frames:
            if link.phase != LOST:
                self._frame(link, frame, now_ns)
        if ends is not None:
            self._end(link, *ends, now_ns)
        self._drain(link, now_ns)
        self.timer(now_ns)

    def _opened(self, link: Link, slot: Slot, now_ns: int) -> None:
        self.outbox.event(LinkUp(link.number, now_ns))
        link.ping_at_ns = now_ns + self._spread(self.config.ping_every_ns)
        link.ask(list(slot.wanted.values()), now_ns)

    def _frame(self, link: Link, frame: ws_frames.Frame, now_ns: int) -> None:
        if frame.opcode == ws_frames.BINARY:
            self._push(link, frame.payload, now_ns)
        elif frame.opcode == ws_frames.TEXT:
            self._answer(link, frame.payload, now_ns)
        elif frame.opcode == ws_frames.PING:
            self.counters.add("server_pings")
            link.frame(ws_frames.PONG, frame.payload)
        elif frame.opcode == ws_frames.CLOSE:
            code = str(int.from_bytes(frame.payload[:2], "big")) if frame.payload else "no code"
            self._end(link, "server_closed", code, now_ns)

    # ---- pushes

    def _push(self, link: Link, payload: bytes, now_ns: int) -> None:
        self.counters.add("frames_in")
        try:
            push = self._decode(payload)
        except ValueError as error:
            self._refuse(link, str(getattr(error, "reason", "undecodable")), None, now_ns)
            return
        topic = link.topics.get(push.channel)
        if topic is None:
            self._refuse(link, "not_asked", None, now_ns)
        elif not push.body_number:
            self.counters.add("heartbeats")
            self.outbox.event(Heartbeat(link.number, topic.channel, now_ns))
        elif push.body_number != topic.channel.body:
            self._refuse(link, "wrong_body", topic.channel, now_ns)
        else:
            self._datum(link, topic, payload, push, now_ns)

    def _datum(self, link: Link, topic: Topic, payload: bytes, push: Pushed, now_ns: int) -> None:
        if not topic.confirmed:
            topic.first_ns = max(now_ns, 1)
            self.outbox.event(ChannelConfirmed(link.number, topic.channel, now_ns))
        topic.last_ns, topic.alarmed = now_ns, False
        self.outbox.push(PushFrame(link.number, topic.channel, now_ns, payload, push))

    def _refuse(self, link: Link, reason: str, channel: Channel | None, now_ns: int) -> None:
        self.counters.add("push_refused", reason)
        self.outbox.event(FrameRefused(link.number, reason, channel, now_ns))

    # ---- answers

    def _answer(self, link: Link, payload: bytes, now_ns: int) -> None:
        try:
            answer = parse_answer(payload)
        except ControlFault as error:
            self.counters.add("control_refused", error.reason)
            return
        if answer.kind == "pong":
            link.pong_due_ns = NEVER
            return
        request = link.pending.pop(answer.request, None)
        if request is None:
            self.counters.add("control_refused", "no_request")
        elif request.method == "UNSUBSCRIPTION":
            return  # nothing of it is kept here any more
        elif answer.names(request.channels):
            for topic in self._topics(link, request.channels):
                topic.acked = True
            self.outbox.event(Subscribed(link.number, request.channels, now_ns))
        elif answer.kind == "refusal" or answer.code != 0:
            self._refused(link, request.channels, answer, now_ns)
        else:
            self.counters.add("wrong_echo")

    def _refused(self, link: Link, names: Sequence[str], answer: Answer, now_ns: int) -> None:
        """One bad channel may spoil a request: ask for each alone, and let one rest that is refused alone."""
        topics = [topic for topic in self._topics(link, names) if not topic.confirmed]
        if len(names) > 1:
            for topic in topics:
                link.ask([topic.channel], now_ns)
            return
        for topic in topics:
            self.counters.add("channel_refused")
            topic.refused, topic.again_ns = answer.text[:200], now_ns + self.config.refused_again_ns
            self._alarm(link, topic, "refused", topic.refused, now_ns)

    def _topics(self, link: Link, names: Sequence[str]) -> list[Topic]:
        return [link.topics[name] for name in names if name in link.topics]

    def _alarm(self, link: Link, topic: Topic, why: str, detail: str, now_ns: int) -> None:
        topic.alarmed = True
        self.counters.add("channel_alarms", why)
        self.outbox.event(ChannelAlarm(link.number, topic.channel, why, detail, now_ns))

    # ---- time

    def timer(self, now_ns: int) -> None:
        """Do all that is due. Call it when `next_ns` comes; calling it more often does no harm."""
        for link, slot in list(self._links.values()):
            if (fault := link.fault(now_ns)) is not None:
                self._end(link, fault.reason, fault.detail, now_ns)
            else:
                self._tend(link, slot, now_ns)
        for slot in self._slots:
            self._tend_slot(slot, now_ns)

    def next_ns(self) -> int:
        """The time by which `timer` must be called."""
        due = [link.next_ns() for link, _ in self._links.values()]
        for slot in self._slots:
            if slot.successor is not None:
                due.append(self._retire_ns(slot))
            if not self._stopped and not self._asked_query:
                due.append(self._dial_ns(slot))
        return min(due, default=NEVER)

    def _dial_ns(self, slot: Slot) -> int:
        """When the slot's next connection is due."""
        if slot.current is None:
            return slot.dial_ns
        return 0 if slot.wants_successor and slot.successor is None else NEVER

    def _tend(self, link: Link, slot: Slot, now_ns: int) -> None:
        if link.phase != OPEN:
            return
        if now_ns >= link.ping_at_ns:
            link.ping(now_ns)
            link.ping_at_ns = now_ns + self._spread(self.config.ping_every_ns)
        if now_ns >= link.rotate_ns:
            link.rotate_ns = NEVER
            self._replace(slot, "age", now_ns)
        for topic in list(link.topics.values()):
            self._tend_topic(link, slot, topic, now_ns)
        self._drain(link, now_ns)

    def _tend_topic(self, link: Link, slot: Slot, topic: Topic, now_ns: int) -> None:
        if now_ns >= topic.again_ns:
            topic.alarmed = False
            link.ask([topic.channel], now_ns)
        elif topic.confirmed:
            limit = self.config.silent_after_ns.get(topic.channel.kind)
            if limit is not None and not topic.alarmed and now_ns >= topic.last_ns + limit:
                self.counters.add("channel_silent", topic.channel.kind)
                self._alarm(link, topic, "silent", "", now_ns)
                self._replace(slot, "silent", now_ns)
        elif not topic.alarmed and now_ns >= topic.asked_ns + self.config.alarm_after_ns:
            self._alarm(link, topic, "no_datum", "acknowledged" if topic.acked else "not acknowledged", now_ns)
            if not topic.acked and not topic.refused:
                topic.again_ns = now_ns + self.config.alarm_after_ns

    def _tend_slot(self, slot: Slot, now_ns: int) -> None:
        if slot.successor is not None and now_ns >= self._retire_ns(slot):
            self._take_over(slot, now_ns)
        if self._stopped or now_ns < self._dial_ns(slot):
            return
        if self.config.fresh_query and self._query is None:
            if not self._asked_query:
                self._asked_query = True
                self.outbox.event(QueryWanted(now_ns))
        elif slot.current is None:
            slot.current = self._dial(slot, now_ns)
        else:
            slot.wants_successor, slot.successor = False, self._dial(slot, now_ns)

    # ---- connections

    def _dial(self, slot: Slot, now_ns: int) -> Link:
        self._numbers += 1
        rotate_ns = now_ns + self.config.rotate_after_ns - self._draw(self.config.rotate_after_ns // 40)
        query, self._query = self._query or "", None
        parts = (self._entropy, self._reader, query)
        link = Link(self._numbers, self.config, *parts, now_ns, max(rotate_ns, now_ns + 1))
        self._links[link.number] = (link, slot)
        self.counters.add("dials")
        self.outbox.action(Connect(link.number, self.config.endpoint))
        return link

    def _replace(self, slot: Slot, reason: str, now_ns: int) -> None:
        """Dial a successor of a working connection, unless one is on its way."""
        if slot.current is None or slot.current.phase != OPEN or slot.successor is not None:
            return
        if reason == "silent":
            if now_ns < slot.replaced_ns + SILENT_PAUSE_NS:
                return
            slot.replaced_ns = now_ns
        self.counters.add("rotations", reason)
        slot.wants_successor = True

    def _retire_ns(self, slot: Slot) -> int:
        """When the successor takes over: some time after it gives all that the current connection gave."""
        new, old = slot.successor, slot.current
        if new is None or new.phase != OPEN:
            return NEVER
        if old is None:
            return 0
        waits = [name for name, topic in old.topics.items() if topic.confirmed and not topic.alarmed]
        firsts = [new.topics[name].first_ns if name in new.topics else 0 for name in waits]
        patience = new.open_ns + self.config.rotate_patience_ns
        if not all(firsts):
            return patience
        return min(patience, max([new.open_ns, *firsts]) + self.config.overlap_ns)

    def _take_over(self, slot: Slot, now_ns: int) -> None:
        old, slot.current, slot.successor = slot.current, slot.successor, None
        if old is not None:
            self._end(old, "rotated", "", now_ns)

    def _end(self, link: Link, reason: str, detail: str, now_ns: int, *, say_goodbye: bool = True) -> None:
        """Close a link and forget it; its slot dials again later if it still wants anything."""
        if link.phase == LOST:
            return
        if link.phase == OPEN and say_goodbye:
            link.frame(ws_frames.CLOSE, (1000).to_bytes(2, "big"))
        self._drain(link, now_ns)
        lived_ns = now_ns - link.open_ns if link.open_ns else 0
        link.phase = LOST
        _, slot = self._links.pop(link.number)
        if say_goodbye:
            self.outbox.action(Close(link.number))
        self.counters.add("links_lost", reason)
        self.outbox.event(LinkLost(link.number, reason, detail, reason in PLANNED, now_ns))
        self._vacate(slot, link, lived_ns, now_ns)

    def _vacate(self, slot: Slot, link: Link, lived_ns: int, now_ns: int) -> None:
        if slot.successor is link:
            slot.successor = None
            if slot.current is not None:
                slot.current.rotate_ns = now_ns + self._backoff(slot)
            return
        if slot.current is not link:
            return
        slot.current, slot.successor, slot.wants_successor = slot.successor, None, False
        if slot.current is None:
            slot.failures = 0 if lived_ns >= self.config.steady_ns else slot.failures
            slot.dial_ns = now_ns + self._backoff(slot)

    def _backoff(self, slot: Slot) -> int:
        """The pause before the next dial: doubling to the ceiling, and between half and all of that by chance."""
        ceiling = self.config.backoff_ceiling_ns
        pause = min(self.config.backoff_first_ns << min(slot.failures, 16), ceiling)
        slot.failures += 1
        return pause // 2 + self._draw(pause // 2)

    def _spread(self, period_ns: int) -> int:
        """A period less up to a tenth of it."""
        return period_ns - self._draw(period_ns // 10)

    def _draw(self, below: int) -> int:
        """A whole number from 0 to `below` - 1 (0 if that is none)."""
        return int(self._chance.words(1)[0]) % below if below > 0 else 0

    def _drain(self, link: Link, now_ns: int) -> None:
        """Send what waits: frames at once, requests as their pace allows."""
        if (sent := link.send_waiting(now_ns)) > 0:
            self.counters.add("requests_out", count=sent)
        for data in link.out:
            self.outbox.action(Send(link.number, data))
        link.out.clear()

    # ---- what is known

    def links(self) -> list[Link]:
        """The connections that live, by number."""
        return [link for link, _ in self._links.values()]
