"""`flashc.data`: stored history as a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import given
from .errors import told, usage

if TYPE_CHECKING:
    import polars as pl


def data(name: str, kind: str | None = None, *, from_: Any = None, to: Any = None) -> pl.DataFrame:
    """Rows of a data set or file as a polars frame: bars by the time they open, trades and books by when they came.

    `name` is what `--data` takes, also `btc_1m@3`. `kind` is `book` or `trades`, where the data set holds both. Times
    are `[from_, to)`. Raises `FlashcError` for what does not exist.
    """
    with told():
        low, high = given.moment("from_", from_), given.moment("to", to)
        from ...runtime.market_data.bars import Dataset
        from ...runtime.market_data.frames import frame_of
        from ...runtime.market_data.store.catalog import resolve_part

        found = resolve_part(name, kind, low, high)
        kinds = ["bars"] if isinstance(found, Dataset) else list(found.parts())
        if kind is None and len(kinds) > 1:
            raise usage(f"`{name}` holds {' and '.join(kinds)}", f"choose one: flashc.data({name!r}, {kinds[-1]!r})")
        if kind is not None and kind not in kinds:
            raise usage(f"`{name}` holds no {kind}", f"it holds {' and '.join(kinds)}")
        return frame_of(found, kind or kinds[0])
