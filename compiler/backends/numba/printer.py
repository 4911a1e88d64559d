"""FIR -> the text of a Numba kernel module: `init`, `event` and `report` as C functions over raw words.

    init(params, the same memory as floats, st, sf)    fill the slots, run `setup`
    event(rec, st, sf, out)                            the bar segment; at the end of an instant decide and risk
    report(rec, st, sf)                                an order or fill report

`st` and `sf` are int64 and float64 views of one state block. Equal programs give equal bytes; the file is named by
their hash, so a changed program is another file and Numba's disk cache is never stale.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ....cython_core import layout as memory
from ....cython_core.kernel_stamp import kernel_name, kernel_stamp
from ...ir.layout import offsets, ticked_word
from ...ir.nodes import F64, Program, Segment, Slot
from . import spelling
from .body import BodyPrinter

if TYPE_CHECKING:
    from jinja2 import Template

_LIBRARY = "flashc.runtime.backtest.kernel_library"
_MATHS = "flashc.runtime.backtest.kernel_math"
_INDENT = "    "

__all__ = ["kernel_name", "print_kernel"]


def print_kernel(program: Program, *, origins: bool = False) -> str:
    """The module text; it names the kernel library's stamp. `origins` adds offsets into the strategy file."""
    return _ModulePrinter(program, origins).text(kernel_stamp())


class _ModulePrinter:
    def __init__(self, program: Program, origins: bool) -> None:
        self.program = program
        self.origins = origins
        self.offsets = offsets(program)
        self.ticked = ticked_word(program)
        self.library: set[str] = set()
        self.maths: set[str] = set()

    def text(self, stamp: str) -> str:
        init, event, report = self._init(), self._event(), self._report()
        modules = ((_LIBRARY, self.library), (_MATHS, self.maths))
        imports = [(module, ", ".join(sorted(names))) for module, names in modules if names]
        return _template().render(stamp=stamp, imports=imports, init=init, event=event, report=report)

    def _segments(self, trigger: str, stream: str | None = None) -> list[str]:
        """The lines of all segments of one trigger."""
        lines: list[str] = []
        for number, segment in enumerate(self.program.segments):
            if segment.trigger == trigger and stream in (None, segment.stream):
                lines += self._body(number, segment)
        return lines

    def _body(self, number: int, segment: Segment) -> list[str]:
        slots = {s.name: s for s in self.program.slots}
        params = {p.name: word for word, p in enumerate(self.program.params)}
        printer = BodyPrinter(segment.trigger, f"s{number}_", slots, self.offsets, params, self.origins)
        lines = printer.print(segment.body)
        self.library |= printer.library
        self.maths |= printer.maths
        return lines

    def _init(self) -> list[str]:
        fills = [line for slot in self.program.slots for line in self._fill(slot)]
        return [*fills, f"st[{self.ticked}] = 0", *self._segments("setup")]

    def _fill(self, slot: Slot) -> list[str]:
        floats = slot.type == F64
        view, value = ("sf", spelling.real(float(slot.init))) if floats else ("st", spelling.integer(int(slot.init)))
        self.library |= {value.strip("(-)")} & {"inf", "nan"}
        at = self.offsets[slot.name]
        if slot.words == 1:
            return [f"{view}[{at}] = {value}"]
        function = "fill_f" if floats else "fill_i"
        self.library.add(function)
        operands = ", ".join(spelling.typed(text) for text in (str(at), str(slot.words), value))
        return [f"{function}({view}, {operands})"]

    def _event(self) -> list[str]:
        lines = ["decided = 0", "reason = 0", "mask = 0", "count = 0"]
        lines.append(f"stream = (rec[{memory.HEAD}] >> {memory.STREAM_SHIFT}) & 65535")
        lines += self._dispatch()
        lines += self._instant_end()
        lines.append(f"out[{memory.OUT_INTENTS}] = count")
        lines.append(f"out[{memory.OUT_DECIDED}] = decided")
        lines.append(f"out[{memory.OUT_REASON}] = reason")
        lines.append(f"out[{memory.OUT_MASK}] = mask")
        return lines

    def _dispatch(self) -> list[str]:
        clocks = {s.stream for s in self.program.segments if s.trigger == "decide"}
        lines: list[str] = []
        for number, stream in enumerate(self.program.streams):
            body = self._segments("bar", stream.name)
            if stream.name in clocks:
                body.append(f"st[{self.ticked}] = 1")
            if body:
                lines += [f"{'elif' if lines else 'if'} stream == {number}:", *_indented(body)]
        return lines

    def _instant_end(self) -> list[str]:
        body = [f"st[{self.ticked}] = 0", *self._segments("decide"), *self._segments("risk")]
        ends = f"((rec[{memory.HEAD}] >> {memory.FLAG_SHIFT}) & {memory.FLAG_INSTANT_END}) != 0"
        return [f"if ({ends}) & (st[{self.ticked}] != 0):", *_indented(body)]

    def _report(self) -> list[str]:
        return self._segments("report")


def _indented(lines: list[str]) -> list[str]:
    return [_INDENT + line for line in lines]


@lru_cache(maxsize=1)
def _template() -> Template:
    """The frame of the module; Jinja2 is loaded only when something is printed."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("flashc", "codegen_templates")
    environment = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    return environment.get_template("kernel.py.j2")
