"""Listen keys: 60 minutes from the last renewal, then silence."""

from __future__ import annotations

from itertools import count

from flashc.simulator.rest.listen_keys import LIFE_NS, KeyState, ListenKeys


def keys() -> ListenKeys:
    numbers = count()
    return ListenKeys(lambda letters: f"{next(numbers):0{letters}x}")


def test_a_key_belongs_to_its_account_for_sixty_minutes() -> None:
    found = keys()
    key = found.create("alice", 5)
    assert len(key) == 64
    assert found.owner(key, LIFE_NS + 4) == "alice"
    assert found.owner(key, LIFE_NS + 5) is None
    assert found.state(key, LIFE_NS + 5) is KeyState.EXPIRED


def test_a_renewal_counts_from_now_and_only_for_the_owner() -> None:
    found = keys()
    key = found.create("alice", 0)
    assert not found.extend("bob", key, 10)
    assert found.extend("alice", key, LIFE_NS - 1)
    assert found.until_ns(key) == 2 * LIFE_NS - 1
    assert not found.extend("alice", key, 2 * LIFE_NS - 1)


def test_a_deleted_key_is_told_from_one_that_ran_out() -> None:
    found = keys()
    first, second = found.create("alice", 0), found.create("alice", 0)
    assert found.delete("alice", first, 1)
    assert not found.delete("alice", first, 2)
    assert found.expire(second, 3)
    assert not found.expire(second, 4)
    states = [found.state(key, 4) for key in (first, second, "none")]
    assert states == [KeyState.DELETED, KeyState.EXPIRED, KeyState.UNKNOWN]
    assert found.valid("alice", 4) == []
