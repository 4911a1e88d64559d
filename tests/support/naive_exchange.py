"""Price-time matching a second time, as a list of what waits: slow, and short enough to be seen to be right.

Everything that waits is a `Waiting` in one list; whoever is first is found by sorting. The tape's lots are owned by "".
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Waiting:
    name: str
    owner: str
    side: int
    price: int
    lots: int
    turn: int


@dataclass
class NaiveBook:
    """`fills` are (taker, maker, price, lots), "" for the tape; `left` is what each order has open, `ended` those done."""

    waiting: list[Waiting] = field(default_factory=list)
    fills: list[tuple[str, str, int, int]] = field(default_factory=list)
    turns: int = 0
    group: frozenset[str] = frozenset()

    def queue(self, side: int) -> list[Waiting]:
        """Who waits on a side, the first to trade first."""
        return sorted((w for w in self.waiting if w.side == side), key=lambda w: (-w.price * w.side, w.turn))

    def add(self, name: str, owner: str, side: int, price: int, lots: int) -> None:
        self.turns += 1
        if lots:
            self.waiting.append(Waiting(name, owner, side, price, lots, self.turns))

    def trade(self, taker: str, maker: Waiting, lots: int) -> None:
        self.fills.append((taker, maker.name, maker.price, lots))
        self.cut(maker, lots)

    def cut(self, waiting: Waiting, lots: int) -> None:
        waiting.lots -= lots
        if not waiting.lots:
            self.waiting.remove(waiting)

    def within(self, side: int, price: int) -> list[Waiting]:
        """Who would trade with an order of `side` at `price`."""
        return [w for w in self.queue(-side) if w.price * side <= price * side]

    def prevented(self, owner: str, stp: str, maker: Waiting) -> bool:
        both = {owner, maker.owner} <= self.group or owner == maker.owner
        return bool(stp and maker.owner and self.group and both)

    def place(self, name: str, owner: str, side: int, kind: str, price: int, lots: int, stp: str = "") -> None:
        if kind == "LIMIT_MAKER" and self.within(side, price):
            return
        if kind == "FILL_OR_KILL" and not self.fillable(owner, side, price, lots, stp):
            return
        for maker in self.within(side, price):
            if not lots:
                return
            if self.prevented(owner, stp, maker):
                if stp != "cancel_taker":
                    self.cut(maker, maker.lots)
                if stp != "cancel_maker":
                    return
            else:
                taken = min(lots, maker.lots)
                lots -= taken
                self.trade(name, maker, taken)
        if kind in ("LIMIT", "LIMIT_MAKER"):
            self.add(name, owner, side, price, lots)

    def fillable(self, owner: str, side: int, price: int, lots: int, stp: str) -> bool:
        for maker in self.within(side, price):
            if lots <= 0:
                return True
            if not self.prevented(owner, stp, maker):
                lots -= maker.lots
            elif stp != "cancel_maker":
                return False
        return lots <= 0

    def cancel(self, name: str) -> None:
        for waiting in [w for w in self.waiting if w.name == name]:
            self.waiting.remove(waiting)

    def state(self, side: int, price: int, lots: int) -> None:
        """The tape has `lots` at a price."""
        own = [w for w in self.queue(side) if w.price == price and not w.owner]
        change = lots - sum(w.lots for w in own)
        if not own:
            for other in self.within(side, price) if lots else []:
                if not other.owner:
                    self.cut(other, other.lots)
                elif change:
                    taken = min(change, other.lots)
                    change -= taken
                    self.trade("", other, taken)
        if change > 0:
            self.add("", "", side, price, change)
        for waiting in reversed(own):
            taken = min(waiting.lots, max(0, -change))
            change += taken
            self.cut(waiting, taken)

    def tape_trade(self, side: int, price: int, lots: int) -> None:
        """A taker of the tape."""
        for maker in self.within(side, price):
            if not lots:
                return
            taken = min(lots, maker.lots)
            if maker.owner:
                lots -= taken
                self.trade("", maker, taken)
            elif maker.price == price:
                lots -= taken
                self.cut(maker, taken)
                self.add("", "", maker.side, price, taken)

    def levels(self, side: int) -> list[tuple[int, int]]:
        found: dict[int, int] = {}
        for waiting in self.queue(side):
            found[waiting.price] = found.get(waiting.price, 0) + waiting.lots
        return list(found.items())
