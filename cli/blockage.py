"""What kept a run from trading over a stretch: its decisions counted by rule and clause, and the near misses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..compiler.ir.hir import CheckedRule
from ..cython_core.layout import INSTANCE_SHIFT, REASON_SHIFT, REASONS
from ..runtime.backtest.money import Ints
from .again import Again, sets_of, take_again
from .near import NearMiss, near_misses
from .prepared import Prepared, prepare
from .problem import Problem
from .rule_sets import BOTH, ENTRIES, EXITS, UNKNOWN
from .runs import PastRun
from .stretch import rows_between

if TYPE_CHECKING:
    from .history import Bools

_CODE, _RULE = (1 << REASON_SHIFT) - 1, 0xFFFF
_IN_FLIGHT = REASONS.index("in_flight")
#: Codes of `rule_sets` under which a rule of the set was evaluated; an entry that does not add, when flat alone.
_WITH = {"entries": (ENTRIES,), "adds": (ENTRIES, BOTH), "exits": (EXITS, BOTH)}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a stretch (epoch ns), a rule (`entries.long`), an instrument; None asks for all."""

    between: tuple[int | None, int | None]
    rule: str | None
    instrument: str | None
    near: bool


@dataclass(frozen=True, slots=True)
class Streak:
    """The longest row of decisions, one after the other, in which something did not hold. Times epoch ns."""

    decisions: int
    from_ns: int
    to_ns: int


@dataclass(frozen=True, slots=True)
class ClauseCount:
    """`false`: how often the clause did not hold; `alone`: was the rule's only one that did not."""

    name: str
    text: str
    false: int
    alone: int
    longest: Streak | None
    near: NearMiss | None


@dataclass(frozen=True, slots=True)
class RuleCount:
    """`evaluated` decisions; `held`: all clauses did (of a score, those that must); `kept` says what came of those, by
    reason."""

    rule: str
    evaluated: int
    held: int
    kept: dict[str, int]
    clauses: tuple[ClauseCount, ...]
    scored: bool = False


