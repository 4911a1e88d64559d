"""What a tape must promise, checked the slow and obvious way: one record after the other, with dicts."""

from __future__ import annotations

from collections import defaultdict

from flashc.cython_core import layout
from flashc.runtime.market_data.tapes.file import Tape


def kind_of(record: list[int]) -> int:
    return record[layout.HEAD] & 255


def flags_of(record: list[int]) -> int:
    return record[layout.HEAD] >> layout.FLAG_SHIFT & 255


def stream_of(record: list[int]) -> int:
    return record[layout.HEAD] >> layout.STREAM_SHIFT & 0xFFFF


def check_promises(tape: Tape) -> dict[int, list[tuple[int, int, int, int]]]:
    """Assert every guarantee of a tape; return per book stream (time, update id, best bid, best ask) of its messages."""
    rows = tape.records.tolist()
    books: dict[int, dict[int, dict[int, int]]] = defaultdict(lambda: {1: {}, -1: {}})
    open_message: dict[int, int] = {}
    tops: dict[int, list[tuple[int, int, int, int]]] = defaultdict(list)
    venue = 0
    for place, row in enumerate(rows):
        later = rows[place + 1][layout.TIME] if place + 1 < len(rows) else None
        assert later is None or later >= row[layout.TIME]
        assert bool(flags_of(row) & layout.FLAG_INSTANT_END) == (later != row[layout.TIME])
        kind, stream = kind_of(row), stream_of(row)
        assert kind in (layout.KIND_BAR, layout.KIND_LEVEL, layout.KIND_TRADE, layout.KIND_RESET)
        if kind == layout.KIND_BAR:
            assert row[layout.LOW] <= min(row[layout.OPEN], row[layout.CLOSE])
            assert row[layout.HIGH] >= max(row[layout.OPEN], row[layout.CLOSE])
            continue
        assert venue <= row[layout.VENUE_TIME] <= row[layout.TIME]
        venue = row[layout.VENUE_TIME]
        if kind == layout.KIND_TRADE:
            assert row[layout.SIDE] in (1, -1)
            assert row[layout.QTY] > 0
            continue
        book = books[stream]
        assert open_message.setdefault(stream, row[layout.TIME]) == row[layout.TIME]
        if kind == layout.KIND_RESET:
            assert (row[layout.SIDE], row[layout.QTY], row[layout.PRICE]) == (0, 0, 0)
            book[1].clear()
            book[-1].clear()
            continue
        limits = tape.streams[stream]
        assert limits.low_ticks <= row[layout.PRICE] <= limits.high_ticks
        side = book[row[layout.SIDE]]
        side.pop(row[layout.PRICE], None)
        if row[layout.QTY]:
            side[row[layout.PRICE]] = row[layout.QTY]
        if flags_of(row) & layout.FLAG_MESSAGE_END:
            del open_message[stream]
            assert max(book[1]) < min(book[-1])
            assert max(len(book[1]), len(book[-1])) <= limits.depth
            tops[stream].append((row[layout.TIME], row[layout.UPDATE_ID], max(book[1]), min(book[-1])))
    assert not open_message
    return dict(tops)
