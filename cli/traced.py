"""The file's own values over a run: the strategy compiled once more with traces, and run again over the same tape.

The kernel of a backtest writes nothing down but decisions, and stays that fast. The traced one is another kernel; its
decisions must be those of the run, or a page would show values of something else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..compiler.artifact import write_artifact
from ..compiler.ir.types import Clock, Dim, Kind, Type
from ..compiler.pipeline import Compiled, compile_checked
from ..cython_core.layout import INSTANCE_SHIFT, IO_TRACE, REASON_SHIFT, REASONS
from ..runtime.cache_root import cache_root
from .engines import compiled_kernel
from .inputs import kernel_facts, market_tape

if TYPE_CHECKING:
    from ..compiler.ir.hir import Checked
    from ..runtime.backtest.driver import KernelAddresses, Run
    from ..runtime.backtest.market.driver import MarketRun
    from ..runtime.backtest.result import Account, Words
    from ..runtime.market_data.tapes.file import Tape
    from ..runtime.report.series import Bars, Floats, Indicator
    from .market_options import MarketOptions
    from .prepared import Prepared
    from .running import Finished

REASON_MASK = (1 << REASON_SHIFT) - 1
NOT_ARMED = REASONS.index("not_armed")
#: Columns in a page, and numbers in memory, at most.
MOST_COLUMNS = 6
MOST_VALUES = 1 << 26
_KINDS = (Kind.BOOL, Kind.INT, Kind.REAL, Kind.DURATION)


def indicators(
    prepared: Prepared, finished: Finished, bars: Sequence[Bars], on_compile: Callable[[], None]
) -> list[Indicator]:
    """The values of the first equations of `let` at every decision, by instance; empty if nothing can be drawn."""
    checked, decisions = prepared.compiled.checked, finished.result.decisions
    names = drawable(checked)
    if not names or not len(decisions) or not bars:
        return []
    compiled = compile_checked(checked, trace=names)
    columns = compiled.program.traces
    if not columns or (len(decisions) + 1) * len(columns) > MOST_VALUES:
        return []
    values = _trace(prepared, compiled, finished, on_compile)
    values[decisions[:, 1] & REASON_MASK == NOT_ARMED] = np.nan  # no value means anything before warm-up is over
    found = []
    for number, instance in enumerate(checked.instances):
        own = decisions[:, 1] >> INSTANCE_SHIFT == number
        for at, column in enumerate(columns):
            type_ = _type(checked, instance.lets[column.partition(".")[0]], column.partition(".")[2])
            found.append(_indicator(checked, instance.alias, column, type_, decisions[own, 0], values[own, at], bars))
    return found


def drawable(checked: Checked) -> list[str]:
    """Names of `let` in the order of the file, numbers and conditions only, in at most `MOST_COLUMNS` columns for all
    instances together. What nothing reads may need events that the run did not have: it is left out."""
    names, columns, most = [], 0, max(1, MOST_COLUMNS // len(checked.instances))
    for name, node in checked.instances[0].lets.items():
        type_ = checked.facts.types[node]
        parts = [part for _, part in type_.fields] if type_.kind is Kind.RECORD else [type_]
        fits = all(part.kind in _KINDS for part in parts) and columns + len(parts) <= most
        if fits and all(_is_fed(checked, instance.lets[name]) for instance in checked.instances):
            names.append(name)
            columns += len(parts)
    return names


def _is_fed(checked: Checked, root: int) -> bool:
    """Whether the run has the events of everything below a node."""
    fed = {stream.clock for stream in checked.streams if not stream.optional}
    todo, seen = [root], {root}
    while todo:
        node = checked.graph[todo.pop()]
        needs = {clock for clock in checked.facts.clocks[node.id] if clock.kind in ("bar", "book", "trade")}
        if node.attrs.get("source") == "order" and node.attrs["name"] == "queue_ahead":
            needs |= {Clock("book", str(node.attrs["instrument"]))}
        if not needs <= fed:
            return False
        todo += set(node.args) - seen
        seen.update(node.args)
    return True


def _type(checked: Checked, node: int, part: str) -> Type:
    type_ = checked.facts.types[node]
    return dict(type_.fields)[part] if part else type_


def _trace(prepared: Prepared, compiled: Compiled, finished: Finished, on_compile: Callable[[], None]) -> Floats:
    """One row per decision row, one column per trace."""
    values = [prepared.params[param.label] for param in compiled.program.params]
    over = Over(finished.tape, finished.account, finished.options, values)
    return traced_values(compiled, over, finished.result.decisions, on_compile)


@dataclass(frozen=True, slots=True)
class Over:
    """What a strategy runs over: events, account, the model of a market (None on bars), values of its parameters."""

    tape: Tape
    account: Account
    options: MarketOptions | None
    params: Sequence[int | float]


def traced_values(compiled: Compiled, over: Over, expected: Words, on_compile: Callable[[], None]) -> Floats:
    """The traced program run over all events: a row per decision row, a column per trace.

    `expected` are the decisions of the run: the traced program must make the same.
    """
    kernel = compiled_kernel(compiled, write_artifact(compiled, cache_root()), on_compile=on_compile)
    work = work_over(compiled, over, kernel.addresses)
    # One row more: the kernel clears the row that the next decision would fill.
    rows = np.full((len(expected) + len(compiled.checked.instances) + 1, len(compiled.program.traces)), np.nan)
    work.io[IO_TRACE] = rows.ctypes.data
    work.start(over.params)
    _drive(work, len(over.tape))
    assert np.array_equal(work.result().decisions, expected), "the traced kernel decided differently"
    return rows[: len(expected)]


def _drive(work: Run | MarketRun, total: int) -> None:
    """To the end of the tape; each call stops where a table has to grow."""
    from ..runtime.backtest.driver import Run

    at = 0
    if isinstance(work, Run):
        while at < total:
            at = work.advance(at, total)
        return
    while at >= 0:
        at = work.advance(total)


def work_over(compiled: Compiled, over: Over, kernel: KernelAddresses) -> Run | MarketRun:
    """A run that has not started."""
    from ..runtime.backtest.driver import Run
    from ..runtime.backtest.market.driver import MarketRun

    facts = kernel_facts(compiled)
    if over.options is None:
        return Run(kernel, facts, over.tape.records, over.account)
    market = market_tape(compiled, over.tape)
    return MarketRun(kernel, facts, market, over.account, over.options.model)


def _indicator(
    checked: Checked, alias: str, column: str, type_: Type, time: Words, values: Floats, bars: Sequence[Bars]
) -> Indicator:
    from ..runtime.report.series import Indicator

    symbol = next(i.symbol.value for i in checked.document.instruments if i.alias.value == alias)
    own = next((b for b in bars if b.symbol == symbol), bars[0])
    name = column if len(checked.instances) == 1 else f"{alias}.{column}"
    unit = "bool" if type_.kind is Kind.BOOL else "price" if _is_level(type_, symbol, values, own) else str(type_.dim)
    return Indicator(name, unit, time, values, symbol)


def _is_level(type_: Type, symbol: str, values: Floats, bars: Bars) -> bool:
    """A price beside the bars; a difference of prices, such as a range, has the unit but lies elsewhere."""
    base, _, quote = symbol.partition("/")
    present = values[np.isfinite(values)]
    if type_.dim != Dim.of(**{quote: 1, base: -1}) or not len(present):
        return False
    scale = 10.0**bars.price_decimals
    return bool(0.5 * float(bars.low.min()) / scale < float(np.median(present)) < 2 * float(bars.high.max()) / scale)
