"""A run that goes on in other memory: a snapshot of all that changes, put into a run that has only started.

Nothing of the old run is shared. What the snapshot leaves out is what a run is given (tape, account, model, kernel) and
where things lie in memory; a difference afterwards is a word that the state, or the simulator, had forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .market import market_words as words

if TYPE_CHECKING:
    from .driver import Run
    from .market.driver import MarketRun

_TABLES = ("orders", "fills", "decisions", "equity", "equity_time")
_PLACES = slice(words.TAPE_AT, words.RESPONSES_LIMIT)  # addresses in the market's block


def carry_over(old: Run, fresh: Run) -> Run:
    """`fresh`, a started run over the same tape, goes on where `old` stands."""
    fresh.sim[:], fresh.state[:] = old.sim, old.state
    for name in _TABLES:
        setattr(fresh, name, getattr(old, name).copy())
    return fresh  # the addresses of everything are written when it advances


def carry_over_books(old: MarketRun, fresh: MarketRun) -> MarketRun:
    """The same of a run on books."""
    places = fresh.market[_PLACES].copy()
    fresh.sim[:], fresh.state[:], fresh.market[:] = old.sim, old.state, old.market
    fresh.market[_PLACES] = places
    fresh.timers[:] = old.timers
    for mine, theirs in zip(fresh.blocks, old.blocks, strict=True):
        for block, other in zip(mine, theirs, strict=True):
            block[:] = other
    for name in (*_TABLES, "responses"):
        setattr(fresh, name, getattr(old, name).copy())
    fresh.place_tables()
    return fresh
