"""The slow, obvious twin of `book_pass.py`: dicts of levels, one message after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

Row = tuple[int, int, int]  # side, ticks, lots


@dataclass(frozen=True, slots=True)
class Message:
    """One book message; ids are 0 where unknown."""

    rows: Sequence[Row]
    snapshot: bool
    first_id: int
    last_id: int


@dataclass(slots=True)
class Accepted:
    """What goes out: (message it goes out with, reset?, rows), best prices after it, and the rules' counts."""

    sent: list[tuple[int, bool, list[Row]]] = field(default_factory=list)
    tops: list[tuple[int, int, int]] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, rule: str, times: int = 1) -> None:
        if times:
            self.counts[rule] = self.counts.get(rule, 0) + times


def accept(messages: Sequence[Message]) -> Accepted:
    """Apply the rules of `book_pass.py` to messages whose rows are in ticks and lots."""
    out = Accepted()
    book: dict[int, dict[int, int]] = {1: {}, -1: {}}
    waiting: list[tuple[bool, list[Row]]] = []
    has_snapshot = any(message.snapshot for message in messages)
    synced, last, mid = not has_snapshot, 0, 0
    for number, message in enumerate(messages):
        verdict = _verdict(message, last, synced)
        restart = verdict == "gap" and not has_snapshot
        if verdict:
            early = verdict == "unsynced" and not out.counts.get("gap")
            out.count("early" if early else verdict)
            if not restart:
                synced = synced and verdict != "gap"
                continue
        empties = message.snapshot or restart
        if empties:
            out.count("dropped", len(waiting))
            waiting, synced, last = [], True, message.last_id
            book = {1: {}, -1: {}}
            mid = _own_mid(message.rows) or mid
        last = max(last, message.last_id)
        waiting.append((empties, _apply(book, message.rows, mid, out)))
        if not book[1] or not book[-1] or max(book[1]) >= min(book[-1]):
            out.count("one_sided" if not book[1] or not book[-1] else "crossed")
            continue
        out.count("waited", len(waiting) - 1)
        out.sent += [(number, reset, rows) for reset, rows in waiting]
        waiting = []
        bid, ask = max(book[1]), min(book[-1])
        out.tops.append((number, bid, ask))
        mid = bid + ask
    out.count("dropped", len(waiting))
    return out


def _verdict(message: Message, last: int, synced: bool) -> str:
    if message.snapshot:
        return ""
    if not synced:
        return "unsynced"
    if 0 < message.last_id <= last:
        return "duplicate"
    return "gap" if message.first_id > last + 1 and last > 0 else ""


def _own_mid(rows: Sequence[Row]) -> int:
    """Twice the mid of the rows' best prices; 0 with one side only."""
    bids = [ticks for side, ticks, lots in rows if side > 0 and lots]
    asks = [ticks for side, ticks, lots in rows if side < 0 and lots]
    return max(bids) + min(asks) if bids and asks else 0


def _apply(book: dict[int, dict[int, int]], rows: Sequence[Row], mid: int, out: Accepted) -> list[Row]:
    """Change the book; the rows that go out."""
    kept = []
    for side, ticks, lots in rows:
        if mid and 4 * abs(2 * ticks - mid) > mid and ticks not in book[side]:
            out.count("far", int(lots > 0))
            continue
        kept.append((side, ticks, lots))
        if lots:
            book[side][ticks] = lots
        else:
            book[side].pop(ticks, None)
    return kept
