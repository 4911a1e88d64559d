"""Balances as the join of pushes and reads: what is newest by the exchange's clock holds, whenever it came.

A push tells one asset after a change, and the change. Several pushes of one millisecond are put in order by their
changes: the last one is that from which no other continues. Where that does not decide, the balance is `ambiguous`,
and the account must be read. So it is where a read contradicts a push of moments before: the read may be of a cache.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .facts import AccountFact, BalanceFact

#: How old the answer to a read may be when it comes.
CACHED_MS = 5_000


@dataclass(frozen=True, slots=True)
class BalanceView:
    """One asset as it is known now, in units."""

    asset: str
    free: int
    locked: int
    time_ms: int
    ambiguous: bool = False

    @property
    def total(self) -> int:
        return self.free + self.locked


@dataclass(slots=True)
class Balances:
    """All assets. `_newest` holds, for each asset, every push of its newest millisecond."""

    _newest: dict[str, set[BalanceFact]] = field(default_factory=dict)
    _read: AccountFact | None = None

    def join(self, fact: BalanceFact) -> bool:
        """True if it was news."""
        known = self._newest.setdefault(fact.asset, set())
        newest_ms = max((row.time_ms for row in known), default=fact.time_ms)
        if fact.time_ms < newest_ms or fact in known:
            return False
        if fact.time_ms > newest_ms:
            known.clear()
        known.add(fact)
        return True

    def join_read(self, fact: AccountFact) -> bool:
        """True if it is the newest read. Of two of the same time the one that sorts last holds."""
        if self._read is not None and fact <= self._read:
            return False
        self._read = fact
        return True

    def view(self, asset: str) -> BalanceView:
        """The asset now; all zero when nothing was ever said of it."""
        read = self._read
        rows = {name: (free, locked) for name, free, locked in read.balances} if read else {}
        pushed = self._newest.get(asset)
        newest_ms = max((row.time_ms for row in pushed), default=-1) if pushed else -1
        last = _last_of(pushed) if pushed else BalanceView(asset, 0, 0, 0)
        if read is None or read.time_ms <= newest_ms:
            return last
        found = rows.get(asset, (0, 0))
        cached = bool(pushed) and read.time_ms <= newest_ms + CACHED_MS and found != (last.free, last.locked)
        return BalanceView(asset, *found, read.time_ms, cached)

    def assets(self) -> tuple[str, ...]:
        read = {name for name, _, _ in self._read.balances} if self._read else set()
        return tuple(sorted(read | set(self._newest)))

    def views(self) -> tuple[BalanceView, ...]:
        return tuple(self.view(asset) for asset in self.assets())


def _last_of(pushed: set[BalanceFact]) -> BalanceView:
    """The push of one millisecond that no other continues."""
    befores = {
        (row.free - row.free_change, row.locked - row.locked_change)
        for row in pushed
        if row.free_change or row.locked_change
    }
    last = sorted(row for row in pushed if (row.free, row.locked) not in befores)
    ends = {(row.free, row.locked) for row in last}
    row = last[-1] if last else max(pushed)
    return BalanceView(row.asset, row.free, row.locked, row.time_ms, len(ends) != 1)
