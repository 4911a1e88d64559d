"""From a strategy file and data to a finished run: the composition that `backtest` and `explain` share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from ..compiler.artifact import capital_start, manifest, rule_names, write_artifact
from ..compiler.pipeline import Compiled, compile_checked
from ..dsl.source import Source
from ..runtime.cache_root import cache_root
from .front import read_front
from .problem import Problem
from .settings import parameter_texts, parameter_values, values_with

if TYPE_CHECKING:
    from ..compiler.ir.hir import Checked
    from ..runtime.backtest.result import Account, KernelFacts, RunResult
    from ..runtime.market_data.tape_file import Tape

ENGINES = ("numba", "ref")
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Costs:
    """What trading costs in this run: rates as parts of the notional, slippage in ticks."""

    maker: Decimal
    taker: Decimal
    slippage_ticks: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A compiled strategy with the parameters it will run with. `artifact` is its folder."""

    source: Source
    compiled: Compiled
    facts: Mapping[str, object]  # the artefact's manifest
    artifact: Path
    params: Mapping[str, int | float]
    shown_params: Mapping[str, str]  # as the file or `--set` spells them
    rules: Sequence[str]


@dataclass(frozen=True, slots=True)
class Finished:
    """A run and what it ran over."""

    result: RunResult
    tape: Tape
    account: Account
    kernel_facts: KernelFacts
    load_s: float  # kernel into memory, compiling it when it is new
    run_s: float


def prepare(path: Path, settings: Sequence[str], data: Sequence[str] = ()) -> Prepared:
    """Read, check and compile a file. Raises `FlashcError` for what is wrong with it.

    With `data`, streams that the data lacks are named first (`RuntimeFault`): that is what the user can mend.
    """
    front = read_front(path)
    front.diagnostics.raise_errors()
    assert front.source is not None and front.document is not None and front.checked is not None
    if data:
        _require_streams(front.checked, data)
    compiled = compile_checked(front.checked)
    params = values_with(front.document, settings) if settings else parameter_values(front.checked)
    shown = parameter_texts(front.document, settings)
    folder = write_artifact(compiled, cache_root())
    return Prepared(front.source, compiled, manifest(compiled), folder, params, shown, rule_names(compiled))


def _require_streams(checked: Checked, data: Sequence[str]) -> None:
    """FC1010 for books and trades that the strategy reads and the data does not hold."""
    if all(s.clock.kind in ("bar", "timer") for s in checked.streams):
        return  # bars are matched when the tape is built
    from ..compiler.venues.profile import profile
    from ..runtime.market_data.catalog import expand, resolve
    from ..runtime.market_data.matching import StreamNeed, match_streams

    needs = []
    for stream in (s for s in checked.streams if s.clock.kind != "timer"):
        facts = profile(checked.document.venue.value).instruments[stream.symbol]
        clock = stream.clock
        needs.append(StreamNeed(clock.kind, stream.symbol, clock.period_ns, facts.price_decimals, facts.qty_decimals))
    match_streams([resolve(name) for name in expand(data)], needs)


def make_tape(prepared: Prepared, data: Sequence[str], from_ns: int | None, to_ns: int | None) -> Tape:
    """The events that the strategy needs, from the named data sets or files. Raises `RuntimeFault`."""
    from ..runtime.market_data.matching import StreamNeed
    from ..runtime.market_data.tape_cache import open_or_build

    if from_ns is not None and to_ns is not None and from_ns >= to_ns:
        raise Problem("`--from` is not before `--to`")
    needs = [
        StreamNeed(s.kind, s.symbol, s.period_ns, s.price_decimals, s.qty_decimals)
        for s in prepared.compiled.program.streams
    ]
    return open_or_build(data, needs, from_ns, to_ns, cache=cache_root() / "tapes")


def costs_of(prepared: Prepared, fees: tuple[Decimal, Decimal] | None, slippage_ticks: int) -> Costs:
    """The venue's fees unless others are given."""
    instrument = instrument_facts(prepared)
    maker, taker = fees or (Decimal(str(instrument["maker_fee"])), Decimal(str(instrument["taker_fee"])))
    return Costs(maker, taker, slippage_ticks)


def instrument_facts(prepared: Prepared) -> Mapping[str, object]:
    """The traded instrument's part of the manifest."""
    found = prepared.facts["instrument"]
    assert isinstance(found, dict)
    return found


def account_of(prepared: Prepared, costs: Costs) -> Account:
    """The simulated account in atoms, ticks and lots."""
    from ..cython_core.layout import ATOM_DECIMALS
    from ..runtime.backtest.result import RATE_PARTS, Account, Terms

    facts = instrument_facts(prepared)
    price_decimals, qty_decimals = int(str(facts["price_decimals"])), int(str(facts["qty_decimals"]))
    return Account(
        cash_atoms=int(Decimal(capital_start(prepared.compiled)).scaleb(ATOM_DECIMALS)),
        terms=(
            Terms(
                scale=10 ** (ATOM_DECIMALS - price_decimals - qty_decimals),
                taker_rate=int(costs.taker * RATE_PARTS),
                maker_rate=int(costs.maker * RATE_PARTS),
                min_notional_atoms=int(Decimal(str(facts["min_notional"])).scaleb(ATOM_DECIMALS)),
                min_qty_lots=int(Decimal(str(facts["min_qty"])).scaleb(qty_decimals)),
            ),
        ),
        slippage_ticks=costs.slippage_ticks,
    )


def kernel_facts(compiled: Compiled) -> KernelFacts:
    """The finest bar stream of the traded instrument prices and fills."""
    from ..compiler.ir.layout import state_words
    from ..runtime.backtest.result import Feed, KernelFacts

    alias = compiled.checked.traded[0]
    streams = compiled.program.streams
    bars = [(s.period_ns, number) for number, s in enumerate(streams) if s.kind == "bar" and s.instrument == alias]
    period, number = min(bars)
    return KernelFacts(state_words(compiled.program), (Feed(number, period),))


def run(
    prepared: Prepared,
    tape: Tape,
    account: Account,
    engine: str,
    progress: Progress | None = None,
    on_compile: Callable[[], None] | None = None,
) -> Finished:
    """Run over the whole tape. `on_compile` is called before a kernel is compiled for the first time."""
    facts = kernel_facts(prepared.compiled)
    values = [prepared.params[param.label] for param in prepared.compiled.program.params]
    started = time.perf_counter()
    if engine == "ref":
        from ..compiler.evaluate.evaluator import Machine
        from ..runtime.backtest import reference

        machine = Machine(prepared.compiled.program)
        loaded = time.perf_counter()
        result = reference.run(machine, facts, tape.records.tolist(), values, account)
    else:
        from ..runtime.backtest import driver, kernel_loader

        kernel = kernel_loader.load(prepared.artifact / str(prepared.facts["kernel"]), on_compile)
        driver.load()
        loaded = time.perf_counter()
        result = driver.run(kernel.addresses, facts, tape.records, values, account, progress=progress)
    return Finished(result, tape, account, facts, loaded - started, time.perf_counter() - loaded)


def closes(finished: Finished) -> tuple[int, int]:
    """(first open, last close) of the base bars, in ticks."""
    from ..cython_core.layout import CLOSE, HEAD, OPEN, STREAM_SHIFT

    records = finished.tape.records
    stream = finished.kernel_facts.bases[0].stream
    base = records[(records[:, HEAD] >> STREAM_SHIFT & 0xFFFF) == stream]
    return int(base[0, OPEN]), int(base[-1, CLOSE])
