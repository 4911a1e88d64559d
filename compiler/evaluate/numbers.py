"""The meaning of every pure operation, on Python values: `int` for i64, `float` for f64, `bool` for i1.

`PURE` has one function per row of the operator table that neither touches state nor has an effect. Library functions
(`fexp` ...) are not here: their meaning is their FIR body (`compiler/library/mathfir.py`).

NaN is one value. Its sign and payload differ between processors and compilers, so no operation shows them: `fbits` of
any NaN is `NAN_BITS`, and so is a NaN in a dump of the state.
"""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Callable
from typing import Any

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
NAN_BITS = 0x7FF8000000000000
_WORD = 2**64
_WHOLE = 2.0**52  # doubles from here on have no fraction

_PACK_I = struct.Struct("<q")
_PACK_F = struct.Struct("<d")


def wrap(x: int) -> int:
    """The 64-bit two's complement integer that is congruent to x."""
    return (x + 2**63) % _WORD - 2**63


def float_bits(x: float) -> int:
    """The bits of a double as a signed word; `NAN_BITS` for every NaN."""
    if x != x:
        return NAN_BITS
    return int(_PACK_I.unpack(_PACK_F.pack(x))[0])


def bits_float(bits: int) -> float:
    """The double with these bits."""
    return float(_PACK_F.unpack(_PACK_I.pack(bits))[0])


def _iadd(a: int, b: int) -> int:
    x = a + b
    return x if INT_MIN <= x <= INT_MAX else wrap(x)


def _isub(a: int, b: int) -> int:
    x = a - b
    return x if INT_MIN <= x <= INT_MAX else wrap(x)


def _imul(a: int, b: int) -> int:
    x = a * b
    return x if INT_MIN <= x <= INT_MAX else wrap(x)


def _idiv(a: int, b: int) -> int:
    return wrap(a // b) if b else 0


def _imod(a: int, b: int) -> int:
    return a % b if b else 0


def _fdiv(a: float, b: float) -> float:
    if b:
        return a / b
    if a != a or a == 0.0:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _fsqrt(a: float) -> float:
    return math.sqrt(a) if a >= 0.0 else math.nan


def _whole(rounding: Callable[[float], int]) -> Callable[[float], float]:
    """A rounding to whole numbers that keeps the sign of zero, infinities and NaN."""

    def rounded(a: float) -> float:
        if not -_WHOLE < a < _WHOLE:
            return a
        return math.copysign(float(rounding(a)), a)

    return rounded


def _f2i(a: float) -> int:
    if a != a:
        return 0
    if a >= 2.0**63:
        return INT_MAX
    return INT_MIN if a < -(2.0**63) else int(a)


def _min(a: Any, b: Any) -> Any:
    return b if b < a else a


def _max(a: Any, b: Any) -> Any:
    return b if a < b else a


def _select(c: bool, a: Any, b: Any) -> Any:
    return a if c else b


PURE: dict[str, Callable[..., Any]] = {
    "iadd": _iadd,
    "isub": _isub,
    "imul": _imul,
    "idiv": _idiv,
    "imod": _imod,
    "ineg": lambda a: wrap(-a),
    "iabs": lambda a: wrap(abs(a)),
    "imin": _min,
    "imax": _max,
    "ilt": operator.lt,
    "ile": operator.le,
    "ieq": operator.eq,
    "ine": operator.ne,
    "iand": operator.and_,
    "ior": operator.or_,
    "ixor": operator.xor,
    "ishl": lambda a, b: wrap(a << (b & 63)),
    "ishr": lambda a, b: a >> (b & 63),
    "fadd": operator.add,
    "fsub": operator.sub,
    "fmul": operator.mul,
    "fdiv": _fdiv,
    "fneg": operator.neg,
    "fabs": abs,
    "fsqrt": _fsqrt,
    "fmin": _min,
    "fmax": _max,
    "ffloor": _whole(math.floor),
    "fceil": _whole(math.ceil),
    "ftrunc": _whole(math.trunc),
    "fround": _whole(round),
    "flt": operator.lt,
    "fle": operator.le,
    "feq": operator.eq,
    "fne": operator.ne,
    "band": operator.and_,
    "bor": operator.or_,
    "bxor": operator.xor,
    "bnot": operator.not_,
    "select.b": _select,
    "select.i": _select,
    "select.f": _select,
    "b2i": int,
    "i2f": float,
    "f2i": _f2i,
    "fbits": float_bits,
    "bitsf": bits_float,
}

#: Constants: the attribute is the value.
CONSTANT: dict[str, Callable[[Any], Any]] = {"bconst": bool, "iconst": int, "fconst": float}
