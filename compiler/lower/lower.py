"""Typed HIR to FIR: the one entry point."""

from __future__ import annotations

from dataclasses import dataclass

from ...dsl.diagnostics import Diagnostic, FlashcError, Label
from ...dsl.source import Span
from ..ir.hir import Checked
from ..ir.nodes import Program
from ..ir.types import Clock
from ..venues.profile import profile
from .account import declare_account
from .context import Lowering
from .explain import Explainer
from .expressions import emit
from .not_yet import places
from .position import PositionMachine


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
    symbol = next(i.symbol.value for i in checked.document.instruments if i.alias.value == checked.traded[0])
    lowering.account = declare_account(lowering.program, lowering.profile.instruments[symbol])
    explainer = Explainer(lowering)
    machine = PositionMachine(lowering, explainer)
    machine.lower()
    lowering.run_later()
    segments = [lowering.setup.finish()]
    segments += [home.builder.finish() for home in lowering.homes.values()]
    lowering.decide.stream = lowering.homes[checked.decision].stream.name
    segments += [lowering.decide.finish(), lowering.risk.finish(), lowering.report.finish()]
    build = lowering.program
    program = Program(
        checked.document.strategy.value,
        checked.document.edition.value,
        tuple(build.params),
        tuple(build.streams),
        tuple(build.slots),
        tuple(machine.clauses),
        tuple(segments),
        instances=checked.traded,
    )
    return LoweredStrategy(program, explainer.table())


def _refuse_unsupported(checked: Checked) -> None:
    """Whole features that check but do not run yet, each at its place in the file."""
    found: list[Diagnostic] = []

    def refuse(what: str, label: Label, help_: str) -> None:
        found.append(Diagnostic("FC0907", f"this release cannot execute {what}", label, helps=(help_,)))

    document = checked.document
    later = "it checks today; `flashc compile` and `backtest` run it in a later release"
    if checked.decision.kind != "bar":
        refuse(
            f"decisions on the {checked.decision} clock",
            Label(document.decide.span, "needs a tape of books or trades"),
            "decide on closed bars, such as `decide: 1m`",
        )
    if len(checked.traded) > 1:
        refuse("several traded instruments in one file", Label(document.trade[1].span), later)
    if checked.decision.kind == "bar" and document.decide.min_gap is not None:
        refuse("`min_gap`", Label(document.decide.min_gap.span), "leave it out: the bar length is the least gap")
    for stream in checked.streams:
        if stream.clock.kind != "bar" and checked.decision.kind == "bar" and not stream.optional:
            kind = "the order book" if stream.clock.kind == "book" else "single trades"
            label = Label(_first_reader(checked, stream.clock), f"reads {stream.clock}")
            refuse(f"what reads {kind}", label, "use fields of closed bars, such as `close` and `volume`")
    for policy in document.execution:
        if policy.requote is not None or policy.then is not None or policy.retries is not None:
            refuse("`requote`, `then` and `retries`", Label(policy.span), later)
    for what, place in places(checked):
        refuse(what, Label(place), later)
    risk = document.risk
    if risk is not None:
        for name, span in (
            ("order_rate", risk.order_rate.max.span if risk.order_rate else None),
            ("band", risk.band.max.span if risk.band else None),
            ("stale", risk.stale.then.span if risk.stale else None),
            ("invariants", risk.invariants[0].name.span if risk.invariants else None),
        ):
            if span is not None:
                refuse(f"`risk.{name}`", Label(span), later)
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
