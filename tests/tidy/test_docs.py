"""Documentation that can be wrong is checked: generated pages, links, and what the README promises."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
OTHERS = ("README.md", "CHANGELOG.md", "strategies/README.md", "examples/README.md")
PAGES = sorted([*DOCS.rglob("*.md"), *(ROOT / name for name in OTHERS)])


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_fresh() -> None:
    stale = [name for name, text in generator().pages().items() if _read(DOCS / name) != text]
    assert not stale, f"run `make docs`: {stale}"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def dead_links(page: Path, text: str) -> list[str]:
    """Links to files that are not there."""
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    return [target for target in targets if "://" not in target and not (page.parent / target).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert dead_links(page, page.read_text(encoding="utf-8")) == []


def dead_anchors(text: str) -> list[str]:
    """Links within a page to headings that it has not."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    known = {re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return [anchor for anchor in re.findall(r"\]\(#([^)]+)\)", text) if anchor not in known]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_a_page_lead_to_a_heading(page: Path) -> None:
    assert dead_anchors(page.read_text(encoding="utf-8")) == []


def test_the_anchor_check_can_fail() -> None:
    assert dead_anchors("# One thing\n[a](#one-thing) [b](#other)") == ["other"]


def misnumbered(names: list[str], texts: list[str], index: str) -> list[str]:
    """Decisions whose number, title or place in the index is not as it should be."""
    found = []
    for number, (name, text) in enumerate(zip(names, texts, strict=True), 1):
        title = text.partition("\n")[0]
        row = f"| [{number}]({name}) | {title.partition('. ')[2]} |"
        if not (name.startswith(f"{number:04}-") and title.startswith(f"# {number}. ") and row in index):
            found.append(name)
    return found


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    files = sorted((DOCS / "decisions").glob("0*.md"))
    index = (DOCS / "decisions" / "README.md").read_text(encoding="utf-8")
    assert misnumbered([path.name for path in files], [_read(path) for path in files], index) == []


def test_the_number_check_can_fail() -> None:
    index = "| [1](0001-a.md) | A |\n| [2](0003-b.md) | B |"
    assert misnumbered(["0001-a.md", "0003-b.md"], ["# 1. A\n", "# 3. B\n"], index) == ["0003-b.md"]


def test_the_link_check_can_fail() -> None:
    assert dead_links(ROOT / "README.md", "[a](docs/no_such_page.md#x) [b](https://example.org)") == [
        "docs/no_such_page.md"
    ]


def test_the_readme_starts_with_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    first_block = re.search(r"```[a-z]*\n(.*?)```", text, flags=re.DOTALL)
    assert first_block is not None
    assert [line for line in first_block[1].splitlines() if line] == ["make demo", "make test"]
