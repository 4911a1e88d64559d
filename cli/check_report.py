"""What the compiler inferred about a strategy: `check --report`."""

from __future__ import annotations

from ..compiler.frontend.report import report
from ..compiler.ir.hir import Checked
from ..dsl.diagnostics import FlashcError
from .text import pairs


def report_text(checked: Checked) -> str:
    """A title and one line for each topic."""
    document = checked.document
    title = f"{document.strategy.value} · edition {document.edition.value}"
    rows = report(checked)
    rows.insert(2, ("rules", _rules(checked)))
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


def _rules(checked: Checked) -> str:
    entries = ", ".join(rule.rule.name.value for rule in checked.entries)
    exits = ", ".join(rule.rule.name.value for rule in checked.exits)
    return f"entries {entries or 'none'} · exits {exits or 'none'}"
