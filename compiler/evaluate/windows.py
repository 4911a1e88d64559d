"""Rings and trees in slots: the exact order of every operation, so that another executor can repeat the bits.

`cells` is the list of state words (floats as `float`), `base` the slot's offset, `words` its length.

**Ring** of N = words = 2**k: word `tick & (N-1)` holds the value of that tick (bit-and of two's complement words).

**Window** of the n newest values at `tick`: n is clamped to 0..N, then the ticks tick-n+1 .. tick are visited in that
order. Each aggregate starts from its neutral value, so an empty window is defined:

    sum     s = 0.0;            s = s + x
    wsum    s = 0.0, w = 1.0;   s = s + w * x, w = w + 1.0
    m2      s = 0.0;            d = x - mean, s = s + d * d
    absdev  s = 0.0;            s = s + abs(x - mean)
    min     m = +inf;           m = x if x < m else m          (imin: m = 2**63 - 1)
    max     m = -inf;           m = x if m < x else m          (imax: m = -2**63)
    isum    s = 0;              s = wrap(s + x)
    argmin  m = +inf, k = 0;    if x <= m: m = x, k = ticks from x to the newest
    argmax  m = -inf, k = 0;    if m <= x: m = x, k = ticks from x to the newest
    m3      s = 0.0;            d = x - mean, s = s + (d * d) * d
    below   k = 0;              k = k + 1 if x < y

**Tree** with N = 2**k leaves: node 1 is the root, node p combines 2p and 2p + 1, the leaf of a tick is node
N + (tick & (N-1)), node 0 is unused. A sum, min or max tree has 2N words, word p is node p. A moments tree has 6N
words; words 3p, 3p + 1, 3p + 2 are count, mean and M2 of node p. `put` writes the leaf, then for p = leaf >> 1 down
to 1 (p >>= 1) node p = combine(node 2p, node 2p + 1):

    sum     a + b
    min     b if b < a else a
    max     b if a < b else a
    moments if a.count == 0.0: b; else if b.count == 0.0: a; else
            n = a.count + b.count;  d = b.mean - a.mean
            mean = a.mean + d * (b.count / n)
            m2 = (a.m2 + b.m2) + (d * d) * (a.count * (b.count / n))

A query of n leaves (clamped to 0..N) starts from the neutral element (0.0, +inf, -inf, (0, 0, 0)) and combines the
canonical nodes of the window from oldest to newest, accumulator on the left. With start = (tick - n + 1) & (N-1), the
leaf positions are start .. and, after the end of the ring, 0 .. . In each of the two ranges [at, end) greedily:

    size = lowest set bit of at (N if at is 0); while at + size > end: size = size // 2
    accumulator = combine(accumulator, node (N + at) // size); at = at + size

**Panes** in 2N words, N = 2**k: word p & (N-1) is the value of pane p, if word N + (p & (N-1)) is p (as a double in a
float slot). `put` into another pane than is there first makes the value neutral (0 or 0.0, +inf, -inf; imin 2**63 - 1,
imax -2**63) and writes p. Then sum: s + x, min: x if x < m else m, max: x if m < x else m. A query of n panes (clamped
to 0..N) at p visits panes p-n+1 .. p in that order (numbers wrap), skips those that are not there, and combines from
the neutral value as a window does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from . import ordered, profile
from .numbers import INT_MAX, INT_MIN, wrap

Cells = list[Any]
Moments = tuple[float, float, float]  # count, mean, sum of squared deviations

NO_MOMENTS: Moments = (0.0, 0.0, 0.0)


def ring_put(cells: Cells, base: int, words: int, tick: int, x: Any) -> None:
    cells[base + (tick & (words - 1))] = x


def ring_ramp(cells: Cells, base: int, words: int, tick: int, count: int, x: int, step: int) -> None:
    """`count` values on a line from `tick` on; the ring keeps the last ones."""
    for j in range(max(0, count - words), max(0, count)):
        cells[base + ((tick + j) & (words - 1))] = wrap(x + j * step)


def ring_get(cells: Cells, base: int, words: int, tick: int, back: int) -> Any:
    return cells[base + ((tick - back) & (words - 1))]


def window(cells: Cells, base: int, words: int, tick: int, length: int) -> Cells:
    """The values of the `length` newest ticks, oldest first."""
    length = max(0, min(length, words))
    start = (tick - length + 1) & (words - 1)
    end = start + length
    if end <= words:
        return cells[base + start : base + end]
    return cells[base + start : base + words] + cells[base : base + end - words]


def win_sum(cells: Cells, base: int, words: int, tick: int, length: int) -> float:
    total = 0.0
    for x in window(cells, base, words, tick, length):
        total = total + x
    return total


def win_wsum(cells: Cells, base: int, words: int, tick: int, length: int) -> float:
    total, weight = 0.0, 1.0
    for x in window(cells, base, words, tick, length):
        total = total + weight * x
        weight = weight + 1.0
    return total


def win_m2(cells: Cells, base: int, words: int, tick: int, length: int, mean: float) -> float:
    """Sum of squared distances from `mean` of the `length` newest values, added oldest to newest."""
    total = 0.0
    for x in window(cells, base, words, tick, length):
        d = x - mean
        total = total + d * d
    return total


def win_absdev(cells: Cells, base: int, words: int, tick: int, length: int, mean: float) -> float:
    total = 0.0
    for x in window(cells, base, words, tick, length):
        total = total + abs(x - mean)
    return total


def _least(start: Any) -> Callable[..., Any]:
    def least(cells: Cells, base: int, words: int, tick: int, length: int) -> Any:
        found = start
        for x in window(cells, base, words, tick, length):
            if x < found:
                found = x
        return found

    return least


def _greatest(start: Any) -> Callable[..., Any]:
    def greatest(cells: Cells, base: int, words: int, tick: int, length: int) -> Any:
        found = start
        for x in window(cells, base, words, tick, length):
            if found < x:
                found = x
        return found

    return greatest


def win_isum(cells: Cells, base: int, words: int, tick: int, length: int) -> int:
    return wrap(sum(window(cells, base, words, tick, length)))


def win_argmin(cells: Cells, base: int, words: int, tick: int, length: int) -> int:
    found, ago = math.inf, 0
    values = window(cells, base, words, tick, length)
    for k, x in enumerate(values):
        if x <= found:
            found, ago = x, len(values) - 1 - k
    return ago


def win_argmax(cells: Cells, base: int, words: int, tick: int, length: int) -> int:
    found, ago = -math.inf, 0
    values = window(cells, base, words, tick, length)
    for k, x in enumerate(values):
        if found <= x:
            found, ago = x, len(values) - 1 - k
    return ago


def win_m3(cells: Cells, base: int, words: int, tick: int, length: int, mean: float) -> float:
    total = 0.0
    for x in window(cells, base, words, tick, length):
        d = x - mean
        total = total + (d * d) * d
    return total


def win_below(cells: Cells, base: int, words: int, tick: int, length: int, limit: float) -> int:
    return sum(x < limit for x in window(cells, base, words, tick, length))


def _add(a: float, b: float) -> float:
    return a + b


def _lesser(a: float, b: float) -> float:
    return b if b < a else a


def _greater(a: float, b: float) -> float:
    return b if a < b else a


def combine_moments(a: Moments, b: Moments) -> Moments:
    """The pairwise rule of Chan, Golub and LeVeque; a side without values leaves the other unchanged."""
    if a[0] == 0.0:
        return b
    if b[0] == 0.0:
        return a
    count = a[0] + b[0]
    delta = b[1] - a[1]
    share = b[0] / count
    return count, a[1] + delta * share, (a[2] + b[2]) + (delta * delta) * (a[0] * share)


def canonical_nodes(leaves: int, tick: int, length: int) -> Iterator[int]:
    """Node numbers that cover the `length` newest leaves, oldest first."""
    length = max(0, min(length, leaves))
    start = (tick - length + 1) & (leaves - 1)
    end = min(start + length, leaves)
    for at, stop in ((start, end), (0, start + length - end)):
        while at < stop:
            size = at & -at or leaves
            while at + size > stop:
                size >>= 1
            yield (leaves + at) // size
            at += size


def _tree_put(combine: Callable[[float, float], float]) -> Callable[..., None]:
    def put(cells: Cells, base: int, words: int, tick: int, x: float) -> None:
        leaves = words >> 1
        node = leaves + (tick & (leaves - 1))
        cells[base + node] = x
        node >>= 1
        while node:
            cells[base + node] = combine(cells[base + 2 * node], cells[base + 2 * node + 1])
            node >>= 1

    return put


def _tree_query(combine: Callable[[float, float], float], neutral: float) -> Callable[..., float]:
    def query(cells: Cells, base: int, words: int, tick: int, length: int) -> float:
        result = neutral
        for node in canonical_nodes(words >> 1, tick, length):
            result = combine(result, cells[base + node])
        return result

    return query


def _moments_at(cells: Cells, word: int) -> Moments:
    return cells[word], cells[word + 1], cells[word + 2]


def tree_put_moments(cells: Cells, base: int, words: int, tick: int, x: float) -> None:
    leaves = words // 6
    node = leaves + (tick & (leaves - 1))
    cells[base + 3 * node : base + 3 * node + 3] = (1.0, x, 0.0)
    node >>= 1
    while node:
        left, right = base + 6 * node, base + 6 * node + 3
        merged = combine_moments(_moments_at(cells, left), _moments_at(cells, right))
        cells[base + 3 * node : base + 3 * node + 3] = merged
        node >>= 1


def tree_moments(cells: Cells, base: int, words: int, tick: int, length: int) -> Moments:
    result = NO_MOMENTS
    for node in canonical_nodes(words // 6, tick, length):
        result = combine_moments(result, _moments_at(cells, base + 3 * node))
    return result


def _tree_mean(cells: Cells, base: int, words: int, tick: int, length: int) -> float:
    return tree_moments(cells, base, words, tick, length)[1]


def _tree_m2(cells: Cells, base: int, words: int, tick: int, length: int) -> float:
    return tree_moments(cells, base, words, tick, length)[2]


#: Operations on a whole slot: (cells, base, words, *operands) -> result or None.
SLOT: dict[str, Callable[..., Any]] = {
    "ring.put.i": ring_put,
    "ring.put.f": ring_put,
    "ring.ramp.i": ring_ramp,
    "ring.get.i": ring_get,
    "ring.get.f": ring_get,
    "win.sum": win_sum,
    "win.wsum": win_wsum,
    "win.m2": win_m2,
    "win.absdev": win_absdev,
    "win.min": _least(math.inf),
    "win.max": _greatest(-math.inf),
    "win.imin": _least(INT_MAX),
    "win.imax": _greatest(INT_MIN),
    "win.isum": win_isum,
    "win.argmin": win_argmin,
    "win.argmax": win_argmax,
    "profile.put.i": profile.put,
    "profile.fill.i": profile.fill,
    "profile.get.i": profile.get,
    "win.m3": win_m3,
    "win.below": win_below,
    "sort.put": ordered.sort_put,
    "sort.nth": ordered.sort_nth,
    "pair.put": ordered.pair_put,
    "pair.co": ordered.pair_co,
    "tree.put.sum": _tree_put(_add),
    "tree.put.min": _tree_put(_lesser),
    "tree.put.max": _tree_put(_greater),
    "tree.sum": _tree_query(_add, 0.0),
    "tree.min": _tree_query(_lesser, math.inf),
    "tree.max": _tree_query(_greater, -math.inf),
    "tree.put.mom": tree_put_moments,
    "tree.mean": _tree_mean,
    "tree.m2": _tree_m2,
}
