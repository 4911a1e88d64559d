# mypy: allow-untyped-decorators
"""What generated kernels import: scalar operations, rings, windows, trees, intents.

Each function is the twin of one in the reference interpreter; the formulas and the order of operations stand in
`compiler/evaluate/windows.py` and are not free to change. `cells` is a pointer to the state block seen as int64 or
float64 words, `base` the slot's offset, `words` its length. `cython_core/kernel_stamp.py` identifies this code.
"""

from __future__ import annotations

from math import inf, nan
from pathlib import Path
from typing import Any

from numba import njit

from ...cython_core.layout import INTENT_WORDS, MAX_INTENTS, OUT_FIRST_INTENT, STYLE_CANCEL
from . import numba_cache
from .kernel_ordered import pair_co, pair_put, sort_nth, sort_put
from .kernel_profile import profile_fill, profile_get, profile_put
from .native_ops import (
    b2i,
    bitsf,
    f2i,
    fabs,
    fbits,
    fceil,
    ffloor,
    fmax,
    fmin,
    fneg,
    fround,
    fsqrt,
    ftrunc,
    i2f,
    iabs,
    iadd,
    idiv,
    imax,
    imin,
    imod,
    imul,
    ineg,
    int_words,
    ishl,
    ishr,
    isub,
    select_b,
    select_f,
    select_i,
    words_after,
)

__all__ = [
    "b2i",
    "bitsf",
    "cancel",
    "emit",
    "f2i",
    "fabs",
    "fbits",
    "fceil",
    "ffloor",
    "fill_f",
    "fill_i",
    "fmax",
    "fmin",
    "fneg",
    "fround",
    "fsqrt",
    "ftrunc",
    "i2f",
    "iabs",
    "iadd",
    "idiv",
    "imax",
    "imin",
    "imod",
    "imul",
    "ineg",
    "inf",
    "int_words",
    "ishl",
    "ishr",
    "isub",
    "nan",
    "pair_co",
    "pair_put",
    "profile_fill",
    "profile_get",
    "profile_put",
    "ring_get",
    "ring_put",
    "ring_ramp",
    "select_b",
    "select_f",
    "select_i",
    "sort_nth",
    "sort_put",
    "trace",
    "tree_m2",
    "tree_max",
    "tree_mean",
    "tree_min",
    "tree_put_max",
    "tree_put_min",
    "tree_put_mom",
    "tree_put_sum",
    "tree_sum",
    "win_absdev",
    "win_argmax",
    "win_argmin",
    "win_below",
    "win_imax",
    "win_imin",
    "win_isum",
    "win_m2",
    "win_m3",
    "win_max",
    "win_min",
    "win_sum",
    "win_wsum",
    "words_after",
]  # fmt: skip

Cells = Any  # CPointer(int64) or CPointer(float64)
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1

numba_cache.provide(Path(__file__))
_compiled = njit(error_model="numpy", fastmath=False, nogil=True, cache=True)


@_compiled
def fill_i(cells: Cells, base: int, words: int, value: int) -> None:
    for k in range(base, base + words):
        cells[k] = value


@_compiled
def fill_f(cells: Cells, base: int, words: int, value: float) -> None:
    for k in range(base, base + words):
        cells[k] = value


@_compiled
def emit(
    out: Cells, count: int, side: int, style: int, qty: int, price: int, ttl: int, rule: int, tag: int, instance: int
) -> int:
    """Append an intent; the new count. Intents beyond MAX_INTENTS are dropped."""
    if count >= MAX_INTENTS:
        return count
    at = OUT_FIRST_INTENT + count * INTENT_WORDS
    out[at] = side
    out[at + 1] = style
    out[at + 2] = qty
    out[at + 3] = price
    out[at + 4] = ttl
    out[at + 5] = rule
    out[at + 6] = tag
    out[at + 7] = instance
    return count + 1


@_compiled
def cancel(out: Cells, count: int, tag: int, expired: int, instance: int) -> int:
    """Append a wish to cancel; the new count."""
    return emit(out, count, 0, STYLE_CANCEL, 0, 0, 0, expired, tag, instance)


@_compiled
def trace(row: int, number: int, x: int) -> None:
    """Write word `number` of the trace row at address `row`; 0: nobody traces."""
    if row != 0:
        int_words(row)[number] = x


# rings: word `tick & (words - 1)` belongs to the tick


@_compiled
def ring_put(cells: Cells, base: int, words: int, tick: int, x: Any) -> None:
    cells[base + (tick & (words - 1))] = x


@_compiled
def ring_ramp(cells: Cells, base: int, words: int, tick: int, count: int, x: int, step: int) -> None:
    for j in range(max(0, count - words), max(0, count)):
        cells[base + (iadd(tick, j) & (words - 1))] = iadd(x, imul(j, step))


@_compiled
def ring_get(cells: Cells, base: int, words: int, tick: int, back: int) -> Any:
    return cells[base + (isub(tick, back) & (words - 1))]


