"""What Numba makes of a kernel: no fast-math flag, no fused operation, no call into the interpreter or a libm."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from flashc.compiler.backends.numba.spelling import CALLS, INFIX, MATHS, SLOTS
from flashc.compiler.ir.nodes import Op, Program
from flashc.compiler.ir.walk import operations
from support.fir_programs import random_program
from support.kernels import import_kernel

FLAGS = re.compile(r"\b(fast|nnan|ninf|nsz|arcp|contract|afn|reassoc)\b")
FUSED = re.compile(r"\bv?fn?m(?:add|sub)[0-9]*[sp][sd]\b|llvm\.fma|llvm\.fmuladd")
FORBIDDEN = re.compile(
    r"\bPy\w+|\bNRT_\w+|\bnumba_\w+|\b(?:exp|log|pow|tanh|sin|cos|exp2|log2|fma|fmod|rint|floor)f?\b"
)


def hot(library: Any, name: str) -> str:
    """The assembly of the native function `name`, without the C wrapper, whose error branch is never taken."""
    bodies = re.findall(r"^(_ZN\w+):\n(.*?)^\.Lfunc_end", library.get_asm_str(), re.DOTALL | re.MULTILINE)
    found = [body for symbol, body in bodies if f"{len(name)}{name}" in symbol]
    assert len(found) == 1, f"{len(found)} native functions {name}"
    return found[0]


def functions(program: Program, folder: Path) -> dict[str, Any]:
    module = import_kernel(program, folder)
    return {name: getattr(module, name)._library for name in ("init", "events", "report")}


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Any]]:
    folder = tmp_path_factory.mktemp("kernels")
    programs = [random_program(random.Random(seed), 40) for seed in (3, 8)]
    return [pair for program in programs for pair in functions(program, folder).items()]


@pytest.fixture(scope="module")
def libraries(named: list[tuple[str, Any]]) -> list[Any]:
    return [library for _, library in named]


def test_the_sample_holds_arithmetic_that_could_be_fused() -> None:
    used = {
        op.name
        for s in random_program(random.Random(3), 40).segments
        for op in operations(s.body)
        if isinstance(op, Op)
    }
    assert used & {"fmul"}
    assert used & {"fadd", "fsub"}
    assert used & {*INFIX, *CALLS, *MATHS}
    assert used & set(SLOTS)


def test_no_floating_point_operation_carries_a_fast_math_flag(libraries: list[Any]) -> None:
    for library in libraries:
        lines = [line for line in library.get_llvm_str().splitlines() if re.search(r"= (fadd|fsub|fmul|fdiv|fcmp|fneg)\b", line)]  # fmt: skip
        assert [line for line in lines if FLAGS.search(line.split("!")[0])] == []


def test_no_multiplication_is_fused_with_an_addition(libraries: list[Any]) -> None:
    for library in libraries:
        assert FUSED.findall(library.get_asm_str()) == []
        assert FUSED.findall(library.get_llvm_str()) == []


def test_nothing_on_the_hot_path_calls_the_interpreter_or_a_mathematics_library(named: list[tuple[str, Any]]) -> None:
    for name, library in named:
        assert FORBIDDEN.findall(hot(library, name)) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (FLAGS, "%.5 = fadd fast double %.1, %.2"),
        (FLAGS, "%.5 = fmul contract double %.1, %.2"),
        (FUSED, "\tvfmadd213sd\t%xmm0, %xmm1, %xmm2"),
        (FUSED, "%.5 = call double @llvm.fma.f64(double %a, double %b, double %c)"),
        (FORBIDDEN, "\tmovabsq\t$PyErr_SetString, %rax"),
        (FORBIDDEN, "\tmovabsq\t$exp, %rax"),
    ],
)
def test_each_check_can_fail(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)
