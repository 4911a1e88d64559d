"""Prints the body of one FIR segment as Python statements for Numba.

A pure value that is used once is not given a name; its expression, in parentheses, stands where it is used. So the
association is the program's, and the kernel has few statements. A value that reads a slot may wait in this way only
until something writes that slot. Values that are only probed are not printed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ....cython_core.layout import IO_FIRST_BOOK
from ...ir.nodes import F64, Item, Op, Slot, When
from ...ir.ops import OPS
from ...ir.walk import operations
from . import spelling

#: Longer expressions get a name: lines stay readable and far from the parser's nesting limit.
_LONGEST, _DEEPEST = 110, 24

_PLAIN = {"bconst", "iconst", "fconst"}


@dataclass(frozen=True, slots=True)
class Expression:
    """Text of a value; `reads` are the slots whose content it depends on; `depth` is its nesting."""

    text: str
    depth: int = 0
    reads: frozenset[str] = frozenset()


@dataclass(slots=True)
class BodyPrinter:
    """Prints one segment. `prefix` keeps the names of different segments of one function apart."""

    trigger: str
    prefix: str
    slots: dict[str, Slot]
    offsets: dict[str, int]
    params: dict[str, int]  # name -> word
    with_origins: bool = False
    local: frozenset[str] = frozenset()  # slots that live in variables of the function
    streams: dict[str, int] = field(default_factory=dict)  # name -> number
    library: set[str] = field(default_factory=set)  # imported names
    maths: set[str] = field(default_factory=set)
    panes: set[str] = field(default_factory=set)
    books: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    _values: dict[int, Expression] = field(default_factory=dict)
    _waiting: dict[int, Expression] = field(default_factory=dict)
    _uses: Counter[int] = field(default_factory=Counter)
    _indent: str = ""

    def print(self, body: tuple[Item, ...]) -> list[str]:
        """The statements of the segment, without outer indentation."""
        self._uses = _count_uses(body)
        self._body(body)
        return self.lines

    def print_function(self, params: tuple[int, ...], body: tuple[Item, ...], result: int) -> list[str]:
        """The statements of a function of pure operations, ending in `return`."""
        self._uses = _count_uses(body)
        self._uses[result] += 1
        self._values = {p: Expression(f"{self.prefix}{p}") for p in params}
        self._body(body)
        self._line(f"return {self._use(result).text}")
        return self.lines

    # --- structure

    def _body(self, body: tuple[Item, ...]) -> None:
        for item in body:
            if isinstance(item, When):
                self._when(item)
            elif item.result is not None:
                self._define(item)
            else:
                self._effect(item)

    def _when(self, item: When) -> None:
        condition = self._use(item.condition)
        self._settle(_written(item.body))
        mark, outer = len(self.lines), self._waiting
        self._line(f"if {condition.text}:")
        self._indent += "    "
        self._waiting = dict(outer)
        self._body(item.body)
        self._waiting = {n: e for n, e in outer.items() if n in self._waiting}
        self._indent = self._indent[:-4]
        if len(self.lines) == mark + 1:  # nothing but probes inside
            self.lines.pop()

    def _line(self, text: str, op: Op | None = None) -> None:
        tag = f"  # {op.origin[0]}:{op.origin[1]}" if self.with_origins and op is not None and op.origin else ""
        self.lines.append(f"{self._indent}{text}{tag}")

    # --- values

    def _define(self, op: Op) -> None:
        assert op.result is not None
        uses = self._uses[op.result]
        if not uses:
            return
        made = self._expression(op)
        if op.name in _PLAIN:
            self._values[op.result] = made
        elif uses > 1 or len(made.text) > _LONGEST or made.depth > _DEEPEST:
            self._name(op.result, made, op)
        else:
            self._waiting[op.result] = made

    def _name(self, result: int, made: Expression, op: Op | None = None) -> None:
        name = f"{self.prefix}{result}"
        self._line(f"{name} = {made.text}", op)
        self._values[result] = Expression(name)

    def _use(self, number: int) -> Expression:
        """The text of an operand; a waiting value moves into its only user."""
        waiting = self._waiting.pop(number, None)
        return self._values[number] if waiting is None else waiting

    def _settle(self, written: frozenset[str]) -> None:
        """Name the waiting values that read a slot which is about to change."""
        for number in [n for n, e in self._waiting.items() if e.reads & written]:
            self._name(number, self._waiting.pop(number))

    def _expression(self, op: Op) -> Expression:
        operands = [self._use(a) for a in op.args]
        texts = [o.text for o in operands]
        reads = frozenset[str]().union(*(o.reads for o in operands))
        if OPS[op.name].reads and "slot" in OPS[op.name].attrs:
            reads |= {str(op.attrs[0])}
        depth = 1 + max((o.depth for o in operands), default=0)
        return Expression(self._text(op, texts), depth, reads)

    def _text(self, op: Op, texts: list[str]) -> str:
        if op.name in spelling.INFIX:
            return spelling.INFIX[op.name].format(*texts)
        if op.name in spelling.CALLS:
            return self._call(spelling.CALLS[op.name], texts)
        if op.name in spelling.MATHS:
            self.maths.add(spelling.MATHS[op.name])
            return f"{spelling.MATHS[op.name]}({', '.join(texts)})"
        if op.name in spelling.SLOTS or op.name in spelling.PANES:
            return self._slot_call(op, texts)
        if op.name in spelling.BOOKS:
            return self._book_call(op, texts)
        return self._leaf(op)

    def _call(self, name: str, texts: Iterable[str]) -> str:
        self.library.add(name)
        return f"{name}({', '.join(texts)})"

    def _slot_call(self, op: Op, texts: list[str]) -> str:
        panes = op.name in spelling.PANES
        function, view = (spelling.PANES if panes else spelling.SLOTS)[op.name]
        (self.panes if panes else self.library).add(function)
        slot = str(op.attrs[0])
        place = (str(self.offsets[slot]), str(self.slots[slot].words))
        return f"{function}({', '.join((view, *map(spelling.typed, (*place, *texts))))})"

    def _book_call(self, op: Op, texts: list[str]) -> str:
        function = spelling.BOOKS[op.name]
        self.books.add(function)
        self.library.add("int_words")
        block = f"int_words(io[{IO_FIRST_BOOK + self.streams[str(op.attrs[0])]}])"
        return f"{function}({', '.join((block, *map(spelling.typed, texts)))})"

    def _leaf(self, op: Op) -> str:
        attr = op.attrs[0]
        if op.name == "bconst":
            return "True" if attr else "False"
        if op.name == "iconst":
            return spelling.integer(int(attr))
        if op.name == "fconst":
            text = spelling.real(float(attr))
            self.library |= {text.strip("(-)")} & {"inf", "nan"}
            return text
        if op.name == "ev":
            return f"rec[{spelling.record_word(self.trigger, str(attr))}]"
        if op.name in ("param.i", "param.f"):
            return f"{'params' if op.name == 'param.i' else 'float_params'}[{self.params[str(attr)]}]"
        assert op.name in ("load.i", "load.f"), f"no spelling of {op.name}"
        return self._cell(str(attr))

    def _cell(self, slot: str) -> str:
        if slot in self.local:
            return local_name(self.offsets[slot])
        return cell(self.slots[slot], self.offsets[slot])

    # --- effects

    def _effect(self, op: Op) -> None:
        if op.name.startswith("probe."):
            return
        texts = [self._use(a).text for a in op.args]
        self._settle(_written((op,)))
        statement = _EFFECTS.get(op.name)
        self._line(self._slot_call(op, texts) if statement is None else statement(self, op, texts), op)

    def _store(self, op: Op, texts: list[str]) -> str:
        return f"{self._cell(str(op.attrs[0]))} = {texts[0]}"

    def _clause(self, op: Op, texts: list[str]) -> str:
        self.library |= {"b2i", "ishl"}
        mask = f"mask{op.attrs[0]}"
        return f"{mask} = {mask} | ishl(b2i({texts[0]}), {op.attrs[1]})"

    def _intent(self, op: Op, texts: list[str]) -> str:
        operands = map(spelling.typed, (*texts, str(op.attrs[0])))
        return f"count = {self._call(op.name, ('out', 'count', *operands))}"

    def _wake(self, op: Op, texts: list[str]) -> str:
        return f"wake = {self._call('imin', ('wake', spelling.typed(texts[0])))}"

    def _trace(self, op: Op, texts: list[str]) -> str:
        converted = {"trace.b": "b2i", "trace.f": "fbits"}.get(op.name)
        value = texts[0] if converted is None else self._call(converted, texts)
        return f"{self._call('trace', ('traced', spelling.typed(str(op.attrs[0])), spelling.typed(value)))}"


def cell(slot: Slot, offset: int) -> str:
    """A slot's first word in the state block."""
    return f"{'sf' if slot.type == F64 else 'st'}[{offset}]"


