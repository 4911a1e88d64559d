"""The parser tables of `expression.lark`, stored beside it so that a start costs milliseconds.

    python -m flashc.dsl.expression_tables      # rewrite the stored tables after a change of the grammar

The stored file begins with a line that names the grammar (by hash) and the Lark release. If either differs, the tables
are built from the grammar instead: slower, with the same result.
"""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Lark

GRAMMAR = Path(__file__).with_name("expression.lark")
TABLES = Path(__file__).with_name("expression.tables")


def header() -> bytes:
    """The first line of tables that fit this grammar and this Lark."""
    import lark

    digest = hashlib.sha256(GRAMMAR.read_bytes()).hexdigest()
    return f"expression tables, lark {lark.__version__}, grammar {digest}\n".encode()


def build(strict: bool = False) -> Lark:
    """Build the parser from the grammar. `strict` also proves the absence of conflicts (needs `interegular`)."""
    from lark import Lark

    return Lark(GRAMMAR.read_text(encoding="utf-8"), parser="lalr", lexer="contextual", strict=strict)


@lru_cache(maxsize=1)
def parser() -> Lark:
    """The expression parser, from the stored tables where they fit."""
    from lark import Lark

    wanted = header()
    data = TABLES.read_bytes() if TABLES.is_file() else b""
    return Lark.load(io.BytesIO(data[len(wanted) :])) if data.startswith(wanted) else build()


def write() -> None:
    """Store the tables of the present grammar."""
    out = io.BytesIO()
    build(strict=True).save(out)
    TABLES.write_bytes(header() + out.getvalue())


if __name__ == "__main__":
    write()
