"""Which engine runs: a table of situations."""

from __future__ import annotations

import pytest
from flashc.cli.engines import WORTH_BUILDING, WORTH_LOADING, Choice, Situation, choose, require_engine
from flashc.cli.problem import Problem

MANY, GCC = WORTH_BUILDING + 1, "gcc-12.2.0"


@pytest.mark.parametrize(
    ("events", "object_", "kernel", "driver", "compiler", "engine", "why"),
    [
        (0, False, False, True, GCC, "ref", "0 events take less than loading a compiled engine"),
        (WORTH_LOADING, True, True, True, GCC, "ref", "1,000 events take less than loading a compiled engine"),
        (WORTH_LOADING + 1, True, True, True, GCC, "c", "compiled before"),
        (WORTH_LOADING + 1, False, True, True, GCC, "numba", "compiled before"),
        (WORTH_LOADING + 1, False, False, True, GCC, "c", "new, compiled with gcc-12.2.0"),
        (WORTH_LOADING + 1, False, False, True, "", "numba", "new, and there is no C compiler"),
        (WORTH_BUILDING, True, True, False, GCC, "ref", "20,000 events take less than loading a compiled engine"),
        (MANY, True, False, False, GCC, "c", "compiled before"),
        (MANY, False, False, False, "", "numba", "new, and there is no C compiler"),
    ],
)
def test_the_engine_of_a_situation(
    events: int, object_: bool, kernel: bool, driver: bool, compiler: str, engine: str, why: str
) -> None:
    assert choose(Situation(events, object_, kernel, driver, compiler)) == Choice(engine, why)


def test_what_was_chosen_is_one_line() -> None:
    assert str(Choice("c", "compiled before")) == "c engine: compiled before"


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(Problem, match="there is no engine `fortran`") as refused:
        require_engine("fortran")
    assert refused.value.code == "FC1105"
