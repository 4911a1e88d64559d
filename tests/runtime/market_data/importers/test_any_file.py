"""Every layout of books and trades gives the same columns, and every kind of broken row has its rule."""

from __future__ import annotations

import gzip
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.events import EventSet, Levels, Trades
from flashc.runtime.market_data.importers.any_file import combine, import_any
from flashc.runtime.market_data.importers.bars import ImportOptions
from flashc.runtime.market_data.importers.snapshots import Frames, to_updates
from flashc.runtime.market_data.synth.book import BookParameters, generate_book
from flashc.runtime.market_data.tapes.build import StreamNeed, build_tape
from support.book_replay import check_promises

OPTIONS = ImportOptions(instrument="BTC/USDC")


@pytest.fixture(scope="module")
def market() -> EventSet:
    return generate_book(BookParameters(duration_s=20, levels=8))


def same(found: Levels | Trades | None, wanted: Levels | Trades | None, *without: str) -> None:
    assert found is not None
    assert wanted is not None
    for name, column in wanted.columns().items():
        if name not in without:
            assert (getattr(found, name) == column).all(), name


def read(path: Path, options: ImportOptions = OPTIONS) -> EventSet:
    found = import_any(path, options)
    assert isinstance(found, EventSet)
    return found


def micros(column: np.ndarray) -> np.ndarray:
    return column // 1000


# --- books


def test_depth_with_update_ids(market, tmp_path):
    book = market.book
    columns = {"ts": micros(book.venue), "local_ts": micros(book.receive), "side": book.side, "price": book.price}
    ids = {"is_snapshot": book.snapshot, "first_id": book.first_id, "last_id": book.last_id}
    pl.DataFrame(columns | {"qty": book.qty} | ids).write_parquet(tmp_path / "btc-usdc_synth_depth.parquet")
    found = read(tmp_path / "btc-usdc_synth_depth.parquet", ImportOptions())
    same(found.book, book)
    assert found.trades is None
    assert (found.venue, found.instrument.symbol, found.rules) == ("synth", "BTC/USDC", ())


def test_tardis_incremental_book(market, tmp_path):
    book = market.book
    table = pl.DataFrame(
        {
            "exchange": "binance", "symbol": "BTCUSDC", "timestamp": micros(book.venue),
            "local_timestamp": micros(book.receive), "is_snapshot": book.snapshot,
            "side": np.where(book.side > 0, "bid", "ask"), "price": book.price, "amount": book.qty,
        }
    )  # fmt: skip
    path = tmp_path / "binance_incremental_book_L2_2024-01-01_BTCUSDC.csv.gz"
    path.write_bytes(gzip.compress(table.write_csv().encode()))
    found = read(path, ImportOptions())
    same(found.book, book, "first_id", "last_id")
    assert (found.venue, found.instrument.symbol) == ("binance", "BTC/USDC")


def test_tardis_book_snapshots_become_changes(tmp_path):
    path = tmp_path / "snap.csv"
    head = "exchange,symbol,timestamp,local_timestamp,asks[0].price,asks[0].amount,bids[0].price,bids[0].amount,"
    head += "asks[1].price,asks[1].amount,bids[1].price,bids[1].amount"
    start = 1_704_067_200_000_000
    rows = ["101,1,99,1,102,1,98,1", "101,1,99,1,102,1,98,1", "101,2,99,1,103,1,,", "101,2,98,5,102,4,97,1"]
    lines = [f"bybit,BTCUSDC,{start + k},{start + k + 5},{row}" for k, row in enumerate(rows)]
    path.write_text("\n".join([head, *lines]) + "\n")
    book = read(path).book
    assert book is not None
    changes = list(zip(book.side.tolist(), book.price.tolist(), book.qty.tolist(), book.snapshot.tolist(), strict=True))
    assert changes[:4] == [(1, 99.0, 1.0, True), (1, 98.0, 1.0, True), (-1, 101.0, 1.0, True), (-1, 102.0, 1.0, True)]
    assert changes[4:8] == [
        (1, 98.0, 0.0, False),
        (-1, 102.0, 0.0, False),
        (-1, 101.0, 2.0, False),
        (-1, 103.0, 1.0, False),
    ]
    assert int(book.ends.sum()) == 3


