from __future__ import annotations

import gzip
import json
import zipfile

import numpy as np
import polars as pl
import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.importers.bars import ImportOptions
from support.bar_files import HEAD, T, faults, import_file, options, row


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
def test_the_time_unit_is_told_by_its_size(write_csv, unit, factor):
    data = import_file(write_csv(HEAD, row(0, factor=factor), row(1, factor=factor)), options())
    assert data.facts["time_unit"] == unit
    assert data.bars.ts.tolist() == [T * 10**9, (T + 60) * 10**9]


def test_binance_klines_without_a_header(write_csv):
    lines = [
        f"{(T + 60 * k) * 1000},100.1,102.0,99.5,101.2,1.5,{(T + 60 * k) * 1000 + 59999},151.1,42,0.7,70.2,0"
        for k in (0, 1)
    ]
    data = import_file(write_csv(*lines, name="BTCUSDT-1m-2024-01.csv"), options())
    assert data.facts["layout"] == "Binance klines"
    assert data.instrument.symbol == "BTC/USDT"
    assert data.bars.notional is not None
    assert data.bars.n_trades is not None
    assert (data.bars.notional[0], data.bars.n_trades[0], data.bars.close[1]) == (151.1, 42, 101.2)


def test_binance_klines_in_a_zip_archive_with_microseconds(tmp_path):
    lines = [f"{(T + 60 * k) * 10**6},100,102,99,101,1.5,{(T + 60 * k + 59) * 10**6},151,42,0.7,70.2,0" for k in (0, 1)]
    path = tmp_path / "ETHUSDC-1m-2025-01.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ETHUSDC-1m-2025-01.csv", "\n".join(lines))
    data = import_file(path, options())
    assert (data.instrument.symbol, data.facts["time_unit"], len(data.bars)) == ("ETH/USDC", "us", 2)


def test_ccxt_rows_as_json(tmp_path):
    path = tmp_path / "BTC_USDT-5m.json"
    path.write_text(json.dumps([[(T + 300 * k) * 1000, 100.0, 102.0, 99.0, 101.0, 1.5] for k in range(3)]))
    data = import_file(path, options())
    assert (data.period_ns, data.instrument.symbol, len(data.bars)) == (300 * 10**9, "BTC/USDT", 3)
    assert data.facts["layout"].startswith("CCXT rows")


@pytest.mark.parametrize("kind", ["feather", "parquet"])
def test_freqtrade_files_with_zoned_dates(tmp_path, kind):
    frame = pl.DataFrame(
        {
            "date": pl.Series([T * 1000, (T + 60) * 1000]).cast(pl.Datetime("ms", "UTC")),
            "open": [100.0, 101.0], "high": [102.0, 103.0], "low": [99.0, 98.0], "close": [101.0, 102.0],
            "volume": [1.0, 2.0],
        }
    )  # fmt: skip
    path = tmp_path / f"BTC_USDT-1m.{kind}"
    frame.write_parquet(path) if kind == "parquet" else frame.write_ipc(path, compression="lz4")
    data = import_file(path, options())
    assert (data.facts["layout"], data.bars.ts[1], data.rules) == ("freqtrade columns", (T + 60) * 10**9, ())


def test_tradingview_export_with_iso_times_and_extra_columns(write_csv):
    path = write_csv(
        "time,open,high,low,close,EMA,Volume",
        "2024-01-01T01:00:00+01:00,100,102,99,101,100.4,1.5",
        "2024-01-01T01:01:00+01:00,100,102,99,101,100.4,1.5",
        name="BINANCE_BTCUSDT, 1.csv",
    )
    data = import_file(path, options())
    assert data.bars.ts.tolist() == [T * 10**9, (T + 60) * 10**9]
    assert data.facts["ignored_columns"] == ("EMA",)
    assert data.venue == "binance"


def test_times_without_a_zone_are_utc_by_a_named_rule(write_csv):
    path = write_csv("Date;Open;High;Low;Close;Volume", "2024-01-01 00:00;1;2;1;2;3", "2024-01-01 00:01;1;2;1;2;3")
    data = import_file(path, options())
    assert data.bars.ts[0] == T * 10**9
    assert [(rule.name, rule.count) for rule in data.rules] == [("naive_time_is_utc", 2)]


def test_a_gzipped_csv_is_read(tmp_path):
    path = tmp_path / "btc-usdc_1m.csv.gz"
    path.write_bytes(gzip.compress("\n".join([HEAD, row(0), row(1)]).encode()))
    assert len(import_file(path, options()).bars) == 2


