"""Settings of a run as a page writes them."""

from __future__ import annotations

import pytest
from flashc.runtime.report.content import params_of, setting


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("queue", "prob_power", ("Queue", "prob_power")),
        ("refill_half_life_ns", 1_500_000_000, ("Refill half life", "1500ms")),
        ("latency_ns", {"place": 2_000_000, "feed": 0}, ("Latency", "place 2ms, feed 0ms")),
        ("latency_file", "", ("Latency file", "\N{EN DASH}")),
    ],
)
def test_settings_have_units_and_no_empty_cells(key: str, value: object, shown: tuple[str, str]) -> None:
    assert setting(key, value) == shown


def test_parameters_are_written_as_in_the_file() -> None:
    assert params_of({"params": {"hold": 90_000_000_000}, "shown_params": {"hold": "90s"}}) == {"hold": "90s"}
    assert params_of({"params": {"fast": 12}}) == {"fast": 12}
