"""Law `restart`: a snapshot, put into memory that was never used, goes on as if nothing had stopped.

Compiled engines are stopped between records: the state's words, books, open orders and all else that changes go into a
run that has only started; the C engine's own functions save and load its state. The reference interpreter is replaced
between events by one that only knows the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...runtime.backtest.result import O_TIME
from .ground import REFERENCE, Ground
from .outcome import Difference, LawResult, first_difference, told
from .prefix import some_orders

if TYPE_CHECKING:
    from ...compiler.evaluate.evaluator import Machine, Out
    from ...runtime.backtest.driver import Run
    from ...runtime.backtest.market.driver import MarketRun
    from ...runtime.backtest.result import RunResult, Words

NAME = "restart"
STOPS, IN_ORDERS = 4, 3


def law(ground: Ground) -> LawResult:
    places = stops(ground)
    return told(NAME, _found(ground, places), f"{len(places)} stops on {', '.join(ground.engines)}")


def stops(ground: Ground) -> list[int]:
    """Records before which a run stops: spread over the tape, and while orders live."""
    whole, times = ground.whole(ground.engines[0]), ground.tape.records[:, 0]
    spread = {int(k) for k in np.linspace(0, len(times), STOPS + 2, dtype=np.int64)[1:-1]}
    sent = some_orders(whole.orders, IN_ORDERS)[:, O_TIME]
    spread |= {int(k) for k in np.searchsorted(times, sent, side="right")}
    return sorted(k for k in spread if 0 < k < len(times))


def _found(ground: Ground, places: Sequence[int]) -> Iterator[tuple[str, Difference | None]]:
    for engine in ground.engines:
        other = _reference(ground, places) if engine == REFERENCE else _compiled(ground, engine, places)
        what = f"{engine}, never stopped and stopped before records {', '.join(map(str, places))}"
        yield what, first_difference(ground.program, ground.whole(engine), other)


def _compiled(ground: Ground, engine: str, places: Sequence[int]) -> RunResult:
    work, at, total = ground.work(engine), 0, len(ground.tape)
    for stop in (*places, total):
        while at < stop and at >= 0:
            at = ground.advance(work, at, stop)
        if stop < total:
            work = _fresh(ground, engine, work)
    while ground.options is not None and at >= 0:
        at = ground.advance(work, at, total)
    return work.result()


def _fresh(ground: Ground, engine: str, work: Run | MarketRun) -> Run | MarketRun:
    from ...runtime.backtest.driver import Run
    from ...runtime.backtest.restart import carry_over, carry_over_books

    other = ground.work(engine)
    taken_up = _taken_up(ground, engine, work, other)
    if isinstance(work, Run):
        assert isinstance(other, Run)
        carry_over(work, other)
    else:
        assert not isinstance(other, Run)
        carry_over_books(work, other)
    other.state[:] = taken_up
    return other


def _taken_up(ground: Ground, engine: str, work: Run | MarketRun, other: Run | MarketRun) -> Words:
    """The state as a started run has it from a snapshot, where the engine can save and load; else the same words."""
    from ...runtime.backtest import snapshots

    strategy = ground.strategy_object(engine)
    if strategy is None:
        return work.state
    state = other.state.copy()
    taken = snapshots.restore(strategy, state, snapshots.save(strategy, work.state))
    assert taken is snapshots.Taken.WHOLE, "it is the same layout"
    return state


def _reference(ground: Ground, places: Sequence[int]) -> RunResult:
    return ground.reference(ground.tape, machine=Restarting(ground, places))


class Restarting:
    """The reference interpreter, replaced by a new one before some of its events."""

    def __init__(self, ground: Ground, places: Sequence[int]) -> None:
        self._ground, self._places, self._events = ground, frozenset(places), 0
        self._machine = self._new()
        self.books: object = {}

    def _new(self) -> Machine:
        from ...compiler.evaluate.evaluator import Machine

        return Machine(self._ground.program)

    @property
    def state(self) -> list[int]:
        return self._machine.state

    def init(self, params: Sequence[int | float]) -> None:
        self._machine.books = self.books  # type: ignore[assignment]
        self._machine.init(params)

    def event(self, record: Sequence[int]) -> Out:
        if self._events in self._places:
            words, self._machine = self._machine.state, self._new()
            self.init(self._ground.values)
            self._machine.load_state(words)
        self._events += 1
        return self._machine.event(record)

    def report(self, record: Sequence[int]) -> Out:
        return self._machine.report(record)
