"""The exchange without sockets: requests in, events out, and time as an argument.

    exchange = Exchange(config, seed=1, now_ns=0)
    exchange.add_tape("BTCUSDC", tape)
    answer = exchange.place("ann", PlaceRequest("BTCUSDC", "BUY", "LIMIT", "0.01", "40000"), now_ns)
    exchange.advance(now_ns)
    for event in exchange.take_events(): ...

The same config, seed, tapes and calls give the same events, byte for byte. Calls that take `now_ns` first play the
market up to then, so an order meets the book of its own time.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heapreplace

from .audit import Audit, audit
from .book import Working
from .checks import Checks
from .config import AccountSpec, ExchangeConfig, SymbolSpec
from .events import Event
from .floor import Account, Floor
from .ledger import Ledger
from .listing import Listing
from .market import LOOP, NEVER_NS, TapeMarket
from .matching import Matching
from .orders import Cancelled, Fill, Order, PlaceRequest, Refusal
from .refusals import refusal
from .stp import StrategyGroups
from .switches import Switches
from .tape import Tape


class Exchange:
    """Accounts, symbols, books and the ledger. Unknown account names are a KeyError: check `has_account` first."""

    def __init__(self, config: ExchangeConfig, seed: int, now_ns: int) -> None:
        self.floor = Floor(config, seed, now_ns)
        self.matching = Matching(self.floor)
        self.markets: dict[str, TapeMarket] = {}
        self._checks = Checks(self.floor, self.matching)

    # -- the market and time

    @property
    def now_ns(self) -> int:
        """The exchange's clock, as of the last call."""
        return self.floor.now_ns

    @property
    def events(self) -> list[Event]:
        """What happened since the last `take_events`."""
        return self.floor.events

    def take_events(self) -> list[Event]:
        """What happened since the last call, in order."""
        taken = self.floor.events[:]
        self.floor.events.clear()
        return taken

    def add_tape(self, symbol: str, tape: Tape, *, start_ns: int | None = None, end: str = LOOP) -> None:
        """Let `tape` make a symbol's market from `start_ns` (now) on; at its end it loops, or holds its last book."""
        start = self.floor.now_ns if start_ns is None else start_ns
        self.markets[symbol] = TapeMarket(tape, self.listing(symbol), self.matching, self.floor.clock, start, end)

    def advance(self, now_ns: int) -> None:
        """Play all markets up to and at `now_ns`. What comes first in time happens first, whatever its symbol."""
        floor, markets = self.floor, list(self.markets.values())
        if len(markets) == 1:
            markets[0].play(now_ns)
        elif markets:
            agenda = [(market.next_ns(), number) for number, market in enumerate(markets)]
            heapify(agenda)
            while agenda[0][0] <= now_ns:
                at, number = agenda[0]
                markets[number].play(at)
                heapreplace(agenda, (markets[number].next_ns(), number))
        floor.set_time(now_ns)

    def next_ns(self) -> int:
        """When a tape's next row happens; NEVER_NS without any."""
        return min((market.next_ns() for market in self.markets.values()), default=NEVER_NS)

    # -- orders

    def place(
        self, account: str, request: PlaceRequest, now_ns: int, *, created_ns: int | None = None
    ) -> Order | Refusal:
        """Place an order: as it was accepted (NEW, before it traded), or the exchange's refusal.

        `created_ns` is what the order says of its creation, now unless given.
        """
        self.advance(now_ns)
        holder = self.floor.accounts[account]
        order = self._checks.order(holder, request, self.floor.next_order_id)
        if isinstance(order, Refusal):
            return order
        if created_ns is not None:
            order.created_ns = created_ns
        accepted = order.snapshot()
        self.matching.admit(order, self.listing(request.symbol))
        return accepted

    def test(self, account: str, request: PlaceRequest, now_ns: int) -> Refusal | None:
        """All checks of `place`, and no order."""
        self.advance(now_ns)
        order = self._checks.order(self.floor.accounts[account], request, lambda: "")
        return order if isinstance(order, Refusal) else None

    def cancel(
        self, account: str, symbol: str, now_ns: int, *, order_id: str = "", client_id: str = ""
    ) -> Cancelled | Refusal:
        """Cancel by either id. -2011 for an order that is not open or not of this symbol."""
        self.advance(now_ns)
        order = self.floor.accounts[account].desk.find(order_id, client_id)
        if order is None or order.symbol != symbol or not order.status.is_open:
            return refusal(-2011)
        if code := self.listing(symbol).cancel_refusal:
            return refusal(code)
        return self._cancel(order)

    def cancel_all(self, account: str, now_ns: int, symbols: Iterable[str] | None = None) -> list[Cancelled]:
        """Cancel every open order of the account, or of these symbols."""
        self.advance(now_ns)
        holder = self.floor.accounts[account]
        chosen = None if symbols is None else set(symbols)
        orders = [order for order in holder.desk.open.values() if chosen is None or order.symbol in chosen]
        if holder.keep_open and orders:
            orders, holder.keep_open = orders[: -holder.keep_open], 0
        return [self._cancel(order) for order in orders if not self.listing(order.symbol).cancel_refusal]

    def _cancel(self, order: Working) -> Cancelled:
        before = order.snapshot()
        self.matching.cancel(order, self.listing(order.symbol))
        return Cancelled(before, order.snapshot())

    # -- looking

    def order(self, account: str, *, order_id: str = "", client_id: str = "") -> Order | None:
        """One order, by the exchange's id or the newest with the client's."""
        found = self.floor.accounts[account].desk.find(order_id, client_id)
        return None if found is None else found.snapshot()

    def open_orders(self, account: str, symbol: str | None = None) -> list[Order]:
        """Open orders, oldest first."""
        found = self.floor.accounts[account].desk.open.values()
        return [order.snapshot() for order in found if symbol in (None, order.symbol)]

    def all_orders(self, account: str, symbol: str | None = None) -> list[Order]:
        """All orders that are kept, in the order in which they were placed."""
        found = self.floor.accounts[account].desk.orders.values()
        return [order.snapshot() for order in found if symbol in (None, order.symbol)]

    def fills(self, account: str, symbol: str) -> list[Fill]:
        """The account's fills in a symbol, in order."""
        return list(self.floor.accounts[account].desk.fills.get(symbol, ()))

    def balances(self, account: str) -> dict[str, tuple[int, int]]:
        """Asset -> (free, locked) atoms."""
        return self.ledger.balances(account)

    def depth(self, symbol: str, limit: int) -> tuple[int, list[tuple[int, int]], list[tuple[int, int]]]:
        """(version, bids, asks): the best levels as (ticks, lots), best first."""
        listing = self.listing(symbol)
        return listing.version, listing.shown(1, limit), listing.shown(-1, limit)

    def last_ticks(self, symbol: str) -> int:
        """Price of the last trade, 0 before the first."""
        return self.listing(symbol).last_ticks

    # -- parts

    def has_account(self, account: str) -> bool:
        return account in self.floor.accounts

    def account(self, account: str) -> Account:
        return self.floor.accounts[account]

    def add_account(self, spec: AccountSpec) -> None:
        """One account more, with its deposits."""
        self.floor.add_account(spec)

    def listing(self, symbol: str) -> Listing:
        return self.floor.listings[symbol]

    @property
    def specs(self) -> dict[str, SymbolSpec]:
        """Symbol -> its rules now."""
        return {name: listing.spec for name, listing in self.floor.listings.items()}

    @property
    def config(self) -> ExchangeConfig:
        return self.floor.config

    @property
    def ledger(self) -> Ledger:
        return self.floor.ledger

    @property
    def groups(self) -> StrategyGroups:
        """Strategy groups of self-trade prevention."""
        return self.floor.groups

    @property
    def switches(self) -> Switches:
        """The switches as they are now; they can be set while the exchange runs."""
        return self.floor.switches

    @switches.setter
    def switches(self, switches: Switches) -> None:
        self.floor.switches = switches

    def audit(self) -> Audit:
        """Whether the ledger, the orders and the fills agree to the last unit."""
        return audit(self.floor)
