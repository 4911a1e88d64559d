"""`docs/streams.md` lists every reason and every counter, and the code uses every counter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from flashc.runtime.mexc.market.depth_sync import CAUSES
from flashc.runtime.mexc.market.validity import HALTS, REASONS
from flashc.runtime.mexc.stream.counters import COUNTERS
from flashc.runtime.mexc.stream.events import LOST_REASONS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "streams.md").read_text(encoding="utf-8")
TABLES = {"reasons": REASONS, "causes": CAUSES, "halts": HALTS, "ends": LOST_REASONS, "counters": COUNTERS}


def missing(page: str, table: Mapping[str, str]) -> list[str]:
    return [name for name, text in table.items() if f"| `{name}` | {text} |" not in page]


@pytest.mark.parametrize("name", TABLES)
def test_the_page_says_what_the_code_says(name: str) -> None:
    assert not missing(PAGE, TABLES[name])


def test_the_page_lists_nothing_else() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE)
    assert set(rows) == {name for table in TABLES.values() for name in table}


def test_every_counter_is_counted_somewhere() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "runtime" / "mexc").rglob("*.py"))
    used = code.replace((ROOT / "runtime" / "mexc" / "stream" / "counters.py").read_text(encoding="utf-8"), "")
    assert not [name for name in COUNTERS if f'"{name}"' not in used]


def test_the_check_can_fail() -> None:
    assert missing("| `a` | b |", {"a": "c"}) == ["a"]
