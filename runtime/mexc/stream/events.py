"""What a session of streams is told to be, what it asks its shell to do, and what it reports. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from .channels import Channel
from .endpoint import Endpoint

MS = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

#: Why a connection ended.
LOST_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "connect_failed": "nobody answered at the address",
        "connect_timeout": "connecting and greeting took too long",
        "tls_refused": "the server could not prove who it is",
        "handshake": "the server did not answer as a WebSocket server",
        "frame": "the server sent bytes that are no WebSocket frames",
        "server_closed": "the server said goodbye",
        "reset": "the connection broke without a goodbye",
        "no_pong": "a ping was not answered in time",
        "idle": "nothing came for too long",
        "rotated": "a newer connection took over (planned)",
        "not_needed": "no channel is left on it (planned)",
        "stopped": "the session was stopped (planned)",
    }
)


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """Where to connect, and the times and bounds of a session. All times are ns."""

    endpoint: Endpoint
    fresh_query: bool = False  # each connection needs a query of its own: wait for `use_query` before every dial
    topics_per_link: int = 30
    most_request_bytes: int = 1024
    request_gap_ns: int = 20 * MS  # the exchange allows 100 a second
    dial_timeout_ns: int = 10 * SECOND
    ping_every_ns: int = 15 * SECOND
    pong_within_ns: int = 10 * SECOND
    idle_ns: int = 60 * SECOND
    alarm_after_ns: int = 3 * SECOND
    refused_again_ns: int = 30 * SECOND
    rotate_after_ns: int = 22 * HOUR + 30 * MINUTE  # less up to a fortieth of jitter
    overlap_ns: int = 2 * SECOND  # both connections live so long after the new one is confirmed
    rotate_patience_ns: int = 10 * SECOND  # a quiet channel does not hold up a rotation for longer
    backoff_first_ns: int = 250 * MS
    backoff_ceiling_ns: int = 30 * SECOND
    steady_ns: int = 30 * SECOND  # a connection that lived so long ends the back-off
    most_payload: int = 1024 * 1024  # bytes of one message; the largest known have less than half
    most_events: int = 20_000
    most_event_bytes: int = 64 * 1024 * 1024
    #: Kinds of channels that never pause, and how long one may be silent before its connection is replaced.
    silent_after_ns: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType({"depth": 10 * SECOND, "book_ticker": 10 * SECOND})
    )


class Pushed(Protocol):
    """What a session needs of a decoded push."""

    @property
    def channel(self) -> str: ...

    @property
    def body_number(self) -> int: ...


# ---- actions: what the shell must do, in order


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a socket (with TLS if the endpoint says so), then call `connected` or `closed`."""

    link: int
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Send:
    link: int
    data: bytes = field(repr=False)  # a handshake may hold a listen key


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket; nothing that it still gives is wanted."""

    link: int


Action = Connect | Send | Close

# ---- events: what the session learned, in order


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The handshake is done."""

    link: int
    now_ns: int


@dataclass(frozen=True, slots=True)
class LinkLost:
    """A connection ended. `reason` is one of `LOST_REASONS`; `planned` ends are ours and lose no data."""

    link: int
    reason: str
    detail: str
    planned: bool
    now_ns: int


@dataclass(frozen=True, slots=True)
class QueryWanted:
    """The next connection needs a query of its own: call `use_query`."""

    now_ns: int


@dataclass(frozen=True, slots=True)
class Subscribed:
    """The exchange says that it will send these channels. They count when their first datum comes."""

    link: int
    channels: tuple[str, ...]
    now_ns: int


@dataclass(frozen=True, slots=True)
class ChannelConfirmed:
    """The first valid datum of a channel on this connection came; its `PushFrame` follows."""

    link: int
    channel: Channel
    now_ns: int


@dataclass(frozen=True, slots=True)
class ChannelAlarm:
    """A channel does not work: `why` is `no_datum`, `refused` (with the exchange's text) or `silent`."""

    link: int
    channel: Channel
    why: str
    detail: str
    now_ns: int


@dataclass(frozen=True, slots=True)
class PushFrame:
    """One data frame of a channel of ours. `push` is what the session's decoder made of `payload`."""

    link: int
    channel: Channel
    receive_ns: int
    payload: bytes = field(repr=False)
    push: Pushed = field(repr=False)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A data frame without a body."""

    link: int
    channel: Channel
    now_ns: int


@dataclass(frozen=True, slots=True)
class FrameRefused:
    """A data frame that nobody can use. `channel` is known only if the frame names one of ours."""

    link: int
    reason: str
    channel: Channel | None
    now_ns: int


@dataclass(frozen=True, slots=True)
class Overflow:
    """The queue was full: this many frames were dropped. Whoever keeps a state must build it anew."""

    dropped: int
    now_ns: int


Event = (
    LinkUp
    | LinkLost
    | QueryWanted
    | Subscribed
    | ChannelConfirmed
    | ChannelAlarm
    | PushFrame
    | Heartbeat
    | FrameRefused
    | Overflow
)
