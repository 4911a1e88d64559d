"""How each FIR operation is spelled in C: one row per operation of the operator table.

An operation is a call of the function `fs_` + its name in the headers of `cython_core/include/flashc`, unless a C
operator means exactly what the table says. Signed `+ - *` of integers are not among them: C leaves their overflow
undefined. Operands are names of temporaries, so no expression has more than one operator.
"""

from __future__ import annotations

import math

from ...ir.nodes import F64, I1, I64
from ...ir.ops import OPS

#: Operations of the value kind: the text with operands in the braces.
INFIX: dict[str, str] = {
    "ilt": "{} < {}",
    "ile": "{} <= {}",
    "ieq": "{} == {}",
    "ine": "{} != {}",
    "iand": "{} & {}",
    "ior": "{} | {}",
    "ixor": "{} ^ {}",
    "fadd": "{} + {}",
    "fsub": "{} - {}",
    "fmul": "{} * {}",
    "fdiv": "{} / {}",
    "fneg": "-{}",
    "flt": "{} < {}",
    "fle": "{} <= {}",
    "feq": "{} == {}",
    "fne": "{} != {}",
    "band": "{} & {}",
    "bor": "{} | {}",
    "bxor": "{} != {}",
    "bnot": "!{}",
}

#: Operations that the printer itself writes.
SPECIAL = frozenset(
    {
        *("bconst", "iconst", "fconst", "param.i", "param.f", "ev", "load.i", "load.f", "store.i", "store.f"),
        *("clause", "reason", "decided", "emit", "cancel", "wake", "probe.b", "probe.i", "probe.f"),
        *("trace.b", "trace.i", "trace.f"),
    }
)

#: Operations that are calls of a function of the headers.
CALLS: dict[str, str] = {
    name: "fs_" + name.replace(".", "_") for name in OPS if name not in INFIX and name not in SPECIAL
}

#: The C type of a value, and the member of a state word that holds it.
TYPES = {I1: "bool", I64: "int64_t", F64: "double"}
MEMBERS = {I64: "i", F64: "f"}


def spelled() -> frozenset[str]:
    """Every operation that the printer knows."""
    return frozenset({*INFIX, *CALLS, *SPECIAL})


def integer(value: int) -> str:
    """A literal of type int64_t; the least integer has no literal of its own."""
    if value == -(2**63):
        return "INT64_MIN"
    return f"INT64_C({value})" if value >= 0 else f"-INT64_C({-value})"


def real(value: float) -> str:
    """A hexadecimal literal: exactly the double, whatever reads it."""
    if math.isnan(value):
        return '__builtin_nan("")'
    if math.isinf(value):
        return "__builtin_inf()" if value > 0 else "-__builtin_inf()"
    return value.hex()
