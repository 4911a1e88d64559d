"""check, fmt, fix, doc, schema and new, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from flashc.dsl.templates import TEMPLATES
from support.strategies import EMA_CROSS

GOOD = EMA_CROSS + "risk:\n  position: {max: 100 USDC}\n"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.yaml"
    path.write_text(GOOD.replace("cross_up(quick", "cross_up(quik"))
    return path


def test_a_good_file_passes_without_a_word(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(good)]) == Exit.OK
    assert capsys.readouterr() == ("", "")


def test_a_bad_file_is_shown_with_its_place(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(bad)]) == Exit.FILE
    err = capsys.readouterr().err
    assert f"{bad}:10:18" in err
    assert "FC0102" in err
    assert err.rstrip().endswith("1 error")


def test_several_files_are_all_checked(good: Path, bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(bad), str(good), str(bad)]) == Exit.FILE
    assert "FC0102" in capsys.readouterr().err


def test_check_json_is_one_object(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(bad), "--json"]) == Exit.FILE
    captured = capsys.readouterr()
    found = json.loads(captured.out)
    assert found["version"] == 1
    assert [diagnostic["code"] for diagnostic in found["diagnostics"]] == ["FC0102"]
    assert captured.err == ""


def test_check_annotates_pull_requests(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(bad), "--format", "github"]) == Exit.FILE
    captured = capsys.readouterr()
    (line,) = captured.out.splitlines()
    assert line.startswith(f"::error file={bad},line=10,col=18,endLine=10,endColumn=22,title=FC0102::no value called")
    assert "%0Ahelp: did you mean `quick`" in line
    assert "1 error" in captured.err
    assert run(["check", str(bad), "--format", "gitlab"]) == Exit.USAGE


def test_check_concise_is_one_line_each(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(bad), "--concise"]) == Exit.FILE
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert "FC0102" in lines[0]


def test_explain_defaults_prints_a_file_that_checks(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(good), "--explain-defaults"]) == Exit.OK
    good.write_text(capsys.readouterr().out)
    assert run(["check", str(good)]) == Exit.OK


def test_fmt_check_tells_and_changes_nothing(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good.write_text(GOOD.replace("ema(close, fast)", "ema( close,fast )"))
    before = good.read_text()
    assert run(["fmt", "--check", str(good)]) == Exit.FILE
    assert good.read_text() == before
    assert capsys.readouterr().err == f"would format {good}\n"


def test_fmt_writes_and_is_then_content(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good.write_text(GOOD.replace("ema(close, fast)", "ema( close,fast )"))
    good.chmod(0o640)
    assert run(["fmt", str(good)]) == Exit.OK
    assert good.stat().st_mode & 0o777 == 0o640
    assert run(["fmt", "--check", str(good)]) == Exit.OK
    assert "formatted" in capsys.readouterr().err
    assert sorted(path.name for path in good.parent.iterdir()) == ["good.yaml"]


def test_fmt_diff_is_a_patch(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good.write_text(GOOD.replace("ema(close, fast)", "ema( close,fast )"))
    assert run(["fmt", "--diff", str(good)]) == Exit.OK
    out = capsys.readouterr().out
    assert "-  quick: ema( close,fast )" in out
    assert "+  quick: ema(close, fast)" in out


def test_fmt_leaves_a_broken_file_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("flash: 1\nlet: {a: [}\n")
    assert run(["fmt", str(path)]) == Exit.FILE
    assert path.read_text() == "flash: 1\nlet: {a: [}\n"
    assert "error[" in capsys.readouterr().err


def test_fix_applies_the_safe_fix(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fix", str(bad)]) == Exit.OK
    assert bad.read_text() == GOOD
    assert capsys.readouterr().err == f"fixed {bad}\n"


def test_fix_diff_changes_nothing(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = bad.read_text()
    run(["fix", "--diff", str(bad)])
    assert bad.read_text() == before
    assert "+  long: cross_up(quick, calm)" in capsys.readouterr().out


def test_fix_reports_what_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(GOOD.replace("size: 100 USDC", "size: 100 ms"))
    assert run(["fix", str(path)]) == Exit.FILE
    assert "left: " in capsys.readouterr().err


def test_doc_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doc", "fc0304"]) == Exit.OK
    out = capsys.readouterr().out
    assert out.startswith("FC0304: ")
    assert "Wrong:" in out
    assert "Right:" in out


def test_doc_without_a_code_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    from flashc.dsl.diagnostic_codes import CODES

    assert run(["doc"]) == Exit.OK
    assert [line[:6].strip() for line in capsys.readouterr().out.splitlines()] == list(CODES)


def test_doc_json_has_the_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doc", "FC0304", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["code"] == "FC0304"


def test_the_schema_is_json_schema(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["schema"]) == Exit.OK
    found = json.loads(capsys.readouterr().out)
    assert "properties" in found
    assert run(["schema", "-o", str(tmp_path / "s.json")]) == Exit.OK
    assert json.loads((tmp_path / "s.json").read_text()) == found


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_strategy_checks(template: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.yaml"
    assert run(["new", str(path), "--template", template]) == Exit.OK
    assert "strategy: mine" in path.read_text()
    assert run(["check", str(path)]) == Exit.OK
    assert run(["fmt", "--check", str(path)]) == Exit.OK
    assert "wrote" in capsys.readouterr().out


def test_new_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("precious")
    assert run(["new", str(path)]) == Exit.USAGE
    assert path.read_text() == "precious"
    assert "exists already" in capsys.readouterr().err


def test_advice_for_going_live_is_given_on_request_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "start.yaml"
    path.write_text(GOOD.partition("risk:")[0])
    assert run(["check", str(path)]) == Exit.OK
    assert capsys.readouterr() == ("", "")
    run(["check", str(path), "--report"])
    assert "FL116" in capsys.readouterr().err
    run(["check", str(path), "--json"])
    assert [d["code"] for d in json.loads(capsys.readouterr().out)["diagnostics"]] == ["FL116"]


def test_fmt_prints_one_json_object_for_several_broken_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / name for name in ("a.yaml", "b.yaml")]
    for file in files:
        file.write_text("flash: 1\nflash: 1\n")
    assert run(["fmt", *map(str, files), "--json"]) == Exit.FILE
    assert json.loads(capsys.readouterr().out)["summary"]["errors"] >= 2
