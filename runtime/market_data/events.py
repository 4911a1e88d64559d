"""Books and trades in memory: parallel NumPy columns, and the facts that travel with them.

Times are epoch nanoseconds. The **receive** time is when the recorder saw the row, and rows stand in its order; the
**venue** time is the exchange's own stamp, 0 where it gave none. Prices are in quote currency, quantities in base.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .bars import Dataset, Flags, Floats, Ints, RuleUse
from .instruments import Instrument

Signs: TypeAlias = NDArray[np.int8]
KINDS = ("book", "trades")


@dataclass(frozen=True, slots=True)
class _Columns:
    """What books and trades have in common: columns of equal length."""

    receive: Ints
    venue: Ints
    side: Signs
    price: Floats
    qty: Floats

    def __len__(self) -> int:
        return len(self.receive)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Name -> column, in canonical order."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def take(self, index: Any) -> Self:
        """Rows by slice, mask or index array."""
        return replace(self, **{name: column[index] for name, column in self.columns().items()})


@dataclass(frozen=True, slots=True)
class Trades(_Columns):
    """One row a trade. `side`: +1 the taker bought, -1 the taker sold. `trade_id` is 0 where there is none."""

    trade_id: Ints


@dataclass(frozen=True, slots=True)
class Levels(_Columns):
    """One row a level of a book message: `qty` is what is there now, 0 if the level is gone. `side`: +1 bid, -1 ask.

    `ends` marks the last row of a message. A `snapshot` message replaces the whole book. `first_id` and `last_id` are
    the update ids of the message: where `first_id` is above 0 it must follow the `last_id` before; 0 means unknown.
    """

    snapshot: Flags
    ends: Flags
    first_id: Ints
    last_id: Ints


def no_events() -> tuple[Levels, Trades]:
    """Columns without rows."""
    ids, value, side, flag = np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int8), np.zeros(0, np.bool_)
    return Levels(ids, ids, side, value, value, flag, flag, ids, ids), Trades(ids, ids, side, value, value, ids)


@dataclass(frozen=True, slots=True)
class EventSet:
    """Checked book and trades of one instrument, at least one of them. `rules` were applied when they were read.

    `content_hash` is what the stored record says, empty of data that is not stored (`day_parts.events_hash` gives it).
    """

    name: str
    instrument: Instrument
    venue: str
    book: Levels | None
    trades: Trades | None
    rules: tuple[RuleUse, ...] = ()
    source: str = ""
    facts: Mapping[str, Any] | None = None
    content_hash: str = ""

    def __post_init__(self) -> None:
        assert self.parts(), "a data set holds something"

    def parts(self) -> dict[str, Levels | Trades]:
        """Kind -> columns, of the kinds that are there."""
        both = {"book": self.book, "trades": self.trades}
        return {kind: part for kind, part in both.items() if part is not None}

    @property
    def from_ns(self) -> int:
        """Receive time of the first row."""
        return min(int(part.receive[0]) for part in self.parts().values())

    @property
    def to_ns(self) -> int:
        """A nanosecond after the last row was received."""
        return max(int(part.receive[-1]) for part in self.parts().values()) + 1


#: What a name or file of data resolves to.
AnySet: TypeAlias = Dataset | EventSet
