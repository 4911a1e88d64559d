"""How each FIR operation is spelled in a kernel: one row per operation of the operator table.

Infix forms are used only where Numba's operator means exactly what the table says. Signed `+ - *` are not among them:
Numba tells LLVM that they never overflow. All spelled operands are atoms or already in parentheses.
"""

from __future__ import annotations

import math
import re

from ...ir.ops import FIELDS, OPS

#: Operations of the value kind: the text with operands in the braces.
INFIX: dict[str, str] = {
    "ilt": "({} < {})",
    "ile": "({} <= {})",
    "ieq": "({} == {})",
    "ine": "({} != {})",
    "iand": "({} & {})",
    "ior": "({} | {})",
    "ixor": "({} ^ {})",
    "fadd": "({} + {})",
    "fsub": "({} - {})",
    "fmul": "({} * {})",
    "fdiv": "({} / {})",
    "flt": "({} < {})",
    "fle": "({} <= {})",
    "feq": "({} == {})",
    "fne": "({} != {})",
    "band": "({} & {})",
    "bor": "({} | {})",
    "bxor": "({} ^ {})",
    "bnot": "(not {})",
}

#: Operations that are calls of the kernel library.
CALLS: dict[str, str] = {
    name: name.replace(".", "_")
    for name in (
        *("iadd", "isub", "imul", "idiv", "imod", "ineg", "iabs", "imin", "imax", "ishl", "ishr"),
        *("fneg", "fabs", "fsqrt", "fmin", "fmax", "ffloor", "fceil", "ftrunc", "fround"),
        *("select.b", "select.i", "select.f", "b2i", "i2f", "f2i", "fbits", "bitsf"),
    )
}

#: Transcendental functions: calls of the generated module `kernel_math`.
MATHS: dict[str, str] = {name: name for name in ("fexp", "flog", "fpow", "ftanh", "fsigmoid")}

#: Operations on a whole slot: (library function, view of the state block).
SLOTS: dict[str, tuple[str, str]] = {
    "ring.put.i": ("ring_put", "st"),
    "ring.put.f": ("ring_put", "sf"),
    "ring.ramp.i": ("ring_ramp", "st"),
    "ring.get.i": ("ring_get", "st"),
    "ring.get.f": ("ring_get", "sf"),
    **{name: (name.replace(".", "_"), "st") for name in ("win.imin", "win.imax", "win.isum")},
    **{f"profile.{name}.i": (f"profile_{name}", "st") for name in ("put", "fill", "get")},
    **{
        name: (name.replace(".", "_"), "sf")
        for name in OPS
        if name.startswith(("win.", "tree.", "sort.", "pair.")) and not name.startswith("win.i")
    },
}

#: Operations on panes: functions of the module of panes.
PANES: dict[str, tuple[str, str]] = {
    name: (name.replace(".", "_"), "st" if name.rpartition(".")[2] in ("isum", "imin", "imax") else "sf")
    for name in OPS
    if name.startswith("pane.")
}

#: Operations on order books: functions of the book module, on the block whose address is in the io block.
BOOKS: dict[str, str] = {name: name.replace(".", "_") for name in OPS if name.startswith("book.")}

_LITERAL = re.compile(r"\d+|\(-\d+( - 1)?\)")

#: Operations that the printer itself writes.
SPECIAL = frozenset(
    {
        *("bconst", "iconst", "fconst", "param.i", "param.f", "ev", "load.i", "load.f", "store.i", "store.f"),
        *("clause", "reason", "decided", "emit", "cancel", "wake", "probe.b", "probe.i", "probe.f"),
        *("trace.b", "trace.i", "trace.f"),
    }
)


def spelled() -> frozenset[str]:
    """Every operation that the printer knows."""
    return frozenset({*INFIX, *CALLS, *MATHS, *SLOTS, *PANES, *BOOKS, *SPECIAL})


def integer(value: int) -> str:
    """A literal that Numba types as int64. The least integer is written so that no literal exceeds int64."""
    if value == -(2**63):
        return "(-9223372036854775807 - 1)"
    return f"({value})" if value < 0 else str(value)


def typed(text: str) -> str:
    """An operand of a library function. Numba would compile the function anew for each literal integer it meets."""
    return f"int64({text})" if _LITERAL.fullmatch(text) else text


def real(value: float) -> str:
    """A decimal literal that reads back as the same double; `inf` and `nan` are names of the kernel library."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "(-inf)"
    return f"({value!r})" if math.copysign(1.0, value) < 0 else repr(value)


def record_word(trigger: str, field: str) -> int:
    """Word of the record that `ev` reads in a segment of this trigger."""
    return FIELDS[trigger][field]
