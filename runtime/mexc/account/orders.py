"""An order as the join of all facts of it: the greatest rank, the greatest total, and every fill once.

Joining is commutative, associative and idempotent, so facts may come late, twice and in any order. Where two facts
contradict each other in what cannot change (side, type, price, quantity), both are kept and the order is in `conflict`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .enums import STATUS_RANKS, Rank
from .facts import FillFact, OrderFact

Key = tuple[str, str]
#: A read may be answered from a cache: only so long after its end does it prove that an order is open again.
REVIVED_AFTER_MS = 10_000
_NEVER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as it is known now. `executed` is the greatest total, `filled` the sum of the fills that are known.

    `question` names what must be asked of the exchange for the picture to be whole: `order`, `fills` or nothing.
    """

    symbol: str
    order_id: str
    client_id: str
    side: str
    type: str
    price: int
    qty: int
    status: str
    rank: Rank
    executed: int
    filled: int
    updated_ms: int
    conflict: str
    unknown: tuple[str, ...]
    question: str

    @property
    def done(self) -> bool:
        return self.rank is Rank.DONE

    @property
    def settled(self) -> bool:
        """Terminal, and every fill of the total is known. Until then its exposure must be held."""
        return self.done and self.filled == self.executed and not self.conflict

    @property
    def open_qty(self) -> int:
        """What may still be filled; 0 for a terminal order."""
        return 0 if self.done else max(self.qty - self.executed, 0)


@dataclass(slots=True)
class Order:
    """Everything that was said of one order."""

    symbol: str
    order_id: str
    client_ids: set[str] = field(default_factory=set)
    sides: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    prices: set[int] = field(default_factory=set)
    qtys: set[int] = field(default_factory=set)
    statuses: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    total: int = 0
    quote: int = 0
    updated_ms: int = 0
    unknown_ms: int = -1
    status_ms: int = -1
    ended_ms: int = _NEVER  # the earliest time at which it was said to be over
    open_ms: int = 0  # the latest read that showed it open
    fills: dict[tuple[str, str], FillFact] = field(default_factory=dict)
    differing: set[str] = field(default_factory=set)

    def join(self, fact: OrderFact) -> None:
        for values, text in ((self.client_ids, fact.client_id), (self.sides, fact.side), (self.types, fact.type)):
            values.update({text} - {""})
        for amounts, amount in ((self.prices, fact.price), (self.qtys, fact.qty)):
            amounts.update({amount} - {0})
        self.statuses.update({fact.status} - {""})
        if fact.unknown:
            self.unknown.add(fact.unknown)
            self.unknown_ms = max(self.unknown_ms, fact.time_ms)
        if fact.status:
            self.status_ms = max(self.status_ms, fact.time_ms)
            if STATUS_RANKS[fact.status] is Rank.DONE:
                self.ended_ms = min(self.ended_ms, fact.time_ms)
            else:
                self.open_ms = max(self.open_ms, fact.read_ms)
        self.total = max(self.total, fact.executed)
        self.quote = max(self.quote, fact.quote)
        self.updated_ms = max(self.updated_ms, fact.time_ms)

    def join_fill(self, fact: FillFact) -> bool:
        """Take a fill once. False if it says other amounts than before; the greater ones stay, so no total falls."""
        key = (fact.trade_id, fact.side)
        before = self.fills.get(key)
        if fact.client_id:
            self.client_ids.add(fact.client_id)
        self.sides.add(fact.side)
        self.updated_ms = max(self.updated_ms, fact.time_ms)
        self.fills[key] = fact if before is None else joined_fill(before, fact)
        agrees = before is None or same_fill(before, fact)
        if not agrees:
            self.differing.add(fact.trade_id)
        return agrees

    def filled(self) -> int:
        return sum(fill.qty for fill in self.fills.values())

    def view(self) -> OrderView:
        filled = self.filled()
        executed = max(self.total, filled)
        rank = max((STATUS_RANKS[status] for status in self.statuses), default=Rank.KNOWN)
        if rank < Rank.PARTIAL and executed:
            rank = Rank.PARTIAL
        qty = min(self.qtys, default=0)
        return OrderView(
            self.symbol,
            self.order_id,
            min(self.client_ids, default=""),
            min(self.sides, default=""),
            min(self.types, default=""),
            min(self.prices, default=0),
            qty,
            self._status(rank, executed),
            rank,
            executed,
            filled,
            self.updated_ms,
            self._conflict(executed, qty),
            tuple(sorted(self.unknown)),
            self._question(rank, executed, filled, qty),
        )

    def _question(self, rank: Rank, executed: int, filled: int, qty: int) -> str:
        """What must be asked of the exchange: `order`, `fills` or nothing."""
        unclear = not self.statuses or self.unknown_ms > self.status_ms or self.statuses == {"PENDING"}
        if rank is not Rank.DONE and (unclear or (qty and executed >= qty)):
            return "order"
        return "fills" if executed > filled else ""

    def _status(self, rank: Rank, executed: int) -> str:
        """The status with this rank; of several terminal ones the one that fits what was executed."""
        named = sorted(status for status in self.statuses if STATUS_RANKS[status] is rank)
        if len(named) == 1:
            return named[0]
        if not named:
            return "PARTIALLY_FILLED" if rank is Rank.PARTIAL else ""
        if rank is Rank.DONE and set(named) <= {"CANCELED", "PARTIALLY_CANCELED"}:
            return "PARTIALLY_CANCELED" if executed else "CANCELED"
        return named[0]

    def _conflict(self, executed: int, qty: int) -> str:
        """What was said of the order that cannot all be true, `""` if nothing."""
        market = "MARKET" in self.types
        checked = {"client id": self.client_ids, "side": self.sides, "type": self.types}
        found = [name for name, values in checked.items() if len(values) > 1]
        if not market:
            amounts = {"price": self.prices, "quantity": self.qtys}
            found += [name for name, values in amounts.items() if len(values) > 1]
            if qty and executed > qty:
                found.append("overfill")
        if "FILLED" in self.statuses and self.statuses & {"CANCELED", "PARTIALLY_CANCELED"}:
            found.append("status")
        if self.differing:
            found.append("fill")
        if self.open_ms > self.ended_ms + REVIVED_AFTER_MS:
            found.append("open again after its end")
        return ", ".join(found)


def same_fill(one: FillFact, other: FillFact) -> bool:
    """Whether two facts of one trade id agree. What one of them does not say is no difference."""
    pairs = [(one.price, other.price), (one.qty, other.qty), (one.quote, other.quote), (one.fee, other.fee)]
    texts = [(one.fee_asset, other.fee_asset), (one.client_id, other.client_id)]
    return all(a == b for a, b in pairs if a and b) and all(a == b for a, b in texts if a and b)


def joined_fill(one: FillFact, other: FillFact) -> FillFact:
    """Field by field what is said; of two different values the greater one."""
    return FillFact(
        one.symbol,
        one.trade_id,
        one.side,
        one.order_id,
        max(one.client_id, other.client_id),
        max(one.price, other.price),
        max(one.qty, other.qty),
        max(one.quote, other.quote),
        max(one.fee, other.fee, key=lambda fee: (fee != 0, fee)),
        max(one.fee_asset, other.fee_asset),
        max(one.time_ms, other.time_ms),
    )
