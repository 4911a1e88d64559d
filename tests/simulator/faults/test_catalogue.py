"""The catalogue is whole, and its rows can be found and read."""

from __future__ import annotations

import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.simulator.faults.catalogue import CATALOGUE, GROUP_TITLES, find
from flashc.simulator.faults.spec import FaultSpec

#: Letter -> how many faults.
GROUPS = {"N": 10, "W": 10, "B": 10, "R": 18, "P": 12, "X": 13}
STARRED = [
    "W-03",
    "B-01",
    "B-04",
    "R-01",
    "R-03",
    "R-04",
    "R-06",
    "R-09",
    "P-01",
    "P-02",
    "P-03",
    "P-04",
    "P-06",
    "X-01",
]


def test_every_number_of_every_group_is_there() -> None:
    assert list(CATALOGUE) == [f"{letter}-{n:02}" for letter, most in GROUPS.items() for n in range(1, most + 1)]
    assert set(GROUP_TITLES) == set(GROUPS)


def test_the_faults_that_matter_most_are_marked() -> None:
    assert [row.id for row in CATALOGUE.values() if row.starred] == STARRED


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=lambda row: row.id)
def test_a_row_is_found_by_number_and_name_and_reads_its_own_defaults(row: FaultSpec) -> None:
    assert find(row.id.lower()) is find(row.id.replace("-", "")) is find(row.name) is row
    assert row.read({p.name: str(p.default) for p in row.parameters}) == row.read({})
    assert not row.title.endswith(".")
    assert not row.shows.endswith(".")
    for parameter in row.parameters:
        for value in parameter.choices:
            assert parameter.read(value) == value


def test_names_are_used_once() -> None:
    assert len({row.name for row in CATALOGUE.values()}) == len(CATALOGUE)


def test_a_wrong_name_is_told_the_right_one() -> None:
    with pytest.raises(RuntimeFault) as caught:
        find("dept-gap")
    assert caught.value.first.code == "FC1307"
    assert "depth-gap" in caught.value.first.helps[0]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"mesages": "3"}, "FC1308"),
        ({"messages": "0"}, "FC1309"),
        ({"messages": "1e3"}, "FC1309"),
        ({"messages": "9" * 30}, "FC1309"),
        ({"messages": ""}, "FC1309"),
    ],
)
def test_a_wrong_parameter_is_refused(given: dict[str, str], code: str) -> None:
    with pytest.raises(RuntimeFault) as caught:
        find("depth-gap").read(given)
    assert caught.value.first.code == code


def test_a_number_may_carry_its_unit() -> None:
    assert find("latency").read({"to_client": "250ms"})["to_client"] == 250
