"""PostgreSQL through SQLAlchemy: three tables, made when they are missing, hypertables where TimescaleDB is there.

A row's key is its data set, time and rank (`batches.py`), so copying a data set again changes nothing. The time is
there twice: as a time stamp, which SQL works with and which knows microseconds, and as whole nanoseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ...errors import RuntimeFault, fault
from .batches import COLUMNS, Batch
from .target import Target

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, MetaData, Table

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INTEGERS = frozenset({"n_trades", "venue_ns", "trade_id", "first_id", "last_id"})
_FLAGS = frozenset({"snapshot", "ends"})


def write(target: Target, batches: Iterable[Batch], done: Callable[[int], None]) -> bool:
    """Copy batches, each in one transaction; `done` hears the rows written so far. True if tables are hypertables.

    Faults: FC1041 if no server answers, FC1042 if it refuses, FC1043 if a package is missing.
    """
    engine = _engine(target)
    from sqlalchemy.exc import DBAPIError, OperationalError

    try:
        return _copy(engine, batches, done)
    except OperationalError as error:
        raise _fault("FC1041", "the database does not answer", target, error) from None
    except DBAPIError as error:
        raise _fault("FC1042", "the database refused", target, error) from None
    finally:
        engine.dispose()


def _engine(target: Target) -> Engine:
    try:
        import psycopg  # noqa: F401  # the driver; SQLAlchemy would name it only when it connects
        from sqlalchemy import URL, create_engine
    except ImportError as error:
        helps = ("pip install 'flashc[databases]'",)
        raise fault("FC1043", f"the package {error.name} is missing", str(target), helps=helps) from None
    url = URL.create("postgresql+psycopg", target.user or None, None, target.host, target.port, target.database)
    return create_engine(url, connect_args={"connect_timeout": 10})


def _copy(engine: Engine, batches: Iterable[Batch], done: Callable[[int], None]) -> bool:
    from sqlalchemy import MetaData

    metadata, rows, tables = MetaData(), 0, dict[str, Any]()
    with engine.begin() as connection:
        timescale = has_timescale(connection)
    for batch in batches:
        with engine.begin() as connection:
            if batch.kind not in tables:
                tables[batch.kind] = _table(connection, batch.kind, metadata, timescale)
            _upsert(connection, tables[batch.kind], batch)
        rows += len(batch)
        done(rows)
    return timescale


def has_timescale(connection: Connection) -> bool:
    """Whether the database has the extension, or could load it and now has."""
    from sqlalchemy import text

    there = text("select count(*) from pg_available_extensions where name = 'timescaledb'")
    if not connection.execute(there).scalar():
        return False
    connection.execute(text("create extension if not exists timescaledb"))
    return True


def _table(connection: Connection, kind: str, metadata: MetaData, timescale: bool) -> Table:
    from sqlalchemy import text

    table = describe(kind, metadata)
    table.create(connection, checkfirst=True)
    if timescale:
        statement = "select create_hypertable(:name, 'time', if_not_exists => true, migrate_data => true)"
        connection.execute(text(statement), {"name": table.name})
    return table


def describe(kind: str, metadata: MetaData) -> Table:
    """The table of a kind: key first, then what the rows of the data set have in common, then its columns."""
    from sqlalchemy import BigInteger, Boolean, Column, DateTime, Double, Integer, SmallInteger, String, Table

    def type_of(name: str) -> Any:
        if name in _INTEGERS:
            return BigInteger
        return Boolean if name in _FLAGS else SmallInteger if name == "side" else Double

    key: list[Column[Any]] = [
        Column("dataset", String, primary_key=True),
        Column("time", DateTime(timezone=True), primary_key=True),
        Column("ns", BigInteger, primary_key=True, autoincrement=False),
        Column("n", Integer, primary_key=True, autoincrement=False),
    ]
    common = [Column(name, String, nullable=False) for name in ("venue", "instrument")]
    period = [Column("period", String, nullable=False)] if kind == "bars" else []
    columns = [Column(name, type_of(name)) for name in COLUMNS[kind]]
    parts: list[Column[Any]] = [*key, *common, *period, *columns]
    return Table(f"flashc_{kind}", metadata, *parts)


def _upsert(connection: Connection, table: Table, batch: Batch) -> None:
    from sqlalchemy.dialects.postgresql import insert

    statement = insert(table)
    keys = {column.name for column in table.primary_key}
    changed = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=sorted(keys), set_=changed), rows_of(batch))


def rows_of(batch: Batch) -> list[dict[str, Any]]:
    """A batch as rows by column name; absent numbers (NaN) are null, absent columns too."""
    names = COLUMNS[batch.kind]
    absent = dict.fromkeys(name for name in names if name not in batch.columns)
    found = []
    for row, time_ns in enumerate(batch.time_ns):
        values = {name: _value(column[row]) for name, column in batch.columns.items()}
        time = _EPOCH + timedelta(microseconds=time_ns // 1000)
        found.append({**batch.tags, "time": time, "ns": time_ns, "n": batch.n[row], **absent, **values})
    return found


def _value(value: float | int | bool) -> float | int | bool | None:
    return value if value == value else None


def _fault(code: str, message: str, target: Target, error: Exception) -> RuntimeFault:
    reason = str(getattr(error, "orig", error)).strip().splitlines() or ["no reason given"]
    helps = (
        "passwords come from PGPASSWORD or ~/.pgpass",
        "what is written stays; copying again adds the rest",
    )
    return fault(code, message, str(target), notes=(reason[0][:200],), helps=helps)
