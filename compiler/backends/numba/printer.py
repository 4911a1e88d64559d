"""FIR -> the text of a Numba kernel module: `init`, `events` and `report` as C functions over raw words.

    init(params, the same memory as floats, st, sf)    fill the slots, run `setup`
    events(rec, n, st, sf, out, rows)                  up to n records: each runs the bar segment, and at the end of an
                                                       instant decide and risk; stops after a record that wants an order
    report(rec, st, sf)                                an order or fill report

`events` returns how many records it took; each decision leaves a row (time, reason, mask) at `rows`. State words that
every record touches live in variables while it runs, so a stretch of bars without orders runs out of registers.
`st` and `sf` are int64 and float64 views of one state block. Equal programs give equal bytes; the file is named by
their hash, so a changed program is another file and Numba's disk cache is never stale.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from ....cython_core import layout as memory
from ....cython_core.kernel_stamp import kernel_name, kernel_stamp
from ...ir.layout import offsets, ticked_word
from ...ir.nodes import F64, Op, Program, Segment, Slot
from ...ir.walk import operations
from . import spelling
from .body import BodyPrinter, cell, local_name

if TYPE_CHECKING:
    from jinja2 import Template

_LIBRARY = "flashc.runtime.backtest.kernel_library"
_MATHS = "flashc.runtime.backtest.kernel_math"
_INDENT = "    "

#: Segments that run inside the loop of `events`.
_LOOPED = ("bar", "decide", "risk")
_DECISION_ROW = (
    f"rows[0] = rec[{memory.TIME}]",
    "rows[1] = reason",
    "rows[2] = mask",
    "rows = words_after(rows, int64(3))",
    "made += 1",
)

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
        self.local = _hot_slots(program)
        self.library: set[str] = set()
        self.maths: set[str] = set()

    def text(self, stamp: str) -> str:
        init, events, report = self._init(), self._events(), self._report()
        modules = ((_LIBRARY, self.library), (_MATHS, self.maths))
        imports = [(module, ", ".join(sorted(names))) for module, names in modules if names]
        return _template().render(stamp=stamp, imports=imports, init=init, events=events, report=report)

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
        local = self.local if segment.trigger in _LOOPED else frozenset[str]()
        printer = BodyPrinter(segment.trigger, f"s{number}_", slots, self.offsets, params, self.origins, local)
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

    def _events(self) -> list[str]:
        step = ["decided = 0", "reason = 0", "mask = 0"]
        step.append(f"stream = (rec[{memory.HEAD}] >> {memory.STREAM_SHIFT}) & 65535")
        step += [*self._dispatch(), *self._instant_end()]
        step += [
            "if decided != 0:",
            *_indented(_DECISION_ROW),
            "done += 1",
            f"rec = words_after(rec, int64({memory.WORDS_PER_RECORD}))",
        ]
        self.library.add("words_after")
        start = ["decided = 0", "reason = 0", "mask = 0", "count = 0", "done = 0", "made = 0"]
        start += [f"{local_name(at)} = {place}" for at, place in self._locals()]
        end = [f"{place} = {local_name(at)}" for at, place in self._locals()]
        end.append(f"out[{memory.OUT_INTENTS}] = count")
        end.append(f"out[{memory.OUT_DECIDED}] = made")
        end.append(f"out[{memory.OUT_REASON}] = reason")
        end.append(f"out[{memory.OUT_MASK}] = mask")
        return [*start, "while done < n and count == 0:", *_indented(step), *end, "return done"]

    def _locals(self) -> list[tuple[int, str]]:
        """(offset, place in the block) of the words that live in variables, the ticked flag last."""
        found = [
            (self.offsets[s.name], cell(s, self.offsets[s.name])) for s in self.program.slots if s.name in self.local
        ]
        return [*found, (self.ticked, f"st[{self.ticked}]")]

    def _dispatch(self) -> list[str]:
        clocks = {s.stream for s in self.program.segments if s.trigger == "decide"}
        lines: list[str] = []
        for number, stream in enumerate(self.program.streams):
            body = self._segments("bar", stream.name)
            if stream.name in clocks:
                body.append(f"{local_name(self.ticked)} = 1")
            if body:
                lines += [f"{'elif' if lines else 'if'} stream == {number}:", *_indented(body)]
        return lines

    def _instant_end(self) -> list[str]:
        body = [f"{local_name(self.ticked)} = 0", *self._segments("decide"), *self._segments("risk")]
        ends = f"((rec[{memory.HEAD}] >> {memory.FLAG_SHIFT}) & {memory.FLAG_INSTANT_END}) != 0"
        return [f"if ({ends}) & ({local_name(self.ticked)} != 0):", *_indented(body)]

    def _report(self) -> list[str]:
        return self._segments("report")


def _hot_slots(program: Program) -> frozenset[str]:
    """Single words that every record reads, or writes for a later read: worth a variable, that is a register."""
    looped = [s for s in program.segments if s.trigger in _LOOPED]
    read = {str(op.attrs[0]) for s in looped for op in operations(s.body) if op.name in ("load.i", "load.f")}
    top = [item for s in looped for item in s.body if isinstance(item, Op)]
    touched = {str(op.attrs[0]) for op in top if op.name in ("load.i", "load.f", "store.i", "store.f")}
    return frozenset(read & touched & {s.name for s in program.slots if s.words == 1})


def _indented(lines: Iterable[str]) -> list[str]:
    return [_INDENT + line for line in lines]


@lru_cache(maxsize=1)
def _template() -> Template:
    """The frame of the module; Jinja2 is loaded only when something is printed."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("flashc", "codegen_templates")
    environment = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    return environment.get_template("kernel.py.j2")
