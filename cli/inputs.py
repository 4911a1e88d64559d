"""Which streams a run needs, which numbers they have, and which of them price and fill the traded instruments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..compiler.pipeline import Compiled
from .prepared import Prepared, is_market, traded_facts

if TYPE_CHECKING:
    from ..compiler.ir.nodes import Stream
    from ..runtime.backtest.market.model import MarketTape
    from ..runtime.backtest.result import Feed, KernelFacts
    from ..runtime.market_data.events import AnySet
    from ..runtime.market_data.tapes.file import Tape
    from ..runtime.market_data.tapes.matching import StreamNeed
    from .market_options import MarketOptions


@dataclass(frozen=True, slots=True)
class Input:
    """A stream of the tape and the number that the program knows it by."""

    need: StreamNeed
    number: int


def tape_inputs(prepared: Prepared, data: Sequence[str]) -> list[Input]:
    """What the program reads, in its order; then the books and trades that only its orders meet.

    Optional streams, which are such trades, are left out where the data has none.
    """
    from ..runtime.market_data.store.catalog import expand, outline
    from ..runtime.market_data.tapes.matching import StreamNeed

    streams = prepared.compiled.program.streams
    needs = [StreamNeed(s.kind, s.symbol, s.period_ns, s.price_decimals, s.qty_decimals) for s in streams]
    sets = [outline(name) for name in expand(data)] if is_market(prepared.compiled) else []
    found = [
        Input(need, number)
        for number, (need, s) in enumerate(zip(needs, streams, strict=True))
        if s.kind != "timer" and (not s.optional or _holds(sets, need))
    ]
    extra = _unread(prepared.compiled, sets) if is_market(prepared.compiled) else []
    return [*found, *(Input(need, len(streams) + k) for k, need in enumerate(extra))]


def _holds(sets: Sequence[AnySet], need: StreamNeed) -> bool:
    from ..runtime.errors import RuntimeFault
    from ..runtime.market_data.tapes.matching import match_streams

    try:
        match_streams(sets, [need])
    except RuntimeFault as missing:
        if missing.first.code not in ("FC1010", "FC1014"):
            raise
        return False  # no trades: queues advance by what the depth shows
    return True


def _unread(compiled: Compiled, sets: Sequence[AnySet]) -> list[StreamNeed]:
    """Books of traded instruments that the program does not read, and their trades if the data has them."""
    from ..runtime.market_data.tapes.matching import StreamNeed

    read = {(s.kind, s.symbol) for s in compiled.program.streams}
    facts = traded_facts(compiled)
    books, trades = (
        [StreamNeed(kind, f.symbol, 0, f.price_decimals, f.qty_decimals) for f in facts if (kind, f.symbol) not in read]
        for kind in ("book", "trade")
    )
    return [*books, *(need for need in trades if _holds(sets, need))]


def received(tape: Tape, numbers: Sequence[int], options: MarketOptions | None) -> Tape:
    """The tape with the program's stream numbers, and its records as the feed model says they come."""
    import numpy as np

    from ..cython_core.layout import HEAD, STREAM_SHIFT

    records = tape.records
    if list(numbers) != list(range(len(numbers))):
        heads = records[:, HEAD]
        stream = heads >> STREAM_SHIFT & 0xFFFF
        records = records.copy()
        records[:, HEAD] = heads + ((np.array(numbers, dtype=np.int64)[stream] - stream) << STREAM_SHIFT)
        records.flags.writeable = False
    if options is not None:
        from ..runtime.backtest.push_order import as_received

        records = as_received(records, options.feed)
    return tape if records is tape.records else replace(tape, records=records)


def kernel_facts(compiled: Compiled) -> KernelFacts:
    """Each traded instrument is priced and filled by its book, or by its finest bars where nothing reads a book."""
    from ..compiler.ir.layout import state_words
    from ..runtime.backtest.result import Feed, KernelFacts

    market, streams = is_market(compiled), compiled.program.streams
    bases = tuple(_base(compiled, alias, market) for alias in compiled.checked.traded)
    timers = tuple(Feed(number, s.period_ns) for number, s in enumerate(streams) if s.kind == "timer")
    books = tuple(number for number, s in enumerate(streams) if s.kind == "book")
    return KernelFacts(state_words(compiled.program), bases, timers, market, books)


def _base(compiled: Compiled, alias: str, market: bool) -> Feed:
    from ..runtime.backtest.result import Feed

    own = [
        (s.period_ns, k) for k, s in enumerate(compiled.program.streams) if _is(s, alias, "book" if market else "bar")
    ]
    if own:
        return Feed(min(own)[1], min(own)[0])
    assert market, f"no bars of {alias} price its orders"
    unread = [a for a in compiled.checked.traded if not any(_is(s, a, "book") for s in compiled.program.streams)]
    return Feed(len(compiled.program.streams) + unread.index(alias))


def _is(stream: Stream, alias: str, kind: str) -> bool:
    return stream.kind == kind and stream.instrument == alias


def market_tape(compiled: Compiled, tape: Tape) -> MarketTape:
    """The tape with the books in it, and which trades belong to which book."""
    from ..runtime.backtest.market.model import BookFeed, MarketTape

    numbers = tape_numbers(compiled, tape)
    named = list(zip(numbers, tape.streams, strict=True))
    trades = {s.symbol: number for number, s in named if s.kind == "trade"}
    books = [
        BookFeed(number, s.low_ticks, s.high_ticks, trades.get(s.symbol, -1)) for number, s in named if s.kind == "book"
    ]
    return MarketTape(tape.records, tuple(books))


def tape_numbers(compiled: Compiled, tape: Tape) -> list[int]:
    """The program's number of each stream of the tape."""
    streams = compiled.program.streams
    there = {(s.kind, s.symbol, s.period_ns) for s in tape.streams}
    own = [n for n, s in enumerate(streams) if s.kind != "timer" and (s.kind, s.symbol, s.period_ns) in there]
    return own + [len(streams) + k for k in range(len(tape.streams) - len(own))]
