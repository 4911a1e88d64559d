"""One symbol's book: price levels, and at each a queue in which the tape's volume and orders of accounts wait in turn.

Each side keeps its levels by price and a sorted list of **keys** (price x side), best last, so that both sides read the
same: a higher key is a better price. A level without orders of accounts has no queue: all of it is the tape's.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from .orders import Fill, Order, OrderType, Side, Status, StpMode


class Working:
    """An order while the exchange works on it; `snapshot` gives the frozen one.

    `lock_left` is what is frozen for it still: values (ticks x lots) of a buy, lots of a sell. `lock_price` is the
    price by which a buy by quantity froze.
    """

    __slots__ = (
        *(
            "account",
            "cancel_reason",
            "client_id",
            "created_ns",
            "executed_lots",
            "executed_value",
            "fills",
            "is_maker",
        ),
        *("last_lots", "lock_left", "lock_price", "lots", "order_id", "price_ticks", "quote_value", "sequence", "side"),
        *("is_maker", "sign", "status", "stp_mode", "symbol", "type", "updated_ns"),
    )

    def __init__(
        self, order_id: str, client_id: str, account: str, symbol: str, side: Side, kind: OrderType, now_ns: int
    ) -> None:
        self.order_id, self.client_id, self.account, self.symbol = order_id, client_id, account, symbol
        self.side, self.sign, self.type = side, side.sign, kind
        self.price_ticks = self.lots = self.quote_value = 0
        self.executed_lots = self.executed_value = self.last_lots = 0
        self.lock_left = self.lock_price = self.sequence = 0
        self.status, self.stp_mode, self.cancel_reason, self.is_maker = Status.NEW, StpMode.NONE, "", False
        self.created_ns = self.updated_ns = now_ns
        self.fills: list[Fill] = []

    @property
    def remaining_lots(self) -> int:
        return self.lots - self.executed_lots

    def snapshot(self) -> Order:
        return Order(
            *(self.order_id, self.client_id, self.account, self.symbol, self.side, self.type, self.price_ticks),
            *(self.lots, self.quote_value, self.executed_lots, self.executed_value, self.last_lots, self.status),
            *(self.stp_mode, self.cancel_reason, self.is_maker, self.created_ns, self.updated_ns, self.sequence),
        )


class Entry:
    """A place in a queue: an order of an account, or (`order` None) lots of the tape."""

    __slots__ = ("lots", "order")

    def __init__(self, order: Working | None, lots: int) -> None:
        self.order, self.lots = order, lots


class Level:
    """What waits at one price: `total` lots, `own` of them of accounts. `queue` is None while `own` is 0."""

    __slots__ = ("own", "price", "queue", "total")

    def __init__(self, price: int) -> None:
        self.price, self.total, self.own = price, 0, 0
        self.queue: list[Entry] | None = None

    def grow(self, lots: int) -> None:
        """Lots of the tape join at the back."""
        self.total += lots
        if self.queue is not None:
            if self.queue[-1].order is None:
                self.queue[-1].lots += lots
            else:
                self.queue.append(Entry(None, lots))

    def shrink(self, lots: int) -> None:
        """Lots of the tape leave, those at the back first."""
        self.total -= lots
        if self.queue is None:
            return
        for entry in reversed(self.queue):
            if entry.order is None:
                taken = min(entry.lots, lots)
                entry.lots -= taken
                lots -= taken
                if not lots:
                    break
        assert not lots, "the tape has no more lots here than it stated"
        self.queue = [entry for entry in self.queue if entry.lots]

    def join(self, order: Working, lots: int) -> None:
        """An order waits at the back."""
        if self.queue is None:
            self.queue = [Entry(None, self.total)] if self.total else []
        self.queue.append(Entry(order, lots))
        self.total += lots
        self.own += lots

    def leave(self, order: Working) -> None:
        """An order goes."""
        assert self.queue is not None
        self.give(order, next(entry.lots for entry in self.queue if entry.order is order))

    def give(self, order: Working, lots: int) -> None:
        """An order gives lots out of its turn."""
        assert self.queue is not None
        entry = next(entry for entry in self.queue if entry.order is order)
        entry.lots -= lots
        if not entry.lots:
            self.queue.remove(entry)
        self.reduce(lots)

    def reduce(self, own_lots: int) -> None:
        """Lots of accounts are gone from the queue; without any there is no queue."""
        self.total -= own_lots
        self.own -= own_lots
        if not self.own:
            self.queue = None


class BookSide:
    """The bids (`sign` +1) or the asks (-1)."""

    __slots__ = ("keys", "levels", "own_keys", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.levels: dict[int, Level] = {}
        self.keys: list[int] = []
        self.own_keys: list[int] = []  # of the levels at which accounts wait

    def best(self) -> Level | None:
        return self.levels[self.keys[-1] * self.sign] if self.keys else None

    def level(self, price: int) -> Level:
        """The level at a price, made if there is none."""
        level = self.levels.get(price)
        if level is None:
            level = self.levels[price] = Level(price)
            insort(self.keys, price * self.sign)
        return level

    def drop(self, price: int) -> None:
        """Forget an empty level."""
        del self.levels[price]
        key = price * self.sign
        if self.keys[-1] == key:
            self.keys.pop()
        else:
            del self.keys[bisect_left(self.keys, key)]

    def join(self, order: Working, lots: int) -> Level:
        level = self.level(order.price_ticks)
        if not level.own:
            insort(self.own_keys, order.price_ticks * self.sign)
        level.join(order, lots)
        return level

    def settle(self, level: Level) -> None:
        """Put a level away whose lots or accounts are gone. Call it after each change of `own`."""
        if not level.own:
            self.not_own(level.price)
        if not level.total:
            self.drop(level.price)

    def not_own(self, price: int) -> None:
        """No account waits at this price any more."""
        key = price * self.sign
        at = bisect_left(self.own_keys, key)
        if at < len(self.own_keys) and self.own_keys[at] == key:
            del self.own_keys[at]

    def crosses(self, price: int) -> bool:
        """Whether the best price here is at least as good for the other side as `price`, which the other side bids."""
        return bool(self.keys) and self.keys[-1] >= price * self.sign

    def top(self, limit: int) -> list[tuple[int, int]]:
        """The best `limit` levels: (ticks, lots)."""
        keys = self.keys[-limit:] if limit > 0 else []
        levels, sign = self.levels, self.sign
        return [(key * sign, levels[key * sign].total) for key in reversed(keys)]


class Book:
    """Both sides."""

    __slots__ = ("asks", "bids")

    def __init__(self) -> None:
        self.bids, self.asks = BookSide(1), BookSide(-1)

    def side(self, sign: int) -> BookSide:
        return self.bids if sign > 0 else self.asks

    def is_crossed(self) -> bool:
        """Whether a bid is at or above an ask; never true between events."""
        return bool(self.bids.keys and self.asks.keys) and self.bids.keys[-1] >= -self.asks.keys[-1]
