"""The command: exit codes, JUnit, JSON, tables that are written."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from suite import CROSS

HELD = "quick: 2 USDC/BTC, calm: 1 USDC/BTC, close: 100 USDC/BTC"
GOOD = f"""tests:
  keeps:   # a remark
    start: {{qty: 0.5 BTC, entry: 100 USDC/BTC}}
    rows:
      - {{t: 0s, {HELD}}}   # nothing happens
      - {{t: 1m, close: 98 USDC/BTC}}
    expect:
      - at: 0s
        holds: not fired(exits.stop)
"""
BAD = GOOD.replace("not fired", "fired").replace("keeps:", "fails:")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "crossing.yaml"
    path.write_text(CROSS + GOOD)
    return path


def test_passing_tests_end_with_0_and_failing_ones_with_1(file: Path) -> None:
    assert run(["test", str(file)]) == Exit.OK
    file.write_text(CROSS + BAD)
    assert run(["test", str(file)]) == Exit.FILE


def test_a_file_with_errors_ends_with_1_and_a_missing_one_with_2(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(CROSS.replace("quick < calm", "quik < calm") + GOOD)
    assert run(["test", str(file)]) == Exit.FILE
    assert "0 passed, 1 file with errors in" in capsys.readouterr().out
    assert run(["test", str(file.parent / "nowhere.yaml")]) == Exit.USAGE


def test_a_word_that_no_test_has_in_its_name_is_wrong_use(file: Path) -> None:
    assert run(["test", str(file), "-k", "keep"]) == Exit.OK
    assert run(["test", str(file), "-k", "nothing"]) == Exit.USAGE


def test_too_little_coverage_is_an_error_where_it_is_required(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["test", str(file), "--require-coverage", "90"]) == Exit.FILE
    assert "of the clauses were seen, 90 % are required" in capsys.readouterr().err
    assert run(["test", str(file), "--require-coverage", "20"]) == Exit.OK


def test_a_file_without_tests_says_so(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(CROSS)
    assert run(["test", str(file)]) == Exit.OK
    assert "no tests" in capsys.readouterr().out


class TestJUnit:
    def test_cases_failures_and_files_with_errors_are_counted(self, file: Path, tmp_path: Path) -> None:
        (tmp_path / "bad.yaml").write_text(CROSS + GOOD + BAD.removeprefix("tests:\n"))
        (tmp_path / "broken.yaml").write_text(CROSS.replace("quick < calm", "quik < calm"))
        files = [str(tmp_path / name) for name in ("crossing.yaml", "bad.yaml", "broken.yaml")]
        assert run(["test", *files, "--junit", str(tmp_path / "new" / "out.xml")]) == Exit.FILE
        root = ElementTree.parse(tmp_path / "new" / "out.xml").getroot()
        assert root.tag == "testsuites"
        assert {key: root.get(key) for key in ("tests", "failures", "errors")} == {
            "tests": "4",
            "failures": "1",
            "errors": "1",
        }
        cases = {case.get("name"): case for case in root.iter("testcase")}
        failure = cases["fails"].find("failure")
        assert failure is not None
        assert failure.get("type") == "FC0805"
        assert "this row" in str(failure.text)
        assert cases["check"].find("error") is not None

    def test_every_time_is_a_number(self, file: Path, tmp_path: Path) -> None:
        run(["test", str(file), "--junit", str(tmp_path / "out.xml")])
        root = ElementTree.parse(tmp_path / "out.xml").getroot()
        assert all(float(str(each.get("time"))) >= 0 for each in root.iter() if each.tag != "failure")


def test_the_json_has_orders_findings_and_coverage(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(CROSS + GOOD + BAD.removeprefix("tests:\n"))
    assert run(["test", str(file), "--json"]) == Exit.FILE
    found = json.loads(capsys.readouterr().out)
    assert (found["version"], found["passed"], found["failed"]) == (1, 1, 1)
    good, bad = found["files"][0]["tests"]
    assert good["orders"] == [
        {
            "t": "1m",
            "side": "sell",
            "style": "market",
            "qty": "0.5 BTC",
            "price": "",
            "rule": "exits.stop",
            "instrument": "btc",
        }
    ]
    assert [finding["code"] for finding in bad["findings"]] == ["FC0805"]
    assert found["files"][0]["coverage"]["of"] == 18


class TestUpdate:
    WRITTEN = "    intents:\n      - {t: 1m, side: sell, style: market, qty: 0.5 BTC, rule: exits.stop}\n"

    def test_an_empty_table_is_filled_and_remarks_stay(self, file: Path) -> None:
        file.write_text(CROSS + GOOD.replace("    expect:\n", "    intents: []\n    expect:\n"))
        assert run(["test", str(file)]) == Exit.FILE
        assert run(["test", str(file), "--update"]) == Exit.OK
        text = file.read_text()
        assert text == CROSS + GOOD.replace("    expect:\n", self.WRITTEN + "    expect:\n")
        assert run(["test", str(file)]) == Exit.OK

    def test_a_table_that_is_right_is_left_as_it_is(self, file: Path) -> None:
        text = CROSS + GOOD.replace("    expect:\n", self.WRITTEN + "    expect:\n")
        file.write_text(text)
        assert run(["test", str(file), "--update"]) == Exit.OK
        assert file.read_text() == text

    def test_a_wrong_table_is_put_right(self, file: Path) -> None:
        wrong = self.WRITTEN.replace("0.5 BTC", "0.4 BTC").replace("    intents", "    intents")
        file.write_text(CROSS + GOOD.replace("    expect:\n", wrong + "    expect:\n"))
        assert run(["test", str(file)]) == Exit.FILE
        assert run(["test", str(file), "--update"]) == Exit.OK
        assert self.WRITTEN in file.read_text()

    def test_a_test_without_a_table_gets_none(self, file: Path) -> None:
        assert run(["test", str(file), "--update"]) == Exit.OK
        assert file.read_text() == CROSS + GOOD


def test_tests_change_nothing_of_what_a_file_means(tmp_path: Path) -> None:
    from flashc.cli.front import front_of
    from flashc.compiler.pipeline import compile_checked

    def meaning(text: str) -> str:
        checked = front_of(Source("f.yaml", text)).checked
        assert checked is not None
        return compile_checked(checked, stop_after="lower").ir_hash

    generated = "tests:\n  t: {generate: {kind: walk}, intents: []}\n"
    order = GOOD + "      - never: order.queue_ahead > 1 BTC or pos.adds > 3 or volume@1h > 3 BTC\n"
    assert meaning(CROSS) == meaning(CROSS + GOOD) == meaning(CROSS + generated) == meaning(CROSS + order)


def test_every_test_of_the_file_is_read(file: Path) -> None:
    document, bag = read_document(Source("f.yaml", file.read_text()))
    assert document is not None
    assert [test.name.value for test in document.tests] == ["keeps"]
    assert not bag.errors
