"""What to do after a request that brought no answer: wait, and how long, or give up. Reads may always be repeated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...mexc.rest.errors import BadAnswer, MexcError, NotSent, RateLimited, UnknownOutcome

NS_PER_S = 1_000_000_000
#: A wait that the exchange asks for is obeyed up to this; a longer one ends the fetch, which can be resumed.
LONGEST_OBEYED_NS = 600 * NS_PER_S
#: Failures in a row that are borne once something has been answered, and before.
MOST_FAILURES, FIRST_FAILURES = 8, 2
_FIRST_WAIT_NS, _LONGEST_WAIT_NS = NS_PER_S // 2, 30 * NS_PER_S


@dataclass(slots=True)
class Patience:
    """Counts failures in a row. `jitter` gives a number in [0, 1): two machines must not come back together."""

    jitter: Callable[[], float]
    answered: bool = False
    failures: int = 0

    def success(self) -> None:
        """An answer came."""
        self.answered, self.failures = True, 0

    def wait_ns(self, error: MexcError) -> int | None:
        """How long to wait before asking again; None: give up and report the error."""
        if isinstance(error, RateLimited):
            return error.retry_after_ns if error.retry_after_ns <= LONGEST_OBEYED_NS else None
        if not isinstance(error, NotSent | UnknownOutcome) or not self._again(error):
            return None
        self.failures += 1
        if self.failures >= (MOST_FAILURES if self.answered else FIRST_FAILURES):
            return None
        wait = min(_FIRST_WAIT_NS << self.failures, _LONGEST_WAIT_NS)
        return max(wait // 2 + int(wait / 2 * self.jitter()), error.wait_ns if isinstance(error, NotSent) else 0)

    def _again(self, error: MexcError) -> bool:
        """Before the first answer, an answer of something else than the exchange is not worth a second request."""
        return self.answered or not isinstance(error, BadAnswer)