def test_changes_give_the_whole_books_back():
    rng = np.random.default_rng(3)
    message = np.sort(rng.integers(0, 40, 600))
    side, price = rng.choice(np.array([1, -1], np.int8), 600), rng.integers(1, 30, 600).astype(float)
    _, first = np.unique(np.column_stack((message, side, price)), axis=0, return_index=True)
    message, side, price = message[first], side[first], price[first]
    message = np.unique(message, return_inverse=True)[1]
    qty = rng.integers(1, 4, len(first)).astype(float)
    stamps = np.arange(int(message[-1]) + 1, dtype=np.int64) + 10**18
    book = to_updates(Frames(message, side, price, qty, stamps, stamps, stamps))
    held: dict[tuple[int, float], float] = {}
    for k in range(len(book)):
        held[int(book.side[k]), float(book.price[k])] = float(book.qty[k])
        if book.ends[k]:
            now = message == book.receive[k] - 10**18
            wanted = {(int(s), float(p)): float(q) for s, p, q in zip(side[now], price[now], qty[now], strict=True)}
            assert {key: size for key, size in held.items() if size} == wanted


@pytest.mark.parametrize(
    "names",
    [
        ("update_id", "best_bid_price", "best_bid_qty", "best_ask_price", "best_ask_qty", "transaction_time", "event_time"),
        ("last_id", "bid", "bid_qty", "ask", "ask_qty", "ts", "local_ts"),
    ],
)  # fmt: skip
def test_best_prices_are_a_book_of_one_level(names, tmp_path):
    start = 1_704_067_200_000
    rows = [f"{k},{100 + k % 3},1.5,{101 + k % 3},{2 + k},{start + k},{start + k + 3}" for k in range(20)]
    path = tmp_path / "BTCUSDC-bookTicker-2024-01-01.csv"
    path.write_text("\n".join([",".join(names), *rows]) + "\n")
    data = read(path)
    tape = build_tape([data], [StreamNeed("book", "BTC/USDC", 0, 2, 6)])
    assert tape.streams[0].depth == 1
    assert [top[2:] for top in check_promises(tape)[0]] == [
        (100_00 + k % 3 * 100, 101_00 + k % 3 * 100) for k in range(20)
    ]


def test_binance_depth_history(tmp_path):
    head = "symbol,timestamp,first_update_id,last_update_id,side,update_type,price,qty,pu"
    start = 1_704_067_200_000
    rows = [f"BTCUSDC,{start},1,5,b,snap,99,1,-1", f"BTCUSDC,{start},1,5,a,snap,101,1,-1"]
    rows += [f"BTCUSDC,{start + k},{k + 5},{k + 5},a,set,101,{k},{k + 4}" for k in range(1, 9)]
    path = tmp_path / "BTCUSDC_T_DEPTH_2024-01-01_depth_update.csv"
    path.write_text("\n".join([head, *rows]) + "\n")
    found = read(path)
    assert found.book is not None
    assert found.book.snapshot.tolist() == [True, True] + [False] * 8
    assert {rule.name for rule in found.rules} == {"no_receive_time"}


def test_depth_by_percentage_is_refused(tmp_path):
    path = tmp_path / "BTCUSDC-bookDepth-2024-01-01.csv"
    path.write_text("timestamp,percentage,depth,notional\n2024-01-01 00:00:09,-5,8.1,331000\n")
    with pytest.raises(RuntimeFault) as caught:
        import_any(path)
    assert "by percentage" in caught.value.first.message


# --- trades


def trade_rows(trades: Trades, *names: str) -> list[str]:
    maker = np.where(trades.side > 0, "false", "true")
    cells = {
        "id": trades.trade_id, "price": trades.price, "qty": trades.qty, "quote": trades.qty, "first": trades.trade_id,
        "ms": trades.venue // 10**6, "maker": maker, "best": np.full(len(trades), "true"),
    }  # fmt: skip
    return [",".join(str(cells[name][k]) for name in names) for k in range(len(trades))]


