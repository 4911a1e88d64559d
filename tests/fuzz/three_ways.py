"""Reads frames that follow from a seed with the library in C, with the twins in Python and with the official decoder.

    python tests/fuzz/three_ways.py [--count 1000000] [--seed 1]

For each frame all three accept it, with the same values, or all three refuse it; the two readers of ours also with the
same reason. What is in a depth frame goes to a book in C and to its twin: same outcome, same levels.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flashc.cython_core import native
from flashc.cython_core.native_market import CELLS, NativeDepth
from flashc.cython_core.wire import push
from flashc.cython_core.wire.depth_codes import APPLIED, LEFT_WINDOW
from flashc.cython_core.wire.rows import SymbolScale
from flashc.runtime.mexc.market.reference_book import ReferenceBook

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fuzz.run import depth, seeds
from support.wire_bytes import SAMPLES, official

SCALE = SymbolScale("MXUSDT", 4, 2)
MIDDLE = 25_000
PIECES = (b"", b"\x00", b"\x01", b"\x7f", b"\x80", b"\xff", b"\x0a", b"\x12", b".", b"0", b"9", b"\xca\x13")


def quantity(chance: random.Random) -> str:
    """Mostly an exact number of lots: with eight decimals, with two, or without zeros at the end."""
    lots = chance.randrange(10 ** chance.randrange(1, 8)) if chance.random() < 0.7 else 0
    text = f"{lots // 100}.{lots % 100:02}"
    kind = chance.randrange(20)
    return (
        text + "000000"
        if kind < 9
        else text
        if kind < 14
        else text.rstrip("0").rstrip(".")
        if kind < 19
        else text + "5"
    )


def levels(chance: random.Random, side: int) -> list[tuple[str, str]]:
    found = []
    for _ in range(chance.randrange(6)):
        ticks = MIDDLE + side * chance.randrange(1, 60)
        found.append((f"{ticks // 10_000}.{ticks % 10_000:04}", quantity(chance)))
    return found


def mutated(chance: random.Random, data: bytes) -> bytes:
    """With some bytes set, put in or cut out."""
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(changed) + 1)
        changed[at : at + chance.randrange(3)] = chance.choice(PIECES)
    return bytes(changed)


def frames(count: int, seed: int) -> Iterator[tuple[bytes, int]]:
    """Frames, and the version that the next one goes on from. Two thirds are depth frames; a third of all has bytes
    changed."""
    chance = random.Random(seed)
    others = [*SAMPLES, *seeds("push")]
    version = 10
    for _ in range(count):
        if chance.random() < 0.66:
            step = chance.choice((1, 1, 1, 1, 2, 3))
            frame = depth(version + 1, version + step, levels(chance, 1), levels(chance, -1))
            version += step
        else:
            frame = chance.choice(others)
        yield mutated(chance, frame) if chance.random() < 0.33 else frame, version


class Books:
    """The book in C, of the first CELLS ticks, and its twin. They begin anew where a change is missing, and now and then:
    a changed version may be far ahead of all others."""

    def __init__(self, library: native.Library) -> None:
        self._both: tuple[Any, Any] = (NativeDepth(library, SCALE), ReferenceBook(SCALE.symbol, 4, 2))
        self._left = 0
        self.applied = 0

    def _begin(self, version: int) -> None:
        self._left = 40
        for book in self._both:
            book.snapshot(version, [(MIDDLE - 1, 5)], [(MIDDLE + 1, 7)])

    def check(self, frame: bytes, version: int) -> None:
        """`version` is the one that the next frame goes on from."""
        ours, twin = self._both
        if self._left > 0:
            outcome, expected = ours.apply(frame), twin.apply(frame)
            self.applied += outcome == APPLIED
            if outcome != LEFT_WINDOW:
                assert (outcome, ours.version, ours.valid) == (expected, twin.version, twin.valid), frame.hex()
                for side in (1, -1):
                    inside = [level for level in twin.levels(side, 500) if level[0] < CELLS]
                    assert ours.levels(side, 500) == inside, frame.hex()
        self._left -= 1
        if not ours.valid or self._left <= 0:
            self._begin(version)


def check(library: native.Library, frame: bytes) -> push.Push | None:
    """What all three say; None if they refuse it."""
    found: list[Any] = []
    for decode in (library.decode_push, push.decode_push):
        try:
            found.append(decode(frame))
        except push.PushFault as fault:
            found.append(fault.reason)
    ours, twin = found
    assert ours == twin, frame.hex()
    expected = official(frame)
    assert (None if isinstance(ours, str) else ours) == expected, frame.hex()
    return expected


def compare(library: native.Library, count: int, seed: int) -> tuple[int, int]:
    """How many frames were accepted, and how many of these applied. AssertionError, with the frame, at a difference."""
    books, accepted = Books(library), 0
    for frame, version in frames(count, seed):
        accepted += check(library, frame) is not None
        books.check(frame, version)
    return accepted, books.applied


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--count", type=int, default=1_000_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    library = native.library()
    if library is None:
        raise SystemExit(f"{native.reason()}")
    accepted, applied = compare(library, given.count, given.seed)
    print(
        f"{given.count:,} frames, seed {given.seed}: C, Python and the official decoder agree; "
        f"{accepted:,} accepted, {applied:,} applied to the books"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
