"""The order book in the plainest form: what depth frames mean, as dictionaries. The native book must equal it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from ....cython_core.wire.decimals import DecimalFault, parse_decimal
from ....cython_core.wire.depth_codes import (
    APPLIED,
    BACKWARDS,
    BAD_VERSION,
    GAP,
    NOT_DEPTH,
    OLD,
    OVERLAP,
    REASONS,
    TOO_MANY_LEVELS,
    UNKNOWN_SYMBOL,
    ZERO_PRICE,
)
from ....cython_core.wire.messages import AggreDepths, Level
from ....cython_core.wire.push import PushFault, decode_push

#: A price in ticks and what stands there in lots.
Ladder = list[tuple[int, int]]
#: Levels of both sides in one message; an honest one has far fewer.
MOST_LEVELS = 20_000
BID, ASK = 1, -1


class DepthBook(Protocol):
    """One symbol's book, kept by depth frames. `apply` gives an outcome of `depth_codes`, below 0 a refusal."""

    @property
    def version(self) -> int: ...

    @property
    def valid(self) -> bool: ...

    def snapshot(
        self, last_update_id: int, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]]
    ) -> int: ...

    def apply(self, frame: bytes) -> int: ...

    def best_bid(self) -> tuple[int, int] | None: ...

    def best_ask(self) -> tuple[int, int] | None: ...

    def levels(self, side: int, count: int) -> Ladder: ...


class Refused(ValueError):
    """A message that cannot be read. `reason` is one of `depth_codes.REASONS`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class ReferenceBook:
    """A book of dictionaries. A frame that is refused, leaves a gap or goes backwards changes no level.

    After such a frame the book is not valid until the next snapshot. A crossed book is valid here: whether it may be
    used is for others to say.
    """

    def __init__(self, symbol: str, price_decimals: int, qty_decimals: int) -> None:
        self._symbol = symbol
        self._decimals = (price_decimals, qty_decimals)
        self._sides: dict[int, dict[int, int]] = {BID: {}, ASK: {}}
        self._version = -1
        self._valid = False
        self._fresh = False

    @property
    def version(self) -> int:
        """Of the last change that was applied, or of the snapshot; -1 before both."""
        return self._version

    @property
    def valid(self) -> bool:
        """Whether every change since the snapshot was applied."""
        return self._valid

    def snapshot(self, last_update_id: int, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]]) -> int:
        """Begin anew with these levels of ticks and lots."""
        self._sides = {BID: {}, ASK: {}}
        self._write(BID, bids)
        self._write(ASK, asks)
        self._version, self._valid, self._fresh = last_update_id, True, True
        return APPLIED

    def apply(self, frame: bytes) -> int:
        """Take one frame of `aggre.depth`; what came of it."""
        try:
            push = decode_push(frame)
            if not isinstance(push.body, AggreDepths):
                return NOT_DEPTH
            if push.symbol != self._symbol:
                raise Refused(UNKNOWN_SYMBOL)
            first, last, asks, bids = self._read(push.body)
        except (PushFault, DecimalFault, Refused) as error:
            self._valid = False
            return -1 - REASONS.index(error.reason)
        return self._take(first, last, asks, bids)

    def _read(self, body: AggreDepths) -> tuple[int, int, Ladder, Ladder]:
        first, last = _version(body.from_version), _version(body.to_version)
        if len(body.asks) + len(body.bids) > MOST_LEVELS:
            raise Refused(TOO_MANY_LEVELS)
        return first, last, [self._level(row) for row in body.asks], [self._level(row) for row in body.bids]

    def _level(self, row: Level) -> tuple[int, int]:
        ticks = parse_decimal(row.price, self._decimals[0])
        if ticks == 0:
            raise Refused(ZERO_PRICE)
        return ticks, parse_decimal(row.quantity, self._decimals[1])

    def _take(self, first: int, last: int, asks: Ladder, bids: Ladder) -> int:
        if last < first:
            self._valid = False
            return BACKWARDS
        if self._valid and last <= self._version:
            return OLD
        if not self._valid or first > self._version + 1:
            self._valid = False
            return GAP
        overlap = first <= self._version and not self._fresh
        self._write(ASK, asks)
        self._write(BID, bids)
        self._version, self._fresh = last, False
        return OVERLAP if overlap else APPLIED

    def _write(self, side: int, levels: Iterable[tuple[int, int]]) -> None:
        book = self._sides[side]
        for ticks, lots in levels:
            if lots:
                book[ticks] = lots
            else:
                book.pop(ticks, None)

    def best_bid(self) -> tuple[int, int] | None:
        """Ticks and lots of the highest bid."""
        book = self._sides[BID]
        return (best := max(book), book[best]) if book else None

    def best_ask(self) -> tuple[int, int] | None:
        """Ticks and lots of the lowest ask."""
        book = self._sides[ASK]
        return (best := min(book), book[best]) if book else None

    def levels(self, side: int, count: int) -> Ladder:
        """The best `count` levels of a side (`BID` or `ASK`), best first."""
        return sorted(self._sides[side].items(), reverse=side == BID)[:count]


def _version(text: str) -> int:
    try:
        return parse_decimal(text, 0)
    except DecimalFault:
        raise Refused(BAD_VERSION) from None
