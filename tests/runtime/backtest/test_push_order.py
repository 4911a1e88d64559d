"""The feed, later than recorded and with the records of one push in another order."""

from __future__ import annotations

import numpy as np
import pytest
from flashc.cython_core.layout import FLAG_INSTANT_END, KIND_BAR, KIND_LEVEL, KIND_TRADE, head
from flashc.runtime.backtest.push_order import FeedModel, as_received


def record(time: int, kind: int, venue: int, *, ends: bool = False) -> list[int]:
    return [time, head(kind, FLAG_INSTANT_END if ends else 0), 1, 1, 100, venue, 0, 0]


ROWS = np.array(
    [
        record(10, KIND_BAR, 0),
        record(10, KIND_LEVEL, 1),
        record(10, KIND_TRADE, 2),
        record(10, KIND_LEVEL, 3, ends=True),
        record(20, KIND_TRADE, 4, ends=True),
    ],
    dtype=np.int64,
)


def kinds(rows: np.ndarray) -> list[int]:
    return [int(word) & 0xFF for word in rows[:, 1]]


def test_without_a_model_the_records_are_those_of_the_tape() -> None:
    assert as_received(ROWS, FeedModel()) is ROWS


def test_a_shift_moves_receive_times_and_leaves_the_venue_alone() -> None:
    found = as_received(ROWS, FeedModel(5))
    assert found[:, 0].tolist() == [15, 15, 15, 15, 25]
    assert found[:, 5].tolist() == ROWS[:, 5].tolist()
    assert ROWS[0, 0] == 10


@pytest.mark.parametrize(
    ("order", "expected", "venue"),
    [
        ("trades_first", [KIND_BAR, KIND_TRADE, KIND_LEVEL, KIND_LEVEL, KIND_TRADE], [2, 2, 3, 4]),
        ("depth_first", [KIND_BAR, KIND_LEVEL, KIND_LEVEL, KIND_TRADE, KIND_TRADE], [1, 3, 3, 4]),
    ],
)
def test_records_of_one_push_change_places_and_time_still_runs_forward(
    order: str, expected: list[int], venue: list[int]
) -> None:
    found = as_received(ROWS, FeedModel(0, order))
    assert kinds(found) == expected
    assert found[1:, 5].tolist() == venue
    assert [int(word) >> 8 & FLAG_INSTANT_END for word in found[:, 1]] == [0, 0, 0, 1, 1]
