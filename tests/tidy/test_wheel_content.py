"""The wheel holds the package folders of the tree: nothing forgotten, nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
LEFT_BEHIND = {".pyc", ".nbi", ".nbc", ".so"}


def tree_files(root: Path) -> set[str]:
    """What the wheel must hold, as paths under `flashc/`."""
    found = [path for package in PACKAGES for path in (root / package).rglob("*")]
    found += [root / name for name in ("__init__.py", "__main__.py", "py.typed")]
    kept = [path for path in found if path.is_file() and path.suffix not in LEFT_BEHIND]
    return {f"flashc/{path.relative_to(root)}" for path in kept if not path.name.startswith(".")}


def difference(wheel: set[str], tree: set[str]) -> list[str]:
    """Findings, in words."""
    missing = [f"not in the wheel: {name} (see package_data in setup.py)" for name in sorted(tree - wheel)]
    surplus = [f"in the wheel, not in the tree: {name}" for name in sorted(wheel - tree)]
    return missing + surplus


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that CI built, or one built from a copy of the tree."""
    if given := os.environ.get("FLASHC_WHEEL"):
        return Path(given)
    copy, out = tmp_path_factory.mktemp("copy") / "flashc", tmp_path_factory.mktemp("out")
    skip = shutil.ignore_patterns(
        ".*", "__pycache__", "*.egg-info", "build", "dist", "tests", "runs", "data", "docs", "benchmarks"
    )
    shutil.copytree(ROOT, copy, ignore=skip)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(copy)]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.whl"))


#: What the compiler makes, and no file of the tree is.
CORE = re.compile(r"flashc/cython_core/_wire\.[\w.-]+\.so")


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    found = difference({name for name in names if not CORE.fullmatch(name)}, tree_files(ROOT))
    assert not found, "\n".join(found)


def test_the_wheel_holds_the_wire_core(wheel: Path) -> None:
    assert len([name for name in zipfile.ZipFile(wheel).namelist() if CORE.fullmatch(name)]) == 1


def test_the_wheel_carries_its_licence_and_its_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        facts = {name.partition(".dist-info/")[2]: name for name in archive.namelist()}
        assert "licenses/LICENSE" in facts
        assert "flashc = flashc.cli.app:main" in archive.read(facts["entry_points.txt"]).decode()


def test_the_comparison_can_fail() -> None:
    assert difference({"flashc/a.py"}, {"flashc/a.py", "flashc/b.json"}) == [
        "not in the wheel: flashc/b.json (see package_data in setup.py)"
    ]
    assert difference({"flashc/old.py"}, set()) == ["in the wheel, not in the tree: flashc/old.py"]
