"""The questions that `explain` asks of a run's decisions, and the counts of what blocked it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flashc.cli.blockers import Blocker, blockers
from flashc.cli.history import History
from flashc.cli.rule_sets import RuleFacts, evaluated
from flashc.cython_core.layout import INSTANCE_SHIFT, REASONS

DAY = 1000


def history(*rows: tuple[int, str, int]) -> History:
    """Rows of (time, reason, mask)."""
    time, reason, mask = zip(*rows, strict=True)
    codes = [REASONS.index(name) for name in reason]
    columns = {"time": np.array(time), "reason": np.array(codes), "mask": np.array(mask)}
    return History(columns, sets(columns))


def sets(columns: dict[str, np.ndarray]) -> np.ndarray:  # type: ignore[type-arg]
    facts = RuleFacts(entries=9, adds=False, chains=False)
    return evaluated(columns["reason"], columns["mask"], np.zeros(len(columns["time"]), dtype=np.int8), facts)


PAST = history(
    (1, "not_armed", 0),
    (2, "no_entry", 0b01),
    (3, "entered", 0b11),
    (4, "in_flight", 0),
    (5, "no_exit", 0b00),
    (6, "exited", 0b01),
    (7, "no_entry", 0b10),
    (1008, "no_entry", 0b00),
)


def test_the_last_decision_up_to_a_time() -> None:
    assert [PAST.last_until(time) for time in (0, 1, 4, 500, 5000)] == [None, 0, 3, 6, 7]


def test_the_first_armed_decision_and_the_last_fire() -> None:
    assert PAST.first_armed(0) == 2
    assert [PAST.last_fire(index) for index in (0, 2, 3, 6)] == [None, None, 3, 6]


def test_a_clause_holds_later_only_in_decisions_of_its_own_set() -> None:
    assert PAST.next_with(1, bit=0, rule_set="entries") == 3
    assert PAST.next_with(2, bit=0, rule_set="exits") == 6
    assert PAST.next_with(2, bit=0, rule_set="entries") is None


def test_the_share_of_a_blocker_is_of_the_same_day() -> None:
    assert PAST.share_without(1, bit=1, day_ns=DAY) == 0.5
    assert PAST.share_without(7, bit=1, day_ns=DAY) == 1.0
    assert PAST.share_without(0, bit=5, day_ns=DAY) == 1.0


@dataclass(frozen=True)
class Bit:
    rule: str
    name: str
    bit: int


def test_blockers_count_missing_clauses_and_lonely_ones() -> None:
    clauses = [Bit("dip", "up", 0), Bit("dip", "calm", 1), Bit("break", "above", 63)]
    masks = np.array([0b00, 0b01, 0b11, -(2**63)], np.int64)
    assert blockers(masks, clauses) == [
        Blocker("dip", "up", false=2, alone=0),
        Blocker("dip", "calm", false=3, alone=1),
        Blocker("break", "above", false=3, alone=3),
    ]


def test_each_instrument_is_asked_about_its_own_decisions() -> None:
    other = 1 << INSTANCE_SHIFT
    codes = [REASONS.index("not_armed"), REASONS.index("entered") | other, REASONS.index("no_entry")]
    columns = {"time": np.array([1, 1, 2]), "reason": np.array(codes), "mask": np.array([0, 1, 0])}
    both = History(columns, sets(columns))
    assert [both.last_until(1), both.last_until(1, 0), both.last_until(2, 1), both.last_until(0, 1)] == [1, 0, 1, None]
    assert [both.is_last(index) for index in range(3)] == [False, True, True]
    assert [both.last_fire(2), both.first_armed(0), both.first_armed(1)] == [None, 2, 1]
    assert both.share_without(2, bit=0, day_ns=DAY) == 1.0
