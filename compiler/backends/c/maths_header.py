"""Prints `cython_core/include/flashc/maths.h` from the FIR bodies of the transcendental functions.

Each operation gets a name of its own, so no compiler sees an expression that it could contract or reorder. The header
is committed; a test fails when it is not fresh. To renew it:

    python -m flashc.compiler.backends.c.maths_header
"""

from __future__ import annotations

from pathlib import Path

from ...ir.nodes import F64, Op
from ...ir.ops import OPS
from ...library.mathfir import FUNCTIONS, Function
from . import spelling

PATH = Path(__file__).resolve().parents[3] / "cython_core" / "include" / "flashc" / "maths.h"

_HEAD = """/* Transcendental functions. Generated from compiler/library/mathfir.py, which explains the methods.
   They use + - * /, comparisons and bit casts only, so every executor gives the same bits. */
#pragma once

#include "ops.h"
"""


def print_maths_header() -> str:
    """The header's text, functions in the order of the operator table."""
    return "\n".join([_HEAD, *(_function(FUNCTIONS[name]) for name in OPS if name in FUNCTIONS)])


def _function(function: Function) -> str:
    names = ", ".join(f"double v{p}" for p in function.params)
    constants = {op.result: _constant(op) for op in function.body if not op.args}
    lines = [f"  {_statement(op, constants)}" for op in _needed(function) if op.args]
    head = f"static inline double fs_{function.name}({names}) {{"
    return "\n".join([head, *lines, f"  return v{function.result};", "}", ""])


def _needed(function: Function) -> list[Op]:
    """The operations that the result depends on: C compilers warn of others."""
    wanted, found = {function.result}, []
    for op in reversed(function.body):
        if op.result in wanted:
            wanted.update(op.args)
            found.append(op)
    return found[::-1]


def _statement(op: Op, constants: dict[int | None, str]) -> str:
    operands = ", ".join(constants.get(a) or f"v{a}" for a in op.args)
    kind = spelling.TYPES[OPS[op.name].result or F64]
    return f"const {kind} v{op.result} = fs_{op.name.replace('.', '_')}({operands});"


def _constant(op: Op) -> str:
    value = op.attrs[0]
    return spelling.integer(int(value)) if op.name == "iconst" else spelling.real(float(value))


if __name__ == "__main__":
    PATH.write_text(print_maths_header())
