"""FIR -> the text of a Numba kernel module: `init`, `events` and `report` as C functions over raw words.

    init(params, the same memory as floats, st, sf)    fill the slots, run `setup`
    events(rec, n, st, sf, out, rows, io)              up to n records; stops after a record that leaves an intent, and
                                                       before one whose time is not below a wake asked for in this call
    report(rec, st, sf, out, io)                       an order or fill report; it writes `out` like `events`

`events` returns how many records it took; each decision leaves a row at `rows`. `cython_core/layout.py` has the words
of `out`, `rows` and `io`. State words that every record touches live in variables while it runs, so a stretch of bars
without orders runs out of registers. Programs with books take their records one at a time, as the driver moves the
book between them; they leave the words in memory.
`st` and `sf` are int64 and float64 views of one state block. Equal programs give equal bytes; the file is named by
their hash, so a changed program is another file and Numba's disk cache is never stale.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from ....cython_core import layout as memory
from ....cython_core.kernel_stamp import kernel_name, kernel_stamp
from ...ir.layout import last_decided_word, offsets, state_words, ticked_word
from ...ir.nodes import F64, Program, Segment, Slot
from ..shape import asks_wakes, hot_slots, manages
from . import spelling
from .body import BodyPrinter, cell, local_name

if TYPE_CHECKING:
    from jinja2 import Template

_LIBRARY = "flashc.runtime.backtest.kernel_library"
_MATHS = "flashc.runtime.backtest.kernel_math"
_PANES = "flashc.runtime.backtest.kernel_panes"
_BOOKS = "flashc.runtime.backtest.market.book"
_INDENT = "    "

_TIME = f"rec[{memory.TIME}]"
_HEAD = f"rec[{memory.HEAD}]"

__all__ = ["kernel_name", "print_kernel"]


def print_kernel(program: Program, *, origins: bool = False) -> str:
    """The module text; it names the kernel library's stamp. `origins` adds offsets into the strategy file."""
    return _ModulePrinter(program, origins).text(kernel_stamp())


