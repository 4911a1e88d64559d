"""Seeded random traders: accounts that place, take and cancel for ever, to fill a market and to wear out an exchange.

They have no idea of the market. Each acts at random times, on average every `mean_gap_ns`, and does what comes: a
limit order near the best price, a post-only one, a market, IOC or FOK order, a cancel, seldom a cancel of everything.
The same seed does the same on the same exchange.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from ...runtime.market_data.synth.prng import Stream
from .amounts import amount_text
from .exchange import Exchange
from .listing import Listing
from .orders import Order, OrderType, PlaceRequest, Side

NEVER_NS = 2**63 - 1
_BLOCK = 4096
#: A trader with so many open orders cancels before it places.
_MOST_OPEN = 40


class Draws:
    """Whole numbers of a seeded stream, one at a time."""

    def __init__(self, seed: int, name: str) -> None:
        self._stream = Stream(seed, name)
        self._words: list[int] = []

    def below(self, most: int) -> int:
        """0 to `most` - 1."""
        if not self._words:
            self._words = self._stream.words(_BLOCK).tolist()
            self._words.reverse()
        return self._words.pop() % most


class RandomTraders:
    """Traders on all symbols of an exchange. Counts what they did in `placed`, `refused` and `cancelled`."""

    def __init__(self, exchange: Exchange, accounts: Sequence[str], seed: int, mean_gap_ns: int) -> None:
        assert mean_gap_ns > 0, mean_gap_ns
        self._exchange, self._gap, self._names = exchange, mean_gap_ns, tuple(accounts)
        self._draws = Draws(seed, "traders")
        self._symbols = sorted(exchange.specs)
        self._due = [(exchange.now_ns + self._wait(), number) for number in range(len(self._names))]
        heapq.heapify(self._due)
        self.placed = self.refused = self.cancelled = 0

    @property
    def number(self) -> int:
        """How many traders."""
        return len(self._names)

    def next_ns(self) -> int:
        """When the next one acts."""
        return self._due[0][0] if self._due else NEVER_NS

    def play(self, until_ns: int) -> None:
        """Everything that they do up to and at `until_ns`."""
        while self._due and self._due[0][0] <= until_ns:
            at, number = self._due[0]
            self._act(self._names[number], at)
            heapq.heapreplace(self._due, (at + self._wait(), number))

    def _wait(self) -> int:
        return 1 + self._draws.below(2 * self._gap)

    def _act(self, account: str, now_ns: int) -> None:
        self._exchange.advance(now_ns)
        listing = self._exchange.listing(self._symbols[self._draws.below(len(self._symbols))])
        what = self._draws.below(100)
        open_orders = self._exchange.account(account).desk.open
        if what < 1:
            self.cancelled += len(self._exchange.cancel_all(account, now_ns))
        elif (what < 30 and open_orders) or len(open_orders) >= _MOST_OPEN:
            self._cancel_one(account, now_ns)
        elif request := self._request(listing, what):
            answer = self._exchange.place(account, request, now_ns)
            self.placed += isinstance(answer, Order)
            self.refused += not isinstance(answer, Order)

    def _cancel_one(self, account: str, now_ns: int) -> None:
        orders = list(self._exchange.account(account).desk.open.values())
        order = orders[self._draws.below(len(orders))]
        self._exchange.cancel(account, order.symbol, now_ns, order_id=order.order_id)
        self.cancelled += 1

    def _request(self, listing: Listing, what: int) -> PlaceRequest | None:
        """What to place, by the number drawn; None while a side of the book is empty."""
        bid, ask = listing.book.bids.best(), listing.book.asks.best()
        if bid is None or ask is None:
            return None
        side = (Side.BUY, Side.SELL)[self._draws.below(2)]
        spec = listing.spec
        lots = self._lots(listing, bid.price)
        if what >= 92:
            if side is Side.BUY and what >= 96:
                quote = amount_text(lots * ask.price, spec.value_decimals)
                return PlaceRequest(spec.name, side, OrderType.MARKET, quote_order_qty=quote)
            return PlaceRequest(spec.name, side, OrderType.MARKET, amount_text(lots, spec.qty_decimals))
        kind = OrderType.LIMIT
        if what >= 85:
            kind = OrderType.IMMEDIATE_OR_CANCEL if what < 89 else OrderType.FILL_OR_KILL
        elif what >= 70:
            kind = OrderType.LIMIT_MAKER
        price = self._price(side, kind, bid.price, ask.price, listing.rules.tick_step)
        mode = ("", "", "", "cancel_maker", "cancel_taker", "cancel_both")[self._draws.below(6)]
        return PlaceRequest(
            *(spec.name, side, kind, amount_text(lots, spec.qty_decimals), amount_text(price, spec.price_decimals)),
            stp_mode=mode,
        )

    def _lots(self, listing: Listing, price: int) -> int:
        """From a bit more than the least amount to some twenty times as much."""
        rules = listing.rules
        least = max(rules.min_lots, -(-rules.min_value * 2 // price), rules.lot_step)
        lots = least + self._draws.below(20 * least)
        return lots - lots % rules.lot_step + rules.lot_step

    def _price(self, side: Side, kind: OrderType, bid: int, ask: int, step: int) -> int:
        """Near the best price: mostly behind it, sometimes beyond; of a taker at the other side or a little deeper."""
        span = 1 + bid // 5000
        away = self._draws.below(span) * self._draws.below(span) // span
        if kind in (OrderType.IMMEDIATE_OR_CANCEL, OrderType.FILL_OR_KILL):
            price = ask + away // 4 if side is Side.BUY else bid - away // 4
        else:
            away -= span // 20
            price = bid - away if side is Side.BUY else ask + away
        return max(step, price - price % step)
