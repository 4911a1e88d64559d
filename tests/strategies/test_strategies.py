"""The ready strategies check, run, trade, and give the same result on both engines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit

FOLDER = Path(__file__).resolve().parents[2] / "strategies"
FILES = sorted(FOLDER.glob("*.yaml"))
names = pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 40,000 generated bars of each instrument."""
    folder = tmp_path_factory.mktemp("work")
    for symbol in ("BTC/USDC", "ETH/USDC"):
        name = symbol.partition("/")[0].lower()
        arguments = ["--seed", "11", "--bars", "40000", "--instrument", symbol, "--name", name]
        assert run(["data", "synth", *arguments, "--root", str(folder / "data")]) == Exit.OK
    return folder


def result(file: Path, place: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    data = "eth" if "ETH/USDC" in file.read_text() else "btc"
    capsys.readouterr()
    out = str(place / "runs")
    assert run(["backtest", str(file), "--data", data, "--out", out, "--json", *arguments]) == Exit.OK
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture(autouse=True)
def _inside(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASHC_DATA", str(place / "data"))
    monkeypatch.setenv("FLASHC_CACHE", str(place / "cache"))


def test_there_are_at_least_three() -> None:
    assert len(FILES) >= 3


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
