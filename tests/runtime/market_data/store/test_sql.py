"""Questions to data sets in SQL: right answers, one message for a wrong question, and nothing else in reach."""

from __future__ import annotations

import datetime as dt
import os
import signal
import threading
from pathlib import Path

import polars as pl
import pytest
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.store import sql
from flashc.runtime.market_data.store.sets import append, save
from flashc.runtime.market_data.store.sql import ask, parts, write
from flashc.runtime.market_data.store.sql_scope import EVERYTHING
from flashc.runtime.market_data.synth.book import BookParameters, generate_book


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    import numpy as np
    from flashc.runtime.market_data.bars import Bars, Dataset
    from flashc.runtime.market_data.instruments import Instrument

    folder = tmp_path_factory.mktemp("root")
    ts = 1_704_067_200 * 10**9 + np.arange(3000, dtype=np.int64) * 60 * 10**9
    close = np.arange(3000) + 1.0
    bars = Bars(ts, close, close, close, close, close)
    data = Dataset("btc_1m", Instrument("BTC", "USDC"), "o'hare", 60 * 10**9, bars)
    save(
        Dataset(
            *[getattr(data, name) for name in ("name", "instrument", "venue", "period_ns")], bars.take(slice(0, 9))
        ),
        folder,
    )
    append(data, folder)
    save(generate_book(BookParameters(duration_s=5, levels=5), "btc-l2"), folder)
    return folder


def test_bars_are_a_table_with_times_and_days(root):
    found = ask(
        "SELECT min(time), max(ts), count(*), sum(volume), min(venue) FROM btc_1m WHERE day = '2024-01-02'", root
    )
    assert found.rows == [
        (dt.datetime(2024, 1, 2), 1_704_240_000 * 10**9 - 60 * 10**9, 1440, 1440 * (1441 + 2880) / 2, "o'hare")
    ]
    assert ask("FROM BTC_1M.bars LIMIT 0", root).columns[0] == ("time", "TIMESTAMP")


def test_versions_can_be_joined(root):
    query = 'SELECT count(*), (SELECT count(*) FROM btc_1m) FROM "btc_1m@0" a JOIN btc_1m b USING (ts) WHERE a.close = b.close'
    assert ask(query, root).rows == [(9, 3000)]


def test_a_book_and_trades_have_a_view_each(root):
    [(rows, last)] = ask('SELECT count(*), max("row") FROM "btc-l2".book', root).rows
    assert rows == last + 1 > 0
    assert ask('SELECT DISTINCT instrument FROM "btc-l2".trades', root).rows == [("BTC/USDC",)]
    names = {row[0] for row in ask("SHOW TABLES", root).rows}
    assert names == {"btc_1m"}


def test_the_limit_says_whether_there_is_more(root):
    assert (len(ask("FROM btc_1m", root, 2).rows), ask("FROM btc_1m", root, 2).more) == (2, True)
    assert ask("FROM btc_1m LIMIT 2", root, 2).more is False


def test_answers_become_files_whole_or_not_at_all(root, tmp_path):
    assert write("SELECT time, close FROM btc_1m -- all\n;", tmp_path / "a.parquet", root) == 3000
    assert pl.read_parquet(tmp_path / "a.parquet")["close"].sum() == 3000 * 3001 / 2
    assert write("SELECT close FROM btc_1m ORDER BY ts LIMIT 1", tmp_path / "a.csv", root) == 1
    assert (tmp_path / "a.csv").read_text() == "close\n1.0\n"
    with pytest.raises(RuntimeFault):
        write("SELECT error('no') FROM btc_1m", tmp_path / "b.csv", root)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.parquet"]
    with pytest.raises(RuntimeFault) as caught:
        write("SELECT 1", tmp_path / "absent" / "b.csv", root)
    assert caught.value.first.code in ("FC1017", "FC1024")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("selec 1", "syntax error"),
        ("SELECT clsoe FROM btc_1m", 'column "clsoe"'),
        ("SELECT * FROM btc_2m", "btc_2m does not exist"),
        ("", "0 statements"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("SELECT 1 / (SELECT 'x'::INT)", "convert"),
        ("SELECT * FROM 'btc_1m@7'", "btc_1m@7"),
        ("\0", "syntax error"),
    ],
)
def test_a_wrong_question_is_one_message_in_the_words_of_duckdb(root, query, says):
    with pytest.raises(RuntimeFault) as caught:
        ask(query, root)
    [found] = caught.value.faults
    assert (found.code, found.is_usage) == ("FC1024", True)
    assert says.lower() in found.message.lower()


