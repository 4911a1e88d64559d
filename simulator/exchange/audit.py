"""The exchange checks itself: money is conserved, and what is frozen belongs to open orders.

Everything is added up anew from orders, fills and balances, by other paths than those that changed them.
"""

from __future__ import annotations

from dataclasses import dataclass

from .book import Working
from .floor import Floor
from .ledger import MINT
from .orders import Side


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found. `minted` is asset -> atoms that were paid in; `problems` is empty if all is right."""

    minted: dict[str, int]
    accounts: int
    open_orders: int
    postings: int
    problems: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        return not self.problems


def audit(floor: Floor) -> Audit:
    """Look at everything."""
    ledger = floor.ledger
    open_orders = [order for account in floor.accounts.values() for order in account.desk.open.values()]
    problems = [*_conservation(floor), *_locks(floor, open_orders), *_queues(floor, open_orders)]
    for account in floor.accounts.values():
        for order in account.desk.orders.values():
            problems += _executed(order)
    minted = {asset: ledger.minted(asset) for asset in sorted(ledger.decimals)}
    return Audit(minted, len(floor.accounts), len(open_orders), ledger.postings, tuple(problems))


def _conservation(floor: Floor) -> list[str]:
    """Per asset all balances together are what was minted, and none is negative."""
    ledger, found, sums = floor.ledger, [], dict.fromkeys(floor.ledger.decimals, 0)
    for account in ledger.accounts():
        for asset, (free, locked) in ledger.balances(account).items():
            if account == MINT:
                continue
            sums[asset] += free + locked
            if free < 0 or locked < 0:
                found.append(f"{account} has {free} free and {locked} locked atoms of {asset}")
    found += [
        f"{asset}: {total} atoms in all accounts, {ledger.minted(asset)} minted"
        for asset, total in sums.items()
        if total != ledger.minted(asset)
    ]
    return found


def _locks(floor: Floor, open_orders: list[Working]) -> list[str]:
    """What an account has locked is what its open orders still need, exactly."""
    needed: dict[tuple[str, str], int] = {}
    for order in open_orders:
        listing = floor.listings[order.symbol]
        if order.side is Side.BUY:
            asset, atoms = listing.spec.quote, order.remaining_lots * order.price_ticks * listing.rules.value_atoms
        else:
            asset, atoms = listing.spec.base, order.remaining_lots * listing.rules.lot_atoms
        needed[order.account, asset] = needed.get((order.account, asset), 0) + atoms
    found = []
    for account in floor.ledger.accounts():
        for asset, (_, locked) in floor.ledger.balances(account).items():
            wanted = needed.pop((account, asset), 0)
            if locked != wanted:
                found.append(f"{account} has {locked} atoms of {asset} locked, its open orders need {wanted}")
    return found + [f"{name} has no {asset}, its orders need {atoms} atoms" for (name, asset), atoms in needed.items()]


def _queues(floor: Floor, open_orders: list[Working]) -> list[str]:
    """Each open order stands in the book once with what is left of it, and nobody else does; no book is crossed."""
    found, waiting = [], {order.order_id: order.remaining_lots for order in open_orders}
    for listing in floor.listings.values():
        if listing.book.is_crossed():
            found.append(f"{listing.name}: the book is crossed")
        for side in (listing.book.bids, listing.book.asks):
            for level in side.levels.values():
                lots = 0
                for entry in level.queue or ():
                    lots += entry.lots
                    if entry.order is not None and waiting.pop(entry.order.order_id, None) != entry.lots:
                        found.append(f"{entry.order.order_id} waits with {entry.lots} lots, which is not what is left")
                if (level.queue is not None and lots != level.total) or level.total <= 0:
                    found.append(f"{listing.name}: the level {level.price} says {level.total} lots, its queue {lots}")
    return found + [f"{order_id} is open and not in the book" for order_id in waiting]


def _executed(order: Working) -> list[str]:
    """An order's totals are the sum of its fills."""
    lots, value = sum(fill.lots for fill in order.fills), sum(fill.value for fill in order.fills)
    if (lots, value) == (order.executed_lots, order.executed_value):
        return []
    return [f"{order.order_id} executed {order.executed_lots} lots, its fills sum to {lots}"]
