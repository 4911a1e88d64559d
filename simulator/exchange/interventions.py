"""Hands on the exchange: what an exchange does now and then, and a client must survive.

Each leaves the ledger balanced: money that a fault makes or takes is minted or withdrawn, so `audit` still proves that
nothing else moved. Where a fault is about silence, the events are left out and the facts are not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from .amounts import parse_amount
from .book import Working
from .config import SymbolSpec
from .events import BookRestarted, Filled, SymbolChanged
from .exchange import Exchange
from .ledger import FEES, MARKET, LedgerError, Part
from .listing import Listing, parse_rate
from .orders import Fill, Order, OrderType, PlaceRequest, Refusal, Side, Status


class Interventions:
    """Everything here happens at the exchange's present time; `exchange.advance` first if it is later."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange, self._floor, self._matching = exchange, exchange.floor, exchange.matching

    # -- symbols

    def change_symbol(self, symbol: str, change: Callable[[SymbolSpec], SymbolSpec]) -> SymbolSpec:
        """New rules for a symbol; gives the old ones, to put back. Its grid of ticks and lots stays as it is."""
        listing = self._exchange.listing(symbol)
        old, new = listing.spec, change(listing.spec)
        assert (old.price_decimals, old.qty_decimals) == (new.price_decimals, new.qty_decimals), "the grid stays"
        listing.set_spec(new)
        self._floor.events.append(SymbolChanged(self._floor.now_ns, symbol))
        return old

    def set_status(self, symbol: str, status: str) -> SymbolSpec:
        """Pause ("2"), take offline ("3") or open ("1") a symbol."""
        return self.change_symbol(symbol, lambda spec: replace(spec, status=status))

    def change_rules(
        self, symbol: str, *, price_digits: int | None = None, qty_digits: int | None = None, min_notional: str = ""
    ) -> SymbolSpec:
        """Other decimals of prices and quantities (at most the grid's, at least 0), another least amount."""

        def change(spec: SymbolSpec) -> SymbolSpec:
            prices = spec.quote_precision if price_digits is None else price_digits
            quantities = spec.base_precision if qty_digits is None else qty_digits
            return replace(
                spec,
                price_digits=min(max(prices, 0), spec.price_decimals),
                qty_digits=min(max(quantities, 0), spec.qty_decimals),
                min_notional=min_notional or spec.min_notional,
                min_notional_market=min_notional or spec.min_notional_market,
            )

        return self.change_symbol(symbol, change)

    def refuse_orders(self, symbol: str, code: int) -> None:
        """Refuse every order of the symbol with a code; 0 ends it."""
        self._exchange.listing(symbol).order_refusal = code

    def refuse_cancels(self, symbol: str, code: int) -> None:
        """Refuse every cancel of the symbol with a code; 0 ends it."""
        self._exchange.listing(symbol).cancel_refusal = code

    def restart_versions(self, symbol: str, version: int) -> None:
        """The next published change has `version`."""
        listing = self._exchange.listing(symbol)
        listing.version = version - 1
        self._floor.events.append(BookRestarted(self._floor.now_ns, symbol, listing.version))

    def show_crossed(self, symbol: str, *, locked: bool = False) -> bool:
        """Publish a bid at the best ask (`locked`) or one tick above it that is not there. False without an ask."""
        listing = self._exchange.listing(symbol)
        best = listing.book.asks.best()
        if best is None:
            return False
        price = best.price + (0 if locked else 1)
        listing.false_levels[1, price] = best.total
        listing.publish(1, price, best.total)
        return True

    def show_true(self, symbol: str) -> None:
        """Take back what `show_crossed` published."""
        listing = self._exchange.listing(symbol)
        for side, price in list(listing.false_levels):
            del listing.false_levels[side, price]
            level = listing.book.side(side).levels.get(price)
            listing.publish(side, price, level.total if level else 0)

    def empty_side(self, symbol: str, sign: int) -> None:
        """The tape's bids (+1) or asks (-1) are gone until `refill_side`; orders of accounts stay."""
        if market := self._exchange.markets.get(symbol):
            market.hide(sign)

    def refill_side(self, symbol: str, sign: int) -> None:
        """The tape's side is as the tape says again."""
        if market := self._exchange.markets.get(symbol):
            market.show(sign)

    # -- accounts

    def restrict(self, account: str, code: int) -> None:
        """Refuse every order of the account with a code; 0 ends it."""
        self._exchange.account(account).restriction = code

    def cap_open_orders(self, account: str, most: int) -> None:
        """How many orders the account may have open."""
        self._exchange.account(account).max_open = most

    def keep_on_cancel_all(self, account: str, orders: int) -> None:
        """The next cancel of all says success and leaves so many orders open."""
        self._exchange.account(account).keep_open = orders

    def set_fees(self, account: str, maker: str | None, taker: str | None) -> None:
        """Rates as fractions; None for the symbols' own. A maker's rate below zero pays the maker."""
        holder = self._exchange.account(account)
        holder.maker_rate = None if maker is None else parse_rate(maker)
        holder.taker_rate = None if taker is None else parse_rate(taker)

    def change_balance(self, account: str, asset: str, amount: str, *, silent: bool = True) -> bool:
        """Add to what is free, or (`-` first) take away. False if there is less."""
        decimals = self._floor.ledger.decimals[asset]
        atoms = parse_amount(amount.lstrip("+-"), decimals, cut=True) * (-1 if amount.startswith("-") else 1)
        try:
            self._floor.ledger.deposit(self._floor.now_ns, account, asset, atoms, silent=silent)
        except LedgerError:
            return False
        return True

    # -- orders

    def place_late(self, account: str, request: PlaceRequest, created_ns: int) -> Order | Refusal:
        """Admit an order now that says it was made at `created_ns`."""
        return self._exchange.place(account, request, self._floor.now_ns, created_ns=created_ns)

    def stop_takers_at(self, percent: int) -> None:
        """MARKET and IOC orders by quantity fill so far and no further; 0 ends it."""
        self._floor.stop_at_percent = percent

    def trade_with(self, account: str, order_id: str, percent: int = 100) -> int:
        """The tape trades with an open order, whatever stands before it: `percent` of what is left, rounded up.

        Gives the lots.
        """
        order = self._exchange.account(account).desk.open.get(order_id)
        if order is None:
            return 0
        listing = self._exchange.listing(order.symbol)
        side = listing.book.side(order.sign)
        level = side.levels[order.price_ticks]
        before, lots = level.total, -(-order.remaining_lots * percent // 100)
        level.give(order, lots)
        self._matching.fill(None, order, listing, level.price, lots)
        side.settle(level)
        listing.publish_level(side, level, before)
        return lots

    def many_fills(self, account: str, symbol: str, side: Side, fills: int) -> int:
        """An order that fills at once, one smallest step at a time. Gives how many fills the account could pay."""
        listing = self._exchange.listing(symbol)
        best = listing.book.side(-side.sign).best()
        price, step = best.price if best else listing.last_ticks, listing.rules.lot_step
        free = self._floor.ledger.balance(account, listing.spec.quote if side is Side.BUY else listing.spec.base)[0]
        each = step * (price * listing.rules.value_atoms if side is Side.BUY else listing.rules.lot_atoms)
        fills = min(fills, free // each) if each else 0
        if not fills:
            return 0
        now_ns = self._floor.now_ns
        order = Working(self._floor.next_order_id(), "", account, symbol, side, OrderType.LIMIT, now_ns)
        order.lots, order.price_ticks, order.lock_price = fills * step, price, price
        order.lock_left = order.lots * price if side is Side.BUY else order.lots
        self._matching.settlement.freeze(order, listing)
        self._exchange.account(account).desk.add(order)
        self._floor.order_changed(order)
        for _ in range(fills):
            self._matching.fill(order, None, listing, price, step)
        return fills

    def wipe_orders(self, account: str | None = None, *, forget: bool = False) -> int:
        """Open orders end without a word, of one account or all; `forget` makes them unknown as well. How many."""
        orders = list(self._open(account))
        for order in orders:
            listing = self._exchange.listing(order.symbol)
            side = listing.book.side(order.sign)
            level = side.levels[order.price_ticks]
            before = level.total
            level.leave(order)
            side.settle(level)
            listing.publish_level(side, level, before)
            self._floor.finished(order, Status.PARTIALLY_CANCELED if order.executed_lots else Status.CANCELED)
            self._matching.settlement.unfreeze(order, listing, silent=True)
            if forget:
                self._exchange.account(order.account).desk.forget(order)
        return len(orders)

    def revive_orders(self, account: str | None = None, most: int = 100) -> int:
        """Cancelled limit orders are open again without a word: the newest that can be paid and cross nothing."""
        names = list(self._floor.accounts) if account is None else [account]
        revived = 0
        for name in names:
            for order in reversed(list(self._exchange.account(name).desk.finished)):
                revived += revived < most and self._revive(order)
        return revived

    def _revive(self, order: Working) -> bool:
        listing = self._exchange.listing(order.symbol)
        if order.status not in (Status.CANCELED, Status.PARTIALLY_CANCELED) or not order.type.rests:
            return False
        order.lock_left = order.remaining_lots * (order.price_ticks if order.side is Side.BUY else 1)
        if self._matching.would_trade(order, listing) or not self._matching.settlement.can_freeze(order, listing):
            order.lock_left = 0
            return False
        self._matching.settlement.freeze(order, listing, silent=True)
        order.status = Status.PARTIALLY_FILLED if order.executed_lots else Status.NEW
        order.cancel_reason = ""
        self._exchange.account(order.account).desk.reopen(order)
        self._matching.rest(order, listing)
        return True

    def _open(self, account: str | None) -> Iterator[Working]:
        for name, holder in self._floor.accounts.items():
            if account in (None, name):
                yield from holder.desk.open.values()

    # -- trades

    def false_fill(self, account: str, order_id: str, lots: int) -> bool:
        """Report a fill of any number of lots, also none or fewer, that did not happen."""
        order = self._exchange.account(account).desk.find(order_id)
        if order is None:
            return False
        listing = self._exchange.listing(order.symbol)
        listing.trades += 1
        price, trade_id = order.price_ticks, f"{listing.wire_number * 1_000_000 + listing.trades}X9"
        fill = Fill(
            *(trade_id, order.order_id, order.client_id, account, order.symbol, order.side, price, lots),
            *(price * lots, 0, listing.spec.quote, True, False, self._floor.now_ns),
        )
        self._floor.events.append(Filled(self._floor.now_ns, fill))
        return True

    def bust_last_trade(self, account: str) -> str:
        """Take the account's last trade back, on both sides and without a word. Its id, "" if that cannot be paid."""
        everything = [fill for fills in self._exchange.account(account).desk.fills.values() for fill in fills]
        last = max(everything, key=lambda fill: (fill.time_ns, fill.trade_id), default=None)
        if last is None:
            return ""
        digits = last.trade_id.partition("X")[0]
        both = [fill for fill in self._fills_of(last.symbol) if fill.trade_id.partition("X")[0] == digits]
        try:
            self._floor.ledger.post(self._floor.now_ns, "ENTRUST", self._reversal(both), silent=True)
        except LedgerError:
            return ""
        for fill in both:
            self._unwrite(fill)
        return last.trade_id

    def _fills_of(self, symbol: str) -> Iterator[Fill]:
        for holder in self._floor.accounts.values():
            yield from holder.desk.fills.get(symbol, ())

    def _reversal(self, both: list[Fill]) -> list[Part]:
        """Everything that the fills of one trade moved, the other way."""
        listing = self._exchange.listing(both[0].symbol)
        names = {fill.side: fill.account for fill in both}
        buyer, seller = names.get(Side.BUY, MARKET), names.get(Side.SELL, MARKET)
        base, quote = self._atoms(both[0], listing)
        spec = listing.spec
        parts = [Part(buyer, spec.base, -base, 0), Part(seller, spec.base, base, 0)]
        parts += [Part(seller, spec.quote, -quote, 0), Part(buyer, spec.quote, quote, 0)]
        for fill in both:
            parts += [
                Part(FEES, fill.fee_asset, -fill.fee_atoms, 0),
                Part(fill.account, fill.fee_asset, fill.fee_atoms, 0),
            ]
        return parts

    @staticmethod
    def _atoms(fill: Fill, listing: Listing) -> tuple[int, int]:
        return fill.lots * listing.rules.lot_atoms, fill.value * listing.rules.value_atoms

    def _unwrite(self, fill: Fill) -> None:
        """The fill is no more. An order that is still open does not get its lots back."""
        desk = self._exchange.account(fill.account).desk
        desk.fills[fill.symbol].remove(fill)
        if order := desk.orders.get(fill.order_id):
            order.fills.remove(fill)
            order.executed_lots -= fill.lots
            order.executed_value -= fill.value
            if order.status.is_open:
                order.lots -= fill.lots