# windows: the n newest values, oldest first, in at most two contiguous runs


@_compiled
def _runs(words: int, tick: int, length: int) -> tuple[int, int, int]:
    """(start of the first run, its end, end of the second run, which starts at 0)."""
    n = max(0, min(length, words))
    start = iadd(isub(tick, n), 1) & (words - 1)
    end = min(start + n, words)
    return start, end, start + n - end


@_compiled
def win_sum(cells: Cells, base: int, words: int, tick: int, length: int) -> float:
    start, end, rest = _runs(words, tick, length)
    total = 0.0
    for k in range(base + start, base + end):
        total = total + cells[k]
    for k in range(base, base + rest):
        total = total + cells[k]
    return total


@_compiled
def win_wsum(cells: Cells, base: int, words: int, tick: int, length: int) -> float:
    start, end, rest = _runs(words, tick, length)
    total, weight = 0.0, 1.0
    for k in range(base + start, base + end):
        total = total + weight * cells[k]
        weight = weight + 1.0
    for k in range(base, base + rest):
        total = total + weight * cells[k]
        weight = weight + 1.0
    return total


@_compiled
def win_m2(cells: Cells, base: int, words: int, tick: int, length: int, mean: float) -> float:
    start, end, rest = _runs(words, tick, length)
    total = 0.0
    for k in range(base + start, base + end):
        d = cells[k] - mean
        total = total + d * d
    for k in range(base, base + rest):
        d = cells[k] - mean
        total = total + d * d
    return total


@_compiled
def win_absdev(cells: Cells, base: int, words: int, tick: int, length: int, mean: float) -> float:
    start, end, rest = _runs(words, tick, length)
    total = 0.0
    for k in range(base + start, base + end):
        total = total + fabs(cells[k] - mean)
    for k in range(base, base + rest):
        total = total + fabs(cells[k] - mean)
    return total


@_compiled
def win_min(cells: Cells, base: int, words: int, tick: int, length: int) -> float:
    start, end, rest = _runs(words, tick, length)
    found = inf
    for k in range(base + start, base + end):
        found = fmin(found, cells[k])
    for k in range(base, base + rest):
        found = fmin(found, cells[k])
    return found


@_compiled
def win_max(cells: Cells, base: int, words: int, tick: int, length: int) -> float:
    start, end, rest = _runs(words, tick, length)
    found = -inf
    for k in range(base + start, base + end):
        found = fmax(found, cells[k])
    for k in range(base, base + rest):
        found = fmax(found, cells[k])
    return found


@_compiled
def win_imin(cells: Cells, base: int, words: int, tick: int, length: int) -> int:
    start, end, rest = _runs(words, tick, length)
    found = _INT_MAX
    for k in range(base + start, base + end):
        found = imin(found, cells[k])
    for k in range(base, base + rest):
        found = imin(found, cells[k])
    return found


@_compiled
def win_imax(cells: Cells, base: int, words: int, tick: int, length: int) -> int:
    start, end, rest = _runs(words, tick, length)
    found = _INT_MIN
    for k in range(base + start, base + end):
        found = imax(found, cells[k])
    for k in range(base, base + rest):
        found = imax(found, cells[k])
    return found


@_compiled
def win_isum(cells: Cells, base: int, words: int, tick: int, length: int) -> int:
    start, end, rest = _runs(words, tick, length)
    total = 0
    for k in range(base + start, base + end):
        total = iadd(total, cells[k])
    for k in range(base, base + rest):
        total = iadd(total, cells[k])
    return total


@_compiled
def win_argmin(cells: Cells, base: int, words: int, tick: int, length: int) -> int:
    start, end, rest = _runs(words, tick, length)
    found, at = inf, end + rest - 1
    for k in range(start, end + rest):
        x = cells[base + (k & (words - 1))]
        if x <= found:
            found, at = x, k
    return end + rest - 1 - at


@_compiled
def win_argmax(cells: Cells, base: int, words: int, tick: int, length: int) -> int:
    start, end, rest = _runs(words, tick, length)
    found, at = -inf, end + rest - 1
    for k in range(start, end + rest):
        x = cells[base + (k & (words - 1))]
        if found <= x:
            found, at = x, k
    return end + rest - 1 - at


@_compiled
def win_m3(cells: Cells, base: int, words: int, tick: int, length: int, mean: float) -> float:
    start, end, rest = _runs(words, tick, length)
    total = 0.0
    for k in range(base + start, base + end):
        d = cells[k] - mean
        total = total + (d * d) * d
    for k in range(base, base + rest):
        d = cells[k] - mean
        total = total + (d * d) * d
    return total


@_compiled
def win_below(cells: Cells, base: int, words: int, tick: int, length: int, limit: float) -> int:
    start, end, rest = _runs(words, tick, length)
    count = 0
    for k in range(base + start, base + end):
        count += cells[k] < limit
    for k in range(base, base + rest):
        count += cells[k] < limit
    return count


