"""Checks that the footer of a Parquet file is well-formed Thrift before a reader trusts the sizes in it.

A damaged footer can claim a list of 2**58 elements; readers that reserve memory for it end the process. Only the shape
is checked here (compact protocol): every length fits into what is left. The meaning is left to the reader.
"""

from __future__ import annotations

from pathlib import Path

MAGIC = b"PAR1"
LARGEST_FOOTER_BYTES = 32 << 20
_DEEPEST = 32

_BOOL_TYPES = (1, 2)
_BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 3, 7, 8, 9, 10, 11, 12
_VARINTS = (4, 5, 6)


def footer_problem(path: Path) -> str | None:
    """What is wrong with the file's frame or footer, or None. OSError if it cannot be read."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        if size < 12 or file.read(4) != MAGIC:
            return "a Parquet file starts with the letters PAR1"
        file.seek(size - 8)
        tail = file.read(8)
        length = int.from_bytes(tail[:4], "little")
        if tail[4:] != MAGIC:
            return "a Parquet file ends with the letters PAR1"
        if not 0 < length <= min(size - 12, LARGEST_FOOTER_BYTES):
            return f"its footer claims {length:,} bytes"
        file.seek(size - 8 - length)
        walk = _Walk(file.read(length))
    try:
        walk.struct(0)
    except ValueError as error:
        return str(error)
    return None


class _Walk:
    """Steps over values of the compact protocol. ValueError where one does not fit."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self, depth: int) -> None:
        if depth > _DEEPEST:
            raise ValueError("its footer is nested too deeply")
        while (head := self._byte()) != 0:
            if head >> 4 == 0:
                self._varint()  # the field's number does not follow from the one before
            if head & 15 not in _BOOL_TYPES:
                self._value(head & 15, depth)

    def _value(self, kind: int, depth: int) -> None:
        if kind in _VARINTS:
            self._varint()
        elif kind == _BINARY:
            self._skip(self._varint())
        elif kind == _STRUCT:
            self.struct(depth + 1)
        elif kind in (_LIST, _SET):
            head = self._byte()
            self._items(head >> 4 if head >> 4 < 15 else self._varint(), (head & 15,), depth)
        elif kind == _MAP:
            count = self._varint()
            kinds = self._byte() if count else 0
            self._items(count, (kinds >> 4, kinds & 15), depth)
        elif kind in (_BYTE, _DOUBLE, *_BOOL_TYPES):
            self._skip(8 if kind == _DOUBLE else 1)
        else:
            raise ValueError(f"its footer holds a value of the unknown type {kind}")

    def _items(self, count: int, kinds: tuple[int, ...], depth: int) -> None:
        if count > len(self._data) - self._at:  # each item takes at least one byte
            raise ValueError(f"its footer claims a list of {count:,} items")
        for _ in range(count):
            for kind in kinds:
                self._value(kind, depth + 1)

    def _byte(self) -> int:
        self._skip(1)
        return self._data[self._at - 1]

    def _varint(self) -> int:
        value = shift = 0
        while shift < 70:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
        raise ValueError("its footer holds a number of more than 64 bits")

    def _skip(self, count: int) -> None:
        self._at += count
        if self._at > len(self._data):
            raise ValueError("its footer ends too early")
