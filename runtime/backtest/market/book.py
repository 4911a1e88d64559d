# mypy: allow-untyped-decorators, allow-untyped-calls
"""The native order book: functions over a block of words (`cython_core/book_words.py`). Twin of `reference_book.py`.

`side` is +1 for bids and -1 for asks, prices are ticks, quantities lots. Levels count from the best, 0. Every function
is total: a level that is not there has price and quantity 0, a tick outside of the window holds nothing. Sums wrap at
64 bits. Setting a level and reading the best cost the same whatever the book holds; reading k levels costs k steps.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from ....cython_core.book_words import (
    ASK_LEVELS,
    ASK_PARTS,
    BEST_ASK,
    BEST_BID,
    BID_LEVELS,
    BID_PARTS,
    CELLS,
    LAYER_1,
    LAYER_3,
    LOTS,
    LOW,
    OUTSIDE,
    TOP_WORDS,
)
from ..native_ops import _unary, iadd, imul, ishl, isub

Book = Any  # CPointer(int64)


def _count_zeros(name: str) -> Any:
    """LLVM's count of zeros; 64 for the word 0."""
    word, flag = ir.IntType(64), ir.IntType(1)

    def emit(builder: Any, a: Any) -> Any:
        kind = ir.FunctionType(word, (word, flag))
        function = builder.module.declare_intrinsic(name, (word,), kind)
        return builder.call(function, (a, flag(0)))

    return _unary(types.int64, types.int64, emit)


@intrinsic
def _near(typingctx: Any, book: Any, at: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), (byte, flag, flag, flag))
        function = builder.module.declare_intrinsic("llvm.prefetch", (byte,), kind)
        cell = builder.bitcast(builder.gep(args[0], [args[1]]), byte)
        builder.call(function, (cell, flag(1), flag(3), flag(1)))  # to write, keep near, data
        return context.get_dummy_value()

    return types.void(book, types.int64), codegen


_prefetch: Any = _near
_low_zeros = _count_zeros("llvm.cttz")
_high_zeros = _count_zeros("llvm.ctlz")
_compiled = njit(error_model="numpy", fastmath=False, nogil=True)


# --- the bitmap


@_compiled
def _mark(book: Book, parts: int, cell: int) -> None:
    """Say that a tick holds lots."""
    for layer in range(LAYER_1, LAYER_3 + 1):
        at = book[parts + layer] + (cell >> 6)
        word = book[at]
        book[at] = word | ishl(1, cell & 63)
        if word != 0:
            return
        cell >>= 6


@_compiled
def _unmark(book: Book, parts: int, cell: int) -> None:
    """Say that a tick holds nothing any more."""
    for layer in range(LAYER_1, LAYER_3 + 1):
        at = book[parts + layer] + (cell >> 6)
        word = book[at] & ~ishl(1, cell & 63)
        book[at] = word
        if word != 0:
            return
        cell >>= 6


@_compiled
def _lowest_of(book: Book, parts: int, layer: int, word_number: int) -> int:
    """The lowest cell below a word of `layer` that is not zero."""
    while True:
        word_number = (word_number << 6) + _low_zeros(book[book[parts + layer] + word_number])
        if layer == LAYER_1:
            return word_number
        layer -= 1


@_compiled
def _highest_of(book: Book, parts: int, layer: int, word_number: int) -> int:
    """The highest cell below a word of `layer` that is not zero."""
    while True:
        word_number = (word_number << 6) + 63 - _high_zeros(book[book[parts + layer] + word_number])
        if layer == LAYER_1:
            return word_number
        layer -= 1


@_compiled
def _above(book: Book, cell: int) -> int:
    """The lowest ask above a cell (-1: from the start); the number of cells if there is none."""
    for layer in range(LAYER_1, LAYER_3 + 1):
        if cell >= 0:
            number = cell >> 6
            rest = book[book[ASK_PARTS + layer] + number] & ishl(-2, cell & 63)
            if rest != 0:
                found = (number << 6) + _low_zeros(rest)
                return found if layer == LAYER_1 else _lowest_of(book, ASK_PARTS, layer - 1, found)
        cell >>= 6
    for number in range(cell + 1, book[TOP_WORDS]):
        if book[book[ASK_PARTS + LAYER_3] + number] != 0:
            return _lowest_of(book, ASK_PARTS, LAYER_3, number)
    none: int = book[CELLS]
    return none


@_compiled
def _below(book: Book, cell: int) -> int:
    """The highest bid below a cell; -1 if there is none."""
    for layer in range(LAYER_1, LAYER_3 + 1):
        number = cell >> 6
        rest = book[book[BID_PARTS + layer] + number] & isub(ishl(1, cell & 63), 1)
        if rest != 0:
            found = (number << 6) + 63 - _high_zeros(rest)
            return found if layer == LAYER_1 else _highest_of(book, BID_PARTS, layer - 1, found)
        cell = number
    for number in range(cell - 1, -1, -1):
        if book[book[BID_PARTS + LAYER_3] + number] != 0:
            return _highest_of(book, BID_PARTS, LAYER_3, number)
    return -1


