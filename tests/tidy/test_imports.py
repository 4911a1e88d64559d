"""Who may import whom (docs/architecture.md has the table), and which imports are spelled how."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: folder -> folders it may import. A folder may always import itself; `""` is the package's root.
MAY_IMPORT: dict[str, set[str]] = {
    "dsl": set(),
    "cython_core": set(),
    "codegen_templates": set(),
    "strategies": set(),
    "compiler": {"dsl", "codegen_templates", "cython_core"},
    "runtime": {"cython_core"},
    "simulator": {"runtime", "cython_core"},
    "research": {"dsl", "compiler", "codegen_templates", "cython_core", "runtime", "simulator", "strategies"},
    "dashboard": {"runtime"},
    "cli": {
        "",
        "dsl",
        "compiler",
        "codegen_templates",
        "cython_core",
        "runtime",
        "simulator",
        "research",
        "strategies",
    },
}
FOLDERS = [name for name in MAY_IMPORT if (ROOT / name).is_dir()]


def imported(tree: ast.AST, package: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """(line, absolute dotted path) of each import of ours; `package` is the importing module's package path."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - (node.level - 1)]
            module = tuple(node.module.split(".")) if node.module else ()
            for alias in node.names:
                yield node.lineno, (*base, *module, alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, (*node.module.split("."), *(alias.name for alias in node.names[:1]))
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, tuple(alias.name.split("."))


def forbidden(text: str, path: Path) -> list[str]:
    """What a file of the package imports and must not. `path` is relative to the root."""
    package = ("flashc", *path.parent.parts)
    folder = path.parts[0] if len(path.parts) > 1 else ""
    found = []
    for line, target in imported(ast.parse(text), package):
        if target[0] in MAY_IMPORT or (target[0] == "flashc" and not _is_relative(text, line)):
            found.append(f"{path}:{line}: import {'.'.join(target)}: write it relative (`from ..{target[-1]}`)")
        elif target[0] == "flashc" and folder:
            other = target[1] if len(target) > 1 and target[1] in MAY_IMPORT else ""
            if other != folder and other not in MAY_IMPORT[folder]:
                allowed = ", ".join(sorted(MAY_IMPORT[folder])) or "nothing of ours"
                found.append(f"{path}:{line}: {folder} may not import {other or 'the root'} (it may import {allowed})")
    return found


def _is_relative(text: str, line: int) -> bool:
    return text.splitlines()[line - 1].lstrip().startswith("from .")


def package_files() -> list[Path]:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return [path.relative_to(ROOT) for path in sorted(files)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_folders_import_only_what_they_may(folder: str) -> None:
    files = [path for path in package_files() if path.parts[0] == folder]
    found = [line for path in files for line in forbidden((ROOT / path).read_text(), path)]
    assert not found, "\n".join(found)


#: The folders of history -> how far up they stand. Each takes only from those below it; files beside them are the ground.
HISTORY = {
    "checks": 1,
    "sinks": 1,
    "importers": 2,
    "synth": 2,
    "store": 3,
    "tapes": 4,
    "fetch": 4,
    "record": 5,
    "verify": 5,
}
GROUND = ("flashc", "runtime", "market_data")


def upwards(text: str, path: Path) -> list[str]:
    """What a file of `runtime/market_data` takes from a folder that does not stand below its own."""
    package = ("flashc", *path.parent.parts)
    own = package[3] if len(package) > 3 else ""
    taken = [(line, target[3]) for line, target in imported(ast.parse(text), package) if target[:3] == GROUND]
    return [
        f"{path}:{line}: {own or 'the ground'} may not import {folder}"
        for line, folder in taken
        if folder in HISTORY and folder != own and HISTORY[folder] >= HISTORY.get(own, 0)
    ]


def test_history_passes_through_its_folders_one_way() -> None:
    files = [path for path in package_files() if path.parts[:2] == ("runtime", "market_data")]
    assert {path.parts[2] for path in files if len(path.parts) > 3} == set(HISTORY)
    found = [line for path in files for line in upwards((ROOT / path).read_text(), path)]
    assert not found, "\n".join(found)
    assert upwards("from ..tapes.build import build_tape", Path("runtime/market_data/store/x.py"))
    assert upwards("from .store import sets", Path("runtime/market_data/bars.py"))


def test_every_package_folder_is_in_the_table() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders <= set(MAY_IMPORT), f"add to MAY_IMPORT: {sorted(folders - set(MAY_IMPORT))}"


def test_the_check_can_fail() -> None:
    assert forbidden("from ..compiler.ir import nodes", Path("dsl/x.py"))
    assert forbidden("from ...dsl.ast import Expr", Path("runtime/backtest/x.py"))
    assert forbidden("from ... import dsl", Path("runtime/backtest/x.py"))
    assert forbidden("import dsl.ast", Path("compiler/x.py"))
    assert forbidden("from compiler.ir import ops", Path("cli/x.py"))
    assert forbidden("from flashc.dsl import ast", Path("cli/x.py"))
    assert forbidden("def f():\n    from ..cli import console", Path("runtime/x.py"))


def test_the_check_accepts_what_is_right() -> None:
    assert not forbidden("from ...dsl.ast import Expr\nimport json\nfrom .nodes import Op", Path("compiler/ir/x.py"))
    assert not forbidden("from ...cython_core.layout import TIME", Path("runtime/backtest/x.py"))
    assert not forbidden("from .. import __version__\nfrom ..runtime import errors", Path("cli/x.py"))
