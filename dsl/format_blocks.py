"""The order of keys, and the columns of `params`.

Keys whose meaning the schema fixes are put in the schema's order; names of the user's own stay as written, since their
order may matter (exits) or say something (parameters). A key moves together with the comment lines right above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .cst import Entry, Mapping, Node
from .diagnostics import Edit
from .schema import (
    BandBlock,
    Block,
    CapitalBlock,
    DayLossBlock,
    DecideBlock,
    DrawdownBlock,
    EntryBlock,
    ExecutionBlock,
    ExitBlock,
    FunctionBlock,
    LosingStreakBlock,
    NotionalBlock,
    OrderRateBlock,
    ParamBlock,
    PositionBlock,
    ProfitLockBlock,
    RequoteBlock,
    RiskBlock,
    ScoredBlock,
    StrategyFile,
)
from .source import Source

#: Path of a block -> its schema; `*` stands for a name of the user's own.
_SCHEMAS: dict[tuple[str, ...], type[Block]] = {
    (): StrategyFile,
    ("decide",): DecideBlock,
    ("capital",): CapitalBlock,
    ("params", "*"): ParamBlock,
    ("fn", "*"): FunctionBlock,
    ("entries", "*"): EntryBlock,
    ("entries", "*", "score", "*"): ScoredBlock,
    ("exits", "*"): ExitBlock,
    ("execution", "*"): ExecutionBlock,
    ("execution", "*", "requote"): RequoteBlock,
    ("risk",): RiskBlock,
    ("risk", "position"): PositionBlock,
    ("risk", "notional"): NotionalBlock,
    ("risk", "day_loss"): DayLossBlock,
    ("risk", "drawdown"): DrawdownBlock,
    ("risk", "profit_lock"): ProfitLockBlock,
    ("risk", "losing_streak"): LosingStreakBlock,
    ("risk", "order_rate"): OrderRateBlock,
    ("risk", "band"): BandBlock,
}

#: Blocks whose keys are names of the user's own.
_USER_NAMED = frozenset(
    {("params",), ("fn",), ("entries",), ("exits",), ("execution",), ("entries", "*", "score")},
)


@dataclass(frozen=True, slots=True)
class _Known:
    """A block of the file with the keys of its schema, in order."""

    mapping: Mapping
    order: tuple[str, ...]

    def sorted(self) -> list[Entry]:
        rank = {key: at for at, key in enumerate(self.order)}
        return sorted(self.mapping.entries, key=lambda entry: rank.get(entry.key.value, len(rank)))


def _keys(schema: type[Block]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in schema.model_fields.items())


def _known(node: Node, path: tuple[str, ...] = ()) -> Iterator[_Known]:
    if not isinstance(node, Mapping):
        return
    schema = _SCHEMAS.get(path)
    if schema is not None:
        yield _Known(node, _keys(schema))
    for entry in node.entries:
        step = "*" if path in _USER_NAMED else entry.key.value
        yield from _known(entry.value, (*path, step))


def order_edits(source: Source, root: Mapping) -> list[Edit]:
    """Edits that sort the keys of the first block that is out of order. Apply, read again, and repeat until none."""
    for known in _known(root):
        wanted = known.sorted()
        if wanted != list(known.mapping.entries) and not known.mapping.in_flow:
            chunks = _chunks(source, known.mapping)
            if chunks is not None:
                return _moved(source, known.mapping, chunks, wanted)
    return []


def _chunks(source: Source, mapping: Mapping) -> list[tuple[int, int]] | None:
    """First and last line of each entry with its comments, or None where a key does not begin its own line."""
    starts: list[int] = []
    for entry in mapping.entries:
        line = source.position(entry.key.span.start).line
        if source.line_text(line)[: source.position(entry.key.span.start).column - 1].strip():
            return None
        starts.append(_with_comments(source, line, starts[-1] + 1 if starts else 1))
    last = source.position(max(mapping.entries[-1].value.span.end - 1, 0)).line
    last = max(last, source.position(mapping.entries[-1].key.span.end).line)
    ends = [start - 1 for start in starts[1:]] + [last]
    if len(set(starts)) != len(starts):
        return None
    return list(zip(starts, ends, strict=True))


def _with_comments(source: Source, line: int, floor: int) -> int:
    """The first of the comment lines right above `line`. A comment with a blank line below it heads the whole file."""
    while line > floor and source.line_text(line - 1).strip().startswith("#"):
        line -= 1
    return line


def _moved(source: Source, mapping: Mapping, chunks: Sequence[tuple[int, int]], wanted: list[Entry]) -> list[Edit]:
    place = {id(entry): at for at, entry in enumerate(mapping.entries)}
    texts = ["\n".join(source.line_text(n) for n in range(first, last + 1)).rstrip() for first, last in chunks]
    blanks = [_blank_lines_below(source, first, last) for first, last in chunks]
    body = "".join(texts[place[id(entry)]] + "\n" * (1 + blanks[at]) for at, entry in enumerate(wanted))
    start = _line_start(source, chunks[0][0])
    end = _line_start(source, chunks[-1][1] + 1)
    return [Edit(source.span(start, end), body)]


def _blank_lines_below(source: Source, first: int, last: int) -> int:
    count = 0
    while last - count > first and not source.line_text(last - count).strip():
        count += 1
    return count


def _line_start(source: Source, line: int) -> int:
    """Offset where `line` begins; behind the last line, the end of the text."""
    if line > source.line_count:
        return len(source.text)
    low, high = 0, len(source.text)
    while low < high:
        middle = (low + high) // 2
        if source.position(middle).line < line:
            low = middle + 1
        else:
            high = middle
    return low


def flow_edits(source: Source, root: Mapping) -> list[Edit]:
    """Edits that space `{...}` blocks evenly, and align those of `params` in columns."""
    params = root.get("params")
    rows = [e for e in params.entries if _on_one_line(source, e.value)] if isinstance(params, Mapping) else []
    aligned = {id(e.value) for e in rows}
    edits = list(_aligned(source, rows)) if isinstance(params, Mapping) and not params.in_flow else []
    for known in _known(root):
        if known.mapping.in_flow and id(known.mapping) not in aligned and _on_one_line(source, known.mapping):
            cells = [_cell(source, entry) for entry in known.sorted()]
            edits.append(Edit(known.mapping.span, "{" + ", ".join(cells) + "}"))
    return [edit for edit in edits if source.slice(edit.span) != edit.text]


def _on_one_line(source: Source, node: Node) -> bool:
    """Is it a `{...}` on one line, without comments and without another `{...}` inside?"""
    if not isinstance(node, Mapping) or not node.in_flow or not node.entries:
        return False
    text = source.slice(node.span)
    return "\n" not in text and "#" not in text and text.endswith("}") and "{" not in text[1:]


def _cell(source: Source, entry: Entry) -> str:
    return f"{source.slice(entry.key.span)}: {source.slice(entry.value.span).strip()}".rstrip()


def _aligned(source: Source, rows: list[Entry]) -> Iterator[Edit]:
    order = _keys(ParamBlock)
    names = max((len(source.slice(row.key.span)) for row in rows), default=0)
    cells = [
        {e.key.value: _cell(source, e) for e in row.value.entries if isinstance(row.value, Mapping)}
        for row in rows
        if isinstance(row.value, Mapping)
    ]
    widths = {key: _width(key, cells, order) for key in order}
    for row, cell in zip(rows, cells, strict=True):
        if not set(cell) <= set(order):
            continue
        text = _row_text(cell, order, widths)
        gap = " " * (names - len(source.slice(row.key.span)) + 1)
        yield Edit(source.span(row.key.span.end, row.value.span.end), f":{gap}{text}")


def _width(key: str, cells: list[dict[str, str]], order: tuple[str, ...]) -> int:
    """Columns of one key with its comma and a space; a cell that ends its row needs no room. 0: no row has it."""
    followed = (row for row in cells if any(other in row for other in order[order.index(key) + 1 :]))
    return max((len(row[key]) + 2 for row in followed if key in row), default=0)


def _row_text(cell: dict[str, str], order: tuple[str, ...], widths: dict[str, int]) -> str:
    last = max((order.index(key) for key in cell), default=0)
    padded = (f"{cell[key] + ',' if key in cell else '':<{widths[key]}}" for key in order[:last])
    return "{" + "".join(padded) + cell.get(order[last], "") + "}"
