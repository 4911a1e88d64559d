"""Which engine runs: a table of situations."""

from __future__ import annotations

from pathlib import Path

import pytest
from flashc.cli import engines
from flashc.cli.engines import WORTH_BUILDING, WORTH_LOADING, Begun, Choice, Situation, choose, require_engine
from flashc.cli.problem import Problem
from flashc.compiler.backends.c.toolchain import Toolchain
from flashc.dsl.diagnostics import Diagnostic, FlashcError
from flashc.runtime.backtest import kernel_loader

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


class Failing:
    """A C object whose compiler fails with a diagnostic of this code."""

    ready = False
    toolchain = Toolchain("/usr/bin/gcc", "gcc", GCC)

    def __init__(self, code: str) -> None:
        self.code = code

    def stop(self) -> None: ...

    def kernel(self) -> None:
        raise FlashcError([Diagnostic(self.code, "it fails", None, where="C compiler")])


def begun(asked: str, code: str, monkeypatch: pytest.MonkeyPatch) -> Begun:
    monkeypatch.setattr(Begun, "_begin_object", lambda self: Failing(code))
    monkeypatch.setattr(engines, "_kernel_name", lambda compiled: "kernel")
    monkeypatch.setattr(kernel_loader, "load", lambda path, on_compile: "the kernel of Numba")
    monkeypatch.setattr(kernel_loader, "is_stored", lambda path: False)
    return Begun(None, Path("artefact"), asked)  # type: ignore[arg-type]


def test_auto_takes_numba_where_the_c_compiler_compiles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = begun("auto", "FC0909", monkeypatch)
    choice = found.choose(MANY, market=False)
    assert choice.engine == "c"
    assert found.kernel(choice) == "the kernel of Numba"
    assert found.choose(MANY, market=False) == Choice("numba", "new, and the C compiler compiles nothing")


@pytest.mark.parametrize(("asked", "code"), [("c", "FC0909"), ("auto", "FC0912")])
def test_who_asks_for_c_is_told_and_so_is_a_fault_of_ours(
    asked: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = begun(asked, code, monkeypatch)
    with pytest.raises(FlashcError):
        found.kernel(found.choose(MANY, market=False))


def test_what_was_chosen_is_one_line() -> None:
    assert str(Choice("c", "compiled before")) == "c engine: compiled before"


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(Problem, match="there is no engine `fortran`") as refused:
        require_engine("fortran")
    assert refused.value.code == "FC1105"
