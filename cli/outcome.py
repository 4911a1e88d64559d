"""What a finished run amounts to: figures, screen, JSON object and run folder, all from the same values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..cython_core.layout import INSTANCE_SHIFT, REASON_SHIFT, REASONS
from ..runtime.backtest import result as columns_of
from ..runtime.backtest.metrics import measure
from ..runtime.backtest.money import Ints, atoms_text
from ..runtime.backtest.result_json import (
    DataFacts,
    Grid,
    RunSummary,
    TableFacts,
    Timing,
    metrics_object,
    result_object,
)
from ..runtime.backtest.run_folder import Table, columns, run_id, write_run
from ..runtime.backtest.trades import Fills, Trades, open_positions, round_trips
from .assumptions import assumptions
from .blockers import Blocker, blockers
from .prepared import Prepared, traded_facts
from .running import Costs, Finished, closes
from .tables import ResultView, result_text

_REASON_MASK = (1 << REASON_SHIFT) - 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run with everything derived from it."""

    prepared: Prepared
    finished: Finished
    summary: RunSummary
    view: ResultView
    manifest: Mapping[str, Any]

    def text(self, folder: str) -> str:
        return result_text(self.view, folder)

    def json(self) -> dict[str, object]:
        return result_object(self.summary)

    def write(self, root: str) -> Path:
        """Write the run folder below `root`; returns it. Raises OSError."""
        folder = Path(root) / f"{self.summary.strategy}-{self.manifest['id']}"
        artifact = self.prepared.artifact
        texts = {name: (artifact / name).read_text(encoding="utf-8") for name in ("strategy.yaml", "explain.json")}
        write_run(folder, self.manifest, _tables(self.finished, self.summary.trades), texts)
        return folder


def evaluate(
    prepared: Prepared,
    finished: Finished,
    costs: Costs,
    from_venue: bool,
    data: Sequence[str],
    compile_s: float,
) -> Outcome:
    """Trades, figures and words of a run. `compile_s` is the time spent before the engine was loaded."""
    result, tape = finished.result, finished.tape
    fills = Fills.from_table(result.fills)
    trades = round_trips(fills)
    metrics = measure(finished.account.cash_atoms, result.equity_time, result.equity, fills, trades)
    lines = assumptions(_text(prepared.facts["venue"], "name"), costs, from_venue, tape, result, finished.options)
    summary = RunSummary(
        strategy=prepared.compiled.program.name,
        ir_hash=prepared.compiled.ir_hash,
        data=DataFacts(tape.data_hash, tape.from_ns, tape.to_ns, len(tape), _stored(data)),
        engine=finished.choice.engine,
        params=prepared.params,
        metrics=metrics,
        trades=trades,
        grids=_grids(prepared),
        rules=prepared.rules,
        timing=Timing(
            compile_s + finished.load_s, finished.run_s, len(tape) / finished.run_s if finished.run_s else 0.0
        ),
    )
    view = _view(prepared, finished, summary, fills, lines)
    return Outcome(prepared, finished, summary, view, _manifest(prepared, finished, summary, costs, data, lines))


def _stored(data: Sequence[str]) -> list[TableFacts]:
    """The versions of stored data sets that the run read."""
    from ..runtime.market_data.store.catalog import records

    return [TableFacts(one.name, one.version or 0, one.content_hash) for one in records(data)]


def _grids(prepared: Prepared) -> list[Grid]:
    facts = traded_facts(prepared.compiled)
    return [Grid(own.symbol, own.price_decimals, own.qty_decimals) for own in facts]


def _view(
    prepared: Prepared, finished: Finished, summary: RunSummary, fills: Fills, lines: Sequence[str]
) -> ResultView:
    result, account = finished.result, finished.account
    changes = [last / first - 1 for first, last in closes(finished)]
    return ResultView(
        summary=summary,
        params=prepared.shown_params,
        bars=len(result.equity),
        bar_ns=0 if finished.is_market else finished.kernel_facts.bases[0].period_ns,
        start=account.cash_atoms,
        end=int(result.equity[-1]) if len(result.equity) else account.cash_atoms,
        buy_and_hold=sum(changes) / len(changes),
        open_positions=open_positions(fills),
        decisions=reason_counts(result.decisions),
        rejects=result.rejects(),
        blockers=_blockers(prepared, result.decisions),
        armed_from=armed_from(result.decisions),
        assumptions=lines,
        never_armed=_never_armed(prepared, result.decisions),
    )


