"""SQL over data sets, by DuckDB: read only, without network, and of this machine's files only those of the data sets.

A data set is a schema with a view for each kind (`btc_1m.bars`, `btc_l2.book`, `btc_l2.trades`), and a view of its own
name where it has one kind. `time` is UTC with microseconds; the integer columns beside it are epoch nanoseconds.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ...errors import RuntimeFault, fault
from ..moments import period_text
from .catalog import list_datasets, locate, tables
from .places import Root, Stored, data_root, is_remote, storage_options
from .records import AnyRecord, EventRecord, Record
from .sets import with_files
from .sql_scope import EVERYTHING, Scope, scope_of
from .table_log import read_record

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

T = TypeVar("T")
BARS = "bars"

_STRING = re.compile(r"'(?:[^']|'')*'")
_WORD = re.compile(r'"(?:[^"]|"")*"|[A-Za-z_][A-Za-z0-9_]*')
_EVENTS = {
    "book": ("receive", "venue_time", "side", "price", "qty", "snapshot", "ends", "first_id", "last_id", "row"),
    "trades": ("receive", "venue_time", "side", "price", "qty", "trade_id", "row"),
}
_TYPES = {"int64": "BIGINT", "float64": "DOUBLE", "int8": "TINYINT", "bool": "BOOLEAN"}
_QUERIES = ("SELECT", "EXPLAIN")
#: Rows that `parts` holds in memory at once.
_PART = 20_000


@dataclass(frozen=True, slots=True)
class Answer:
    """Columns as (name, DuckDB type), rows as Python values, and whether there are more rows than these."""

    columns: tuple[tuple[str, str], ...]
    rows: Sequence[tuple[Any, ...]]
    more: bool


def ask(query: str, root: Root | None = None, limit: int | None = None) -> Answer:
    """The rows of a SELECT, at most `limit`. FC1024 with DuckDB's message if it cannot be answered."""
    with _connected(query, root) as (base, text), _told(root):
        _interruptible(base, lambda: base.execute(text))
        rows = _interruptible(base, lambda: base.fetchall() if limit is None else base.fetchmany(limit + 1))
        columns = _columns(base)
    kept = rows if limit is None else rows[:limit]
    return Answer(columns, kept, len(rows) > len(kept))


def parts(query: str, root: Root | None = None, limit: int | None = None) -> Iterator[Answer]:
    """The rows that `ask` gives, a part at a time; without rows one part that has none."""
    left = sys.maxsize if limit is None else limit
    with _connected(query, root) as (base, text), _told(root):
        _interruptible(base, lambda: base.execute(text))
        rows = _interruptible(base, lambda: base.fetchmany(min(_PART, left)))
        while True:
            left -= len(rows)
            size = min(_PART, left)
            following = _interruptible(base, partial(base.fetchmany, size)) if size else []
            yield Answer(_columns(base), rows, bool(following))
            if not following:
                return
            rows = following


def _columns(base: DuckDBPyConnection) -> tuple[tuple[str, str], ...]:
    return tuple((str(item[0]), str(item[1])) for item in base.description or ())