def local_name(offset: int) -> str:
    """The variable that stands for a state word."""
    return f"w{offset}"


_EFFECTS: dict[str, Callable[[BodyPrinter, Op, list[str]], str]] = {
    "store.i": BodyPrinter._store,
    "store.f": BodyPrinter._store,
    "clause": BodyPrinter._clause,
    "emit": BodyPrinter._intent,
    "cancel": BodyPrinter._intent,
    "wake": BodyPrinter._wake,
    "trace.b": BodyPrinter._trace,
    "trace.i": BodyPrinter._trace,
    "trace.f": BodyPrinter._trace,
    "reason": lambda printer, op, texts: f"reason{op.attrs[0]} = {texts[0]}",
    "decided": lambda printer, op, texts: f"decided{op.attrs[0]} = 1",
}


def _count_uses(body: tuple[Item, ...]) -> Counter[int]:
    """How often each value is used by something that is printed."""
    uses: Counter[int] = Counter()
    for item in body:
        if isinstance(item, When):
            uses[item.condition] += 1
            uses += _count_uses(item.body)
        elif not item.name.startswith("probe."):
            uses.update(item.args)
    return uses


def _written(body: tuple[Item, ...]) -> frozenset[str]:
    """Slots that a body writes."""
    return frozenset(str(op.attrs[0]) for op in operations(body) if OPS[op.name].writes)
