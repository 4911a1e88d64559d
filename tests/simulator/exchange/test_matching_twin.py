"""Random orders, cancels, levels and trades: the book and a list of who waits agree, and money is conserved."""

from __future__ import annotations

from flashc.simulator.exchange.book import Entry
from flashc.simulator.exchange.config import AccountSpec, ExchangeConfig, SymbolSpec
from flashc.simulator.exchange.events import BalanceChanged, Filled, LevelChanged, OrderChanged
from flashc.simulator.exchange.exchange import Exchange
from flashc.simulator.exchange.market import TapeMarket
from flashc.simulator.exchange.orders import PlaceRequest, Refusal
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from support.exchange_scripts import empty_tape
from support.naive_exchange import NaiveBook

SPEC = SymbolSpec(
    "XY",
    "X",
    "Y",
    0,
    0,
    min_notional="0",
    maker_fee="0.001",
    taker_fee="0.003",
    base_fee_decimals=2,
    quote_fee_decimals=1,
)
SIDES = st.sampled_from((1, -1))
PRICES = st.integers(100, 103)  # few, so that queues grow
LOTS = st.integers(1, 6)
STP = st.sampled_from(("", "", "cancel_maker", "cancel_taker", "cancel_both"))
KINDS = st.sampled_from(("LIMIT", "LIMIT", "LIMIT", "LIMIT_MAKER", "IMMEDIATE_OR_CANCEL", "FILL_OR_KILL"))


def summed(trades: list[tuple[tuple[str, ...], int, int]]) -> list[tuple[tuple[str, ...], int, int]]:
    """Trades in a row between the same two at one price as one: how the tape's lots are parcelled does not matter."""
    found: list[tuple[tuple[str, ...], int, int]] = []
    for names, price, lots in trades:
        if found and found[-1][:2] == (names, price):
            found[-1] = (names, price, found[-1][2] + lots)
        else:
            found.append((names, price, lots))
    return found


