# mypy: allow-untyped-decorators, allow-untyped-calls
"""Operations that a kernel cannot write as Python operators: Numba intrinsics, one or a few machine instructions each.

Numba marks signed arithmetic as never overflowing, branches on `a if c else b`, and has no cheap bit casts. Each
intrinsic here emits exactly the LLVM instruction that the operator table (`compiler/ir/ops.py`) means: wrapping
integers, `select`, saturating conversion. None can raise, and none calls a library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_I64, _F64 = ir.IntType(64), ir.DoubleType()
_NAN_BITS = 0x7FF8000000000000
_INT_MIN = -(2**63)
Emit = Callable[..., Any]  # (llvm builder, *operands) -> llvm value


def _unary(argument: Any, result: Any, emit: Emit) -> Any:
    @intrinsic
    def op(typingctx: Any, a: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return emit(builder, *args)

        return result(argument), codegen

    return op


def _binary(argument: Any, emit: Emit) -> Any:
    @intrinsic
    def op(typingctx: Any, a: Any, b: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return emit(builder, *args)

        return argument(argument, argument), codegen

    return op


def _select(kind: Any) -> Any:
    @intrinsic
    def op(typingctx: Any, condition: Any, a: Any, b: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.select(*args)

        return kind(types.boolean, kind, kind), codegen

    return op


def _int(value: int) -> Any:
    return ir.Constant(_I64, value)


def _least(compare: str, integers: bool) -> Emit:
    """`b if b < a else a`, the tie rule that decides -0.0 and NaN."""

    def emit(builder: Any, a: Any, b: Any) -> Any:
        first, second = (b, a) if compare == "min" else (a, b)
        ordered = builder.icmp_signed if integers else builder.fcmp_ordered
        return builder.select(ordered("<", first, second), b, a)

    return emit


def _divisible(builder: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    """(divisor that cannot trap, is b zero, is b minus one)."""
    zero = builder.icmp_signed("==", b, _int(0))
    minus_one = builder.icmp_signed("==", b, _int(-1))
    return builder.select(builder.or_(zero, minus_one), _int(1), b), zero, minus_one


def _floors(builder: Any, remainder: Any, divisor: Any) -> Any:
    """True where truncation and floor differ: a remainder with the other sign than the divisor."""
    unequal = builder.icmp_signed("!=", remainder, _int(0))
    signs = builder.icmp_signed("<", builder.xor(remainder, divisor), _int(0))
    return builder.and_(unequal, signs)


def _idiv(builder: Any, a: Any, b: Any) -> Any:
    divisor, zero, minus_one = _divisible(builder, a, b)
    quotient, remainder = builder.sdiv(a, divisor), builder.srem(a, divisor)
    floored = builder.select(_floors(builder, remainder, divisor), builder.sub(quotient, _int(1)), quotient)
    exact = builder.select(minus_one, builder.sub(_int(0), a), floored)
    return builder.select(zero, _int(0), exact)


def _imod(builder: Any, a: Any, b: Any) -> Any:
    divisor, zero, minus_one = _divisible(builder, a, b)
    remainder = builder.srem(a, divisor)
    floored = builder.select(_floors(builder, remainder, divisor), builder.add(remainder, divisor), remainder)
    return builder.select(builder.or_(zero, minus_one), _int(0), floored)


def _iabs(builder: Any, a: Any) -> Any:
    return builder.select(builder.icmp_signed("<", a, _int(0)), builder.sub(_int(0), a), a)


def _count(builder: Any, b: Any) -> Any:
    return builder.and_(b, _int(63))


def _call(name: str) -> Emit:
    """An LLVM intrinsic from f64 to f64 that lowers to one instruction."""

    def emit(builder: Any, a: Any) -> Any:
        function = builder.module.declare_intrinsic(name, (_F64,))
        return builder.call(function, (a,))

    return emit


def _f2i(builder: Any, a: Any) -> Any:
    """Truncate, saturate, 0 for NaN. Both ends are compared as doubles; the conversion sees only safe values."""
    low = builder.fcmp_ordered("<", a, ir.Constant(_F64, float(_INT_MIN)))
    high = builder.fcmp_ordered(">=", a, ir.Constant(_F64, 2.0**63))
    nan = builder.fcmp_unordered("uno", a, a)
    unsafe = builder.or_(builder.or_(low, high), nan)
    whole = builder.fptosi(builder.select(unsafe, ir.Constant(_F64, 0.0), a), _I64)
    whole = builder.select(high, _int(2**63 - 1), whole)
    return builder.select(low, _int(_INT_MIN), whole)


def _fbits(builder: Any, a: Any) -> Any:
    """The bits; one pattern for every NaN, whose sign and payload depend on the processor."""
    nan = builder.fcmp_unordered("uno", a, a)
    return builder.select(nan, _int(_NAN_BITS), builder.bitcast(a, _I64))


iadd = _binary(types.int64, lambda builder, a, b: builder.add(a, b))
isub = _binary(types.int64, lambda builder, a, b: builder.sub(a, b))
imul = _binary(types.int64, lambda builder, a, b: builder.mul(a, b))
idiv = _binary(types.int64, _idiv)
imod = _binary(types.int64, _imod)
ishl = _binary(types.int64, lambda builder, a, b: builder.shl(a, _count(builder, b)))
ishr = _binary(types.int64, lambda builder, a, b: builder.ashr(a, _count(builder, b)))
imin = _binary(types.int64, _least("min", integers=True))
imax = _binary(types.int64, _least("max", integers=True))
fmin = _binary(types.float64, _least("min", integers=False))
fmax = _binary(types.float64, _least("max", integers=False))
ineg = _unary(types.int64, types.int64, lambda builder, a: builder.sub(_int(0), a))
iabs = _unary(types.int64, types.int64, _iabs)
fneg = _unary(types.float64, types.float64, lambda builder, a: builder.fneg(a))
fabs = _unary(types.float64, types.float64, _call("llvm.fabs"))
fsqrt = _unary(types.float64, types.float64, _call("llvm.sqrt"))
ffloor = _unary(types.float64, types.float64, _call("llvm.floor"))
fceil = _unary(types.float64, types.float64, _call("llvm.ceil"))
ftrunc = _unary(types.float64, types.float64, _call("llvm.trunc"))
fround = _unary(types.float64, types.float64, _call("llvm.rint"))
b2i = _unary(types.boolean, types.int64, lambda builder, a: builder.zext(a, _I64))
i2f = _unary(types.int64, types.float64, lambda builder, a: builder.sitofp(a, _F64))
f2i = _unary(types.float64, types.int64, _f2i)
fbits = _unary(types.float64, types.int64, _fbits)
bitsf = _unary(types.int64, types.float64, lambda builder, a: builder.bitcast(a, _F64))
select_b = _select(types.boolean)
select_i = _select(types.int64)
select_f = _select(types.float64)


def _words(element: Any) -> Any:
    @intrinsic
    def pointer(typingctx: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(signature.return_type))

        return types.CPointer(element)(types.int64), codegen

    return pointer


#: int64 address -> pointer whose words are read as integers, or as doubles.
int_words = _words(types.int64)
float_words = _words(types.float64)


@intrinsic
def _words_after(typingctx: Any, pointer: Any, count: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return pointer(pointer, types.int64), codegen


#: (pointer, n) -> the pointer n words later.
words_after: Any = _words_after


def _c_call(arguments: tuple[Any, ...]) -> tuple[Any, Any]:
    """Typing and code of a call of the C function at an address; it returns an int64."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = ir.FunctionType(_I64, [a.type for a in args[1:]])
        return builder.call(builder.inttoptr(args[0], function.as_pointer()), args[1:])

    return types.int64(types.int64, *arguments), codegen


_INTS, _FLOATS = types.CPointer(types.int64), types.CPointer(types.float64)


@intrinsic
def _call_init(typingctx: Any, address: Any, params: Any, float_params: Any, st: Any, sf: Any) -> Any:
    return _c_call((_INTS, _FLOATS, _INTS, _FLOATS))


@intrinsic
def _call_events(
    typingctx: Any, address: Any, record: Any, count: Any, st: Any, sf: Any, out: Any, rows: Any, io: Any
) -> Any:
    return _c_call((_INTS, types.int64, _INTS, _FLOATS, _INTS, _INTS, _INTS))


@intrinsic
def _call_report(typingctx: Any, address: Any, record: Any, st: Any, sf: Any, out: Any, io: Any) -> Any:
    return _c_call((_INTS, _INTS, _FLOATS, _INTS, _INTS))


#: (address, *arguments): call a kernel's `init`, `events` or `report`.
call_init: Any = _call_init
call_events: Any = _call_events
call_report: Any = _call_report
