"""Faults of the runtime (data, tapes) as diagnostics."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from ..dsl.diagnostics import Diagnostic
from ..runtime.errors import Fault
from .diagnosis import show
from .exit_codes import Exit


def diagnostic_of(fault: Fault) -> Diagnostic:
    """The same facts, in the one form that is rendered."""
    return Diagnostic(
        code=fault.code,
        message=fault.message,
        primary=None,
        notes=fault.notes,
        helps=fault.helps,
        where=str(fault.where),
        facts=MappingProxyType(dict(fault.facts)),
    )


def show_faults(faults: Iterable[Fault], *, as_json: bool = False) -> Exit:
    """Print them and return the exit code they stand for."""
    found = tuple(faults)
    show([diagnostic_of(fault) for fault in found], as_json=as_json)
    if any(fault.is_environment for fault in found):
        return Exit.ENVIRONMENT
    return Exit.USAGE if all(fault.is_usage for fault in found) else Exit.FILE