@pytest.mark.parametrize(
    ("head", "names", "layout"),
    [
        ("", ("id", "price", "qty", "quote", "ms", "maker", "best"), "Binance trades"),
        ("", ("id", "price", "qty", "quote", "ms", "maker"), "Binance trades"),
        ("", ("id", "price", "qty", "first", "first", "ms", "maker", "best"), "Binance aggregated trades"),
        ("", ("id", "price", "qty", "first", "first", "ms", "maker"), "Binance aggregated trades"),
        (
            "id,price,qty,quote_qty,time,is_buyer_maker",
            ("id", "price", "qty", "quote", "ms", "maker"),
            "Binance trades",
        ),
        (
            "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker",
            ("id", "price", "qty", "first", "first", "ms", "maker"),
            "Binance trades",
        ),
    ],
)
def test_binance_trade_dumps(head, names, layout, market, tmp_path):
    path = tmp_path / "BTCUSDC-trades-2024-01-01.zip"
    lines = [head, *trade_rows(market.trades, *names)] if head else trade_rows(market.trades, *names)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("BTCUSDC-trades-2024-01-01.csv", "\n".join(lines) + "\n")
    found = read(path, ImportOptions())
    same(found.trades, market.trades, "receive", "venue")
    assert found.trades is not None
    assert (found.trades.venue == market.trades.venue // 10**6 * 10**6).all()
    assert found.facts is not None
    assert found.facts["layout"] == layout
    assert {rule.name for rule in found.rules} == {"no_receive_time"}


def test_tardis_trades(market, tmp_path):
    trades = market.trades
    table = pl.DataFrame(
        {
            "exchange": "binance", "symbol": "BTCUSDC", "timestamp": micros(trades.venue),
            "local_timestamp": micros(trades.receive), "id": trades.trade_id,
            "side": np.where(trades.side > 0, "buy", "sell"), "price": trades.price, "amount": trades.qty,
        }
    )  # fmt: skip
    table.write_csv(tmp_path / "trades.csv")
    same(read(tmp_path / "trades.csv").trades, trades)


def test_ccxt_trades(market, tmp_path):
    t = market.trades
    rows = [
        {"id": str(t.trade_id[k]), "timestamp": int(t.venue[k] // 10**6), "symbol": "BTC/USDC", "info": {"x": 1},
         "side": "buy" if t.side[k] > 0 else "sell", "price": float(t.price[k]), "amount": float(t.qty[k])}
        for k in range(len(t))
    ]  # fmt: skip
    (tmp_path / "trades.json").write_text(json.dumps(rows))
    found = read(tmp_path / "trades.json", ImportOptions())
    same(found.trades, t, "receive", "venue")
    assert found.instrument.symbol == "BTC/USDC"


def test_trades_from_newest_to_oldest_are_turned_round(market, tmp_path):
    lines = trade_rows(market.trades, "id", "price", "qty", "quote", "ms", "maker")
    lines = [line for k, line in enumerate(lines) if k % 40 == 0]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["id,price,qty,quote_qty,time,is_buyer_maker", *reversed(lines)]) + "\n")
    found = read(path)
    assert found.trades is not None
    assert (np.diff(found.trades.trade_id) > 0).all()
    assert "reverse_rows" in {rule.name for rule in found.rules}


# --- recordings


