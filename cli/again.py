"""A past run taken again: its strategy, data, account and market, proved to be those of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..runtime.errors import RuntimeFault
from .prepared import Prepared, prepare
from .problem import Problem
from .running import Costs, Rates, account_of, make_tape
from .runs import PastRun

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..compiler.ir.hir import Checked
    from ..runtime.backtest.result import Words
    from ..runtime.backtest.rewind import Moment
    from ..runtime.market_data.tapes.file import Tape
    from ..runtime.report.series import Floats
    from .market_options import MarketOptions
    from .traced import Over


@dataclass(frozen=True, slots=True)
class Again:
    """A past run and what it ran over."""

    past: PastRun
    prepared: Prepared
    over: Over

    def decisions(self) -> Words:
        """The run's decision rows: time, reason word, mask."""
        import numpy as np

        columns = self.past.decisions()
        return np.column_stack([columns[name] for name in ("time", "reason", "mask")])


def take_again(past: PastRun, data: Sequence[str] | None, prepared: Prepared | None = None) -> Again:
    """Read and compile the run's strategy, find its data. Raises `Problem` if either is not what it was.

    `data` are names or paths to use instead of those that the run was given.
    """
    from .traced import Over

    prepared = prepared or prepare(past.strategy_file, [])
    if prepared.compiled.ir_hash != past.manifest["hashes"]["ir"]:
        message = "this version of flashc gives the strategy another meaning than the run's"
        raise Problem(message, kind="data", where=str(past.folder), helps=("run the backtest again",), code="FC1112")
    options = market_of(past)
    tape = _tape(past, prepared, data, options)
    if tape.data_hash != past.manifest["data"]["hash"]:
        message, helps = "the data is not the data of this run", ("name it with `--data`",)
        raise Problem(message, kind="data", where=str(past.folder), helps=helps, code="FC1112")
    account = account_of(prepared, costs_of_past(past.manifest["account"]))
    return Again(past, prepared, Over(tape, account, options, values_of(past, prepared)))


def _tape(past: PastRun, prepared: Prepared, data: Sequence[str] | None, options: MarketOptions | None) -> Tape:
    known = past.manifest["data"]
    try:
        return make_tape(prepared, data or past.manifest["sources"], known["from"], known["to"], options)
    except RuntimeFault as error:
        if data or error.first.code not in ("FC1011", "FC1020"):
            raise
        helps = ("if it moved, name it with `--data`", "`flashc data list` shows what there is")
        message = f"the data of this run is gone: {error.first.message}"
        raise Problem(message, kind="data", where=str(past.folder), helps=helps, code=error.first.code) from None


def moment_of(again: Again, index: int, time: int, on_compile: Callable[[], None] | None = None) -> Moment:
    """The state just before decision row `index`, of time `time`, reached by a compiled kernel."""
    from ..runtime.backtest import rewind
    from ..runtime.backtest.driver import Run
    from .engines import compiled_kernel
    from .inputs import market_tape
    from .traced import work_over

    prepared, over = again.prepared, again.over
    kernel = compiled_kernel(prepared.compiled, prepared.artifact, on_compile=on_compile)
    work = work_over(prepared.compiled, over, kernel.addresses)
    work.start(over.params)
    if isinstance(work, Run):
        return rewind.on_bars(work, over.tape.records, index, time)
    return rewind.on_books(work, market_tape(prepared.compiled, over.tape), index, time)


def sets_of(past: PastRun, prepared: Prepared) -> NDArray[np.int8]:
    """Which rules each decision row of the run evaluated (`rule_sets`)."""
    from .rule_sets import Least, RuleFacts, evaluated, held_before

    rows, fills = past.decisions(), past.table("fills")
    terms = account_of(prepared, costs_of_past(past.manifest["account"])).terms
    least = [Least(one.scale, one.min_notional_atoms, one.min_qty_lots) for one in terms]
    held = held_before(rows["time"], rows["reason"], fills, least)
    facts = RuleFacts.of(prepared.compiled.program, prepared.compiled.checked)
    return evaluated(rows["reason"], rows["mask"], held, facts)


def values_of(past: PastRun, prepared: Prepared) -> list[int | float]:
    """The parameters of the run in the program's order."""
    return [past.manifest["params"][param.label] for param in prepared.compiled.program.params]


def market_of(past: PastRun) -> MarketOptions | None:
    """The model of the market of a run on books."""
    facts = past.manifest.get("market")
    if facts is None:
        return None
    from .market_options import options_from_facts

    return options_from_facts(facts)


def costs_of_past(account: Mapping[str, Any]) -> Costs:
    """Fees and slippage as the manifest has them."""
    pairs = zip(account["maker"], account["taker"], strict=True)
    rates = tuple(Rates(Decimal(maker), Decimal(taker)) for maker, taker in pairs)
    return Costs(rates, int(account["slippage_ticks"]))


def traced_nodes(
    again: Again,
    nodes: Sequence[Mapping[str, int]],
    on_compile: Callable[[], None],
    checked: Checked | None = None,
) -> tuple[tuple[str, ...], Floats]:
    """Values of nodes at every decision: `nodes` has a mapping name -> node per instance.

    Columns have the names; those whose events the run does not have are left out. A value is NaN where it is absent.
    `checked` is the graph of the nodes where it is not the run's own.
    """
    from dataclasses import replace
    from types import MappingProxyType

    from ..compiler.pipeline import compile_checked
    from .traced import traced_values

    checked = checked or again.prepared.compiled.checked
    pairs = zip(checked.instances, nodes, strict=True)
    named = tuple(replace(one, lets=MappingProxyType({**one.lets, **own})) for one, own in pairs)
    names = list(dict.fromkeys(name for own in nodes for name in own))
    compiled = compile_checked(replace(checked, instances=named), verify=False, trace=names)
    rows = traced_values(compiled, again.over, again.decisions(), on_compile)
    return compiled.program.traces, rows