def _interruptible(base: DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Work of the database in a thread of its own: it does not look for signals, and Ctrl-C must end it."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(work)
        try:
            return running.result()
        except KeyboardInterrupt:
            _end(base, running)
            raise


def _end(base: DuckDBPyConnection, running: Future[T]) -> None:
    """Again and again: what is interrupted before it has begun goes on."""
    while not running.done():
        with suppress(Exception):
            base.interrupt()
        wait([running], timeout=0.05)


def write(query: str, path: Path, root: Root | None = None, limit: int | None = None) -> int:
    """Write the rows of a SELECT, at most `limit`, to a `.parquet` or `.csv` file, whole or not at all; their number.

    FC1017 if the place is not writable.
    """
    form = "(FORMAT parquet, COMPRESSION zstd)" if path.suffix.lower() == ".parquet" else "(FORMAT csv, HEADER)"
    unfinished = path.with_name(f".{path.name}.partial")
    try:
        with _connected(query, root, unfinished) as (base, text), _told(root):
            asked = text.rstrip().rstrip(";")
            bounded = asked if limit is None else f"FROM ({asked}\n) LIMIT {limit}"
            copy = f"COPY ({bounded}\n) TO {_text(str(unfinished))} {form}"
            done = _interruptible(base, lambda: base.execute(copy).fetchone())
        unfinished.replace(path)
    except OSError as error:
        raise fault("FC1017", f"cannot write: {error.strerror}", str(path)) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return int(done[0]) if done else 0


@contextmanager
def _connected(query: str, root: Root | None, out: Path | None = None) -> Iterator[tuple[DuckDBPyConnection, str]]:
    """A fresh database with the views that the query names and nothing else in reach, and the one statement."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="flashc-sql-") as scratch, duckdb.connect(":memory:") as base:
        base.execute("SET autoinstall_known_extensions = false")
        with _told(root):
            text = _statement(base, query)
        paths = _views(base, text, root, Path(scratch))
        allowed = [*paths, *([str(out)] if out is not None else [])]
        base.execute(f"SET allowed_paths = {_list(allowed)}")
        for setting in ("enable_external_access", "autoinstall_known_extensions", "autoload_known_extensions"):
            base.execute(f"SET {setting} = false")
        base.execute("SET TimeZone = 'UTC'")
        base.execute("SET lock_configuration = true")
        yield base, text


def _statement(base: DuckDBPyConnection, query: str) -> str:
    found = base.extract_statements(query)
    if len(found) != 1:
        raise fault("FC1024", f"the query has {len(found)} statements, not one", "SQL", helps=("write one SELECT",))
    if found[0].type.name not in _QUERIES:
        message = f"`{found[0].type.name}` is not a question: data sets are only read here"
        raise fault("FC1024", message, "SQL", helps=("write a SELECT",))
    return str(found[0].query)


def _named(text: str, root: Root | None) -> dict[str, AnyRecord]:
    """The data sets that the query names by any of its words."""
    known = {place.name for place in tables(data_root(root))}
    words = dict.fromkeys(_unquoted(word) for word in _WORD.findall(_STRING.sub(" ", text)))
    found = {word: locate(word, root) for word in words if word.partition("@")[0] in known}
    return {word: with_files(read_record(place)) for word, place in found.items() if isinstance(place, Stored)}


def _views(base: DuckDBPyConnection, text: str, root: Root | None, scratch: Path) -> list[str]:
    """Make the views that the query names; the files that they read.

    Where it names none (`SHOW TABLES`), those of all local data sets that can be read.
    """
    scope = scope_of(base, text)
    if named := _named(text, root):
        if is_remote(data_root(root)):
            _try(text, root, named)
        return [path for name, record in named.items() for path in _view(base, name, record, scratch, scope)]
    paths: list[str] = []
    for record in () if is_remote(data_root(root)) else list_datasets(root).records:
        with suppress(RuntimeFault):
            paths += _view(base, record.name, record, scratch, EVERYTHING)
    return paths


def _try(text: str, root: Root | None, named: Mapping[str, AnyRecord]) -> None:
    """Ask tables of the same columns without rows, so that a query with a mistake copies nothing. FC1024."""
    import duckdb

    with duckdb.connect(":memory:", config={"enable_external_access": "false"}) as base, _told(root):
        for name, record in named.items():
            nothing = ", ".join(f"NULL::{kind} AS {column}" for column, kind in _types().items())
            rows = f"(SELECT {nothing} WHERE false)"
            _make(base, name, {kind: _select(record, kind, rows, EVERYTHING) for kind in _kinds(record)})
        try:
            base.sql(text)
        except duckdb.Error:
            base.execute(text)  # the same error, with its place in the query


def _view(base: DuckDBPyConnection, name: str, record: AnyRecord, scratch: Path, scope: Scope) -> list[str]:
    """Make the views of a data set; the files that they read. FC1013 if one of them is damaged."""
    import duckdb

    files = {kind: _files(name, record, kind, scratch, scope) for kind in _kinds(record)}
    own = scope if record.path.is_remote else EVERYTHING
    # A copy has its days as a column.
    days = "false" if record.path.is_remote else "true, hive_types = {'day': DATE}"
    rows = {kind: f"read_parquet({_list(paths)}, hive_partitioning = {days})" for kind, paths in files.items()}
    try:
        _make(base, name, {kind: _select(record, kind, rows[kind], own) for kind in files})
    except duckdb.Error as error:
        notes = (str(error).partition("\n")[0][:300],)
        raise fault("FC1013", "the table cannot be read", str(record.path), notes=notes) from error
    return [path for paths in files.values() for path in paths]


def _make(base: DuckDBPyConnection, name: str, selects: Mapping[str, str]) -> None:
    base.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(name)}")
    for kind, select in selects.items():
        base.execute(f"CREATE VIEW {_quoted(name)}.{_quoted(kind)} AS {select}")
    if len(selects) == 1:
        base.execute(f"CREATE VIEW main.{_quoted(name)} AS FROM {_quoted(name)}.{_quoted(next(iter(selects)))}")


def _kinds(record: AnyRecord) -> list[str]:
    return [BARS] if isinstance(record, Record) else list(record.rows)


def _files(name: str, record: AnyRecord, kind: str, scratch: Path, scope: Scope) -> list[str]:
    """Local Parquet files of a kind, on the days of the scope at least.

    Of those of a bucket, its days and columns are copied: DuckDB has no network here. The log knows how many rows
    there are.
    """
    from .table_rows import days_of, files_of

    own = period_text(record.period_ns) if isinstance(record, Record) else kind
    days = scope.days_of(name, kind)
    if not record.path.is_remote:
        return files_of(record.path, own, days) or files_of(record.path, own)[:1]
    import polars as pl

    copy = scratch / f"{len(list(scratch.iterdir()))}.parquet"
    if not _needed(record, kind, scope) and (counted := days_of(record.path, own, days)) is not None:
        counted.write_parquet(copy)
        return [str(copy)]
    paths = files_of(record.path, own, days) or files_of(record.path, own)[:1]
    options = storage_options(record.path.uri)
    rows = pl.scan_parquet(paths, hive_partitioning=True, storage_options=options)
    rows.select(*_needed(record, kind, scope), "day").sink_parquet(copy)
    return [str(copy)]


def _needed(record: AnyRecord, kind: str, scope: Scope) -> list[str]:
    """The columns that a scope needs, without `day`; `time` is made of the clock."""
    clock = _clock(record)
    columns = record.columns if isinstance(record, Record) else _EVENTS[kind]
    wanted = set(scope.columns(columns)) | ({clock} if scope.columns(["time"]) else set())
    return [column for column in columns if column in wanted]


def _clock(record: AnyRecord) -> str:
    return "ts" if isinstance(record, Record) else "receive"


def _select(record: AnyRecord, kind: str, rows: str, scope: Scope) -> str:
    time = [f"make_timestamp({_clock(record)} // 1000) AS time"] if scope.columns(["time"]) else []
    words = [f"{_text(record.venue)} AS venue", f"{_text(record.instrument)} AS instrument"]
    return f"SELECT {', '.join([*time, *_needed(record, kind, scope), 'day', *words])} FROM {rows}"


def _types() -> dict[str, str]:
    """DuckDB's types of the columns of a table."""
    from .table_rows import COLUMNS

    return {name: _TYPES[kind.name] for name, kind in COLUMNS.items()} | {"day": "DATE"}


@contextmanager
def _told(root: Root | None) -> Iterator[None]:
    """DuckDB's errors as FC1024, with the place in the query that they name."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        if full := re.search(r'Could not write file \\?"([^"\\]+)\\?": ([\w ]+)', str(error)):
            raise fault("FC1017", f"cannot write: {full[2]}", str(Path(full[1]).parent)) from error
        first, _, rest = str(error).strip().partition("\n")
        kind, _, message = first.partition(": ")
        notes = tuple(line.rstrip() for line in rest.splitlines() if line.strip() and "Did you mean" not in line)
        said = (message or kind).strip().rstrip(".!") or type(error).__name__
        raise fault("FC1024", said, "SQL", notes=_place(notes), helps=_helps(error, root)) from error


def _place(notes: tuple[str, ...]) -> tuple[str, ...]:
    """The line of the query and the mark below it as one note, so that they stay together."""
    for number, line in enumerate(notes):
        if line.startswith("LINE ") and number + 1 < len(notes):
            return (*notes[:number], f"{line}\n{notes[number + 1]}", *notes[number + 2 :])
    return notes


def _helps(error: Exception, root: Root | None) -> tuple[str, ...]:
    found = re.search(r"(?:Table|Schema) with name (\S+) does not exist", str(error))
    if found is None:
        return _unquoted_names(str(error), root)
    word = found[1].strip('"')
    records = {record.name: record for record in list_datasets(root).records}
    if isinstance(record := records.get(word.lower()), EventRecord):
        return (f"it holds several kinds: {', '.join(f'`{word}.{kind}`' for kind in record.rows)}",)
    near = get_close_matches(word, records, n=1)
    some = (
        f"data sets in {data_root(root)}: {', '.join([*records][:10])}" if records else "`flashc data list` shows them"
    )
    return (*((f"did you mean `{near[0]}`?",) if near else ()), some)


def _unquoted_names(message: str, root: Root | None) -> tuple[str, ...]:
    """What to write where a name stands without the quotes that it needs."""
    line = message.partition("LINE ")[2]
    for name in sorted((place.name for place in tables(data_root(root))), key=len, reverse=True):
        found = re.search(rf'(?<!["\w.-]){re.escape(name)}(?:@[\w:.-]+)?(?!["\w-])', line)
        if found is not None and not re.fullmatch(r"[a-z_][a-z0-9_]*", found[0]):
            return (f'names with other signs than letters, digits and `_` stand in double quotes: `"{found[0]}"`',)
    return ()


def _unquoted(word: str) -> str:
    return word[1:-1].replace('""', '"') if word.startswith('"') else word.lower()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _list(values: Sequence[str]) -> str:
    return f"[{', '.join(map(_text, values))}]"
