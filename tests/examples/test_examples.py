"""The walk-throughs run from start to end, as a newcomer would run them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def run(command: list[str], folder: Path, cache: Path) -> str:
    """What a walk-through prints in an empty folder."""
    unset = {"FLASHC", "FLASHC_DATA"}
    settings = {name: value for name, value in os.environ.items() if name not in unset}
    commands = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # `flashc` lies beside its Python
    settings |= {"PATH": commands, "FLASHC_CACHE": str(cache), "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_the_walkthrough_runs(tmp_path: Path, cache: Path) -> None:
    text = run(["sh", str(EXAMPLES / "walkthrough.sh")], tmp_path, cache)
    assert "error[FC0102]: no value called `quik`" in text
    assert "fixed slip.yaml" in text
    assert text.count("Run folder") == 3
    assert "queue: prob_power" in text
    assert "nearest flip" in text
    assert "(exit code 1: the data is at fault)" in text
    assert "sort_rows" in text


def test_the_demo_runs(tmp_path: Path, cache: Path) -> None:
    text = run([sys.executable, str(EXAMPLES / "demo.py"), str(tmp_path)], tmp_path, cache)
    assert text.count("\n$ flashc ") == 7
    assert all((tmp_path / name).is_file() for name in ("report.html", "book.html"))
    assert "Run folder" in text
    assert "entered" in text


def test_the_readme_lists_every_example() -> None:
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [
        path.name for path in EXAMPLES.iterdir() if path.suffix in {".py", ".sh", ".ipynb"} and path.name not in text
    ] == []
