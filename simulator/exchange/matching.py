"""Price-time matching: who trades with whom, at which price, in which order.

The best price comes first, at one price whoever came first. A trade has the price of the order that waited. The tape's
volume waits in the same queues (`book.py`); for the ledger it is the account `market`.
"""

from __future__ import annotations

import sys

from .book import BookSide, Level, Working
from .events import Filled
from .floor import Floor
from .ledger import CANCEL, UNFROZEN
from .listing import Listing
from .orders import STP_CANCEL, Fill, OrderType, Side, Status, StpMode
from .settlement import Settlement


def _trade_id(symbol: str, digits: str, number: int) -> str:
    """The usual form of the id of one account's part in a trade."""
    return f"{digits}X{number}"


class Matching:
    """Orders meet the book here."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self.settlement = Settlement(floor)
        self.trade_ids = _trade_id  # of fills; a fault gives them another form

    # -- an order arrives

    def admit(self, order: Working, listing: Listing) -> None:
        """An accepted order: it freezes, trades what it can, and rests or ends. The account can pay."""
        floor = self._floor
        listing.newest_order_ns = order.created_ns
        opposite = listing.book.side(-order.sign)
        order.is_maker = order.type.rests and not opposite.crosses(order.price_ticks)
        self.settlement.freeze(order, listing)
        floor.accounts[order.account].desk.add(order)
        floor.order_changed(order)
        if self._is_turned_away(order, listing):
            self.end(order, listing, Status.CANCELED)
            return
        self._take(order, listing, opposite)
        if order.status.is_open:
            self._leave_rest(order, listing)

    def _is_turned_away(self, order: Working, listing: Listing) -> bool:
        """Accepted, and cancelled at once: it may only rest but would trade, or only trade wholly but would not."""
        if order.type is OrderType.LIMIT_MAKER:
            return not order.is_maker
        return order.type is OrderType.FILL_OR_KILL and not self.could_fill(order, listing)

    def could_fill(self, order: Working, listing: Listing) -> bool:
        """Whether the book holds enough for the whole order within its price."""
        opposite, wanted = listing.book.side(-order.sign), order.lots
        limit = order.price_ticks * opposite.sign
        for key in reversed(opposite.keys):
            if key < limit or wanted <= 0:
                break
            level = opposite.levels[key * opposite.sign]
            for entry in level.queue or ():
                if entry.order is not None and self._prevented(order, entry.order):
                    if order.stp_mode is not StpMode.CANCEL_MAKER:
                        return wanted <= 0
                else:
                    wanted -= entry.lots
            wanted -= level.total if level.queue is None else 0
        return wanted <= 0

    def would_trade(self, order: Working, listing: Listing) -> bool:
        """Whether the order would trade at once."""
        return listing.book.side(-order.sign).crosses(order.price_ticks)

    def _take(self, order: Working, listing: Listing, opposite: BookSide) -> None:
        """Trade through the other side up to the order's price."""
        limit = order.price_ticks * opposite.sign
        while order.status.is_open and opposite.keys and opposite.keys[-1] >= limit:
            level = opposite.levels[opposite.keys[-1] * opposite.sign]
            before = level.total
            wants_more = self._take_level(order, listing, level)
            opposite.settle(level)
            listing.publish_level(opposite, level, before)
            if not wants_more:
                break

    def _take_level(self, order: Working, listing: Listing, level: Level) -> bool:
        """Trade at one price; False when the order can take no more."""
        allowed = self._allowed_lots(order)
        while level.total and order.status.is_open:
            wanted = min(self._wanted(order, listing, level.price), allowed - order.executed_lots)
            if wanted <= 0:
                return False
            if level.queue is None:
                lots = min(wanted, level.total)
                level.total -= lots
                self.fill(order, None, listing, level.price, lots)
                continue
            entry = level.queue[0]
            if entry.order is not None and self._prevented(order, entry.order):
                self._prevent(order, entry.order, listing, level)
                continue
            lots = min(wanted, entry.lots)
            entry.lots -= lots
            if not entry.lots:
                level.queue.pop(0)
            if entry.order is None:
                level.total -= lots
            else:
                level.reduce(lots)
            self.fill(order, entry.order, listing, level.price, lots)
        return order.status.is_open

    def _allowed_lots(self, order: Working) -> int:
        """Lots after which an order that does not rest is stopped: a fault. All of them otherwise."""
        if self._floor.stop_at_percent and not order.type.rests and order.lots > 1:
            return max(1, order.lots * self._floor.stop_at_percent // 100)
        return sys.maxsize

    def _wanted(self, order: Working, listing: Listing, price: int) -> int:
        """Lots that the order would still take at this price."""
        if order.type is not OrderType.MARKET or order.side is Side.SELL:
            return order.remaining_lots
        if not order.lots:
            most = order.lock_left // price
        else:
            most = min(order.remaining_lots, self.settlement.spendable(order, listing) // price)
        return most - most % listing.rules.lot_step

    def _leave_rest(self, order: Working, listing: Listing) -> None:
        """What was not traded waits in the book, or the order ends."""
        if order.type.rests:
            self.rest(order, listing)
            return
        status = Status.CANCELED
        if order.executed_lots:
            spent = not order.lots and self._is_spent(order, listing)
            filled = spent or self._floor.switches.part_filled == "filled"
            status = Status.FILLED if filled else Status.PARTIALLY_CANCELED
        self.end(order, listing, status)

    @staticmethod
    def rest(order: Working, listing: Listing) -> None:
        """What is left of an order joins the queue at its price."""
        side = listing.book.side(order.sign)
        level = side.join(order, order.remaining_lots)
        order.is_maker = True
        listing.publish(side.sign, level.price, level.total)

    def _is_spent(self, order: Working, listing: Listing) -> bool:
        """Whether what is left of a quote amount buys no lot at the best price."""
        best = listing.book.side(-order.sign).best()
        return best is not None and order.lock_left < best.price * listing.rules.lot_step

    # -- a trade

    def fill(self, taker: Working | None, maker: Working | None, listing: Listing, price: int, lots: int) -> None:
        """One trade; None is the tape. The queue was changed by the caller."""
        floor = self._floor
        taker_sign = taker.sign if taker is not None else -maker.sign if maker is not None else 0
        digits = listing.traded(price, lots, taker_sign)
        mark = len(floor.events)
        buyer, seller = (taker, maker) if taker_sign > 0 else (maker, taker)
        self.settlement.trade(buyer, seller, listing, price, lots)
        own = taker is not None and maker is not None and taker.account == maker.account
        fills = [
            (
                order,
                self._record(
                    order, listing, price, lots, self.trade_ids(listing.name, digits, number), number == 2, own
                ),
            )
            for number, order in ((2, maker), (1, taker))
            if order is not None
        ]
        balances = floor.events[mark:]
        del floor.events[mark:]
        for order, fill in fills:
            self._tell(order, fill, listing)
        floor.events += balances
        for order, _ in fills:
            if order.status is Status.FILLED:
                self.settlement.unfreeze(order, listing, UNFROZEN)

    def _record(
        self, order: Working, listing: Listing, price: int, lots: int, trade_id: str, is_maker: bool, own: bool
    ) -> Fill:
        """Take the fee and write the fill down."""
        atoms, asset = self.settlement.fee(order, listing, price, lots, is_maker=is_maker)
        order.executed_lots += lots
        order.executed_value += price * lots
        fill = Fill(
            *(trade_id, order.order_id, order.client_id, order.account, order.symbol, order.side, price, lots),
            *(price * lots, atoms, asset, is_maker, own, self._floor.now_ns),
        )
        self._floor.accounts[order.account].desk.filled(order, fill, self._floor.config.history)
        return fill

    def _tell(self, order: Working, fill: Fill, listing: Listing) -> None:
        """Status and events of an order that a fill changed."""
        if order.lots:
            done = order.executed_lots >= order.lots
        else:
            done = order.lock_left < fill.price_ticks * listing.rules.lot_step
        if done:
            self._floor.finished(order, Status.FILLED)
        else:
            order.status = Status.PARTIALLY_FILLED
        self._floor.order_changed(order, filled_lots=fill.lots)
        self._floor.events.append(Filled(self._floor.now_ns, fill))

    # -- an order ends

    def end(self, order: Working, listing: Listing, status: Status, reason: str = "") -> None:
        """An order that is not in the book ends; what it froze goes back."""
        order.cancel_reason = reason
        self._floor.finished(order, status)
        self._floor.order_changed(order)
        self.settlement.unfreeze(order, listing, CANCEL if order.type.rests else UNFROZEN)

    def cancel(self, order: Working, listing: Listing, reason: str = "") -> None:
        """Take a waiting order out of the book."""
        side = listing.book.side(order.sign)
        level = side.levels[order.price_ticks]
        before = level.total
        level.leave(order)
        self._end_cancelled(order, listing, reason)
        side.settle(level)
        listing.publish_level(side, level, before)

    def _end_cancelled(self, order: Working, listing: Listing, reason: str) -> None:
        status = Status.PARTIALLY_CANCELED if order.executed_lots else Status.CANCELED
        self.end(order, listing, status, reason)

    # -- orders of one strategy group

    def _prevented(self, taker: Working, maker: Working) -> bool:
        if taker.stp_mode is StpMode.NONE:
            return False
        master = self._floor.accounts[taker.account].master
        return self._floor.groups.prevents(taker.account, maker.account, master)

    def _prevent(self, taker: Working, maker: Working, listing: Listing, level: Level) -> None:
        """Two orders that must not trade: one or both go."""
        if taker.stp_mode in (StpMode.CANCEL_MAKER, StpMode.CANCEL_BOTH):
            level.leave(maker)
            self._end_cancelled(maker, listing, STP_CANCEL)
        if taker.stp_mode in (StpMode.CANCEL_TAKER, StpMode.CANCEL_BOTH):
            self._end_cancelled(taker, listing, STP_CANCEL)
