"""Prints `runtime/backtest/kernel_math.py` from the FIR bodies of the transcendental functions.

The module is committed, so that kernels share one compiled copy; a test fails when it is not fresh. To renew it:

    python -m flashc.compiler.backends.numba.math_module
"""

from __future__ import annotations

from pathlib import Path

from ...library.mathfir import FUNCTIONS, Function
from .body import BodyPrinter
from .spelling import MATHS

PATH = Path(__file__).resolve().parents[3] / "runtime" / "backtest" / "kernel_math.py"

_HEAD = '''# mypy: ignore-errors
# ruff: noqa
# fmt: off
"""Transcendental functions for kernels. Generated from compiler/library/mathfir.py by compiler/backends/numba."""

from numba import njit

{imports}
_compiled = njit(error_model="numpy", fastmath=False, nogil=True, cache=True)
'''


def print_math_module() -> str:
    """The module text, functions in the order of the operator table."""
    library: set[str] = set()
    blocks = [_function(FUNCTIONS[name], library) for name in MATHS if name in FUNCTIONS]
    imports = f"from .kernel_library import {', '.join(sorted(library))}\n" if library else ""
    return "\n\n".join([_HEAD.format(imports=imports), *blocks])


def _function(function: Function, library: set[str]) -> str:
    printer = BodyPrinter("function", "v", {}, {}, {})
    lines = printer.print_function(function.params, function.body, function.result)
    library |= printer.library
    names = ", ".join(f"v{p}" for p in function.params)
    return "\n".join(["@_compiled", f"def {function.name}({names}):", *(f"    {line}" for line in lines)]) + "\n"


if __name__ == "__main__":
    PATH.write_text(print_math_module())
