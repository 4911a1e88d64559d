"""Checks the frame of a Parquet file, its footer and the headers of its pages, before a reader trusts the sizes in it.

A damaged footer can claim a list of 2**58 elements, a damaged page header less than no values; readers that reserve
memory for them end the process. Only sizes and counts are checked here; the meaning is left to the reader. Pages are
not unpacked: the check costs a few microseconds for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path

from .thrift import Reader, Struct

MAGIC = b"PAR1"
LARGEST_FOOTER_BYTES = 2 << 20
LARGEST_COLUMN_BYTES = 4 << 30
_LARGEST_HEADER_BYTES = 1 << 20

# Field numbers of parquet.thrift.
_ROW_GROUPS, _COLUMNS, _META_DATA = 4, 1, 3
_VALUES, _UNPACKED, _PACKED, _DATA_OFFSET, _DICTIONARY_OFFSET = 5, 6, 7, 9, 11
_PAGE_UNPACKED, _PAGE_PACKED = 2, 3
_PAGE_KINDS = {5: (1,), 7: (1,), 8: (1, 2, 3, 5, 6)}  # header of data, dictionary, data v2: fields that count


def frame_problem(path: Path) -> str | None:
    """What is wrong with the file's frame, or None. OSError if it cannot be read."""
    with path.open("rb") as file:
        if file.seek(0, 2) < 12:
            return "a Parquet file has at least 12 bytes"
        with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            return _problem(data)


def _problem(data: mmap) -> str | None:
    size = len(data)
    if data[:4] != MAGIC:
        return "a Parquet file starts with the letters PAR1"
    if data[-4:] != MAGIC:
        return "a Parquet file ends with the letters PAR1"
    length = int.from_bytes(data[-8:-4], "little")
    if not 0 < length <= min(size - 12, LARGEST_FOOTER_BYTES):
        return f"its footer claims {length:,} bytes"
    start = size - 8 - length
    try:
        columns = list(_columns(Reader(data, start, size - 8).struct()))
    except ValueError as error:
        return f"in its footer: {error}"
    try:
        for column in columns:
            _check_pages(data, column, start)
    except ValueError as error:
        return f"in the header of a page: {error}"
    return None


def _columns(footer: Struct) -> Iterator[Struct]:
    """The metadata of every column chunk."""
    for group in _list(footer, _ROW_GROUPS):
        for column in _list(_struct(group), _COLUMNS):
            yield _struct(_struct(column).get(_META_DATA))


def _check_pages(data: mmap, column: Struct, end: int) -> None:
    """Walk over the pages of a column chunk, which must lie before the footer."""
    offsets = [_count(column, _DATA_OFFSET), column.get(_DICTIONARY_OFFSET)]
    at = min(offset for offset in offsets if isinstance(offset, int) and offset > 0) if any(offsets) else 0
    stop = at + _count(column, _PACKED)
    if at < len(MAGIC) or stop > end:
        raise ValueError("a column outside the file")
    most_bytes, values = _count(column, _UNPACKED), _count(column, _VALUES)
    if most_bytes > LARGEST_COLUMN_BYTES:
        raise ValueError(f"a column that claims {most_bytes:,} bytes")
    while at < stop:
        reader = Reader(data, at, min(stop, at + _LARGEST_HEADER_BYTES))
        header = reader.struct()
        _check_header(header, most_bytes, values)
        at = reader.at + _count(header, _PAGE_PACKED)
        if at > stop:
            raise ValueError("a page that ends behind its column")


def _check_header(header: Struct, most_bytes: int, values: int) -> None:
    unpacked = _count(header, _PAGE_UNPACKED)
    if unpacked > most_bytes:
        raise ValueError(f"a page that claims {unpacked:,} bytes")
    for kind, fields in _PAGE_KINDS.items():
        if kind not in header:
            continue
        own = _struct(header[kind])
        for field in fields:
            count = _count(own, field)
            if field in (1, 2, 3) and count > values:
                raise ValueError(f"a page that claims {count:,} values of {values:,}")


def _struct(value: object) -> Struct:
    if not isinstance(value, dict):
        raise ValueError("a part is missing")
    return value


def _list(fields: Struct, number: int) -> list[object]:
    value = fields.get(number)
    if not isinstance(value, list):
        raise ValueError("a list is missing")
    return value


def _count(fields: Struct, number: int) -> int:
    """A number that cannot be less than nothing."""
    value = fields.get(number)
    if not isinstance(value, int):
        raise ValueError("a number is missing")
    if value < 0:
        raise ValueError(f"a count of {value:,}")
    return value
