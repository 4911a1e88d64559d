"""Copies in real database servers on loopback: what was written is read back by the servers' own means."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flashc.cli.app import run
from flashc.runtime.errors import RuntimeFault
from flashc.runtime.market_data.sinks import database, influx
from flashc.runtime.market_data.sinks.batches import batches
from flashc.runtime.market_data.sinks.database import describe
from flashc.runtime.market_data.sinks.target import Target, parse_target
from sqlalchemy import MetaData, text
from sqlalchemy.exc import OperationalError
from support.database_servers import DEADLINE_S, has_timescaledb, influxdb, postgresql
from support.free_port import free_port
from support.sink_data import bars, trades

pytestmark = pytest.mark.xdist_group("databases")


@pytest.fixture(scope="module")
def influx_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with influxdb(tmp_path_factory.mktemp("influx")) as port:
        yield port


@pytest.fixture(scope="module")
def postgres_port() -> Iterator[int]:
    with postgresql() as port:
        yield port


def ask(port: int, query: str) -> list[list[Any]]:
    """Rows of an InfluxQL query, times in ns."""
    parts = urllib.parse.urlencode({"db": "market", "q": query, "epoch": "ns"})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/query?{parts}", timeout=DEADLINE_S) as found:
        (result,) = json.load(found)["results"]
    return [row for series in result.get("series", []) for row in series["values"]]


def test_influxdb_holds_what_was_copied_once_however_often_it_is_copied(influx_port: int) -> None:
    target, heard = parse_target(f"influxdb://127.0.0.1:{influx_port}/market"), list[int]()
    for _ in range(2):
        influx.write(target, batches(bars(), rows=1), {}, heard.append)
        influx.write(target, batches(trades()), {}, heard.append)
    assert heard == [1, 2, 1, 4] * 2
    found = ask(influx_port, "select close, n_trades from flashc_bars")
    data = bars().bars
    assert found == [
        list(row) for row in zip(data.ts.tolist(), data.close.tolist(), data.n_trades.tolist(), strict=True)
    ]
    prices = ask(influx_port, "select price, trade_id from flashc_trades")
    assert sorted(row[1] for row in prices) == [10.0, 10.5, 11.0]
    assert sorted(row[2] for row in prices) == [0, 8, 9]
    assert ask(influx_port, "select qty, snapshot from flashc_book")[0][1:] == [0, True]


def test_postgresql_holds_what_was_copied_once_however_often_it_is_copied(postgres_port: int) -> None:
    target = parse_target(f"postgresql://flashc@127.0.0.1:{postgres_port}/market")
    for _ in range(2):
        assert not database.write(target, batches(bars(), rows=1), lambda done: None).hypertables
        database.write(target, batches(trades()), lambda done: None)
    with database._engine(target).begin() as connection:
        rows = connection.execute(
            text("select ns, close, notional, n_trades, period from flashc_bars where dataset = :name order by ns"),
            {"name": bars().name},
        ).all()
        prices = connection.execute(text("select n, side, price from flashc_trades order by ns, n")).all()
        book = connection.execute(text("select qty, snapshot, first_id from flashc_book")).all()
    data = bars().bars
    assert [row[:2] for row in rows] == list(zip(data.ts.tolist(), data.close.tolist(), strict=True))
    assert [row[2:] for row in rows] == [(None, 3, "1m"), (None, 4, "1m")]
    assert [tuple(row) for row in prices] == [(0, 1, 10.0), (1, -1, 10.5), (0, 1, 11.0)]
    assert [tuple(row) for row in book] == [(0.0, True, 1)]


def test_a_table_of_other_columns_is_refused_with_the_servers_words(postgres_port: int) -> None:
    target = parse_target(f"postgresql://flashc@127.0.0.1:{postgres_port}/postgres")
    with database._engine(target).begin() as connection:
        connection.execute(text("create table flashc_bars (x int)"))
    with pytest.raises(RuntimeFault) as caught:
        database.write(target, batches(bars()), lambda done: None)
    assert caught.value.first.code == "FC1042"
    assert "column" in caught.value.first.notes[0]


@pytest.mark.parametrize("scheme", ["influxdb", "postgresql"])
def test_nobody_at_the_address_is_one_fault(scheme: str) -> None:
    target = parse_target(f"{scheme}://me@127.0.0.1:{free_port()}/market")
    with pytest.raises(RuntimeFault) as caught:
        copy(target)
    assert caught.value.first.code == "FC1041"


def test_the_command_copies_a_stored_data_set(postgres_port: int, tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    root = ["--root", str(tmp_path)]
    assert run(["data", "synth", "--seed", "7", "--bars", "300", "--name", "demo", *root]) == 0
    capsys.readouterr()
    url = f"postgresql://flashc@127.0.0.1:{postgres_port}/market"
    assert run(["data", "export", "demo", "--to", url, "--json", *root]) == 0
    assert json.loads(capsys.readouterr().out)["export"]["rows"] == 300
    with database._engine(parse_target(url)).begin() as connection:
        count = connection.execute(text("select count(*) from flashc_bars where dataset = 'demo'")).scalar()
    assert count == 300


def copy(target: Target) -> None:
    if target.is_influx:
        influx.write(target, batches(bars()), {}, lambda done: None)
    else:
        database.write(target, batches(bars()), lambda done: None)


# ---- TimescaleDB


@pytest.fixture(scope="module")
def timescale_port() -> Iterator[int]:
    if not has_timescaledb():
        pytest.skip("TimescaleDB is not installed")
    with postgresql(preload="timescaledb") as port:
        yield port


def sql(port: int, *statements: str, user: str = "flashc", name: str = "market") -> list[tuple[Any, ...]]:
    """Rows of the last statement."""
    with database._engine(parse_target(f"postgresql://{user}@127.0.0.1:{port}/{name}")).begin() as connection:
        for statement in statements:
            found = connection.execute(text(statement))
        return [tuple(row) for row in found.all()] if found.returns_rows else []


DIMENSIONS = (
    "select hypertable_name, column_name, time_interval from timescaledb_information.dimensions"
    " where hypertable_schema = current_schema() order by 1"
)


def test_in_timescaledb_tables_are_hypertables_and_copying_again_changes_nothing(timescale_port: int) -> None:
    target = parse_target(f"postgresql://flashc@127.0.0.1:{timescale_port}/market")
    for _ in range(2):
        assert database.write(target, batches(bars(), rows=1), lambda done: None) == database.Copied(hypertables=True)
        database.write(target, batches(trades()), lambda done: None)
    found = sql(timescale_port, DIMENSIONS)
    assert found == [
        ("flashc_bars", "time", timedelta(days=90)),
        ("flashc_book", "time", timedelta(days=1)),
        ("flashc_trades", "time", timedelta(days=1)),
    ]
    assert sql(timescale_port, "select ns from flashc_bars order by ns") == [(ts,) for ts in bars().bars.ts.tolist()]
    assert sql(timescale_port, "select count(*) from flashc_trades") == [(3,)]


def test_a_plain_table_with_rows_becomes_a_hypertable_that_has_them(timescale_port: int) -> None:
    target = parse_target(f"postgresql://flashc@127.0.0.1:{timescale_port}/postgres")
    plain = describe("bars", MetaData())
    with database._engine(target).begin() as connection:
        plain.create(connection)
        connection.execute(
            text("insert into flashc_bars values ('old', '2020-01-01', 1577836800000000000, 0, 'v', 'i', '1m')")
        )
    assert database.write(target, batches(bars()), lambda done: None).hypertables
    assert sql(timescale_port, "select count(*) from flashc_bars", name="postgres") == [(3,)]
    assert sql(timescale_port, DIMENSIONS, name="postgres")[0][0] == "flashc_bars"


def test_who_may_not_load_timescaledb_gets_plain_tables_and_is_told(timescale_port: int) -> None:
    sql(timescale_port, "create role guest login")
    with database._engine(
        parse_target(f"postgresql://flashc@127.0.0.1:{timescale_port}/postgres")
    ).connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(
            text("create database shop template template0")
        )
    sql(timescale_port, "grant create on schema public to guest", name="shop")
    target = parse_target(f"postgresql://guest@127.0.0.1:{timescale_port}/shop")
    copied = database.write(target, batches(bars()), lambda done: None)
    assert not copied.hypertables and "permission denied" in copied.note
    assert sql(timescale_port, "select count(*) from flashc_bars", user="guest", name="shop") == [(2,)]


class FakeEngine:
    """A server that has TimescaleDB: writes statements down, and refuses those that hold certain words."""

    def __init__(self, refused: str = "nothing") -> None:
        self.statements: list[str] = []
        self.refused = refused

    @contextmanager
    def begin(self) -> Iterator[FakeEngine]:
        yield self

    def execute(self, statement: Any, values: Any = None) -> Any:
        self.statements.append(f"{statement} {values or ''}".strip())
        if self.refused in str(statement):
            raise OperationalError(str(statement), values, Exception("it must be preloaded\nand more"))
        answer = {"pg_available": 1, "regnamespace": '"time things"'}
        return SimpleNamespace(scalar=lambda: next((answer[k] for k in answer if k in str(statement)), 0))


def test_a_hypertable_is_asked_for_in_the_schema_of_timescaledb_with_its_length_of_a_chunk() -> None:
    engine = FakeEngine()
    assert database.timescale(engine) == ('"time things"', "")
    assert database.hypertable(engine, "book", '"time things"') == ""
    assert engine.statements[1] == "create extension if not exists timescaledb"
    assert "select \"time things\".create_hypertable(:name, 'time'" in engine.statements[-1]
    assert "'name': 'flashc_book', 'days': 1" in engine.statements[-1]


def test_an_installed_timescaledb_that_cannot_be_loaded_is_a_note() -> None:
    assert database.timescale(FakeEngine("create extension")) == ("", "it must be preloaded")


def test_a_table_that_cannot_become_a_hypertable_is_a_note() -> None:
    assert database.hypertable(FakeEngine("create_hypertable"), "bars", "public") == "it must be preloaded"
