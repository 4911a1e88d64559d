"""A program that computes one expression and shows it at each decision: values without a position machine."""

from __future__ import annotations

from types import SimpleNamespace

from flashc.compiler.frontend.check import check
from flashc.compiler.ir.builder import SegmentBuilder
from flashc.compiler.ir.nodes import I64, Program
from flashc.compiler.ir.verify import verify
from flashc.compiler.lower.context import Lowering
from flashc.compiler.lower.expressions import emit
from flashc.compiler.passes import run_passes
from flashc.compiler.venues.profile import profile
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source

VALUE, PRESENT = 0, 1  # probes


def value_program(text: str, name: str = "value") -> Program:
    """The passes' result for `let: name` of a strategy: probe 0 is the value in whole units, probe 1 its presence."""
    document, found = read_document(Source("probe.yaml", text))
    assert document is not None, [d.message for d in found]
    checked, found = check(document)
    assert checked is not None, [(d.code, d.message) for d in found]
    lowering = Lowering(checked, profile(document.venue.value))
    lowering.emit = emit
    now = lowering.program.slot(I64, "now")
    lowering.account = SimpleNamespace(now=now)  # type: ignore[assignment]
    home = lowering.homes[checked.decision]
    home.builder.store(now, home.time)
    b = SegmentBuilder(lowering.program, "decide")
    b.stream = home.stream.name
    node = next(n.id for n in checked.graph.nodes if n.label == name)
    item = lowering.one(node, b)
    b.effect("decided", attrs=(0,))
    b.effect("probe.f", lowering.number(node, b), attrs=(VALUE,))
    b.effect("probe.b", b.b(True) if item.present is None else item.present, attrs=(PRESENT,))
    lowering.run_later()
    segments = [lowering.setup.finish(), *(h.builder.finish() for h in lowering.homes.values()), b.finish()]
    build = lowering.program
    parts = (tuple(build.params), tuple(build.streams), tuple(build.slots), (), tuple(segments))
    program = Program("probe", 1, *parts, instances=checked.traded)
    assert not verify(program), verify(program)[:3]
    return run_passes(program)
