"""What a command may load: the front end's commands never load what only a run needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.strategies import EMA_CROSS

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("numpy", "numba", "llvmlite", "polars")

PROBE = """
import sys
from flashc.cli.app import run
run({arguments!r})
print("LOADED", sorted(name for name in {names!r} if name in sys.modules), file=sys.stderr)
"""


def loaded(arguments: list[str], names: tuple[str, ...], folder: Path) -> list[str]:
    """Which of `names` a fresh process has imported after running the command."""
    probe = PROBE.format(arguments=arguments, names=names)
    done = subprocess.run([sys.executable, "-c", probe], cwd=folder, capture_output=True, text=True, check=True)
    line = next(line for line in done.stderr.splitlines() if line.startswith("LOADED"))
    return [name for name in names if repr(name) in line]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s.yaml").write_text(EMA_CROSS)
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["check", "s.yaml"],
        ["check", "s.yaml", "--report", "--explain-defaults"],
        ["fmt", "--check", "s.yaml"],
        ["fix", "--diff", "s.yaml"],
        ["doc", "FC0304"],
        ["schema"],
        ["version"],
        ["new", "other"],
        ["backtest", "--help"],
        ["explain", "--help"],
        ["data", "--help"],
        ["lsp", "--help"],
    ],
    ids=" ".join,
)
def test_the_front_end_loads_no_numbers_library(arguments: list[str], folder: Path) -> None:
    assert loaded(arguments, HEAVY, folder) == []


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("import flashc", (*HEAVY, "lark", "pydantic", "typer", "yaml", "jinja2", "html")),
        ("import flashc; flashc.load('s.yaml').check().errors", (*HEAVY, "typer", "pandas")),
    ],
)
def test_the_package_loads_only_what_it_is_asked_for(line: str, names: tuple[str, ...], folder: Path) -> None:
    code = f"import gc, sys; before = gc.get_threshold()\n{line}\nassert gc.get_threshold() == before"
    code += f"\nprint('LOADED', sorted(name for name in {names!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == "LOADED []\n"


def test_help_loads_no_parser(folder: Path) -> None:
    assert loaded(["--help"], ("lark", "pydantic", "rich", "yaml", "jinja2"), folder) == []


def test_the_probe_can_fail(folder: Path) -> None:
    assert loaded(["--help"], ("json", "typer"), folder) == ["json", "typer"]
