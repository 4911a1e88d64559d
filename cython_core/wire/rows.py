"""Market data of push frames to records of a tape (`layout.py` says what the words are): what `data record` writes.

| body | records |
|---|---|
| 313, 302 | a level for each change; update id = its (last) version, word 7 = its first version (302: 0) |
| 303 | a reset, then all levels; update id = the version |
| 315, 305 | a reset, then the best ask and bid, if they are there; update id = the version, 0 if none is sent |
| 314, 301 | a trade each; trade id and word 7 = the two numbers that its id begins with (`10X0_11X0`: 10, 0), else 0 |
| others, and none | no record |

Asks stand before bids, as in the message. Each record has the symbol's number as its stream; the last of a message has
FLAG_MESSAGE_END. The venue time is the frame's sendTime (else createTime, else 0), of a trade its own.
`include/flashc/wire/rows.h` is the twin in C.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..layout import FLAG_MESSAGE_END, FLAG_SHIFT, HEAD, KIND_LEVEL, KIND_RESET, KIND_TRADE, WORDS_PER_RECORD, head
from .decimals import DecimalFault, parse_decimal
from .depth_codes import BAD_SIDE, BAD_TIME, BAD_VERSION, MOST_MS, UNKNOWN_SYMBOL, ZERO_PRICE, ZERO_QUANTITY
from .messages import (
    AggreBookTicker,
    AggreDepths,
    Body,
    BookTicker,
    Deal,
    Deals,
    IncreaseDepths,
    Level,
    LimitDepths,
    Push,
)
from .push import PushFault, decode_push

_TRADE_ID = re.compile(r"([0-9]{1,18})X([0-9]{1,18})(?:_|\Z)")
_NS_PER_MS = 1_000_000


class RowsFault(ValueError):
    """A frame of which no record is made. `reason` is one of `depth_codes.REASONS`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class SymbolScale:
    """A symbol, and the decimals of its ticks and lots: both 0..18."""

    symbol: str
    price_decimals: int
    qty_decimals: int


@dataclass(frozen=True, slots=True)
class Rows:
    """The records of a frame: int64[n, 8]. A frame of changes may have none, but a version.

    `symbol_number` is the place in the list of symbols, -1 where no symbol was looked for. `first_id` and `last_id` are
    the versions of a book message; `first_id` is 0 where it is unknown. `venue_ns` is the frame's time.
    """

    records: NDArray[np.int64]
    symbol_number: int
    body_number: int
    first_id: int
    last_id: int
    venue_ns: int


class PushRows:
    """Makes records of frames of the given symbols; stream numbers are places in the list."""

    def __init__(self, symbols: Sequence[SymbolScale]) -> None:
        assert len({scale.symbol for scale in symbols}) == len(symbols), "each symbol stands once"
        self._symbols = {scale.symbol: (number, scale) for number, scale in enumerate(symbols)}

    def rows(self, frame: bytes, receive_ns: int) -> NDArray[np.int64]:
        """The records of one frame, int64[n, 8]. Raises `RowsFault`."""
        return self.read(frame, receive_ns).records

    def read(self, frame: bytes, receive_ns: int) -> Rows:
        """The records of one frame, and what it was. Raises `RowsFault`."""
        try:
            return self._read(decode_push(frame), receive_ns)
        except (PushFault, DecimalFault) as error:
            raise RowsFault(error.reason) from None

    def read_all(self, frames: Sequence[bytes], receive_ns: Sequence[int]) -> list[Rows | RowsFault]:
        """The same of many frames; faults stand in the places of the frames that are refused."""
        found: list[Rows | RowsFault] = []
        for frame, time in zip(frames, receive_ns, strict=True):
            try:
                found.append(self.read(frame, time))
            except RowsFault as error:
                found.append(error)
        return found

    def _read(self, push: Push, receive_ns: int) -> Rows:
        body = push.body
        if body is None or not isinstance(body, _WITH_ROWS):
            return Rows(np.zeros((0, WORDS_PER_RECORD), np.int64), -1, push.body_number, 0, 0, 0)
        if push.symbol not in self._symbols:
            raise RowsFault(UNKNOWN_SYMBOL)
        number, scale = self._symbols[push.symbol]
        venue_ns = _ns(push.send_time_ms if push.send_time_ms is not None else push.create_time_ms or 0)
        message = _Message(scale, number, receive_ns, venue_ns)
        message.add(body)
        records = np.array(message.records, np.int64).reshape(-1, WORDS_PER_RECORD)
        return Rows(records, number, push.body_number, message.first_id, message.last_id, venue_ns)


