"""How `explain` writes values."""

from __future__ import annotations

import pytest
from flashc.compiler.explain import value_text

SECOND = 10**9


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0s"),
        (250, "250ns"),
        (288_878_000, "288.878ms"),
        (5_288_878_123, "5.289s"),
        (234_711_122_000, "3m 54.711s"),
        (10_200 * SECOND, "2h 50m"),
        (-90 * SECOND, "-1m 30s"),
        (59_999_999_999, "1m"),
    ],
)
def test_a_length_of_time_is_written_as_one_reads_it(ns: int, text: str) -> None:
    assert value_text(ns, "duration", -1, 2, "") == text
