"""`flashc data`: whole command lines in, text and exit codes out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import flashc
import pytest
from flashc.cli.app import run
from flashc.cli.exit_codes import Exit
from support.tables import edit, files

CSV = "time,open,high,low,close,volume\n" + "".join(
    f"{1_704_067_200 + 60 * k},100.5,102,99,101.25,{1 + k}\n" for k in range(5)
)


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    path = tmp_path / "btc-usdt_binance_1m.csv"
    path.write_text(CSV)
    return path


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "root"
    monkeypatch.setenv("FLASHC_DATA", str(folder))
    return folder


def test_import_says_what_it_detected(bars, root, capsys):
    assert run(["data", "import", str(bars)]) == 0
    out = capsys.readouterr().out
    assert out.splitlines() == [
        "btc-usdt_binance_1m: 5 1m bars of BTC/USDT",
        "  span       2024-01-01 00:00 to 2024-01-01 00:05 UTC",
        f"  stored in  {root / 'btc-usdt_binance_1m'}, version 0",
        "  detected   CSV, TradingView export, time in s, venue binance",
        "  rules      none was needed",
    ]


def test_import_prints_one_json_object(bars, capsys):
    assert run(["data", "import", str(bars), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    record = found["datasets"][0]
    assert found["version"] == 1
    assert (record["instrument"], record["period"], record["bars"]) == ("BTC/USDT", "1m", 5)
    assert (record["from"], record["to"]) == (1_704_067_200 * 10**9, 1_704_067_500 * 10**9)


def test_a_repair_is_refused_or_named(bars, capsys):
    lines = CSV.splitlines()
    bars.write_text("\n".join([*lines[:2], lines[3], lines[2], *lines[4:]]) + "\n")
    assert run(["data", "import", str(bars)]) == 1
    err = capsys.readouterr().err
    assert "error[FC1004]" in err
    assert "row 3" in err
    assert "--repair sort_rows" in err
    assert run(["data", "import", str(bars), "--repair", "sort_rows"]) == 0
    assert "sort_rows x 1: rows sorted by time" in capsys.readouterr().out


def test_faults_as_json_are_one_object_with_exit_code_1(bars, capsys):
    bars.write_text("time,open\n1,2\n")
    assert run(["data", "import", str(bars), "--json"]) == 1
    assert "FC1002" in json.dumps(json.loads(capsys.readouterr().out))


def test_good_files_are_imported_beside_bad_ones(bars, root, tmp_path, capsys):
    bad = tmp_path / "eth-usdt_1m.csv"
    bad.write_text("")
    assert run(["data", "import", str(bad), str(bars)]) == 1
    captured = capsys.readouterr()
    assert "btc-usdt_binance_1m: 5 1m bars" in captured.out
    assert "FC1001" in captured.err
    assert [path.name for path in root.iterdir()] == ["btc-usdt_binance_1m"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["import", "absent.csv"],
        ["import", "BARS", "--repair", "magic"],
        ["import", "BARS", "--instrument", "x"],
        ["import", "BARS", "--period", "7m"],
        ["synth", "--kind", "candles"],
        ["synth", "--kind", "book", "--bars", "10"],
        ["synth", "--duration", "10m"],
        ["synth", "--kind", "book", "--duration", "soon"],
        ["synth", "--kind", "book", "--defect", "magic"],
        ["import"],
        ["synth", "--bars", "0"],
        ["synth", "--start", "tomorrow"],
        ["synth", "--regime", "sideways"],
        ["synth", "--name", "../x"],
        ["verify", "BARS", "--jump", "-1"],
        ["info", "absent"],
        ["nonsense"],
    ],
)
def test_wrong_use_ends_with_exit_code_2(bars, arguments, capsys):
    words = [str(bars) if word == "BARS" else word for word in arguments]
    assert run(["data", *words]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error")
    assert "Traceback" not in captured.err


def test_an_existing_data_set_is_replaced_only_when_asked(bars, capsys):
    assert run(["data", "import", str(bars)]) == 0
    assert run(["data", "import", str(bars)]) == 2
    assert "--replace" in capsys.readouterr().err
    assert run(["data", "import", str(bars), "--replace"]) == 0


def test_a_root_that_cannot_be_written_ends_with_exit_code_3(bars, tmp_path):
    (tmp_path / "file").write_text("")
    assert run(["data", "import", str(bars), "--root", str(tmp_path / "file")]) == 3


def test_synth_is_repeatable_and_listed(capsys):
    found = []
    for name in ("a", "b"):
        assert run(["data", "synth", "--seed", "7", "--bars", "500", "--name", name, "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out)["datasets"][0])
    assert found[0]["content_hash"] == found[1]["content_hash"]
    assert run(["data", "list"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].split() == ["Name", "Version", "Instrument", "Holds", "Rows", "From", "To"]
    assert [row.split()[0] for row in rows[2:]] == ["a", "b"]


@pytest.mark.parametrize("words", [["list"], ["sql", "SELECT 1"], ["info", "x"], ["info", ""], ["list", "--json"]])
def test_a_root_that_is_a_file_is_one_message(words, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("FLASHC_DATA", str(tmp_path / "file"))
    assert run(["data", *words]) == Exit.USAGE
    said = capsys.readouterr()
    assert "FC1011" in said.out + said.err


def test_no_name_is_no_data_set(root, capsys):
    assert run(["data", "info", ""]) == Exit.USAGE
    assert "no data set is called ``" in capsys.readouterr().err


def test_an_empty_root_says_how_to_begin(capsys):
    assert run(["data", "list"]) == 0
    assert "data synth" in capsys.readouterr().out
    assert run(["data", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["datasets"] == []


def test_info_works_on_names_and_files(bars, capsys):
    assert run(["data", "import", str(bars)]) == 0
    assert run(["data", "info", "btc-usdt_binance_1m", "--json"]) == 0
    assert run(["data", "info", str(bars)]) == 0
    out = capsys.readouterr().out
    assert "Missing     none" in out
    assert out.count("content_hash") == 1


def test_verify_reports_gaps_and_what_is_done(bars, capsys):
    lines = CSV.splitlines()
    bars.write_text("\n".join([*lines[:3], *lines[4:]]) + "\n")
    assert run(["data", "verify", str(bars)]) == 0
    out = capsys.readouterr().out
    assert "1 bar missing in 1 gap, longest 1m" in out
    assert "carry_close" in out
    assert out.endswith("no faults\n")
    assert run(["data", "verify", str(bars), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is True
    assert found["gaps"] == [{"from": 1_704_067_320 * 10**9, "bars": 1}]


def test_verify_finds_bars_that_changed_after_the_import(bars, root, capsys):
    import polars as pl

    assert run(["data", "import", str(bars)]) == 0
    folder = root / "btc-usdt_binance_1m"
    edit(folder, "1m", lambda frame: frame.with_columns(close=pl.col("close") + 0.01))
    assert run(["data", "verify", "btc-usdt_binance_1m"]) == 1
    assert "1 fault" in capsys.readouterr().out


BOOK = ["data", "synth", "--kind", "book", "--duration", "10s", "--levels", "5"]


def test_a_generated_book_is_stored_listed_and_verified(root, capsys):
    assert run([*BOOK, "--name", "l2", "--defect", "crossed_book"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "l2: book and trades of BTC/USDC"
    assert run(["data", "list"]) == 0
    assert "book and trades" in capsys.readouterr().out
    assert run(["data", "info", "l2"]) == 0
    assert "messages" in capsys.readouterr().out
    assert run(["data", "verify", "l2"]) == 0
    assert "crossed_book          1: messages that leave the book crossed" in capsys.readouterr().out
    assert run(["data", "verify", "l2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["dataset"]["kind"]) == (True, "events")
    assert [len(files(root / "l2", kind)) for kind in ("book", "trades")] == [1, 1]


def test_a_book_and_its_trades_share_a_name_at_once_or_one_by_one(root, tmp_path, capsys):
    import polars as pl

    assert run([*BOOK, "--name", "made", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["datasets"][0]["rows"]
    made = []
    for kind in ("book", "trades"):
        made.append(str(tmp_path / f"btc-usdc_{kind}.parquet"))
        frame = flashc.data("made", kind).with_columns(pl.col("receive", "venue_time") // 1000)
        frame.drop("time").write_parquet(made[-1])
    assert run(["data", "import", *made, "--name", "both", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["datasets"][0]["rows"] == rows
    assert run(["data", "import", made[0], "--name", "later"]) == 0
    capsys.readouterr()
    assert run(["data", "import", made[1], "--name", "later", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["datasets"][0]["rows"] == rows
    assert run(["data", "import", made[0], "--name", "later"]) == 2
    assert "--replace" in capsys.readouterr().err


def test_verify_finds_a_book_that_changed_after_the_import(root, capsys):
    import polars as pl

    assert run([*BOOK, "--name", "l2"]) == 0
    edit(root / "l2", "book", lambda frame: frame.with_columns(qty=pl.col("qty") + 0.01))
    assert run(["data", "verify", "l2"]) == 1
    assert "1 fault" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["import", "synth", "list", "info", "verify"])
def test_every_help_has_an_example(command, capsys):
    assert run(["data", command, "--help"]) == 0
    out = capsys.readouterr().out
    assert "Example" in out
    assert f"flashc data {command}" in out


def test_loading_the_command_loads_neither_numpy_nor_polars():
    code = "import sys, flashc.cli.data; print(sorted({'numpy', 'polars', 'numba'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