_WITH_ROWS = (Deals, IncreaseDepths, LimitDepths, AggreDepths, BookTicker, AggreBookTicker)


def _ns(ms: int) -> int:
    if not 0 <= ms <= MOST_MS:
        raise RowsFault(BAD_TIME)
    return ms * _NS_PER_MS


def _version(text: str) -> int:
    try:
        return parse_decimal(text, 0)
    except DecimalFault:
        raise RowsFault(BAD_VERSION) from None


@dataclass(slots=True)
class _Message:
    """The records of one frame, as they grow."""

    scale: SymbolScale
    stream: int
    receive_ns: int
    venue_ns: int
    first_id: int = 0
    last_id: int = 0
    records: list[list[int]] = field(default_factory=list)

    def add(self, body: Body) -> None:
        if isinstance(body, Deals):
            for deal in body.deals:
                self._deal(deal)
        elif isinstance(body, BookTicker | AggreBookTicker):
            self._ticker(body)
        elif isinstance(body, AggreDepths | LimitDepths | IncreaseDepths):
            self._depth(body)

    def _put(self, kind: int, side: int, lots: int, ticks: int) -> None:
        words = [self.receive_ns, head(kind, 0, self.stream), side, lots, ticks, self.venue_ns]
        self.records.append([*words, self.last_id, self.first_id])

    def _end(self) -> None:
        if self.records:
            self.records[-1][HEAD] |= FLAG_MESSAGE_END << FLAG_SHIFT

    def _level(self, level: Level | Deal) -> tuple[int, int]:
        """Ticks and lots."""
        ticks = parse_decimal(level.price, self.scale.price_decimals)
        if ticks == 0:
            raise RowsFault(ZERO_PRICE)
        return ticks, parse_decimal(level.quantity, self.scale.qty_decimals)

    def _depth(self, body: AggreDepths | LimitDepths | IncreaseDepths) -> None:
        if isinstance(body, AggreDepths):
            self.last_id, self.first_id = _version(body.to_version), _version(body.from_version)
            if self.first_id > self.last_id:
                raise RowsFault(BAD_VERSION)
        else:
            self.last_id = _version(body.version)
        if isinstance(body, LimitDepths):
            self._put(KIND_RESET, 0, 0, 0)
        for side, levels in ((-1, body.asks), (1, body.bids)):
            for level in levels:
                ticks, lots = self._level(level)
                self._put(KIND_LEVEL, side, lots, ticks)
        self._end()

    def _ticker(self, body: BookTicker | AggreBookTicker) -> None:
        if isinstance(body, AggreBookTicker) and body.version:
            self.last_id = _version(body.version)
        self._put(KIND_RESET, 0, 0, 0)
        self._best(-1, body.ask_price, body.ask_quantity)
        self._best(1, body.bid_price, body.bid_quantity)
        self._end()

    def _best(self, side: int, price: str, quantity: str) -> None:
        """Nothing stands there if the price is left out or the quantity is zero."""
        if not price:
            return
        ticks = parse_decimal(price, self.scale.price_decimals)
        lots = parse_decimal(quantity, self.scale.qty_decimals)
        if lots == 0:
            return
        if ticks == 0:
            raise RowsFault(ZERO_PRICE)
        self._put(KIND_LEVEL, side, lots, ticks)

    def _deal(self, deal: Deal) -> None:
        ticks, lots = self._level(deal)
        if lots == 0:
            raise RowsFault(ZERO_QUANTITY)
        if deal.trade_type not in (1, 2):
            raise RowsFault(BAD_SIDE)
        frame_ns, self.venue_ns = self.venue_ns, _ns(deal.time_ms)
        found = _TRADE_ID.match(deal.trade_id)
        self.last_id, self.first_id = (int(found[1]), int(found[2])) if found else (0, 0)
        self._put(KIND_TRADE, 1 if deal.trade_type == 1 else -1, lots, ticks)
        self.venue_ns, self.last_id, self.first_id = frame_ns, 0, 0
