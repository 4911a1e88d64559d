"""Typed HIR to FIR: the one entry point."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ...dsl.diagnostics import Diagnostic, FlashcError, Label
from ...dsl.source import Span
from ..ir.hir import Checked
from ..ir.nodes import Program, Segment
from ..ir.types import Clock
from ..venues.profile import profile
from .context import Lowering
from .explain import Explainer
from .expressions import emit
from .machine.machine import PositionMachine


@dataclass(frozen=True, slots=True)
class LoweredStrategy:
    """The program before any pass, and the explain table of its clauses."""

    program: Program
    explain: list[dict[str, object]]


def lower(checked: Checked) -> LoweredStrategy:
    """Lower a checked strategy. Raises FlashcError (FC0907) for what checks but cannot be executed yet."""
    _refuse_unsupported(checked)
    lowering = Lowering(checked, profile(checked.document.venue.value))
    lowering.emit = emit
    explainer = Explainer(lowering)
    machine = PositionMachine(lowering, explainer)
    machine.lower()
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
        instances=checked.traded,
    )
    return LoweredStrategy(program, explainer.table())


def _segments(lowering: Lowering, machine: PositionMachine) -> Iterator[Segment]:
    """In the order in which one event may run them."""
    yield lowering.setup.finish()
    yield from (home.builder.finish() for home in lowering.homes.values())
    if machine.manages:
        yield lowering.manage.finish()
    for number, instance in enumerate(lowering.checked.instances):
        decide = lowering.decides[instance.alias]
        decide.stream = lowering.homes[instance.decision].stream.name
        yield replace(decide.finish(), instance=number)
    yield lowering.risk.finish()
    yield lowering.report.finish()


def _refuse_unsupported(checked: Checked) -> None:
    """Whole features that check but do not run yet, each at its place in the file."""
    found: list[Diagnostic] = []

    def refuse(what: str, label: Label, help_: str) -> None:
        found.append(Diagnostic("FC0907", f"this release cannot execute {what}", label, helps=(help_,)))

    document = checked.document
    if checked.decision.kind != "bar":
        refuse(
            f"decisions on the {checked.decision} clock",
            Label(document.decide.span, "needs a tape of books or trades"),
            "decide on closed bars, such as `decide: 1m`",
        )
    if checked.decision.kind == "bar" and document.decide.min_gap is not None:
        refuse("`min_gap`", Label(document.decide.min_gap.span), "leave it out: the bar length is the least gap")
    for stream in checked.streams:
        if stream.clock.kind != "bar" and checked.decision.kind == "bar" and not stream.optional:
            kind = "the order book" if stream.clock.kind == "book" else "single trades"
            label = Label(_first_reader(checked, stream.clock), f"reads {stream.clock}")
            refuse(f"what reads {kind}", label, "use fields of closed bars, such as `close` and `volume`")
    if found:
        raise FlashcError(found)


def _first_reader(checked: Checked, clock: Clock) -> Span:
    """The first place in the file that reads a clock; the decision clock's where none is known."""
    clocks = checked.facts.clocks

    def reads(node_id: int) -> bool:
        return clock in clocks.get(node_id, ())

    own = checked.document.source.path
    spans = [n.span for n in checked.graph.nodes if reads(n.id) and not any(map(reads, n.args)) and n.span.path == own]
    return min(spans, key=lambda span: span.start, default=checked.document.decide.span)
