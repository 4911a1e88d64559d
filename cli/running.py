"""From a strategy file and data to a finished run: the composition that `backtest` and `explain` share."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from ..compiler.artifact import capital_start
from ..compiler.pipeline import Compiled
from ..runtime.cache_root import cache_root
from .engines import REFERENCE, Begun, Choice
from .inputs import kernel_facts, market_tape, received, tape_inputs
from .prepared import Prepared, traded_facts
from .problem import Problem

if TYPE_CHECKING:
    from ..compiler.venues.profile import InstrumentProfile
    from ..runtime.backtest.kernel_loader import Kernel
    from ..runtime.backtest.money import Ints
    from ..runtime.backtest.result import Account, KernelFacts, RunResult, Terms
    from ..runtime.market_data.tapes.file import Tape
    from .market_options import MarketOptions

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Rates:
    """Fees of one instrument as parts of the notional."""

    maker: Decimal
    taker: Decimal


@dataclass(frozen=True, slots=True)
class Costs:
    """What trading costs in this run: rates by instance, slippage in ticks."""

    rates: tuple[Rates, ...]
    slippage_ticks: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A run and what it ran over."""

    compiled: Compiled
    result: RunResult
    tape: Tape
    account: Account
    kernel_facts: KernelFacts
    load_s: float  # kernel into memory, compiling it when it is new
    run_s: float
    choice: Choice  # the engine
    options: MarketOptions | None = None  # of a run on books

    @property
    def is_market(self) -> bool:
        return self.kernel_facts.market


def pinned(data: Sequence[str]) -> list[str]:
    """Names with the version that is the newest now (`btc_1m@3`), so that the run reads and names one version."""
    from ..runtime.market_data.store.catalog import pin

    return pin(data)


def make_tape(
    prepared: Prepared,
    data: Sequence[str],
    from_ns: int | None,
    to_ns: int | None,
    options: MarketOptions | None = None,
) -> Tape:
    """The events that the strategy needs, from the named data sets or files. Raises `RuntimeFault`.

    On books the traded instruments' books and, where there are some, trades are part of it whether the strategy reads
    them or not: its orders meet them.
    """
    from ..runtime.market_data.tapes.cache import open_or_build

    if from_ns is not None and to_ns is not None and from_ns >= to_ns:
        raise Problem("`--from` is not before `--to`")
    inputs = tape_inputs(prepared, data)
    needs, late = [given.need for given in inputs], prepared.compiled.program.lateness_ns
    tape = open_or_build(data, needs, from_ns, to_ns, late, cache=cache_root() / "tapes")
    return received(tape, [given.number for given in inputs], options)


def costs_of(prepared: Prepared, fees: tuple[Decimal, Decimal] | None, slippage_ticks: int) -> Costs:
    """The venue's fees unless others are given."""
    rates = [Rates(*(fees or (facts.maker_fee, facts.taker_fee))) for facts in traded_facts(prepared.compiled)]
    return Costs(tuple(rates), slippage_ticks)


def account_of(prepared: Prepared, costs: Costs) -> Account:
    """The simulated account in atoms, ticks and lots."""
    from ..cython_core.layout import ATOM_DECIMALS
    from ..runtime.backtest.result import Account

    cash = int(Decimal(capital_start(prepared.compiled)).scaleb(ATOM_DECIMALS))
    terms = [_terms(*pair) for pair in zip(traded_facts(prepared.compiled), costs.rates, strict=True)]
    return Account(cash, tuple(terms), costs.slippage_ticks)


def _terms(facts: InstrumentProfile, rates: Rates) -> Terms:
    from ..cython_core.layout import ATOM_DECIMALS
    from ..runtime.backtest.result import RATE_PARTS, Terms

    return Terms(
        scale=10 ** (ATOM_DECIMALS - facts.price_decimals - facts.qty_decimals),
        taker_rate=int(rates.taker * RATE_PARTS),
        maker_rate=int(rates.maker * RATE_PARTS),
        min_notional_atoms=int(facts.min_notional.scaleb(ATOM_DECIMALS)),
        min_qty_lots=facts.min_qty_lots,
    )


def begin(prepared: Prepared, engine: str) -> Begun:
    """Start what the engine can do before the data is known. Raises `FlashcError` (FC0909)."""
    return Begun(prepared.compiled, prepared.artifact, engine)


