"""A short run of the fuzz targets, and proof that they notice mistakes. `make fuzz` runs them for long."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parent


def _runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz_run", HERE / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUNNER = _runner()


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built: Path = RUNNER.build(tmp_path_factory.mktemp("fuzz"))
    return built


@pytest.mark.parametrize("target", RUNNER.TARGETS)
def test_no_input_of_a_short_run_is_a_fault(driver: Path, target: str) -> None:
    done = RUNNER.run(driver, target, 6000, 7)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-3000:]
    assert done.stdout == b"6000\n"


#: header, right, wrong, the target that notices
PLANTED = (
    (
        "push.h",
        "size > (uint64_t)(cursor->end - cursor->at)",
        "size > (uint64_t)(cursor->end - cursor->at) + 1",
        "push",
    ),
    ("market.h", "0xFF80u >> decimals & 0xFF", "0xFF80u >> (decimals + 1) & 0xFF", "depth"),
    ("decimals.h", "if (at == room || at == bits - 8) return false;", "", "decimals"),
)


def test_planted_faults_are_noticed(tmp_path: Path) -> None:
    include = tmp_path / "include"
    shutil.copytree(RUNNER.INCLUDE, include)
    for header, right, wrong, _ in PLANTED:
        path = include / "flashc" / "wire" / header
        text = path.read_text()
        assert text.count(right) == 1
        path.write_text(text.replace(right, wrong))
    driver = RUNNER.build(tmp_path, include)
    for header, _, _, target in PLANTED:
        assert RUNNER.run(driver, target, 20_000, 7).returncode != 0, header
