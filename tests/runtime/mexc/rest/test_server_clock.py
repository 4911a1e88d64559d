"""The exchange's time is between bounds that hold it."""

from __future__ import annotations

import pytest
from flashc.runtime.mexc.rest.server_clock import MS_NS, ServerClock
from hypothesis import given, settings
from hypothesis import strategies as st

EPOCH_NS = 1_790_000_000_000 * MS_NS


@settings(deadline=None)
@given(
    st.integers(-3600, 3600),
    st.lists(st.tuples(st.integers(0, 300 * MS_NS), st.integers(0, 300 * MS_NS), st.integers(0, 10**11)), min_size=1),
)
def test_the_true_time_is_never_outside_of_the_bounds(offset_s: int, exchanges: list[tuple[int, int, int]]) -> None:
    clock, now_ns = ServerClock(), 0
    offset_ns = EPOCH_NS + offset_s * 1000 * MS_NS
    for there_ns, back_ns, pause_ns in exchanges:
        sent_ns, answered_ns = now_ns + pause_ns, now_ns + pause_ns + there_ns
        now_ns = answered_ns + back_ns
        clock.sample(sent_ns, now_ns, (answered_ns + offset_ns) // MS_NS)
        uncertain = clock.uncertainty_ns(now_ns)
        assert uncertain is not None
        assert abs(clock.server_ns(now_ns) - (now_ns + offset_ns)) <= uncertain + 1
        assert uncertain <= (there_ns + back_ns + MS_NS) // 2 + 1
    assert clock.steps == 0


def test_more_answers_make_it_surer() -> None:
    clock = ServerClock()
    clock.sample(0, 100 * MS_NS, 1_000)
    first = clock.uncertainty_ns(100 * MS_NS)
    clock.sample(100 * MS_NS, 180 * MS_NS, 1_170)
    second = clock.uncertainty_ns(180 * MS_NS)
    assert first is not None and second is not None
    assert second < first


def test_an_answer_that_took_too_long_is_of_no_use() -> None:
    clock = ServerClock()
    clock.sample(0, 600 * MS_NS, 1_000)
    assert not clock.usable(600 * MS_NS)
    assert clock.due(600 * MS_NS)


def test_a_refused_time_makes_all_that_was_known_worthless() -> None:
    clock = ServerClock()
    clock.sample(0, MS_NS, 1_000)
    assert clock.usable(MS_NS)
    clock.refused()
    assert not clock.usable(MS_NS)
    clock.sample(2 * MS_NS, 3 * MS_NS, 9_000)
    assert clock.usable(3 * MS_NS)
    assert clock.steps == 0


def test_an_exchange_whose_time_steps_is_believed_and_counted() -> None:
    clock = ServerClock()
    clock.sample(0, MS_NS, 1_000)
    clock.sample(10 * MS_NS, 11 * MS_NS, 6_000)
    assert clock.steps == 1
    assert abs(clock.server_ms(11 * MS_NS) - 6_000) <= 1


def test_uncertainty_grows_with_time_until_the_answer_is_stale() -> None:
    clock = ServerClock()
    clock.sample(0, 10 * MS_NS, 1_000)
    assert clock.due(61_000 * MS_NS)
    assert clock.usable(600_000 * MS_NS)
    assert not clock.usable(3_000_000 * MS_NS)


@pytest.mark.parametrize(
    ("moved_ms", "jumped"), [(0, False), (200, False), (-200, False), (3_600_000, True), (-300, True)]
)
def test_a_jump_of_the_wall_clock_asks_for_a_new_answer(moved_ms: int, jumped: bool) -> None:
    clock = ServerClock()
    clock.sample(0, MS_NS, 1_000)
    assert not clock.watch_wall(2 * MS_NS, EPOCH_NS)
    assert clock.watch_wall(5 * MS_NS, EPOCH_NS + (3 + moved_ms) * MS_NS) is jumped
    assert clock.usable(5 * MS_NS) is not jumped
