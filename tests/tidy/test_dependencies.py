"""What the package imports, it declares; what it declares, it needs. A clean install would find out too late."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ("__init__.py", "__main__.py", "cli", "compiler", "cython_core", "dsl", "runtime", "simulator")

#: Extras that users install, and what each brings to the package. The others are of developers.
EXTRAS = ("databases", "fast", "notebook", "lsp")
#: Declared, yet imported by another library only: for which one.
FOR_OTHERS = {
    "sniffio": "httpcore",
    "ipykernel": "notebooks",
}
#: Imported where it is installed, in code that a library we declare calls.
BROUGHT = {
    "lsprotocol": "pygls",
    "pydantic-core": "pydantic",
}


def normal(name: str) -> str:
    """A distribution's name as packaging compares them, without extras and versions."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=~! ]", name)[0]).lower()


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = (name for extra in EXTRAS for name in project["optional-dependencies"][extra])
    return {normal(name) for name in (*project["dependencies"], *extras)}


def foreign(text: str) -> set[str]:
    """The top names of what a module imports that is neither ours nor Python's."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {"flashc"}


def modules() -> Iterator[Path]:
    for name in PACKAGE:
        path = ROOT / name
        yield from [path] if path.is_file() else path.rglob("*.py")


def distributions() -> dict[str, list[Path]]:
    """Distributions that the package imports, and where."""
    known = packages_distributions()
    found: dict[str, list[Path]] = {}
    for path in modules():
        for name in foreign(path.read_text(encoding="utf-8")):
            found.setdefault(normal(known.get(name, [name])[0]), []).append(path.relative_to(ROOT))
    return found


def test_what_is_imported_is_declared() -> None:
    undeclared = {name: paths for name, paths in distributions().items() if name not in declared() | BROUGHT.keys()}
    assert undeclared == {}


def test_what_is_declared_is_imported() -> None:
    assert declared() - distributions().keys() - FOR_OTHERS.keys() == set()


def test_exceptions_are_still_needed() -> None:
    imported = distributions().keys()
    assert FOR_OTHERS.keys() <= declared() - imported
    assert BROUGHT.keys() <= imported - declared()


def test_foreign_names_are_found() -> None:
    text = "import os, numpy.linalg\nfrom h11 import Request\nfrom . import a\ndef f():\n    import uvloop\n"
    assert foreign(text) == {"numpy", "h11", "uvloop"}
    assert normal("psycopg[binary]>=3.2,<4") == "psycopg"
