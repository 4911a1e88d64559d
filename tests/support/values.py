"""Programs that compute expressions and show them at each decision: values without a position machine."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from flashc.compiler.frontend.check import check
from flashc.compiler.ir.builder import SegmentBuilder
from flashc.compiler.ir.nodes import I64, Program
from flashc.compiler.ir.verify import verify
from flashc.compiler.lower.context import Lowering
from flashc.compiler.lower.expressions import emit
from flashc.compiler.passes import run_passes
from flashc.compiler.venues.profile import profile
from flashc.cython_core.layout import IO_FIRST_BOOK
from flashc.dsl.document_reader import read_document
from flashc.dsl.source import Source
from flashc.runtime.backtest.market.book import book_set
from flashc.runtime.backtest.market.book_layout import new_book
from flashc.runtime.backtest.native_ops import int_words
from numba import njit
from support.kernels import KernelMachine
from support.random_market import MIDDLE

VALUE, PRESENT = 0, 1  # probes of the first value
LOW, HIGH = MIDDLE - 1000, MIDDLE + 1000


def value_program(text: str, *names: str) -> Program:
    """The passes' result for some `let` values of a strategy (default: `value`).

    Probe 2k is value k in whole units, probe 2k + 1 its presence; the reason word of a decision is made of all of them.
    """
    document, found = read_document(Source("probe.yaml", text))
    assert document is not None, [d.message for d in found]
    checked, found = check(document)
    assert checked is not None, [(d.code, d.message) for d in found]
    lowering = Lowering(checked, profile(document.venue.value))
    lowering.emit = emit
    now = lowering.program.slot(I64, "now")
    lowering.machine = SimpleNamespace(shared=SimpleNamespace(now=now))  # type: ignore[assignment]
    home = lowering.homes[checked.instances[0].decision]
    home.builder.store(now, home.time)
    b = SegmentBuilder(lowering.program, "decide")
    b.stream = home.stream.name
    _show(lowering, b, names or ("value",))
    lowering.run_later()
    segments = [lowering.setup.finish(), *(h.builder.finish() for h in lowering.homes.values()), b.finish()]
    build = lowering.program
    parts = (tuple(build.params), tuple(build.streams), tuple(build.slots), (), tuple(segments))
    program = Program("probe", 1, *parts, instances=checked.traded)
    assert not verify(program), verify(program)[:3]
    return run_passes(program)


def _show(lowering: Lowering, b: SegmentBuilder, names: tuple[str, ...]) -> None:
    b.effect("decided", attrs=(0,))
    digest = b.i(0)
    for k, name in enumerate(names):
        node = next(n.id for n in lowering.graph.nodes if n.label == name)
        item, number = lowering.one(node, b), lowering.number(node, b)
        present = b.b(True) if item.present is None else item.present
        b.effect("probe.f", number, attrs=(2 * k,))
        b.effect("probe.b", present, attrs=(2 * k + 1,))
        digest = digest * 1_000_003 + b.op("ixor", b.op("fbits", number), b.op("b2i", present))
    b.effect("reason", b.op("ishr", digest, b.i(33)), attrs=(0,))


class BookKernel(KernelMachine):
    """A kernel with native order books for the ticks of `random_market`."""

    def __init__(self, program: Program, folder: Path) -> None:
        super().__init__(program, folder)
        self.blocks = {k: new_book(LOW, HIGH) for k, s in enumerate(program.streams) if s.kind == "book"}
        for number, block in self.blocks.items():
            self._io[IO_FIRST_BOOK + number] = block.ctypes.data

    def set(self, stream: int, side: int, tick: int, lots: int) -> None:
        if stream in self.blocks:
            _set(self.blocks[stream].ctypes.data, side, tick, lots)


@njit
def _set(at: int, side: int, tick: int, lots: int) -> int:
    return book_set(int_words(at), side, tick, lots)