def test_quote_and_base_volume_are_told_apart_by_their_currency(write_csv):
    path = write_csv(
        "unix,open,high,low,close,Volume USDT,Volume BTC",
        row(0, "100,102,99,101,150,1.5"),
        row(1, "100,102,99,101,150,1.5"),
    )
    bars = import_file(path, options()).bars
    assert bars.notional is not None
    assert (bars.volume[0], bars.notional[0]) == (1.5, 150.0)


def test_text_numbers_become_the_nearest_double(write_csv):
    texts = ["65083.66", "0.1", "1919.28", "0.000001", "123456789.12345678", "3215.2"]
    path = write_csv(HEAD, *[row(k, f"{text},{text},{text},{text},{text}") for k, text in enumerate(texts)])
    assert import_file(path, options()).bars.close.tolist() == [float(text) for text in texts]


def test_mixed_time_units_are_refused_with_the_row(write_csv):
    path = write_csv(HEAD, row(0), row(1), row(2, factor=10**6))
    error = faults(path).first
    assert (error.code, error.where.row) == ("FC1003", 3)
    assert "ms and us" in error.message


def test_mixed_time_units_are_repaired_when_asked(write_csv):
    path = write_csv(HEAD, row(0), row(1), row(2, factor=10**6))
    data = import_file(path, options("one_time_unit"))
    assert np.diff(data.bars.ts).tolist() == [60 * 10**9] * 2
    assert ("one_time_unit", 1) in [(rule.name, rule.count) for rule in data.rules]


def test_missing_columns_are_named_with_their_spellings(write_csv):
    error = faults(write_csv("ts,open,high,close,volume", "1,1,1,1,1")).first
    assert error.code == "FC1002"
    assert "low" in error.message
    assert any("low_price" in text for text in error.helps)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("ts,local_ts,bid,bid_qty,ask,ask_qty,update_id", "best bid and ask"),
        ("ts,local_ts,side,price,qty,is_snapshot,last_id", "order book depth"),
        ("ts,local_ts,price,qty,is_buyer_maker,trade_id", "trades"),
        ("ts,bid_open,bid_high,bid_low,bid_close,ask_open,ask_high,ask_low,ask_close", "quote bars"),
    ],
)
def test_other_kinds_of_data_are_named_and_refused(write_csv, head, kind):
    error = faults(write_csv(head, ",".join("1" * len(head.split(","))))).first
    assert error.code == "FC1002"
    assert kind in error.message


def test_two_symbols_in_one_file_are_refused_and_one_can_be_chosen(write_csv):
    path = write_csv(f"symbol,{HEAD}", *[f"{symbol},{row(k)}" for k in (0, 1) for symbol in ("BTCUSDT", "ETHUSDT")])
    error = faults(path).first
    assert (error.code, error.where.row) == ("FC1009", 2)
    data = import_file(path, options(symbol="ETHUSDT"))
    assert (data.instrument.symbol, len(data.bars)) == ("ETH/USDT", 2)
    assert [(rule.name, rule.count) for rule in data.rules] == [("select_symbol", 2)]
    assert faults(path, symbol="XRPUSDT").first.code == "FC1009"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("btc-usdt_1m.csv", b""),
        ("btc-usdt_1m.parquet", b"PAR1\x00\x01"),
        ("btc-usdt_1m.parquet", b"PAR1" + bytes(200) + b"PAR1"),
        ("btc-usdt_1m.parquet", b"not a parquet file at all"),
        ("btc-usdt_1m.feather", b"ARROW1\0\0" + bytes(64)),
        ("btc-usdt_1m.json", b"[[1, 2, 3"),
        ("btc-usdt_1m.csv.gz", b"\x1f\x8b\x08\x00broken"),
        ("btc-usdt_1m.zip", b"PK\x03\x04broken"),
        ("btc-usdt_1m.csv", b"\x00\x01\x02\x03" * 100),
        ("btc-usdt_1m.csv", b"ts,open,high,low,close,volume\n"),
    ],
)
def test_unreadable_files_are_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert faults(path).first.code == "FC1001"


def test_a_parquet_file_cut_short_is_refused(tmp_path):
    whole = tmp_path / "btc-usdt_1m.parquet"
    pl.DataFrame({"ts": list(range(1000)), "open": [1.0] * 1000}).write_parquet(whole)
    cut = tmp_path / "eth-usdt_1m.parquet"
    cut.write_bytes(whole.read_bytes()[:-100])
    error = faults(cut).first
    assert (error.code, "cut short" in error.message) == ("FC1001", True)


def test_a_row_with_too_many_cells_is_refused(write_csv):
    assert faults(write_csv(HEAD, row(0), row(1) + ",7,8,9")).first.code == "FC1002"


