"""What both plans share: a request, and an answer that contradicts itself.

A plan is a small machine without I/O: `next()` says what to ask for, `take(rows)` takes the answer and gives a page of
checked rows. It reads no clock and keeps nothing on disk; to resume, make a new plan for what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One call: bounds in epoch milliseconds, both inclusive as the exchange counts them."""

    start_ms: int
    end_ms: int
    limit: int


class AnswerFault(Exception):
    """Rows that cannot be what the exchange holds. `reason` is one line without a full stop, `shown` the row."""

    def __init__(self, reason: str, shown: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.shown = shown


def number(text: str) -> float:
    """The nearest double of a plain decimal text. `AnswerFault` for anything else, an exponent included."""
    if not text or len(text) > 40 or text.strip("0123456789.-") or text.count(".") > 1 or "-" in text[1:]:
        raise AnswerFault(f"{text[:40]!r} is not a number")
    try:
        return float(text)
    except ValueError:
        raise AnswerFault(f"{text[:40]!r} is not a number") from None
