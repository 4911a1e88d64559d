"""Columns of integers as short text inside a page.

A column is turned into differences where that is shorter, each number into a non-negative one (zigzag: 0, -1, 1, -2...
become 0, 1, 2, 3...), and the numbers into byte planes: all lowest bytes, then all second bytes, and so on, in as many
planes as the greatest number needs. Planes of market data compress well. All planes of a group are deflated (zlib,
RFC 1950) and written as base64. `assets/packing.js` reads it back.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..backtest.money import Ints

#: Integers beyond this are not exact in JavaScript.
LARGEST = 2**53
LEVEL = 6


@dataclass(frozen=True, slots=True)
class Head:
    """How one column lies in its group. `planes` 0: every number (or difference) is `step`."""

    name: str
    count: int
    planes: int
    start: int  # the first value, when differences are kept
    step: int
    differences: bool

    def object(self) -> list[object]:
        return [self.name, self.count, self.planes, self.start, self.step, int(self.differences)]


@dataclass(frozen=True, slots=True)
class Group:
    """Packed columns: heads in order, and the base64 text of the deflated planes."""

    heads: tuple[Head, ...]
    text: str

    def object(self) -> list[list[object]]:
        return [head.object() for head in self.heads]


def pack(columns: Mapping[str, Ints]) -> Group:
    """Columns of int64 with absolute values below 2**53, of any lengths."""
    heads, planes = [], []
    for name, values in columns.items():
        head, body = _column(name, np.ascontiguousarray(values, np.int64))
        heads.append(head)
        planes.append(body)
    packed = zlib.compress(b"".join(planes), LEVEL)
    return Group(tuple(heads), base64.b64encode(packed).decode())


def _column(name: str, values: Ints) -> tuple[Head, bytes]:
    assert not len(values) or int(np.max(np.abs(values))) < LARGEST, f"{name} is beyond 2**53"
    if not len(values):
        return Head(name, 0, 0, 0, 0, False), b""
    steps = np.diff(values)
    if not len(steps) or bool(np.all(steps == steps[0])):
        return Head(name, len(values), 0, int(values[0]), int(steps[0]) if len(steps) else 0, True), b""
    differences = _weight(steps) < _weight(values)
    numbers = _zigzag(steps if differences else values)
    count = max(1, (int(numbers.max()).bit_length() + 7) // 8)
    head = Head(name, len(values), count, int(values[0]) if differences else 0, 0, differences)
    return head, _planes(numbers, count)


def _weight(values: Ints) -> float:
    """About how many bits a number takes."""
    return float(np.mean(np.log2(1.0 + np.abs(values))))


def _zigzag(values: Ints) -> NDArray[np.uint64]:
    return ((values << 1) ^ (values >> 63)).view(np.uint64)


def _planes(numbers: NDArray[np.uint64], count: int) -> bytes:
    table = numbers.astype("<u8", copy=False).view(np.uint8).reshape(-1, 8)
    return np.ascontiguousarray(table[:, :count].T).tobytes()


def unpack(group: Group) -> dict[str, Ints]:
    """The slow twin of `assets/packing.js`, for tests."""
    data, at = zlib.decompress(base64.b64decode(group.text)), 0
    found: dict[str, Ints] = {}
    for head in group.heads:
        size = max(0, head.count - head.differences)
        values = [head.step] * size
        if head.planes:
            planes = [data[at + p * size : at + (p + 1) * size] for p in range(head.planes)]
            numbers = [int.from_bytes(bytes(number), "little") for number in zip(*planes, strict=True)]
            values = [n >> 1 if n % 2 == 0 else -(n + 1 >> 1) for n in numbers]
            at += head.planes * size
        found[head.name] = np.array(_sums(head.start, values) if head.differences else values, np.int64)
    return found


def _sums(start: int, steps: Sequence[int]) -> list[int]:
    found = [start]
    for step in steps:
        found.append(found[-1] + step)
    return found
