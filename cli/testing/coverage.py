"""Clause coverage: what the tests have seen of each clause of each rule.

Three things are asked of a clause: seen true, seen false, and *seen alone*: false while all other clauses of its rule
held, so that it alone kept the rule from firing. A test suite that has seen all three has shown that the clause is
there for a reason, and would notice if it were gone. (It is the modified condition/decision coverage of DO-178C, for
rules that are conjunctions.) The weighted clauses of a score have the first two only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...compiler.ir.hir import Checked
from .judge import asked
from .programs import Watched
from .seen import Seen

_ClauseKey = tuple[str, str, str]  # set, rule, clause


@dataclass(slots=True)
class ClauseSeen:
    """What was seen of one clause: at how many decisions. `weighted`: a clause of a score."""

    set: str
    rule: str
    name: str
    weighted: bool
    true: int = 0
    false: int = 0
    alone: int = 0

    @property
    def asked_for(self) -> dict[str, int]:
        """What counts, with how often it was seen."""
        wanted = {"true": self.true, "false": self.false}
        return wanted if self.weighted else wanted | {"alone": self.alone}

    @property
    def missing(self) -> list[str]:
        return [name for name, count in self.asked_for.items() if not count]


class Coverage:
    """Collects over all tests of one strategy."""

    def __init__(self, checked: Checked) -> None:
        self.clauses: dict[_ClauseKey, ClauseSeen] = {}
        for group, rules in (("entries", checked.entries), ("exits", checked.exits)):
            for rule in rules:
                for place, clause in enumerate(rule.clauses):
                    key = (group, rule.rule.name.value, clause.name)
                    weighted = bool(rule.weights) and rule.weights[place] is not None
                    self.clauses[key] = ClauseSeen(*key, weighted)

    def decided(self, watched: Watched, seen: Seen) -> None:
        """Count the clauses that one decision asked."""
        number = watched.checked.traded.index(seen.alias)
        rules: dict[tuple[str, str], list[tuple[ClauseSeen, bool]]] = {}
        for line in watched.clauses:
            if line.get("instance", 0) == number and asked(line, seen.probes):
                clause = self.clauses[line["set"], line["rule"], line["name"]]
                rules.setdefault((clause.set, clause.rule), []).append((clause, _holds(line, seen.probes)))
        for found in rules.values():
            _count(found)

    @property
    def met(self) -> int:
        return sum(count > 0 for clause in self.clauses.values() for count in clause.asked_for.values())

    @property
    def total(self) -> int:
        return sum(len(clause.asked_for) for clause in self.clauses.values())

    @property
    def percent(self) -> float:
        """Of all that is asked for, how much was seen."""
        return 100.0 * self.met / self.total if self.total else 100.0

    def json(self) -> dict[str, object]:
        rows = [
            {"set": c.set, "rule": c.rule, "clause": c.name, **c.asked_for, "missing": c.missing}
            for c in self.clauses.values()
        ]
        return {"met": self.met, "of": self.total, "percent": round(self.percent, 1), "clauses": rows}

    def text(self) -> str:
        """A table, and what is missing in words."""
        rows = [("clause", "true", "false", "alone")]
        rows += [_cells(clause) for clause in self.clauses.values()]
        wide = [max(len(row[i]) for row in rows) for i in range(4)]
        lines = [
            "  " + "  ".join([row[0].ljust(wide[0]), *(c.rjust(w) for c, w in zip(row[1:], wide[1:], strict=True))])
            for row in rows
        ]
        head = f"clauses    {self.met} of {self.total} seen, {self.percent:.0f} %"
        return "\n".join([head, *lines, *self._missing()])

    def _missing(self) -> Iterable[str]:
        words = {"true": "true", "false": "false", "alone": "the only false one"}
        for clause in self.clauses.values():
            if clause.missing:
                what = " nor ".join(words[name] for name in clause.missing)
                yield f"  - {clause.set}.{clause.rule}.{clause.name} was never {what}"


def _cells(clause: ClauseSeen) -> tuple[str, str, str, str]:
    alone = "" if clause.weighted else f"{clause.alone:,}"
    return f"{clause.set}.{clause.rule}.{clause.name}", f"{clause.true:,}", f"{clause.false:,}", alone


def _holds(line: Mapping[str, Any], probes: Mapping[int, Any]) -> bool:
    tree = line["tree"]
    return bool(probes[tree["holds"] if tree["holds"] >= 0 else tree["value"]["probe"]])


def _count(found: Sequence[tuple[ClauseSeen, bool]]) -> None:
    """One rule at one decision."""
    needed = [(clause, holds) for clause, holds in found if not clause.weighted]
    for clause, holds in found:
        clause.true += holds
        clause.false += not holds
    wrong = [clause for clause, holds in needed if not holds]
    if len(wrong) == 1:
        wrong[0].alone += 1
