"""Calls that do not belong where they stand; each finding names what to write instead."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("dsl", "compiler", "codegen_templates", "cython_core", "runtime", "cli", "strategies")


@dataclass(frozen=True)
class Ban:
    """A dotted name that may be called only in the files `only_in`; `folders` limits the ban (empty: everywhere)."""

    name: str
    instead: str
    only_in: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


PURE = ("dsl", "compiler", "runtime/backtest")

BANS = (
    Ban("print", "cli.console.out or err", only_in=()),
    Ban("sys.stdout.write", "cli.console.out", only_in=("cli/console.py",)),
    Ban("sys.stderr.write", "cli.console.err", only_in=("cli/console.py",)),
    Ban("eval", "a parser of our own"),
    Ban("exec", "importlib on a file named by content hash"),
    Ban("breakpoint", "nothing: remove it"),
    Ban("input", "an option of the command"),
    Ban("sys.exit", "an exit code returned by the command", only_in=("cli/app.py",)),
    Ban("os._exit", "an exit code returned by the command"),
    Ban("os.system", "subprocess.run with a list"),
    Ban("yaml.load", "dsl.yaml_reader.read"),
    Ban("yaml.safe_load", "dsl.yaml_reader.read"),
    Ban("pickle.load", "a format with a schema: JSON or Parquet"),
    Ban("pickle.loads", "a format with a schema: JSON or Parquet"),
    Ban("datetime.now", "a time that is handed in", folders=PURE),
    Ban("datetime.utcnow", "a time that is handed in"),
    Ban("time.time", "a time that is handed in", folders=PURE),
    Ban("time.time_ns", "a time that is handed in", folders=PURE),
    Ban("random.random", "a seeded generator that is handed in"),
    Ban("random.randint", "a seeded generator that is handed in"),
    Ban("np.random.seed", "np.random.default_rng(seed)"),
    Ban("os.getcwd", "a path that is handed in", folders=(*PURE, "runtime")),
    Ban(
        "os.environ.get",
        "a setting that is handed in",
        only_in=("compiler/backends/c/toolchain.py",),  # `CC` and `PATH` name the compiler, as everywhere
        folders=PURE,
    ),
    *(
        Ban(
            f"math.{name}", f"{name} of compiler/library/mathfir.py: libm's bits differ", folders=("compiler/evaluate",)
        )
        for name in ("exp", "log", "pow", "tanh")
    ),
)


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a call's function, or an empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""


def misplaced(name: str, text: str) -> list[str]:
    """Banned calls in the file `name` (relative path)."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        called = dotted(node.func)
        for ban in BANS:
            if called != ban.name or name in ban.only_in:
                continue
            if not ban.folders or any(name.startswith(f"{folder}/") for folder in ban.folders):
                found.append(f"{name}:{node.lineno}: `{called}` is not for here; use {ban.instead}")
    return found


def broad_handlers(name: str, text: str) -> list[str]:
    """`except:` and `except Exception:` outside the command line's one boundary."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ExceptHandler):
            caught = "" if node.type is None else dotted(node.type)
            reraises = any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
            if caught in {"", "Exception", "BaseException"} and not isinstance(node.type, ast.Tuple) and not reraises:
                found.append(f"{name}:{node.lineno}: catch the exceptions that are meant, not all of them")
    return found


def sources() -> list[tuple[str, str]]:
    paths = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    return [(str(path.relative_to(ROOT)), path.read_text()) for path in paths]


def test_no_call_stands_where_it_must_not() -> None:
    found = [line for name, text in sources() for line in misplaced(name, text)]
    assert not found, "\n".join(found)


def test_exceptions_are_caught_by_name() -> None:
    found = [line for name, text in sources() if name != "cli/app.py" for line in broad_handlers(name, text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("ban", BANS, ids=lambda ban: ban.name)
def test_each_ban_can_fail(ban: Ban) -> None:
    folder = ban.folders[0] if ban.folders else "dsl"
    found = misplaced(f"{folder}/x.py", f"def f():\n    return {ban.name}(1)\n")
    assert found == [f"{folder}/x.py:2: `{ban.name}` is not for here; use {ban.instead}"]


def test_a_broad_handler_is_found() -> None:
    assert broad_handlers("x.py", "try:\n    f()\nexcept Exception:\n    pass\n")
    assert broad_handlers("x.py", "try:\n    f()\nexcept:\n    pass\n")
    assert not broad_handlers("x.py", "try:\n    f()\nexcept BaseException:\n    g()\n    raise\n")
    assert not broad_handlers("x.py", "try:\n    f()\nexcept ValueError:\n    pass\n")
