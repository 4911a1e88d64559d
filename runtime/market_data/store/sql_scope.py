"""Which columns and days a query can read at most, told from its syntax before anything is read.

Whoever must fetch the rows first (those of a bucket) fetches only these. What is not understood counts as everything:
only kinds of syntax that are known to name their columns narrow them, and only a bare `WHERE` on one table narrows its
days.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: First and last day, ISO.
Days: TypeAlias = tuple[str, str]
#: Schema and name of a table as the query writes it, in small letters.
Table: TypeAlias = tuple[str, str]
Node: TypeAlias = Mapping[str, Any]

#: What is named here names each column that it reads. A star, a pivot or a summary does not.
_EXPRESSIONS = frozenset(
    {
        "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION",
        "LAMBDA", "OPERATOR", "SUBQUERY", "TYPE", "WINDOW",
    }
)  # fmt: skip
_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"})
_TABLES = frozenset({"BASE_TABLE", "JOIN", "SUBQUERY", "EMPTY", "EMPTY_FROM", "EXPRESSION_LIST", "TABLE_FUNCTION"})
#: Functions that read what a text says.
_OF_TEXT = frozenset({"query", "query_table"})
_BELOW, _ABOVE = "0000-00-00", "9999-99-99"
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)?")
_CLOCKS = frozenset({"day", "time"})
#: Comparison -> whether it bounds from below, and from above, where the column stands on the left.
_BOUNDS: Mapping[str, tuple[bool, bool]] = {
    "COMPARE_EQUAL": (True, True),
    "COMPARE_GREATERTHAN": (True, False),
    "COMPARE_GREATERTHANOREQUALTO": (True, False),
    "COMPARE_LESSTHAN": (False, True),
    "COMPARE_LESSTHANOREQUALTO": (False, True),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """`words` holds every name that the query writes, None if it may read columns that it does not name.

    `tables` counts how often it names each table, `days` are those of a table that stands in a plain `SELECT`.
    """

    words: frozenset[str] | None = None
    tables: Mapping[Table, int] = field(default_factory=dict)
    days: Mapping[Table, Days] = field(default_factory=dict)

    def columns(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that the query may read, in their order."""
        return [name for name in names if self.words is None or name in self.words]

    def days_of(self, name: str, kind: str) -> Days | None:
        """The days of a kind of a data set; None for all, also where the query names it twice, in whatever way."""
        ways = [way for way in ((name, kind), ("", name), ("main", name)) if way in self.tables]
        return self.days.get(ways[0]) if len(ways) == 1 and self.tables[ways[0]] == 1 else None


EVERYTHING = Scope()


def scope_of(base: DuckDBPyConnection, text: str) -> Scope:
    """The scope of one statement."""
    import duckdb

    try:
        found = base.execute("SELECT json_serialize_sql(?)", [text]).fetchone()
        tree = json.loads(found[0]) if found else {}
        if tree.get("error") is not False:
            return EVERYTHING
        nodes = list(_walk(tree["statements"]))
        if any(node.get("function_name") in _OF_TEXT for node in nodes):
            return EVERYTHING
        named = Counter(_table(node) for node in nodes if node.get("type") == "BASE_TABLE")
        return Scope(_words(nodes), named, _days(nodes))
    except (duckdb.Error, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return EVERYTHING


def _walk(tree: Any) -> Iterator[Node]:
    """All objects of a syntax tree."""
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for part in tree:
            yield from _walk(part)


# ---- columns


def _words(nodes: Sequence[Node]) -> frozenset[str] | None:
    if not all(map(_names_its_columns, nodes)):
        return None
    tables = {str(node.get(key)).lower() for node in nodes for key in ("table_name", "alias") if _is_table(node)}
    last = {str(node["column_names"][-1]).lower() for node in nodes if node.get("class") == "COLUMN_REF"}
    if last & tables:  # a table's name as a value is its whole row
        return None
    return frozenset(text.lower() for node in nodes for text in _texts(node))


def _names_its_columns(node: Node) -> bool:
    if "class" in node:
        return node["class"] in _EXPRESSIONS
    kind = str(node.get("type", ""))
    if "select_list" in node or kind.endswith("_NODE"):
        return kind in _NODES
    if _is_table(node):
        return kind in _TABLES and not node.get("column_name_alias") and node.get("ref_type") in (None, "REGULAR")
    return True


def _is_table(node: Node) -> bool:
    """Whether a node stands behind FROM: all of them can be sampled."""
    return "sample" in node and "alias" in node and "class" not in node


def _texts(node: Node) -> Iterator[str]:
    for value in node.values():
        yield from (text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))


# ---- days


def _days(nodes: Sequence[Node]) -> dict[Table, Days]:
    within = {str(own["key"]).lower() for node in nodes for own in (node.get("cte_map") or {}).get("map", ())}
    found = {}
    for node in nodes:
        source = node.get("from_table")
        if node.get("type") != "SELECT_NODE" or not isinstance(source, dict) or source.get("type") != "BASE_TABLE":
            continue
        if _table(source)[1] in within or source.get("sample") or source.get("column_name_alias"):
            continue  # of the query's own tables `day` may be anything
        names = {_table(source)[1], str(source.get("alias") or "").lower()}
        low, high = _bounds(node.get("where_clause"), names)
        if (low, high) != (_BELOW, _ABOVE):
            found[_table(source)] = low, high
    return found


def _table(node: Node) -> Table:
    return str(node.get("schema_name") or "").lower(), str(node["table_name"]).lower()


def _bounds(where: Any, names: set[str]) -> Days:
    """Days outside of these fail the condition. Both ends are taken in, also of `<` and `>`."""
    if not isinstance(where, dict):
        return _BELOW, _ABOVE
    if where.get("type") == "CONJUNCTION_AND":
        parts = [_bounds(part, names) for part in where["children"]]
        return max(low for low, _ in parts), min(high for _, high in parts)
    if where.get("type") == "COMPARE_BETWEEN" and _is_clock(where["input"], names):
        return _day(where["lower"]) or _BELOW, _day(where["upper"]) or _ABOVE
    below, above = _BOUNDS.get(str(where.get("type")), (False, False))
    if not (below or above):
        return _BELOW, _ABOVE
    column, value = where["left"], where["right"]
    if _is_clock(value, names):
        column, value, below, above = value, column, above, below
    day = _day(value) if _is_clock(column, names) else None
    return (day if day and below else _BELOW), (day if day and above else _ABOVE)


def _is_clock(node: Node, names: set[str]) -> bool:
    """Whether an expression is the column `day` or `time` of the table."""
    if node.get("class") != "COLUMN_REF":
        return False
    *table, column = (str(part).lower() for part in node["column_names"])
    return column in _CLOCKS and (not table or (len(table) == 1 and table[0] in names))


def _day(node: Node) -> str | None:
    """The date of a constant, without a zone of its own."""
    if node.get("class") == "CAST":
        kinds = (node.get("type_expr") or {}).get("type_name"), (node.get("cast_type") or {}).get("id")
        return _day(node["child"]) if {"DATE", "TIMESTAMP"} & {str(kind).upper() for kind in kinds} else None
    if node.get("class") != "CONSTANT":
        return None
    text = (node.get("literal") or {}).get("text") or (node.get("value") or {}).get("value")
    match = _DATE.fullmatch(text) if isinstance(text, str) else None
    return match[1] if match else None
