"""`flashc data history`, `compact`, `prune`, `sql`, and `--data NAME@VERSION`: whole command lines."""

from __future__ import annotations

import json
from pathlib import Path

import flashc
import pytest
from flashc.cli.app import run
from support.strategies import EMA_CROSS

CSV = "time,open,high,low,close,volume\n"


def day(number: int, close: float = 101.25, rows: int = 5) -> str:
    start = 1_704_067_200 + 86_400 * number
    return CSV + "".join(f"{start + 60 * k},100.5,102,99,{close},{1 + k}\n" for k in range(rows))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLASHC_DATA", str(tmp_path / "root"))
    return tmp_path


def said(capsys, *words: str) -> str:
    assert run(["data", *words]) == 0
    return capsys.readouterr().out


@pytest.fixture
def grown(here: Path, capsys) -> str:
    """A data set of three versions: two days added one by one, then replaced."""
    for number in range(2):
        (here / f"btc-usdt-1m-2024-01-0{number + 1}.csv").write_text(day(number))
        append = ["--append"] if number else []
        said(capsys, "import", f"btc-usdt-1m-2024-01-0{number + 1}.csv", "--name", "btc", *append)
    (here / "other.csv").write_text(day(0, 100.0))
    said(capsys, "import", "other.csv", "--instrument", "BTC/USDT", "--period", "1m", "--name", "btc", "--replace")
    return "btc"


def test_history_tells_what_each_version_did(grown, capsys):
    found = json.loads(said(capsys, "history", grown, "--json"))["versions"]
    assert [(one["version"], one["change"], one["rows"]) for one in found] == [
        (2, "replaced", 5), (1, "+5 rows", 10), (0, "made", 5),
    ]  # fmt: skip
    lines = said(capsys, "history", grown).splitlines()
    assert lines[0].split()[:2] == ["Version", "Made"]
    assert len(lines) == 5


def test_versions_are_shown_and_read_wherever_data_is_named(grown, capsys):
    assert "Version     2" in said(capsys, "info", grown)
    assert "Bars        10" in said(capsys, "info", f"{grown}@1")
    assert said(capsys, "verify", f"{grown}@0").startswith("btc: 5 1m bars")
    assert said(capsys, "list").splitlines()[2].split()[:2] == ["btc", "2"]
    assert len(flashc.data(f"{grown}@1")) == 10
    assert flashc.data(f"{grown}@1", from_="2024-01-02")["volume"].to_list() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert run(["data", "info", f"{grown}@3"]) == 2
    assert "it has versions 0 to 2" in capsys.readouterr().err


def test_several_days_are_imported_at_once_or_added_twice_without_harm(here, grown, capsys):
    files = [f"btc-usdt-1m-2024-01-0{number}.csv" for number in (2, 1)]
    said(capsys, "import", *files, "--name", "both")
    assert json.loads(said(capsys, "info", "both", "--json"))["dataset"]["bars"] == 10
    said(capsys, "import", files[0], "--name", "both", "--append")
    again = json.loads(said(capsys, "info", "both", "--json"))["dataset"]
    assert (again["bars"], again["version"], again["rules"][-1]["count"]) == (10, 1, 5)
    assert [one["file"] for one in again["source"]["files"]] == [*files, files[0]]
    hashes = [json.loads(said(capsys, "info", name, "--json"))["dataset"]["content_hash"] for name in ("both", "btc@1")]
    assert hashes[0] == hashes[1]


def test_rows_that_contradict_stored_ones_are_refused(here, grown, capsys):
    assert run(["data", "import", "btc-usdt-1m-2024-01-01.csv", "--name", "btc", "--append"]) == 1
    assert "FC1021" in capsys.readouterr().err
    assert run(["data", "import", "other.csv", "--name", "x", "--append", "--replace"]) == 2


def test_compact_and_prune_say_what_they_did(here, grown, capsys):
    (here / "more.csv").write_text(day(0, 100.0, rows=7).replace(day(0, 100.0), CSV))
    words = ("--instrument", "BTC/USDT", "--period", "1m", "--name", "btc", "--append")
    said(capsys, "import", "more.csv", *words)
    assert said(capsys, "compact", "btc") == "btc: 2 files are now 1, version 4\n"
    assert json.loads(said(capsys, "prune", "btc", "--keep", "1", "--json"))["files_deleted"] == 4
    assert said(capsys, "prune", "btc", "--keep", "1") == "btc: nothing to delete\n"
    assert run(["data", "verify", "btc@1"]) == 2
    assert "was pruned" in capsys.readouterr().err
    assert "files pruned" in said(capsys, "history", "btc")
    assert run(["data", "prune", "btc", "--keep", "0"]) == 2
    assert run(["data", "compact", "more.csv"]) == 2


