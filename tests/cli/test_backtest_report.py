"""`backtest --report`: the page is written beside the run, and says where it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from support.strategies import EMA_CROSS


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "s.yaml").write_text(EMA_CROSS)
    monkeypatch.setenv("FLASHC_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    assert run(["data", "synth", "--seed", "7", "--bars", "3000", "--name", "demo"]) == Exit.OK
    return tmp_path


def test_the_page_is_written_and_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backtest", "s.yaml", "--data", "demo", "--report", "new/out.html"]) == Exit.OK
    assert "Report      new/out.html (" in capsys.readouterr().out
    text = (place / "new" / "out.html").read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    for expected in ("ema_cross", "BTC/USDC", "cross_up", "3,000 of them"):
        assert expected in text


def test_json_stays_one_object(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["backtest", "s.yaml", "--data", "demo", "--json", "--report", "out.html"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["strategy"] == "ema_cross"
    assert (place / "out.html").stat().st_size > 50_000


@pytest.mark.parametrize(("where", "says"), [(".", "is a directory"), ("s.yaml/out.html", "is a file")])
def test_a_place_that_cannot_be_written_is_named_before_the_run(
    place: Path, where: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["backtest", "s.yaml", "--data", "demo", "--report", where]) == Exit.USAGE
    assert says in capsys.readouterr().err
    assert not (place / "runs").exists()
