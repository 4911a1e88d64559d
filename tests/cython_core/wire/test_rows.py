"""Records of market data frames, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from flashc.cython_core.layout import FLAG_MESSAGE_END, KIND_LEVEL, KIND_RESET, KIND_TRADE, head
from flashc.cython_core.wire.depth_codes import REASONS
from flashc.cython_core.wire.rows import PushRows, RowsFault, SymbolScale
from support.wire_bytes import DEAL, DEPTH, ORDER
from support.wire_market import build

SYMBOLS = (SymbolScale("BTCUSDT", 2, 6), SymbolScale("MXUSDT", 4, 2))
SENT = 1_790_000_000_130 * 1_000_000
LEVEL, END = head(KIND_LEVEL, 0, 1), head(KIND_LEVEL, FLAG_MESSAGE_END, 1)


def rows(data: bytes) -> list[list[int]]:
    found: list[list[int]] = PushRows(SYMBOLS).rows(data, 7).tolist()
    return found


def test_changes_of_the_book() -> None:
    assert rows(DEPTH) == [[7, LEVEL, -1, 0, 25100, SENT, 1003, 1001], [7, END, 1, 10000, 24900, SENT, 1003, 1001]]


def test_trades() -> None:
    assert rows(DEAL) == [[7, head(KIND_TRADE, 0, 1), 1, 1250, 25001, 1_790_000_000_123_000_000, 10, 0]]


def test_a_whole_book_begins_with_a_reset() -> None:
    data = build("publicLimitDepths", {"version": "9", "bids": [{"price": "2.5", "quantity": "1"}]})
    reset = head(KIND_RESET, 0, 1)
    assert rows(data) == [[7, reset, 0, 0, 0, SENT, 9, 0], [7, END, 1, 100, 25000, SENT, 9, 0]]


def test_a_ticker_is_a_book_of_one_level() -> None:
    data = build("publicAggreBookTicker", {"bidPrice": "2.5", "bidQuantity": "1", "askPrice": "", "version": "9"})
    reset = head(KIND_RESET, 0, 1)
    assert rows(data) == [[7, reset, 0, 0, 0, SENT, 9, 0], [7, END, 1, 100, 25000, SENT, 9, 0]]


def test_other_frames_have_no_records() -> None:
    assert rows(ORDER) == []
    assert PushRows(SYMBOLS).rows(b"", 7).shape == (0, 8)


def test_a_message_without_levels_still_has_its_versions() -> None:
    found = PushRows(SYMBOLS).read(build("publicAggreDepths", {"fromVersion": "5", "toVersion": "6"}), 7)
    assert (len(found.records), found.symbol_number, found.body_number) == (0, 1, 313)
    assert (found.first_id, found.last_id, found.venue_ns) == (5, 6, SENT)


def _depth(price: str, quantity: str, upto: str = "2") -> bytes:
    asks = [{"price": price, "quantity": quantity}]
    return build("publicAggreDepths", {"fromVersion": "1", "toVersion": upto, "asks": asks})


def _deal(quantity: str, side: int, time: int) -> bytes:
    deal = {"price": "1", "quantity": quantity, "tradeType": side, "time": time}
    return build("publicAggreDeals", {"deals": [deal]})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x0a", "truncated"),
        (_depth("1e5", "1"), "exponent"),
        (_depth("0.000", "1"), "zero_price"),
        (_depth("1", "-1"), "negative"),
        (_depth("1", ""), "empty"),
        (_depth("1", "0.001"), "off_grid"),
        (_depth("1", "9" * 40), "too_large"),
        (_depth("1", "1", "x"), "bad_version"),
        (_depth("1", "1", "0"), "bad_version"),
        (_deal("0.0", 1, 1), "zero_quantity"),
        (_deal("1", 3, 1), "bad_side"),
        (_deal("1", 1, -1), "bad_time"),
        (DEPTH.replace(b"\x1a\x06MXUSDT", b"\x1a\x06MYUSDT"), "unknown_symbol"),
    ],
)
def test_other_frames_are_refused_with_their_reason(data: bytes, reason: str) -> None:
    with pytest.raises(RowsFault) as caught:
        PushRows(SYMBOLS).rows(data, 7)
    assert caught.value.reason == reason
    assert reason in REASONS


def test_many_frames_at_once_keep_their_places() -> None:
    first, second, third = PushRows(SYMBOLS).read_all([DEPTH, b"\x0a", DEAL], [1, 2, 3])
    assert isinstance(second, RowsFault)
    assert not isinstance(first, RowsFault)
    assert not isinstance(third, RowsFault)
    assert np.array_equal(first.records[:, 0], [1, 1])
    assert third.records[0, 0] == 3
