"""Every package folder has a docstring, tests that mirror it, and no `__init__.py` stands under tests/."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: package folder -> where its tests are, when they do not lie at the mirrored path.
TESTED_IN: dict[str, str] = {
    "strategies": "tests/strategies",
    "codegen_templates": "tests/differential",
    "cython_core": "tests/runtime",
    "compiler/backends/numba": "tests/differential",
    "compiler/library/modules": "tests/compiler/library",
    "compiler/lower/functions": "tests/compiler/lower",
    "compiler/venues": "tests/compiler/frontend",
}


def package_folders() -> list[Path]:
    found = [path.parent for path in ROOT.glob("*/**/__init__.py")]
    hidden = [
        folder
        for folder in found
        if any(part.startswith(".") or part in {"build", "dist", "tests"} for part in folder.relative_to(ROOT).parts)
    ]
    return sorted(set(found) - set(hidden))


def has_tests(folder: str, test_files: set[str]) -> bool:
    """Whether some test file lies at the mirrored path, below it, or is named after the folder beside it."""
    place = TESTED_IN.get(folder, f"tests/{folder}")
    above, _, name = place.rpartition("/")
    return any(file.startswith((f"{place}/", f"{above}/test_{name}")) for file in test_files)


def test_every_package_folder_has_tests() -> None:
    test_files = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}
    folders = [str(folder.relative_to(ROOT)) for folder in package_folders()]
    missing = [folder for folder in folders if not has_tests(folder, test_files)]
    assert not missing, f"no tests for: {missing}"


def test_every_package_says_what_it_is() -> None:
    silent = [
        str(p)
        for folder in package_folders()
        if not ast.get_docstring(ast.parse((p := folder / "__init__.py").read_text()))
    ]
    assert not silent, f"no docstring: {silent}"


def test_tests_are_no_packages() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_every_test_asserts_something() -> None:
    silent = [
        line for path in (ROOT / "tests").rglob("test_*.py") for line in without_assertion(path.name, path.read_text())
    ]
    assert not silent, "\n".join(silent)


#: Parts of names that mean: this checks something, or fails by raising.
ASSERTING = ("Assert", "raise", "assert_", "accepted", "check", "compare", "expect", "golden", "same", "verify")


def without_assertion(name: str, text: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            body = ast.dump(node)
            if not any(word in body for word in ASSERTING):
                found.append(f"{name}:{node.lineno}: `{node.name}` seems to assert nothing")
    return found


def test_the_checks_can_fail() -> None:
    assert not has_tests("compiler/new", {"tests/compiler/test_old.py"})
    assert has_tests("compiler/new", {"tests/compiler/test_new.py"})
    assert has_tests("compiler/new", {"tests/compiler/new/test_x.py"})
    assert without_assertion("x.py", "def test_x():\n    run()\n")
