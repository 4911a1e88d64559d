from __future__ import annotations

from flashc.compiler.analysis.dims import Unifier, closed, is_open, power
from flashc.compiler.ir.types import Dim
from hypothesis import given
from hypothesis import strategies as st

dims = st.dictionaries(st.sampled_from(["BTC", "ETH", "USDC"]), st.integers(-3, 3)).map(lambda d: Dim.of(**d))


@given(dims, dims)
def test_known_units_unify_only_when_equal(a: Dim, b: Dim) -> None:
    assert Unifier().unify(a, b) == (a == b)


@given(dims, dims)
def test_a_variable_takes_what_the_equation_says(a: Dim, b: Dim) -> None:
    solver = Unifier()
    x = solver.fresh()
    assert solver.unify(x.times(a), b)
    assert solver.resolve(x) == b.over(a)


@given(dims)
def test_a_square_is_solved_when_the_exponents_are_even(a: Dim) -> None:
    solver = Unifier()
    x = solver.fresh()
    assert solver.unify(power(x, 2), power(a, 2))
    assert solver.resolve(x) == a


def test_an_odd_square_has_no_unit() -> None:
    solver = Unifier()
    assert not solver.unify(power(solver.fresh(), 2), Dim.of(BTC=1))


def test_open_variables_close_to_pure_numbers() -> None:
    solver = Unifier()
    x = solver.fresh()
    assert is_open(x)
    assert closed(x.times(Dim.of(BTC=1))) == Dim.of(BTC=1)
