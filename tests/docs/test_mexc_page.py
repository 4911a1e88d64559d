"""docs/mexc.md shows the client's own tables."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).resolve().parents[2] / "docs"


def tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mexc_tables", DOCS / "mexc_tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_of_the_page_are_fresh() -> None:
    text = (DOCS / "mexc.md").read_text(encoding="utf-8")
    assert tables().filled(text) == text, "run `python docs/mexc_tables.py`"


def test_a_stale_table_would_be_seen() -> None:
    text = (DOCS / "mexc.md").read_text(encoding="utf-8").replace("| -2011 |", "| -2012 |")
    assert tables().filled(text) != text