def recording(market: EventSet, stamp: bool = True) -> bytes:
    """The market as websocket lines, combined stream, with the snapshot asked for after three messages."""
    book, t = market.book, market.trades
    ends = np.flatnonzero(book.ends)
    lines = []
    for number, (first, stop) in enumerate(zip(np.concatenate(([0], ends[:-1] + 1)), ends + 1, strict=True)):
        sides = {1: [], -1: []}
        for k in range(first, stop):
            sides[int(book.side[k])].append([f"{book.price[k]:.2f}", f"{book.qty[k]:.6f}"])
        if number == 0:
            data = {"lastUpdateId": 1, "bids": sides[1], "asks": sides[-1]}
            lines.append((book.receive[first] + 350_000_000, data))
            continue
        data = {"e": "depthUpdate", "E": int(book.venue[first]) // 10**6, "s": "BTCUSDC", "U": int(book.first_id[first]),
                "u": int(book.last_id[first]), "b": sides[1], "a": sides[-1]}  # fmt: skip
        lines.append((book.receive[first], {"stream": "btcusdc@depth@100ms", "data": data}))
    for k in range(len(t)):
        data = {"e": "trade", "E": 1, "s": "BTCUSDC", "t": int(t.trade_id[k]), "p": str(t.price[k]), "q": str(t.qty[k]),
                "T": int(t.venue[k]) // 10**6, "m": bool(t.side[k] < 0)}  # fmt: skip
        lines.append((t.receive[k], {"stream": "btcusdc@trade", "data": data}))
    lines.append((t.receive[-1], {"stream": "btcusdc@kline_1m", "data": {"e": "kline", "s": "BTCUSDC"}}))
    lines.sort(key=lambda line: line[0])
    return "".join(f"{time if stamp else ''} {json.dumps(data)}\n" for time, data in lines).encode()


@pytest.mark.parametrize("packed", [True, False])
def test_recorded_messages_give_a_book_and_its_trades(packed, market, tmp_path):
    path = tmp_path / ("btcusdc_20240101.gz" if packed else "btcusdc_20240101.jsonl")
    path.write_bytes(gzip.compress(recording(market)) if packed else recording(market))
    found = read(path, ImportOptions())
    same(found.trades, market.trades, "venue")
    assert found.book is not None
    assert len(found.book) == len(market.book)
    needs = [StreamNeed(kind, "BTC/USDC", 0, 2, 6) for kind in ("book", "trade")]
    tops = [check_promises(build_tape([data], needs))[0] for data in (found, market)]
    assert tops[0][-1] == tops[1][-1]
    tape = build_tape([found], needs)
    assert next(rule.count for rule in tape.rules if rule.name == "snapshot_in_place") == 3
    assert {"skip_messages", "no_venue_time"} <= {rule.name for rule in found.rules}


def test_a_recording_cut_short_is_refused_with_its_line(market, tmp_path):
    path = tmp_path / "btcusdc.jsonl"
    content = recording(market)[:20_000]
    path.write_bytes(content)
    with pytest.raises(RuntimeFault) as caught:
        import_any(path)
    assert (caught.value.first.code, caught.value.first.where.row) == ("FC1001", content.count(b"\n") + 1)


def test_hftbacktest_events(market, tmp_path):
    kind = [("ev", "u8"), ("exch_ts", "i8"), ("local_ts", "i8"), ("px", "f8"), ("qty", "f8"), ("order_id", "u8"),
            ("ival", "i8"), ("fval", "f8")]  # fmt: skip
    rows = []
    for part, plain in ((market.book, 1), (market.trades, 2)):
        for k in range(len(part)):
            event = 4 if plain == 1 and part.snapshot[k] else plain
            flags = event | 1 << 31 | 1 << 30 | (1 << 29 if part.side[k] > 0 else 1 << 28)
            rows.append((flags, part.venue[k], part.receive[k], part.price[k], part.qty[k], 0, 0, 0.0))
    rows.sort(key=lambda row: row[2])
    rows.append((1 | 1 << 31 | 1 << 29, rows[-1][1], rows[-1][2], 1.0, 1.0, 0, 0, 0.0))  # for the exchange side alone
    array = np.array(rows, dtype=kind)
    np.savez_compressed(tmp_path / "btcusdc_20240101.npz", data=array)
    np.save(tmp_path / "btcusdc.npy", array)
    for name in ("btcusdc_20240101.npz", "btcusdc.npy"):
        found = read(tmp_path / name, ImportOptions())
        same(found.book, market.book, "first_id", "last_id")
        same(found.trades, market.trades, "trade_id")


def test_several_symbols_need_one_to_be_named(tmp_path):
    path = tmp_path / "t.csv"
    rows = [f"{symbol},{1_704_067_200_000 + k},100.5,1,buy" for k, symbol in enumerate(("BTCUSDC", "ETHUSDC"))]
    path.write_text("\n".join(["symbol,timestamp,price,amount,side", *rows]) + "\n")
    with pytest.raises(RuntimeFault) as caught:
        import_any(path)
    assert caught.value.first.code == "FC1009"
    found = read(path, ImportOptions(symbol="ETHUSDC"))
    assert found.instrument.symbol == "ETH/USDC"
    assert "select_symbol" in {rule.name for rule in found.rules}


# --- several files


def test_books_and_trades_of_several_files_become_one_data_set(market):
    half = len(market.trades) // 2
    book, old = replace(market, trades=None), replace(market, book=None)
    first, second = (replace(old, trades=old.trades.take(part)) for part in (slice(0, half), slice(half, None)))
    whole = combine([second, book, first], "one")
    same(whole.trades, market.trades)
    same(whole.book, market.book)


def test_files_that_overlap_or_are_of_other_instruments_are_refused(market):
    trades = replace(market, book=None)
    with pytest.raises(RuntimeFault) as caught:
        combine([trades, trades], "one")
    assert caught.value.first.code == "FC1004"
    eth = generate_book(BookParameters(duration_s=5, instrument="ETH/USDC"))
    with pytest.raises(RuntimeFault) as caught:
        combine([market, eth], "one")
    assert caught.value.first.code == "FC1014"