@dataclass(frozen=True, slots=True)
class Blockage:
    """One instrument over the stretch. `reasons` count all its decisions; `untold`, those that do not tell what was
    evaluated."""

    instrument: str
    decisions: int
    reasons: dict[str, int]
    untold: int
    rules: tuple[RuleCount, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The answer. Times of the first and last decision, epoch ns."""

    strategy: str
    run: str
    from_ns: int
    to_ns: int
    instruments: tuple[Blockage, ...]


def examine(past: PastRun, question: Question, data: Sequence[str] | None, on_compile: Callable[[], None]) -> Found:
    """Count. Raises `Problem` for a range without decisions, an unknown rule or instrument, data that is not the run's.

    Without `near` the data is not needed.
    """
    prepared, rows = prepare(past.strategy_file, []), past.decisions()
    if prepared.compiled.ir_hash != past.manifest["hashes"]["ir"] or question.near:
        again: Again | None = take_again(past, data, prepared)
    else:
        again = None
    chosen = rows_between(rows["time"], *question.between, str(past.folder))
    sets, misses = sets_of(past, prepared), {}
    if question.near and again is not None:
        misses = near_misses(again, sets, chosen, on_compile)
    made = _Counter(past, prepared, rows, sets, chosen, misses)
    numbers = (
        range(len(past.manifest["instruments"])) if question.instrument is None else [made.number(question.instrument)]
    )
    time = rows["time"][chosen]
    blockages = tuple(made.instrument(number, question.rule) for number in numbers)
    return Found(str(past.manifest["strategy"]), past.folder.name, int(time[0]), int(time[-1]), blockages)


class _Counter:
    def __init__(
        self,
        past: PastRun,
        prepared: Prepared,
        rows: dict[str, Any],
        sets: NDArray[np.int8],
        chosen: Bools,
        misses: dict[tuple[int, str, str], NearMiss],
    ) -> None:
        self.past, self.checked = past, prepared.compiled.checked
        self.text = prepared.source.text
        self.time, self.reason, self.mask = rows["time"], rows["reason"], rows["mask"]
        self.sets, self.chosen, self.misses = sets, chosen, misses
        self.clauses = prepared.compiled.program.clauses

    def number(self, name: str) -> int:
        """The number of a traded instrument, by its symbol or the name that the file gives it."""
        symbols, aliases = list(self.past.manifest["instruments"]), list(self.checked.traded)
        for names in (aliases, symbols):
            if name in names:
                return names.index(name)
        raise Problem(f"the run does not trade `{name}`", helps=(f"it trades {', '.join(aliases)}",))

    def rules(self, asked: str | None) -> list[tuple[str, int, str]]:
        """(rule, number, code of `_WITH`) of those that are asked for."""
        entries, exits = self.checked.entries, self.checked.exits
        known = [
            (f"entries.{r.rule.name.value}", k, "adds" if r.rule.add else "entries") for k, r in enumerate(entries)
        ]
        known += [(f"exits.{r.rule.name.value}", len(entries) + k, "exits") for k, r in enumerate(exits)]
        found = [row for row in known if asked in (None, row[0], row[0].partition(".")[0], row[0].partition(".")[2])]
        if not found:
            names = ", ".join(name for name, _, _ in known)
            raise Problem(f"the strategy has no rule `{asked}`", helps=(f"it has {names}",))
        return found

    def instrument(self, number: int, rule: str | None) -> Blockage:
        own = self.chosen & (self.reason >> INSTANCE_SHIFT == number)
        codes = np.bincount(self.reason[own] & _CODE, minlength=len(REASONS))
        reasons = {name: int(count) for name, count in zip(REASONS, codes, strict=True) if count}
        rules = tuple(self.rule(number, own, *one) for one in self.rules(rule))
        untold = int(np.count_nonzero(own & (self.sets == UNKNOWN)))
        symbol = str(self.past.manifest["instruments"][number])
        return Blockage(symbol, int(own.sum()), reasons, untold, rules)

    def rule(self, instance: int, own: Bools, name: str, number: int, kind: str) -> RuleCount:
        # While an order is on its way, exits that do not hold leave no sign that they were asked: none is counted.
        asked = np.isin(self.sets, _WITH[kind]) & (self.reason & _CODE != _IN_FLIGHT)
        rows = np.flatnonzero(own & asked)
        group, _, bare = name.partition(".")
        bits = [c for c in self.clauses if c.set == group and c.rule == bare]
        written = (*self.checked.entries, *self.checked.exits)[number]
        must = len(written.rule.clauses) if written.rule.scored else len(bits)
        false = np.array([(self.mask[rows] >> c.bit & 1) == 0 for c in bits], dtype=bool).reshape(len(bits), len(rows))
        missing = false[:must].sum(axis=0)
        held = rows[missing == 0]
        counts = []
        for place, clause in enumerate(bits):
            alone = false[place] & (missing == 1) if place < must else np.zeros(len(rows), dtype=bool)
            span = written.clauses[place].span
            counts.append(
                ClauseCount(
                    clause.name,
                    " ".join(self.text[span.start : span.end].split()),
                    int(false[place].sum()),
                    int(alone.sum()),
                    _longest(false[place], self.time[rows]),
                    self.misses.get((instance, name, clause.name)),
                )
            )
        return RuleCount(
            name, len(rows), len(held), self._kept(held, number, written), tuple(counts), bool(written.rule.scored)
        )

    def _kept(self, held: Ints, number: int, rule: CheckedRule) -> dict[str, int]:
        """Reason -> count of decisions in which the rule's clauses held.

        Beside the reasons of a run: `another_rule` (its turn), `score_too_low`, `fired_once`, `added_enough`.
        """
        idle = "score_too_low" if rule.rule.scored else "fired_once" if rule.rule.once else "added_enough"
        found: dict[str, int] = {}
        for row in held.tolist():
            word = int(self.reason[row])
            reason = REASONS[word & _CODE]
            about = word >> REASON_SHIFT & _RULE
            if reason in ("no_entry", "no_exit"):
                reason = idle
            elif reason != "cooling_down" and about != number:
                reason = "another_rule"
            found[reason] = found.get(reason, 0) + 1
        return dict(sorted(found.items(), key=lambda item: -item[1]))


def _longest(false: NDArray[np.bool_], time: Ints) -> Streak | None:
    """The longest run of True, as the first and last of its times."""
    if not false.any():
        return None
    edges = np.flatnonzero(np.diff(np.concatenate(([False], false, [False]))))
    starts, ends = edges[::2], edges[1::2]
    k = int(np.argmax(ends - starts))
    return Streak(int(ends[k] - starts[k]), int(time[starts[k]]), int(time[ends[k] - 1]))
