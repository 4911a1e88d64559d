"""When a fault acts, and on whom."""

from __future__ import annotations

from dataclasses import dataclass

NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times from the injection, in ns of the exchange's clock.

    The fault begins `after_ns` later and lasts `for_ns` (None: until it is healed). With `every_ns` it comes again,
    counted from beginning to beginning. After `count` acts (messages, requests, connections: what it acts on) it is
    spent and heals by itself.
    """

    after_ns: int = 0
    for_ns: int | None = None
    every_ns: int | None = None
    count: int | None = None

    def is_on(self, age_ns: int) -> bool:
        """Whether the fault acts `age_ns` after its injection."""
        since = age_ns - self.after_ns
        if since < 0:
            return False
        if self.for_ns is None:
            return True
        return (since % self.every_ns if self.every_ns else since) < self.for_ns

    def is_over(self, age_ns: int) -> bool:
        """Whether it will never act again."""
        return self.every_ns is None and self.for_ns is not None and age_ns >= self.after_ns + self.for_ns

    def next_change(self, age_ns: int) -> int | None:
        """The age at which it begins or ends next, or None if it stays as it is."""
        if age_ns < self.after_ns:
            return self.after_ns
        if self.for_ns is None:
            return None
        since = age_ns - self.after_ns
        if not self.every_ns:
            return self.after_ns + self.for_ns if since < self.for_ns else None
        turn, within = divmod(since, self.every_ns)
        step = self.for_ns if within < self.for_ns else self.every_ns
        return self.after_ns + turn * self.every_ns + step

    def facts(self) -> dict[str, object]:
        """For the control port, in ms."""
        return {
            "after_ms": self.after_ns // NS_PER_MS,
            "for_ms": None if self.for_ns is None else self.for_ns // NS_PER_MS,
            "every_ms": None if self.every_ns is None else self.every_ns // NS_PER_MS,
            "count": self.count,
        }


@dataclass(frozen=True, slots=True)
class Target:
    """On whom a fault acts; an empty field means on all.

    `link` is `rest`, `public` or `private`; `chance` is how many of 100 that it could act on it does act on.
    """

    symbol: str = ""
    account: str = ""
    link: str = ""
    connection: int | None = None
    chance: int = 100

    def takes(self, *, symbol: str = "", account: str = "", link: str = "", connection: int | None = None) -> bool:
        """Whether something with these marks is meant. A mark that is not known (empty) leaves nothing out."""
        return (
            (not self.symbol or not symbol or symbol == self.symbol)
            and (not self.account or not account or account == self.account)
            and (not self.link or not link or link == self.link)
            and (self.connection is None or connection is None or connection == self.connection)
        )

    def facts(self) -> dict[str, object]:
        """For the control port."""
        return {
            "symbol": self.symbol,
            "account": self.account,
            "link": self.link,
            "connection": self.connection,
            "chance": self.chance,
        }
