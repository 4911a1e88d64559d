"""The append-only file of a recording: blocks of fixed size, each with its own checksum.

Block 0 holds the segment's head as JSON. Every further block holds up to 127 records of eight words, as
`cython_core/layout` describes them. Blocks are only ever added, never written again, so what a crash tears is at the
end: a reader keeps the blocks up to the first one that is not whole, and cuts the rows of a message whose end is lost.

| bytes | content, little-endian                                           |
|-------|------------------------------------------------------------------|
| 0-7   | `FCSEGMT1`                                                       |
| 8-15  | number of the block, from 0                                      |
| 16-19 | records in it (block 0: bytes of JSON)                           |
| 20-23 | CRC-32 of the other 20 bytes and the content                     |
| 24-63 | zero                                                             |
| 64-   | content, then zeros up to 8192                                   |

What is safe when: `append` writes full blocks to the page cache at once, `flush` also the part of a block; after it,
the end of the process loses nothing. `sync` puts all written blocks on the disk; after it, a power cut loses nothing.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ....cython_core.layout import (
    FLAG_MESSAGE_END,
    FLAG_SHIFT,
    HEAD,
    KIND_LEVEL,
    KIND_RESET,
    WORD_BYTES,
    WORDS_PER_RECORD,
)
from ..bars import Ints

BLOCK_BYTES = 8192
HEAD_BYTES = 64
RECORD_BYTES = WORDS_PER_RECORD * WORD_BYTES
RECORDS = (BLOCK_BYTES - HEAD_BYTES) // RECORD_BYTES
MAGIC = b"FCSEGMT1"
_HEAD = struct.Struct("<8sQII")
_KIND = 0xFF
_ENDS = FLAG_MESSAGE_END << FLAG_SHIFT


class SegmentFile(Protocol):
    """What a writer needs of the system. `write` may write less than it is given, as the system's does."""

    def write(self, data: memoryview) -> int: ...

    def truncate(self, size: int) -> None: ...

    def sync(self) -> None: ...

    def close(self) -> None: ...


class DiskFile:
    """A new file on the disk. OSError as the system gives it."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)

    def write(self, data: memoryview) -> int:
        return os.write(self._handle, data)

    def truncate(self, size: int) -> None:
        os.ftruncate(self._handle, size)

    def sync(self) -> None:
        os.fdatasync(self._handle)

    def close(self) -> None:
        os.close(self._handle)


def block(number: int, count: int, content: bytes) -> bytes:
    """One block. `content` fits it."""
    crc = _crc(number, count, content)
    head = _HEAD.pack(MAGIC, number, count, crc)
    return (head + bytes(HEAD_BYTES - len(head)) + content).ljust(BLOCK_BYTES, b"\0")


def _crc(number: int, count: int, content: bytes | memoryview) -> int:
    return zlib.crc32(content, zlib.crc32(_HEAD.pack(MAGIC, number, count, 0)[:20]))


class SegmentWriter:
    """Appends records. After an OSError the file ends with its last whole block, and nothing more can be written."""

    def __init__(self, file: SegmentFile, head: Mapping[str, Any]) -> None:
        self._file, self._blocks, self.failed = file, 0, False
        self._held = np.empty((0, WORDS_PER_RECORD), np.int64)
        self.rows = 0
        text = json.dumps(head, separators=(",", ":")).encode()
        assert len(text) <= BLOCK_BYTES - HEAD_BYTES, "the head fits a block"
        self._write(block(0, len(text), text))

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._blocks * BLOCK_BYTES

    def append(self, rows: Ints) -> None:
        """Add whole messages: an array of shape (n, 8)."""
        self._held = np.concatenate((self._held, rows)) if len(self._held) else rows
        whole = len(self._held) // RECORDS
        if whole:
            self._put(whole * RECORDS)

    def flush(self) -> None:
        """Hand everything to the system; a block that is not full is closed as it is."""
        if len(self._held):
            self._put(len(self._held))

    def sync(self) -> None:
        """Put what was handed over on the disk."""
        self._file.sync()

    def close(self) -> None:
        """Close the file; what was not flushed is not in it."""
        self._file.close()

    def _put(self, count: int) -> None:
        part = np.ascontiguousarray(self._held[:count], dtype="<i8")
        pieces = [part[at : at + RECORDS] for at in range(0, count, RECORDS)]
        self._write(b"".join(block(self._blocks + k, len(piece), piece.tobytes()) for k, piece in enumerate(pieces)))
        self._held = self._held[count:]
        self.rows += count

    def _write(self, data: bytes) -> None:
        assert not self.failed, "a segment that failed takes no more"
        view, done = memoryview(data), 0
        try:
            while done < len(data):
                done += self._file.write(view[done:])
        except OSError:
            self.failed = True
            self._blocks += done // BLOCK_BYTES
            self._file.truncate(self.size)
            raise
        self._blocks += len(data) // BLOCK_BYTES


@dataclass(frozen=True, slots=True)
class Segment:
    """What a file holds: its head, whole messages as rows of shape (n, 8), and what had to be cut from its end."""

    head: Mapping[str, Any]
    rows: Ints
    torn_bytes: int
    torn_rows: int


class SegmentDamaged(Exception):
    """The head of a segment cannot be read: nothing of it can be used."""


def read_segment(data: bytes) -> Segment:
    """Everything up to the first block that is not whole. `SegmentDamaged` if that is block 0."""
    content = _content(data, 0, BLOCK_BYTES - HEAD_BYTES, 1)
    if content is None:
        raise SegmentDamaged("the first block is not whole")
    try:
        head = json.loads(bytes(content))
    except ValueError:
        raise SegmentDamaged("the head is not JSON") from None
    parts, number = [], 1
    while (content := _content(data, number, RECORDS, RECORD_BYTES)) is not None:
        parts.append(np.frombuffer(content, "<i8"))
        number += 1
    words = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    rows = words.astype(np.int64, copy=False).reshape(-1, WORDS_PER_RECORD)
    kept = _whole_messages(rows)
    return Segment(head, rows[:kept], len(data) - number * BLOCK_BYTES, len(rows) - kept)


def _whole_messages(rows: Ints) -> int:
    """How many rows from the first on make whole messages: only rows of books can lack their end."""
    kind = rows[:, HEAD] & _KIND
    closed = (rows[:, HEAD] & _ENDS != 0) | ((kind != KIND_LEVEL) & (kind != KIND_RESET))
    ends = np.flatnonzero(closed)
    return int(ends[-1]) + 1 if len(ends) else 0


def _content(data: bytes, number: int, most: int, unit: int) -> memoryview | None:
    """What block `number` holds, None if it is not whole."""
    at = number * BLOCK_BYTES
    if len(data) < at + BLOCK_BYTES:
        return None
    magic, own, count, crc = _HEAD.unpack_from(data, at)
    if magic != MAGIC or own != number or count > most:
        return None
    content = memoryview(data)[at + HEAD_BYTES : at + HEAD_BYTES + count * unit]
    return content if crc == _crc(number, count, content) else None
