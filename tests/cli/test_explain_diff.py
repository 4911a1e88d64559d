"""`flashc explain --diff`: the first difference of two runs, and the value that it comes from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from flashc.runtime.backtest.run_folder import read_table

STRATEGY = """\
flash: 1
strategy: twins
trade: BTC/USDC
decide: 1m
params: {near: 5, far: {default: 20, in: 10..40}}
let:
  quick: ema(close, near)
  calm: ema(close, far)
  gap: quick - calm
entries:
  long:
    when:
      up: gap > 4 USDC/BTC
      small: volume > 0 BTC
exits:
  out: gap < 0 USDC/BTC
size: 100 USDC
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("twins")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("FLASHC_DATA", str(folder / "data"))
        for name, seed in (("demo", "7"), ("other", "8")):
            assert run(["data", "synth", "--seed", seed, "--bars", "1500", "--name", name]) == Exit.OK
        (folder / "a.yaml").write_text(STRATEGY)
        (folder / "b.yaml").write_text(STRATEGY.replace("gap: quick - calm", "gap: quick - calm - 1 USDC/BTC"))
        runs = {
            "base": ("a.yaml", "demo"),
            "reference": ("a.yaml", "demo", "--engine", "ref"),
            "far": ("a.yaml", "demo", "--set", "far=21"),
            "bars": ("a.yaml", "other"),
            "fees": ("a.yaml", "demo", "--fees", "1bps"),
            "edited": ("b.yaml", "demo"),
        }
        for name, (file, data, *rest) in runs.items():
            assert run(["backtest", file, "--data", data, "--out", name, *rest]) == Exit.OK
    return folder


@pytest.fixture(autouse=True)
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    monkeypatch.setenv("FLASHC_DATA", str(place / "data"))


def folder(name: str) -> str:
    (found,) = Path(name).iterdir()
    return str(found)


def compared(capsys: pytest.CaptureFixture[str], a: str, b: str, *more: str) -> dict:  # type: ignore[type-arg]
    capsys.readouterr()
    assert run(["explain", "--diff", folder(a), folder(b), "--json", *more]) == Exit.OK
    found: dict = json.loads(capsys.readouterr().out)  # type: ignore[type-arg]
    return found


def test_equal_runs_are_said_to_be_equal(capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(capsys, "base", "reference")
    assert (found["same"], found["inputs"], found["tables"], found["values"]) == (True, [], [], None)
    assert run(["explain", "--diff", folder("base"), folder("reference")]) == Exit.OK
    assert "the runs are the same" in capsys.readouterr().out


def test_another_parameter_is_the_first_value_and_what_follows_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(capsys, "base", "far")
    assert [one["name"] for one in found["inputs"]] == ["parameter far"]
    values = found["values"]
    assert (values["first"]["name"], values["first"]["kind"]) == ("far", "parameter")
    assert (values["first"]["a"], values["first"]["b"]) == ("20", "21")
    follows = [(one["name"], one["from_first"]) for one in values["follows"]]
    assert follows[:2] == [("calm", True), ("gap", True)]


def test_the_first_instant_is_that_of_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(capsys, "base", "far")
    sides = [read_table(Path(folder(name)), "decisions") for name in ("base", "far")]
    rows = zip(*(zip(s["time"], s["reason"], s["mask"], strict=True) for s in sides), strict=True)
    first = next(int(a[0]) for a, b in rows if a != b)
    assert found["at"] == found["tables"][0]["time"] == first
    assert found["tables"][0]["table"] == "decisions"
    assert [one["time"] for one in found["tables"]] == sorted(one["time"] for one in found["tables"])


def test_other_data_differs_in_what_the_market_gave(capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(capsys, "base", "bars")
    assert [one["name"] for one in found["inputs"]] == ["data"]
    assert found["values"]["first"]["kind"] == "input"
    assert found["values"]["first"]["name"] in ("close", "volume")


def test_other_fees_change_no_value_but_money(capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(capsys, "base", "fees")
    assert [one["name"] for one in found["inputs"]] == ["maker fee", "taker fee"]
    assert found["tables"][0]["table"] == "fills"
    assert found["values"]["first"] is None


def test_an_edited_equation_is_found_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(capsys, "base", "edited")
    assert [one["name"] for one in found["inputs"]] == ["meaning of the strategy"]
    first = found["values"]["first"]
    assert (first["name"], first["kind"], first["same_meaning"]) == ("gap", "let", False)
    assert float(first["a"]) - float(first["b"]) == pytest.approx(1.0)


def test_at_asks_about_an_instant(capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(capsys, "base", "far", "--at", "2024-01-01T05:00")
    assert found["values"]["time_a"] == found["values"]["time_b"] == 1704085200 * 10**9


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--diff", "base/*"), "two runs are compared, not 1"),
        (("base/*", "far/*", "--at", "2024-01-01"), "one run is explained, not 2"),
        (("base/*",), "missing option '--at'"),
        (("--diff", "base/*", "data"), "FC1103"),
        (("--diff", "base/*", "far/*", "--at", "2020-01-01"), "FC1104"),
        (("--diff", "base/*", "far/*", "--at", "soon"), "is not a time"),
    ],
)
def test_a_wrong_question_is_one_message(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    words = [folder(word.removesuffix("/*")) if word.endswith("/*") else word for word in arguments]
    assert run(["explain", *words]) == Exit.USAGE
    assert said in capsys.readouterr().err


def test_runs_whose_data_is_gone_still_say_where_they_part(
    capsys: pytest.CaptureFixture[str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASHC_DATA", str(place / "elsewhere"))
    capsys.readouterr()
    code = run(["explain", "--diff", folder("base"), folder("far")])
    shown = capsys.readouterr()
    assert (code, "results first differ at" in shown.out) == (Exit.OK, True), shown
    assert "values cannot be compared" in shown.out
