"""Documentation that can be wrong is checked: generated pages, links, and what the README promises."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"])


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


def test_the_link_check_can_fail() -> None:
    assert dead_links(ROOT / "README.md", "[a](docs/no_such_page.md#x) [b](https://example.org)") == [
        "docs/no_such_page.md"
    ]


def test_the_readme_starts_with_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    first_block = re.search(r"```[a-z]*\n(.*?)```", text, flags=re.DOTALL)
    assert first_block is not None
    assert [line for line in first_block[1].splitlines() if line] == ["make demo", "make test"]
