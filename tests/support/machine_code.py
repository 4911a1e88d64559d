"""What LLVM made of a Numba kernel, read with llvmlite: flags, calls, operations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm

#: Marks on floating-point operations that allow another result.
FAST = re.compile(r"\b(fast|nnan|ninf|nsz|arcp|contract|afn|reassoc)\b")
FLOAT_OPERATIONS = frozenset({"fadd", "fsub", "fmul", "fdiv", "frem", "fneg", "fcmp"})

#: Intrinsics whose result every processor defines alike, or that compute nothing.
INTRINSICS = re.compile(
    r"llvm\.(?:sqrt|fabs|copysign|floor|ceil|trunc|rint|nearbyint|smax|smin|umax|umin|abs|ctlz|cttz|ctpop|bswap|"
    r"fshl|fshr|bitreverse|is\.fpclass|[us]add\.|[us]sub\.|[us]mul\.|vector\.reduce\.(?:[us]max|[us]min|add|or|and|xor)|"
    r"memcpy|memset|memmove|assume|lifetime|dbg|experimental\.noalias|expect|donothing|masked\.(?:load|store|gather|scatter))"
)


@dataclass(frozen=True)
class Call:
    """A call in LLVM's text: `caller` and `callee` are mangled names; `callee` is empty for a call of an address."""

    caller: str
    callee: str
    is_defined: bool  # whether the callee's body is in the same module


def module_of(library: Any) -> Any:
    """The optimised module of a compiled function."""
    return llvm.parse_assembly(library.get_llvm_str())


def instructions(module: Any) -> Iterator[tuple[str, str, str]]:
    """(function, operation, text) of everything that a module's functions do."""
    for function in module.functions:
        for block in function.blocks:
            for one in block.instructions:
                yield function.name, one.opcode, str(one).split(", !")[0].strip()


def calls(module: Any) -> list[Call]:
    defined = {function.name for function in module.functions if not function.is_declaration}
    found = []
    for caller, operation, text in instructions(module):
        if operation in ("call", "invoke"):
            named = re.search(r"@\"?([^\"( ]+)\"?\(", text)
            callee = named[1] if named else ""
            found.append(Call(caller, callee, callee in defined))
    return found
