"""Series of files as Binance's archive and freqtrade hand them out: folders, zip files, check sums."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import zipfile
from pathlib import Path

import polars as pl
import pytest
from flashc.cli.app import run
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.importers.any_file import import_any
from flashc.runtime.market_data.importers.dump_files import data_files

MIDNIGHT = 1_704_067_200


def packed(folder: Path, name: str, rows: str) -> Path:
    """A zip file and its check sum, as data.binance.vision has them."""
    path = folder / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.csv", rows)
    (folder / f"{name}.zip.CHECKSUM").write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}.zip\n")
    return path


def klines(day: int, unit: int) -> str:
    times = (MIDNIGHT + 86_400 * day + 60 * k for k in range(5))
    return "".join(f"{t * unit},1,2,0.5,1.5,3,{(t + 60) * unit - 1},4.5,7,1,1,0\n" for t in times)


def agg_trades(day: int) -> str:
    times = ((MIDNIGHT + 86_400 * day) * 1000 + 10 * k for k in range(4))
    return "".join(f"{4 * day + k},1.5,0.25,{k},{k},{t},{k % 2 == 1},True\n" for k, t in enumerate(times))


@pytest.fixture
def archive(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("FLASHC_DATA", str(tmp_path / "root"))
    folder = tmp_path / "dumps"
    folder.mkdir()
    for day in range(3):
        packed(folder, f"BTCUSDT-1m-2024-01-0{day + 1}", klines(day, 1000 if day < 2 else 10**6))
        packed(folder, f"BTCUSDT-aggTrades-2024-01-0{day + 1}", agg_trades(day))
    return folder


def imported(capsys, *words: object) -> dict:
    assert run(["data", "import", *map(str, words), "--json"]) == 0
    return json.loads(capsys.readouterr().out)["datasets"][0]


def test_a_series_of_days_becomes_one_data_set_and_grows(archive, capsys):
    days = sorted(archive.glob("BTCUSDT-1m-*.zip"))
    first = imported(capsys, *reversed(days[:2]), "--name", "bars")
    assert (first["bars"], first["version"]) == (10, 0)
    grown = imported(capsys, days[2], "--name", "bars", "--append")
    assert (grown["bars"], grown["version"], grown["to"] - grown["from"]) == (15, 1, (2 * 86_400 + 300) * 10**9)
    assert [one["file"] for one in grown["source"]["files"]] == [days[1].name, days[0].name, days[2].name]
    whole = imported(capsys, *archive.glob("BTCUSDT-1m-*"), "--name", "whole")
    assert whole["content_hash"] == grown["content_hash"]


def test_trades_of_several_days_follow_each_other(archive, capsys):
    days = sorted(archive.glob("*aggTrades*.zip"))
    assert imported(capsys, *days, "--name", "t")["rows"] == {"trades": 12}
    rules = imported(capsys, *days, "--name", "u")["rules"]
    assert [(rule["rule"], rule["count"]) for rule in rules] == [("no_receive_time", 12)]
    for day in days:
        grown = imported(capsys, day, "--name", "one-by-one", "--append")
    assert grown["rows"] == {"trades": 12}
    assert run(["data", "import", str(days[0]), "--name", "t", "--append"]) == 1
    assert "FC1021" in capsys.readouterr().err


def test_a_file_must_have_the_check_sum_beside_it(archive, capsys):
    path = archive / "BTCUSDT-1m-2024-01-01.zip"
    assert import_any(path).facts["checksum"] == "matches"
    path.write_bytes((archive / "BTCUSDT-1m-2024-01-02.zip").read_bytes())
    for text in (None, "no sum\n"):
        if text is not None:
            (archive / f"{path.name}.CHECKSUM").write_text(text)
        with pytest.raises(RuntimeFault) as caught:
            import_any(path)
        assert caught.value.first.code == "FC1025"
    (archive / f"{path.name}.CHECKSUM").unlink()
    assert "checksum" not in import_any(path).facts
    assert run(["data", "import", str(archive / "BTCUSDT-1m-2024-01-02.zip.CHECKSUM")]) == 2


def test_a_folder_stands_for_its_files(archive, tmp_path, capsys):
    assert len(data_files([archive])) == 6
    (tmp_path / "empty").mkdir()
    with pytest.raises(RuntimeFault) as caught:
        data_files([tmp_path / "empty"])
    assert caught.value.first.code == "FC1001"
    assert run(["data", "import", str(archive), "--name", "mixed"]) == 1
    assert "bars do not go with books or trades" in capsys.readouterr().err


def test_what_freqtrade_downloaded_is_read_from_its_folder(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FLASHC_DATA", str(tmp_path / "root"))
    folder = tmp_path / "user_data" / "data" / "binance"
    (folder / "futures").mkdir(parents=True)
    first = dt.datetime(2024, 1, 1)
    date = pl.datetime_range(first, first + dt.timedelta(minutes=9), "1m", time_unit="ms", time_zone="UTC", eager=True)
    candles = pl.DataFrame({"date": date}).with_columns(open=1.0, high=2.0, low=0.5, close=1.5, volume=3.0)
    for name in ("BTC_USDC-1m", "futures/ETH_USDT_USDT-1m-futures", "futures/ETH_USDT_USDT-8h-mark"):
        candles.write_ipc(folder / f"{name}.feather", compression="lz4")
    trades = {
        "timestamp": [1_704_067_200_000],
        "id": ["5"],
        "type": [None],
        "side": ["sell"],
        "price": [1.0],
        "amount": [0.1],
        "cost": [0.1],
    }
    pl.DataFrame(trades, schema_overrides={"type": pl.String}).write_ipc(folder / "BTC_USDC-trades.feather")
    assert run(["data", "import", str(tmp_path / "user_data"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["datasets"]
    assert [(one["name"], one["instrument"], one["venue"]) for one in found] == [
        ("btc_usdc-1m", "BTC/USDC", "binance"),
        ("btc_usdc-trades", "BTC/USDC", "binance"),
        ("eth_usdt_usdt-1m-futures", "ETH/USDT", "binance"),
    ]
