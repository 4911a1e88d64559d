"""Files to tables: CSV (also gzipped or zipped), Parquet, Feather, JSON rows. Nothing here knows what a bar is.

Text formats give columns of strings, so that a value that does not parse can be quoted with its row.

`skip_comments`      lines that begin with `#` are not rows
`skip_blank_lines`   lines without a value are not rows
`decimal_comma`      numbers such as `1,5` in a file whose columns are not separated by commas
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from ...errors import Place, RuntimeFault, fault
from ..bars import RuleUse
from .parquet_frame import frame_problem

if TYPE_CHECKING:
    import polars as pl

#: No file of bars is larger than this; one that is, is refused before it fills the memory.
LARGEST_FILE_BYTES = 4 << 30
LARGEST_UNPACKED_BYTES = 4 << 30
LARGEST_ROWS = 50_000_000

_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Table:
    """`kind` names the file format. `names` is None when the file has no header."""

    kind: str
    names: tuple[str, ...] | None
    frame: pl.DataFrame
    rules: tuple[RuleUse, ...] = ()


def read_table(path: Path) -> Table:
    """Read by content where the first bytes tell the format, else by the file's ending. FC1001 if it cannot be read."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise fault("FC1001", f"cannot read the file: {error.strerror}", str(path)) from error
    if size == 0:
        raise fault("FC1001", "the file is empty", str(path))
    if size > LARGEST_FILE_BYTES:
        raise fault("FC1001", f"the file has {size:,} bytes, too many to import at once", str(path))
    return _reader(path, start)(path)


def _reader(path: Path, start: bytes) -> Callable[[Path], Table]:
    for magic, reader in _BY_MAGIC.items():
        if start.startswith(magic):
            return reader
    ending = path.suffix.lower()
    if ending in (".parquet", ".pq"):
        return _parquet
    if ending in (".feather", ".arrow", ".ipc"):
        return _feather
    return _json if start.lstrip()[:1] in (b"[", b"{") else _csv


def _parquet(path: Path) -> Table:
    problem = frame_problem(path)
    if problem is not None:
        raise fault("FC1001", "the Parquet file is cut short or damaged", str(path), notes=(problem,))
    import polars as pl

    def read() -> pl.DataFrame:
        scan = pl.scan_parquet(path, glob=False)
        rows = int(scan.select(pl.len()).collect().item())
        if rows > LARGEST_ROWS:
            raise fault("FC1001", f"the file has {rows:,} rows, too many to import at once", str(path))
        return scan.collect()

    frame = _guarded(read, "Parquet", path)
    return Table("Parquet", tuple(frame.columns), frame)


def _feather(path: Path) -> Table:
    import polars as pl

    frame = _guarded(lambda: pl.read_ipc(path), "Feather", path)
    return Table("Feather", tuple(frame.columns), frame)


def _guarded(read: Callable[[], pl.DataFrame], kind: str, path: Path) -> pl.DataFrame:
    """Run a polars reader; what it raises on a damaged file becomes a fault."""
    import polars as pl

    try:
        return read()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError, MemoryError) as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        helps = ("save it as UTF-8 text",) if "utf-8" in reason.lower() else ()
        raise fault("FC1001", f"the {kind} file cannot be read", str(path), notes=(reason,), helps=helps) from error


def _csv(path: Path) -> Table:
    return _csv_bytes(path.read_bytes(), "CSV", path)


def _csv_bytes(data: bytes, kind: str, path: Path) -> Table:
    import polars as pl

    data = _text_bytes(data, path)
    skip, first = _first_line(data, path)
    delimiter = max(_DELIMITERS, key=first.count)
    cells = tuple(cell.strip().strip('"') for cell in first.split(delimiter))
    header = not _looks_like_data(cells)
    if header and len(set(cells)) < len(cells):
        raise fault("FC1002", "two columns have the same name", str(path), notes=(f"header: {first[:200]}",))

    def read() -> pl.DataFrame:
        return pl.read_csv(
            data,
            separator=delimiter,
            has_header=header,
            skip_lines=skip,
            comment_prefix="#",
            infer_schema=False,
            raise_if_empty=False,
        )

    try:
        frame = _guarded(read, kind, path)
    except RuntimeFault as error:
        raise _long_row(data, skip + header, delimiter, len(cells), path) or error from error
    if header and len(cells) == frame.width:
        frame.columns = list(cells)
    frame, rules = _plain_rows(frame, delimiter)
    comments = data.count(b"\n#") + data.startswith(b"#")
    if comments:
        rules.insert(0, RuleUse("skip_comments", comments, "lines that begin with # are not rows"))
    return Table(kind, cells if header else None, frame, tuple(rules))


def _first_line(data: bytes, path: Path) -> tuple[int, str]:
    """How many lines come before the header (or the first row), and that line."""
    for number, line in enumerate(data[:65536].decode("utf-8", "replace").split("\n")):
        text = line.strip()
        if text and not text.startswith("#") and not (number == 0 and text.lower().startswith(("http", "sep="))):
            return number, text
    raise fault("FC1001", "the file has no rows", str(path))


