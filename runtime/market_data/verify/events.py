"""What is odd about a book or trades, and what a tape would do about it. Nothing is changed here."""

from __future__ import annotations

from dataclasses import replace

from ..bars import RuleUse
from ..day_parts import events_hash
from ..events import EventSet
from ..tapes.market_events import clock_offset, event_parts
from ..tapes.matching import Match, StreamNeed
from .bars import Item, Report

#: Rules that a report names even when they found nothing.
CHECKS = ("out_of_order", "clock_jump", "clock_offset", "no_venue_time", "price_to_tick", "qty_to_lot")
BOOK_CHECKS = ("crossed_book", "one_sided_book", "sequence_gap", "duplicate_update", "far_level")
TRADE_CHECKS = ("trade_outside_spread", "trade_below_lot")


def verify_events(
    data: EventSet, price_decimals: int = 2, qty_decimals: int = 6, stored_hash: str | None = None
) -> Report:
    """All rules that reading the data and building a tape of it would use, and the stored hash."""
    symbol = data.instrument.symbol
    kinds = [("book" if kind == "book" else "trade") for kind in data.parts()]
    needs = [StreamNeed(kind, symbol, 0, price_decimals, qty_decimals) for kind in kinds]
    matches = [Match(need, data) for need in needs]
    shift, offset = clock_offset([data])
    _, found = event_parts(matches, shift)
    rules = [*data.rules, *offset, *found]
    wanted = [*CHECKS, *(BOOK_CHECKS if data.book else ()), *(TRADE_CHECKS if data.trades else ())]
    items = [item for name in wanted for item in _items(name, rules)]
    items += [Item(rule.name, "note", rule.count, rule.detail) for rule in rules if rule.name not in wanted]
    if stored_hash is not None:
        same = events_hash(replace(data, content_hash="")) == stored_hash
        done = "import the file again"
        changed = Item("content_hash", "fault", 1, "the data changed after the import", done)
        items.append(Item("content_hash", "ok", 0, "nothing found") if same else changed)
    return Report(tuple(items), (), 0)


def _items(name: str, rules: list[RuleUse]) -> list[Item]:
    uses = [rule for rule in rules if rule.name == name]
    if not uses:
        return [Item(name, "ok", 0, "nothing found")]
    return [Item(name, "note", rule.count, f"{rule.count:,}: {rule.detail}") for rule in uses]