# --- changes


@_compiled
def book_set(book: Book, side: int, tick: int, lots: int) -> int:
    """Let `lots` (0: none) stand at a tick; how many stood there."""
    cell = tick - book[LOW]
    if cell < 0 or cell >= book[CELLS]:
        book[OUTSIDE] += 1
        return 0
    parts = BID_PARTS if side > 0 else ASK_PARTS
    at = book[parts + LOTS] + cell
    before: int = book[at]
    book[at] = lots
    if (before > 0) == (lots > 0):
        return before
    if lots > 0:
        _mark(book, parts, cell)
        if side > 0:
            book[BID_LEVELS] += 1
            book[BEST_BID] = max(book[BEST_BID], cell)
        else:
            book[ASK_LEVELS] += 1
            book[BEST_ASK] = min(book[BEST_ASK], cell)
    else:
        _unmark(book, parts, cell)
        if side > 0:
            book[BID_LEVELS] -= 1
            if cell == book[BEST_BID]:
                book[BEST_BID] = _below(book, cell)
        else:
            book[ASK_LEVELS] -= 1
            if cell == book[BEST_ASK]:
                book[BEST_ASK] = _above(book, cell)
    return before


@_compiled
def book_expect(book: Book, side: int, tick: int) -> None:
    """Bring the memory of a level near: it will be set soon. Changes nothing, whatever the tick."""
    _prefetch(book, book[(BID_PARTS if side > 0 else ASK_PARTS) + LOTS] + tick - book[LOW])


@_compiled
def book_clear(book: Book) -> None:
    """Take every level out. Costs a step per level, not per tick."""
    for side in (1, -1):
        while book[BID_LEVELS if side > 0 else ASK_LEVELS] > 0:
            book_set(book, side, book[LOW] + book[BEST_BID if side > 0 else BEST_ASK], 0)


# --- reading


@_compiled
def _first(book: Book, side: int) -> int:
    cell: int = book[BEST_BID] if side > 0 else book[BEST_ASK]
    return cell


@_compiled
def _next(book: Book, side: int, cell: int) -> int:
    """The next worse occupied cell of a side."""
    if side > 0:
        return _below(book, cell)
    return _above(book, cell)


@_compiled
def _there(book: Book, cell: int) -> bool:
    cells: int = book[CELLS]
    return 0 <= cell < cells


@_compiled
def _lots(book: Book, side: int, cell: int) -> int:
    lots: int = book[book[(BID_PARTS if side > 0 else ASK_PARTS) + LOTS] + cell]
    return lots


@_compiled
def _level(book: Book, side: int, k: int) -> int:
    """The cell of the k-th level, or one that is not there."""
    if k < 0 or k >= book[BID_LEVELS if side > 0 else ASK_LEVELS]:
        return -1
    cell = _first(book, side)
    for _ in range(k):
        cell = _next(book, side, cell)
    return cell


@_compiled
def book_at(book: Book, side: int, tick: int) -> int:
    """Lots at a tick."""
    cell = isub(tick, book[LOW])
    return _lots(book, side, cell) if _there(book, cell) else 0


@_compiled
def book_px(book: Book, side: int, k: int) -> int:
    """Price of the k-th level, ticks."""
    cell = _level(book, side, k)
    return book[LOW] + cell if cell >= 0 else 0


@_compiled
def book_qty(book: Book, side: int, k: int) -> int:
    """Lots at the k-th level."""
    cell = _level(book, side, k)
    return _lots(book, side, cell) if cell >= 0 else 0


@_compiled
def book_depth(book: Book, side: int, k: int) -> int:
    """Lots of the k best levels."""
    cell, total = _first(book, side), 0
    while k > 0 and _there(book, cell):
        total = iadd(total, _lots(book, side, cell))
        cell = _next(book, side, cell)
        k -= 1
    return total


@_compiled
def book_value(book: Book, side: int, k: int) -> int:
    """Ticks times lots, summed over the k best levels."""
    cell, total = _first(book, side), 0
    while k > 0 and _there(book, cell):
        total = iadd(total, imul(book[LOW] + cell, _lots(book, side, cell)))
        cell = _next(book, side, cell)
        k -= 1
    return total


@_compiled
def book_cost(book: Book, side: int, lots: int) -> int:
    """Ticks times lots of taking `lots` from a side, best first; of what is there if that is less."""
    cell, total = _first(book, side), 0
    while lots > 0 and _there(book, cell):
        part = min(lots, _lots(book, side, cell))
        total = iadd(total, imul(book[LOW] + cell, part))
        cell = _next(book, side, cell)
        lots -= part
    return total


@_compiled
def book_reach(book: Book, side: int, lots: int) -> int:
    """How many of `lots` a side holds."""
    cell, left = _first(book, side), lots
    while left > 0 and _there(book, cell):
        left -= min(left, _lots(book, side, cell))
        cell = _next(book, side, cell)
    return lots - left if lots > 0 else 0
