"""Kernel files: loaded by content, refused when they are not what their name says, cached where it is possible."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
import pytest
from flashc.compiler.backends.numba.printer import kernel_name, print_kernel
from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.ir.layout import state_words
from flashc.cython_core import kernel_stamp
from flashc.runtime.backtest import driver, kernel_loader, numba_cache, reference
from flashc.runtime.backtest.kernel_loader import KernelError, load
from flashc.runtime.backtest.result import Account, Feed, KernelFacts, RunResult, Terms
from numba.core import config
from support.fir_programs import random_program, random_records

PROGRAM = random_program(random.Random(11), 2)
ACCOUNT = Account(10**12, (Terms(1, 50_000, 0),))
FACTS = KernelFacts(state_words(PROGRAM), (Feed(0, PROGRAM.streams[0].period_ns),))


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    text = print_kernel(PROGRAM)
    path = tmp_path / f"{kernel_name(text)}.py"
    path.write_text(text)
    return path


def test_where_numba_caches_a_kernel_is_compiled_once(kernel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", str(kernel.parent / "cache"))
    monkeypatch.setattr(numba_cache, "ENABLED", True)
    first = kernel_loader.import_kernel(kernel)
    assert first.events.cache_hits == 0
    monkeypatch.delitem(sys.modules, kernel.stem)
    again = kernel_loader.import_kernel(kernel)
    assert [f.cache_hits for f in (again.init, again.events, again.report)] == [1, 1, 1]


def test_a_kernel_that_was_edited_is_refused(kernel: Path) -> None:
    kernel.write_text(kernel.read_text() + "\n")
    with pytest.raises(KernelError, match="was changed after it was made"):
        load(kernel)


def test_a_kernel_for_another_library_is_refused(kernel: Path) -> None:
    kernel.write_text(kernel.read_text().replace(kernel_stamp.kernel_stamp(), "0" * 16))
    with pytest.raises(KernelError, match="made for another version"):
        load(kernel)


def test_a_missing_kernel_is_named(tmp_path: Path) -> None:
    with pytest.raises(KernelError, match=r"cannot read the kernel .*nowhere"):
        load(tmp_path / "nowhere.py")


def test_without_a_writable_folder_a_private_cache_serves_the_process(
    kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba_cache, "ENABLED", True)
    monkeypatch.setattr(config, "CACHE_DIR", "")
    monkeypatch.setattr(numba_cache, "_writable", lambda folder: False)
    numba_cache.provide(kernel)
    assert Path(config.CACHE_DIR).is_dir()


def test_a_folder_given_by_the_user_is_respected(kernel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba_cache, "ENABLED", True)
    monkeypatch.setattr(config, "CACHE_DIR", "/given")
    monkeypatch.setattr(numba_cache, "_writable", lambda folder: False)
    numba_cache.provide(kernel)
    assert config.CACHE_DIR == "/given"


def test_a_folder_that_cannot_be_made_is_not_writable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not numba_cache._writable(tmp_path / "file" / "below")
    assert numba_cache._writable(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_the_library_stamp_follows_the_content_of_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_stamp, "_ROOT", tmp_path)
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    before = kernel_stamp.source_stamp("a", "b")
    (tmp_path / "b").write_text("3")
    assert kernel_stamp.source_stamp("a", "b") != before


def test_a_tape_that_is_read_only_runs_as_its_rows_do(kernel: Path) -> None:
    rows = random_records(random.Random(1), 50, PROGRAM.streams)
    tape = np.array(rows, dtype=np.int64)
    tape.flags.writeable = False
    params = [p.default for p in PROGRAM.params]
    fast = driver.run(kernel_loader.load(kernel).addresses, FACTS, tape, params, ACCOUNT)
    slow = reference.run(Machine(PROGRAM), FACTS, rows, params, ACCOUNT)
    for name in set(RunResult.__slots__) - {"state"}:
        assert np.array_equal(getattr(fast, name), getattr(slow, name)), name


def test_chunks_change_nothing_and_report_where_they_are(kernel: Path) -> None:
    tape = np.array(random_records(random.Random(2), 20, PROGRAM.streams), dtype=np.int64)
    addresses, params = kernel_loader.load(kernel).addresses, [p.default for p in PROGRAM.params]
    told: list[int] = []
    whole = driver.run(addresses, FACTS, tape, params, ACCOUNT)
    parts = driver.run(addresses, FACTS, tape, params, ACCOUNT, chunk=8, progress=lambda done, total: told.append(done))
    assert told == [8, 16, 20]
    for name in RunResult.__slots__:
        assert np.array_equal(getattr(whole, name), getattr(parts, name)), name