class _ModulePrinter:
    def __init__(self, program: Program, origins: bool) -> None:
        self.program = program
        self.origins = origins
        self.offsets = offsets(program)
        self.ticked = [ticked_word(program, i) for i in range(program.instance_count)]
        self.last_decided = last_decided_word(program)
        self.traced = len(program.traces)
        self.local = hot_slots(program)
        self.manages = manages(program)
        self.wakes = asks_wakes(program)
        self.library: set[str] = set()
        self.maths: set[str] = set()
        self.panes: set[str] = set()
        self.books: set[str] = set()

    def text(self, stamp: str) -> str:
        init, events, report = self._init(), self._events(), self._report()
        modules = ((_LIBRARY, self.library), (_MATHS, self.maths), (_PANES, self.panes), (_BOOKS, self.books))
        imports = [(module, ", ".join(sorted(names))) for module, names in modules if names]
        return _template().render(stamp=stamp, imports=imports, init=init, events=events, report=report)

    def _segments(self, trigger: str, stream: str | None = None, instance: int = 0) -> list[str]:
        """The lines of the segment of a trigger, inside the loop of `events`; none if there is no such segment."""
        return self._printed(self.local, trigger, stream, instance)

    def _printed(self, local: frozenset[str], trigger: str, stream: str | None = None, instance: int = 0) -> list[str]:
        for number, segment in enumerate(self.program.segments):
            if segment.trigger == trigger and stream in (None, segment.stream) and instance == segment.instance:
                return self._body(number, segment, local)
        return []

    def _body(self, number: int, segment: Segment, local: frozenset[str]) -> list[str]:
        slots = {s.name: s for s in self.program.slots}
        params = {p.name: word for word, p in enumerate(self.program.params)}
        streams = {s.name: at for at, s in enumerate(self.program.streams)}
        prefix = f"s{number}_"
        printer = BodyPrinter(segment.trigger, prefix, slots, self.offsets, params, self.origins, local, streams)
        lines = printer.print(segment.body)
        self.library |= printer.library
        self.maths |= printer.maths
        self.panes |= printer.panes
        self.books |= printer.books
        return lines

    # --- init

    def _init(self) -> list[str]:
        fills = [line for slot in self.program.slots for line in self._fill(slot)]
        rest = [f"st[{at}] = 0" for at in range(self.ticked[0], state_words(self.program))]
        return [*fills, *rest, *self._printed(frozenset(), "setup")]

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

    # --- events

    def _events(self) -> list[str]:
        self.library.add("words_after")
        step = [f"stream = ({_HEAD} >> {memory.STREAM_SHIFT}) & 65535", *self._dispatch(), *self._instant_end()]
        step += ["done += 1", f"rec = words_after(rec, int64({memory.WORDS_PER_RECORD}))"]
        start = ["count = 0", "done = 0", "made = 0", *self._outcomes()]
        start += [f"wake = {memory.NEVER}"] if self.wakes else []
        start += [f"traced = io[{memory.IO_TRACE}]"] if self.traced else []
        start += [f"{local_name(at)} = {place}" for at, place in self._locals()]
        end = [f"{place} = {local_name(at)}" for at, place in self._locals()]
        end += [f"io[{memory.IO_TRACE}] = traced"] if self.traced else []
        end += [*self._out("made"), *self._last_row(), "return done"]
        more = "while done < n and count == 0" + (f" and {_TIME} < wake:" if self.wakes else ":")
        return [*start, more, *_indented(step), *end]

    def _out(self, made: str) -> list[str]:
        wake = "wake" if self.wakes else str(memory.NEVER)
        return [
            f"out[{memory.OUT_INTENTS}] = count",
            f"out[{memory.OUT_DECIDED}] = {made}",
            f"out[{memory.OUT_WAKE}] = {wake}",
        ]

    def _last_row(self) -> list[str]:
        """Reason and mask of the last decision row."""
        words = [f"out[{memory.OUT_REASON}] = rows[-2]", f"out[{memory.OUT_MASK}] = rows[-1]"]
        none = [f"out[{memory.OUT_REASON}] = 0", f"out[{memory.OUT_MASK}] = 0"]
        return ["if made != 0:", *_indented(words), "else:", *_indented(none)]

    def _outcomes(self) -> list[str]:
        return [f"{name}{i} = 0" for i in range(len(self.ticked)) for name in ("decided", "reason", "mask")]

    def _locals(self) -> list[tuple[int, str]]:
        """(offset, place in the block) of the words that live in variables, the executor's own words last."""
        found = [
            (self.offsets[s.name], cell(s, self.offsets[s.name])) for s in self.program.slots if s.name in self.local
        ]
        own = [*self.ticked, *([self.last_decided] if self.program.min_gap_ns else [])]
        return [*found, *((at, f"st[{at}]") for at in own)]

    def _dispatch(self) -> list[str]:
        lines: list[str] = []
        for number, stream in enumerate(self.program.streams):
            body = self._segments(stream.kind, stream.name)
            due = {s.instance for s in self.program.segments if s.trigger == "decide" and s.stream == stream.name}
            body += [f"{local_name(self.ticked[i])} = 1" for i in sorted(due)]
            ticks = f"stream == {number}"
            if stream.kind == "book":
                ticks = f"({ticks}) & (({_HEAD} & {memory.FLAG_MESSAGE_END << memory.FLAG_SHIFT}) != 0)"
            if body:
                lines += [f"{'elif' if lines else 'if'} {ticks}:", *_indented(body)]
        return lines

    def _instant_end(self) -> list[str]:
        ends = f"(({_HEAD} >> {memory.FLAG_SHIFT}) & {memory.FLAG_INSTANT_END}) != 0"
        due = " | ".join(local_name(at) for at in self.ticked)
        if not self.program.min_gap_ns and not self.manages:
            return [f"if ({ends}) & (({due}) != 0):", *_indented(self._decide())]
        return [f"if {ends}:", *_indented(self._act(due))]

    def _act(self, due: str) -> list[str]:
        """Whether to decide now, to wait for the gap, or to do what a wake asks for; `manage` and `risk` stand once."""
        lines = [f"act = b2i(({due}) != 0)"]
        self.library.add("b2i")
        if self.program.min_gap_ns:
            self.library |= {"isub", "iadd", "imin"}
            last, gap = local_name(self.last_decided), f"int64({self.program.min_gap_ns})"
            lines += [f"if (act != 0) & (isub({_TIME}, {last}) < {gap}):"]
            lines += _indented(["act = 0", f"wake = imin(wake, iadd({last}, {gap}))"])
        if not self.manages:
            return [*lines, "if act != 0:", *_indented(self._decide())]
        lines += [f"if (act == 0) & (({_HEAD} & 255) == {memory.KIND_WAKE}):", f"{_INDENT}act = 2"]
        decide = ["if act == 1:", *_indented(self._decides())]
        body = [*self._segments("manage"), *decide, *self._segments("risk"), *self._rows()]
        return [*lines, "if act != 0:", *_indented(body)]

    def _decide(self) -> list[str]:
        return [*self._decides(), *self._segments("risk"), *self._rows()]

    def _decides(self) -> list[str]:
        """The decide segment of each instance that is due."""
        gap = bool(self.program.min_gap_ns)
        lines = [f"{local_name(self.last_decided)} = {_TIME}"] if gap else []
        for instance, at in enumerate(self.ticked):
            body = [f"{local_name(at)} = 0", *self._traced(instance)]
            if len(self.ticked) == 1:
                return [*lines, *body]
            lines += [f"if {local_name(at)} != 0:", *_indented(body)]
        return lines

    def _traced(self, instance: int) -> list[str]:
        """A decide segment; when the program traces, it fills a row, and the next one follows if it decided."""
        body = self._segments("decide", instance=instance)
        if not self.traced:
            return body
        self.library |= {"trace", "int_words"}
        empty = [f"trace(traced, int64({k}), int64(0))" for k in range(self.traced)]
        following = f"{_INDENT}traced += {self.traced * memory.WORD_BYTES}"
        return [*empty, *body, f"if (decided{instance} != 0) & (traced != 0):", following]

    def _rows(self) -> list[str]:
        """One decision row per instance that decided; the outcomes are empty again."""
        lines: list[str] = []
        for i in range(len(self.ticked)):
            reason = f"reason{i} | {i << memory.INSTANCE_SHIFT}" if i else f"reason{i}"
            row = [f"rows[0] = {_TIME}", f"rows[1] = {reason}", f"rows[2] = mask{i}"]
            row += [f"rows = words_after(rows, int64({memory.DECISION_WORDS}))", "made += 1"]
            lines += [f"if decided{i} != 0:", *_indented(row)]
        return [*lines, *self._outcomes()]

    # --- report

    def _report(self) -> list[str]:
        body = self._printed(frozenset(), "report")
        if not self.manages:
            idle = [f"out[{at}] = 0" for at in (memory.OUT_INTENTS, memory.OUT_DECIDED)]
            return [*body, *idle, f"out[{memory.OUT_WAKE}] = {memory.NEVER}"]
        start = ["count = 0", *(line for line in self._outcomes() if not line.startswith("decided"))]
        start += [f"wake = {memory.NEVER}"] if self.wakes else []
        acts = [*self._printed(frozenset(), "manage"), *self._printed(frozenset(), "risk")]
        return [*start, *body, *acts, *self._out("0")]


def _indented(lines: Iterable[str]) -> list[str]:
    return [_INDENT + line for line in lines]


@lru_cache(maxsize=1)
def _template() -> Template:
    """The frame of the module; Jinja2 is loaded only when something is printed."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("flashc", "codegen_templates")
    environment = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    return environment.get_template("kernel.py.j2")
