"""exp, log, pow, tanh and sigmoid as FIR: every executor runs the same additions, so the bits agree.

libm is not reproducible between processors, therefore these bodies use only `+ - * /`, comparisons, select, integer
operations and bit casts. No product is fused with a sum. Each result is within 1.5 ulp of the true value
(`tests/compiler/library/test_mathfir.py` measures that against high-precision arithmetic).

Methods. `exp` takes x = k ln 2 + r with |r| <= ln 2 / 2, the Taylor polynomial of e**r, and 2**k by bit casts in two
steps, so that results near the ends round once. `log` and the argument reduction of `pow` take x = 2**k m with m in
[sqrt 1/2, sqrt 2) and s = (m - 1) / (m + 1). `pow` carries log2 x as a sum of two doubles, whose high parts are cut to
26 bits so that their products are exact (the method of fdlibm's `e_pow.c`). `tanh` and `sigmoid` divide sums that keep
their rounding errors.

A printer writes a body as it writes any other: the parameters are given values, each operation is pure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from ..ir.nodes import F64, I64, Attr, Op
from ..ir.ops import OPS


@dataclass(frozen=True, slots=True)
class Function:
    """A straight line of pure operations over f64 parameters.

    `params` are the value numbers of the arguments, `body` defines every other value, `result` is the value returned.
    """

    name: str
    params: tuple[int, ...]
    body: tuple[Op, ...]
    result: int


@dataclass(slots=True)
class _Builder:
    """Collects operations; equal ones are made once."""

    ops: list[Op] = field(default_factory=list)
    made: dict[tuple[str, tuple[str, ...], tuple[int, ...]], _V] = field(default_factory=dict)
    count: int = 0

    def parameter(self) -> _V:
        self.count += 1
        return _V(self, self.count - 1, F64)

    def op(self, name: str, *args: _V, attrs: tuple[Attr, ...] = ()) -> _V:
        key = (name, tuple(map(repr, attrs)), tuple(a.id for a in args))
        if key not in self.made:
            type_ = OPS[name].result
            assert type_ is not None and tuple(a.type for a in args) == OPS[name].args, key
            self.ops.append(Op(self.count, name, attrs, key[2]))
            self.made[key] = _V(self, self.count, type_)
            self.count += 1
        return self.made[key]


@dataclass(frozen=True, slots=True, eq=False)
class _V:
    """A value with operators; numbers beside it become constants of its type."""

    builder: _Builder
    id: int
    type: str

    def lift(self, x: _V | float) -> _V:
        if isinstance(x, _V):
            return x
        if self.type == I64:
            return self.builder.op("iconst", attrs=(int(x),))
        return self.builder.op("fconst", attrs=(float(x),))

    def call(self, stem: str, other: _V | float) -> _V:
        return self.builder.op(("i" if self.type == I64 else "f") + stem, self, self.lift(other))

    def unary(self, name: str) -> _V:
        return self.builder.op(name, self)

    def __add__(self, other: _V | float) -> _V:
        return self.call("add", other)

    def __sub__(self, other: _V | float) -> _V:
        return self.call("sub", other)

    def __rsub__(self, other: float) -> _V:
        return self.lift(other) - self

    def __mul__(self, other: _V | float) -> _V:
        return self.call("mul", other)

    def __truediv__(self, other: _V | float) -> _V:
        return self.call("div", other)

    def __rtruediv__(self, other: float) -> _V:
        return self.lift(other) / self

    def __and__(self, other: _V | int) -> _V:
        return self.call("and", other)

    def __or__(self, other: _V | int) -> _V:
        return self.call("or", other)

    def __lshift__(self, other: int) -> _V:
        return self.call("shl", other)

    def __rshift__(self, other: int) -> _V:
        return self.call("shr", other)

    def __lt__(self, other: _V | float) -> _V:
        return self.call("lt", other)

    def __gt__(self, other: float) -> _V:
        return self.lift(other) < self

    def equals(self, other: _V | float) -> _V:
        return self.call("eq", other)

    def between(self, low: float, high: float) -> _V:
        """Limited to [low, high]; NaN stays."""
        return self.call("max", low).call("min", high)

    def then(self, yes: _V | float, no: _V) -> _V:
        """`yes` where this i1 holds, else `no`."""
        return self.builder.op("select.i" if no.type == I64 else "select.f", self, no.lift(yes), no)


_SIGN = -(2**63)
_LOG2_E = 1.4426950408889634
_LN2_HIGH = float.fromhex("0x1.62e42feep-1")  # 32 bits: times k is exact
_LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_TAYLOR = tuple(1.0 / math.factorial(n) for n in range(3, 15))


def _polynomial(x: _V, coefficients: tuple[float, ...]) -> _V:
    """c0 + x (c1 + x (c2 + ...))."""
    result = x.lift(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        result = x * result + c
    return result


def _power_of_two(k: _V) -> _V:
    """2**k for -1022 <= k <= 1023."""
    return ((k + 1023) << 52).unary("bitsf")


def _scaled(x: _V, k: _V) -> _V:
    """x * 2**k in two factors, so that k may leave the range of exponents."""
    half = k >> 1
    return x * _power_of_two(half) * _power_of_two(k - half)


def _cut(x: _V) -> _V:
    """The leading 26 bits of x: products of two such values are exact."""
    return (x.unary("fbits") & -(2**27)).unary("bitsf")


def _after_linear(r: _V, c: _V) -> _V:
    """q with e**(r + c) = 1 + r + q, for |r| <= ln 2 / 2 and tiny c."""
    return (r * r) * (r * _polynomial(r, _TAYLOR) + 0.5) + (c + c * r)


def _reduced(x: _V) -> tuple[_V, _V, _V]:
    """k, r, q with e**x = 2**k (1 + r + q)."""
    whole = (x * _LOG2_E).unary("fround")
    high, low = x - whole * _LN2_HIGH, whole * _LN2_LOW
    r = high - low
    return whole.unary("f2i"), r, _after_linear(r, (high - r) - low)


def _one_plus(r: _V, q: _V) -> tuple[_V, _V]:
    """1 + r + q as a double and its rounding error."""
    first = r + 1.0
    rest = (r - (first - 1.0)) + q
    high = first + rest
    return high, rest - (high - first)


def _two_sum(a: _V, b: _V) -> tuple[_V, _V]:
    """a + b and its rounding error, whichever is larger."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _quotient(above: tuple[_V, _V], below: tuple[_V, _V]) -> _V:
    """The quotient of two sums of two doubles."""
    first = above[0] / below[0]
    return first + (above[1] - first * below[1]) / below[0]


