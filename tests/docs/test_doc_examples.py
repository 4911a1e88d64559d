"""Every strategy that a page shows is checked: whole files, fragments, wrong ones, and those that do not run yet."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
QUIET = {"": set(), "fragment": {"FL101", "FC0605", "FL106"}}


def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("doc_examples", ROOT / "docs" / "examples.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules["doc_examples"] = made
    spec.loader.exec_module(made)
    return made


DOCS = module()
PAGES = DOCS.pages()
EXAMPLES = [
    example
    for page in PAGES
    for example in DOCS.examples(str(page.relative_to(ROOT)), page.read_text(encoding="utf-8"))
]


def complaint(example: Any) -> str | None:
    """Why an example does not keep its promise, or None."""
    if example.mark.startswith("skip: "):
        return None
    found, text = DOCS.findings(example.whole())
    codes = {d.code for d in found}
    if example.mark in QUIET:
        return f"should check clean and run:\n{text}" if codes - QUIET[example.mark] else None
    if example.mark == "wrong":
        return None if codes - {"FC0907"} else "nothing is wrong with it"
    if example.mark == "refused":
        return None if codes == {"FC0907"} else f"should be refused with FC0907 alone, has {sorted(codes)}"
    return f"unknown mark {example.mark!r}"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.page}:{e.line}")
def test_it_is_what_its_mark_says(example: Any) -> None:
    assert complaint(example) is None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_messages_below_wrong_examples_are_real(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert DOCS.filled(text) == text, "run `make docs` and read the difference"


def test_the_guide_has_examples_of_every_kind() -> None:
    kinds = {example.mark for example in EXAMPLES if example.page == "docs/language.md"}
    assert {"", "fragment", "wrong"} <= kinds


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        ("", "flash: 1\n"),
        ("fragment", "let:\n  a: closee\n"),
        ("wrong", "size: 10 USDC\n"),
        ("refused", "size: 10 USDC\n"),
        ("other", "size: 10 USDC\n"),
    ],
)
def test_the_check_can_fail(mark: str, text: str) -> None:
    assert complaint(DOCS.Example("page.md", 1, mark, text, None))
