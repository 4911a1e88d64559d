"""The decisions of a run, asked about by place."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..cython_core.layout import INSTANCE_SHIFT, REASON_SHIFT, REASONS
from ..runtime.backtest.money import Ints
from .rule_sets import BOTH, ENTRIES, EXITS

Bools = NDArray[np.bool_]

_CODE = (1 << REASON_SHIFT) - 1
_NOT_ARMED, _NO_ENTRY = REASONS.index("not_armed"), REASONS.index("no_entry")
_FIRED = (REASONS.index("entered"), REASONS.index("exited"))

#: Codes of `rule_sets` under which the mask has bits of a rule set.
_WITH = {"entries": (ENTRIES, BOTH), "exits": (EXITS, BOTH)}


class History:
    """Decisions in time order: columns `time`, `reason`, `mask`, and the rules each evaluated (`rule_sets.evaluated`).

    A strategy of several instruments has a row for each that decided. What is asked about a row is answered from the
    rows of its instrument.
    """

    def __init__(self, columns: Mapping[str, Ints], sets: NDArray[np.int8]) -> None:
        self._time, self._reason, self._mask = (columns[name] for name in ("time", "reason", "mask"))
        self._code = self._reason & _CODE
        self._sets = sets
        self._instance = self._reason >> INSTANCE_SHIFT

    def __len__(self) -> int:
        return len(self._time)

    def time(self, index: int) -> int:
        return int(self._time[index])

    def reason_word(self, index: int) -> int:
        return int(self._reason[index])

    def mask(self, index: int) -> int:
        return int(self._mask[index])

    def last_until(self, time: int, instance: int | None = None) -> int | None:
        """The last decision at or before `time`, of one traded instrument or of any."""
        end = int(np.searchsorted(self._time, time, side="right"))
        rows = np.arange(end) if instance is None else np.flatnonzero(self._instance[:end] == instance)
        return int(rows[-1]) if len(rows) else None

    def is_last(self, index: int) -> bool:
        """Whether the instrument decides no more."""
        return not self._beside(index)[index + 1 :].any()

    def first_armed(self, index: int) -> int | None:
        """The time of the first decision after warm-up."""
        armed = np.flatnonzero((self._code != _NOT_ARMED) & self._beside(index))
        return int(self._time[armed[0]]) if len(armed) else None

    def last_fire(self, index: int) -> int | None:
        """The time of the last decision before `index` that gave an order."""
        fired = np.flatnonzero(np.isin(self._code[:index], _FIRED) & self._beside(index)[:index])
        return int(self._time[fired[-1]]) if len(fired) else None

    def next_with(self, index: int, bit: int, rule_set: str) -> int | None:
        """The time of the first later decision in which the clause `bit` of that rule set held."""
        evaluated = np.isin(self._sets[index + 1 :], _WITH[rule_set])
        own = self._beside(index)[index + 1 :]
        held = np.flatnonzero(own & evaluated & (self._mask[index + 1 :] >> bit & 1 == 1))
        return int(self._time[index + 1 + held[0]]) if len(held) else None

    def share_without(self, index: int, bit: int, day_ns: int) -> float | None:
        """Of the decisions without an entry on the same UTC day: the share in which the clause `bit` did not hold."""
        day = self._time[index] // day_ns
        idle = (self._time // day_ns == day) & (self._code == _NO_ENTRY) & self._beside(index)
        count = int(np.count_nonzero(idle))
        return int(np.count_nonzero(idle & (self._mask >> bit & 1 == 0))) / count if count else None

    def _beside(self, index: int) -> Bools:
        """Which rows are of the same instrument."""
        same: Bools = self._instance == self._instance[index]
        return same
