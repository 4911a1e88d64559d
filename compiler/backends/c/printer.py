"""FIR -> the text of one C11 translation unit with the functions and the table of `flashc/strategy.h`.

Every segment becomes one or two inline functions over a frame, which holds what one event leaves behind and the state
words that every record touches. `events` keeps its frame in registers; `event`, `risk` and `after` share one that the
caller keeps. All of them run the same functions, so what a backtest has run is what a live process runs.

Equal programs give equal text. Names in the text are those of the headers and numbers; a strategy's own words never
reach C, except as places in comments, which are line and column and the names of keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from ....cython_core import layout as memory
from ...ir.layout import last_decided_word, offsets, state_words, ticked_word
from ...ir.nodes import F64, Item, Op, Program, Segment, Slot, When
from ...ir.walk import operations
from ..shape import hot_slots, manages
from . import spelling, tables
from .body import BodyPrinter, Frame, Places, carrier, is_constant, live_values
from .split import first_items

if TYPE_CHECKING:
    from jinja2 import Template

_INDENT = "  "
_TIME = f"rec[{memory.TIME}]"


def print_strategy(program: Program, *, ir_hash: str = "", places: Places | None = None) -> str:
    """The translation unit. `ir_hash` is the hash of the strategy's meaning, 64 hex digits, kept in the table.

    Without `places` the text is a function of both alone; with them, lines end in the operation and its place.
    """
    return _UnitPrinter(program, places).text(ir_hash)


class _UnitPrinter:
    def __init__(self, program: Program, places: Places | None) -> None:
        self.program = program
        self.places = places
        self.slots = {s.name: s for s in program.slots}
        self.ticked = [ticked_word(program, i) for i in range(program.instance_count)]
        self.frame = Frame(
            self.slots,
            offsets(program),
            {p.name: word for word, p in enumerate(program.params)},
            {s.name: number for number, s in enumerate(program.streams)},
            hot_slots(program),
        )
        self.first_items = first_items(program)
        self.fields: list[str] = []  # of the frame: what second parts need of first parts
        self.second: set[int] = set()  # segments that have a second part

    def text(self, ir_hash: str) -> str:
        functions = [line for k, s in enumerate(self.program.segments) for line in (*self._parts(k, s), "")]
        return _template().render(
            fields=[*self._outcome_fields(), *self._hot_fields(), *self.fields],
            functions=functions,
            fill=self._fills(),
            begin=self._begin(),
            load_hot=[f"f->w{at} = {place};" for at, place in self._hot_places()],
            store_hot=[f"{place} = f->w{at};" for at, place in self._hot_places()],
            ticks=self._ticks(),
            act=self._act(),
            first=self._first(),
            risk=self._calls("risk", "first"),
            rest=self._rest(),
            rows=self._rows(),
            report=self._report(),
            table=tables.rows(self.program, ir_hash),
        )

    # --- segments

    def _parts(self, number: int, segment: Segment) -> list[str]:
        """The functions of one segment."""
        first_numbers, live = self.first_items[number], live_values(segment.body)
        first = [item for at, item in enumerate(segment.body) if at in first_numbers]
        second = [item for at, item in enumerate(segment.body) if at not in first_numbers]
        if not live_effects(second):
            first, second = list(segment.body) if live_effects(segment.body) else [], []
        used = _used(second, live)
        carried = self._carried(number, first, used)
        own = live_values(first, carried)  # constants that only the second part reads are printed there
        lines = self._function(number, "first", segment.trigger, first, own, carried)
        if second:
            self.second.add(number)
            again = [op for op in operations(first) if is_constant(op) and op.result in used]
            taken = [f"const {kind} v{v} = {carried[v]};" for v, kind in _kinds(first).items() if v in carried]
            lines += ["", *self._function(number, "rest", segment.trigger, [*again, *second], live, {}, taken)]
        return lines

    def _carried(self, number: int, first: list[Item], needed: frozenset[int]) -> dict[int, str]:
        """The frame field of each value of the first part that the second needs; constants are printed again."""
        constants = {op.result for op in operations(first) if is_constant(op)}
        found = {}
        for value, kind in _kinds(first).items():
            if value in needed and value not in constants:
                found[value] = f"f->s{number}_{value}"
                self.fields.append(f"{kind} s{number}_{value};")
        return found

    def _function(
        self,
        number: int,
        part: str,
        trigger: str,
        body: list[Item],
        live: frozenset[int],
        carried: dict[int, str],
        taken: Iterable[str] = (),
    ) -> list[str]:
        setup = trigger == "setup"
        frame = replace(self.frame, hot=frozenset()) if setup else self.frame
        printer = BodyPrinter(trigger, frame, carried, self.places)
        lines = [*taken, *printer.print(body, live)]
        given = "const int64_t *params, const double *float_params, fs_word *restrict st" if setup else "FS_STEP"
        head = f"FS_INLINE void segment{number}_{part}({given}) {{"
        unused = "(void)params, (void)float_params, (void)st;" if setup else "FS_UNUSED;"
        return [head, _INDENT + unused, *_indented(lines), "}"]

    def _calls(self, trigger: str, part: str, stream: str | None = None, instance: int = 0) -> list[str]:
        """The call of the segment of a trigger; none if there is no such segment."""
        for number, s in enumerate(self.program.segments):
            if s.trigger == trigger and stream in (None, s.stream) and instance == s.instance:
                there = part == "first" or number in self.second
                return [f"segment{number}_{part}(FS_GIVEN);"] if there else []
        return []

    # --- the frame

    def _outcome_fields(self) -> list[str]:
        decided = [
            line
            for i in range(len(self.ticked))
            for line in (f"int64_t reason{i}, mask{i};", f"bool decided{i}, due{i};")
        ]
        return ["int64_t count, wake, act, stream;", "int64_t *traced;", *decided]

    def _hot_fields(self) -> list[str]:
        hot = [s for s in self.program.slots if s.name in self.frame.hot]
        own = [f"int64_t w{at};" for at in self._own_words()]
        return [*(f"{spelling.TYPES[s.type]} w{self.frame.offsets[s.name]};" for s in hot), *own]

    def _own_words(self) -> list[int]:
        """The executor's own words: ticked flags and, with a gap, the time of the last decision."""
        return [*self.ticked, *([last_decided_word(self.program)] if self.program.min_gap_ns else [])]

    def _hot_places(self) -> list[tuple[int, str]]:
        """(offset, place in the block) of the words that live in the frame."""
        hot = [s for s in self.program.slots if s.name in self.frame.hot]
        found = [(self.frame.offsets[s.name], s) for s in hot]
        places = [(at, f"st[{at}].{spelling.MEMBERS[s.type]}") for at, s in found]
        return [*places, *((at, f"st[{at}].i") for at in self._own_words())]

    def _begin(self) -> list[str]:
        """An empty outcome."""
        lines = ["f->count = 0;", "f->act = 0;"]
        for i in range(len(self.ticked)):
            lines += [f"f->reason{i} = 0;", f"f->mask{i} = 0;", f"f->decided{i} = false;", f"f->due{i} = false;"]
        return lines

    # --- init

    def _fills(self) -> list[str]:
        lines = [f"memset(st, 0, {state_words(self.program)} * sizeof(fs_word));"]
        lines += [line for slot in self.program.slots for line in self._fill(slot)]
        return [
            *lines,
            *(call.replace("FS_GIVEN", "params, float_params, st") for call in self._calls("setup", "first")),
        ]

    def _fill(self, slot: Slot) -> list[str]:
        at, member = self.frame.offsets[slot.name], spelling.MEMBERS[slot.type]
        value = spelling.real(float(slot.init)) if slot.type == F64 else spelling.integer(int(slot.init))
        if value in ("INT64_C(0)", "0x0.0p+0"):
            return []
        if slot.words == 1:
            return [f"st[{at}].{member} = {value};"]
        return [f"for (int64_t k = {at}; k < {at + slot.words}; k++) st[k].{member} = {value};"]

    # --- events

    def _ticks(self) -> list[str]:
        """The first part of the stream's segment, if the record ticks its clock."""
        lines: list[str] = []
        for number, stream in enumerate(self.program.streams):
            body = self._calls(stream.kind, "first", stream.name)
            due = {s.instance for s in self.program.segments if s.trigger == "decide" and s.stream == stream.name}
            body += [f"f->w{self.ticked[i]} = 1;" for i in sorted(due)]
            if body:
                lines += [f"{'} else ' if lines else ''}if ({self._is_tick(number, stream.kind)}) {{", *_indented(body)]
        return [*lines, "}"] if lines else []

    def _is_tick(self, number: int, kind: str) -> str:
        ticks = f"f->stream == {number}"
        return f"{ticks} && fs_ends_message(rec)" if kind == "book" else ticks

    def _act(self) -> list[str]:
        """Whether to decide now (1), to wait for the gap, or to do what a wake asks for (2)."""
        lines = [f"f->act = {' || '.join(f'f->w{at} != 0' for at in self.ticked)};"]
        if gap := self.program.min_gap_ns:
            last = f"f->w{last_decided_word(self.program)}"
            lines += [f"if (f->act == 1 && fs_isub({_TIME}, {last}) < INT64_C({gap})) {{"]
            lines += _indented(["f->act = 0;", f"f->wake = fs_imin(f->wake, fs_iadd({last}, INT64_C({gap})));"])
            lines += ["}"]
        if manages(self.program):
            lines += ["if (f->act == 0 && fs_is_wake(rec)) f->act = 2;"]
        return lines

    def _first(self) -> list[str]:
        """`manage`, and the decision of each instance that is due."""
        decides = [f"f->w{last_decided_word(self.program)} = {_TIME};"] if self.program.min_gap_ns else []
        for instance, at in enumerate(self.ticked):
            body = [f"f->w{at} = 0;", f"f->due{instance} = true;", *self._traced(instance)]
            decides += [f"if (f->w{at} != 0) {{", *_indented(body), "}"]
        return [*self._calls("manage", "first"), "if (f->act == 1) {", *_indented(decides), "}"]

    def _traced(self, instance: int) -> list[str]:
        """A decide segment; when the program traces, it fills a row, and the next one follows if it decided."""
        body = self._calls("decide", "first", instance=instance)
        words = len(self.program.traces)
        if not words:
            return body
        empty = [f"fs_trace(f->traced, {k}, 0);" for k in range(words)]
        return [*empty, *body, f"if (f->decided{instance} && f->traced != NULL) f->traced += {words};"]

    def _rest(self) -> list[str]:
        """The second parts, in the order of the first ones."""
        lines: list[str] = []
        for number, stream in enumerate(self.program.streams):
            calls = self._calls(stream.kind, "rest", stream.name)
            lines += [f"if ({self._is_tick(number, stream.kind)}) {call}" for call in calls]
        acts = self._calls("manage", "rest")
        for instance in range(len(self.ticked)):
            acts += [f"if (f->due{instance}) {call}" for call in self._calls("decide", "rest", instance=instance)]
        acts += self._calls("risk", "rest")
        return [*lines, *(["if (f->act != 0) {", *_indented(acts), "}"] if acts else [])]

    def _rows(self) -> list[str]:
        """One decision row per instance that decided."""
        lines: list[str] = []
        for i in range(len(self.ticked)):
            reason = f"f->reason{i} | INT64_C({i << memory.INSTANCE_SHIFT})" if i else f"f->reason{i}"
            lines += [f"if (f->decided{i}) rows = fs_row(rows, {_TIME}, {reason}, f->mask{i});"]
        return lines

    def _report(self) -> list[str]:
        parts = ["report", *(("manage", "risk") if manages(self.program) else ())]
        return [call for trigger in parts for part in ("first", "rest") for call in self._calls(trigger, part)]


def live_effects(body: Iterable[Item]) -> bool:
    """Whether anything in the body leaves a trace that is printed."""
    return any(op.result is None and not op.name.startswith("probe.") for op in operations(body))


def _kinds(body: Iterable[Item]) -> dict[int, str]:
    """The C types of the values that a body defines at its top level."""
    return {item.result: carrier(item) for item in body if isinstance(item, Op) and item.result is not None}


def _used(body: Iterable[Item], live: frozenset[int]) -> frozenset[int]:
    """The values that something printed in the body reads."""
    found: set[int] = set()
    for item in body:
        if isinstance(item, When):
            found |= {item.condition} | _used(item.body, live) if live_effects(item.body) else set()
        elif item.result in live if item.result is not None else not item.name.startswith("probe."):
            found.update(item.args)
    return frozenset(found)


def _indented(lines: Iterable[str]) -> list[str]:
    return [_INDENT + line for line in lines]


@lru_cache(maxsize=1)
def _template() -> Template:
    """The frame of the unit; Jinja2 is loaded only when something is printed."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("flashc", "codegen_templates")
    environment = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    return environment.get_template("strategy.c.j2")