def test_the_period_in_the_name_covers_a_thin_file(write_csv):
    data = import_file(write_csv(HEAD, row(0), row(5), row(10)), options())
    assert data.period_ns == 60 * 10**9


def test_a_period_that_contradicts_the_rows_is_refused(write_csv):
    path = write_csv(HEAD, row(0), row(1), row(2), name="btc-usdt_5m.csv")
    assert faults(path).first.code == "FC1008"
    assert import_file(path, options(period="1m")).period_ns == 60 * 10**9


def test_an_unknown_instrument_must_be_given(write_csv):
    path = write_csv(HEAD, row(0), row(1), name="export.csv")
    assert faults(path).first.code == "FC1018"
    assert import_file(path, options(instrument="eth-usdt")).instrument.symbol == "ETH/USDT"


def test_an_unknown_repair_is_refused(write_csv):
    assert faults(write_csv(HEAD, row(0), row(1)), "make_it_nice").first.code == "FC1011"


def test_optional_columns_with_holes_are_left_out_by_a_named_rule(write_csv):
    path = write_csv(f"{HEAD},trades", row(0) + ",5", row(1) + ",")
    data = import_file(path, options())
    assert data.bars.n_trades is None
    assert [(rule.name, rule.count) for rule in data.rules] == [("optional_column_dropped", 1)]


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path):
    path = tmp_path / "btc-usdt_1m.csv"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([HEAD, row(0), row(1), ""]).encode())
    assert len(import_file(path, options()).bars) == 2


def test_a_utf_16_file_is_read(tmp_path):
    path = tmp_path / "btc-usdt_1m.csv"
    path.write_bytes(
        "\n".join([HEAD.replace(",", "\t"), row(0).replace(",", "\t"), row(1).replace(",", "\t")]).encode("utf-16")
    )
    assert len(import_file(path, options()).bars) == 2


HEADER = "time,open,high,low,close,volume\n"
ROWS = [f"{1_704_067_200 + 60 * k},{k + 10}.5,{k + 11}.25,{k + 9}.5,{k + 10}.75,{k}.125" for k in range(5)]


def imported(tmp_path, text, **options):
    path = tmp_path / "bars.csv"
    path.write_text(text, newline="")
    data = import_file(path, ImportOptions(instrument="BTC/USDT", **options))
    return data, {rule.name: rule.count for rule in data.rules}


def refused(tmp_path, text, **options):
    with pytest.raises(RuntimeFault) as caught:
        imported(tmp_path, text, **options)
    return caught.value.first


def test_decimal_commas_are_read_and_stated(tmp_path):
    text = (HEADER + "\n".join(ROWS)).replace(",", ";").replace(".", ",")
    data, rules = imported(tmp_path, text)
    assert data.bars.open.tolist() == [10.5, 11.5, 12.5, 13.5, 14.5]
    assert rules == {"decimal_comma": 5}


def test_commas_that_may_part_thousands_are_refused(tmp_path):
    rows = [f"{1_704_067_200 + 60 * k};42,{k}00;42,{k}00;42,{k}00;42,{k}00;1" for k in range(5)]
    found = refused(tmp_path, HEADER.replace(",", ";") + "\n".join(rows))
    assert (found.code, found.where.row) == ("FC1006", 1)
    assert "thousands" in found.helps[0]


def test_comments_and_blank_lines_are_skipped_and_stated(tmp_path):
    data, rules = imported(tmp_path, "# from x\n\n" + HEADER + "\n\n".join(ROWS) + "\n# end\n")
    assert len(data.bars) == 5
    assert rules == {"skip_comments": 2, "skip_blank_lines": 4}


def test_spaces_behind_commas_do_not_matter(tmp_path):
    data, _ = imported(tmp_path, (HEADER + "\n".join(ROWS)).replace(",", ", "))
    assert data.bars.open[0] == 10.5


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_any_line_ending_is_read(tmp_path, ending):
    data, _ = imported(tmp_path, (HEADER + "\n".join(ROWS) + "\n").replace("\n", ending))
    assert len(data.bars) == 5


def test_a_row_with_too_many_values_is_named(tmp_path):
    found = refused(tmp_path, HEADER + "\n".join([*ROWS[:2], ROWS[2] + ",9", *ROWS[3:]]))
    assert (found.code, found.where.row) == ("FC1002", 3)
    assert found.message == "a row has 7 values, but there are 6 columns"


def test_rows_of_another_instrument_than_the_stated_one_are_refused(tmp_path):
    text = HEADER.strip() + ",symbol\n" + "\n".join(f"{row},ETHUSDT" for row in ROWS)
    found = refused(tmp_path, text)
    assert (found.code, found.message) == ("FC1014", "the rows are of ETH/USDT, not of BTC/USDT")
