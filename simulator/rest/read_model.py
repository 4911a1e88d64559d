"""What readers see may be older than what is. These are the handles: the switches set lags, faults set the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..exchange.orders import Order
from ..exchange.switches import Switches

MILLISECOND_NS = 1_000_000


@dataclass(slots=True)
class ReadModel:
    """How far readers lag behind. Everything may be set while the exchange runs.

    `order_lag_ns`: an order younger than this is not found, by id or in lists. `fills_lag_ns`: the same for fills.
    `cache_ns`: GET account and GET openOrders may be answered with what was true up to this long ago.
    `clock_offset_ns` is added to the exchange's time wherever a request is told or measured by it. `hidden` are ids of
    orders that no reader finds.
    """

    order_lag_ns: int = 0
    fills_lag_ns: int = 0
    cache_ns: int = 0
    clock_offset_ns: int = 0
    hidden: set[str] = field(default_factory=set)
    _cache: dict[tuple[str, str, str], tuple[int, object]] = field(default_factory=dict)

    def orders_until_ns(self, switches: Switches, now_ns: int) -> int:
        """Orders made later than this are not seen yet."""
        return now_ns - max(self.order_lag_ns, switches.order_lag_ms * MILLISECOND_NS)

    def fills_until_ns(self, switches: Switches, now_ns: int) -> int:
        """Fills later than this are not seen yet."""
        return now_ns - max(self.fills_lag_ns, switches.fills_lag_ms * MILLISECOND_NS)

    def sees(self, order: Order, switches: Switches, now_ns: int) -> bool:
        """Whether a reader finds the order."""
        return order.created_ns <= self.orders_until_ns(switches, now_ns) and order.order_id not in self.hidden

    def cached(self, name: str, account: str, detail: str, now_ns: int, make: Callable[[], object]) -> object:
        """`make()`, or what it gave for the same question at most `cache_ns` ago."""
        key = (name, account, detail)
        if self.cache_ns:
            found = self._cache.get(key)
            if found is not None and now_ns - found[0] <= self.cache_ns:
                return found[1]
        value = make()
        if self.cache_ns:
            self._cache[key] = (now_ns, value)
        else:
            self._cache.clear()
        return value
