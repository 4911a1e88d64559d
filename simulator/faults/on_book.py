"""What the faults B do to messages. Snapshots are in `on_snapshots.py`."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any

from ..exchange.amounts import amount_text, parse_amount
from ..rest.calls import json_answer
from ..stream.hub import NEVER_NS, Push
from .holding import Sieve
from .on_snapshots import Snapshot
from .push_edit import (
    DEPTH,
    add_levels,
    books,
    edited,
    is_depth,
    is_kind,
    level_rows,
    parse,
    set_versions,
    versions,
)
from .refusals import fields_of
from .seams import Ask, Injector, Reply


class DepthGap(Sieve):
    """B-01: loses some, lets some through, loses some."""

    prefix = DEPTH

    def begin(self, now_ns: int) -> None:
        self._seen: dict[tuple[int, str], int] = {}

    def one(self, push: Push, now_ns: int) -> list[Push]:
        key = (push.connection, push.channel)
        seen = self._seen.get(key, 0)
        self._seen[key] = seen + 1
        lost, kept = self.number("messages"), self.number("keep")
        return [] if seen % (lost + kept) < lost else [push]


class DepthRepeat(Sieve):
    """B-02."""

    prefix = DEPTH

    def begin(self, now_ns: int) -> None:
        self._last: dict[tuple[int, str], deque[Push]] = {}

    def one(self, push: Push, now_ns: int) -> list[Push]:
        if not parse(push.frame)[1]:  # a frame without a body says nothing that could be said again
            return [push]
        last = self._last.setdefault((push.connection, push.channel), deque(maxlen=5))
        kind, before = self.word("kind"), last[0] if last else push
        last.append(push)
        if kind == "same":
            return [push, push]
        if kind == "old":
            return [push, before]
        return [push, _joined(last[-2], push)] if len(last) > 1 else [push]


def _joined(first: Push, second: Push) -> Push:
    """Both changes as one message over the versions of both."""
    earlier = getattr(*parse(first.frame))

    def join(body: Any) -> None:
        later = {(side, row.price) for side in ("asks", "bids") for row in getattr(body, side)}
        for side in ("asks", "bids"):
            kept = [(row.price, row.quantity) for row in getattr(earlier, side) if (side, row.price) not in later]
            add_levels(getattr(body, side), kept)
        set_versions(body, versions(earlier)[0], versions(body)[1])

    return edited(second, join)


class CrossedBook(Sieve):
    """B-04: a bid that is not there stands at or above the best ask, and is taken away in the end.

    With `both` the exchange itself shows it, so that all channels and the snapshot agree.
    """

    _EVERY_NS = 200_000_000

    def begin(self, now_ns: int) -> None:
        self._false: dict[tuple[int, str], str] = {}
        self._next_ns = now_ns if self.word("where") == "both" else NEVER_NS

    def next_ns(self) -> int:
        return self._next_ns

    def turn(self, now_ns: int) -> None:
        """Show it anew, where the ask is now."""
        self._next_ns = now_ns + self._EVERY_NS
        for symbol in self._symbols():
            self.scene.hands.show_true(symbol)
            self.acts += self.scene.hands.show_crossed(symbol, locked=self.word("kind") == "locked")

    def end(self, now_ns: int) -> None:
        if self.word("where") == "both":
            for symbol in self._symbols():
                self.scene.hands.show_true(symbol)

    def _symbols(self) -> list[str]:
        return [symbol for symbol in self.scene.exchange.specs if self.target.takes(symbol=symbol)]

    def one(self, push: Push, now_ns: int) -> list[Push]:
        price = self._price(push.symbol) if is_depth(push) and self.word("where") == "stream" else ""
        if not price:
            return [push]
        key = (push.connection, push.channel)
        before = self._false.get(key, price)
        self._false[key] = price
        return [edited(push, lambda body: self._cross(push, body, before, price))]

    def _cross(self, push: Push, body: Any, before: str, price: str) -> None:
        for book in books(body):
            if is_kind(push, "public.limit.depth"):
                _put_first(book.bids, price, "1")
            else:
                add_levels(book.bids, [(before, "0")] * (before != price) + [(price, "1")])

    def _price(self, symbol: str) -> str:
        """The best ask, or some ticks above it; empty without one."""
        _, _, asks = self.scene.exchange.depth(symbol, 1)
        if not asks:
            return ""
        ticks = asks[0][0] + (5 if self.word("kind") == "crossed" else 0)
        return amount_text(ticks, self.scene.exchange.specs[symbol].price_decimals)

    def drain(self, pushes: Sequence[Push], now_ns: int) -> tuple[list[Push], bool]:
        """Each channel's next message takes the false level away."""
        found: list[Push] = []
        for push in pushes:
            price = self._false.pop((push.connection, push.channel), "")
            is_diff = price and not is_kind(push, "public.limit.depth")
            found.append(edited(push, partial(_remove, price)) if is_diff else push)
        open_ = self.scene.hub.connections
        self._false = {key: price for key, price in self._false.items() if key[0] in open_}
        return found, not self._false

    def after(self, ask: Ask, reply: Reply) -> Reply:
        if self.word("where") != "rest" or not ask.is_("GET depth"):
            return reply
        found = fields_of(reply.answer, "bids")
        price = "" if found is None else self._price(ask.symbol)
        if found is None or not price or not self.act():
            return reply
        found["bids"].insert(0, [price, "1"])
        return Reply(json_answer(found))


