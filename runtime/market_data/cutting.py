"""A part of a data set in memory: one kind, a range of time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import fault
from .bars import Dataset, Ints
from .events import AnySet


def cut(data: AnySet, kind: str | None, from_ns: int | None, to_ns: int | None) -> AnySet:
    """The rows with times in `[from_ns, to_ns)`, of one kind where `data` holds it. FC1012 if there are none."""
    if isinstance(data, Dataset):
        bars = data.bars.take(_place(data.bars.ts, from_ns, to_ns))
        if not len(bars):
            raise fault("FC1012", f"`{data.name}` holds nothing in this range", data.source)
        return replace(data, bars=bars)
    parts = data.parts()
    wanted = {name: part for name, part in parts.items() if kind in (None, name)} or parts
    kept = {name: part.take(_place(part.receive, from_ns, to_ns)) for name, part in wanted.items()}
    found = {name: part for name, part in kept.items() if len(part)}
    if not found:
        raise fault("FC1012", f"`{data.name}` holds nothing of that in this range", data.source)
    whole = found.keys() == parts.keys() and from_ns is None and to_ns is None
    return data if whole else replace(data, book=found.get("book"), trades=found.get("trades"), content_hash="")  # type: ignore[arg-type]


def _place(times: Ints, from_ns: int | None, to_ns: int | None) -> slice:
    first = 0 if from_ns is None else int(np.searchsorted(times, from_ns))
    stop = len(times) if to_ns is None else int(np.searchsorted(times, to_ns))
    return slice(first, stop)
