"""One client's connection as the exchange keeps it: what it subscribed to, and the rules by which it is closed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from .channels import Channel

SECOND_NS = 10**9
LIFE_NS = 24 * 3_600 * SECOND_NS
IDLE_NS = 30 * SECOND_NS
SILENT_NS = 60 * SECOND_NS
PING_EVERY_NS = 20 * SECOND_NS
_ENDLESS_NS = 2**63 - 1

MAX_CHANNELS = 30
MAX_REQUESTS_A_SECOND = 100


class Limits(NamedTuple):
    """How long a connection lives; without a subscription; without data. `pong_ns`: without an answer to pings."""

    life_ns: int = LIFE_NS
    idle_ns: int = IDLE_NS
    silent_ns: int = SILENT_NS
    pong_ns: int = SILENT_NS

    def at(self, pace: int) -> Limits:
        """The same for clients whose clocks run `pace` times slower; 0: they stand still beside it.

        Clients ping by their own clocks, so what they may be silent is counted there. A life is the exchange's time.
        """
        if pace == 1:
            return self
        idle_ns, silent_ns, pong_ns = (span * pace or _ENDLESS_NS for span in self[1:])
        return Limits(self.life_ns, idle_ns, silent_ns, pong_ns)


@dataclass(slots=True)
class Connection:
    """State of one connection. `listen_key` is empty on a public one; `account` is whose key it was on opening."""

    number: int
    opened_ns: int
    listen_key: str = ""
    account: str = ""
    channels: dict[str, Channel] = field(default_factory=dict)
    without_channels_ns: int = 0
    data_ns: int = 0
    heard_ns: int = 0
    pinged_ns: int = 0
    requests_ns: deque[int] = field(default_factory=deque)
    doomed: str = ""

    def __post_init__(self) -> None:
        self.without_channels_ns = self.data_ns = self.heard_ns = self.pinged_ns = self.opened_ns

    def take_request(self, now_ns: int) -> bool:
        """Count a request; False if there were too many in the last second, which closes the connection."""
        self.requests_ns.append(now_ns)
        while self.requests_ns[0] <= now_ns - SECOND_NS:
            self.requests_ns.popleft()
        if len(self.requests_ns) > MAX_REQUESTS_A_SECOND:
            self.doomed = "more than 100 requests in a second"
        return not self.doomed

    def add(self, channel: Channel, now_ns: int) -> None:
        """Subscribe. The 60 seconds without data count from here."""
        self.channels[channel.name] = channel
        self.data_ns = max(self.data_ns, now_ns)

    def remove(self, name: str, now_ns: int) -> None:
        """Unsubscribe."""
        self.channels.pop(name, None)
        if not self.channels:
            self.without_channels_ns = now_ns

    def closing(self, now_ns: int, limits: Limits) -> str:
        """Why the exchange closes this connection now; empty while it stays open."""
        if self.doomed:
            return self.doomed
        if now_ns - self.opened_ns >= limits.life_ns:
            return "24 hours are over"
        if not self.channels and now_ns - self.without_channels_ns >= limits.idle_ns:
            return "30 seconds without a subscription"
        if self.channels and now_ns - max(self.data_ns, self.heard_ns) >= limits.silent_ns:
            return "60 seconds without data"
        return ""
