"""Random strategy files, compiled and run with their tapes: on bars, and on books and trades."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from flashc.cli.laws.prefix import known_until
from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.frontend.check import check
from flashc.compiler.ir.hir import Checked
from flashc.compiler.ir.layout import state_words
from flashc.compiler.ir.nodes import Program
from flashc.compiler.pipeline import Compiled, compile_checked
from flashc.cython_core.layout import TIME
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from flashc.runtime.backtest import driver, reference
from flashc.runtime.backtest.driver import KernelAddresses
from flashc.runtime.backtest.market.driver import run_market
from flashc.runtime.backtest.market.model import Latency, MarketModel
from flashc.runtime.backtest.market.reference_market import run_market_reference
from flashc.runtime.backtest.result import F_TIME, Account, Feed, KernelFacts, RunResult, Terms
from support.agreement import Tally, differing_tables, early_differences
from support.market_feeds import tape_for
from support.market_sources import random_market_source
from support.source_programs import random_source, random_tape

MINUTES, MESSAGES = 700, 700
MODEL = MarketModel(Latency((3_000_000,), (1_000_000,), (2_000_000,)), "prob_log")

Native = Callable[[KernelAddresses, int], RunResult]  # over the first so many records


@dataclass(frozen=True)
class RandomSource:
    """A compiled random file with all that a run of it needs. `native(kernel, count)` runs the first records."""

    text: str
    program: Program
    records: np.ndarray
    reference: Callable[[Machine], RunResult]
    native: Native
    market: bool = False


def checked_source(text: str) -> Checked | None:
    """The checked file; None if the random expressions broke a rule of the language."""
    document, found = read_document(Source("random.yaml", text))
    assert document is not None, [d.message for d in found]
    return check(document)[0]


def compiled(text: str) -> Compiled | None:
    checked = checked_source(text)
    return None if checked is None else compile_checked(checked)


def bar_source(seed: int, minutes: int = MINUTES) -> RandomSource | None:
    """A random file on bars; None if it does not check."""
    text = random_source(seed)
    made = compiled(text)
    if made is None:
        return None
    program = made.program
    periods = [s.period_ns for s in program.streams]
    records = np.array(random_tape(seed, periods, minutes), dtype=np.int64)
    facts = KernelFacts(state_words(program), (Feed(0, periods[0]),))
    account = Account(10_000 * 10**8, (Terms(1, 50_000, 0, min_notional_atoms=10**8),), slippage_ticks=seed % 3)
    params = [p.default for p in program.params]
    return RandomSource(
        text,
        program,
        records,
        lambda machine: reference.run(machine, facts, records.tolist(), params, account),
        lambda kernel, count: driver.run(kernel, facts, records[:count].copy(), params, account),
    )


def market_facts(program: Program) -> KernelFacts:
    streams = program.streams
    books = tuple(k for k, s in enumerate(streams) if s.kind == "book")
    timers = tuple(Feed(k, s.period_ns) for k, s in enumerate(streams) if s.kind == "timer")
    base = books[0] if books else len(streams)  # as `tape_for` numbers a book that is not read
    return KernelFacts(state_words(program), (Feed(base),), timers, market=True, books=books)


def market_source(seed: int, messages: int = MESSAGES) -> RandomSource | None:
    """A random file on a book and its trades; None if it does not check."""
    text = random_market_source(seed)
    made = compiled(text)
    if made is None:
        return None
    facts, tape = market_facts(made.program), tape_for(made.program, seed, messages)
    account = Account(100 * 10**8, (Terms(1, 50_000, 0, 10**8),))
    params = [p.default for p in made.program.params]

    def native(kernel: KernelAddresses, count: int) -> RunResult:
        part = replace(tape, records=tape.records[:count].copy())
        return run_market(kernel, facts, part, params, account, MODEL, chunk=57)

    return RandomSource(
        text,
        made.program,
        tape.records,
        lambda machine: run_market_reference(machine, facts, tape, params, account, MODEL),
        native,
        market=True,
    )


def source_disagreement(
    source: RandomSource, kernels: dict[str, KernelAddresses], seed: int, tally: Tally
) -> tuple[str, str]:
    """(engine, what differs) between run tables and final state; two empty texts if everything is equal."""
    slow = source.reference(Machine(source.program))
    cut = _after_an_instant(source.records, random.Random(seed).randrange(1, len(source.records)))
    tally.programs += 1
    for name, kernel in kernels.items():
        fast = source.native(kernel, len(source.records))
        differ = differing_tables(source.program, fast, slow)
        if differ:
            return name, f"the drivers differ in {differ}"
        part = source.native(kernel, cut)
        late = _early_on_books(part, fast, source.records, cut) if source.market else early_differences(part, fast)
        if late:
            return name, f"{late} see later records than the first {cut}"
        tally.tables(fast)
        tally.events += len(source.records)
        tally.by_engine[name] = tally.by_engine.get(name, 0) + 1
    return "", ""


def _early_on_books(part: RunResult, whole: RunResult, records: np.ndarray, cut: int) -> list[str]:
    """As `early_differences`: what the strategy decided, sent and heard of before anything that was cut away happened."""
    found, until = [], known_until(records, cut)
    for name, column in (("decisions", 0), ("fills", F_TIME)):
        early, late = (t[t[:, column] < until] for t in (getattr(part, name), getattr(whole, name)))
        if not np.array_equal(early[:, :3], late[:, :3]):
            found.append(name)
    return found


def _after_an_instant(records: np.ndarray, cut: int) -> int:
    while cut < len(records) and records[cut, TIME] == records[cut - 1, TIME]:
        cut += 1
    return cut
