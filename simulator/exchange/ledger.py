"""Who has what: double entry in whole atoms. A balance changes by a posting whose parts sum to zero, and no other way.

Four accounts are the exchange's own. `mint` is where money comes from: its balance is minus all that was ever paid in,
and the only one that may be negative. `market` holds the tape's funds, `fees` what was collected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from .events import BalanceChanged

MINT, MARKET, FEES = "mint", "market", "fees"
OWN_ACCOUNTS = frozenset({MINT, MARKET, FEES})

DEPOSIT, WITHDRAW, TRADE_FEE = "DEPOSIT", "WITHDRAW", "TRADE_FEE"
FILL, PLACE, CANCEL, UNFROZEN = "ENTRUST", "ENTRUST_PLACE", "ENTRUST_CANCEL", "ENTRUST_UNFROZEN"

#: What an account of the exchange gets at a time, in units of the asset, when it has to pay more than it has.
OWN_FUNDS = 1_000_000_000


class LedgerError(Exception):
    """A posting that must not be: its parts do not sum to zero, or a balance would be negative."""


class Part(NamedTuple):
    """One leg of a posting, in atoms."""

    account: str
    asset: str
    d_free: int
    d_locked: int


class Balance:
    """Free and locked atoms."""

    __slots__ = ("free", "locked")

    def __init__(self) -> None:
        self.free = self.locked = 0


class Ledger:
    """All balances. `decimals` gives each asset's atom: 10^-decimals. `sink` gets the events of accounts."""

    def __init__(self, decimals: Mapping[str, int], sink: Callable[[BalanceChanged], None]) -> None:
        self.decimals = dict(decimals)
        self.postings = 0
        self._sink = sink
        self._balances: dict[str, dict[str, Balance]] = {}

    def balance(self, account: str, asset: str) -> tuple[int, int]:
        """(free, locked) atoms."""
        found = self._balances.get(account, {}).get(asset)
        return (found.free, found.locked) if found else (0, 0)

    def balances(self, account: str) -> dict[str, tuple[int, int]]:
        """Asset -> (free, locked) atoms, of assets that the account ever had, by name."""
        found = self._balances.get(account, {})
        return {asset: (found[asset].free, found[asset].locked) for asset in sorted(found)}

    def accounts(self) -> list[str]:
        return list(self._balances)

    def minted(self, asset: str) -> int:
        """Atoms of the asset that were paid in, less what was paid out."""
        return -sum(self.balance(MINT, asset))

    def post(self, now_ns: int, change_type: str, parts: Iterable[Part], *, silent: bool = False) -> None:
        """Move atoms. Raises LedgerError, and changes nothing, if they do not balance or leave a balance below zero.

        `silent` sends no events: a fault.
        """
        parts = tuple(parts)
        self._refuse_unbalanced(parts)
        moved = [(part, self._slot(part.account, part.asset)) for part in parts]
        for part, slot in moved:
            slot.free += part.d_free
            slot.locked += part.d_locked
        for part, slot in moved:
            if (slot.free < 0 or slot.locked < 0) and part.account != MINT:
                self._undo(moved)
                raise LedgerError(f"{change_type}: {part} leaves a balance below zero")
        self.postings += 1
        for part, slot in moved:
            if part.account not in OWN_ACCOUNTS and not silent:
                self._sink(
                    BalanceChanged(
                        *(now_ns, part.account, part.asset, slot.free, slot.locked, part.d_free, part.d_locked),
                        change_type,
                    )
                )

    def deposit(self, now_ns: int, account: str, asset: str, atoms: int, *, silent: bool = False) -> None:
        """Pay in, or (negative `atoms`) pay out of what is free."""
        kind = DEPOSIT if atoms >= 0 else WITHDRAW
        self.post(now_ns, kind, (Part(MINT, asset, -atoms, 0), Part(account, asset, atoms, 0)), silent=silent)

    def fund(self, now_ns: int, account: str, asset: str, atoms: int) -> None:
        """See that an account of the exchange can pay `atoms`."""
        assert account in OWN_ACCOUNTS, account
        free = self._slot(account, asset).free
        if free < atoms:
            self.deposit(now_ns, account, asset, atoms - free + OWN_FUNDS * 10 ** self.decimals[asset])

    def _slot(self, account: str, asset: str) -> Balance:
        if asset not in self.decimals:
            raise LedgerError(f"no asset {asset}")
        assets = self._balances.setdefault(account, {})
        slot = assets.get(asset)
        if slot is None:
            slot = assets[asset] = Balance()
        return slot

    @staticmethod
    def _refuse_unbalanced(parts: tuple[Part, ...]) -> None:
        sums: dict[str, int] = {}
        for part in parts:
            sums[part.asset] = sums.get(part.asset, 0) + part.d_free + part.d_locked
        if any(sums.values()):
            raise LedgerError(f"the parts do not sum to zero: {sums}")

    @staticmethod
    def _undo(moved: list[tuple[Part, Balance]]) -> None:
        for part, slot in moved:
            slot.free -= part.d_free
            slot.locked -= part.d_locked
