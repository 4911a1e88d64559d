"""The catalogue is whole, and its pages are fresh."""

from __future__ import annotations

import re

import pytest
from flashc.dsl.diagnostic_codes import CODES
from flashc.dsl.diagnostic_pages import FOLDER, pages
from flashc.runtime.errors import FAULT_TITLES

#: The codes of the language guide, edition 1, by group and number of rows.
GROUPS = {
    "FC00": 12, "FC01": 13, "FC02": 13, "FC03": 12, "FC04": 11, "FC05": 11, "FC06": 5, "FC07": 6, "FC08": 11,
    "FC09": 16, "FC10": 39, "FC11": 12, "FC12": 11, "FC13": 14, "FL": 16,
}  # fmt: skip


def test_every_group_has_its_codes() -> None:
    assert {group: sum(code.startswith(group) for code in CODES) for group in GROUPS} == GROUPS


@pytest.mark.parametrize("code", CODES)
def test_a_row_is_complete(code: str) -> None:
    row = CODES[code]
    assert re.fullmatch(r"FC[0-9]{4}|FL[0-9]{3}", code)
    assert row.code == code
    assert row.title
    assert not row.title.endswith(".")
    assert row.explanation.endswith(".")
    assert row.reserved or row.right, "a code that can be reported shows the way out"


def test_the_faults_of_data_have_the_same_titles_in_the_runtime() -> None:
    assert {code: row.title for code, row in CODES.items() if code in FAULT_TITLES} == dict(FAULT_TITLES)
    assert {code for code in CODES if code.startswith("FC10")} <= set(FAULT_TITLES)


def test_the_pages_are_those_of_the_table() -> None:
    stored = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert stored == dict(pages()), "run `python -m flashc.dsl.diagnostic_pages`"
