"""Stored machine code: found again without Numba, and never used when it is not what was stored."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from flashc.compiler.backends.numba.printer import kernel_name, print_kernel
from flashc.cython_core.elf import read_elf
from flashc.runtime.backtest import kernel_loader, machine_code
from support.fir_programs import random_program

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="object files are kept on Linux only")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a kernel file, and a cache as loading it for the first time left it."""
    folder = tmp_path_factory.mktemp("kernel")
    text = print_kernel(random_program(random.Random(23), 3))
    kernel = folder / f"{kernel_name(text)}.py"
    kernel.write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLASHC_CACHE", str(folder / "cache"))
        kernel_loader.load(kernel)
    return folder


@pytest.fixture
def stored(loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A kernel file and its object file, to do with as one likes."""
    shutil.copytree(loaded, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("FLASHC_CACHE", str(tmp_path / "cache"))
    (kernel,), (found,) = tmp_path.glob("*.py"), (tmp_path / "cache" / "objects").iterdir()
    return kernel, found


@linux
def test_a_second_process_runs_a_kernel_without_numba(stored: tuple[Path, Path]) -> None:
    script = (
        "import pathlib, sys; from flashc.runtime.backtest import kernel_loader;"
        "k = kernel_loader.load(pathlib.Path(sys.argv[1])); assert k.addresses.events; assert 'numba' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script, str(stored[0])], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@linux
def test_stored_code_has_the_three_functions(stored: tuple[Path, Path]) -> None:
    code = machine_code.load(stored[1])
    assert code is not None
    assert set(code.addresses) == {"init", "events", "report"}
    assert all(code.addresses.values())


@linux
@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b[:40], lambda b: b"", lambda b: b[:99] + b"x" + b[100:]]
)
def test_a_damaged_file_is_not_used(stored: tuple[Path, Path], damage) -> None:  # type: ignore[no-untyped-def]
    stored[1].write_bytes(damage(stored[1].read_bytes()))
    assert machine_code.load(stored[1]) is None


@linux
def test_code_that_needs_an_unknown_symbol_is_not_used(stored: tuple[Path, Path]) -> None:
    header, objects = machine_code._unpack(stored[1].read_bytes()) or ({}, [])
    header["undefined"] = ["no_such_symbol_anywhere"]
    stored[1].write_bytes(b"".join(machine_code._pack(header, objects)))
    assert machine_code.load(stored[1]) is None


@linux
def test_the_hot_functions_name_no_symbol_outside_the_error_path(stored: tuple[Path, Path]) -> None:
    header, objects = machine_code._unpack(stored[1].read_bytes()) or ({}, [])
    named = {symbol for part in objects for symbol in read_elf(part).undefined()}
    assert named == set(header["undefined"])
    strange = {s for s in named if not s.startswith("Py") and s not in machine_code._ERROR_PATH}
    assert strange == set(), "generated code calls nothing outside itself"


def test_a_missing_file_is_no_code(tmp_path: Path) -> None:
    assert machine_code.load(tmp_path / "nothing") is None


def test_the_key_depends_on_every_part() -> None:
    assert machine_code.environment("a") != machine_code.environment("b")
    assert machine_code.environment("a") == machine_code.environment("a")


@linux
def test_whoever_waits_is_told_that_a_kernel_is_compiled_and_only_then(stored: tuple[Path, Path]) -> None:
    told: list[str] = []
    kernel_loader.load(stored[0], lambda: told.append("again"))
    assert told == []
    stored[1].unlink()
    kernel_loader.load(stored[0], lambda: told.append("first"))
    assert told == ["first"]


def test_of_those_that_begin_together_one_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, built = tmp_path / "objects" / "driver", []

    def build() -> dict[str, object]:
        built.append(threading.get_ident())
        return {"start": SimpleNamespace(address=7)}

    monkeypatch.setattr(machine_code, "store", lambda path, functions: path.write_bytes(b"kept"))
    monkeypatch.setattr(
        machine_code, "load", lambda path: machine_code.Code({"start": 7}, None) if path.exists() else None
    )
    with machine_code._alone(path):
        others = [threading.Thread(target=machine_code.load_or_build, args=(path, build)) for _ in range(3)]
        for one in others:
            one.start()
        assert not built, "who comes second waits"
    for one in others:
        one.join()
    assert len(built) == 1
    assert machine_code.load_or_build(path, build).addresses == {"start": 7}


def test_where_no_lock_can_be_made_nobody_waits(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with machine_code._alone(tmp_path / "file" / "driver"), machine_code._alone(tmp_path / "file" / "driver"):
        assert not (tmp_path / "file").is_dir()
