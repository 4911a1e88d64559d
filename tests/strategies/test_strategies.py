"""The ready strategies check, run, trade, and give the same result on both engines."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "strategies"
README = FOLDER / "README.md"
FILES = sorted(FOLDER.glob("*.yaml"))
names = pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)


def _measured() -> ModuleType:
    spec = importlib.util.spec_from_file_location("measured", ROOT / "docs" / "measured.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MEASURED = _measured()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generated bars of each instrument on which `strategies/README.md` reports."""
    folder = tmp_path_factory.mktemp("work")
    for symbol, name in MEASURED.DATA.items():
        assert run([*MEASURED.synth(symbol, name), "--root", str(folder / "data")]) == Exit.OK
    return folder


def result(file: Path, place: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    capsys.readouterr()
    out = str(place / "runs")
    assert run(["backtest", str(file), "--data", MEASURED.data_of(file), "--out", out, "--json", *arguments]) == Exit.OK
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture(autouse=True)
def _inside(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASHC_DATA", str(place / "data"))


def test_there_are_at_least_five() -> None:
    assert len(FILES) >= 5


def test_the_readme_explains_each_and_shows_what_was_measured(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = README.read_text(encoding="utf-8")
    assert all(f"\n## {file.stem}\n" in text for file in FILES)
    rows = MEASURED.table(lambda file: result(file, place, capsys))
    assert MEASURED.filled(text, rows) == text, "run `make docs` and read the difference"


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
def test_it_trades(file: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = result(file, place, capsys)
    assert len(found["trades"]) >= 3  # type: ignore[arg-type]
    assert all(trade["side"] == "long" for trade in found["trades"])  # type: ignore[attr-defined]


@names
def test_both_engines_agree(file: Path, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two = [result(file, place, capsys, "--to", "2024-01-10", "--engine", engine) for engine in ("numba", "ref")]
    for found in two:
        del found["engine"], found["timing"]
    assert two[0] == two[1]
