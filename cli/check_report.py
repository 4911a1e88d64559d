"""What the compiler inferred about a strategy: `check --report`."""

from __future__ import annotations

from ..compiler.analysis.warmup import evaluate_term, static_value
from ..compiler.ir.hir import Checked
from ..compiler.ir.types import Clock
from ..dsl.diagnostics import FlashcError
from .text import pairs


def report_text(checked: Checked) -> str:
    """A title and one line for each topic."""
    document = checked.document
    title = f"{document.strategy.value} · edition {document.edition.value}"
    rows = [("inputs", _inputs(checked)), ("armed", _armed(checked)), ("rules", _rules(checked))]
    rows.append(("sweep", _sweep(checked)))
    try:
        from ..compiler.artifact import bounds
        from ..compiler.pipeline import STAGES, compile_checked

        compiled = compile_checked(checked, stop_after=STAGES[-2])
    except FlashcError as error:
        rows.append(("runs", f"not in this release: {error.diagnostics[0].message}"))
        return "\n".join([title, pairs(rows)])
    limits = bounds(compiled.program)
    state = f"{limits['state_bytes']:,} bytes · work at most {limits['ops_per_event']:,} operations per event"
    rows.insert(2, ("state", state))
    return "\n".join([f"{title} · ir {compiled.ir_hash[:12]}", pairs(rows)])


def _inputs(checked: Checked) -> str:
    return " · ".join(
        str(stream.clock) + (f" depth {stream.depth}" if stream.depth else "") for stream in checked.streams
    )


def _armed(checked: Checked) -> str:
    """The warm-up of all rules at the default parameters, per clock."""
    values = {parameter.name: parameter.default for parameter in checked.parameters}
    settle = checked.document.settle.value
    most: dict[Clock, int] = {}
    for node in _roots(checked):
        for clock, term in checked.facts.warmups[node].per_clock:
            ticks = evaluate_term(term, lambda i: static_value(checked.graph, i, values), settle)
            most[clock] = max(most.get(clock, 1), ticks)
    return "after " + ", ".join(f"{ticks:,} ticks of {clock}" for clock, ticks in most.items())


def _roots(checked: Checked) -> list[int]:
    rules = (*checked.entries, *checked.exits)
    nodes = [clause.node for rule in rules for clause in rule.clauses]
    return nodes + [n for rule in rules for n in (rule.size, rule.cooldown) if n is not None]


def _rules(checked: Checked) -> str:
    entries = ", ".join(rule.rule.name.value for rule in checked.entries)
    exits = ", ".join(rule.rule.name.value for rule in checked.exits)
    return f"entries {entries or 'none'} · exits {exits or 'none'}"


def _sweep(checked: Checked) -> str:
    swept = [parameter.name for parameter in checked.parameters if parameter.sweep]
    return ", ".join(swept) if swept else "no parameters"
