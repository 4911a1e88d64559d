"""When a fault acts, as a table of ages."""

from __future__ import annotations

import pytest
from flashc.simulator.faults.schedule import Schedule, Target
from hypothesis import given
from hypothesis import strategies as st

SCHEDULES = st.builds(
    Schedule,
    after_ns=st.integers(0, 50),
    for_ns=st.none() | st.integers(1, 50),
    every_ns=st.none() | st.integers(51, 90),
)


@pytest.mark.parametrize(
    ("schedule", "on", "off"),
    [
        (Schedule(), [0, 1, 10**12], []),
        (Schedule(after_ns=5), [5, 99], [0, 4]),
        (Schedule(after_ns=5, for_ns=3), [5, 7], [4, 8, 100]),
        (Schedule(after_ns=5, for_ns=3, every_ns=10), [5, 7, 15, 17, 105], [4, 8, 14, 18, 110]),
    ],
)
def test_a_fault_acts_when_its_schedule_says(schedule: Schedule, on: list[int], off: list[int]) -> None:
    assert all(schedule.is_on(age) for age in on)
    assert not any(schedule.is_on(age) for age in off)


@given(SCHEDULES, st.integers(0, 300))
def test_nothing_changes_before_the_next_change(schedule: Schedule, age: int) -> None:
    at = schedule.next_change(age)
    until = 400 if at is None else at
    assert until > age
    assert {schedule.is_on(now) for now in range(age, until)} == {schedule.is_on(age)}
    if at is not None:
        assert schedule.is_on(at) != schedule.is_on(at - 1)


@given(SCHEDULES)
def test_what_is_over_never_acts_again(schedule: Schedule) -> None:
    over = [age for age in range(300) if schedule.is_over(age)]
    assert not any(schedule.is_on(age) for age in over)
    assert bool(over) == (schedule.for_ns is not None and schedule.every_ns is None)


def test_a_target_leaves_out_what_it_does_not_name() -> None:
    assert Target(symbol="BTCUSDC").takes(symbol="BTCUSDC", link="public")
    assert Target(symbol="BTCUSDC").takes(link="public")
    assert not Target(symbol="BTCUSDC").takes(symbol="ETHUSDC")
    assert not Target(link="private").takes(link="public")
    assert not Target(account="alice").takes(account="bob")
    assert not Target(connection=3).takes(connection=4)
