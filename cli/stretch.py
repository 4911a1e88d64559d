"""A stretch of a run: which of its decisions lie between `--from` and `--to`."""

from __future__ import annotations

import numpy as np

from ..runtime.backtest.money import Ints
from ..runtime.market_data.moments import moment_text
from .history import Bools
from .problem import Problem


def rows_between(time: Ints, from_ns: int | None, to_ns: int | None, where: str) -> Bools:
    """Which rows are at or after `from_ns` and before `to_ns`. Raises `Problem` (FC1110) if there is none."""
    if not len(time):
        raise Problem("the run made no decision", kind="data", where=where, code="FC1110")
    if from_ns is not None and to_ns is not None and from_ns >= to_ns:
        raise Problem("`--from` is not before `--to`", where=where, code="FC1110")
    low = int(time[0]) if from_ns is None else from_ns
    high = int(time[-1]) + 1 if to_ns is None else to_ns
    chosen: Bools = (time >= low) & (time < high)
    if not chosen.any():
        near = np.searchsorted(time, low)
        helps = [f"it decided from {moment_text(int(time[0]))} to {moment_text(int(time[-1]))}"]
        if 0 < near < len(time):
            helps.append(f"the next decision is at {moment_text(int(time[near]))}")
        end = "its end" if to_ns is None else moment_text(high)
        said = f"the run has no decision from {'its start' if from_ns is None else moment_text(low)} to {end}"
        raise Problem(said, helps=tuple(helps), where=where, code="FC1110")
    return chosen
