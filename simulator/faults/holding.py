"""Injectors of streams that keep messages for a while, and let all of them go in the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from ..stream.hub import NEVER_NS, Push
from .seams import Injector


class Holder(Injector):
    """Keeps messages with a time each. What is due leaves with the next messages; at the end, everything."""

    def begin(self, now_ns: int) -> None:
        self.held: deque[tuple[int, Push]] = deque()

    def hold(self, due_ns: int, push: Push) -> None:
        """Keep a message until `due_ns`. Times may not fall."""
        self.held.append((due_ns, push))

    def due(self, now_ns: int) -> list[Push]:
        """What may go now, oldest first."""
        found = []
        while self.held and self.held[0][0] <= now_ns:
            found.append(self.held.popleft()[1])
        return found

    def next_ns(self) -> int:
        return self.held[0][0] if self.held else NEVER_NS

    def drain(self, pushes: Sequence[Push], now_ns: int) -> tuple[list[Push], bool]:
        return [*(push for _, push in self.held), *pushes], True


class Sieve(Injector):
    """Changes messages one by one: `one` gives what leaves in the place of a message that is meant."""

    prefix = ""

    def one(self, push: Push, now_ns: int) -> list[Push]:
        """In the place of `push`."""
        return [push]

    def pushes(self, pushes: Sequence[Push], now_ns: int) -> list[Push]:
        found: list[Push] = []
        for push in pushes:
            if not push.is_text and self.meant(push, self.prefix) and self.act():
                found += self.one(push, now_ns)
            else:
                found.append(push)
        return found