# trees: node p combines 2p and 2p + 1, the leaf of a tick is node N + (tick & (N - 1))


@_compiled
def tree_put_sum(cells: Cells, base: int, words: int, tick: int, x: float) -> None:
    leaves = words >> 1
    node = leaves + (tick & (leaves - 1))
    cells[base + node] = x
    node >>= 1
    while node > 0:
        cells[base + node] = cells[base + 2 * node] + cells[base + 2 * node + 1]
        node >>= 1


@_compiled
def tree_put_min(cells: Cells, base: int, words: int, tick: int, x: float) -> None:
    leaves = words >> 1
    node = leaves + (tick & (leaves - 1))
    cells[base + node] = x
    node >>= 1
    while node > 0:
        cells[base + node] = fmin(cells[base + 2 * node], cells[base + 2 * node + 1])
        node >>= 1


@_compiled
def tree_put_max(cells: Cells, base: int, words: int, tick: int, x: float) -> None:
    leaves = words >> 1
    node = leaves + (tick & (leaves - 1))
    cells[base + node] = x
    node >>= 1
    while node > 0:
        cells[base + node] = fmax(cells[base + 2 * node], cells[base + 2 * node + 1])
        node >>= 1


@_compiled
def _size(leaves: int, at: int, stop: int) -> int:
    """Leaves below the largest canonical node that starts at `at` and ends at or before `stop`."""
    size = leaves if at == 0 else at & -at
    while at + size > stop:
        size >>= 1
    return size


@_compiled
def tree_sum(cells: Cells, base: int, words: int, tick: int, length: int) -> float:
    leaves = words >> 1
    start, end, rest = _runs(leaves, tick, length)
    total = 0.0
    for at, stop in ((start, end), (0, rest)):
        while at < stop:
            size = _size(leaves, at, stop)
            total = total + cells[base + (leaves + at) // size]
            at += size
    return total


@_compiled
def tree_min(cells: Cells, base: int, words: int, tick: int, length: int) -> float:
    leaves = words >> 1
    start, end, rest = _runs(leaves, tick, length)
    found = inf
    for at, stop in ((start, end), (0, rest)):
        while at < stop:
            size = _size(leaves, at, stop)
            found = fmin(found, cells[base + (leaves + at) // size])
            at += size
    return found


@_compiled
def tree_max(cells: Cells, base: int, words: int, tick: int, length: int) -> float:
    leaves = words >> 1
    start, end, rest = _runs(leaves, tick, length)
    found = -inf
    for at, stop in ((start, end), (0, rest)):
        while at < stop:
            size = _size(leaves, at, stop)
            found = fmax(found, cells[base + (leaves + at) // size])
            at += size
    return found


@_compiled
def _merge(
    a_count: float, a_mean: float, a_m2: float, b_count: float, b_mean: float, b_m2: float
) -> tuple[float, float, float]:
    """The pairwise rule for (count, mean, M2)."""
    if a_count == 0.0:
        return b_count, b_mean, b_m2
    if b_count == 0.0:
        return a_count, a_mean, a_m2
    count = a_count + b_count
    delta = b_mean - a_mean
    share = b_count / count
    return count, a_mean + delta * share, (a_m2 + b_m2) + (delta * delta) * (a_count * share)


@_compiled
def tree_put_mom(cells: Cells, base: int, words: int, tick: int, x: float) -> None:
    leaves = words // 6
    node = leaves + (tick & (leaves - 1))
    at = base + 3 * node
    cells[at] = 1.0
    cells[at + 1] = x
    cells[at + 2] = 0.0
    node >>= 1
    while node > 0:
        left = base + 6 * node
        right = left + 3
        count, mean, m2 = _merge(
            cells[left], cells[left + 1], cells[left + 2], cells[right], cells[right + 1], cells[right + 2]
        )
        at = base + 3 * node
        cells[at] = count
        cells[at + 1] = mean
        cells[at + 2] = m2
        node >>= 1


@_compiled
def _moments(cells: Cells, base: int, words: int, tick: int, length: int) -> tuple[float, float, float]:
    leaves = words // 6
    start, end, rest = _runs(leaves, tick, length)
    count, mean, m2 = 0.0, 0.0, 0.0
    for at, stop in ((start, end), (0, rest)):
        while at < stop:
            size = _size(leaves, at, stop)
            word = base + 3 * ((leaves + at) // size)
            count, mean, m2 = _merge(count, mean, m2, cells[word], cells[word + 1], cells[word + 2])
            at += size
    return count, mean, m2


@_compiled
def tree_mean(cells: Cells, base: int, words: int, tick: int, length: int) -> float:
    return _moments(cells, base, words, tick, length)[1]


@_compiled
def tree_m2(cells: Cells, base: int, words: int, tick: int, length: int) -> float:
    return _moments(cells, base, words, tick, length)[2]