def joined(queue: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Lots of one owner in a row as one."""
    found: list[tuple[str, int]] = []
    for name, lots in queue:
        if found and found[-1][0] == name:
            found[-1] = (name, found[-1][1] + lots)
        else:
            found.append((name, lots))
    return found


class Twins(RuleBasedStateMachine):
    """Both implementations get the same requests."""

    @initialize(grouped=st.booleans(), funds=st.sampled_from(("1000000", "4000")))
    def begin(self, grouped: bool, funds: str) -> None:
        accounts = tuple(AccountSpec(name, {"X": funds, "Y": funds}) for name in ("ann", "bob", "cid"))
        self.exchange = Exchange(ExchangeConfig((SPEC,), accounts), 1, 0)
        self.exchange.switches = self.exchange.switches.set("maker_cross=cancelled")
        self.listing = self.exchange.listing("XY")
        floor = self.exchange.floor
        self.market = TapeMarket(empty_tape(), self.listing, self.exchange.matching, floor.clock, 0)
        self.naive = NaiveBook()
        if grouped:
            group = self.exchange.groups.create("ann", "g")
            assert group is not None
            group.members.update(("ann", "bob"))
            bob = self.exchange.account("bob")
            assert bob.master == "bob", "bob's own orders are not kept apart: he has no group"
            self.naive.group = frozenset(("ann", "bob"))
        self.placed = 0
        self.fills: list[tuple[str, str, int, int]] = []
        self.shown: dict[tuple[int, int], int] = {}
        self.balances: dict[tuple[str, str], tuple[int, int]] = {}
        self.version = self.exchange.depth("XY", 1)[0]

    @rule(who=st.sampled_from(("ann", "cid")), side=SIDES, kind=KINDS, price=PRICES, lots=LOTS, stp=STP)
    def place(self, who: str, side: int, kind: str, price: int, lots: int, stp: str) -> None:
        self.placed += 1
        stp = stp if who == "ann" else ""
        name = f"o{self.placed}"
        word = "BUY" if side > 0 else "SELL"
        request = PlaceRequest("XY", word, kind, str(lots), str(price), client_id=name, stp_mode=stp)
        answer = self.exchange.place(who, request, self.placed)
        if isinstance(answer, Refusal):
            assert answer.code in (30004, 30005), answer
        else:
            self.naive.place(name, who, side, kind, price, lots, stp)

    @rule(side=SIDES, price=PRICES, lots=LOTS)
    def place_for_bob(self, side: int, price: int, lots: int) -> None:
        self.place("bob", side, "LIMIT", price, lots, "")

    @rule(number=st.integers(0, 30))
    def cancel(self, number: int) -> None:
        name = f"o{max(1, self.placed - number)}"
        for who in ("ann", "bob", "cid"):
            self.exchange.cancel(who, "XY", self.placed, client_id=name)
        self.naive.cancel(name)

    @rule(side=SIDES, price=PRICES, lots=st.integers(0, 6))
    def state(self, side: int, price: int, lots: int) -> None:
        self.market.state(side, price, lots)
        self.naive.state(side, price, lots)

    @rule(side=SIDES, price=PRICES, lots=LOTS)
    def tape_trade(self, side: int, price: int, lots: int) -> None:
        self.market.trade(side, price, lots)
        self.naive.tape_trade(side, price, lots)

    @invariant()
    def both_books_are_one(self) -> None:
        _, bids, asks = self.exchange.depth("XY", 100)
        assert bids == self.naive.levels(1) and asks == self.naive.levels(-1)

    @invariant()
    def both_queues_are_one(self) -> None:
        """At every price the same orders wait in the same turn, the tape's lots between them."""
        for side in (self.listing.book.bids, self.listing.book.asks):
            for level in side.levels.values():
                entries = level.queue or [Entry(None, level.total)]
                here = [(entry.order.client_id if entry.order else "", entry.lots) for entry in entries]
                same = [(w.name, w.lots) for w in self.naive.queue(side.sign) if w.price == level.price]
                assert joined(here) == joined(same)

    @invariant()
    def events_tell_everything(self) -> None:
        """Who only hears events knows the book, the balances and every fill."""
        for event in self.exchange.take_events():
            if isinstance(event, LevelChanged):
                self.version += 1
                assert event.version == self.version
                self.shown[event.side, event.price_ticks] = event.lots
                bids = [p for (side, p), lots in self.shown.items() if side > 0 and lots]
                asks = [p for (side, p), lots in self.shown.items() if side < 0 and lots]
                assert not bids or not asks or max(bids) < min(asks), "crossed between two events"
            elif isinstance(event, BalanceChanged):
                self.balances[event.account, event.asset] = event.free_atoms, event.locked_atoms
            elif isinstance(event, Filled):
                fill = event.fill
                self.fills.append((fill.trade_id.partition("X")[0], fill.client_id, fill.price_ticks, fill.lots))
            elif isinstance(event, OrderChanged):
                assert event.order.executed_lots <= event.order.lots
        levels = sorted((key, lots) for key, lots in self.shown.items() if lots)
        _, bids, asks = self.exchange.depth("XY", 100)
        assert levels == sorted([((1, p), n) for p, n in bids] + [((-1, p), n) for p, n in asks])
        for (account, asset), balance in self.balances.items():
            assert self.exchange.ledger.balance(account, asset) == balance

    @invariant()
    def fills_are_the_same(self) -> None:
        told: dict[str, list[tuple[str, int, int]]] = {}
        for digits, name, price, lots in self.fills:
            told.setdefault(digits, []).append((name, price, lots))
        trades = [(tuple(sorted(row[0] for row in rows)), *rows[0][1:]) for rows in told.values()]
        wanted = [
            (tuple(sorted(name for name in (taker, maker) if name)), price, lots)
            for taker, maker, price, lots in self.naive.fills
        ]
        assert summed(trades) == summed(wanted)

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.exchange.audit().problems == ()


TestTwins = Twins.TestCase
TestTwins.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
