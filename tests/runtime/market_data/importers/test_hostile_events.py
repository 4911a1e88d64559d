"""Any bytes are market data or a fault with a code, and what is accepted gives a tape that keeps its promises."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.events import EventSet
from flashc.runtime.market_data.importers.any_file import import_any
from flashc.runtime.market_data.importers.bars import ImportOptions
from flashc.runtime.market_data.synth.book import BookParameters, generate_book
from flashc.runtime.market_data.tapes.build import StreamNeed, build_tape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.bar_files import damage_everywhere
from support.book_replay import check_promises
from support.tables import edit, edit_record, files

FUZZ = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
PLAIN = ImportOptions(instrument="BTC/USDT")
ALL = ImportOptions(instrument="BTC/USDT", repairs=frozenset({"all"}), now_ns=1_800_000_000 * 10**9)


def accepted_or_refused(path: Path) -> int:
    accepted = 0
    for options in (PLAIN, ALL):
        try:
            data = import_any(path, options)
            if not isinstance(data, EventSet):
                continue
            kinds = ["book" if kind == "book" else "trade" for kind in data.parts()]
            tape = build_tape([data], [StreamNeed(kind, "BTC/USDT", 0, 2, 6) for kind in kinds])
        except RuntimeFault:
            continue
        check_promises(tape)
        accepted += 1
    return accepted


cells = st.one_of(
    st.sampled_from(["", "nan", "inf", "-1", "0", "1e400", "1e-320", "9" * 30, '"', "true", "bid", "sell", "é"]),
    st.integers(-(2**70), 2**70).map(str),
    st.integers(0, 50).map(lambda k: str(1_704_067_200_000 + 60 * k)),
    st.floats(0.01, 200).map(lambda x: f"{x:.2f}"),
    st.text(max_size=4),
)
HEADS = (
    "ts,local_ts,side,price,qty,is_snapshot,last_id",
    "ts,local_ts,price,qty,is_buyer_maker,trade_id",
    "ts,local_ts,bid,bid_qty,ask,ask_qty,update_id",
    "exchange,symbol,timestamp,local_timestamp,asks[0].price,asks[0].amount,bids[0].price,bids[0].amount",
    "",
)
likely = st.tuples(st.integers(0, 40), st.sampled_from([1, -1]), st.integers(9_000, 11_000), st.integers(0, 9)).map(
    lambda r: [str(1_704_067_200_000_000 + r[0]), str(1_704_067_200_000_500 + r[0]), str(r[1]), f"{r[2] / 100}",
               f"{r[3] / 10}", "false", str(r[0])]
)  # fmt: skip


@FUZZ
@given(
    head=st.sampled_from(HEADS), table=st.lists(st.one_of(likely, st.lists(cells, min_size=5, max_size=8)), max_size=9)
)
def test_any_table_of_text(tmp_path, head, table):
    path = tmp_path / "events.csv"
    path.write_text("\n".join([head, *(",".join(row) for row in table)]), encoding="utf-8", errors="replace")
    accepted_or_refused(path)


@FUZZ
@given(st.lists(likely, min_size=4, max_size=40))
def test_any_disorder_of_depth(tmp_path, table):
    path = tmp_path / "depth.csv"
    path.write_text("\n".join([HEADS[0], *(",".join(row) for row in table)]) + "\n")
    accepted_or_refused(path)


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.text(max_size=5), st.floats()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("eTEUubapqmtsBA"), inner, max_size=5)),
    max_leaves=8,
)  # fmt: skip


@FUZZ
@given(
    st.lists(st.tuples(st.integers(-5, 2**64), st.sampled_from(["trade", "depthUpdate", "x"]), values), max_size=5),
    st.booleans(),
)
def test_any_recorded_line(tmp_path, lines, packed):
    texts = []
    for stamp, kind, value in lines:
        data = value if isinstance(value, dict) else {"b": value, "a": value, "U": 1, "u": 2, "E": 3}
        texts.append(f"{stamp} {json.dumps({'e': kind} | data)}\n")
    path = tmp_path / "recording.gz"
    content = "".join(['1704067200000000000 {"e":"trade"}\n', *texts]).encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    accepted_or_refused(path)


def npz_bytes() -> bytes:
    kind = [("ev", "u8"), ("exch_ts", "i8"), ("local_ts", "i8"), ("px", "f8"), ("qty", "f8")]
    start, flags = 1_704_067_200 * 10**9, 1 << 31 | 1 << 30
    rows = [(1 | flags | 1 << (29 - k % 2), start + k, start + k + 5, 99.0 + 2 * (k % 2), 1.0) for k in range(30)]
    buffer = io.BytesIO()
    np.savez(buffer, data=np.array(rows, dtype=kind))
    return buffer.getvalue()


def test_damaged_arrays(tmp_path):
    content, path = npz_bytes(), tmp_path / "events.npz"
    path.write_bytes(content)
    assert accepted_or_refused(path) == 2
    damage_everywhere(path, content, accepted_or_refused)


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': [('ev', '<u8'), ('exch_ts', '<i8'), ('local_ts', '<i8'), ('px', '<f8'), ('qty', '<f8')],"
        " 'fortran_order': False, 'shape': (1152921504606846976,), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': [('ev', '<u8')], 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 6), }",
        "__import__('os').getcwd()",
    ],
)
def test_an_array_that_claims_too_much_is_refused_before_it_is_read(header, tmp_path):
    text = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    path = tmp_path / "events.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.npy", b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + b"\0" * 96)
    with pytest.raises(RuntimeFault) as caught:
        import_any(path, PLAIN)
    assert caught.value.first.code in ("FC1001", "FC1002")


STRANGE: list[dict[str, object]] = [
    {"ts": [None, None]}, {"ts": [True, False]}, {"local_ts": [[1], [2]]}, {"side": [[1], [2]]}, {"side": [1.5, 2.0]},
    {"price": ["a", "b"]}, {"qty": [[1], [2]]}, {"last_id": ["x", "y"]}, {"is_snapshot": [None, None]},
]  # fmt: skip


@pytest.mark.parametrize("columns", STRANGE)
def test_columns_of_strange_types(tmp_path, columns):
    stamps = [1_704_067_200_000_000, 1_704_067_200_000_001]
    good = {"ts": stamps, "local_ts": stamps, "side": [1, -1], "price": [99.0, 101.0], "qty": [1.0, 1.0],
            "is_snapshot": [True, True], "last_id": [1, 1]}  # fmt: skip
    path = tmp_path / "depth.parquet"
    pl.DataFrame({**good, **columns}, strict=False).write_parquet(path)
    assert accepted_or_refused(path) in (0, 1, 2)


@pytest.mark.parametrize("content", [b"", b"{", b'{"e":"trade"', b"\x93NUMPY", b"PK\x03\x04", b"\x1f\x8b", b"1 {}"])
@pytest.mark.parametrize("name", ["x.npz", "x.jsonl", "x.csv", "x.gz"])
def test_fragments_are_refused(content, name, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RuntimeFault):
        import_any(path, PLAIN)


def test_stored_columns_that_were_changed_are_refused(tmp_path):
    from flashc.runtime.market_data.store.sets import load, save

    record = save(generate_book(BookParameters(duration_s=5)), tmp_path)
    folder = record.path.folder
    [path] = files(folder, "book")
    whole = path.read_bytes()
    for broken in (
        lambda frame: frame.drop("qty"),
        lambda frame: frame.head(3),
        lambda frame: frame.with_columns(pl.col("side").cast(pl.Int64)),
        lambda frame: frame.with_columns(price=None),
    ):
        edit(folder, "book", broken)
        with pytest.raises(RuntimeFault) as caught:
            load(record.path)
        assert caught.value.first.code == "FC1013"
        path.write_bytes(whole)
    for damage in ({"days": {"book": {"2024-01-01": [3]}}}, {"days": {"candles": {}}}, {"format": "flashc-data/9"}):
        edit_record(
            folder, lambda info, damage=damage: info.update(flashc=json.dumps(json.loads(info["flashc"]) | damage))
        )
        with pytest.raises(RuntimeFault) as caught:
            load(record.path)
        assert caught.value.first.code == "FC1013"


def test_rows_of_a_file_in_another_order_are_read_in_theirs(tmp_path):
    from flashc.runtime.market_data.day_parts import events_hash
    from flashc.runtime.market_data.store.sets import load, save

    data = generate_book(BookParameters(duration_s=5))
    record = save(data, tmp_path)
    edit(record.path.folder, "book", lambda frame: frame.reverse())
    read = load(record.path)
    assert read.book.last_id.tolist() == data.book.last_id.tolist()
    assert events_hash(read) == record.content_hash
