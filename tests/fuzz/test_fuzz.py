"""A short run of the fuzz targets, and proof that they notice mistakes. `make fuzz` runs them for long."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parent


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"fuzz_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUNNER = _module("run")


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built: Path = RUNNER.build(tmp_path_factory.mktemp("fuzz"), level="-O0")
    return built


@pytest.mark.parametrize("target", RUNNER.TARGETS)
def test_no_input_of_a_short_run_is_a_fault(driver: Path, target: str) -> None:
    done = RUNNER.run(driver, target, 6000, 7)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-3000:]
    assert done.stdout == b"6000\n"


def test_frames_as_the_exchange_writes_them_go_the_short_way(driver: Path) -> None:
    """Whatever the quantities' decimals and sizes; else a book is right, but slow."""
    texts = ("0.00000000", "5.12000000", "60123.07000000", "12.50", "7.1", "100", "0")
    frames = [RUNNER.depth(11, 56_000_000_012, [("2.5101", text)], [("2.49", text)]) for text in texts]
    assert RUNNER.short(driver, frames) == len(frames)
    assert RUNNER.short(driver, [frame.replace(b"2.49", b"2:49") for frame in frames]) == 0


def test_without_clang_or_its_runtime_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=r"libFuzzer needs clang .*apt install clang.*--engine driver"):
        RUNNER.clang()
    broken = tmp_path / "clang"
    broken.write_text("#!/bin/sh\necho 'ld: cannot find libclang_rt.fuzzer-x86_64.a' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(SystemExit, match=r"lacks libFuzzer .*libclang-rt-14-dev.*\nld: cannot find libclang_rt.fuzzer"):
        RUNNER.clang()


#: header, right, wrong, the target that notices
PLANTED = (
    (
        "push.h",
        "size > (uint64_t)(cursor->end - cursor->at)",
        "size > (uint64_t)(cursor->end - cursor->at) + 1",
        "push",
    ),
    ("depth.h", "fs_imin(first, cell)", "first", "depth"),
    ("forms.h", "fs_in_each(0x7F - 9)", "fs_in_each(0x7F - 10)", "decimals"),
)


def test_planted_faults_are_noticed(tmp_path: Path) -> None:
    include = tmp_path / "include"
    shutil.copytree(RUNNER.INCLUDE, include)
    for header, right, wrong, _ in PLANTED:
        path = include / "flashc" / "wire" / header
        text = path.read_text()
        assert text.count(right) == 1
        path.write_text(text.replace(right, wrong))
    driver = RUNNER.build(tmp_path, include, level="-O0")
    for header, _, _, target in PLANTED:
        assert RUNNER.run(driver, target, 20_000, 7).returncode != 0, header


def test_an_exchange_stands_a_short_noise_and_a_seed_repeats_it() -> None:
    exchange = _module("exchange")
    first, again = (exchange.Round(5).play(60) for _ in range(2))
    assert first == again
    assert first["200"] > 5
    assert first["400"] > 5
