"""Positions as editors count them, against a slow twin that encodes every prefix."""

from __future__ import annotations

import re

import pytest
from flashc.dsl.language_server.positions import Encoding, Lines, units
from hypothesis import given
from hypothesis import strategies as st

CODECS = {Encoding.UTF8: ("utf-8", 1), Encoding.UTF16: ("utf-16-le", 2), Encoding.UTF32: ("utf-32-le", 4)}
TEXTS = st.text(st.sampled_from("ab\n\r\té😀𝛼\u2028\x0c "), max_size=30)


def slow_units(text: str, encoding: Encoding) -> int:
    codec, size = CODECS[encoding]
    return len(text.encode(codec)) // size


def slow_position(text: str, offset: int, encoding: Encoding) -> tuple[int, int]:
    """Split at line ends, then encode."""
    ends = [m.end() for m in re.finditer(r"\r\n|\n|\r", text) if m.end() <= offset]
    start = ends[-1] if ends else 0
    inside = re.split(r"\r\n|\n|\r", text[start:])[0]
    return len(ends), slow_units(text[start : min(offset, start + len(inside))], encoding)


@given(TEXTS, st.sampled_from(Encoding), st.integers(0, 40))
def test_positions_equal_the_slow_twins(text: str, encoding: Encoding, offset: int) -> None:
    at = min(offset, len(text))
    assert Lines(text, encoding).position(at) == slow_position(text, at, encoding)


@given(TEXTS, st.sampled_from(Encoding), st.integers(0, 40))
def test_a_position_leads_back_to_its_offset(text: str, encoding: Encoding, offset: int) -> None:
    lines = Lines(text, encoding)
    at = min(offset, len(text))
    inside_line_end = text[max(0, at - 1) : at + 1] == "\r\n"
    assert lines.offset(*lines.position(at)) == (at - 1 if inside_line_end else at)


@given(TEXTS, st.sampled_from(Encoding), st.integers(-9, 99), st.integers(-9, 99))
def test_no_position_lies_outside(text: str, encoding: Encoding, line: int, character: int) -> None:
    assert 0 <= Lines(text, encoding).offset(line, character) <= len(text)


@given(TEXTS, st.sampled_from(Encoding), st.data())
def test_an_edit_replaces_exactly_its_range(text: str, encoding: Encoding, data: st.DataObject) -> None:
    lines = Lines(text, encoding)
    first, last = sorted(data.draw(st.integers(0, len(text))) for _ in range(2))
    start, end = lines.offset(*lines.position(first)), lines.offset(*lines.position(last))
    assert lines.replaced(lines.position(first), lines.position(last), "X") == text[:start] + "X" + text[end:]


def test_a_backward_range_removes_nothing() -> None:
    assert Lines("abcdef").replaced((0, 4), (0, 1), "X") == "abcdXef"


def test_a_column_inside_a_character_means_the_place_before_it() -> None:
    assert Lines("😀b", Encoding.UTF16).offset(0, 1) == 0
    assert Lines("😀b", Encoding.UTF16).offset(0, 2) == 1
    assert Lines("😀b", Encoding.UTF8).offset(0, 3) == 0


def test_a_byte_order_mark_belongs_to_the_editor() -> None:
    lines = Lines("\ufeffab\nc", Encoding.UTF16)
    assert lines.text == "ab\nc"
    assert lines.position(0) == (0, 1)
    assert lines.offset(0, 2) == 1
    assert lines.offset(1, 0) == 3
    assert lines.replaced((0, 1), (0, 2), "x") == "\ufeffxb\nc"


@pytest.mark.parametrize(("encoding", "length"), [(Encoding.UTF8, 7), (Encoding.UTF16, 4), (Encoding.UTF32, 3)])
def test_units_of_each_encoding(encoding: Encoding, length: int) -> None:
    assert units("aé😀", encoding) == length
