"""Keeping the state of a compiled strategy, and taking it up again: the Python side of `flashc/snapshot.h`."""

from __future__ import annotations

import ctypes
import struct
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from ..errors import RuntimeFault, fault
from .strategy_object import ABI, StrategyObject

if TYPE_CHECKING:
    from .result import Words

MAGIC = b"fssnap01"
_HEADER_BYTES = 64
_BAD_SNAPSHOT = 3

_SAVE = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 2)
_LOAD = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 3)


class Taken(Enum):
    """What of a snapshot was taken up, by the number that `load` of an object returns."""

    WHOLE = 0  # the same layout: every word
    CARRIED = 4  # another layout: the account and all values of the market, by the ids of slots
    RESTARTED = 5  # another layout: the account; values of the market warm up anew


def save(strategy: StrategyObject, state: Words) -> bytes:
    """A snapshot of a state: int64[state_words] after `init`, and between two records."""
    assert len(state) == strategy.table.state_words, "the state is of another strategy"
    found = np.zeros(strategy.table.snapshot_bytes // 8, dtype=np.int64)
    _SAVE(strategy.table.save)(state.ctypes.data, found.ctypes.data)
    return found.tobytes()


def restore(strategy: StrategyObject, state: Words, snapshot: bytes, name: str = "snapshot") -> Taken:
    """Take up a snapshot in a state on which `init` was called; says how much of it was taken.

    Raises `RuntimeFault` (FC0916) with the reason if it is no whole snapshot of this release; the state stays as it is.
    """
    assert len(state) == strategy.table.state_words, "the state is of another strategy"
    words = np.zeros(len(snapshot) // 8 + 1, dtype=np.int64)  # aligned, whatever the bytes are
    words.view(np.uint8)[: len(snapshot)] = np.frombuffer(snapshot, dtype=np.uint8)
    result = _LOAD(strategy.table.load)(state.ctypes.data, words.ctypes.data, len(snapshot))
    if result == _BAD_SNAPSHOT:
        raise _refused(snapshot, name)
    return Taken(result)


def _refused(snapshot: bytes, name: str) -> RuntimeFault:
    return fault("FC0916", _reason(snapshot), name, helps=("start without it: the strategy warms up anew",))


def _reason(snapshot: bytes) -> str:
    if snapshot[: len(MAGIC)] != MAGIC:
        return "it is no snapshot"
    if len(snapshot) < _HEADER_BYTES:
        return f"it is cut off after {len(snapshot)} bytes"
    abi, slots, words = *struct.unpack_from("<II", snapshot, 8), struct.unpack_from("<Q", snapshot, 48)[0]
    if abi != ABI:
        return f"it has version {abi} of the binary interface, this release has {ABI}"
    length = _HEADER_BYTES + 16 * slots + 8 * words
    if len(snapshot) != length:
        return f"it has {len(snapshot)} bytes, its own header says {length}"
    return "its check sum is wrong: it is damaged or was changed"
