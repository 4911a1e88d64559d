"""Assertions, judged while a test runs: each hears every decision and says at the end whether it was kept.

A condition that has no value at a decision (`pos.gain` without a position), or that is not warm yet, says nothing about
that decision. An `always` that never had a value has shown nothing, and is not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ...compiler.explain import Part, Reading, read_line
from ...compiler.frontend.assertions import Assertion, CheckedTest
from ...compiler.ir.types import duration_text
from ...dsl.diagnostics import Diagnostic, Label
from ...runtime.market_data.moments import moment_text
from .programs import Probed, Watched
from .seen import Seen


@dataclass(slots=True)
class Judge:
    """One assertion of one test."""

    test: CheckedTest
    item: Assertion
    watched: Watched
    probed: Mapping[str, Probed]  # by instrument
    spoken: int = 0  # decisions at which it had a value
    true: int = 0
    decided: int = 0
    broken: Seen | None = None  # the decision that decides against it
    kept: bool = False
    last: Seen | None = field(default=None)

    def decides(self, seen: Seen) -> None:
        """Hear of a decision."""
        probed = self.probed.get(seen.alias)
        if probed is None:
            return
        self.decided += 1
        value, kind = probed.value(seen.probes), self.item.decl.kind
        self.spoken += value is not None
        self.true += value is True
        if kind == "at":
            self._at(seen, value)
        elif kind == "eventually":
            if self._in_time(seen):
                self.kept = self.kept or value is True
                self.last = seen
        elif kind == "count":
            self.last = seen if value else self.last
            if self.item.high is not None and self.true > self.item.high:
                self.broken = self.broken or seen
        elif value is not None and value is (kind == "never") and self.broken is None:
            self.broken = seen

    def _in_time(self, seen: Seen) -> bool:
        return self.item.time_ns is None or seen.since_ns <= self.item.time_ns

    def _at(self, seen: Seen, value: bool | None) -> None:
        """The decision of that time; on a tape the last one until then."""
        assert self.item.time_ns is not None, "`at` has a time"
        exact = self.test.decl.kind == "rows"
        if seen.since_ns == self.item.time_ns or (not exact and seen.since_ns <= self.item.time_ns):
            self.last, self.kept = seen, value is True

    def finding(self) -> Diagnostic | None:
        """What is wrong, or None when the assertion was kept."""
        match self.item.decl.kind:
            case "at":
                return None if self.kept else self._at_fails()
            case "eventually":
                return None if self.kept else self._never_came()
            case "count":
                low, high = self.item.low, self.item.high
                fits = low <= self.true and (high is None or self.true <= high)
                return None if fits else self._miscounted()
            case "always" if self.broken is None and not self.spoken:
                return self._fails(None, "it never had a value, so nothing was shown", "never had a value")
        if self.broken is None:
            return None
        what = "this is false" if self.item.decl.kind == "always" else "this is true"
        return self._fails(self.broken, f"{what} at {self._when(self.broken)}", what)

    def _at_fails(self) -> Diagnostic:
        if self.last is None:
            return self._fails(None, "nothing was decided at this time", "no decision")
        if self._probed(self.last).value(self.last.probes) is None:
            when = self._when(self.last)
            return self._fails(self.last, f"this has no value at {when}, or is not warm", "no value")
        return self._fails(self.last, f"this does not hold at {self._when(self.last)}", "false")

    def _never_came(self) -> Diagnostic:
        limit = self.item.time_ns
        within = "" if limit is None else f" within {duration_text(limit)}"
        message = f"this never became true{within}"
        return self._fails(self.last, message, f"false at all {self.decided:,} decisions")

    def _miscounted(self) -> Diagnostic:
        high = self.item.high
        text = f"{self.item.low}..{high}" if high is not None else f"at least {self.item.low}"
        message = f"this was true at {self.true:,} of {self.decided:,} decisions, not {text}"
        return self._fails(self.broken or self.last, message, "counted")

    # --- saying it

    def _when(self, seen: Seen) -> str:
        return duration_text(seen.since_ns) if self.test.decl.kind == "rows" else moment_text(seen.time_ns)

    def _probed(self, seen: Seen) -> Probed:
        return self.probed[seen.alias]

    def _fails(self, seen: Seen | None, message: str, label: str) -> Diagnostic:
        span = self.item.decl.expr.span
        secondary = (Label(seen.row, "this row"),) if seen is not None and seen.row is not None else ()
        facts = {"test": self.test.decl.name.value, "kind": self.item.decl.kind}
        notes: list[str] = []
        if seen is not None:
            facts["at"] = self._when(seen)
            notes = self._values(seen)
        return Diagnostic(
            "FC0805",
            message,
            Label(span, label),
            secondary=secondary,
            notes=tuple(notes),
            facts=MappingProxyType(facts),
        )

    def _values(self, seen: Seen) -> list[str]:
        """The values of the condition's parts, what was decided, and the clauses of the rules that were asked."""
        lines = [f"at {self._when(seen)}" + (f", {seen.alias}" if len(self.probed) > 1 else "")]
        lines += _lines(read_line(self._probed(seen).line, seen.probes), "")
        lines.append(f"the strategy: {self._decision(seen)}")
        for line in self.watched.clauses:
            if line.get("instance", 0) == self._instance(seen) and asked(line, seen.probes):
                reading = read_line(line, seen.probes)
                lines += _lines(reading, f"{reading.set}.{reading.rule}.{reading.name}: ")
        return lines

    def _decision(self, seen: Seen) -> str:
        """`exited by exits.stop`, `no entry`."""
        document, reason = self.watched.checked.document, seen.reason.replace("_", " ")
        names = [f"entries.{rule.name.value}" for rule in document.entries]
        names += [f"exits.{rule.name.value}" for rule in document.exits]
        by_rule = seen.reason in ("entered", "added", "exited") and seen.rule < len(names)
        return f"{reason} by {names[seen.rule]}" if by_rule else reason

    def _instance(self, seen: Seen) -> int:
        return self.watched.checked.traded.index(seen.alias)


def asked(line: Mapping[str, Any], probes: Mapping[int, Any]) -> bool:
    """Whether a clause was evaluated at the decision."""
    tree = line["tree"]
    return (tree["holds"] if tree["holds"] >= 0 else tree["value"]["probe"]) in probes


def _lines(found: Reading | Part, name: str) -> list[str]:
    """A condition with its values, and those of its parts below it."""
    mark = "✔" if found.holds else "✘"
    short = f", short by {found.shortfall}" if found.shortfall and not found.holds else ""
    lines = [f"{mark} {name}{found.text}{short}"]
    for part in found.parts:
        lines += [f"    {line}" for line in _lines(part, f"{part.name}: " if part.name else "")]
    return lines


def judges(test: CheckedTest, watched: Watched) -> list[Judge]:
    """One for each assertion of the test."""
    name = test.decl.name.value
    return [
        Judge(test, item, watched, {alias: watched.asserted[name, item.decl.index, alias] for alias in item.node})
        for item in test.expect
    ]
