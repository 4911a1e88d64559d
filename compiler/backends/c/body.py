"""Prints the body of one FIR segment as C statements: one temporary for each operation.

No expression has more than one operator, so a C compiler has no association to choose. Values that only probes read are
not printed. A segment may be printed in two parts (`split.py`): what the second part needs of the first goes through
fields of the frame, constants are written again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ....cython_core.layout import IO_FIRST_BOOK
from ...ir.nodes import Item, Op, Slot, When
from ...ir.ops import FIELDS, OPS
from ...ir.walk import operations
from . import spelling

#: What stands where an operation comes from: (start, end) in the strategy file -> `let.pressure 41:13`.
Places = Callable[[tuple[int, int]], str]

_CONSTANTS = ("bconst", "iconst", "fconst")
_TRACED = {"trace.b": "fs_b2i({})", "trace.i": "{}", "trace.f": "fs_fbits({})"}


@dataclass(frozen=True, slots=True)
class Frame:
    """Where things of the program are. `hot` slots are fields of the frame, the others words of the state block."""

    slots: Mapping[str, Slot]
    offsets: Mapping[str, int]
    params: Mapping[str, int]  # name -> word
    streams: Mapping[str, int]  # name -> number
    hot: frozenset[str] = frozenset()

    def cell(self, name: str) -> str:
        """A slot's first word."""
        if name in self.hot:
            return f"f->w{self.offsets[name]}"
        return f"st[{self.offsets[name]}].{spelling.MEMBERS[self.slots[name].type]}"


@dataclass(slots=True)
class BodyPrinter:
    """Prints one part of a segment. `carried` maps values of the first part to fields of the frame."""

    trigger: str
    frame: Frame
    carried: Mapping[int, str] = field(default_factory=dict)
    places: Places | None = None
    lines: list[str] = field(default_factory=list)
    _live: frozenset[int] = frozenset()
    _indent: str = ""

    def print(self, body: Iterable[Item], live: frozenset[int]) -> list[str]:
        """The statements of `body`; of its values only those in `live` are computed."""
        self._live = live
        self._body(body)
        return self.lines

    def _body(self, body: Iterable[Item]) -> None:
        for item in body:
            if isinstance(item, When):
                self._when(item)
            elif item.result is None:
                self._effect(item)
            elif item.result in self._live:
                self._define(item, item.result)

    def _when(self, item: When) -> None:
        mark = len(self.lines)
        self._line(f"if (v{item.condition}) {{")
        self._indent += "  "
        self._body(item.body)
        self._indent = self._indent[:-2]
        if len(self.lines) == mark + 1:  # nothing but probes inside
            self.lines.pop()
        else:
            self._line("}")

    def _line(self, text: str, op: Op | None = None) -> None:
        if self.places is not None and op is not None:
            number = "" if op.result is None else f"fir {op.result}"
            place = "" if op.origin is None else self.places(op.origin)
            tag = " · ".join(part for part in (number, place) if part)
            text = f"{text}  /* {tag} */" if tag else text
        self.lines.append(self._indent + text)

    def _define(self, op: Op, result: int) -> None:
        kind = OPS[op.name].result
        assert kind is not None
        self._line(f"const {spelling.TYPES[kind]} v{result} = {self._value(op)};", op)
        if result in self.carried:
            self._line(f"{self.carried[result]} = v{result};")

    def _value(self, op: Op) -> str:
        operands = [f"v{a}" for a in op.args]
        if op.name in spelling.INFIX:
            return spelling.INFIX[op.name].format(*operands)
        if op.name in spelling.CALLS:
            return self._call(op, operands)
        return self._leaf(op)

    def _call(self, op: Op, operands: list[str]) -> str:
        first: list[str] = []
        if "slot" in OPS[op.name].attrs:
            slot = str(op.attrs[0])
            first = ["st", str(self.frame.offsets[slot]), str(self.frame.slots[slot].words)]
        elif "stream" in OPS[op.name].attrs:
            first = [f"fs_words(io[{IO_FIRST_BOOK + self.frame.streams[str(op.attrs[0])]}])"]
        return f"{spelling.CALLS[op.name]}({', '.join((*first, *operands))})"

    def _leaf(self, op: Op) -> str:
        attr = op.attrs[0]
        match op.name:
            case "bconst":
                return "true" if attr else "false"
            case "iconst":
                return spelling.integer(int(attr))
            case "fconst":
                return spelling.real(float(attr))
            case "ev":
                return f"rec[{FIELDS[self.trigger][str(attr)]}]"
            case "param.i" | "param.f":
                return f"{'params' if op.name == 'param.i' else 'float_params'}[{self.frame.params[str(attr)]}]"
            case "load.i" | "load.f":
                return self.frame.cell(str(attr))
        raise AssertionError(f"no spelling of {op.name}")

    # --- effects

    def _effect(self, op: Op) -> None:
        if not op.name.startswith("probe."):
            self._line(self._statement(op, [f"v{a}" for a in op.args]) + ";", op)

    def _statement(self, op: Op, texts: list[str]) -> str:
        attr = op.attrs[0] if op.attrs else None
        match op.name:
            case "store.i" | "store.f":
                return f"{self.frame.cell(str(attr))} = {texts[0]}"
            case "clause":
                return f"f->mask{attr} |= fs_ishl(fs_b2i({texts[0]}), {op.attrs[1]})"
            case "reason":
                return f"f->reason{attr} = {texts[0]}"
            case "decided":
                return f"f->decided{attr} = true"
            case "emit" | "cancel":
                return f"f->count = fs_{op.name}(out, f->count, {', '.join(texts)}, {attr})"
            case "wake":
                return f"f->wake = fs_imin(f->wake, {texts[0]})"
            case "trace.b" | "trace.i" | "trace.f":
                return f"fs_trace(f->traced, {attr}, {_TRACED[op.name].format(texts[0])})"
        return self._call(op, texts)


def live_values(body: Iterable[Item], wanted: Iterable[int] = ()) -> frozenset[int]:
    """The values that something printed needs; `wanted` are needed elsewhere."""
    live: set[int] = set(wanted)
    _mark(list(body), live)
    return frozenset(live)


def _mark(body: list[Item], live: set[int]) -> None:
    for item in reversed(body):
        if isinstance(item, When):
            _mark(list(item.body), live)
            if any(_acts(op) for op in operations(item.body)):
                live.add(item.condition)
        elif item.result in live if item.result is not None else _acts(item):
            live.update(item.args)


def _acts(op: Op) -> bool:
    return op.result is None and not op.name.startswith("probe.")


def is_constant(op: Op) -> bool:
    return op.name in _CONSTANTS


def carrier(op: Op) -> str:
    """The C type of an operation's value."""
    kind = OPS[op.name].result
    assert kind is not None
    return spelling.TYPES[kind]