def reason_counts(decisions: Ints) -> dict[str, int]:
    """Reason -> how many decisions ended so; reasons that did not occur are left out."""
    counts = np.bincount(decisions[:, 1] & _REASON_MASK, minlength=len(REASONS))
    return {name: int(count) for name, count in zip(REASONS, counts, strict=True) if count}


def armed_from(decisions: Ints) -> int | None:
    """The time of the first decision after warm-up."""
    armed = np.flatnonzero(decisions[:, 1] & _REASON_MASK != REASONS.index("not_armed"))
    return int(decisions[armed[0], 0]) if len(armed) else None


def _never_armed(prepared: Prepared, decisions: Ints) -> list[str]:
    """Instruments whose warm-up was never over; of their rules none was evaluated."""
    whose = decisions[:, 1] >> INSTANCE_SHIFT
    facts = enumerate(traded_facts(prepared.compiled))
    return [own.symbol for number, own in facts if armed_from(decisions[whose == number]) is None]


def _blockers(prepared: Prepared, decisions: Ints) -> list[Blocker]:
    flat = decisions[decisions[:, 1] & _REASON_MASK == REASONS.index("no_entry")]
    clauses = [c for c in prepared.compiled.program.clauses if c.set == "entries"]
    return blockers(flat[:, 2], clauses)


def _tables(finished: Finished, trades: Trades) -> dict[str, Table]:
    result = finished.result
    names = list(Trades.__dataclass_fields__)
    return {
        "decisions": columns(columns_of.DECISION_COLUMNS, result.decisions),
        "orders": columns(columns_of.ORDER_COLUMNS, result.orders),
        "fills": columns(columns_of.FILL_COLUMNS, result.fills),
        "equity": {"time": result.equity_time, "equity": result.equity},
        "trades": dict(zip(names, trades.columns(), strict=True)),
    }


def _manifest(
    prepared: Prepared,
    finished: Finished,
    summary: RunSummary,
    costs: Costs,
    data: Sequence[str],
    lines: Sequence[str],
) -> dict[str, Any]:
    identity: dict[str, Any] = {
        "strategy": summary.strategy,
        "meaning": {"ir": summary.ir_hash, "venue": _text(prepared.facts["hashes"], "venue")},
        "data": {"hash": summary.data.hash, "from": summary.data.first, "to": summary.data.last},
        "params": dict(summary.params),
        "account": {
            "start": atoms_text(finished.account.cash_atoms),
            "maker": [str(rates.maker) for rates in costs.rates],
            "taker": [str(rates.taker) for rates in costs.rates],
            "slippage_ticks": costs.slippage_ticks,
        },
        "market": None if finished.options is None else finished.options.facts(),
    }
    return {
        "id": run_id(identity),
        **identity,
        "hashes": prepared.facts["hashes"],
        "flashc": __version__,
        "sources": list(data),
        "tables": [asdict(table) for table in summary.data.tables],
        "events": summary.data.events,
        "venue": prepared.facts["venue"],
        "instrument": prepared.facts["instrument"],
        "instruments": [grid.symbol for grid in summary.grids],
        "grids": [asdict(grid) for grid in summary.grids],
        "doc": prepared.compiled.checked.document.doc or "",
        "shown_params": dict(prepared.shown_params),
        "rules": list(prepared.rules),
        "clauses": prepared.facts["clauses"],
        "metrics": metrics_object(summary.metrics),
        "decisions": reason_counts(finished.result.decisions),
        "rejects": finished.result.rejects(),
        "assumptions": list(lines),
    }


def _text(value: object, key: str) -> str:
    assert isinstance(value, dict)
    return str(value[key])
