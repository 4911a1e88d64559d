from __future__ import annotations

import numpy as np
import pytest
from flashc.runtime.report.packing import LARGEST, pack, unpack
from hypothesis import given
from hypothesis import strategies as st

NUMBERS = st.one_of(
    st.integers(-3, 3), st.integers(-300, 300), st.integers(-(2**40), 2**40), st.integers(1 - LARGEST, LARGEST - 1)
)
COLUMN = st.lists(NUMBERS, max_size=40) | st.builds(
    lambda a, b, n: [a + b * k for k in range(n)], NUMBERS, st.integers(-9, 9), st.integers(0, 9)
).filter(lambda values: all(abs(v) < LARGEST for v in values))


@given(st.dictionaries(st.text(max_size=3), COLUMN, max_size=4))
def test_what_is_packed_is_read_back(columns: dict[str, list[int]]) -> None:
    given_ = {name: np.array(values, np.int64) for name, values in columns.items()}
    found = unpack(pack(given_))
    assert {name: values.tolist() for name, values in found.items()} == columns


def test_equal_steps_take_no_room() -> None:
    group = pack({"time": np.arange(0, 10**9, 1000, dtype=np.int64)})
    assert group.heads[0].planes == 0
    assert len(group.text) < 20


def test_what_is_not_exact_in_a_browser_is_refused() -> None:
    with pytest.raises(AssertionError, match="beyond"):
        pack({"x": np.array([2**53], np.int64)})
