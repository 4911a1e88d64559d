"""The exchange's streams and snapshots for a recording: channels, the session that carries them, whole books."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np

from ....cython_core.wire.decimals import DecimalFault, parse_decimal
from ...mexc.rest.errors import MexcError
from ...mexc.rest.results import Depth
from ...mexc.stream.channels import Channel
from ...mexc.stream.connection import StreamShell, system_session
from ...mexc.stream.counters import Counters
from ...mexc.stream.endpoint import Endpoint
from ...mexc.stream.events import Event, SessionConfig
from ..bars import Ints
from ..fetch.failures import pause_text
from .peek import peek
from .recorder import NS_PER_MS, WholeBook
from .streams import Recorded

#: An answer waits behind all data that is on its way. A recording that lags keeps its link; a silent link ends anyway.
PONG_NS = 60_000_000_000
SPEEDS = ("10ms", "100ms")


class Snapshots(Protocol):
    """What is needed of the exchange's REST client."""

    async def depth(self, symbol: str, limit: int = 5000) -> Depth: ...


def channels(recorded: Sequence[Recorded], speed: str) -> list[Channel]:
    """Book and trades of every instrument."""
    return [Channel(kind, what.symbol, speed) for what in recorded for kind in ("depth", "deals")]


def stream_shell(
    endpoint: Endpoint,
    wanted: Iterable[Channel],
    on_event: Callable[[Event], None],
    seed: int,
    tls: ssl.SSLContext | None,
    counters: Counters,
) -> StreamShell:
    """A session of streams that looks at frames no closer than it must."""
    config = SessionConfig(endpoint, pong_within_ns=PONG_NS)
    session = system_session(config, seed, decode=peek, counters=counters)
    shell = StreamShell(session, on_event, tls=tls)
    shell.subscribe(wanted)
    return shell


def levels_of(depth: Depth, what: Recorded) -> Ints:
    """A snapshot as rows of (side, lots, ticks). `DecimalFault` for a number that is off the grid or none."""
    rows = [
        (side, parse_decimal(qty, what.qty_decimals), parse_decimal(price, what.price_decimals))
        for side, levels in ((1, depth.bids), (-1, depth.asks))
        for price, qty in levels
    ]
    return np.array(rows, np.int64).reshape(len(rows), 3)


async def snapshot_of(source: Snapshots, what: Recorded, limit: int) -> WholeBook | str:
    """A whole book, or why there is none."""
    try:
        depth = await source.depth(what.symbol, limit)
        return WholeBook(depth.last_update_id, levels_of(depth, what), max(depth.time_ms, 0) * NS_PER_MS)
    except MexcError as error:
        return pause_text(error)
    except DecimalFault:
        return "an answer with numbers that cannot be"
