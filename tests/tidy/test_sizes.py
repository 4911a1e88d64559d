"""Files and functions stay small. A limit may only be lowered; an exception names its reason."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    "dsl",
    "compiler",
    "codegen_templates",
    "cython_core",
    "runtime",
    "cli",
    "simulator",
    "strategies",
    "benchmarks",
    "examples",
)

MOST_LINES = 500
MOST_FUNCTION_LINES = 70

#: Tables may be longer: file -> its greatest length.
TABLES: dict[str, int] = {}


def files() -> list[Path]:
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return sorted([*found, *ROOT.glob("*.py")])


def too_long(name: str, text: str) -> list[str]:
    lines = text.count("\n") + 1
    most = next((n for prefix, n in TABLES.items() if name == prefix), MOST_LINES)
    return [f"{name}: {lines} lines, at most {most}: split it by topic"] if lines > most else []


def long_functions(name: str, text: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MOST_FUNCTION_LINES:
                found.append(f"{name}:{node.lineno}: `{node.name}` has {length} lines, at most {MOST_FUNCTION_LINES}")
    return found


def test_files_are_short() -> None:
    found = [line for path in files() for line in too_long(str(path.relative_to(ROOT)), path.read_text())]
    assert not found, "\n".join(found)


def test_functions_are_short() -> None:
    found = [line for path in files() for line in long_functions(str(path.relative_to(ROOT)), path.read_text())]
    assert not found, "\n".join(found)


def test_every_exception_is_needed() -> None:
    stale = [
        name for name in TABLES if not (ROOT / name).is_file() or (ROOT / name).read_text().count("\n") < MOST_LINES
    ]
    assert not stale, f"short enough now, remove from TABLES: {stale}"


def test_the_checks_can_fail() -> None:
    assert too_long("x.py", "\n" * 500)
    assert not too_long("x.py", "\n" * 499)
    assert long_functions("x.py", "def f():\n" + "    pass\n" * 70)
    assert not long_functions("x.py", "def f():\n" + "    pass\n" * 69)
