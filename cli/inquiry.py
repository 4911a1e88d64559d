"""One decision of a past run, taken again: the state before it, the reference interpreter's reading of it, and what
the run's other decisions say about it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..compiler.explain import Decision, Part, Reading, explain_step
from ..cython_core.layout import INSTANCE_SHIFT, REASON_SHIFT, REASONS
from ..runtime.market_data.moments import NS_PER_DAY, moment_text
from .again import Again, moment_of, sets_of, take_again
from .blockers import clause_name
from .explanation import Clause, Explanation, Flip, RuleView
from .history import History
from .prepared import Prepared, prepare
from .problem import Problem
from .runs import PastRun

if TYPE_CHECKING:
    from ..runtime.backtest.money import Ints

#: Reasons that are about the rule whose number the reason word carries.
_ABOUT_A_RULE = set(REASONS) - {"not_armed", "no_entry", "no_exit", "in_flight"}


def inquire(past: PastRun, asked: int, data: Sequence[str] | None, instrument: str | None = None) -> Explanation:
    """Explain the last decision at or before `asked` (epoch ns), of `instrument` (`ETH/USDC` or its alias) or of any.

    Raises `Problem` if there is none.
    """
    prepared = prepare(past.strategy_file, [])
    history = history_of(past, prepared)
    index = history.last_until(asked, None if instrument is None else _instance(past, prepared, instrument))
    if index is None:
        raise Problem(
            f"the run has no decision at or before {moment_text(asked)}",
            helps=(f"it decided from {moment_text(history.time(0))} on",) if len(history) else (),
            code="FC1104",
        )
    again = take_again(past, data, prepared)
    decision, state = _step(again, index, history.time(index))
    if (decision.reason, decision.mask) != (history.reason_word(index), history.mask(index)):
        raise AssertionError(f"the decision at {history.time(index)} came out differently the second time")
    return _explanation(past, prepared, history, index, asked, decision, state)


def history_of(past: PastRun, prepared: Prepared) -> History:
    """The run's decisions, each with the rules that it evaluated."""
    return History(past.decisions(), sets_of(past, prepared))


def _instance(past: PastRun, prepared: Prepared, name: str) -> int:
    """The number of a traded instrument, by its symbol or the name that the file gives it."""
    symbols, aliases = list(past.manifest["instruments"]), list(prepared.compiled.checked.traded)
    for names in (aliases, symbols):
        if name in names:
            return names.index(name)
    raise Problem(f"the run does not trade `{name}`", helps=(f"it trades {', '.join(aliases)}",))


def _step(again: Again, index: int, time: int) -> tuple[Decision, Ints]:
    """Decision number `index` stepped by the reference interpreter from the state that the compiled kernel reached."""
    moment = moment_of(again, index, time)
    table = json.loads((again.past.folder / "explain.json").read_text(encoding="utf-8"))
    state = moment.state.tolist()
    program = again.prepared.compiled.program
    values = again.over.params
    return explain_step(program, table, values, state, moment.record, moment.books, moment.row), moment.state


def _explanation(
    past: PastRun,
    prepared: Prepared,
    history: History,
    index: int,
    asked: int,
    decision: Decision,
    state: Ints,
) -> Explanation:
    reason = REASONS[decision.reason & ((1 << REASON_SHIFT) - 1)]
    number = decision.reason >> REASON_SHIFT & 0xFFFF
    about = prepared.rules[number] if reason in _ABOUT_A_RULE else ""
    symbols, own = list(past.manifest["instruments"]), decision.reason >> INSTANCE_SHIFT
    nearest = _nearest(decision.readings)
    blocker = clause_name(nearest.rule, nearest.name) if nearest is not None and nearest.set == "entries" else ""
    return Explanation(
        strategy=str(past.manifest["strategy"]),
        asked=asked,
        time=history.time(index),
        phase=_phase(prepared, state, own),
        armed=reason != "not_armed",
        reason=reason,
        is_last=history.is_last(index),
        reason_rule=about,
        not_armed=_warm_up(history, index) if reason == "not_armed" else "",
        rules=_rules(decision.readings, reason, about),
        nearest=None if nearest is None else _flip(nearest, history, index),
        last_fire=history.last_fire(index),
        blocker=blocker,
        blocker_share=history.share_without(index, nearest.bit, NS_PER_DAY) if blocker and nearest else None,
        instrument=symbols[own],
        others=tuple(symbols[:own] + symbols[own + 1 :]),
    )


def _phase(prepared: Prepared, state: Ints, instance: int) -> str:
    words = {str(slot["label"]): int(state[int(slot["offset"])]) for slot in _slots(prepared)}
    traded = prepared.compiled.checked.traded
    books = "account" if len(traded) == 1 else f"account.{traded[instance]}"
    held, working = words.get(f"{books}/qty", 0), words.get(f"{books}/working", 0)
    if working:
        return "exiting" if held else "entering"
    return "open" if held else "flat"


def _slots(prepared: Prepared) -> list[dict[str, Any]]:
    state = prepared.facts["state"]
    assert isinstance(state, dict)
    return list(state["slots"])


def _warm_up(history: History, index: int) -> str:
    armed = history.first_armed(index)
    return "the data ends before the warm-up does" if armed is None else f"warm-up is over at {moment_text(armed)}"


def _rules(readings: Sequence[Reading], reason: str, about: str) -> tuple[RuleView, ...]:
    rules: dict[str, list[Reading]] = {}
    for reading in readings:
        rules.setdefault(f"{reading.set}.{reading.rule}", []).append(reading)
    return tuple(_rule(name, own, reason, about) for name, own in rules.items())


def _rule(name: str, readings: Sequence[Reading], reason: str, about: str) -> RuleView:
    clauses = tuple(_clause(reading) for reading in readings)
    fired = name == about and reason in {"entered", "added", "exited"}
    held_back = not fired and all(clause.ok for clause in clauses)
    why = "" if not held_back else reason.replace("_", " ") if name == about or not about else f"{about} came first"
    return RuleView(name, fired, clauses, why)


def _clause(found: Reading | Part) -> Clause:
    return Clause(found.name, found.holds, found.text, found.shortfall, tuple(map(_clause, found.parts)))


def _nearest(readings: Sequence[Reading]) -> Reading | None:
    """The one clause that keeps its rule from firing; the closest such clause where several rules have one."""
    rules: dict[tuple[str, str], list[Reading]] = {}
    for reading in readings:
        rules.setdefault((reading.set, reading.rule), []).append(reading)
    alone = [missing[0] for own in rules.values() if len(missing := [r for r in own if not r.holds]) == 1]
    return min(alone, key=lambda r: float("inf") if r.distance is None else r.relative, default=None)


def _flip(nearest: Reading, history: History, index: int) -> Flip:
    later = history.next_with(index, nearest.bit, nearest.set)
    return Flip(nearest.name, nearest.shortfall, None if later is None else later - history.time(index))
