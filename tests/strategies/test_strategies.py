"""The ready strategies check, run, trade, and give the same result on all engines."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from support.measured import MEASURED

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "strategies"
README = FOLDER / "README.md"
FILES = sorted(FOLDER.glob("*.yaml"))
# Ends for the reference engine, which is slow. The least time in which every strategy decides after its warm-up.
BARS_UNTIL, BOOKS_UNTIL = "2024-01-10", "2024-01-01T00:02:30"
pytestmark = pytest.mark.xdist_group("strategies")  # they share runs and data
names = pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generated data on which `strategies/README.md` reports."""
    folder = tmp_path_factory.mktemp("work")
    for arguments in MEASURED.synths():
        assert run([*arguments, "--root", str(folder / "data")]) == Exit.OK
    return folder


@pytest.fixture(scope="module")
def backtest(place: Path) -> Run:
    """Runs a file and gives the object that `--json` prints. A run is made once."""

    @cache
    def result(file: Path, *arguments: str) -> dict[str, Any]:
        data = ",".join(str(place / "data" / name) for name in MEASURED.data_of(file))
        to = ["--out", str(place / "runs"), "--json"]
        with pytest.MonkeyPatch.context() as patch:
            lines: list[str] = []
            patch.setattr("flashc.cli.console.out_json", lambda value: lines.append(json.dumps(value)))
            assert run(["backtest", str(file), "--data", data, *to, *arguments]) == Exit.OK
        found: dict[str, Any] = json.loads(lines[-1])
        return found

    return result


def test_there_are_at_least_ten() -> None:
    assert len(FILES) >= 10


def test_the_readme_explains_each_and_shows_what_was_measured(backtest: Run) -> None:
    text = README.read_text(encoding="utf-8")
    assert all(f"\n## {file.stem}\n" in text for file in FILES)
    assert MEASURED.filled(text, MEASURED.table(backtest)) == text, "run `make docs` and read the difference"


@names
def test_the_readme_says_the_same_four_things_of_each(file: Path) -> None:
    section = README.read_text(encoding="utf-8").partition(f"\n## {file.stem}\n")[2].partition("\n## ")[0]
    found = [word for word in ("**Idea.**", "**Parameters.**", "**Loses**", "**Shows**") if word in section]
    assert found == ["**Idea.**", "**Parameters.**", "**Loses**", "**Shows**"]


@names
def test_it_checks_and_says_what_it_does(file: Path) -> None:
    assert run(["check", str(file)]) == Exit.OK
    text = file.read_text()
    assert text.startswith("# ")
    assert "\ndoc: " in text
    assert f"\nstrategy: {file.stem}\n" in text


@names
def test_it_is_formatted(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fmt", "--check", str(file)]) == Exit.OK, capsys.readouterr().err


@names
def test_it_trades(file: Path, backtest: Run) -> None:
    found = backtest(file)
    assert len(found["trades"]) >= 3
    assert all(trade["side"] == "long" for trade in found["trades"])


def hashes(folder: Path) -> dict[str, str]:
    """File name -> hash of its bytes, for the only run folder below `folder`."""
    (only,) = folder.iterdir()
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in only.iterdir()} | {"folder": only.name}


@names
def test_all_engines_leave_the_same_run_folder(file: Path, backtest: Run, tmp_path: Path) -> None:
    until = BOOKS_UNTIL if file.stem in MEASURED.BOOKS else BARS_UNTIL
    for engine in ("c", "numba", "ref"):
        out = tmp_path / engine
        assert backtest(file, "--to", until, "--engine", engine, "--out", str(out))["engine"] == engine
    assert hashes(tmp_path / "c") == hashes(tmp_path / "numba") == hashes(tmp_path / "ref")
