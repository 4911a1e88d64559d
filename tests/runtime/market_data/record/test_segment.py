"""The append-only file of a recording: what any end of the process or of the disk leaves of it."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
from flashc.cython_core.layout import FLAG_MESSAGE_END, HEAD, KIND_LEVEL, KIND_TRADE, WORDS_PER_RECORD, head
from flashc.runtime.market_data.bars import Ints
from flashc.runtime.market_data.record.segment import (
    BLOCK_BYTES,
    RECORDS,
    DiskFile,
    SegmentDamaged,
    SegmentWriter,
    read_segment,
)
from hypothesis import given, settings
from hypothesis import strategies as st

HEAD_FACTS = {"name": "x", "symbols": ["BTCUSDC"]}


class Memory:
    """A file in memory with room for `room` bytes, that takes at most `most` at a time."""

    def __init__(self, room: int = 1 << 30, most: int = 1 << 30) -> None:
        self.data, self.room, self.most = bytearray(), room, most

    def write(self, data: memoryview) -> int:
        fits = min(len(data), self.most, self.room - len(self.data))
        if fits <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.data += data[:fits]
        return fits

    def truncate(self, size: int) -> None:
        del self.data[size:]

    def sync(self) -> None: ...

    def close(self) -> None: ...


def messages(sizes: list[int]) -> list[Ints]:
    """Book messages of so many rows; every row is numbered."""
    found, number = [], 0
    for size in sizes:
        rows = np.zeros((size, WORDS_PER_RECORD), np.int64)
        rows[:, 0] = np.arange(number, number + size)
        rows[:, HEAD] = head(KIND_LEVEL)
        rows[-1, HEAD] = head(KIND_LEVEL, FLAG_MESSAGE_END)
        found.append(rows)
        number += size
    return found


def written(parts: list[Ints], file: Memory) -> bytes:
    writer = SegmentWriter(file, HEAD_FACTS)
    for part in parts:
        writer.append(part)
    writer.flush()
    return bytes(file.data)


@given(st.lists(st.integers(1, 300), max_size=12), st.integers(1, 20_000))
@settings(max_examples=20, deadline=None)
def test_what_is_written_is_read(sizes: list[int], most: int) -> None:
    data = written(messages(sizes), Memory(most=most))
    found = read_segment(data)
    assert dict(found.head) == HEAD_FACTS
    assert found.rows[:, 0].tolist() == list(range(sum(sizes)))
    assert (found.torn_bytes, found.torn_rows, len(data) % BLOCK_BYTES) == (0, 0, 0)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=8), st.data())
@settings(max_examples=40, deadline=None)
def test_a_torn_end_costs_only_the_messages_in_it(sizes: list[int], data: st.DataObject) -> None:
    whole = written(messages(sizes), Memory())
    end = data.draw(st.integers(BLOCK_BYTES, len(whole)))
    room = BLOCK_BYTES - end % BLOCK_BYTES - 1  # a block made whole by other bytes behind its rows is whole
    found = read_segment(whole[:end] + b"\xff" * data.draw(st.integers(0, min(9, room))))
    rows = min((end // BLOCK_BYTES - 1) * RECORDS, sum(sizes))
    ends = np.cumsum(sizes)
    complete = int(ends[ends <= rows].max(initial=0))
    assert found.rows[:, 0].tolist() == list(range(complete))
    assert found.torn_rows == rows - complete


def test_a_block_with_one_flipped_bit_ends_the_segment() -> None:
    whole = bytearray(written(messages([RECORDS, RECORDS, RECORDS]), Memory()))
    whole[2 * BLOCK_BYTES + 900] ^= 4
    assert len(read_segment(bytes(whole)).rows) == RECORDS


def test_trades_need_no_end_mark() -> None:
    rows = messages([3])[0]
    rows[:, HEAD] = head(KIND_TRADE)
    assert len(read_segment(written([rows], Memory())).rows) == 3


@pytest.mark.parametrize("room", [BLOCK_BYTES, 3 * BLOCK_BYTES, 3 * BLOCK_BYTES + 100])
def test_a_full_disk_leaves_whole_blocks(room: int) -> None:
    file = Memory(room)
    writer = SegmentWriter(file, HEAD_FACTS)
    with pytest.raises(OSError, match="No space"):
        writer.append(np.concatenate(messages([RECORDS] * 5)))
    assert len(file.data) == room // BLOCK_BYTES * BLOCK_BYTES == writer.size
    assert len(read_segment(bytes(file.data)).rows) == (room // BLOCK_BYTES - 1) * RECORDS


def test_a_segment_without_a_head_is_refused() -> None:
    with pytest.raises(SegmentDamaged):
        read_segment(b"")
    with pytest.raises(SegmentDamaged):
        read_segment(written([], Memory())[:-1])


def test_on_disk_a_segment_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.seg"
    writer = SegmentWriter(DiskFile(path), HEAD_FACTS)
    writer.append(messages([5])[0])
    writer.flush()
    writer.sync()
    writer.close()
    assert len(read_segment(path.read_bytes()).rows) == 5
    with pytest.raises(FileExistsError):
        DiskFile(path)
