"""What `flashc data sql` prints."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import console
from .problem import Problem

if TYPE_CHECKING:
    from ..runtime.market_data.store.sql import Answer

#: Cells of a table are cut at this width.
_WIDEST = 60
_NUMBERS = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "HUGEINT")


#: Rows on a screen and in JSON where nothing is said. CSV and files are for other programs: they get all.
_SHOWN = 40


def answer(query: str, root: str | None, *, limit: int | None, form: str, out: Path | None) -> None:
    """Ask and print as `table`, `csv` or `json`; with `out` write to that file. `limit` bounds the rows, 0 is all."""
    from ..runtime.market_data.store import sql

    query = os.fsencode(query).decode("utf-8", "replace")  # in a C locale Python holds the bytes as surrogates
    most = (limit or None) if limit is not None or form == "csv" or out is not None else _SHOWN
    if out is not None:
        _check_file(out)
        rows = sql.write(query, out, root, most)
        if form == "json":
            console.out_json({"version": 1, "rows": rows, "file": str(out)})
        else:
            console.out(f"{rows:,} row{'s' * (rows != 1)} in {out}")
        return
    if form == "csv":
        for number, part in enumerate(sql.parts(query, root, most)):
            if not number or part.rows:
                console.out(_csv(part, header=not number))
        return
    found = sql.ask(query, root, most)
    if form == "json":
        columns = [{"name": name, "type": kind} for name, kind in found.columns]
        rows_found = [[_plain(value) for value in row] for row in found.rows]
        console.out_json({"version": 1, "columns": columns, "rows": rows_found, "more": found.more})
    else:
        console.out(_table(found))


def _check_file(path: Path) -> None:
    if path.suffix.lower() not in (".parquet", ".csv"):
        raise Problem(f"{path} is neither a .parquet nor a .csv file", helps=("choose one of these endings",))
    if not path.absolute().parent.is_dir():
        raise Problem(f"there is no folder {path.absolute().parent}", where=str(path))


def _plain(value: Any) -> Any:
    """A JSON value; times and exact decimals as text, what is no number as null."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _csv(found: Answer, header: bool) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if header:
        writer.writerow([name for name, _ in found.columns])
    writer.writerows([["" if value is None else _shown(value) for value in row] for row in found.rows])
    return text.getvalue().rstrip("\n")


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat(sep=" ") if hasattr(value, "hour") and hasattr(value, "year") else str(value)


def _table(found: Answer) -> str:
    names = [name for name, _ in found.columns]
    right = [any(word in kind.upper() for word in _NUMBERS) for _, kind in found.columns]
    cells = [[_cut(_shown(value)) for value in row] for row in found.rows]
    if len(names) == 2 and names[0] == "explain_key":  # a plan is a drawing
        return "\n".join(str(row[1]) for row in found.rows)
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    lines = [_line(row, widths, right) for row in (names, *cells)]
    below = [f"... more; `--limit {2 * len(cells)}` shows more, `--out FILE.parquet` keeps all"] if found.more else []
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:], *below])


def _cut(text: str) -> str:
    line = text.replace("\n", " ")
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 3]}..."


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    placed = (
        cell.rjust(width) if to_right else cell.ljust(width)
        for cell, width, to_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(placed).rstrip()
