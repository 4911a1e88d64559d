"""PostgreSQL through SQLAlchemy: three tables, made when they are missing, hypertables where TimescaleDB is there.

A row's key is its data set, time and rank (`batches.py`), so copying a data set again changes nothing. The time is
there twice: as a time stamp, which SQL works with and which knows microseconds, and as whole nanoseconds.

Whatever keeps TimescaleDB from being used is no reason to copy nothing: plain tables hold the same rows, and the note
of the copy says why they are plain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
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


#: Days of one chunk of a hypertable. Bars are few for each day, books and trades many.
CHUNK_DAYS: Mapping[str, int] = {"bars": 90, "trades": 1, "book": 1}


@dataclass(frozen=True, slots=True)
class Copied:
    """How tables were left. `note` says why they are plain although the server has TimescaleDB, empty otherwise."""

    hypertables: bool = False
    note: str = ""


def write(target: Target, batches: Iterable[Batch], done: Callable[[int], None]) -> Copied:
    """Copy batches, each in one transaction; `done` hears the rows written so far.

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


def _copy(engine: Engine, batches: Iterable[Batch], done: Callable[[int], None]) -> Copied:
    from sqlalchemy import MetaData

    metadata, rows, tables = MetaData(), 0, dict[str, Any]()
    schema, note = timescale(engine)
    for batch in batches:
        if batch.kind not in tables:
            tables[batch.kind] = describe(batch.kind, metadata)
            with engine.begin() as connection:
                tables[batch.kind].create(connection, checkfirst=True)
            if schema:
                note = note or hypertable(engine, batch.kind, schema)
        with engine.begin() as connection:
            _upsert(connection, tables[batch.kind], batch)
        rows += len(batch)
        done(rows)
    return Copied(bool(schema) and not note, note)


def timescale(engine: Engine) -> tuple[str, str]:
    """The schema of TimescaleDB's functions, written as SQL wants it; it is loaded where that is possible.

    Empty where there is none; then the second text says what kept an installed one from being loaded.
    """
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    available = text("select count(*) from pg_available_extensions where name = 'timescaledb'")
    schema = text("select extnamespace::regnamespace::text from pg_extension where extname = 'timescaledb'")
    with engine.begin() as connection:
        if not connection.execute(available).scalar():
            return "", ""
    try:
        with engine.begin() as connection:
            connection.execute(text("create extension if not exists timescaledb"))
            return str(connection.execute(schema).scalar()), ""
    except DBAPIError as error:  # it is not preloaded, which costs the connection, or the user may not
        return "", _reason(error)


def hypertable(engine: Engine, kind: str, schema: str) -> str:
    """Make a table a hypertable, with the rows that it has. Says what was against it, nothing if it is one now."""
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    names = {"name": f"flashc_{kind}", "days": CHUNK_DAYS[kind]}
    known = text(
        "select count(*) from timescaledb_information.hypertables"
        " where hypertable_name = :name and hypertable_schema = current_schema()"
    )
    make = text(
        f"select {schema}.create_hypertable(:name, 'time', chunk_time_interval => make_interval(days => :days),"
        " if_not_exists => true, migrate_data => true)"
    )
    try:
        with engine.begin() as connection:
            if not connection.execute(known, names).scalar():
                connection.execute(make, names)
    except DBAPIError as error:  # a table of somebody else's: rows may be written all the same
        return _reason(error)
    return ""


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
    helps = (
        "passwords come from PGPASSWORD or ~/.pgpass",
        "what is written stays; copying again adds the rest",
    )
    return fault(code, message, str(target), notes=(_reason(error),), helps=helps)


def _reason(error: Exception) -> str:
    """The server's own words, their first line."""
    words = str(getattr(error, "orig", error)).strip().splitlines() or ["no reason given"]
    return words[0][:200]
