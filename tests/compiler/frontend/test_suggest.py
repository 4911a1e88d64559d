from __future__ import annotations

import pytest
from flashc.compiler.frontend.suggest import distance, nearest
from hypothesis import given
from hypothesis import strategies as st
from support.checking import only, strategy

words = st.text("abcd", max_size=6)


@given(words, words)
def test_distance_is_symmetric_and_zero_only_for_equal_words(a: str, b: str) -> None:
    assert distance(a, b, 6) == distance(b, a, 6)
    assert (distance(a, b, 6) == 0) == (a == b)


@given(words, words)
def test_a_limit_only_hides_larger_distances(a: str, b: str) -> None:
    assert min(distance(a, b, 6), 3) == min(distance(a, b, 2), 3)


def test_swapped_letters_count_once() -> None:
    assert distance("quikc", "quick", 3) == 1


def test_short_names_are_matched_strictly() -> None:
    assert nearest("ab", ["xy"]) is None
    assert nearest("presure", ["pressure", "price"]) == "pressure"


def test_one_letter_is_no_misspelling_of_another() -> None:
    assert nearest("k", ["d", "h", "m"]) is None
    assert nearest("D", ["d", "h", "m"]) == "d"


@pytest.mark.parametrize(("call", "said"), [("nz(x)", "x ?? 0"), ("na(x)", "not present(x)"), ("fixnan(x)", "x ?? y")])
def test_what_is_no_function_here_is_said_and_never_put_in(call: str, said: str) -> None:
    found = only(strategy(let="x: close / open", long=f"{call} > 1", out="x < 1"))
    assert found.code == "FC0103"
    assert not found.fixes
    assert said in found.helps[0]
