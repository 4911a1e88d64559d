"""hftbacktest's event arrays: `.npz` or `.npy` with the fields ev, exch_ts, local_ts, px and qty.

The flags of `ev` are those of hftbacktest 2 (`hftbacktest/types.py`): the low byte is the kind, bit 30 says that the
row is one that the local side saw, bits 29 and 28 are buy and sell. Rows for the exchange side alone are copies in
another order and are not read.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from ...errors import fault
from ..bars import Flags, RuleUse
from ..events import Levels, Signs, Trades
from .event_tables import Found, message_ends

MAGIC = b"\x93NUMPY"
LARGEST_BYTES = 8 << 30
_DEPTH, _TRADE, _CLEAR, _SNAPSHOT, _BEST = 1, 2, 3, 4, 5
_LOCAL, _BUY, _SELL = 1 << 30, 1 << 29, 1 << 28
_FIELDS = {"ev": "u8", "exch_ts": "i8", "local_ts": "i8", "px": "f8", "qty": "f8"}


def is_npz(path: Path, start: bytes) -> bool:
    """Whether a file is a NumPy array, or an archive of one."""
    if start.startswith(MAGIC):
        return True
    if not start.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def read_npz(path: Path) -> Found:
    """The book and the trades that the local side saw. FC1001 if it cannot be read, FC1002 if it is another array."""
    source = str(path)
    try:
        rows = _array(path, source)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError, NotImplementedError) as error:
        note = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise fault("FC1001", "the array is cut short or damaged", source, notes=(note,)) from error
    rows = rows[(rows["ev"] & np.uint64(_LOCAL)) > 0]
    kind = (rows["ev"] & np.uint64(255)).astype(np.int64)
    depth = (kind == _DEPTH) | (kind == _SNAPSHOT)
    if not depth.any():
        depth |= kind == _BEST
    book, trades = rows[depth], rows[kind == _TRADE]
    if not len(book) and not len(trades):
        raise fault("FC1002", "the array holds no depth and no trades", source)
    other = len(rows) - len(book) - len(trades)
    rules = [RuleUse("skip_messages", other, "events of other kinds are not read")] if other else []
    return Found(
        "hftbacktest events",
        _levels(book, kind[depth] == _SNAPSHOT) if len(book) else None,
        _trades(trades) if len(trades) else None,
        tuple(rules),
        "ns",
    )


def _array(path: Path, source: str) -> Any:
    with path.open("rb") as file:
        if file.read(6) == MAGIC:
            file.seek(0)
            return _checked(file, path.stat().st_size, source)
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
        named = [member for member in members if member.filename == "data.npy"] or members
        if len(named) != 1:
            raise ValueError(f"it holds {len(members)} arrays, none of them called data")
        with archive.open(named[0]) as file:
            return _checked(file, named[0].file_size, source)  # type: ignore[arg-type]


def _checked(file: BinaryIO, size: int, source: str) -> Any:
    """The array, once its header claims no more than there is."""
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    fields: Any = dtype.fields or {}
    missing = [name for name, kind in _FIELDS.items() if name not in fields or fields[name][0] != np.dtype(kind)]
    if missing or len(shape) != 1:
        note = f"it needs fields {', '.join(_FIELDS)}; the array has {dtype} of shape {shape}"[:300]
        raise fault("FC1002", "this array does not hold hftbacktest's events", source, notes=(note,))
    wanted = shape[0] * dtype.itemsize
    if wanted > min(size, LARGEST_BYTES):
        raise ValueError(f"its header claims {wanted:,} bytes")
    data = file.read(wanted)
    if len(data) < wanted:
        raise ValueError(f"it ends after {len(data):,} of {wanted:,} bytes")
    return np.frombuffer(data, dtype)


def _side(rows: Any) -> Signs:
    buy, sell = ((rows["ev"] & np.uint64(flag)) > 0 for flag in (_BUY, _SELL))
    result: Signs = buy.astype(np.int8) - sell.astype(np.int8)
    return result


def _levels(rows: Any, snapshot: Flags) -> Levels:
    receive, venue = (np.ascontiguousarray(rows[name]) for name in ("local_ts", "exch_ts"))
    zero = np.zeros(len(rows), np.int64)
    ends = message_ends(receive, venue, snapshot)
    return Levels(
        receive, venue, _side(rows), np.ascontiguousarray(rows["px"]), np.ascontiguousarray(rows["qty"]),
        np.ascontiguousarray(snapshot), ends, zero, zero,
    )  # fmt: skip


def _trades(rows: Any) -> Trades:
    columns = [np.ascontiguousarray(rows[name]) for name in ("local_ts", "exch_ts")]
    values = [np.ascontiguousarray(rows[name]) for name in ("px", "qty")]
    return Trades(columns[0], columns[1], _side(rows), values[0], values[1], np.zeros(len(rows), np.int64))
