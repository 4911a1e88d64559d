"""Whether a program means the same before and after a step of the compiler.

Both programs run in the reference interpreter over one generated tape. Compared as bits after every event: decisions,
intents, wakes, traces, probes, and the words of every slot that both have (by the slot's id).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from ...cython_core import layout as memory
from ..evaluate import evaluator
from ..evaluate.numbers import float_bits
from ..ir.layout import offsets
from ..ir.nodes import F64, Program
from ..ir.walk import renumber

Record = Sequence[int]
Step = Callable[[Program], Program]
Outcome = tuple[object, ...]
_SEEN, _MANY = "/seen", 10**6  # label and value of a clock's counter


class Book(evaluator.Book, Protocol):
    """An order book that can be kept."""

    def set(self, side: int, tick: int, lots: int) -> int: ...
    def clear(self) -> None: ...


MakeBook = Callable[[], Book]


@dataclass(frozen=True, slots=True)
class Happening:
    """A record of the tape, or a report on an order."""

    record: tuple[int, ...]
    is_report: bool = False


@dataclass(frozen=True, slots=True)
class Tape:
    """What a program is run on; empty `params` are the defaults.

    `warm`: the counters of what was seen start high, so that the program is armed from the first event on.
    """

    happenings: tuple[Happening, ...]
    params: tuple[int | float, ...] = ()
    warm: bool = False


@dataclass(slots=True)
class Behaviour:
    """All that a run shows: outcomes by event, and the words of each slot, by id, after `init` and each event."""

    outcomes: list[Outcome] = field(default_factory=list)
    slots: dict[str, list[bytes]] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    def words(self, id_: str, number: int) -> list[int]:
        """The words of a slot after `number` events; every NaN as one pattern."""
        kept = self.slots[id_][number]
        floats = array("d", kept).tolist() if self.types[id_] == F64 else []
        return [float_bits(x) for x in floats] or array("q", kept).tolist()


class Player:
    """A program in the reference interpreter, with the books of its streams."""

    def __init__(self, program: Program, make_book: MakeBook) -> None:
        self.books = {number: make_book() for number, s in enumerate(program.streams) if s.kind == "book"}
        self.machine = evaluator.Machine(program, self.books)

    def play(self, happening: Happening) -> evaluator.Out:
        """Let one thing happen."""
        if happening.is_report:
            return self.machine.report(happening.record)
        self._follow(happening.record)
        return self.machine.event(happening.record)

    def _follow(self, record: Record) -> None:
        book = self.books.get(record[memory.HEAD] >> memory.STREAM_SHIFT & 0xFFFF)
        kind = record[memory.HEAD] & 0xFF
        if book is not None and kind == memory.KIND_RESET:
            book.clear()
        if book is not None and kind == memory.KIND_LEVEL:
            book.set(record[memory.SIDE], record[memory.PRICE], record[memory.QTY])


def behaviour(program: Program, tape: Tape, make_book: MakeBook) -> Behaviour:
    """Run a program over a tape and write down everything that can be observed."""
    player = Player(armed(program) if tape.warm else program, make_book)
    machine, at = player.machine, offsets(program)
    seen = Behaviour(slots={s.id: [] for s in program.slots}, types={s.id: s.type for s in program.slots})
    parts = [("d" if s.type == F64 else "q", at[s.name], at[s.name] + s.words, s.id) for s in program.slots]

    def note() -> None:
        for code, first, end, id_ in parts:
            words, kept = array(code, machine.cells[first:end]).tobytes(), seen.slots[id_]
            kept.append(kept[-1] if kept and kept[-1] == words else words)

    machine.init(tape.params)
    note()
    for happening in tape.happenings:
        out = player.play(happening)
        probes = sorted((k, float_bits(v) if isinstance(v, float) else v) for k, v in machine.probes)
        machine.probes.clear()
        seen.outcomes.append((out.decisions, out.intents, out.wake, out.traces, probes))
        note()
    return seen


def difference(before: Behaviour, after: Behaviour) -> str:
    """The first thing in which two behaviours differ; empty if they are equal."""
    for number, (a, b) in enumerate(zip(before.outcomes, after.outcomes, strict=True)):
        if a != b:
            return f"event {number}: {a} became {b}"
    for id_ in before.slots.keys() & after.slots.keys():
        for number, (x, y) in enumerate(zip(before.slots[id_], after.slots[id_], strict=True)):
            if x != y and before.words(id_, number) != after.words(id_, number):
                return f"slot {id_} after {number} events: {_changed(before, after, id_, number)}"
    return ""


def _changed(before: Behaviour, after: Behaviour, id_: str, number: int) -> str:
    pairs = enumerate(zip(before.words(id_, number), after.words(id_, number), strict=True))
    return ", ".join([f"word {k}: {x} became {y}" for k, (x, y) in pairs if x != y][:3])


def armed(program: Program) -> Program:
    """The program with the counters of its clocks far beyond any warm-up at the start."""
    slots = tuple(replace(s, init=_MANY) if s.label.endswith(_SEEN) else s for s in program.slots)
    return replace(program, slots=slots)


def validate(program: Program, step: Step, tape: Tape, make_book: MakeBook) -> str:
    """How the step changes what the program does on this tape; empty if it does not."""
    before = behaviour(program, tape, make_book)
    return difference(before, behaviour(renumber(step(program)), tape, make_book))


class Chain:
    """Validates one step after the other, each program against the one before it."""

    def __init__(self, tape: Tape, make_book: MakeBook) -> None:
        self._tape, self._make_book = tape, make_book
        self._before: Behaviour | None = None
        self.steps = self.words = 0  # steps followed, words of state compared

    def follow(self, program: Program) -> str:
        """The program after the next step; how its behaviour differs from the last one's."""
        after, before = behaviour(program, self._tape, self._make_book), self._before
        self._before = after
        if before is None:
            return ""
        self.steps += 1
        self.words += sum(len(rows) * len(rows[0]) // memory.WORD_BYTES for rows in after.slots.values())
        return difference(before, after)
