"""Everything that is known of an account, as the join of all facts: orders, fills, balances, requests.

Any order and any repetition of the same facts gives the same knowledge. Trade ids are remembered for ever: the exchange
repeats fills after minutes or days. Nothing is ever made up: where something is missing, `questions` names it, and the
answer comes as facts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .balances import Balances
from .facts import AccountFact, BalanceFact, Evidence, Fact, FillFact, OrderFact, RequestFact
from .orders import Key, Order, OrderView

#: Name -> what it counts. `docs/mexc.md` has the table.
FACT_COUNTERS: Mapping[str, str] = MappingProxyType(
    {
        "orders": "facts of orders",
        "fills": "fills that were new",
        "fills_repeated": "fills that came again, and counted once",
        "fills_differ": "fills that came again with other values",
        "unknown_code": "statuses, sides and types that no table has",
        "balances": "balances that were newer than what was known",
        "balances_old": "balances that were older, or came again",
        "requests": "pieces of evidence of our own requests",
        "refused": "messages that could not be used, by reason",
    }
)


@dataclass(frozen=True, slots=True)
class Question:
    """What must be asked of the exchange: `order` (its status), `fills` (of an order) or `account` (the balances)."""

    kind: str
    symbol: str = ""
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of one request of ours, by its client id. `order_ids` has more than one if it was taken twice."""

    symbol: str
    client_id: str
    evidence: frozenset[Evidence]
    order_ids: tuple[str, ...]
    not_found: int

    @property
    def outcome(self) -> str:
        """EXISTS, TWICE, ZOMBIE (refused, and yet there), REJECTED, NOT_SENT, UNKNOWN or NOTHING."""
        if len(self.order_ids) > 1:
            return "TWICE"
        if self.order_ids:
            denied = {Evidence.REFUSED, Evidence.NOT_SENT} & self.evidence
            return "ZOMBIE" if denied else "EXISTS"
        if Evidence.REFUSED in self.evidence:
            return "REJECTED"
        if Evidence.NOT_SENT in self.evidence:
            return "NOT_SENT"
        return "UNKNOWN" if {Evidence.SENT, Evidence.UNKNOWN, Evidence.MISMATCH} & self.evidence else "NOTHING"


@dataclass(slots=True)
class Knowledge:
    """Apply facts; look at views. See the module's text for the laws."""

    counters: Counter[str] = field(default_factory=Counter)
    balances: Balances = field(default_factory=Balances)
    _orders: dict[Key, Order] = field(default_factory=dict)
    _clients: dict[Key, set[str]] = field(default_factory=dict)
    _requests: dict[Key, set[RequestFact]] = field(default_factory=dict)
    _trades: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)

    def apply(self, fact: Fact) -> None:
        if isinstance(fact, OrderFact):
            self._apply_order(fact)
        elif isinstance(fact, FillFact):
            self._apply_fill(fact)
        elif isinstance(fact, BalanceFact):
            self.counters["balances" if self.balances.join(fact) else "balances_old"] += 1
        elif isinstance(fact, AccountFact):
            self.counters["balances" if self.balances.join_read(fact) else "balances_old"] += 1
        else:
            self.counters["requests"] += 1
            self._requests.setdefault((fact.symbol, fact.client_id), set()).add(fact)

    def refuse(self, reason: str) -> None:
        """Count a message that could not be used."""
        self.counters["refused"] += 1
        self.counters[f"refused:{reason}"] += 1

    def _apply_order(self, fact: OrderFact) -> None:
        self.counters["orders"] += 1
        if fact.unknown:
            self.counters["unknown_code"] += 1
        self._order(fact.symbol, fact.order_id, fact.client_id).join(fact)

    def _apply_fill(self, fact: FillFact) -> None:
        order = self._order(fact.symbol, fact.order_id, fact.client_id)
        before = len(order.fills)
        agrees = order.join_fill(fact)
        self.counters["fills" if len(order.fills) > before else "fills_repeated"] += 1
        owners = self._trades.setdefault((fact.symbol, fact.trade_id, fact.side), set())
        owners.add(fact.order_id)
        if not agrees or len(owners) > 1:
            self.counters["fills_differ"] += 1

    def _order(self, symbol: str, order_id: str, client_id: str) -> Order:
        if client_id:
            self._clients.setdefault((symbol, client_id), set()).add(order_id)
        return self._orders.setdefault((symbol, order_id), Order(symbol, order_id))

    def order(self, symbol: str, order_id: str) -> OrderView | None:
        found = self._orders.get((symbol, order_id))
        return found.view() if found else None

    def knows_fill(self, fact: FillFact) -> bool:
        """Whether this fill was told before."""
        return bool(self._trades.get((fact.symbol, fact.trade_id, fact.side)))

    def orders(self) -> tuple[OrderView, ...]:
        """Every order that is known, by symbol and id."""
        return tuple(self._orders[key].view() for key in sorted(self._orders))

    def live(self) -> tuple[OrderView, ...]:
        """Orders that may still be filled: none that is terminal."""
        return tuple(view for view in self.orders() if not view.done)

    def fills(self) -> tuple[FillFact, ...]:
        """Every fill, once, by time and id. A trade that was said of two orders is that of the first by id."""
        found = [
            self._orders[symbol, min(owners)].fills[trade_id, side]
            for (symbol, trade_id, side), owners in self._trades.items()
        ]
        return tuple(sorted(found, key=lambda fill: (fill.time_ms, fill)))

    def anomalies(self) -> tuple[str, ...]:
        """What cannot be, and yet was said. Each is a reason to stop and look; nothing is corrected silently."""
        found = [f"order {view.order_id}: {view.conflict}" for view in self.orders() if view.conflict]
        found += [
            f"request {request.client_id}: {request.outcome.lower()}"
            for request in self.requests()
            if request.outcome in ("TWICE", "ZOMBIE")
        ]
        ids = Counter(order_id for _, order_id in self._orders)
        found += [f"order {order_id}: of two symbols" for order_id, count in sorted(ids.items()) if count > 1]
        found += [f"trade {key[1]}: of two orders" for key, owners in sorted(self._trades.items()) if len(owners) > 1]
        return tuple(found)

    def request(self, symbol: str, client_id: str) -> Request:
        facts = self._requests.get((symbol, client_id), set())
        ids = tuple(sorted(self._clients.get((symbol, client_id), ())))
        not_found = sum(fact.evidence is Evidence.NOT_FOUND for fact in facts)
        return Request(symbol, client_id, frozenset(fact.evidence for fact in facts), ids, not_found)

    def requests(self) -> tuple[Request, ...]:
        return tuple(self.request(*key) for key in sorted(set(self._requests) | set(self._clients)))

    def questions(self) -> tuple[Question, ...]:
        """What is missing for the picture to be whole."""
        found = [Question(view.question, view.symbol, view.order_id) for view in self.orders() if view.question]
        if any(view.ambiguous for view in self.balances.views()):
            found.append(Question("account"))
        return tuple(found)

    def doubts(self) -> tuple[Request, ...]:
        """Requests whose outcome is not known."""
        return tuple(request for request in self.requests() if request.outcome == "UNKNOWN")

    def digest(self) -> tuple[object, ...]:
        """The whole state as plain values: equal for equal facts."""
        return (self.orders(), self.fills(), self.balances.views(), self.requests())