def _exp(x: _V) -> _V:
    k, r, q = _reduced(x.between(-746.0, 710.0))
    return _scaled(_one_plus(r, q)[0], k)


_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_LOG_SERIES = (
    0.6666666666666735130, 0.3999999999940941908, 0.2857142874366239149, 0.2222219843214978396,
    0.1818357216161805012, 0.1531383769920937332, 0.1479819860511658591,
)  # fmt: skip  # minimax for (log(1 + f) - 2 s) / s over s**2, as in fdlibm


def _mantissa(x: _V) -> tuple[_V, _V]:
    """k and m with x = 2**k m, m in [sqrt 1/2, sqrt 2), for finite x > 0."""
    small = x < 2.0**-1022
    bits = small.then(x * 2.0**54, x).unary("fbits")
    above = bits - _SQRT_HALF_BITS
    k = (above >> 52) - small.then(54, above.lift(0))
    return k, (bits - (above & -(2**52))).unary("bitsf")


def _log(x: _V) -> _V:
    k, m = _mantissa(x)
    f, whole = m - 1.0, k.unary("i2f")
    s = f / (f + 2.0)
    square = s * s
    half = f * f * 0.5
    tail = s * (half + square * _polynomial(square, _LOG_SERIES))
    result = whole * _LN2_HIGH - ((half - (tail + whole * _LN2_LOW)) - f)
    result = x.equals(math.inf).then(x, result)
    result = (x < 0.0).then(math.nan, result)
    result = x.equals(0.0).then(-math.inf, result)
    return x.equals(x).then(result, x)


_POW_SERIES = tuple(3.0 / n for n in range(5, 29, 2))
_CP = 0.9617966939259756  # 2 / (3 ln 2)
_CP_HIGH = float.fromhex("0x1.ec709d8p-1")
_CP_LOW = float.fromhex("0x1.0e80ff5d27f05p-27")
_LN2 = 0.6931471805599453
_LN2_CUT = float.fromhex("0x1.62e42f8p-1")
_LN2_REST = float.fromhex("0x1.be8e7bcd5e4f2p-27")


