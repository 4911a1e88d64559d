"""Every account's orders and fills: by id, by client id, open ones apart; old finished ones are forgotten."""

from __future__ import annotations

from collections import deque

from .book import Working
from .orders import Fill


class AccountDesk:
    """What one account placed and traded."""

    __slots__ = ("by_client", "fills", "finished", "open", "orders")

    def __init__(self) -> None:
        self.orders: dict[str, Working] = {}
        self.open: dict[str, Working] = {}
        self.by_client: dict[str, list[Working]] = {}
        self.finished: deque[Working] = deque()
        self.fills: dict[str, list[Fill]] = {}  # by symbol, in order

    def add(self, order: Working) -> None:
        self.orders[order.order_id] = self.open[order.order_id] = order
        if order.client_id:
            self.by_client.setdefault(order.client_id, []).append(order)

    def filled(self, order: Working, fill: Fill, history: int) -> None:
        """A fill more; of a symbol's fills at least the newest `history` are kept."""
        order.fills.append(fill)
        fills = self.fills.setdefault(fill.symbol, [])
        fills.append(fill)
        if len(fills) > 2 * history:
            del fills[:-history]

    def finish(self, order: Working, history: int) -> None:
        """An order is done; of the done ones `history` are kept."""
        self.open.pop(order.order_id, None)
        self.finished.append(order)
        if len(self.finished) > history:
            self.forget(self.finished.popleft())

    def forget(self, order: Working) -> None:
        """An order is not known any more. Its fills are."""
        self.orders.pop(order.order_id, None)
        same = self.by_client.get(order.client_id)
        if same and order in same:
            same.remove(order)
            if not same:
                del self.by_client[order.client_id]

    def find(self, order_id: str = "", client_id: str = "") -> Working | None:
        """By the exchange's id, else the newest with the client's."""
        if order_id:
            return self.orders.get(order_id)
        same = self.by_client.get(client_id) if client_id else None
        return same[-1] if same else None

    def reopen(self, order: Working) -> None:
        """A finished order is open again: an intervention."""
        self.finished = deque(other for other in self.finished if other is not order)
        self.orders[order.order_id] = self.open[order.order_id] = order
        if order.client_id and order not in (same := self.by_client.setdefault(order.client_id, [])):
            same.append(order)
