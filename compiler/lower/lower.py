"""Typed HIR to FIR: the one entry point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..ir.hir import Checked
from ..ir.nodes import Program, Segment
from ..venues.profile import profile
from .context import Lowering
from .explain import Explainer
from .expressions import emit
from .machine.machine import PositionMachine
from .traces import trace_lets
from .watch import Watch, watch

if TYPE_CHECKING:
    from ..frontend.rows import RowPlan


@dataclass(frozen=True, slots=True)
class LoweredStrategy:
    """The program before any pass, and the explain table of its clauses."""

    program: Program
    explain: list[dict[str, object]]
    row_order: tuple[str, ...] = ()  # of a program over rows: the inputs as records bring them


def lower(
    checked: Checked,
    trace: Sequence[str] = (),
    *,
    watches: Sequence[Watch] = (),
    rows: RowPlan | None = None,
    watched: bool = False,
) -> LoweredStrategy:
    """Lower a checked strategy. Raises FlashcError (FC0907) for a value that checks but cannot be executed yet.

    `trace`: names in `let` whose values every decision leaves in a row (`Program.traces` has the row's columns).
    `watches`: assertions of tests that are probed at every decision of a `watched` program. `rows`: how rows of a test
    come in.
    """
    lowering = Lowering(checked, profile(checked.document.venue.value), rows)
    lowering.emit, lowering.watched = emit, watched
    explainer = Explainer(lowering)
    machine = PositionMachine(lowering, explainer)
    machine.lower()
    traces = trace_lets(lowering, trace)
    if watches:
        watch(lowering, explainer, watches)
    lowering.run_later()
    build = lowering.program
    program = Program(
        checked.document.strategy.value,
        checked.document.edition.value,
        tuple(build.params),
        tuple(build.streams),
        tuple(build.slots),
        machine.clauses,
        tuple(_segments(lowering, machine)),
        min_gap_ns=checked.min_gap_ns,
        lateness_ns=checked.lateness_ns,
        instances=checked.traded,
        traces=traces,
    )
    return LoweredStrategy(program, explainer.table(), lowering.rows.order if lowering.rows is not None else ())


def _segments(lowering: Lowering, machine: PositionMachine) -> Iterator[Segment]:
    """In the order in which one event may run them."""
    yield lowering.setup.finish()
    yield from (more.finish() for more in (lowering.rows.segments if lowering.rows is not None else ()))
    yield from (home.builder.finish() for home in lowering.homes.values())
    if machine.manages:
        yield lowering.manage.finish()
    for number, instance in enumerate(lowering.checked.instances):
        decide = lowering.decides[instance.alias]
        decide.stream = lowering.homes[instance.decision].stream.name
        yield replace(decide.finish(), instance=number)
    yield lowering.risk.finish()
    yield lowering.report.finish()
