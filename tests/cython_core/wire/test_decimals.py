"""Decimal text to whole numbers: exact, and refused with a reason."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from flashc.cython_core.wire.decimals import LARGEST, REASONS, DecimalFault, decimal_text, parse_decimal
from hypothesis import given
from hypothesis import strategies as st

#: text, decimals, value
EXACT = (
    ("0", 0, 0),
    ("2.51", 2, 251),
    ("2.5", 2, 250),
    ("100.0", 0, 100),
    ("5.12181600", 6, 5_121_816),
    ("0.00000000", 2, 0),
    ("0.00000001", 8, 1),
    ("0007", 1, 70),
    ("9223372036854775807", 0, LARGEST),
    ("9.223372036854775807", 18, LARGEST),
)

#: text, decimals, reason
REFUSED = (
    ("", 2, "empty"),
    ("1" * 65, 2, "too_long"),
    ("-1", 2, "negative"),
    ("-", 2, "negative"),
    ("+1", 2, "not_a_number"),
    (".5", 2, "not_a_number"),
    ("5.", 2, "not_a_number"),
    ("1.2.3", 2, "not_a_number"),
    ("1,5", 2, "not_a_number"),
    (" 1", 2, "not_a_number"),
    ("1 ", 2, "not_a_number"),
    ("nan", 2, "not_a_number"),
    ("٣", 2, "not_a_number"),
    ("e5", 2, "not_a_number"),
    ("1e5", 2, "exponent"),
    ("1.5E-7", 2, "exponent"),
    ("1e", 2, "exponent"),
    ("9223372036854775808", 0, "too_large"),
    ("92233720368547758.08", 2, "too_large"),
    ("9" * 40, 2, "too_large"),
    ("1.005", 2, "off_grid"),
    ("0.001", 2, "off_grid"),
)


@pytest.mark.parametrize(("text", "decimals", "value"), EXACT)
def test_text_is_read_exactly(text: str, decimals: int, value: int) -> None:
    assert parse_decimal(text, decimals) == value
    assert parse_decimal(text.encode(), decimals) == value


@pytest.mark.parametrize(("text", "decimals", "reason"), REFUSED)
def test_other_text_is_refused_with_its_reason(text: str, decimals: int, reason: str) -> None:
    with pytest.raises(DecimalFault) as caught:
        parse_decimal(text, decimals)
    assert caught.value.reason == reason


def test_every_reason_is_tried() -> None:
    assert {reason for _, _, reason in REFUSED} == set(REASONS)


def test_negative_numbers_come_where_they_may() -> None:
    assert parse_decimal("-2.50", 2, negative=True) == -250
    assert parse_decimal("-0.0", 2, negative=True) == 0


@given(st.integers(-LARGEST, LARGEST), st.integers(0, 18), st.booleans())
def test_a_value_survives_its_text(value: int, decimals: int, strip: bool) -> None:
    text = decimal_text(value, decimals, strip=strip)
    assert parse_decimal(text, decimals, negative=True) == value
    assert Decimal(text) == Decimal(value).scaleb(-decimals)


def expected(text: str, decimals: int) -> int | None:
    """What the decimal library makes of a text that is spelled as the exchange spells numbers."""
    if not text.replace(".", "0").removeprefix("-").isdigit() or text.strip(".-") != text.removeprefix("-"):
        return None
    with localcontext() as context:
        context.prec = 200
        scaled = Decimal(text).scaleb(decimals)
        return int(scaled) if scaled == scaled.to_integral() and abs(scaled) <= LARGEST else None


def read(text: str, decimals: int) -> int | None:
    try:
        return parse_decimal(text, decimals, negative=True)
    except DecimalFault:
        return None


_grid = st.text("0123456789", min_size=1, max_size=20)
_texts = (
    st.builds("{}.{}".format, _grid, _grid)
    | _grid
    | st.text("01.-eE+ _", max_size=6).filter(lambda t: t.count(".") < 2)
)


@given(_texts, st.integers(0, 18))
def test_reading_agrees_with_the_decimal_library(text: str, decimals: int) -> None:
    assert read(text, decimals) == expected(text, decimals)


@pytest.mark.parametrize(
    ("value", "decimals", "strip", "text"),
    [
        (1250, 2, False, "12.50"),
        (1250, 2, True, "12.5"),
        (1200, 2, True, "12"),
        (7, 0, False, "7"),
        (-5, 3, False, "-0.005"),
        (0, 8, True, "0"),
    ],
)
def test_text_is_plain(value: int, decimals: int, strip: bool, text: str) -> None:
    assert decimal_text(value, decimals, strip=strip) == text
