"""A short run of the fuzz targets, and proof that they notice mistakes. `make fuzz` runs them for long."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flashc.cython_core import native
from fuzz import exchange, run, three_ways

#: Compiles four times faster than -O1, which pays for runs of a second. Without the lines for SSE2: the library has them,
#: and its tests are those of tests/cython_core/wire.
QUICK = ("-O0", "-U__SSE2__")


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run.build(tmp_path_factory.mktemp("fuzz"), flags=QUICK)


@pytest.mark.parametrize("target", run.TARGETS)
def test_no_input_of_a_short_run_is_a_fault(driver: Path, target: str) -> None:
    done = run.run(driver, target, 6000, 7)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-3000:]
    assert done.stdout == b"6000\n"


def test_three_readers_agree_about_frames_of_a_seed() -> None:
    library = native.library()
    assert library is not None, native.reason()
    accepted, applied = three_ways.compare(library, 400, 7)
    assert 200 < accepted < 400
    assert applied > 80


def test_frames_as_the_exchange_writes_them_go_the_short_way(driver: Path) -> None:
    """Whatever the quantities' decimals and sizes; else a book is right, but slow."""
    texts = ("0.00000000", "5.12000000", "60123.07000000", "12.50", "7.1", "100", "0")
    frames = [run.depth(11, 56_000_000_012, [("2.5101", text)], [("2.49", text)]) for text in texts]
    assert run.short(driver, frames) == len(frames)
    assert run.short(driver, [frame.replace(b"2.49", b"2:49") for frame in frames]) == 0


def test_without_clang_or_its_runtime_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=r"libFuzzer needs clang .*apt install clang.*--engine driver"):
        run.clang()
    broken = tmp_path / "clang"
    broken.write_text("#!/bin/sh\necho 'ld: cannot find libclang_rt.fuzzer-x86_64.a' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(SystemExit, match=r"lacks libFuzzer .*libclang-rt-14-dev.*\nld: cannot find libclang_rt.fuzzer"):
        run.clang()


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
    shutil.copytree(run.INCLUDE, include)
    for header, right, wrong, _ in PLANTED:
        path = include / "flashc" / "wire" / header
        text = path.read_text()
        assert text.count(right) == 1
        path.write_text(text.replace(right, wrong))
    driver = run.build(tmp_path, include, flags=QUICK)
    for header, _, _, target in PLANTED:
        assert run.run(driver, target, 20_000, 7).returncode != 0, header


def test_an_exchange_stands_a_short_noise_and_a_seed_repeats_it() -> None:
    first, again = (exchange.Round(5).play(60) for _ in range(2))
    assert first == again
    assert first["200"] > 5
    assert first["400"] > 5
