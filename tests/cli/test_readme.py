"""Every command that README.md shows prints what README.md shows. Hashes and the run's speed may differ."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def stable(text: str) -> list[str]:
    """Lines without the engine's speed and the C compiler; hashes change with every change of our compiler."""
    lines = [line.rstrip() for line in text.splitlines() if not line.startswith(("Engine ", "made with "))]
    return [re.sub(r"\b[0-9a-f]{12}\b", "<hash>", line) for line in lines]


def _module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("readme", ROOT / "docs" / "readme.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_readme_shows_what_its_commands_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLASHC_DATA", raising=False)
    module = _module()
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("\n$ flashc ") >= 6
    assert stable(module.filled(text, tmp_path)) == stable(text), "run `make docs` and read the difference"


def untimed(text: str) -> list[str]:
    return [re.sub(r"\b[0-9.]+ m?s\b", "<time>", line) for line in stable(text)]


def test_the_page_on_tests_shows_what_its_commands_print(tmp_path: Path) -> None:
    module = _module()
    text = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    assert "\n$ flashc test " in text
    assert untimed(module.filled(text, tmp_path)) == untimed(text), "run `make docs` and read the difference"
