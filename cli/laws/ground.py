"""A strategy, a tape and the engines on which laws are tried; whole runs are made once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..inputs import kernel_facts, market_tape

if TYPE_CHECKING:
    from ...compiler.ir.nodes import Program
    from ...runtime.backtest.driver import KernelAddresses, Run
    from ...runtime.backtest.kernel_loader import Kernel
    from ...runtime.backtest.market.driver import MarketRun
    from ...runtime.backtest.market.model import MarketTape
    from ...runtime.backtest.reference import Machine
    from ...runtime.backtest.result import Account, KernelFacts, RunResult, Words
    from ...runtime.backtest.strategy_object import StrategyObject
    from ...runtime.market_data.tapes.file import Tape
    from ..market_options import MarketOptions
    from ..prepared import Prepared

REFERENCE = "ref"
WHOLE = 1 << 18


@dataclass(slots=True)
class Ground:
    """What every law is given."""

    prepared: Prepared
    tape: Tape
    account: Account
    options: MarketOptions | None
    engines: tuple[str, ...]
    _wholes: dict[str, RunResult] = field(default_factory=dict)
    _kernels: dict[str, Kernel] = field(default_factory=dict)

    @property
    def program(self) -> Program:
        return self.prepared.compiled.program

    @property
    def facts(self) -> KernelFacts:
        return kernel_facts(self.prepared.compiled)

    @property
    def compiled(self) -> tuple[str, ...]:
        """The engines that run a kernel."""
        return tuple(engine for engine in self.engines if engine != REFERENCE)

    @property
    def quick(self) -> tuple[str, ...]:
        """The engines for laws that need many runs: the compiled ones; the reference where there is no other."""
        return self.compiled or self.engines

    @property
    def values(self) -> list[int | float]:
        return [self.prepared.params[param.label] for param in self.program.params]

    def whole(self, engine: str) -> RunResult:
        """The run over the whole tape."""
        if engine not in self._wholes:
            self._wholes[engine] = self.run(engine)
        return self._wholes[engine]

    def run(
        self, engine: str, records: Words | None = None, facts: KernelFacts | None = None, chunk: int = WHOLE
    ) -> RunResult:
        """A run over the tape, or over other records; with other facts (timers); in chunks of so many records."""
        tape = self.tape if records is None else replace(self.tape, records=records)
        if engine == REFERENCE:
            return self.reference(tape, facts)
        work = self.work(engine, tape, facts)
        at, total = 0, len(tape.records)
        while at >= 0 and (self.options is not None or at < total):
            at = self.advance(work, at, min(at + chunk, total))
        return work.result()

    def reference(self, tape: Tape, facts: KernelFacts | None = None, machine: Machine | None = None) -> RunResult:
        """A run of the reference interpreter, or of a machine that stands for it."""
        from ...compiler.evaluate import evaluator
        from ...runtime.backtest import reference

        given, facts = machine or evaluator.Machine(self.program), facts or self.facts
        if self.options is None:
            return reference.run(given, facts, tape.records.tolist(), self.values, self.account)
        from ...runtime.backtest.market.reference_market import run_market_reference

        market, model = self.market(tape), self.options.model
        return run_market_reference(given, facts, market, self.values, self.account, model)  # type: ignore[arg-type]

    def work(self, engine: str, tape: Tape | None = None, facts: KernelFacts | None = None) -> Run | MarketRun:
        """A compiled run that has started and not moved."""
        tape, facts, kernel = tape or self.tape, facts or self.facts, self.kernel(engine)
        work: Run | MarketRun
        if self.options is None:
            from ...runtime.backtest.driver import Run

            work = Run(kernel, facts, tape.records, self.account)
        else:
            from ...runtime.backtest.market.driver import MarketRun

            work = MarketRun(kernel, facts, self.market(tape), self.account, self.options.model)
        work.start(self.values)
        return work

    def advance(self, work: Run | MarketRun, at: int, stop: int) -> int:
        """Go on from record `at` to `stop`; the record reached, -1 when a run on books has ended."""
        from ...runtime.backtest.driver import Run

        return work.advance(at, stop) if isinstance(work, Run) else work.advance(stop)

    def kernel(self, engine: str) -> KernelAddresses:
        """The kernel of a compiled engine."""
        return self._kernel(engine).addresses

    def strategy_object(self, engine: str) -> StrategyObject | None:
        """The object that can save and load the strategy's state; None of an engine that has no such functions."""
        from ...runtime.backtest.strategy_object import StrategyObject

        keeper = self._kernel(engine).keeper
        return keeper if isinstance(keeper, StrategyObject) else None

    def _kernel(self, engine: str) -> Kernel:
        if engine not in self._kernels:
            from ..engines import compiled_kernel

            self._kernels[engine] = compiled_kernel(self.prepared.compiled, self.prepared.artifact, engine)
        return self._kernels[engine]

    def market(self, tape: Tape) -> MarketTape:
        return market_tape(self.prepared.compiled, tape)
