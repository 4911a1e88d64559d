"""Law `explain`: the clause mask follows from the values that `explain` shows.

Sampled decisions are taken again by the reference interpreter, from the state that a compiled run had just before. Each
comparison is then made anew from the shown values, each `and`, `or` and `not` from its parts; the bits of the clauses
that come out must be the mask that the run has written down, and the reason must be the run's too.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...cython_core.layout import INSTANCE_SHIFT
from .ground import Ground
from .outcome import Difference, LawResult, silent, told

if TYPE_CHECKING:
    from ...runtime.backtest.driver import Run
    from ...runtime.backtest.market.driver import MarketRun
    from ...runtime.backtest.rewind import Moment

NAME = "explain"
SAMPLES = 12
Tree = Mapping[str, Any]
Probes = Mapping[int, int | float | bool]
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "eq": operator.eq,
    "ne": operator.ne,
}


def law(ground: Ground) -> LawResult:
    if not ground.compiled:
        return silent(NAME, "a past decision is found again by a compiled engine")
    rows = sampled(ground.whole(ground.compiled[0]).decisions)
    if not rows:
        return silent(NAME, "nothing was decided")
    found = ((f"decision {row}", _take_again(ground, ground.compiled[0], row)) for row in rows)
    return told(NAME, found, f"{len(rows)} decisions on {ground.compiled[0]}")


def sampled(decisions: np.ndarray[Any, np.dtype[np.int64]]) -> list[int]:
    """Decisions of every reason and of different masks, the first of each, and others spread over the run."""
    kinds = np.unique(decisions[:, 1:], axis=0, return_index=True)[1]
    firsts = kinds[np.linspace(0, len(kinds), min(len(kinds), SAMPLES), endpoint=False, dtype=np.int64)]
    spread = np.linspace(0, len(decisions), SAMPLES // 2, endpoint=False, dtype=np.int64)
    return sorted({int(k) for k in (*firsts, *spread)}) if len(decisions) else []


def _take_again(ground: Ground, engine: str, row: int) -> Difference | None:
    from ...compiler.evaluate.evaluator import Machine

    time, reason, mask = (int(word) for word in ground.whole(engine).decisions[row])
    moment = _moment(ground, engine, row, time)
    machine = Machine(ground.program, moment.books)
    machine.init(ground.values)
    machine.load_state(moment.state.tolist())
    out = machine.event(moment.record)
    again = out.decisions[moment.row] if moment.row < len(out.decisions) else (time, -1, 0)
    table: Sequence[Mapping[str, Any]] = ground.prepared.compiled.explain
    own = [line for line in table if line.get("instance", 0) == reason >> INSTANCE_SHIFT]
    shown = mask_of(own, dict(machine.probes))
    pairs = [("reason", reason, again[1]), ("mask", mask, again[2]), ("mask from the shown values", mask, shown)]
    return next((Difference(time, what, str(a), str(b)) for what, a, b in pairs if a != b), None)


def _moment(ground: Ground, engine: str, row: int, time: int) -> Moment:
    from ...runtime.backtest import rewind
    from ...runtime.backtest.driver import Run

    work: Run | MarketRun = ground.work(engine)
    if isinstance(work, Run):
        return rewind.on_bars(work, ground.tape.records, row, time)
    return rewind.on_books(work, ground.market(ground.tape), row, time)


def mask_of(table: Sequence[Mapping[str, Any]], probes: Probes) -> int:
    """The mask of the clauses that were evaluated, from the values shown for them; signed, as a word holds it."""
    mask = 0
    for line in table:
        if _was_evaluated(line["tree"], probes) and holds(line["tree"], probes):
            mask |= 1 << line["bit"]
    return mask - (1 << 64) if mask >> 63 else mask


def _was_evaluated(tree: Tree, probes: Probes) -> bool:
    first: int = tree["holds"] if tree["holds"] >= 0 else tree["value"]["probe"]
    return first in probes


def holds(tree: Tree, probes: Probes) -> bool:
    """Whether a condition holds, from what stands below it."""
    parts: Iterator[Tree] = iter(tree["children"])
    match tree["op"]:
        case "and":
            return all(holds(part, probes) for part in parts)
        case "or":
            return any(holds(part, probes) for part in parts)
        case "not":
            return not holds(next(parts), probes)
        case "value":
            return _is_there(tree["value"], probes) and bool(probes[tree["value"]["probe"]])
    sides = [part["value"] for part in parts]
    if any(side is None for side in sides):
        return bool(probes[tree["holds"]])
    return all(_is_there(s, probes) for s in sides) and _COMPARE[tree["op"]](*(_value(s, probes) for s in sides))


def _is_there(shown: Tree, probes: Probes) -> bool:
    return shown["present"] < 0 or bool(probes[shown["present"]])


def _value(shown: Tree, probes: Probes) -> int | float | bool:
    """A grid value as the decimal number that is printed; others as they are."""
    value = probes[shown["probe"]]
    return value / 10 ** shown["decimals"] if shown["decimals"] >= 0 else value
