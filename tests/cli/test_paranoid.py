"""`flashc compile --paranoid` says what it has shown, and names the stage that changed something."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flashc.cli import paranoid
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from flashc.compiler.frontend.check import check
from flashc.compiler.ir.nodes import Op
from flashc.compiler.ir.walk import map_segments
from flashc.compiler.lower.lower import lower
from flashc.compiler.pipeline import BrokenProgram
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from support.strategies import EMA_CROSS


def test_paranoid_compiling_says_how_much_it_has_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paranoid, "EVENTS", 100)
    (tmp_path / "s.yaml").write_text(EMA_CROSS)
    assert run(["compile", str(tmp_path / "s.yaml"), "--paranoid", "-o", str(tmp_path / "out")]) == Exit.OK
    told = capsys.readouterr().err
    assert "10 steps validated on 300 generated events: no bit differs" in told


def test_a_stage_that_changes_something_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paranoid, "EVENTS", 100)
    document, _ = read_document(Source("s.yaml", EMA_CROSS))
    assert document is not None
    checked, _ = check(document)
    assert checked is not None
    program = lower(checked, ()).program
    without = map_segments(
        program, lambda s: tuple(i for i in s.body if not (isinstance(i, Op) and i.name == "store.f"))
    )
    assert without != program and replace(without, segments=program.segments) == program
    with pytest.raises(BrokenProgram, match="some_pass changed what the program does: event 0"):
        paranoid.Validator(checked).stage("some_pass", without)
