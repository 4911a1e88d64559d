"""The exchange's streams without sockets: connections subscribe, events come in, frames and closings come out.

A **feed** is one public channel that somebody listens to; its frame is made once, whoever listens. It is due at the
next multiple of its speed after the first change, so that all clients of a channel hear the same at the same time.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple, Protocol

from ..exchange.config import SymbolSpec
from ..exchange.events import BalanceChanged, BookRestarted, Event, Filled, LevelChanged, OrderChanged, Traded
from ..exchange.switches import Switches
from ..rest.listen_keys import CONNECTIONS_PER_KEY, KeyState, ListenKeys
from . import control, encode
from .channels import MS, Channel, parse_channel
from .connections import MAX_CHANNELS, PING_EVERY_NS, SECOND_NS, Connection, Limits
from .flows import FLOWS, Flow, Market, TopFlow, mini_ticker
from .private import AccountEvent, Note, Notes, Sorter, account_of

NEVER_NS = 2**63 - 1
BEAT_NS = 5 * SECOND_NS  # between two frames without a body


class Exchange(Market, Protocol):
    """What the hub asks of the exchange."""

    @property
    def specs(self) -> Mapping[str, SymbolSpec]:
        """The listed symbols."""

    @property
    def asset_decimals(self) -> Mapping[str, int]:
        """Decimals of the ledger's atoms, by asset."""


class Push(NamedTuple):
    """One message to one connection. `frame` is UTF-8 of a control message if `is_text`; `kind` is the channel's."""

    connection: int
    channel: str
    symbol: str
    account: str
    frame: bytes
    is_text: bool = False


class Closing(NamedTuple):
    """A connection that the exchange closes, and why."""

    connection: int
    why: str


class Ping(NamedTuple):
    """A connection that gets a ping frame."""

    connection: int


@dataclass(slots=True)
class _Feed:
    channel: Channel
    flow: Flow | None  # None: all symbols' tickers
    listeners: list[int] = field(default_factory=list)
    due_ns: int = NEVER_NS


