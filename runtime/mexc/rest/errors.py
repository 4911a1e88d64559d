"""What a request to the exchange can end in, besides its answer.

No text of these holds a key, a signature, a listen key or the request's parameters. Texts of the exchange are cut, and
their control characters removed.
"""

from __future__ import annotations

from .codes import CODES, Halt, Row

_LONGEST_TEXT = 200


def clean(text: object) -> str:
    """A text of the exchange that is safe to show: one line, no control characters, not long."""
    shown = "".join(char if char.isprintable() else " " for char in str(text)[: 4 * _LONGEST_TEXT])
    return " ".join(shown.split())[:_LONGEST_TEXT]


class MexcError(Exception):
    """Any of the below."""


class NotSent(MexcError):
    """Not one byte left: nothing can have happened. `wait_ns`: when to ask again, 0 if that is not known."""

    def __init__(self, why: str, wait_ns: int = 0) -> None:
        self.why = why
        self.wait_ns = wait_ns
        super().__init__(f"not sent: {why}")


class Definitive(MexcError):
    """The exchange refused, and said so in a way that leaves no doubt: it did not happen."""

    def __init__(self, code: int, http: int, text: str) -> None:
        self.code = code
        self.http = http
        self.text = clean(text)
        known = f" ({self.row.meaning})" if self.row else ""
        super().__init__(f"refused by the exchange with code {code}{known}: {self.text}")

    @property
    def row(self) -> Row | None:
        return CODES.get(self.code)

    @property
    def halt(self) -> Halt:
        """How much must stop. An unknown code stops nothing by itself; it is for the caller to alert."""
        return self.row.halt if self.row else Halt.NONE


class AuthFault(Definitive):
    """The key, its signature or its rights are at fault. Asking again does not help and looks like an attack."""


class ClockFault(MexcError):
    """The time of the request was refused, or ours is not known well enough to sign. Nothing happened."""

    def __init__(self, why: str, code: int = 0) -> None:
        self.why = why
        self.code = code
        super().__init__(f"clock: {why}")


class RateLimited(MexcError):
    """The exchange had too many requests and turned this one away. Nothing is sent before `retry_after_ns` is over."""

    def __init__(self, retry_after_ns: int, *, banned: bool = False) -> None:
        self.retry_after_ns = retry_after_ns
        self.banned = banned
        said = "the exchange has banned this address" if banned else "too many requests"
        super().__init__(f"{said}: wait {retry_after_ns // 1_000_000_000} s")


class UnknownOutcome(MexcError):
    """No answer that proves anything. A read can be asked again; what changes something must be looked up first."""

    def __init__(self, why: str, *, http: int = 0, code: int = 0) -> None:
        self.why = clean(why)
        self.http = http
        self.code = code
        super().__init__(f"unknown outcome: {self.why}")


class BadAnswer(UnknownOutcome):
    """The answer came, but is not what the exchange's documents promise: damaged, or of another service."""


class Mismatch(BadAnswer):
    """The answer speaks of another order than the one that was sent."""

    def __init__(self, field: str, sent: str, answered: str) -> None:
        self.field = field
        super().__init__(f"the answer has {field} {clean(answered)} where {clean(sent)} was sent")