def test_the_place_and_near_names_are_shown(root):
    with pytest.raises(RuntimeFault) as caught:
        ask("SELECT *\nFROM btc_2m", root)
    assert caught.value.first.notes == ("LINE 2: FROM btc_2m\n             ^^^^^^",)
    assert caught.value.first.helps[0] == "did you mean `btc_1m`?"
    with pytest.raises(RuntimeFault) as caught:
        ask('SELECT * FROM "btc-l2"', root)
    assert "`btc-l2.book`" in caught.value.first.helps[0]
    with pytest.raises(RuntimeFault) as caught:
        ask('SELECT * FROM "btc_1m@7"', root)
    assert caught.value.first.code == "FC1020"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/hostname')",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM '/etc/hostname'",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM 'https://127.0.0.1:1/x.parquet'",
        "COPY btc_1m TO '/tmp/x.csv'",
        "ATTACH '/tmp/x.db'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "CREATE TABLE x AS SELECT 1",
        "PRAGMA database_list",
    ],
)
def test_nothing_but_data_sets_is_in_reach(root, query):
    with pytest.raises(RuntimeFault) as caught:
        ask(query, root)
    assert caught.value.first.code == "FC1024"


def test_the_names_that_need_quotes_are_shown_in_them(root):
    for query, name in (
        ("SELECT * FROM btc-l2.book", "btc-l2"),
        ("SELECT *\nFROM btc_1m@0", "btc_1m@0"),
        ("FROM btc_1m@2024-01-01T10:00 LIMIT 1", "btc_1m@2024-01-01T10:00"),
    ):
        with pytest.raises(RuntimeFault) as caught:
            ask(query, root)
        assert f'`"{name}"`' in caught.value.first.helps[0]


@pytest.fixture
def partly_damaged(root, tmp_path) -> Path:
    """A root with a data set that is well, one of an earlier release, and one whose rows are damaged."""
    import shutil

    shutil.copytree(root / "btc_1m", tmp_path / "btc_1m")
    shutil.copytree(root / "btc_1m", tmp_path / "bad")
    for path in (tmp_path / "bad").rglob("*.parquet"):
        path.write_bytes(b"PAR1 nothing of the kind PAR1")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "dataset.json").write_text("{}")
    return tmp_path


def test_a_damaged_data_set_is_in_nobody_elses_way(partly_damaged):
    assert ask("SELECT 1", partly_damaged).rows == [(1,)]
    assert ask("SHOW TABLES", partly_damaged).rows == [("btc_1m",)]
    assert ask("SELECT count(*) FROM btc_1m", partly_damaged).rows == [(3000,)]
    for query, code in (("FROM bad", "FC1013"), ("FROM old", "FC1019"), ("FROM absent", "FC1024")):
        with pytest.raises(RuntimeFault) as caught:
            ask(query, partly_damaged)
        assert caught.value.first.code == code


def test_many_rows_come_in_parts(root):
    query = "SELECT a.ts, b.ts FROM btc_1m a, btc_1m b LIMIT 50_000"
    sizes = [(len(part.rows), part.more, len(part.columns)) for part in parts(query, root)]
    assert sizes == [(20_000, True, 2), (20_000, True, 2), (10_000, False, 2)]
    [empty] = parts("SELECT ts FROM btc_1m LIMIT 0", root)
    assert (empty.columns, list(empty.rows), empty.more) == ((("ts", "BIGINT"),), [], False)


@pytest.fixture
def ctrl_c():
    """Ctrl-C as Python takes it, also where the tests run in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("to_file", [False, True])
def test_ctrl_c_ends_a_question_without_an_end(root, tmp_path, to_file):
    query = "SELECT count(*) FROM btc_1m a, btc_1m b, btc_1m c, btc_1m d WHERE a.ts + b.ts > c.ts + d.ts"
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        write(query, tmp_path / "a.csv", root) if to_file else ask(query, root)
    timer.join()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) FROM btc_1m WHERE day = '1999-01-01'",
        "SELECT min(ts), max(ts) FROM btc_1m WHERE time > '2024-01-01 23:00' AND '2024-01-02 01:00' >= time",
        "SELECT DATE '2024-01-01' AS day, count(*) FROM btc_1m WHERE day = '2024-01-02' GROUP BY 1",
        "SELECT (SELECT count(*) FROM btc_1m WHERE day = '2024-01-02') - (SELECT count(*) FROM btc_1m.bars)",
        "WITH btc_1m AS (SELECT day + 1 AS day FROM btc_1m.bars) SELECT count(*) FROM btc_1m WHERE day = '2024-01-02'",
    ],
)
def test_days_that_a_query_does_not_read_change_nothing(query, root, monkeypatch):
    found = ask(query, root).rows
    monkeypatch.setattr(sql, "scope_of", lambda base, text: EVERYTHING)
    assert found == ask(query, root).rows
