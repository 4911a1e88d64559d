"""The life of a listen key, without sockets: when to create, extend, replace and end one.

A key lives 60 minutes and is extended every 20. An extension that fails in any way is answered by a new stream with a
new key beside the old one; the old one goes on until the new one works. A key that was replaced is ended, so that keys
do not pile up to the limit of the account; one that the exchange handed out again is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from ..keys.secret import Secret

SECOND_NS = 1_000_000_000
KEEP_EVERY_NS = 20 * 60 * SECOND_NS
LIFE_NS = 60 * 60 * SECOND_NS
FIRST_PAUSE_NS = SECOND_NS
LONGEST_PAUSE_NS = 30 * SECOND_NS

#: Name -> what it counts.
KEY_COUNTERS: Mapping[str, str] = MappingProxyType(
    {
        "keys_created": "listen keys that the exchange gave",
        "keys_same": "times at which it gave the key that was in use",
        "keys_refused": "requests for a key that it refused",
        "keys_failed": "requests for a key without a usable answer",
        "keys_kept": "extensions of a key",
        "keys_lost": "extensions that failed, so that a new stream was opened",
        "keys_ended": "keys that were ended because another took their place",
    }
)


class Need(Enum):
    """What must be done now."""

    CREATE = "ask for a key"
    KEEP = "extend the key"
    CLEAR = "end keys of ours that are not in use, then ask again"
    END = "end the key that was replaced"


@dataclass(slots=True)
class ListenKeyLife:
    """`due` says what to do, the other methods what came of it. Times are ns of a monotonic clock."""

    keep_every_ns: int = KEEP_EVERY_NS
    counters: Counter[str] = field(default_factory=Counter)
    key: Secret | None = None
    refused: str = ""
    _wanted: bool = False
    _replacing: bool = False
    _pause_ns: int = 0
    _create_ns: int = 0
    _keep_ns: int = 0
    _sent_ns: int = 0
    _full: bool = False
    _old: list[Secret] = field(default_factory=list)

    def wanted(self, now_ns: int) -> None:
        """A connection needs a key."""
        if not self._wanted:
            self._wanted, self._create_ns = True, max(self._create_ns, now_ns)

    def due(self, now_ns: int) -> Need | None:
        """The most urgent thing that is due, None if nothing is."""
        if self._wanted and now_ns >= self._create_ns:
            return Need.CLEAR if self._full and self._old else Need.CREATE
        if self.key is not None and not self._replacing and now_ns >= self._keep_ns:
            return Need.KEEP
        return Need.END if self._old and not self._wanted and not self._replacing else None

    def next_ns(self) -> int | None:
        """When `due` may change by itself."""
        times = [self._create_ns] if self._wanted else []
        if self.key is not None and not self._replacing:
            times.append(self._keep_ns)
        return min(times, default=None)

    def created(self, key: Secret, sent_ns: int) -> Secret:
        """The exchange gave a key, asked for at `sent_ns`. Returns it, for the connection that needs it."""
        self.counters["keys_created"] += 1
        if self.key is not None and self.key == key:
            self.counters["keys_same"] += 1
        elif self.key is not None:
            self._old.append(self.key)
        self._old = [old for old in self._old if old != key]
        self.key, self.refused, self._full = key, "", False
        self._wanted, self._replacing = False, True
        self._pause_ns = self._create_ns = 0
        self._sent_ns, self._keep_ns = sent_ns, sent_ns + self.keep_every_ns
        return key

    def not_created(self, why: str, now_ns: int, *, definitive: bool, wait_ns: int = 0) -> None:
        """No key came. `definitive`: the exchange refused, perhaps because the account has too many."""
        self.counters["keys_refused" if definitive else "keys_failed"] += 1
        self.refused, self._full = why, definitive
        self._pause_ns = min(max(2 * self._pause_ns, FIRST_PAUSE_NS), LONGEST_PAUSE_NS)
        self._create_ns = now_ns + max(self._pause_ns, wait_ns)

    def kept(self, sent_ns: int) -> None:
        self.counters["keys_kept"] += 1
        self._sent_ns, self._keep_ns = sent_ns, sent_ns + self.keep_every_ns

    def not_kept(self, now_ns: int) -> None:
        """The extension failed. The caller opens a new stream beside the old one; that will want a key."""
        self.counters["keys_lost"] += 1
        self._replacing = True

    def replaced(self) -> None:
        """The stream with the newest key is the only one: keys that were replaced may be ended."""
        self._replacing = False

    def to_end(self) -> Secret | None:
        """The next key to end; it is forgotten here, whether the exchange listens or not."""
        if not self._old:
            self._full = False
            return None
        self.counters["keys_ended"] += 1
        return self._old.pop(0)

    def alive(self, now_ns: int) -> bool:
        """Whether the key in use can still be valid."""
        return self.key is not None and now_ns < self._sent_ns + LIFE_NS
