"""Small tools that every reader and rewriter of FIR needs: iteration, visitors, renumbering."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from .nodes import Item, Op, Program, Segment, When
from .ops import OPS


def operations(body: Iterable[Item]) -> Iterator[Op]:
    """All operations in order of execution, those inside `when` regions included."""
    for item in body:
        if isinstance(item, Op):
            yield item
        else:
            yield from operations(item.body)


def highest_value(body: Iterable[Item]) -> int:
    """The largest value number used in a body; -1 if there is none."""
    highest = -1
    for item in body:
        if isinstance(item, Op):
            highest = max(highest, item.result if item.result is not None else -1, *item.args, -1)
        else:
            highest = max(highest, item.condition, highest_value(item.body))
    return highest


def slot_name(op: Op) -> str | None:
    """The slot that an operation reads or writes, if it touches one."""
    row = OPS[op.name]
    return str(op.attrs[0]) if "slot" in row.attrs else None


def map_segments(program: Program, change: Callable[[Segment], tuple[Item, ...]]) -> Program:
    """The program with each segment's body replaced by `change(segment)`."""
    return replace(program, segments=tuple(replace(s, body=change(s)) for s in program.segments))


def renumber(program: Program) -> Program:
    """Number the values of each segment 0, 1, 2 ... in order of definition."""
    return map_segments(program, lambda segment: _renumbered(segment.body, {}))


def _renumbered(body: tuple[Item, ...], numbers: dict[int, int]) -> tuple[Item, ...]:
    result: list[Item] = []
    for item in body:
        if isinstance(item, When):
            result.append(When(numbers[item.condition], _renumbered(item.body, numbers)))
            continue
        args = tuple(numbers[a] for a in item.args)
        if item.result is not None:
            numbers[item.result] = len(numbers)
        result.append(replace(item, result=None if item.result is None else numbers[item.result], args=args))
    return tuple(result)
