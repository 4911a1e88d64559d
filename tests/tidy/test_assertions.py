"""Assertions only look: `python -O` leaves them out, and nothing may change by that."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("cli", "codegen_templates", "compiler", "cython_core", "dsl", "runtime")

#: Methods that change what they are called on.
CHANGING = frozenset(
    {
        *("add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault"),
        *("sort", "update", "write", "read", "send", "next", "close", "mkdir", "unlink", "rename", "replace_text"),
    }
)


def acting(text: str, name: str = "x.py") -> list[str]:
    """Assertions that do something besides looking."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assert) and any(_acts(part) for part in ast.walk(node.test)):
            found.append(f"{name}:{node.lineno}: an assertion that does something")
    return found


def _acts(node: ast.AST) -> bool:
    if isinstance(node, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)):
        return True
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    return (isinstance(called, ast.Attribute) and called.attr in CHANGING) or (
        isinstance(called, ast.Name) and called.id in ("next", "setattr", "exec")
    )


def test_assertions_only_look() -> None:
    files = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    found = [line for path in files for line in acting(path.read_text(), str(path.relative_to(ROOT)))]
    assert not found, "\n".join(found)


def test_the_check_can_fail() -> None:
    assert acting("assert regions.pop() is region")
    assert acting("assert (n := f(x)) > 0")
    assert acting("assert next(items) == 1")
    assert not acting("assert regions[-1] is region, f'{regions}'")
