"""Several files of bars as one data set: a file for each day or month, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from ...errors import Place, fault
from ..bars import Bars, Dataset, RuleUse, summed
from ..moments import moment_text, period_text


def joined_bars(parts: Sequence[Dataset], name: str) -> Dataset:
    """One data set of bars in order of time. Bars that stand in two files are taken once.

    FC1014 for different instruments, FC1021 for different lengths or columns, FC1005 if two files differ about a bar.
    """
    first = parts[0]
    for part in parts[1:]:
        _must_fit(first, part)
    columns = [part.bars.columns() for part in parts]
    bars = Bars(**{key: np.concatenate([own[key] for own in columns]) for key in columns[0]})
    bars = bars.take(np.argsort(bars.ts, kind="stable"))
    again = np.concatenate([[False], np.diff(bars.ts) == 0])
    for column in bars.columns().values():
        if (wrong := np.flatnonzero(again[1:] & (column[1:] != column[:-1]))).size:
            message = f"two files have different bars of {moment_text(int(bars.ts[wrong[0]]))}"
            raise fault("FC1005", message, Place(", ".join(part.source for part in parts)))
    rules = summed(tuple(rule for part in parts for rule in part.rules))
    if again.any():
        rules = (*rules, RuleUse("drop_exact_duplicates", int(again.sum()), "bars that stand in two files"))
    kept = ("file", "sha256")
    files = [{key: part.facts[key] for key in kept if part.facts and key in part.facts} for part in parts]
    facts = MappingProxyType({**dict(first.facts or {}), "files": files})
    source = ", ".join(part.source for part in parts)
    return replace(first, name=name, bars=bars.take(~again), rules=rules, source=source, facts=facts)


def _must_fit(first: Dataset, part: Dataset) -> None:
    if part.instrument != first.instrument:
        message = f"{part.name} is of {part.instrument.symbol}, {first.name} of {first.instrument.symbol}"
        raise fault("FC1014", message, part.source, helps=("give each instrument a data set of its own",))
    if part.period_ns != first.period_ns:
        message = (
            f"{part.name} has {period_text(part.period_ns)} bars, {first.name} {period_text(first.period_ns)} bars"
        )
        raise fault("FC1021", message, part.source, helps=("give each length a data set of its own",))
    if part.bars.columns().keys() != first.bars.columns().keys():
        notes = tuple(f"{one.name}: {', '.join(one.bars.columns())}" for one in (first, part))
        raise fault("FC1021", f"{part.name} has other columns", part.source, notes=notes)
