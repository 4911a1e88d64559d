"""How many requests may be sent, and when: never more than a part of what the exchange allows.

Sans-I/O: every method is given `now_ns` of a monotonic clock. Four classes share each budget, in this order: cancel,
reconcile, order, rest. A class may spend its own share and those of the classes after it, so the share of cancels is
never spent on orders, and a cancel may take anything that is left.

Spending is remembered request by request and forgotten after the window, so no window of that length, wherever it
begins, ever holds more than the budget.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from .endpoints import Endpoint, Pool, Share

SECOND_NS = 1_000_000_000
_LONGEST_BAN_NS = 3 * 24 * 3600 * SECOND_NS
#: Per cent of each budget, by class.
_WEIGHT_SHARES = {Share.CANCEL: 30, Share.RECONCILE: 20, Share.ORDER: 40, Share.REST: 10}
#: Order requests are spent by cancels and orders only.
_ORDER_SHARES = {Share.CANCEL: 30, Share.RECONCILE: 0, Share.ORDER: 70, Share.REST: 0}
_ONE_CLASS = {Share.CANCEL: 0, Share.RECONCILE: 0, Share.ORDER: 0, Share.REST: 100}


@dataclass(frozen=True, slots=True)
class Limits:
    """What the exchange allows, and how much of that is used. The defaults are the lowest published figures."""

    ip_weight: int = 300
    uid_weight: int = 300
    window_ns: int = 10 * SECOND_NS
    orders_per_s: int = 12
    requests_per_s: int = 20
    percent: int = 60
    shares: Mapping[Share, int] = field(default_factory=lambda: dict(_WEIGHT_SHARES))
    wait_429_ns: int = 10 * SECOND_NS
    wait_418_ns: int = 120 * SECOND_NS
    wait_403_ns: int = 60 * SECOND_NS

    def __post_init__(self) -> None:
        assert sum(self.shares.values()) == 100, self.shares
        assert 0 < self.percent <= 100, self.percent

    @staticmethod
    def for_reading() -> Limits:
        """For a process that only reads public data: it leaves nothing for cancels, because it has no orders."""
        return Limits(shares={Share.CANCEL: 0, Share.RECONCILE: 0, Share.ORDER: 0, Share.REST: 100})


class _Bucket:
    """Spending of a sliding window, with a greatest sum for each class and those after it."""

    def __init__(self, size: int, window_ns: int, shares: Mapping[Share, int]) -> None:
        self.window_ns = window_ns
        self._size = size
        self._shares = shares
        self._spent: deque[tuple[int, int, Share]] = deque()

    def most(self, share: Share, percent: int) -> int:
        """The greatest sum that `share` and the classes after it may spend in one window. At least 1 where any is."""
        part = sum(value for other, value in self._shares.items() if other.value >= share.value)
        most = self._size * percent * part // 10_000
        return max(most, 1) if part else 0

    def forget(self, now_ns: int) -> None:
        while self._spent and self._spent[0][0] <= now_ns - self.window_ns:
            self._spent.popleft()

    def used(self) -> int:
        return sum(weight for _, weight, _ in self._spent)

    def wait_ns(self, weight: int, share: Share, percent: int, now_ns: int) -> int | None:
        """0 if `weight` fits now, else how long until it can; None if it never does."""
        self.forget(now_ns)
        waits = [self._wait(weight, most, percent, now_ns) for most in Share if most.value <= share.value]
        return None if None in waits else max(wait for wait in waits if wait is not None)

    def _wait(self, weight: int, share: Share, percent: int, now_ns: int) -> int | None:
        most = self.most(share, percent)
        if weight > most:
            return None
        mine = [(at_ns, spent) for at_ns, spent, by in self._spent if by.value >= share.value]
        over, wait_ns = sum(spent for _, spent in mine) + weight - most, 0
        for at_ns, spent in mine:
            if over <= 0:
                break
            over, wait_ns = over - spent, at_ns + self.window_ns - now_ns
        return wait_ns

    def spend(self, weight: int, share: Share, now_ns: int) -> None:
        self._spent.append((now_ns, weight, share))


@dataclass(frozen=True, slots=True)
class Use:
    """What of a budget is used in the window that ends now. `most` is what all classes together may spend."""

    name: str
    used: int
    most: int


class Budget:
    """The requests of one process: weight by address and by account, order requests, and each endpoint's own limit."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.percent = self.limits.percent
        self.counters: Counter[str] = Counter()
        self._closed_until_ns: int | None = None
        self._shrunk_ns: int | None = None
        window, shares = self.limits.window_ns, self.limits.shares
        self._pools = {
            Pool.IP: _Bucket(self.limits.ip_weight, window, shares),
            Pool.UID: _Bucket(self.limits.uid_weight, window, shares),
        }
        self._orders = _Bucket(self.limits.orders_per_s, SECOND_NS, _ORDER_SHARES)
        self._endpoints: dict[str, _Bucket] = {}

    def ask(self, endpoint: Endpoint, now_ns: int, share: Share | None = None) -> int | None:
        """0 when the request may leave now, and then it is spent. Else ns until asking again; None if it never fits."""
        closed_ns = self.closed_ns(now_ns)
        if closed_ns:
            self.counters["closed"] += 1
            return closed_ns
        by = endpoint.share if share is None else share
        charges = self._charges(endpoint)
        waits = [bucket.wait_ns(weight, by, self.percent, now_ns) for bucket, weight in charges]
        wait_ns = None if None in waits else max(wait for wait in waits if wait is not None)
        if wait_ns == 0:
            for bucket, weight in charges:
                bucket.spend(weight, by, now_ns)
        self.counters["granted" if wait_ns == 0 else "held"] += 1
        return wait_ns

    def _charges(self, endpoint: Endpoint) -> list[tuple[_Bucket, int]]:
        charges = [(self._pools[pool], endpoint.weight) for pool in endpoint.pools]
        if endpoint.orders:
            charges.append((self._orders, 1))
        if endpoint.name not in self._endpoints:
            size = endpoint.per_second or self.limits.requests_per_s
            self._endpoints[endpoint.name] = _Bucket(size, SECOND_NS, _ONE_CLASS)
        return [*charges, (self._endpoints[endpoint.name], 1)]

    def answered(self, status: int, retry_after: str | None, now_ns: int) -> int:
        """Obey the status of an answer. Returns for how many ns nothing may be sent; 0 for ordinary answers.

        `retry_after`: the header's text, whole seconds. Without it, or with nonsense in it, the default wait holds.
        """
        defaults = {429: self.limits.wait_429_ns, 418: self.limits.wait_418_ns, 403: self.limits.wait_403_ns}
        if status not in defaults:
            return 0
        self.counters[f"status_{status}"] += 1
        wait_ns = _seconds_ns(retry_after) or defaults[status]
        self._closed_until_ns = max(self._closed_until_ns or now_ns, now_ns + wait_ns)
        if status != 403:
            self._shrink(now_ns)
        return wait_ns

    def _shrink(self, now_ns: int) -> None:
        """Use 30 % less from now on. Several refusals of one burst count once: they tell the same thing."""
        if self._shrunk_ns is None or now_ns - self._shrunk_ns >= self.limits.window_ns:
            self.percent = max(self.percent * 70 // 100, 1)
            self._shrunk_ns = now_ns
            self.counters["shrunk"] += 1

    def closed_ns(self, now_ns: int) -> int:
        """For how long nothing at all may be sent, because the exchange said so."""
        return max(0, (self._closed_until_ns or now_ns) - now_ns)

    def use(self, now_ns: int) -> tuple[Use, ...]:
        """What is used of each budget now."""
        named = {"ip": self._pools[Pool.IP], "uid": self._pools[Pool.UID], "orders": self._orders}
        found = []
        for name, bucket in named.items():
            bucket.forget(now_ns)
            found.append(Use(name, bucket.used(), bucket.most(Share.CANCEL, self.percent)))
        return tuple(found)

    def pull_quotes(self, now_ns: int) -> bool:
        """Whether so much is used (80 %) that resting orders should be taken back while that is still possible."""
        return any(10 * row.used >= 8 * row.most for row in self.use(now_ns))


def _seconds_ns(text: str | None) -> int:
    """Whole seconds as ns, at most the longest ban; 0 for anything else."""
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 12):
        return 0
    return min(int(digits) * SECOND_NS, _LONGEST_BAN_NS)
