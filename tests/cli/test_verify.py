"""`flashc verify`: says what an artefact is, or why it is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from support.strategies import EMA_CROSS


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    (tmp_path / "s.yaml").write_text(EMA_CROSS)
    assert run(["compile", str(tmp_path / "s.yaml"), "-o", str(tmp_path / "out")]) == Exit.OK
    capsys.readouterr()
    return next((tmp_path / "out").iterdir())


def test_a_whole_artefact_is_described(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", str(folder)]) == Exit.OK
    said = capsys.readouterr().out
    assert said.startswith("ema_cross · edition 1 · ir ")
    assert "after 181 closed 1m bars of btc" in said
    assert str(folder) in said


def test_machines_get_the_same_facts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", str(folder), "--json"]) == Exit.OK
    (one,) = json.loads(capsys.readouterr().out)["artifacts"]
    assert one["strategy"] == "ema_cross"
    assert folder.name == f"ema_cross-{one['hash'][:12]}"


def test_a_damaged_artefact_is_refused_with_the_file_and_the_way_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "fir.txt").write_text("program other")
    assert run(["verify", str(folder)]) == Exit.FILE
    said = capsys.readouterr().err
    assert "FC0914" in said
    assert "fir.txt was changed" in said
    assert "compile the strategy again" in said


def test_a_folder_of_artefacts_is_told_from_an_artefact(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", str(folder.parent)]) == Exit.FILE
    said = capsys.readouterr().err
    assert "the folder has no manifest.json" in said
    assert f"`flashc verify {folder.parent}/*`" in "".join(said.split("\n"))


def test_a_file_where_artefacts_should_go_is_named_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.yaml").write_text(EMA_CROSS)
    (tmp_path / "file").write_text("mine")
    assert run(["compile", str(tmp_path / "s.yaml"), "-o", str(tmp_path / "file")]) == Exit.ENVIRONMENT
    said = capsys.readouterr().err
    assert str(tmp_path / "file") in said and ".partial" not in said
    assert (tmp_path / "file").read_text() == "mine"