def run(
    prepared: Prepared,
    tape: Tape,
    account: Account,
    engine: str,
    progress: Progress | None = None,
    on_compile: Callable[[], None] | None = None,
    options: MarketOptions | None = None,
    begun: Begun | None = None,
) -> Finished:
    """Run over the whole tape. `on_compile` is called before a kernel is compiled for the first time.

    `begun` is the engine where `begin` has started it.
    """
    facts = kernel_facts(prepared.compiled)
    started = time.perf_counter()
    begun = begun or begin(prepared, engine)
    choice = begun.choose(len(tape), facts.market)
    if choice.engine == REFERENCE:
        go = _reference(prepared, facts)
    else:
        _load_driver(facts)  # first: the C compiler may still be at work
        kernel = begun.kernel(choice, on_compile)
        choice = begun.choose(len(tape), facts.market)  # another one where the C compiler failed
        go = _compiled(prepared, facts, kernel, progress)
    loaded = time.perf_counter()
    if facts.market:
        from .market_options import MarketOptions

        options = options or MarketOptions()
    result = go(tape, account, options)
    seconds = loaded - started, time.perf_counter() - loaded
    return Finished(prepared.compiled, result, tape, account, facts, *seconds, choice, options)


_Go = Callable[["Tape", "Account", "MarketOptions | None"], "RunResult"]


def _values(prepared: Prepared) -> list[int | float]:
    return [prepared.params[param.label] for param in prepared.compiled.program.params]


def _reference(prepared: Prepared, facts: KernelFacts) -> _Go:
    from ..compiler.evaluate.evaluator import Machine
    from ..runtime.backtest import reference

    values = _values(prepared)

    def go(tape: Tape, account: Account, options: MarketOptions | None) -> RunResult:
        machine = Machine(prepared.compiled.program)
        if options is None:
            return reference.run(machine, facts, tape.records.tolist(), values, account)
        from ..runtime.backtest.market.reference_market import run_market_reference

        market = market_tape(prepared.compiled, tape)
        return run_market_reference(machine, facts, market, values, account, options.model)

    return go


def _load_driver(facts: KernelFacts) -> None:
    if facts.market:
        from ..runtime.backtest.market import driver as market_driver

        market_driver.load()
    else:
        from ..runtime.backtest import driver

        driver.load()


def _compiled(prepared: Prepared, facts: KernelFacts, kernel: Kernel, progress: Progress | None) -> _Go:
    from ..runtime.backtest import driver
    from ..runtime.backtest.market import driver as market_driver

    values = _values(prepared)

    def go(tape: Tape, account: Account, options: MarketOptions | None) -> RunResult:
        if options is None:
            return driver.run(kernel.addresses, facts, tape.records, values, account, progress=progress)
        market, model = market_tape(prepared.compiled, tape), options.model
        return market_driver.run_market(kernel.addresses, facts, market, values, account, model, progress=progress)

    return go


def closes(finished: Finished) -> list[tuple[int, int]]:
    """(first, last) price of each traded instrument in ticks: open and close of its bars, its first and last trade, or
    where a book has no trades the first and last level set. FC1012 if the data is shorter than one bar."""
    from ..cython_core.layout import CLOSE, KIND_BAR, OPEN, PRICE
    from ..runtime.errors import fault

    records, found = finished.tape.records, []
    for number in base_numbers(finished):
        kind, rows = _price_rows(finished.tape, number)
        if not len(rows):
            raise fault("FC1012", "no bar is over before the data ends", "data", helps=("take data of a longer time",))
        first, last = (OPEN, CLOSE) if kind == KIND_BAR else (PRICE, PRICE)
        found.append((int(records[rows[0], first]), int(records[rows[-1], last])))
    return found


def price_course(finished: Finished, instance: int) -> tuple[Ints, Ints]:
    """(times, prices in ticks) of a traded instrument: closes of its bars, or its trades. Empty of a book alone."""
    from ..cython_core.layout import CLOSE, KIND_BAR, KIND_LEVEL, PRICE, TIME

    kind, rows = _price_rows(finished.tape, base_numbers(finished)[instance])
    records = finished.tape.records[rows[:0] if kind == KIND_LEVEL else rows]
    return records[:, TIME], records[:, CLOSE if kind == KIND_BAR else PRICE]


def _price_rows(tape: Tape, number: int) -> tuple[int, Ints]:
    """The kind of a stream's records that have prices, and their rows."""
    from ..cython_core.layout import HEAD, KIND_BAR, KIND_LEVEL, KIND_TRADE, STREAM_SHIFT

    heads = tape.records[:, HEAD]
    kinds, own = heads & 0xFF, heads >> STREAM_SHIFT & 0xFFFF == number
    kind = next(k for k in (KIND_BAR, KIND_TRADE, KIND_LEVEL) if k == KIND_LEVEL or (own & (kinds == k)).any())
    return kind, (own & (kinds == kind)).nonzero()[0]


def base_numbers(finished: Finished) -> list[int]:
    """The stream of each instance whose prices tell its course: its bars, or the trades of its book."""
    bases = finished.kernel_facts.bases
    if not finished.is_market:
        return [base.stream for base in bases]
    market = market_tape(finished.compiled, finished.tape)
    trades = {book.stream: book.trades for book in market.books}
    return [trades[base.stream] if trades[base.stream] >= 0 else base.stream for base in bases]
