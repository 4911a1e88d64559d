"""What a query can read at most: never less than it reads, whatever its syntax; and of plain ones not much more."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from flashc.runtime.market_data.store.sql_scope import EVERYTHING, scope_of

COLUMNS = ("ts", "open", "high", "time", "day")


@pytest.fixture(scope="module")
def base() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        yield connection


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("SELECT count(*) FROM b", []),
        ("SELECT MAX(High) FROM b WHERE open > 1", ["open", "high"]),
        ("SELECT x.high FROM b x JOIN c USING (ts) ORDER BY x.open", ["ts", "open", "high"]),
        ("SELECT sum(high) OVER (PARTITION BY day ORDER BY time) FROM b", ["high", "time", "day"]),
        ("WITH w AS (SELECT high FROM b) SELECT count(*) FROM w", ["high"]),
        ("SELECT count(*) FROM b GROUP BY ALL HAVING max(ts) > 3", ["ts"]),
        ("SELECT (SELECT max(ts) FROM b) - (SELECT min(open) FROM c)", ["ts", "open"]),
    ],
)
def test_a_query_that_names_its_columns_needs_these(base, query: str, columns: list[str]) -> None:
    assert scope_of(base, query).columns(COLUMNS) == columns


@pytest.mark.parametrize(
    "query",
    [
        "FROM b",
        "TABLE b",
        "SELECT b.* FROM b",
        "SELECT * EXCLUDE (ts) FROM b",
        "SELECT COLUMNS('h.*') FROM b",
        "SELECT b FROM b",
        "SELECT x FROM b AS x",
        "SELECT count(DISTINCT x) FROM b x",
        "SELECT #2 FROM b",
        "SUMMARIZE b",
        "DESCRIBE b",
        "PIVOT b ON day USING sum(high)",
        "SELECT high FROM b NATURAL JOIN c",
        "SELECT one FROM b AS x(one, two)",
        "SELECT high FROM (FROM b)",
        "SELECT high FROM b UNION ALL BY NAME FROM c",
        "SELECT count(*) FROM (UNPIVOT b ON COLUMNS(*))",
        "EXPLAIN SELECT high FROM b",
        "no sql at all",
    ],
)
def test_a_query_that_may_read_more_than_it_names_needs_everything(base, query: str) -> None:
    assert scope_of(base, query).columns(COLUMNS) == list(COLUMNS)


@pytest.mark.parametrize(
    ("where", "days"),
    [
        ("day = '2024-03-05'", ("2024-03-05", "2024-03-05")),
        ("day >= DATE '2024-03-05' AND b.day < '2024-04-01'", ("2024-03-05", "2024-04-01")),
        ("'2024-03-05' <= day AND high > 3", ("2024-03-05", "9999-99-99")),
        ("time BETWEEN '2024-03-05 10:00' AND TIMESTAMP '2024-03-06 11:00:00.5'", ("2024-03-05", "2024-03-06")),
        ("(time > '2024-03-05T10:00' AND (time < '2024-03-08' AND time < '2024-03-07'))", ("2024-03-05", "2024-03-07")),
        ("day = '2024-03-05' AND day = '2024-03-07'", ("2024-03-07", "2024-03-05")),
    ],
)
def test_a_plain_condition_bounds_the_days(base, where: str, days: tuple[str, str]) -> None:
    for name in ("b", "b.bars"):
        assert scope_of(base, f"SELECT high FROM {name} AS b WHERE {where}").days_of("b", "bars") == days


@pytest.mark.parametrize(
    "query",
    [
        "SELECT high FROM b WHERE day = '2024-03-05' OR high > 1",
        "SELECT high FROM b WHERE NOT day = '2024-03-05'",
        "SELECT high FROM b WHERE day <> '2024-03-05'",
        "SELECT high FROM b WHERE day > current_date - 7",
        "SELECT high FROM b WHERE time > '2024-03-05 10:00+02'",
        "SELECT high FROM b WHERE time > TIMESTAMPTZ '2024-03-05 10:00'",
        "SELECT high FROM b JOIN c USING (ts) WHERE b.day = '2024-03-05'",
        "SELECT high FROM b LEFT JOIN c ON b.ts = c.ts AND b.day = '2024-03-05'",
        "SELECT high FROM b WHERE day = '2024-03-05' AND high = (SELECT max(high) FROM b)",
        "SELECT day FROM b AS x(day, ts) WHERE day = '2024-03-05'",
        "SELECT max(high) FILTER (day = '2024-03-05') FROM b",
        "SELECT high FROM b QUALIFY day = '2024-03-05'",
        "SELECT (SELECT high FROM b WHERE c.day = '2024-03-05' LIMIT 1) FROM c",
        "SELECT high FROM b TABLESAMPLE 10 ROWS WHERE day = '2024-03-05'",
    ],
)
def test_other_conditions_do_not(base, query: str) -> None:
    assert scope_of(base, query).days_of("b", "bars") is None


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (SELECT max(high) FROM b WHERE day = '2024-03-05') - (SELECT max(high) FROM b.bars)",
        "SELECT (SELECT max(high) FROM main.b WHERE day = '2024-03-05') - (SELECT max(high) FROM b)",
        "WITH b AS (SELECT day + 1 AS day, high FROM b.bars) SELECT max(high) FROM b WHERE day = '2024-03-05'",
        "SELECT high FROM b WHERE day = '2024-03-05' AND ts IN (SELECT ts FROM query('SELECT ts FROM b'))",
        "SELECT high FROM b WHERE day = '2024-03-05' AND ts IN (SELECT ts FROM Query_Table(['b']))",
        "SELECT (WITH b AS (SELECT day + 1 AS day FROM b.bars) SELECT 1 FROM b WHERE day = '2024-03-05')",
        "WITH RECURSIVE b AS (FROM b.bars UNION ALL FROM b WHERE day = '2024-03-05') SELECT count(*) FROM b",
    ],
)
def test_a_table_of_several_names_has_all_days(base, query: str) -> None:
    assert scope_of(base, query).days_of("b", "bars") is None


def test_each_table_has_days_of_its_own(base) -> None:
    query = "SELECT (SELECT max(qty) FROM l.trades WHERE day = '2024-03-05'), (SELECT max(price) FROM l.book)"
    scope = scope_of(base, query)
    assert scope.days_of("l", "trades") == ("2024-03-05", "2024-03-05")
    assert scope.days_of("l", "book") is None
    assert EVERYTHING.days_of("l", "trades") is None
