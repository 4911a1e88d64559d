"""Which rules a decision evaluated: the mask has bits of entries or of exits, and a row does not say which.

The reason tells in most cases; where it does not, the fills do: a position is held or not. What neither tells is
UNKNOWN, and nobody may count it. The rules of the position machine that this rests on:

- entries are evaluated when nothing is held and nothing is on its way; exits while something is held, in a strategy
  whose orders can rest also while an order is on its way; entries that add, after exits of which none held;
- a limit that stops an order says so in place of the reason. The order may be the next one of a chain: then no entry
  was evaluated at this instant, and the mask has no bits of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..compiler.ir.hir import Checked
from ..compiler.ir.nodes import Program
from ..cython_core.layout import INSTANCE_SHIFT, REASON_SHIFT, REASONS
from ..runtime.backtest.money import Ints

#: BOTH: exits, none of which held, then the entries that add.
NONE, ENTRIES, EXITS, BOTH, UNKNOWN = range(5)
#: Whether a position was held before a decision; UNSURE: a fill has the same time.
FLAT, HELD, UNSURE = range(3)

_CODE, _RULE = (1 << REASON_SHIFT) - 1, 0xFFFF
_LIMITS = tuple(
    REASONS.index(name)
    for name in (
        *("position_limit", "day_loss", "halted", "no_funds", "losing_streak", "drawdown", "profit_lock"),
        *("order_rate", "band", "stale", "invariant", "max_open", "order_notional"),
    )
)


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """`entries` is their number; `adds`: one of them may add, and entries have bits of their own, `entry_bits`;
    `chains`: orders can follow orders."""

    entries: int
    adds: bool
    chains: bool
    entry_bits: int = 0

    @staticmethod
    def of(program: Program, checked: Checked) -> RuleFacts:
        bits = sum(1 << clause.bit for clause in program.clauses if clause.set == "entries")
        chains = any(segment.trigger == "manage" for segment in program.segments)
        return RuleFacts(len(checked.entries), any(r.rule.add for r in checked.entries), chains, bits)


def evaluated(reason: Ints, mask: Ints, held: NDArray[np.int8], facts: RuleFacts) -> NDArray[np.int8]:
    """For each decision row one of NONE, ENTRIES, EXITS, BOTH, UNKNOWN."""
    code, rule = reason & _CODE, reason >> REASON_SHIFT & _RULE
    at_exits = BOTH if facts.adds else EXITS
    found = np.full(len(reason), NONE, dtype=np.int8)
    plain = {"no_entry": ENTRIES, "entered": ENTRIES, "no_exit": at_exits, "added": BOTH, "exited": EXITS}
    for name, value in plain.items():
        found[code == REASONS.index(name)] = value
    found[(code == REASONS.index("in_flight")) & (mask != 0)] = EXITS
    entry = rule < facts.entries
    by_place = np.array([ENTRIES, BOTH, UNKNOWN], dtype=np.int8)[held] if facts.adds else np.int8(ENTRIES)
    fresh = (code == REASONS.index("cooling_down")) | (code == REASONS.index("below_minimum")) & entry
    found = np.where(fresh, by_place, found)
    found = np.where((code == REASONS.index("below_minimum")) & ~entry, EXITS, found)
    limited = np.isin(code, _LIMITS)
    found = np.where(limited & ~entry, EXITS, found)
    if not facts.chains:
        return np.asarray(np.where(limited & entry, by_place, found), dtype=np.int8)
    chained = np.array([ENTRIES, EXITS, UNKNOWN], dtype=np.int8)[held]
    if facts.adds:
        asked = mask & np.int64(facts.entry_bits - (1 << 64) if facts.entry_bits >> 63 else facts.entry_bits)
        chained = np.where((held == HELD) & (asked != 0), BOTH, chained)
    found = np.where(limited & entry, np.where(mask == 0, NONE, chained), found)
    return np.asarray(found, dtype=np.int8)


@dataclass(frozen=True, slots=True)
class Least:
    """What the venue takes at least of an instrument; `scale` makes atoms of ticks times lots."""

    scale: int
    atoms: int
    lots: int


def held_before(time: Ints, reason: Ints, fills: Mapping[str, Ints], least: Sequence[Least]) -> NDArray[np.int8]:
    """FLAT, HELD or UNSURE for each decision row, from the fills of its instrument.

    A rest that the venue would not take counts as nothing held, but only once a sale of it was tried: near the least,
    it is unsure.
    """
    found = np.full(len(time), FLAT, dtype=np.int8)
    whose = reason >> INSTANCE_SHIFT
    for number in np.unique(fills["instrument"]).tolist():
        own, rows = fills["instrument"] == number, np.flatnonzero(whose == number)
        times, position = fills["time"][own], fills["position"][own]
        before = np.searchsorted(times, time[rows], side="left")
        after = np.searchsorted(times, time[rows], side="right")
        last = np.maximum(before - 1, 0)
        worth = position * fills["price"][own] * least[number].scale
        small = (position < 2 * least[number].lots) | (worth < 2 * least[number].atoms)
        states = np.where(position == 0, FLAT, np.where(small, UNSURE, HELD))
        found[rows] = np.where(before == after, np.where(before > 0, states[last], FLAT), UNSURE)
    return found
