"""Lists the packages from the folders, so that a new folder cannot be forgotten. All else is in pyproject.toml."""

from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
TOP = ("dsl", "compiler", "codegen_templates", "cython_core", "runtime", "simulator", "research", "dashboard", "cli", "strategies")  # fmt: skip


def packages() -> list[str]:
    """Every folder below TOP that holds an `__init__.py`, as a dotted name under `flashc`."""
    found = ["flashc"]
    for top in TOP:
        for init in sorted((ROOT / top).rglob("__init__.py")):
            found.append(".".join(("flashc", *init.parent.relative_to(ROOT).parts)))
    return found


setup(
    packages=packages(),
    package_dir={"flashc": "."},
    package_data={"": ["py.typed", "*.lark", "*.json", "*.j2", "*.yaml", "*.md"]},
)
