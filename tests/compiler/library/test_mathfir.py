"""The library functions against high-precision arithmetic, and at the edges of their domains."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

import mpmath
import pytest
from flashc.compiler.evaluate.evaluator import pure_function
from flashc.compiler.ir.ops import OPS
from flashc.compiler.library.mathfir import FUNCTIONS

LIMIT_ULP = 1.5
TINY, SMALLEST_NORMAL, GREATEST = 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308
UNARY = ("fexp", "flog", "ftanh", "fsigmoid")
ORACLES: dict[str, Callable[..., mpmath.mpf]] = {
    "fexp": mpmath.exp,
    "flog": mpmath.log,
    "ftanh": mpmath.tanh,
    "fsigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
}
RANGES = {
    "fexp": ((-1, 1), (-745, 710), (-750, -700), (-1e-3, 1e-3), (709, 709.8)),
    "flog": ((0.5, 2), (0.99, 1.01), (0, 1e-300), (0, 5e-308), (0, 100)),
    "ftanh": ((-1, 1), (-0.6, 0.6), (-23, 23), (-0.01, 0.01), (0.15, 0.2)),
    "fsigmoid": ((-1, 1), (-40, 40), (-750, -690), (-745, 0)),
}


def call(name: str, *args: float) -> float:
    function = pure_function(name)
    assert function is not None
    return float(function(*args))


def error_ulp(got: float, exact: mpmath.mpf) -> float:
    """Distance in units of the last place of the true value; results past the greatest double must be infinite."""
    if abs(exact) > mpmath.mpf(GREATEST) * (1 + mpmath.mpf(2) ** -54):
        return 0.0 if math.isinf(got) or abs(got) == GREATEST else math.inf
    if math.isinf(got):
        return 0.0 if abs(exact) > GREATEST * (1 - 2.0**-53) else math.inf
    return float(abs(mpmath.mpf(got) - exact) / math.ulp(float(exact)))


def any_double(rng: random.Random) -> float:
    return math.ldexp(rng.choice((1, -1)) * rng.uniform(1, 2), rng.randint(-1074, 1023))


def points(name: str, count: int) -> list[float]:
    rng = random.Random(name)
    found = [rng.uniform(*rng.choice(RANGES[name])) for _ in range(count)]
    found += [any_double(rng) for _ in range(count // 4)]
    found += [s * x for x in (TINY, SMALLEST_NORMAL, GREATEST, 1.0, 0.5, 2.0, math.e) for s in (1, -1)]
    near = [1.0]
    for _ in range(20):
        near += [math.nextafter(near[-1], 2.0), math.nextafter(near[0], 0.0)]
    return [abs(x) for x in found + near] if name == "flog" else found + near


@pytest.mark.parametrize("name", UNARY)
def test_a_function_is_within_its_error_bound(name: str) -> None:
    with mpmath.workprec(160):
        worst = max((error_ulp(call(name, x), ORACLES[name](mpmath.mpf(x))), x) for x in points(name, 4500) if x)
    assert worst[0] <= LIMIT_ULP, worst


def test_pow_is_within_its_error_bound() -> None:
    rng = random.Random(11)
    worst = (0.0, 0.0, 0.0)
    with mpmath.workprec(160):
        for _ in range(6000):
            x = rng.choice(
                (abs(any_double(rng)), rng.uniform(0.9, 1.1), rng.uniform(0, 50), 1 + rng.uniform(-1, 1) * 1e-12)
            )
            y = rng.choice((any_double(rng), rng.uniform(-3, 3), 2.0, 0.5, -1.0, 1e300))
            if rng.random() < 0.7:
                y = rng.uniform(-746, 710) / (math.log(x) or 1e-16)
            power = mpmath.mpf(y) * mpmath.log(mpmath.mpf(x))
            if abs(power) > 800:
                assert call("fpow", x, y) == (math.inf if power > 0 else 0.0), (x, y)
            else:
                worst = max(worst, (error_ulp(call("fpow", x, y), mpmath.exp(power)), x, y))
    assert worst[0] <= LIMIT_ULP, worst


def test_exp_at_the_edges() -> None:
    assert call("fexp", 0.0) == call("fexp", -0.0) == 1.0
    assert call("fexp", math.inf) == call("fexp", 709.79) == math.inf
    assert call("fexp", -math.inf) == call("fexp", -745.2) == 0.0
    assert call("fexp", -745.0) == TINY
    assert math.isnan(call("fexp", math.nan))


def test_log_at_the_edges() -> None:
    assert call("flog", 1.0) == 0.0
    assert call("flog", 0.0) == call("flog", -0.0) == -math.inf
    assert call("flog", math.inf) == math.inf
    for x in (-TINY, -1.0, -math.inf, math.nan):
        assert math.isnan(call("flog", x))


def test_tanh_and_sigmoid_saturate_without_passing_their_limits() -> None:
    for x in (19.0, 22.0, 22.5, 40.0, 1e300, math.inf):
        assert call("ftanh", x) <= 1.0
        assert call("ftanh", -x) == -call("ftanh", x)
        assert call("fsigmoid", x) <= 1.0
        assert call("fsigmoid", -x) >= 0.0
    assert call("ftanh", math.inf) == call("fsigmoid", math.inf) == 1.0
    assert call("fsigmoid", -math.inf) == 0.0
    assert math.copysign(1.0, call("ftanh", -0.0)) == -1.0
    assert math.isnan(call("ftanh", math.nan))
    assert math.isnan(call("fsigmoid", math.nan))


@pytest.mark.parametrize("name", UNARY)
def test_a_function_never_falls_over_coarse_steps(name: str) -> None:
    steps = [x / 64 for x in range(1 if name == "flog" else -50_000, 50_000, 37)]
    values = [call(name, x) for x in steps]
    assert all(a <= b for a, b in itertools.pairwise(values))


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (0.0, 2.0, 0.0),
        (0.0, -2.0, math.inf),
        (-0.0, 3.0, 0.0),
        (0.5, math.inf, 0.0),
        (0.5, -math.inf, math.inf),
        (2.0, math.inf, math.inf),
        (2.0, -1e308, 0.0),
        (math.inf, -1.0, 0.0),
        (math.inf, 0.5, math.inf),
        (1.0, math.nan, 1.0),
        (math.nan, 0.0, 1.0),
        (-3.0, 0.0, 1.0),
        (TINY, 1.0, TINY),
        (2.0, -1074.0, TINY),
        (2.0, 1023.0, 2.0**1023),
        (2.0, 1024.0, math.inf),
        (3.0, 2.0, 9.0),
    ],
)
def test_pow_at_the_edges(x: float, y: float, expected: float) -> None:
    assert call("fpow", x, y) == expected


@pytest.mark.parametrize(("x", "y"), [(-1.0, 2.0), (-math.inf, 1.0), (2.0, math.nan), (math.nan, 1.0)])
def test_pow_without_a_real_value_is_nan(x: float, y: float) -> None:
    assert math.isnan(call("fpow", x, y))


def test_the_bodies_are_straight_lines_of_basic_pure_operations() -> None:
    for function in FUNCTIONS.values():
        defined = set(function.params)
        for op in function.body:
            assert OPS[op.name].pure
            assert op.name not in FUNCTIONS
            assert set(op.args) <= defined
            assert op.result is not None
            assert op.result not in defined
            defined.add(op.result)
        assert function.result in defined


def test_the_operator_table_knows_their_cost() -> None:
    for name, function in FUNCTIONS.items():
        assert OPS[name].cost == len(function.body)
