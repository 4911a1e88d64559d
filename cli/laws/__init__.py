"""The laws of every strategy: what no strategy, no engine and no way of running may break.

`run_laws` states them on one compiled strategy and one tape. Each law is a module whose docstring is its statement. A
law compares whole results, bit for bit; what differs first is told with its time, its place and both values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from . import chunk, engine, explain, idle, prefix, relabel, restart
from .ground import Ground
from .outcome import LawResult

if TYPE_CHECKING:
    from ...runtime.backtest.result import Account
    from ...runtime.market_data.tapes.file import Tape
    from ..market_options import MarketOptions
    from ..prepared import Prepared

Law = Callable[[Ground], LawResult]

#: The laws by name, in the order in which they are told.
LAWS: MappingProxyType[str, Law] = MappingProxyType(
    {
        "engine": engine.law,
        "prefix": prefix.law,
        "chunk": chunk.law,
        "restart": restart.law,
        "idle": idle.law,
        "relabel": relabel.law,
        "explain": explain.law,
    }
)
ALL = tuple(LAWS)

__all__ = ["ALL", "LAWS", "LawResult", "run_laws"]


def run_laws(
    prepared: Prepared,
    tape: Tape,
    account: Account,
    options: MarketOptions | None,
    engines: Sequence[str],
    laws: Sequence[str] = ALL,
) -> tuple[LawResult, ...]:
    """Whether each law holds for a strategy on a tape.

    `options` is None on bars. `engines` are names of `engines.ENGINES`; the first one is what the others must equal,
    and laws about one run are tried on the compiled ones among them.
    """
    assert engines, "a law is tried on an engine"
    assert set(laws) <= set(LAWS), f"there are the laws {', '.join(ALL)}"
    ground = Ground(prepared, tape, account, options, tuple(engines))
    return tuple(LAWS[name](ground) for name in laws)
