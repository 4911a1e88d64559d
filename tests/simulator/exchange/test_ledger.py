"""The ledger: nothing appears, nothing vanishes, nothing is owed."""

from __future__ import annotations

import pytest
from flashc.simulator.exchange.events import BalanceChanged
from flashc.simulator.exchange.ledger import FEES, MARKET, Ledger, LedgerError, Part


def ledger() -> tuple[Ledger, list[BalanceChanged]]:
    events: list[BalanceChanged] = []
    return Ledger({"BTC": 8, "USDC": 8}, events.append), events


def test_a_deposit_is_minted_and_told_to_its_account() -> None:
    book, events = ledger()
    book.deposit(7, "ann", "USDC", 500)
    assert book.balance("ann", "USDC") == (500, 0) and book.minted("USDC") == 500
    assert events == [BalanceChanged(7, "ann", "USDC", 500, 0, 500, 0, "DEPOSIT")]


def test_a_posting_that_does_not_balance_is_refused() -> None:
    book, events = ledger()
    with pytest.raises(LedgerError, match="do not sum to zero"):
        book.post(0, "ENTRUST", (Part("ann", "USDC", 5, 0), Part("bob", "BTC", -5, 0)))
    assert not events and not book.postings


def test_a_balance_never_falls_below_zero_and_a_refused_posting_leaves_nothing_behind() -> None:
    book, events = ledger()
    book.deposit(0, "ann", "USDC", 10)
    with pytest.raises(LedgerError, match="below zero"):
        book.post(1, "ENTRUST", (Part("bob", "USDC", 11, 0), Part("ann", "USDC", -11, 0)))
    assert book.balance("ann", "USDC") == (10, 0) and book.balance("bob", "USDC") == (0, 0)
    assert len(events) == 1


def test_locking_moves_atoms_within_an_account() -> None:
    book, events = ledger()
    book.deposit(0, "ann", "USDC", 10)
    book.post(1, "ENTRUST_PLACE", (Part("ann", "USDC", -4, 4),))
    assert book.balance("ann", "USDC") == (6, 4)
    assert events[-1] == BalanceChanged(1, "ann", "USDC", 6, 4, -4, 4, "ENTRUST_PLACE")


def test_accounts_of_the_exchange_change_silently() -> None:
    book, events = ledger()
    book.fund(0, MARKET, "BTC", 3)
    book.post(0, "TRADE_FEE", (Part(MARKET, "BTC", -1, 0), Part(FEES, "BTC", 1, 0)))
    assert not events and book.balance(FEES, "BTC") == (1, 0)
    assert book.minted("BTC") == sum(sum(book.balance(name, "BTC")) for name in (MARKET, FEES))


def test_an_unknown_asset_is_refused() -> None:
    book, _ = ledger()
    with pytest.raises(LedgerError, match="no asset DOGE"):
        book.deposit(0, "ann", "DOGE", 1)
