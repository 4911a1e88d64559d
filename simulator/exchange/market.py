"""The market that others make: a tape whose levels and trades meet the orders of accounts.

A **level** of the tape says what its participants have at a price. More than before joins the queue at the back, less
leaves it from the back. What accounts take is gone until the tape states the level anew. A level that would cross an
order of an account trades with it first, at the order's price; only the rest waits. A level that would cross older
levels of the tape itself puts those away: the newer statement holds.

A **trade** of the tape is a taker with that price as its limit. Orders of accounts at better prices come first. At its
price the queue decides: lots of the tape that stand in front of an order absorb it, and the order is next. The tape's
own levels change by its levels alone, so lots that absorbed a trade stand at the back until the tape says otherwise.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from .book import BookSide, Entry, Level
from .listing import Clock, Listing
from .matching import Matching
from .tape import LEVEL, MESSAGE_END, RESET, RESET_END, TRADE, Row, Tape

LOOP, HOLD = "loop", "hold"
NEVER_NS = 2**63 - 1


class TapeMarket:
    """Plays one tape into one symbol. `start_ns` is when, by the exchange's clock, its first row happens."""

    def __init__(
        self, tape: Tape, listing: Listing, matching: Matching, clock: Clock, start_ns: int, end: str = LOOP
    ) -> None:
        assert end in (LOOP, HOLD), end
        self.tape, self.end, self.rounds = tape, end, 0
        self._listing, self._matching, self._clock = listing, matching, clock
        self._base_ns, self._base_offset, self.speed = start_ns, 0, 1
        self._hidden: dict[int, dict[int, int]] = {}  # side -> what the tape has there, while it is not shown
        self._rows: Iterator[Row] = tape.rows()
        self._next: Row | None = next(self._rows, None)
        self._fresh: list[Row] | None = None  # rows since a reset, until their message ends
        self._first_message = True

    def next_ns(self) -> int:
        """When the next row happens; `NEVER_NS` after the end of a tape that does not loop."""
        return NEVER_NS if self._next is None else self._at(self._next[0])

    def _at(self, offset: int) -> int:
        return self._base_ns + (offset - self._base_offset) // self.speed

    def set_speed(self, times: int, now_ns: int) -> None:
        """From `now_ns` on the tape runs `times` as fast as it was recorded."""
        assert times > 0, times
        self._base_offset += (now_ns - self._base_ns) * self.speed
        self._base_ns, self.speed = now_ns, times

    def play(self, until_ns: int) -> None:
        """Play every row up to and at `until_ns` by the exchange's clock. Each happens at its own time."""
        clock = self._clock
        row = self._next
        while row is not None and (at := self._base_ns + (row[0] - self._base_offset) // self.speed) <= until_ns:
            if at > clock.now_ns:
                clock.now_ns = at
            self._row(row)
            row = next(self._rows, None)
            if row is None and self.end == LOOP:
                row = self._again()
        self._next = row

    def _again(self) -> Row | None:
        """The tape from its start; its first message replaces the book."""
        self.rounds += 1
        self._base_ns, self._base_offset = self._at(self.tape.length_ns), 0
        self._rows = self.tape.rows()
        self._first_message, self._fresh = True, None
        return next(self._rows, None)

    def _row(self, row: Row) -> None:
        _, kind, side, ticks, lots = row
        if kind == TRADE:
            self.trade(side, ticks, lots)
        elif self._fresh is None and not self._first_message and kind <= MESSAGE_END:
            self.state(side, ticks, lots)
        else:
            self._collect(row)

    def _collect(self, row: Row) -> None:
        """Rows of a message that replaces the book wait until it is whole."""
        kind = row[1]
        if self._fresh is None or kind in (RESET, RESET_END):
            self._fresh = []
        self._first_message = False
        if kind in (LEVEL, MESSAGE_END):
            self._fresh.append(row)
        if kind in (MESSAGE_END, RESET_END):
            fresh, self._fresh = self._fresh, None
            self.replace([(side, ticks, lots) for _, _, side, ticks, lots in fresh])

    # -- levels

    def hide(self, sign: int) -> None:
        """The tape's lots of a side go; what the tape says of it from now on is kept for `show`."""
        if sign not in self._hidden:
            levels = list(self._listing.book.side(sign).levels.values())
            there = {level.price: level.total - level.own for level in levels if level.total > level.own}
            for price in there:
                self.state(sign, price, 0)
            self._hidden[sign] = there

    def show(self, sign: int) -> None:
        """A hidden side is as the tape says."""
        for price, lots in self._hidden.pop(sign, {}).items():
            self.state(sign, price, lots)

    def replace(self, levels: list[tuple[int, int, int]]) -> None:
        """The tape's whole book is (side, ticks, lots) now: the rest of its lots go, then each level is stated."""
        stated = {(side, ticks) for side, ticks, lots in levels if lots}
        for hidden in self._hidden.values():
            hidden.clear()
        for book_side in (self._listing.book.bids, self._listing.book.asks):
            for level in list(book_side.levels.values()):
                if level.total > level.own and (book_side.sign, level.price) not in stated:
                    self.state(book_side.sign, level.price, 0)
        for side, ticks, lots in levels:
            self.state(side, ticks, lots)

    def state(self, sign: int, ticks: int, lots: int) -> None:
        """The tape has `lots` at a price now."""
        if sign in self._hidden:
            self._hidden[sign][ticks] = lots
            return
        listing = self._listing
        side = listing.book.bids if sign > 0 else listing.book.asks
        level = side.levels.get(ticks)
        if level is None:
            if not lots:
                return
            opposite = listing.book.asks if sign > 0 else listing.book.bids
            if opposite.keys and opposite.keys[-1] >= ticks * opposite.sign:
                lots = self._meet(opposite, ticks, lots)
                if not lots:
                    return
            level = side.level(ticks)
            level.total = lots
        else:
            change = lots - level.total + level.own
            if not change:
                return
            if level.queue is None:
                level.total = lots
            elif change > 0:
                level.grow(change)
            else:
                level.shrink(-change)
            if not level.total:
                side.drop(ticks)
        listing.publish(sign, ticks, level.total)

    def _meet(self, opposite: BookSide, ticks: int, lots: int) -> int:
        """A level of the tape crosses the other side: the tape's lots there go, and it trades with accounts there.

        Gives what is left of it.
        """
        crossing = opposite.keys[bisect_left(opposite.keys, ticks * opposite.sign) :]
        for key in reversed(crossing):
            level = opposite.levels[key * opposite.sign]
            before = level.total
            if level.total > level.own:
                level.shrink(level.total - level.own)
            lots = self._hit(level, lots)
            opposite.settle(level)
            self._listing.publish_level(opposite, level, before)
        return lots

    def _hit(self, level: Level, lots: int) -> int:
        """The tape trades with the accounts of a level, in turn, as far as its lots reach; gives what is left."""
        while lots and level.queue is not None:
            entry = level.queue[0]
            if entry.order is None:
                break
            lots -= self._fill(level, entry, lots)
        return lots

    def _fill(self, level: Level, entry: Entry, lots: int) -> int:
        """The tape takes from one account's entry; gives how many lots."""
        assert entry.order is not None and level.queue is not None
        taken = min(lots, entry.lots)
        entry.lots -= taken
        if not entry.lots:
            level.queue.remove(entry)
        level.reduce(taken)
        self._matching.fill(None, entry.order, self._listing, level.price, taken)
        return taken

    # -- trades

    def trade(self, taker_sign: int, ticks: int, lots: int) -> None:
        """A taker of the tape trades `lots` up to a price."""
        listing = self._listing
        side = listing.book.side(-taker_sign)
        left = lots
        if side.own_keys:
            limit = ticks * side.sign
            while left and side.own_keys and side.own_keys[-1] >= limit:
                level = side.levels[side.own_keys[-1] * side.sign]
                before = level.total
                left = self._through_queue(level, left) if level.price == ticks else self._own_first(level, left)
                side.settle(level)
                listing.publish_level(side, level, before)
                if level.price == ticks:
                    break
        if left:
            listing.traded(ticks, left, taker_sign)

    def _own_first(self, level: Level, lots: int) -> int:
        """At a better price than the tape's trade the accounts' orders are hit."""
        for entry in list(level.queue or ()):
            if entry.order is not None and lots:
                lots -= self._fill(level, entry, lots)
        return lots

    def _through_queue(self, level: Level, lots: int) -> int:
        """At the trade's own price the queue decides; lots of the tape that absorb it go to the back.

        Gives what was traded within the tape, which is still to be told.
        """
        inside = 0
        for entry in list(level.queue or ()):
            if not lots:
                break
            if entry.order is not None:
                lots -= self._fill(level, entry, lots)
            else:
                absorbed = min(lots, entry.lots)
                lots -= absorbed
                inside += absorbed
                self._to_back(level, entry, absorbed)
        return inside + lots

    @staticmethod
    def _to_back(level: Level, entry: Entry, lots: int) -> None:
        if level.queue is None:
            return
        entry.lots -= lots
        if not entry.lots:
            level.queue.remove(entry)
        if level.queue and level.queue[-1].order is None:
            level.queue[-1].lots += lots
        else:
            level.queue.append(Entry(None, lots))
