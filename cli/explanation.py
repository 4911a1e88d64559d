"""What `explain` shows, as values. The compiler's side fills them in; `explain_text.py` prints them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clause:
    """One named clause. `text` is the expression with its values (`0.412 > 0.25`); `shortfall` how far it is from
    flipping (`0.45 bps`), empty when that has no measure. `parts` are the conditions of `and`, `or` and `not`, with
    the names that `let` gives them."""

    name: str
    ok: bool
    text: str
    shortfall: str = ""
    parts: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule in the instant: `name` as in the file (`entries.long`), whether it fired, its clauses in file order.

    `why_not` says what kept a rule from firing although its clauses hold (`cooling down for 2 s`).
    """

    name: str
    fired: bool
    clauses: tuple[Clause, ...]
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Flip:
    """The clause nearest to changing the decision, and when it really did (ns after the instant; None: never)."""

    clause: str
    text: str
    after_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One decision. Times are epoch ns; `time` is the decision's own instant, at or before the asked one."""

    strategy: str
    asked: int
    time: int
    phase: str  # flat, entering, open, exiting
    armed: bool
    reason: str  # of `cython_core.layout.REASONS`
    rules: tuple[RuleView, ...]
    is_last: bool = False  # no later decision in the run
    reason_rule: str = ""  # the rule the reason is about
    not_armed: str = ""  # `235 of 829 closed 1m bars` when not armed
    nearest: Flip | None = None
    last_fire: int | None = None  # when the set's rules last fired
    blocker: str = ""  # the clause that blocked
    blocker_share: float | None = None  # share of the day's decisions that the same clause blocked
    values: tuple[tuple[str, str], ...] = ()  # named values in the instant
    instrument: str = ""  # whose decision it is
    others: tuple[str, ...] = ()  # what the strategy trades beside it
