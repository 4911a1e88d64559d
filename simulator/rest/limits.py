"""How many calls an address and an account may make, and what happens to those who do not listen.

Weights are counted over a sliding window. A call over the limit is not done and not counted; it gets 429. Whoever goes
on calling while told to wait is banned by address: 418, for 2 minutes, then twice as long each time, up to 3 days.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from ..exchange.switches import Switches
from .errors import ApiError

SECOND_NS = 10**9
WINDOW_NS = 10 * SECOND_NS


@dataclass(frozen=True, slots=True)
class LimitRules:
    """The figures. `percent` scales all counts; `enabled` turns the limits off, for load tests.

    A ban comes after `ignored` calls over a limit within its own window; it is forgotten `forget_s` after its end.
    """

    enabled: bool = True
    percent: int = 100
    address_weight: int = 300
    account_weight: int = 500
    endpoint_weight: int = 500
    orders: int = 12
    batches: int = 2
    accounts: int = 2
    ignored: int = 20
    ban_first_s: int = 120
    ban_most_s: int = 3 * 86_400
    forget_s: int = 86_400

    def scaled(self, count: int) -> int:
        return max(1, count * self.percent // 100)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call costs: its weights by the newer and the older rule, and the pools of calls a second it is in.

    `pools` are of "order", "batch" and "account".
    """

    newer: int = 1
    older: int = 1
    pools: tuple[str, ...] = ()


class Window:
    """Weights of the last `span_ns`, as they came."""

    __slots__ = ("_log", "_span_ns", "used")

    def __init__(self, span_ns: int) -> None:
        self._span_ns = span_ns
        self._log: deque[tuple[int, int]] = deque()
        self.used = 0

    def wait_ns(self, weight: int, most: int, now_ns: int) -> int:
        """How long until `weight` more fits under `most`; 0 if it fits now."""
        while self._log and self._log[0][0] <= now_ns - self._span_ns:
            self.used -= self._log.popleft()[1]
        over = self.used + weight - most
        if over <= 0:
            return 0
        for time_ns, freed in self._log:
            over -= freed
            if over <= 0:
                return time_ns + self._span_ns - now_ns
        return self._span_ns

    def add(self, weight: int, now_ns: int) -> None:
        self._log.append((now_ns, weight))
        self.used += weight


@dataclass(slots=True)
class _Offender:
    ignored: Window
    banned_until_ns: int = 0
    bans: int = 0


class Limits:
    """All windows of all addresses and accounts. `rules` may be exchanged while the exchange runs."""

    def __init__(self, rules: LimitRules | None = None) -> None:
        self.rules = rules or LimitRules()
        self._windows: dict[tuple[str, str], Window] = {}
        self._offenders: dict[str, _Offender] = {}

    def check_ban(self, address: str, now_ns: int) -> None:
        """Raises 418 while the address is banned."""
        offender = self._offenders.get(address)
        if offender is not None and now_ns < offender.banned_until_ns:
            raise _refusal(418, offender.banned_until_ns - now_ns, with_header=True)

    def check(self, name: str, cost: Cost, address: str, account: str, switches: Switches, now_ns: int) -> None:
        """Count one call of the endpoint `name`, or raise 429 (418 for who does not listen) and count nothing.

        `account` is "" for calls without a signature: they count on the address, signed ones on the account.
        """
        if not self.rules.enabled:
            return
        windows = list(self._needed(name, cost, address, account, switches))
        wait_ns = max(window.wait_ns(weight, most, now_ns) for window, weight, most in windows)
        if wait_ns:
            self._offend(address, now_ns)
            raise _refusal(429, wait_ns, with_header=switches.retry_after == "present")
        for window, weight, _ in windows:
            if weight:
                window.add(weight, now_ns)

    def ban(self, address: str, for_ns: int, now_ns: int) -> None:
        """Ban an address, by a fault."""
        self._offender(address).banned_until_ns = now_ns + for_ns

    def used(self, name: str, who: str) -> int:
        """Weight that was counted last in the window `name` ("weight", "order", "batch", "account") of `who`."""
        window = self._windows.get((name, who))
        return 0 if window is None else window.used

    def _needed(
        self, name: str, cost: Cost, address: str, account: str, switches: Switches
    ) -> Iterator[tuple[Window, int, int]]:
        rules, who = self.rules, account or address
        if switches.rate_rule == "endpoint":
            yield self._window(name, who, WINDOW_NS), cost.older, rules.scaled(rules.endpoint_weight)
            if "batch" in cost.pools:
                yield self._window("batch", who, SECOND_NS), 1, rules.scaled(rules.batches)
            return
        most = rules.account_weight if account else rules.address_weight
        yield self._window("weight", who, WINDOW_NS), cost.newer, rules.scaled(most)
        counts = {"order": rules.orders, "batch": rules.batches, "account": rules.accounts}
        for pool in cost.pools:
            owner = address if pool == "order" and switches.order_pool == "address" else who
            yield self._window(pool, owner, SECOND_NS), 1, rules.scaled(counts[pool])

    def _window(self, name: str, who: str, span_ns: int) -> Window:
        window = self._windows.get((name, who))
        if window is None:
            window = self._windows[name, who] = Window(span_ns)
        return window

    def _offender(self, address: str) -> _Offender:
        return self._offenders.setdefault(address, _Offender(Window(WINDOW_NS)))

    def _offend(self, address: str, now_ns: int) -> None:
        """Note a call over the limit; ban the address if there were too many."""
        offender, rules = self._offender(address), self.rules
        if offender.ignored.wait_ns(1, rules.ignored, now_ns) == 0:
            offender.ignored.add(1, now_ns)
            return
        if now_ns - offender.banned_until_ns > rules.forget_s * SECOND_NS:
            offender.bans = 0
        seconds = min(rules.ban_first_s << min(offender.bans, 20), rules.ban_most_s)
        offender.banned_until_ns = now_ns + seconds * SECOND_NS
        offender.bans += 1
        offender.ignored = Window(WINDOW_NS)
        raise _refusal(418, seconds * SECOND_NS, with_header=True)


def _refusal(status: int, wait_ns: int, *, with_header: bool) -> ApiError:
    """Code 429 for both: no table has another for who is banned."""
    seconds = -(-wait_ns // SECOND_NS)
    return ApiError(429, "", {"Retry-After": str(seconds)} if with_header else None, status=status)
