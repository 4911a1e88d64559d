"""A depth frame to the book: the C core against the official protobuf library, which only parses.

    python benchmarks/bench_wire.py [--frames 4000] [--rounds 31] [--quantities even|eight|stripped]

Frames of 20 level changes, 554 bytes each with their wrapper, as the exchange pushes them (`aggre.depth`). With
`--quantities eight` quantities have eight decimals and different sizes, as the exchange prints them; `stripped` leaves
zeros at the end out, so that few levels are written like the one before: the worst for the core. The core
decodes each frame (text to ticks and lots, every check), applies the version rule and changes the book; many frames lie
in one block of bytes, and one call goes through them in C. The same frames go through the core one call each, through
`FromString` of the official library (upb, its implementation in C), and through our twins in Python. What a call from
Python costs by itself is measured too: an empty message through `FromString`, an empty frame through the core. All take
turns, round by round. The books must be equal at the end, or the script stops.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from flashc.cython_core import native
from flashc.cython_core.native_market import NativeDepth
from flashc.cython_core.wire.official import message_class
from flashc.cython_core.wire.push import decode_push
from flashc.cython_core.wire.rows import SymbolScale
from flashc.cython_core.wire.schema import WRAPPER
from flashc.runtime.market_data.synth.prng import Stream
from flashc.runtime.mexc.market.reference_book import ReferenceBook
from google.protobuf.internal import api_implementation

CHANNEL = "spot@public.aggre.depth.v3.api.pb@100ms"
SCALE = SymbolScale("BTCUSDT", 2, 5)
EVEN_SIZE, LEVELS = 554, 20
MIDDLE, SPREAD = 6_512_345, 200  # ticks
Ladder = list[tuple[int, int]]


def snapshot() -> tuple[Ladder, Ladder]:
    """Bids and asks."""
    return [(MIDDLE - k, 10_000_000) for k in range(1, SPREAD)], [(MIDDLE + k, 10_000_000) for k in range(SPREAD)]


def even(number: int, lots: int) -> str:
    """One digit before the point, and four or five behind it: every frame has the same size."""
    digits = 5 if number < 11 else 4
    lots %= 10 * 10**digits
    return f"{lots // 10**digits}.{lots % 10**digits:0{digits}}"


def eight(_number: int, lots: int) -> str:
    """Up to four digits before the point, eight behind it."""
    lots %= 10 ** (5 + lots % 5)
    return f"{lots // 10**5}.{lots % 10**5:05}000"


def stripped(number: int, lots: int) -> str:
    """The same without zeros at the end."""
    lots -= lots % 10 ** (lots % 6)
    return eight(number, lots).rstrip("0").rstrip(".")


QUANTITIES = {"even": even, "eight": eight, "stripped": stripped}


def frames(count: int, quantity_of: Callable[[int, int], str] = even) -> list[bytes]:
    """Changes of 10 asks and 10 bids each, near the middle; a third of them take a level away."""
    chance = Stream(5, "bench_wire")
    found = []
    for number in range(count):
        words = chance.words(3 * LEVELS).reshape(LEVELS, 3) >> np.uint64(16)
        push: Any = message_class(WRAPPER)(channel=f"{CHANNEL}@{SCALE.symbol}", symbol=SCALE.symbol)
        push.sendTime = 1_790_000_000_000 + number
        body = push.publicAggreDepths
        for k, (where, what, gone) in enumerate(words.tolist()):
            ask = k < LEVELS // 2
            ticks = MIDDLE + where % SPREAD if ask else MIDDLE - 1 - where % (SPREAD - 1)
            quantity = quantity_of(k, 0 if gone % 3 == 0 else 1 + what)
            (body.asks if ask else body.bids).add(price=f"{ticks // 100}.{ticks % 100:02}", quantity=quantity)
        body.eventType = CHANNEL
        body.fromVersion = body.toVersion = str(56_000_000_001 + number)
        body.lastOrderCreateTime = push.sendTime - 7
        found.append(push.SerializeToString())
    assert quantity_of is not even or {len(frame) for frame in found} == {EVEN_SIZE}
    return found


def core() -> NativeDepth:
    """A book at the version before the first frame."""
    library = native.library()
    if library is None:
        raise SystemExit(f"{native.reason()}")
    book = NativeDepth(library, SCALE)
    book.snapshot(56_000_000_000, *snapshot())
    return book


class Contenders:
    """Each goes once through all frames; the times are those of the frames alone."""

    def __init__(self, given: list[bytes]) -> None:
        self._frames = given
        self._block, self._ends = b"".join(given), np.array([*accumulate(map(len, given))], np.int64)
        self._official: Any = message_class(WRAPPER).FromString
        self.core = core()

    def begin(self) -> None:
        self.core.snapshot(56_000_000_000, *snapshot())

    def in_c(self) -> None:
        self.core.apply_block(self._block, self._ends)

    def one_call_each(self) -> None:
        apply = self.core.apply
        for frame in self._frames:
            apply(frame)

    def official(self) -> None:
        parse = self._official
        for frame in self._frames:
            parse(frame)

    def official_call(self) -> None:
        parse = self._official
        for _ in self._frames:
            parse(b"")

    def core_call(self) -> None:
        apply = self.core.apply
        for _ in self._frames:
            apply(b"")


def spent(contender: Callable[[], None]) -> int:
    """Processor time, ns: what others do meanwhile counts little."""
    began = time.thread_time_ns()
    contender()
    return time.thread_time_ns() - began


def best(found: Sequence[int], count: int) -> tuple[float, float]:
    """Least and median ns of one frame."""
    ordered = sorted(found)
    return ordered[0] / count, ordered[len(ordered) // 2] / count


def check(given: list[bytes], book: NativeDepth) -> None:
    """The core's book is that of the twin in Python."""
    expected = ReferenceBook(SCALE.symbol, SCALE.price_decimals, SCALE.qty_decimals)
    expected.snapshot(56_000_000_000, *snapshot())
    for frame in given:
        expected.apply(frame)
    for side in (1, -1):
        if book.levels(side, 10_000) != expected.levels(side, 10_000) or book.version != expected.version:
            raise SystemExit("the books differ")


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--frames", type=int, default=4_000)
    options.add_argument("--rounds", type=int, default=31)
    options.add_argument("--quantities", choices=QUANTITIES, default="even")
    given = options.parse_args()
    stream = frames(given.frames, QUANTITIES[given.quantities])
    size = sum(map(len, stream)) / len(stream)
    found = Contenders(stream)
    check(stream[:1000], _after(found, stream[:1000]))
    turns = {
        "core, decode and book, in C": found.in_c,
        "core, one call from Python each": found.one_call_each,
        "official parse alone, one call each": found.official,
        "an empty message, official": found.official_call,
        "an empty frame, core": found.core_call,
    }
    times: dict[str, list[int]] = {name: [] for name in turns}
    for _ in range(given.rounds):
        for name, contender in turns.items():
            found.begin()
            times[name].append(spent(contender))
    print(f"{size:.0f} bytes, {LEVELS} levels; protobuf: {api_implementation.Type()}")
    report(times, given.frames)
    few = stream[:500]
    print(f"  {'twin in Python, decode alone':<38}{spent(lambda: [decode_push(f) for f in few]) / len(few):8.0f}")


def _after(found: Contenders, given: list[bytes]) -> NativeDepth:
    found.begin()
    found.core.apply_all(given)
    return found.core


def report(times: dict[str, list[int]], count: int) -> None:
    print(f"  {'ns a frame':<38}   least  median")
    for name, taken in times.items():
        print(f"  {name:<38}{best(taken, count)[0]:8.0f}{best(taken, count)[1]:8.0f}")
    ours, one, parse, call, *_ = (np.array(taken) for taken in times.values())
    for name, ratio in {
        "official parse / core in C": parse / ours,
        "the same, less an empty call of the official": (parse - call) / ours,
        "official parse / core, one call each": parse / one,
    }.items():
        print(f"  {name:<46} median {np.median(ratio):5.1f}, {ratio.min():.1f} to {ratio.max():.1f}")


if __name__ == "__main__":
    main()
