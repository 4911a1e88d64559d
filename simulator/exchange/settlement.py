"""What orders and trades do to balances: freezing, paying, fees, and giving back what stays frozen.

A fee comes out of what its owner receives: base for a buyer, quote for a seller. It is rounded up to the fee's
decimals, and never above what was received. With MX deduction it is taken in MX instead, if there is enough.
"""

from __future__ import annotations

from .book import Working
from .floor import Floor
from .ledger import CANCEL, FEES, FILL, MARKET, PLACE, TRADE_FEE, UNFROZEN, Part
from .listing import RATE_UNIT, Listing, parse_rate
from .orders import Side


class Settlement:
    """Postings of one exchange."""

    def __init__(self, floor: Floor) -> None:
        self._floor, self._ledger = floor, floor.ledger
        self._mx_part = RATE_UNIT - parse_rate(floor.config.mx_discount)

    def locked_asset(self, order: Working, listing: Listing) -> tuple[str, int]:
        """(asset that the order freezes, atoms for each unit of `lock_left`)."""
        if order.side is Side.BUY:
            return listing.spec.quote, listing.rules.value_atoms
        return listing.spec.base, listing.rules.lot_atoms

    def can_freeze(self, order: Working, listing: Listing) -> bool:
        asset, unit = self.locked_asset(order, listing)
        return self._ledger.balance(order.account, asset)[0] >= order.lock_left * unit

    def freeze(self, order: Working, listing: Listing, *, silent: bool = False) -> None:
        """Set `lock_left` aside. The account must have it."""
        asset, unit = self.locked_asset(order, listing)
        atoms = order.lock_left * unit
        part = Part(order.account, asset, -atoms, atoms)
        self._ledger.post(self._floor.now_ns, PLACE, (part,), silent=silent)

    def unfreeze(self, order: Working, listing: Listing, change_type: str = CANCEL, *, silent: bool = False) -> None:
        """Give back what is still frozen."""
        asset, unit = self.locked_asset(order, listing)
        atoms, order.lock_left = order.lock_left * unit, 0
        if atoms:
            part = Part(order.account, asset, atoms, -atoms)
            self._ledger.post(self._floor.now_ns, change_type, (part,), silent=silent)

    def spendable(self, order: Working, listing: Listing) -> int:
        """What a buy can pay at most, as a value: what it froze and what else the account has."""
        free = self._ledger.balance(order.account, listing.spec.quote)[0]
        return order.lock_left + free // listing.rules.value_atoms

    def trade(self, buyer: Working | None, seller: Working | None, listing: Listing, price: int, lots: int) -> None:
        """Base against quote. None is the tape's side."""
        spec, rules, now_ns = listing.spec, listing.rules, self._floor.now_ns
        base, value = lots * rules.lot_atoms, price * lots
        quote = value * rules.value_atoms
        from_lock, back = self._release(buyer, value, lots)
        if buyer is None:
            self._ledger.fund(now_ns, MARKET, spec.quote, quote)
        if seller is None:
            self._ledger.fund(now_ns, MARKET, spec.base, base)
        else:
            seller.lock_left -= lots
        buyer_name = MARKET if buyer is None else buyer.account
        seller_name = MARKET if seller is None else seller.account
        locked = from_lock * rules.value_atoms
        parts = (
            Part(buyer_name, spec.quote, locked - quote, -locked),
            Part(seller_name, spec.quote, quote, 0),
            Part(seller_name, spec.base, *((-base, 0) if seller is None else (0, -base))),
            Part(buyer_name, spec.base, base, 0),
        )
        self._ledger.post(now_ns, FILL, parts)
        if back:
            atoms = back * rules.value_atoms
            self._ledger.post(now_ns, UNFROZEN, (Part(buyer_name, spec.quote, atoms, -atoms),))

    @staticmethod
    def _release(buyer: Working | None, value: int, lots: int) -> tuple[int, int]:
        """(value paid from what was frozen, value given back because the price was better)."""
        if buyer is None:
            return 0, 0
        released = min(buyer.lock_left, lots * buyer.lock_price if buyer.lots else value)
        buyer.lock_left -= released
        paid = min(released, value)
        return paid, released - paid

    def fee(self, order: Working, listing: Listing, price: int, lots: int, *, is_maker: bool) -> tuple[int, str]:
        """Take the fee of a fill that was paid out: (atoms, asset)."""
        asset, received, rate, step = self._fee_terms(order, listing, price, lots, is_maker)
        exact = received * rate
        if not exact:
            return 0, asset
        account = self._floor.accounts[order.account]
        if account.mx_deduct and exact > 0 and (in_mx := self._mx_fee(order, listing, price, exact)):
            asset, atoms = "MX", in_mx
        else:
            atoms = min(received, -(-exact // (RATE_UNIT * step)) * step)
        if atoms < 0:
            self._ledger.fund(self._floor.now_ns, FEES, asset, -atoms)
        self._ledger.post(
            self._floor.now_ns, TRADE_FEE, (Part(order.account, asset, -atoms, 0), Part(FEES, asset, atoms, 0))
        )
        return atoms, asset

    def _fee_terms(
        self, order: Working, listing: Listing, price: int, lots: int, is_maker: bool
    ) -> tuple[str, int, int, int]:
        """(asset, atoms received, rate, atoms that a fee is a multiple of)."""
        rules, account = listing.rules, self._floor.accounts[order.account]
        own = account.maker_rate if is_maker else account.taker_rate
        rate = own if own is not None else rules.maker_rate if is_maker else rules.taker_rate
        if order.side is Side.BUY:
            return listing.spec.base, lots * rules.lot_atoms, rate, rules.base_fee_step
        return listing.spec.quote, price * lots * rules.value_atoms, rate, rules.quote_fee_step

    def _mx_fee(self, order: Working, listing: Listing, price: int, exact: int) -> int:
        """The fee in atoms of MX; 0 if MX has no price in the quote asset or the account has too little.

        `exact` is the fee in atoms received, times RATE_UNIT.
        """
        market = self._floor.listings.get(f"MX{listing.spec.quote}")
        if market is None or not market.last_ticks:
            return 0
        quote, per = exact * self._mx_part, RATE_UNIT * RATE_UNIT  # in atoms of quote, times `per`
        if order.side is Side.BUY:
            quote, per = quote * price * listing.rules.value_atoms, per * listing.rules.lot_atoms
        one_lot = market.last_ticks * market.rules.value_atoms  # quote atoms that a lot of MX costs
        atoms = -(-quote * market.rules.lot_atoms // (per * one_lot))
        return atoms if atoms <= self._ledger.balance(order.account, "MX")[0] else 0
