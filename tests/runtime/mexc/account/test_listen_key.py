"""A listen key is created, extended, replaced beside the old one, and ended."""

from __future__ import annotations

from flashc.runtime.mexc.account.listen_key import KEEP_EVERY_NS, LIFE_NS, SECOND_NS, ListenKeyLife, Need
from flashc.runtime.mexc.keys.secret import Secret
from hypothesis import given
from hypothesis import strategies as st

MINUTE = 60 * SECOND_NS


def living() -> ListenKeyLife:
    """A key that was created at 0 and whose stream is the only one."""
    life = ListenKeyLife()
    life.wanted(0)
    assert life.due(0) is Need.CREATE
    life.created(Secret("one"), 0)
    life.replaced()
    return life


def test_a_key_is_extended_every_twenty_minutes() -> None:
    life = living()
    assert life.due(KEEP_EVERY_NS - 1) is None
    assert life.next_ns() == KEEP_EVERY_NS == 20 * MINUTE
    assert life.due(KEEP_EVERY_NS) is Need.KEEP
    life.kept(KEEP_EVERY_NS)
    assert life.next_ns() == 2 * KEEP_EVERY_NS
    assert life.alive(KEEP_EVERY_NS + LIFE_NS - 1)
    assert not life.alive(KEEP_EVERY_NS + LIFE_NS)


def test_a_key_that_cannot_be_extended_is_ended_only_when_the_new_stream_is_alone() -> None:
    life = living()
    life.not_kept(KEEP_EVERY_NS)
    assert life.due(KEEP_EVERY_NS) is None
    life.wanted(KEEP_EVERY_NS)
    life.created(Secret("two"), KEEP_EVERY_NS)
    assert life.due(KEEP_EVERY_NS) is None
    life.replaced()
    assert life.due(KEEP_EVERY_NS) is Need.END
    assert life.to_end() == Secret("one")
    assert life.due(KEEP_EVERY_NS) is None


def test_a_key_that_the_exchange_hands_out_again_is_not_ended() -> None:
    life = living()
    life.wanted(MINUTE)
    life.created(Secret("one"), MINUTE)
    life.replaced()
    assert life.due(MINUTE) is None
    assert life.counters["keys_same"] == 1


def test_at_the_limit_of_keys_our_own_old_ones_are_ended_first() -> None:
    life = living()
    life.wanted(MINUTE)
    life.created(Secret("two"), MINUTE)
    life.wanted(2 * MINUTE)
    life.not_created("too many", 2 * MINUTE, definitive=True)
    assert life.due(2 * MINUTE) is None
    assert life.due(3 * MINUTE) is Need.CLEAR
    assert life.to_end() == Secret("one")
    assert life.due(3 * MINUTE) is Need.CREATE
    assert life.refused == "too many"


@given(st.integers(1, 20), st.integers(0, 100))
def test_pauses_grow_to_half_a_minute_and_obey_the_exchange(times: int, wait_s: int) -> None:
    life, now_ns = ListenKeyLife(), 0
    life.wanted(0)
    for number in range(times):
        life.not_created("no", now_ns, definitive=False, wait_ns=wait_s * SECOND_NS)
        due_ns = life.next_ns()
        assert due_ns is not None
        assert due_ns - now_ns == max(min(2**number, 30), wait_s) * SECOND_NS
        assert life.due(due_ns - 1) is None
        now_ns = due_ns
    assert life.due(now_ns) is Need.CREATE


def test_a_key_is_in_no_text() -> None:
    assert "one" not in repr(living())
