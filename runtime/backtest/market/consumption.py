# mypy: allow-untyped-decorators, allow-untyped-calls
"""What taking orders leave behind at the venue, compiled. Rules: `reference_market.py`."""

from __future__ import annotations

from ..core import Words, compiled
from ..kernel_math import fexp
from ..native_ops import f2i, i2f, int_words, words_after
from .book import book_at, book_set
from .market_words import (
    B_VENUE,
    BOOK_WORDS,
    BOOKS_AT,
    C_BACK,
    C_BOOK,
    C_LOTS,
    C_SIDE,
    C_SINCE,
    C_TICK,
    CONSUMED,
    CONSUMED_WORDS,
    HALF_LIFE,
    MAX_CONSUMED,
    N_CONSUMED,
)

_LN_2 = 0.6931471805599453


@compiled
def venue_book(m: Words, number: int) -> Words:
    """The book of a number as the venue has it."""
    return int_words(int_words(m[BOOKS_AT])[number * BOOK_WORDS + B_VENUE])


@compiled
def _consumed_at(m: Words, k: int) -> Words:
    return words_after(m, CONSUMED + k * CONSUMED_WORDS)


@compiled
def consume(m: Words, number: int, side: int, tick: int, lots: int, time: int) -> None:
    """We take lots from a level."""
    book = venue_book(m, number)
    book_set(book, side, tick, book_at(book, side, tick) - lots)
    if m[HALF_LIFE] == 0:
        return
    for k in range(m[N_CONSUMED]):
        gone = _consumed_at(m, k)
        if gone[C_TICK] == tick and gone[C_SIDE] == side and gone[C_BOOK] == number:
            gone[C_LOTS] += lots - gone[C_BACK]
            gone[C_BACK] = 0
            gone[C_SINCE] = time
            return
    if m[N_CONSUMED] < MAX_CONSUMED:
        gone = _consumed_at(m, m[N_CONSUMED])
        m[N_CONSUMED] += 1
        gone[C_BOOK], gone[C_SIDE], gone[C_TICK] = number, side, tick
        gone[C_LOTS], gone[C_BACK], gone[C_SINCE] = lots, 0, time


@compiled
def _drop(m: Words, k: int) -> None:
    """Forget the k-th consumed level; the others keep their order."""
    m[N_CONSUMED] -= 1
    for word in range(CONSUMED + k * CONSUMED_WORDS, CONSUMED + m[N_CONSUMED] * CONSUMED_WORDS):
        m[word] = m[word + CONSUMED_WORDS]


@compiled
def forget(m: Words, number: int, side: int, tick: int) -> None:
    """The feed sets a level: what we took from it counts no more."""
    for k in range(m[N_CONSUMED]):
        gone = _consumed_at(m, k)
        if gone[C_TICK] == tick and gone[C_SIDE] == side and gone[C_BOOK] == number:
            _drop(m, k)
            return


@compiled
def forget_book(m: Words, number: int) -> None:
    """The feed empties a book."""
    for k in range(m[N_CONSUMED] - 1, -1, -1):
        if _consumed_at(m, k)[C_BOOK] == number:
            _drop(m, k)


@compiled
def refill(m: Words, time: int) -> None:
    """Put back what has come back of what we took."""
    for k in range(m[N_CONSUMED]):
        gone = _consumed_at(m, k)
        halves = i2f(time - gone[C_SINCE]) / i2f(m[HALF_LIFE])
        back = f2i(i2f(gone[C_LOTS]) * (1.0 - fexp(-halves * _LN_2)))
        book = venue_book(m, gone[C_BOOK])
        there = book_at(book, gone[C_SIDE], gone[C_TICK])
        book_set(book, gone[C_SIDE], gone[C_TICK], there + back - gone[C_BACK])
        gone[C_BACK] = back