def _put_first(rows: Any, price: str, quantity: str) -> None:
    """A level more, as the first of a side."""
    kept = [(row.price, row.quantity) for row in rows]
    del rows[:]
    add_levels(rows, [(price, quantity), *kept])


def _remove(price: str, body: Any) -> None:
    """Say that a bid is gone, unless the message says something of it."""
    for book in books(body):
        if all(row.price != price for row in book.bids):
            add_levels(book.bids, [(price, "0")])


_BAD = {
    "zero": "0",
    "negative": "-1.5",
    "long": "1234567890123456789012345678901234567890",
    "exponent": "1e5",
    "empty": "",
    "letters": "abc",
    "nan": "NaN",
    "comma": "1,5",
}


class BadNumbers(Sieve):
    """B-05: the first level of a message."""

    def one(self, push: Push, now_ns: int) -> list[Push]:
        return [edited(push, self._spoil)] if is_depth(push) or is_kind(push, "public.aggre.deals") else [push]

    def _spoil(self, body: Any) -> None:
        row = next(level_rows(body), None)
        if row is None:
            return
        field, kind = self.word("field"), self.word("kind")
        right = getattr(row, field)
        bad = right + ("0000001" if "." in right else ".0000000001") if kind == "off_tick" else _BAD[kind]
        setattr(row, field, bad)


class OneSidedBook(Injector):
    """B-06: the market's orders on a side are withdrawn, and come back in the end."""

    def begin(self, now_ns: int) -> None:
        for symbol, sign in self._sides():
            self.acts += 1
            self.scene.hands.empty_side(symbol, sign)

    def end(self, now_ns: int) -> None:
        for symbol, sign in self._sides():
            self.scene.hands.refill_side(symbol, sign)

    def _sides(self) -> list[tuple[str, int]]:
        signs = {"bids": (1,), "asks": (-1,), "both": (1, -1)}[self.word("side")]
        symbols = [symbol for symbol in self.scene.exchange.specs if self.target.takes(symbol=symbol)]
        return [(symbol, sign) for symbol in symbols for sign in signs]


class OtherSymbol(Sieve):
    """B-07: keeps each channel's last message, and sends that of another symbol in its place."""

    def begin(self, now_ns: int) -> None:
        self._last: dict[tuple[int, str, str], Push] = {}

    def one(self, push: Push, now_ns: int) -> list[Push]:
        if not push.symbol:
            return [push]
        kind = push.channel.replace(push.symbol, "@")
        self._last[push.connection, kind, push.symbol] = push
        wanted = self.word("other")
        others = [
            other
            for (connection, same, symbol), other in self._last.items()
            if connection == push.connection and same == kind and symbol != push.symbol and wanted in ("", symbol)
        ]
        wrapper, name = parse(push.frame)
        if self.word("kind") == "wrapper":
            wrapper.symbol = wanted or (others[0].symbol if others else "OTHERUSDT")
        elif others and name:
            foreign, _ = parse(others[0].frame)
            own = getattr(wrapper, name)
            kept = versions(own) if name == "publicAggreDepths" else None
            own.CopyFrom(getattr(foreign, name))
            if kept is not None:
                set_versions(own, *kept)
        return [push._replace(frame=wrapper.SerializeToString())]


class DepthOrder(Sieve):
    """B-08."""

    prefix = DEPTH

    def begin(self, now_ns: int) -> None:
        self._held: dict[tuple[int, str], Push] = {}

    def one(self, push: Push, now_ns: int) -> list[Push]:
        if self.word("kind") == "backwards":
            return [edited(push, _turn_round)]
        earlier = self._held.pop((push.connection, push.channel), None)
        if earlier is not None:
            return [push, earlier]
        self._held[push.connection, push.channel] = push
        return []

    def drain(self, pushes: Sequence[Push], now_ns: int) -> tuple[list[Push], bool]:
        return [*self._held.values(), *pushes], True


def _turn_round(body: Any) -> None:
    first, last = versions(body)
    set_versions(body, last + 1, first)


class VersionRestart(Injector):
    """B-09: once, when it begins."""

    def begin(self, now_ns: int) -> None:
        for symbol in self.scene.exchange.specs:
            if self.target.takes(symbol=symbol):
                self.acts += 1
                self.scene.hands.restart_versions(symbol, self.number("version"))


class TickerDrift(Sieve):
    """B-10."""

    def one(self, push: Push, now_ns: int) -> list[Push]:
        if "ookTicker" not in push.channel or not push.symbol:
            return [push]
        decimals = self.scene.exchange.specs[push.symbol].price_decimals
        return [edited(push, lambda body: self._shift(body, decimals))]

    def _shift(self, body: Any, decimals: int) -> None:
        for book in books(body):
            for name in ("bidPrice", "askPrice"):
                if text := getattr(book, name):
                    setattr(book, name, amount_text(parse_amount(text, decimals) + self.number("ticks"), decimals))


INJECTORS: dict[str, type[Injector]] = {
    "B-01": DepthGap,
    "B-02": DepthRepeat,
    "B-03": Snapshot,
    "B-04": CrossedBook,
    "B-05": BadNumbers,
    "B-06": OneSidedBook,
    "B-07": OtherSymbol,
    "B-08": DepthOrder,
    "B-09": VersionRestart,
    "B-10": TickerDrift,
}
