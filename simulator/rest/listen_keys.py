"""Listen keys: who may hear which account's private stream, and until when.

A key lives 60 minutes from its making or its last PUT. When it runs out nothing is said: the stream stays open and
silent. A deleted key closes its stream.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from itertools import count

LIFE_NS = 3_600 * 10**9
CONNECTIONS_PER_KEY = 5
KEY_LETTERS = 64


class KeyState(Enum):
    """What a listen key is at a moment."""

    VALID = "valid"
    EXPIRED = "expired"  # its stream stays open and silent
    DELETED = "deleted"  # its stream closes
    UNKNOWN = "unknown"


@dataclass(slots=True)
class _Key:
    account: str
    until_ns: int
    deleted: bool = False


class ListenKeys:
    """All keys ever given out. `draw(count)` gives `count` hexadecimal digits, so that a run can be repeated."""

    def __init__(self, draw: Callable[[int], str]) -> None:
        self._draw = draw
        self._keys: dict[str, _Key] = {}

    def create(self, account: str, now_ns: int) -> str:
        """A new key of `account`, valid for 60 minutes."""
        key = self._draw(KEY_LETTERS)
        self._keys[key] = _Key(account, now_ns + LIFE_NS)
        return key

    def valid(self, account: str, now_ns: int) -> list[str]:
        """The account's keys that are valid now, oldest first."""
        return [key for key, row in self._keys.items() if row.account == account and _is_valid(row, now_ns)]

    def state(self, key: str, now_ns: int) -> KeyState:
        row = self._keys.get(key)
        if row is None:
            return KeyState.UNKNOWN
        if row.deleted:
            return KeyState.DELETED
        return KeyState.VALID if now_ns < row.until_ns else KeyState.EXPIRED

    def owner(self, key: str, now_ns: int) -> str | None:
        """The account whose events go out under `key`, or None if the key is not valid now."""
        row = self._keys.get(key)
        return row.account if row is not None and _is_valid(row, now_ns) else None

    def until_ns(self, key: str) -> int | None:
        """When the key ends, or None if there is no such key."""
        row = self._keys.get(key)
        return None if row is None else row.until_ns

    def extend(self, account: str, key: str, now_ns: int) -> bool:
        """PUT: 60 minutes from now. False if the account has no such valid key."""
        if self.owner(key, now_ns) != account:
            return False
        self._keys[key].until_ns = now_ns + LIFE_NS
        return True

    def delete(self, account: str, key: str, now_ns: int) -> bool:
        """DELETE. False if the account has no such valid key."""
        if self.owner(key, now_ns) != account:
            return False
        self._keys[key].deleted = True
        return True

    def expire(self, key: str, now_ns: int) -> bool:
        """End a key in silence, before its time: a fault."""
        row = self._keys.get(key)
        if row is None or not _is_valid(row, now_ns):
            return False
        row.until_ns = now_ns
        return True


def _is_valid(row: _Key, now_ns: int) -> bool:
    return not row.deleted and now_ns < row.until_ns


def seeded_digits(seed: int) -> Callable[[int], str]:
    """A source of hexadecimal digits for `ListenKeys` that gives the same ones for the same seed."""
    made = count(1)

    def draw(digits: int) -> str:
        words = "".join(sha256(f"listen/{seed}/{next(made)}".encode()).hexdigest() for _ in range(-(-digits // 64)))
        return words[:digits]

    return draw
