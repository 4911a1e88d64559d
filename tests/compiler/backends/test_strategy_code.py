"""What the compilers made of the ready strategies: nothing fused, nothing fast, no call that leaves the kernel.

Numba takes seconds for each strategy, so only some are looked at here; FLASHC_ALL_KERNELS=1 takes all of them.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import pytest
from flashc.cli.front import checked_or_raise
from flashc.compiler.backends.c import machine_code as c_code
from flashc.compiler.backends.c.toolchain import build, find_toolchain
from flashc.compiler.backends.work import work_bound
from flashc.compiler.ir.nodes import Program
from flashc.compiler.ir.ops import OPS
from flashc.compiler.ir.walk import operations
from flashc.compiler.native import native_part, strategy_text
from flashc.compiler.pipeline import Compiled, compile_checked
from flashc.runtime.backtest.machine_code import _ERROR_PATH
from support.kernels import import_kernel
from support.machine_code import FAST, FLOAT_OPERATIONS, INTRINSICS, calls, instructions, module_of

STRATEGIES = sorted((Path(__file__).resolve().parents[3] / "strategies").glob("*.yaml"))
FEW = ("ema_cross", "volume_profile")
CHOSEN = [path for path in STRATEGIES if os.environ.get("FLASHC_ALL_KERNELS") or path.stem in FEW]
CLANG = next((name for name in ("clang", "clang-14") if shutil.which(name)), None)
FUSED_CALL = re.compile(r"llvm\.(fma|fmuladd)\b")


def compiled_of(path: Path) -> Compiled:
    return compile_checked(checked_or_raise(path)[1])


@pytest.fixture(scope="module", params=CHOSEN, ids=lambda path: path.stem)
def kernel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, dict[str, Any]]:
    """A strategy's program, and its compiled functions as LLVM modules beside the text of their machine code."""
    program = compiled_of(request.param).program
    module = import_kernel(program, tmp_path_factory.mktemp("kernel"))
    return program, {name: getattr(module, name)._library for name in ("init", "events", "report")}


def test_no_floating_point_operation_of_a_kernel_may_be_changed(kernel: tuple[Program, dict[str, Any]]) -> None:
    seen = 0
    for library in kernel[1].values():
        for _, operation, text in instructions(module_of(library)):
            if operation in FLOAT_OPERATIONS or (operation == "call" and " double " in text):
                seen += 1
                assert not FAST.search(text.partition("(")[0]), text
                assert not FUSED_CALL.search(text), text
    assert seen, "a strategy computes with floats"


def test_a_kernel_fuses_nothing(kernel: tuple[Program, dict[str, Any]]) -> None:
    for library in kernel[1].values():
        assert [line for line in library.get_asm_str().splitlines() if c_code.FUSED.search(line)] == []


def test_a_kernel_calls_nothing_outside_but_on_the_path_that_reports_an_error(
    kernel: tuple[Program, dict[str, Any]],
) -> None:
    for library in kernel[1].values():
        for call in calls(module_of(library)):
            outside = not call.is_defined and not INTRINSICS.match(call.callee)
            assert not outside or call.callee in _ERROR_PATH or _is_error_path(call.caller), call


def _is_error_path(caller: str) -> bool:
    """The C wrapper around the function, which alone knows what to do with a Python exception."""
    return caller.startswith(("cfunc.", "_ZN6cpython", "_ZN7cpython"))


def test_a_kernel_has_no_more_float_operations_than_the_program_may_do(kernel: tuple[Program, dict[str, Any]]) -> None:
    """Code of loops stands once and the bound counts every round, so what stands there is far below it."""
    program, libraries = kernel
    looped = [s for s in program.segments if s.trigger not in ("setup", "report")]
    most = sum(_work(program, s.body) for s in looped)
    found = [op for _, op, _ in instructions(module_of(libraries["events"])) if op in FLOAT_OPERATIONS - {"fcmp"}]
    assert len(found) <= most
    assert 0 < work_bound(program) <= most


def _work(program: Program, body: Any) -> int:
    words = {slot.name: slot.words for slot in program.slots}
    rows = ((op, OPS[op.name]) for op in operations(body))
    return sum(row.cost * (words[str(op.attrs[0])] if row.per_length else 1) for op, row in rows)


def test_the_check_of_calls_sees_a_mathematics_library() -> None:
    text = "declare double @exp(double)\ndefine double @f(double %x) {\n  %y = call double @exp(double %x)\n  ret double %y\n}"
    (call,) = calls(llvm.parse_assembly(text))
    assert (call.caller, call.callee, call.is_defined) == ("f", "exp", False)
    assert not INTRINSICS.match(call.callee)
    assert not INTRINSICS.match("llvm.exp.f64")
    assert not INTRINSICS.match("llvm.pow.f64")


@pytest.mark.parametrize("path", CHOSEN, ids=lambda path: path.stem)
def test_an_object_fuses_nothing(path: Path) -> None:
    part = native_part(compiled_of(path), find_toolchain(), "1")  # refuses what is fused
    listing = c_code._machine_code(part.files["strategy.so"], "", find_toolchain())
    assert sum(bool(re.search(r"\bv?(add|sub|mul|div|ucomi)[sp]d\b", line)) for line in listing) > 10
    assert not [line for line in listing if c_code.FUSED.search(line)]


@pytest.mark.skipif(CLANG is None, reason="clang is not installed")
@pytest.mark.parametrize("path", CHOSEN, ids=lambda path: path.stem)
def test_nor_does_one_made_by_clang(path: Path) -> None:
    assert native_part(compiled_of(path), find_toolchain(CLANG), "1").files["strategy.so"]


def test_without_a_disassembler_the_compiler_shows_its_assembly(monkeypatch: pytest.MonkeyPatch) -> None:
    toolchain, text = find_toolchain(), strategy_text(compiled_of(STRATEGIES[0]))
    monkeypatch.setattr(c_code.shutil, "which", lambda name: None)
    assert c_code.fused(b"", text, toolchain) == []
    assert any("sd" in line for line in c_code._machine_code(b"", text, toolchain))


MULTIPLY_ADD = """
__attribute__((visibility("default"))) const void *flash_strategy_v1(void);
static double f(double a, double b, double c) { return a * b + c; }
const void *flash_strategy_v1(void) { return (const void *)f; }
"""


def test_the_check_finds_what_a_compiler_fuses(tmp_path: Path) -> None:
    toolchain = find_toolchain()
    for extra, expected in (((), False), (("-ffp-contract=fast",), True)):
        build(MULTIPLY_ADD, tmp_path / "x.so", toolchain, extra=extra)
        found = c_code.fused((tmp_path / "x.so").read_bytes(), MULTIPLY_ADD, toolchain)
        assert bool(found) is expected
        assert bool(c_code.FUSED.search(c_code.assembly(MULTIPLY_ADD, toolchain, extra))) is expected


@pytest.mark.parametrize(
    "line",
    [
        "vfmadd213sd xmm0, xmm1, xmm2",
        "\tvfnmadd231pd\t%ymm0, %ymm1",
        "vfmaddsub132ps x",
        "fmadd d0, d1, d2, d3",
        "fmla v0.2d, v1.2d",
    ],
)
def test_every_spelling_is_known(line: str) -> None:
    assert c_code.FUSED.search(line)


@pytest.mark.parametrize(
    "line", ["vmulsd xmm0, xmm1", "vaddsubpd x", "call fs_fadd", "imul rax, rbx", "fsub d0, d1, d2"]
)
def test_ordinary_operations_are_not(line: str) -> None:
    assert not c_code.FUSED.search(line)
