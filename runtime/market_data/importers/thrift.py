"""Reads values of the Thrift compact protocol, in which Parquet files describe themselves.

Every length is checked against what is left before it is believed, so damaged bytes give a `ValueError` and never a
large reservation of memory.
"""

from __future__ import annotations

from mmap import mmap

_DEEPEST = 32
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_VARINTS = (4, 5, 6)

#: Field number -> value. Numbers are int, structs are Struct, lists are list; binary, double and map values are None.
Struct = dict[int, object]


class Reader:
    """Steps over values in `data` from `at` up to `end`. ValueError where one does not fit."""

    def __init__(self, data: bytes | mmap, at: int, end: int) -> None:
        self._data = data
        self._end = end
        self.at = at

    def struct(self, depth: int = 0) -> Struct:
        """The fields of a struct."""
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        fields: Struct = {}
        number = 0
        while (head := self._byte()) != 0:
            number = number + (head >> 4) if head >> 4 else _signed(self._varint())
            kind = head & 15
            fields[number] = int(kind == _TRUE) if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> object:
        if kind in _VARINTS:
            return _signed(self._varint())
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in (_LIST, _SET):
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            return [items[0] for items in self._items(count, (head & 15,), depth)]
        if kind == _MAP:
            count = self._varint()
            kinds = self._byte() if count else 0
            self._items(count, (kinds >> 4, kinds & 15), depth)
        elif kind == _BINARY:
            self._skip(self._varint())
        elif kind in (_BYTE, _DOUBLE, _TRUE, _FALSE):
            self._skip(8 if kind == _DOUBLE else 1)
        else:
            raise ValueError(f"a value of the unknown type {kind}")
        return None

    def _items(self, count: int, kinds: tuple[int, ...], depth: int) -> list[list[object]]:
        if count > self._end - self.at:  # each item takes at least one byte
            raise ValueError(f"a list that claims {count:,} items")
        return [[self._value(kind, depth + 1) for kind in kinds] for _ in range(count)]

    def _byte(self) -> int:
        self._skip(1)
        return self._data[self.at - 1]

    def _varint(self) -> int:
        value = shift = 0
        while shift < 70:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
        raise ValueError("a number of more than 64 bits")

    def _skip(self, count: int) -> None:
        self.at += count
        if self.at > self._end:
            raise ValueError("ends too early")


def _signed(value: int) -> int:
    return (value >> 1) ^ -(value & 1)