class StreamHub:
    """All connections and what they hear. Time is given with every call, in ns of the exchange's clock."""

    def __init__(self, exchange: Exchange, keys: ListenKeys, switches: Callable[[], Switches], now_ns: int) -> None:
        self._exchange, self._keys, self._switches = exchange, keys, switches
        self.limits = Limits()
        #: How many times as fast as the clocks of its clients the exchange's time runs; 0: as fast as events come.
        self.pace = 1
        self._notes = Notes(exchange.specs, exchange.asset_decimals)
        self._sorter = Sorter()
        self._connections: dict[int, Connection] = {}
        self._feeds: dict[str, _Feed] = {}
        self._on_level: dict[str, list[_Feed]] = {}
        self._on_trade: dict[str, list[_Feed]] = {}
        self._due: list[tuple[int, int, _Feed]] = []
        self._tie = count()
        self._grid_ns = self._beat = 0
        self._told: set[str] = set()  # accounts whose private channels somebody has
        self._ready: list[Push] = []
        #: When `closes` and `pings` are to be asked next: once a second, or at once if a connection broke a rule.
        self.check_ns = now_ns + SECOND_NS

    @property
    def connections(self) -> Mapping[int, Connection]:
        """Every open connection by its number."""
        return self._connections

    # connections

    def open(self, connection: int, listen_key: str | None, now_ns: int) -> bool:
        """A client connected, with a listen key or without. False: refuse it."""
        account = ""
        if listen_key is not None:
            owner = self._keys.owner(listen_key, now_ns)
            used = sum(one.listen_key == listen_key for one in self._connections.values())
            if owner is None or used >= CONNECTIONS_PER_KEY:
                if self._switches().bad_listen_key == "refused":
                    return False
            else:
                account = owner
        self._connections[connection] = Connection(connection, now_ns, listen_key or "", account)
        return True

    def close(self, connection: int) -> None:
        """The connection is gone, whoever closed it."""
        gone = self._connections.pop(connection, None)
        for name in gone.channels if gone else ():
            self._leave(name, connection)
        self._tell_again()

    def pong(self, connection: int, now_ns: int) -> None:
        """The client answered a ping frame."""
        if connection in self._connections:
            self._connections[connection].heard_ns = now_ns

    def closes(self, now_ns: int) -> list[Closing]:
        """Connections to close now. Each is named until `close` is called for it."""
        limits = self.limits.at(self.pace)
        found = [
            Closing(number, why)
            for number, one in self._connections.items()
            if (why := self._closing(one, limits, now_ns))
        ]
        self.check_ns = max(self.check_ns, (now_ns // SECOND_NS + 1) * SECOND_NS)
        return found

    def pings(self, now_ns: int) -> list[Ping]:
        """Connections that get a ping frame now."""
        if self._switches().server_ping == "none":
            return []
        late = [one for one in self._connections.values() if now_ns - one.pinged_ns >= PING_EVERY_NS]
        for one in late:
            one.pinged_ns = now_ns
        return [Ping(one.number) for one in late]

    def _closing(self, one: Connection, limits: Limits, now_ns: int) -> str:
        if one.listen_key and self._keys.state(one.listen_key, now_ns) is KeyState.DELETED:
            return "the listen key was deleted"
        if self._switches().server_ping != "none" and now_ns - one.heard_ns >= limits.pong_ns:
            return "no pong for 60 seconds"
        return one.closing(now_ns, limits)

    # requests

    def text(self, connection: int, text: str, now_ns: int) -> list[str]:
        """Answers to a control message. A connection that asks too much is closed at the next `closes`."""
        one = self._connections.get(connection)
        if one is None or not one.take_request(now_ns):
            self.check_ns = now_ns
            return []
        try:
            request = control.parse_request(text, any_letters=self._switches().ping_letters == "any")
        except control.BadRequest as error:
            return [str(error)]
        if request.method == control.PING:
            one.heard_ns = now_ns
            return [control.PONG]
        if request.method == control.UNSUBSCRIPTION:
            for name in request.params:
                self._unsubscribe(one, name, now_ns)
            return [control.accepted(request.id, request.params)]
        return self._subscribe(one, request, now_ns)

    def _subscribe(self, one: Connection, request: control.Request, now_ns: int) -> list[str]:
        asked = [(name, self._channel(one, name)) for name in dict.fromkeys(request.params)]
        bad = [name for name, channel in asked if channel is None]
        fresh = [channel for name, channel in asked if channel is not None and name not in one.channels]
        if len(one.channels) + len(fresh) > MAX_CHANNELS:
            return self._too_many(one, request, now_ns)
        if bad and self._switches().mixed_subscription == "all_refused":
            return [control.refused(request.id, request.params)]
        for channel in fresh:
            one.add(channel, now_ns)
            self._join(channel, one.number, now_ns)
        self._tell_again()
        good = [name for name in request.params if name not in bad]
        answers = [control.accepted(request.id, good)] if good else []
        return [*answers, control.refused(request.id, bad)] if bad else answers

    def _too_many(self, one: Connection, request: control.Request, now_ns: int) -> list[str]:
        if self._switches().too_many_channels == "closed":
            one.doomed, self.check_ns = "more than 30 channels", now_ns
            return []
        return [control.refused(request.id, request.params)]

    def _channel(self, one: Connection, name: str) -> Channel | None:
        """The channel, if this connection may have it."""
        channel = parse_channel(name)
        if channel is None or (channel.symbol and channel.symbol not in self._exchange.specs):
            return None
        return None if channel.is_private and not one.listen_key else channel

    def _unsubscribe(self, one: Connection, name: str, now_ns: int) -> None:
        if name in one.channels:
            one.remove(name, now_ns)
            self._leave(name, one.number)
            self._tell_again()

    # feeds

    def _join(self, channel: Channel, connection: int, now_ns: int) -> None:
        if channel.is_private:
            return
        feed = self._feeds.get(channel.name)
        if feed is None:
            feed = self._feeds[channel.name] = self._new_feed(channel, now_ns)
            self._look_again()
        elif isinstance(feed.flow, TopFlow):
            feed.flow.joined()
            if feed.due_ns == NEVER_NS:
                self._schedule(feed, now_ns)
        feed.listeners.append(connection)

    def _tell_again(self) -> None:
        """Find the accounts of which somebody wants to hear."""
        listening = (one for one in self._connections.values() if one.account)
        self._told = {one.account for one in listening if any(c.is_private for c in one.channels.values())}

    def _look_again(self) -> None:
        """Find the finest grid of times at which a channel looks at the market. All speeds are multiples of it."""
        looking = [feed.channel.every_ns for feed in self._feeds.values() if feed.flow is None or feed.flow.looks]
        self._grid_ns = max(1, min(looking)) if looking else 0

    def _new_feed(self, channel: Channel, now_ns: int) -> _Feed:
        if not channel.symbol:
            feed = _Feed(channel, None)
            self._schedule(feed, now_ns)
            return feed
        flow = FLOWS[channel.kind](channel, self._exchange.specs[channel.symbol], self._exchange)
        feed = _Feed(channel, flow)
        if type(flow).level is not Flow.level:
            self._on_level.setdefault(channel.symbol, []).append(feed)
        if type(flow).trade is not Flow.trade:
            self._on_trade.setdefault(channel.symbol, []).append(feed)
        if flow.speaks_first:
            self._schedule(feed, now_ns)
        return feed

    def _leave(self, name: str, connection: int) -> None:
        feed = self._feeds.get(name)
        if feed is None:
            return
        feed.listeners.remove(connection)
        if feed.listeners:
            return
        del self._feeds[name]
        self._look_again()
        for feeds in (self._on_level, self._on_trade):
            left = [other for other in feeds.get(feed.channel.symbol, ()) if other is not feed]
            feeds[feed.channel.symbol] = left

    def _schedule(self, feed: _Feed, now_ns: int) -> None:
        every_ns = feed.channel.every_ns
        feed.due_ns = (now_ns // every_ns + 1) * every_ns if every_ns else now_ns
        heapq.heappush(self._due, (feed.due_ns, next(self._tie), feed))

    # events

    def collect(self, events: Iterable[Event]) -> None:
        """Take events, in order. Feeds that are due before an event are pushed without it."""
        for event in events:
            if self._due and self._due[0][0] <= event.time_ns:
                self._push_due(event.time_ns - 1)
            kind = type(event)
            if kind is LevelChanged:
                self._level(event)  # type: ignore[arg-type]
            elif kind is Traded:
                self._trade(event)  # type: ignore[arg-type]
            elif isinstance(event, OrderChanged | Filled | BalanceChanged):
                self._account(event)
            elif kind is BookRestarted:
                self._restart(event)  # type: ignore[arg-type]

    def _account(self, event: AccountEvent) -> None:
        """Keep it only if somebody is to hear it."""
        if account_of(event) in self._told:
            self._sorter.add(event)

    def _level(self, event: LevelChanged) -> None:
        for feed in self._on_level.get(event.symbol, ()):
            flow = feed.flow
            assert flow is not None
            if flow.level(event) and feed.due_ns == NEVER_NS:
                self._schedule(feed, event.time_ns)
            if flow.is_full:
                self._push(feed, event.time_ns)

    def _trade(self, event: Traded) -> None:
        for feed in self._on_trade.get(event.symbol, ()):
            assert feed.flow is not None
            if feed.flow.trade(event) and feed.due_ns == NEVER_NS:
                self._schedule(feed, event.time_ns)

    def _restart(self, event: BookRestarted) -> None:
        """Versions begin anew: what was gathered goes out now, so that no message spans both sequences."""
        for feed in self._on_level.get(event.symbol, ()):
            if feed.due_ns != NEVER_NS:
                self._push(feed, event.time_ns)

    # what goes out

    def flush(self, now_ns: int) -> list[Push]:
        """Everything to send now: private messages first, then the feeds that are due."""
        if self._sorter.groups:
            self._push_private()
        self._push_due(now_ns)
        if self._switches().empty_frames != "none" and now_ns // BEAT_NS != self._beat:
            self._push_empty(now_ns)
        ready, self._ready = self._ready, []
        return ready

    def _push_empty(self, now_ns: int) -> None:
        self._beat = now_ns // BEAT_NS
        for channel, listeners in [(feed.channel, feed.listeners) for feed in self._feeds.values()]:
            frame = encode.frame(channel.name, channel.symbol, 0, b"", now_ns // MS)
            for connection in listeners:
                self._send(Push(connection, channel.name, channel.symbol, "", frame), now_ns)

    def next_ns(self) -> int:
        """When something is to be done next, if no event comes before."""
        return min(self._due[0][0] if self._due else NEVER_NS, self.check_ns if self._connections else NEVER_NS)

    @property
    def is_looking(self) -> bool:
        """Whether any channel looks at the market when it is pushed; otherwise `stop_ns` means nothing."""
        return self._grid_ns > 0

    def stop_ns(self, next_event_ns: int) -> int:
        """The market is to stand still then, for `look`: a channel looks at it. `next_event_ns`: its next change."""
        edge_ns = -(-next_event_ns // self._grid_ns) * self._grid_ns
        return min(edge_ns, self._due[0][0]) if self._due else edge_ns

    def look(self, now_ns: int) -> None:
        """Make what is due, from the market as it is now. `flush` gives it out."""
        self._push_due(now_ns)

    def _push_due(self, until_ns: int) -> None:
        while self._due and self._due[0][0] <= until_ns:
            due_ns, _, feed = heapq.heappop(self._due)
            if feed.due_ns == due_ns and feed.listeners:
                if self._sorter.groups:
                    self._push_private()  # what came up before it leaves before it
                self._push(feed, due_ns)

    def _push(self, feed: _Feed, now_ns: int) -> None:
        feed.due_ns = NEVER_NS
        body = self._tickers(feed.channel, now_ns) if feed.flow is None else feed.flow.push(now_ns)
        if feed.flow is None or feed.flow.repeats:
            self._schedule(feed, now_ns)
        if body is None:
            return
        number = encode.BODY_NUMBERS[feed.flow.body if feed.flow else "publicMiniTickers"]
        channel = feed.channel
        frame = encode.frame(channel.name, channel.symbol, number, body, now_ns // MS)
        for connection in feed.listeners:
            self._send(Push(connection, channel.name, channel.symbol, "", frame), now_ns)

    def _tickers(self, channel: Channel, now_ns: int) -> bytes | None:
        """The tickers of all symbols that have traded."""
        found = (mini_ticker(self._exchange.ticker(name, channel.detail, now_ns)) for name in self._exchange.specs)
        return b"".join(encode.block(1, one) for one in found if one is not None) or None

    def _push_private(self) -> None:
        switches = self._switches()
        repeats = 2 if switches.private_repeats == "twice" else 1
        for event in self._sorter.drain(switches.private_order, merged=switches.account_frames == "one"):
            note = self._notes.note(event)
            frame = encode.frame(note.channel, note.symbol, note.body_number, note.body, note.time_ns // MS)
            for one in self._hearing(note):
                for _ in range(repeats):
                    self._send(Push(one, note.channel, note.symbol, note.account, frame), note.time_ns)

    def _hearing(self, note: Note) -> list[int]:
        return [
            one.number
            for one in self._connections.values()
            if one.account == note.account
            and note.channel in one.channels
            and self._keys.owner(one.listen_key, note.time_ns) == note.account
        ]

    def _send(self, push: Push, now_ns: int) -> None:
        self._connections[push.connection].data_ns = now_ns
        self._ready.append(push)