def _long_row(data: bytes, skip: int, delimiter: str, width: int, path: Path) -> RuntimeFault | None:
    """FC1002 for the first row with more values than there are columns. Values in quotes are not looked into."""
    rows = 0
    for line in data.split(b"\n")[skip:]:
        if not line.strip() or line.startswith(b"#"):
            continue
        rows += 1
        count = line.count(delimiter.encode()) + 1
        if count > width and b'"' not in line:
            there = "there is 1 column" if width == 1 else f"there are {width} columns"
            message = f"a row has {count} values, but {there}"
            helps = ("correct the row; a comma inside a number looks like this too",)
            return fault("FC1002", message, Place(str(path), rows), helps=helps)
    return None


def _plain_rows(frame: pl.DataFrame, delimiter: str) -> tuple[pl.DataFrame, list[RuleUse]]:
    """Rows without the blank ones, numbers with a decimal point."""
    import polars as pl

    rules = []
    blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
    if blank.any():
        rules.append(RuleUse("skip_blank_lines", int(blank.sum()), "lines without a value are not rows"))
        frame = frame.filter(~blank)
    commas = [] if delimiter == "," else [name for name in frame.columns if _decimal_commas(frame[name])]
    # `1,500` alone could also be fifteen hundred: some number must have other than three digits behind its comma.
    if any((frame[name].str.contains(r",(\d{1,2}|\d{4,})\s*$")).any() for name in commas):
        rules.append(RuleUse("decimal_comma", len(frame), f"decimal commas read as points in {', '.join(commas)}"))
        frame = frame.with_columns(pl.col(commas).str.replace(",", ".", literal=True))
    return frame, rules


def _decimal_commas(column: pl.Series) -> bool:
    """Whether every value is a number, some with one comma and none with a point."""
    return bool(column.str.contains(r"^\s*[+-]?\d+(,\d+)?\s*$").all() and column.str.contains(",").any())


def _text_bytes(data: bytes, path: Path) -> bytes:
    if b"\r" in data and b"\n" not in data[:65536]:
        data = data.replace(b"\r", b"\n")  # lines as old Macintosh programs end them
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(encoding).encode()
            except UnicodeDecodeError as error:
                raise fault("FC1001", f"the file is not valid {encoding} text", str(path)) from error
    if b"\0" in data[:65536]:
        raise fault("FC1001", "the file is neither text nor a known binary format", str(path))
    return data


def _looks_like_data(cells: tuple[str, ...]) -> bool:
    """A header names its columns; a data row starts with a number or a date."""
    return bool(cells[0][:1].isdigit()) and all(
        cell[:1].isdigit() or cell[:1] in "-.+" or not cell or cell.lower() in ("true", "false") for cell in cells[1:]
    )


def _gzip(path: Path) -> Table:
    try:
        with gzip.open(path) as file:
            data = file.read(LARGEST_UNPACKED_BYTES + 1)
    except (OSError, EOFError) as error:
        raise fault("FC1001", "the gzip file is cut short or damaged", str(path), notes=(str(error),)) from error
    return _unpacked(data, "gzipped", path)


def _zip(path: Path) -> Table:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) != 1:
                names = ", ".join(member.filename for member in members[:5])
                raise fault("FC1001", f"the archive holds {len(members)} files, not one", str(path), notes=(names,))
            with archive.open(members[0]) as file:
                data = file.read(LARGEST_UNPACKED_BYTES + 1)
    except (OSError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        if isinstance(error, RuntimeFault):
            raise
        raise fault("FC1001", "the zip file is cut short or damaged", str(path), notes=(str(error),)) from error
    return _unpacked(data, "zipped", path)


def _unpacked(data: bytes, how: str, path: Path) -> Table:
    if len(data) > LARGEST_UNPACKED_BYTES:
        raise fault("FC1001", "the unpacked file is too large to import at once", str(path))
    if data.lstrip()[:1] in (b"[", b"{"):
        return _json_bytes(data, f"{how} JSON", path)
    return _csv_bytes(data, f"{how} CSV", path)


def _json(path: Path) -> Table:
    return _json_bytes(path.read_bytes(), "JSON", path)


def _json_bytes(data: bytes, kind: str, path: Path) -> Table:
    """Rows as lists (CCXT, older freqtrade files) or as objects."""
    import polars as pl

    try:
        rows = json.load(io.BytesIO(data))
    except (ValueError, RecursionError) as error:
        raise fault("FC1001", "the JSON file is cut short or damaged", str(path), notes=(str(error)[:200],)) from error
    if not isinstance(rows, list) or not rows:
        raise fault("FC1002", "the JSON file is not a list of rows", str(path))
    names = tuple(rows[0]) if isinstance(rows[0], dict) else None
    for number, row in enumerate(rows, 1):
        if not _same_shape(row, rows[0]):
            raise fault("FC1002", f"row {number} has another shape than row 1", str(path))
    columns = names or tuple(f"column_{place + 1}" for place in range(len(rows[0])))
    keys = names or range(len(rows[0]))
    cells = {column: [_cell(row[key]) for row in rows] for column, key in zip(columns, keys, strict=True)}
    return Table(kind, names, pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String)))


def _same_shape(row: object, first: object) -> bool:
    if isinstance(row, dict) and isinstance(first, dict):
        return row.keys() == first.keys()
    return isinstance(row, list) and isinstance(first, list) and len(row) == len(first) > 0


def _cell(value: object) -> str | None:
    return None if value is None else repr(value) if isinstance(value, float) else str(value)


_BY_MAGIC: Mapping[bytes, Callable[[Path], Table]] = MappingProxyType(
    {b"PAR1": _parquet, b"ARROW1": _feather, b"\x1f\x8b": _gzip, b"PK\x03\x04": _zip}
)
