"""What all parts of the exchange share: rules, ledger, orders, events, ids, the time, and faults that are on."""

from __future__ import annotations

import hashlib

from .amounts import parse_amount
from .book import Working
from .config import AccountSpec, ExchangeConfig
from .desk import AccountDesk
from .events import Event, OrderChanged
from .ledger import OWN_ACCOUNTS, Ledger
from .listing import Clock, Listing, parse_rate
from .orders import Status
from .stp import StrategyGroups

_FIRST_ORDER = 443_776_347_957_000_000
_FIRST_VERSION = 56_000_000_000


class Account:
    """An account while the exchange runs. `restriction` is the code that its orders are refused with, 0 for none."""

    __slots__ = ("desk", "keep_open", "maker_rate", "max_open", "mx_deduct", "restriction", "spec", "taker_rate")

    def __init__(self, spec: AccountSpec) -> None:
        self.spec, self.desk = spec, AccountDesk()
        self.max_open, self.mx_deduct = spec.max_open_orders, spec.mx_deduct
        self.maker_rate = None if spec.maker_fee is None else parse_rate(spec.maker_fee)
        self.taker_rate = None if spec.taker_fee is None else parse_rate(spec.taker_fee)
        self.restriction = 0
        self.keep_open = 0  # so many orders survive the next cancel of all

    @property
    def master(self) -> str:
        return self.spec.master or self.spec.name


class Floor:
    """The state of an exchange. `events` grows until `Exchange.take_events` empties it."""

    def __init__(self, config: ExchangeConfig, seed: int, now_ns: int) -> None:
        self.config, self.switches, self.seed = config, config.switches, seed
        self.clock = Clock(now_ns)
        self.events: list[Event] = []
        self.ledger = Ledger(config.asset_decimals(), self.events.append)
        self.groups = StrategyGroups()
        self.sequence = 0
        self.stop_at_percent = 0  # MARKET and IOC orders fill so far and no further, 0 for no such fault
        self.placed = 0
        self.accounts: dict[str, Account] = {}
        self.listings: dict[str, Listing] = {}
        for spec in config.symbols:
            version = _FIRST_VERSION + len(self.listings) * 1_000_000_000
            self.listings[spec.name] = Listing(spec, self.ledger.decimals, self.events, self.clock, version)
        for account in config.accounts:
            self.add_account(account)

    @property
    def now_ns(self) -> int:
        return self.clock.now_ns

    def set_time(self, now_ns: int) -> None:
        """Move the exchange's clock; it does not go back."""
        self.clock.now_ns = max(self.clock.now_ns, now_ns)

    def add_account(self, spec: AccountSpec) -> None:
        """A new account with its first deposits. ValueError if the name is taken."""
        if spec.name in self.accounts or spec.name in OWN_ACCOUNTS:
            raise ValueError(f"no second account can be called {spec.name}")
        self.accounts[spec.name] = Account(spec)
        for asset, text in spec.balances.items():
            self.ledger.decimals.setdefault(asset, 8)
            if atoms := parse_amount(text, self.ledger.decimals[asset]):
                self.ledger.deposit(self.now_ns, spec.name, asset, atoms)

    def next_order_id(self) -> str:
        """An id in the form that the switch asks for."""
        self.placed += 1
        if self.switches.order_ids == "hex":
            return hashlib.sha256(f"{self.seed}/{self.placed}".encode()).hexdigest()[:32]
        return f"C02__{_FIRST_ORDER + self.seed % 1000 * 1_000_000_000_000 + self.placed * 64}"

    def order_changed(self, order: Working, *, filled_lots: int = 0) -> None:
        """Tell that an order is as it is now."""
        self.sequence += 1
        order.sequence, order.last_lots, order.updated_ns = self.sequence, filled_lots, self.now_ns
        self.events.append(OrderChanged(self.now_ns, order.snapshot()))

    def finished(self, order: Working, status: Status) -> None:
        """An order is done."""
        order.status = status
        self.accounts[order.account].desk.finish(order, self.config.history)