def _log2_parts(x: _V) -> tuple[_V, _V]:
    """log2 x as a 26-bit double and the rest, to about 2**-64 relative."""
    k, m = _mantissa(x)
    f, below = m - 1.0, m + 1.0
    s = f / below
    s_high, d_high = _cut(s), _cut(below)
    d_low = m - (d_high - 1.0)
    s_low = ((f - s_high * d_high) - s_high * d_low) / below
    square, square_high = s * s, s_high * s_high
    r = square * square * _polynomial(square, _POW_SERIES) + s_low * (s_high + s)
    t_high = _cut(square_high + 3.0 + r)
    t_low = r - ((t_high - 3.0) - square_high)
    u, v = s_high * t_high, s_low * t_high + t_low * s  # u + v = 3/2 log m
    p_high = _cut(u + v)
    p_low = v - (p_high - u)
    z_high, z_low = p_high * _CP_HIGH, p_high * _CP_LOW + p_low * _CP
    whole = k.unary("i2f")
    high = _cut((z_high + z_low) + whole)
    return high, z_low - ((high - whole) - z_high)


def _pow(x: _V, y: _V) -> _V:
    log_high, log_low = _log2_parts(x)
    power = y.between(-(2.0**64), 2.0**64)  # beyond, every x != 1 has reached its limit
    y_high = _cut(power)
    low = (power - y_high) * log_high + power * log_low
    high = y_high * log_high
    total = low + high
    whole = total.between(-1100.0, 1100.0).unary("fround")
    high = high - whole
    z = _cut(low + high)
    u, v = z * _LN2_CUT, (low - (z - high)) * _LN2 + z * _LN2_REST
    r = u + v
    result = _scaled(_one_plus(r, _after_linear(r, v - (r - u)))[0], whole.unary("f2i"))
    result = (total < -1080.0).then(0.0, (total > 1030.0).then(math.inf, result))
    return _pow_limits(x, y, result)


def _pow_limits(x: _V, y: _V, result: _V) -> _V:
    """The cases that the formula does not cover: x is 0, infinite, negative or 1; y is 0; NaN."""
    grows = y > 0.0
    result = x.equals(math.inf).then(grows.then(math.inf, y.lift(0.0)), result)
    result = x.equals(0.0).then(grows.then(0.0, y.lift(math.inf)), result)
    result = (x < 0.0).then(math.nan, result)
    result = y.equals(y).then(x.equals(x).then(result, x), y)
    return y.equals(0.0).then(1.0, x.equals(1.0).then(1.0, result))


def _tanh(x: _V) -> _V:
    k, r, q = _reduced(x.unary("fabs").call("min", 22.0) * 2.0)
    scale = _power_of_two(k)
    whole, linear = scale - 1.0, scale * r
    first = whole + linear
    rest = (linear - (first - whole)) + scale * q
    above = first + rest  # e**2x - 1
    error = rest - (above - first)
    below, below_error = _two_sum(above, above.lift(2.0))
    result = _quotient((above, error), (below, below_error + error))
    return (result.unary("fbits") | (x.unary("fbits") & _SIGN)).unary("bitsf")


def _sigmoid(x: _V) -> _V:
    k, r, q = _reduced(x.unary("fabs").call("min", 746.0).unary("fneg"))
    high, low = _one_plus(r, q)
    scale = _power_of_two(k.call("max", -200))  # smaller ones do not change 1 + e**-|x|
    below, below_error = _two_sum(high.lift(1.0), high * scale)
    negative = x < 0.0
    above = negative.then(high, high.lift(1.0)), negative.then(low, low.lift(0.0))
    result = _quotient(above, (below, below_error + low * scale))
    return _scaled(result, negative.then(k, k.lift(0)))


def _function(name: str, arity: int, make: Callable[..., _V]) -> Function:
    builder = _Builder()
    params = tuple(builder.parameter() for _ in range(arity))
    result = make(*params)
    return Function(name, tuple(p.id for p in params), tuple(builder.ops), result.id)


FUNCTIONS: dict[str, Function] = {
    f.name: f
    for f in (
        _function("fexp", 1, _exp),
        _function("flog", 1, _log),
        _function("fpow", 2, _pow),
        _function("ftanh", 1, _tanh),
        _function("fsigmoid", 1, _sigmoid),
    )
}