def test_sql_prints_a_table_csv_json_or_writes_a_file(grown, here, capsys):
    query = "SELECT time, volume FROM btc ORDER BY time"
    assert said(capsys, "sql", query, "--limit", "1").splitlines() == [
        "time                 volume", "---------------------------", "2024-01-01 00:00:00     1.0",
        "... more; `--limit 2` shows more, `--out FILE.parquet` keeps all",
    ]  # fmt: skip
    assert said(capsys, "sql", query, "--csv").splitlines()[:2] == ["time,volume", "2024-01-01 00:00:00,1.0"]
    assert len(said(capsys, "sql", query, "--csv").splitlines()) == 6
    assert said(capsys, "sql", query, "--csv", "--limit", "2").splitlines()[1:] == [
        "2024-01-01 00:00:00,1.0", "2024-01-01 00:01:00,2.0",
    ]  # fmt: skip
    assert len(json.loads(said(capsys, "sql", "FROM range(50)", "--json"))["rows"]) == 40
    assert len(said(capsys, "sql", "FROM range(50)", "--csv").splitlines()) == 51
    found = json.loads(said(capsys, "sql", "SELECT 'nan'::DOUBLE, 1.5::DECIMAL(3,1), [1], NULL, true", "--json"))
    assert (found["rows"], found["more"]) == ([[None, "1.5", [1], None, True]], False)
    assert said(capsys, "sql", query, "--out", "o.parquet") == "5 rows in o.parquet\n"
    assert (here / "o.parquet").is_file()
    backwards = "SELECT volume FROM btc ORDER BY time DESC -- the newest"
    assert said(capsys, "sql", backwards, "--out", "o.csv", "--limit", "2") == "2 rows in o.csv\n"
    assert (here / "o.csv").read_text() == "volume\n5.0\n4.0\n"
    assert run(["data", "sql", query, "--out", "o.txt"]) == 2
    assert run(["data", "sql", query, "--csv", "--json"]) == 2
    capsys.readouterr()
    assert run(["data", "sql", "SELECT clsoe FROM btc"]) == 2
    assert "error[FC1024]" in capsys.readouterr().err


def test_a_run_names_the_version_that_it_read_and_comes_again_from_it(here, capsys):
    # Seeds of its own: a tape of another test in the cache would serve in place of the pruned version.
    (here / "s.yaml").write_text(EMA_CROSS)
    said(capsys, "synth", "--bars", "3000", "--seed", "71077", "--name", "demo")
    first = backtest(capsys, "demo")
    said(capsys, "synth", "--bars", "3000", "--seed", "71078", "--name", "demo", "--replace")
    second = backtest(capsys, "demo")
    assert [found["data"]["tables"][0]["version"] for found in (first, second)] == [0, 1]
    manifests = {json.loads(path.read_text())["sources"][0]: path for path in here.glob("runs/*/manifest.json")}
    assert sorted(manifests) == ["demo@0", "demo@1"]
    before = manifests["demo@0"].read_bytes()
    again = backtest(capsys, "demo@0")
    assert {**again, "timing": 0} == {**first, "timing": 0}
    assert manifests["demo@0"].read_bytes() == before
    said(capsys, "prune", "demo", "--keep", "1")
    assert run(["explain", str(manifests["demo@0"].parent), "--at", "2024-01-02T10:00"]) == 1
    assert "FC1020" in capsys.readouterr().err


def backtest(capsys, name: str) -> dict:
    assert run(["backtest", "s.yaml", "--data", name, "--json", "--engine", "ref"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("command", ["history", "compact", "prune", "sql"])
def test_every_help_has_an_example(command, capsys):
    assert f"flashc data {command}" in said(capsys, command, "--help")


def test_data_shorter_than_one_bar_is_no_data_for_a_strategy_of_bars(here, capsys):
    said(capsys, "synth", "--kind", "book", "--duration", "5s", "--name", "short")
    assert run(["new", "slow"]) == 0
    assert run(["backtest", "slow.yaml", "--data", "short"]) == 1
    assert "error[FC1012]: no bar is over before the data ends" in capsys.readouterr().err
