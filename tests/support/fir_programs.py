"""Random FIR programs and tapes, and a way to compare two programs by everything that can be observed.

`random_program(random.Random(seed), size)` and `random_records(rng, n, program.streams)` are plain functions;
`programs()` and `cases()` are the same as Hypothesis strategies, whose examples shrink by size.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from flashc.compiler.evaluate.evaluator import Machine, pure_function
from flashc.compiler.evaluate.numbers import float_bits
from flashc.compiler.ir.nodes import F64, I1, I64, Attr, Clause, Item, Op, Param, Program, Segment, Slot, Stream, When
from flashc.compiler.ir.ops import FIELDS, OPS
from flashc.compiler.ir.printer import print_program
from flashc.compiler.ir.verify import PLACES, PROFILE_HEADER, slot_shape, slot_type
from flashc.compiler.passes import run_passes
from hypothesis import strategies as st
from support.fir_tapes import HIGH, LOW, MINUTE, Books, random_records, random_report
from support.order_budget import within_budget

INTEGERS = (0, 1, -1, 2, 3, 7, 16, 63, 64, 100, 10**6, 2**53 + 1, 2**62, 2**63 - 1, -(2**63), -5)
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, 0.1, 1e-3, 100.0, 1e16, -7.25, 5e-324, -5e-324, 2.2250738585072014e-308,
          1.7976931348623157e308, -1.7976931348623157e308, math.inf, -math.inf, math.nan)  # fmt: skip
NEUTRAL = (0.0, -0.0, 1.0, -1.0, math.nan)  # where float identities fail or hold
OPERATIONS = tuple(
    n
    for n, row in OPS.items()
    if n != "book.at" and (not row.pure or row.cost == 0 or "param" in row.attrs or pure_function(n) is not None)
)
#: Made more often: they meet in the interesting ways (a store between two loads, zeros of both signs).
FREQUENT = (
    "fadd",
    "fsub",
    "fmul",
    "fmin",
    "fmax",
    "feq",
    "iadd",
    "flt",
    "select.f",
    "bnot",
    "load.f",
    "load.i",
    "store.f",
    "store.i",
)
SMALL = 8  # programs up to this size leave segments and effects out, as strategies do; larger ones have all
PRESENT = 0.7  # how likely a segment, or an effect of a decision, is there in a small program
CONSTANT = " constant"  # a slot whose label ends so is written in setup only
_TYPES = (I1, I64, F64)


# --- programs --------------------------------------------------------------------------------------------------------


def random_program(rng: random.Random, size: int = 30) -> Program:
    """A program that verifies. `size` is about the number of operations of each segment.

    In a small program any segment may be missing, as in compiled strategies, save that some segment is there.
    """
    streams = _streams(rng, rng.choice((1, 1, 2, 3) if size <= SMALL else (1, 2, 3)))
    params = tuple(_param(rng, i) for i in range(rng.randint(0, 3)))
    clauses = tuple(
        Clause(bit, set_, "rule", f"{set_} {bit}", (bit, bit + 1))
        for set_ in ("entries", "exits")
        for bit in sorted(rng.sample((0, 1, 5, 62, 63), rng.randint(0, 3)))
    )
    slots = tuple(_slot(rng, i) for i in range(rng.randint(2, 9 if size <= SMALL else 12)))
    instances = tuple(("btc", "eth", "sol")[: rng.choice((1, 1, 1, 2, 3))])
    traces = tuple(f"trace {k}" for k in range(rng.choice((0, 0, 1, 3))))
    gap = rng.choice((0, 0, 1, 10**6, MINUTE))
    program = Program("random", 1, params, streams, slots, clauses, (), gap, instances, traces)
    triggers: list[tuple[str, str | None, int]] = [("setup", None, 0), *((s.kind, s.name, 0) for s in streams)]
    triggers += [("manage", None, 0)] if rng.random() < 0.5 else []
    triggers += [("decide", rng.choice(streams).name, i) for i in range(len(instances))]
    triggers += [("risk", None, 0), ("report", None, 0)]
    if size <= SMALL:
        triggers = [t for t in triggers if rng.random() < PRESENT] or triggers[-3:]
    segments = tuple(Segment(t, s, _Body(rng, program, t, i).make(size), i) for t, s, i in triggers)
    return replace(program, segments=segments)


def _streams(rng: random.Random, count: int) -> tuple[Stream, ...]:
    """Bars alone, or a mixture with books, trades and timers."""
    kinds = ("bar",) if rng.random() < 0.5 else ("bar", "book", "book", "trade", "timer")
    made = []
    for i in range(count):
        kind, alias = rng.choice(kinds), ("btc", "eth")[i % 2]
        period = MINUTE * rng.choice((1, 2, 5)) if kind in ("bar", "timer") else 0
        owner = ("", "") if kind == "timer" else (alias, f"{alias.upper()}/USDC")
        made.append(Stream(f"b{i}", kind, *owner, period, 2, 6, 3 if kind == "book" else 0))
    return tuple(made)


def _param(rng: random.Random, number: int) -> Param:
    if rng.random() < 0.5:
        return Param(f"p{number}", f"whole {number}", I64, rng.choice(INTEGERS))
    low = rng.uniform(-10, 10)
    return Param(f"p{number}", f"real {number}", F64, low + rng.random(), low, low + 1.0)


_PANES = ("sum panes", "min panes", "max panes")
_SHAPES = (
    *_PANES,
    "scalar",
    "scalar",
    "scalar",
    "ring",
    "ring",
    "sorted ring",
    "pair ring",
    "sum tree",
    "min tree",
    "max tree",
    "moments tree",
    "profile",
)


def _slot(rng: random.Random, number: int) -> Slot:
    shape = rng.choice(_SHAPES)
    leaves = rng.choice((1, 2, 4, 8, 16))
    sizes = {"scalar": 1, "ring": leaves, "moments tree": 6 * leaves, "profile": PROFILE_HEADER + 2 * leaves}
    words = sizes.get(shape, 2 * leaves)
    type_ = rng.choice((I64, F64)) if shape in ("scalar", "ring", *_PANES) else I64 if shape == "profile" else F64
    others = INTEGERS if type_ == I64 else FLOATS[:-1]
    init: int | float = 0 if shape in ("moments tree", "sorted ring") else rng.choice(others)
    label = f"{shape} {number}{CONSTANT if rng.random() < 0.3 else ''}"
    return Slot(f"s{number}", type_, words, f"{number:08x}", label, float(init) if type_ == F64 else init)


_EFFECTS = ("reason", "clause", "clause", "decided", *("probe.f",) * 3, "emit", "cancel", "trace.f", "trace.i", "wake")


@dataclass(slots=True)
class _Body:
    """Makes the body of one segment. `known` are the visible values by type."""

    rng: random.Random
    program: Program
    trigger: str
    instance: int = 0
    count: int = 0
    depth: int = 0
    known: dict[str, list[int]] = field(default_factory=lambda: {t: [] for t in _TYPES})
    neutral: list[int] = field(default_factory=list)  # constants of NEUTRAL
    made: list[Op] = field(default_factory=list)  # visible operations with a result

    def make(self, size: int) -> tuple[Item, ...]:
        items: list[Item] = []
        for type_ in _TYPES:
            items.append(self.constant(type_))
        for x in self.rng.sample(NEUTRAL, min(len(NEUTRAL), 1 + size // 4)):
            self.neutral.append(self.count)
            items.append(self.defined("fconst", (x,), (), None))
        for _ in range(size):
            self.item(items, size)
        self.finish(items, PRESENT if size <= SMALL else 1.0)
        return tuple(items)

    def item(self, items: list[Item], size: int) -> None:
        if self.depth < 2 and self.rng.random() < 0.06:
            items.append(self.region(size))
            return
        if self.made and self.rng.random() < 0.2:
            items.append(self.echo())
            return
        op = self.operation(self.rng.choice(FREQUENT if self.rng.random() < 0.25 else OPERATIONS))
        if op is not None:
            items.append(op)

    def echo(self) -> Op:
        """An earlier operation again, perhaps with its first two operands exchanged or equal."""
        op = self.rng.choice(self.made[-12:])
        types = OPS[op.name].args
        args = op.args
        if len(args) > 1 and types[0] == types[1] and self.rng.random() < 0.7:
            args = (args[1], self.rng.choice(args[:2]), *args[2:])
        return self.defined(op.name, op.attrs, args, None)

    def region(self, size: int) -> When:
        known, made = {t: list(values) for t, values in self.known.items()}, list(self.made)
        condition = self.rng.choice(self.known[I1])
        self.depth += 1
        inner: list[Item] = []
        for _ in range(self.rng.randint(1, 1 + size // 4)):
            self.item(inner, size // 2)
        self.finish(inner, PRESENT)
        self.depth -= 1
        self.known, self.made = known, made
        return When(condition, tuple(inner))

    def finish(self, items: list[Item], present: float) -> None:
        """Make some values observable, so that most of the body is live."""
        names = ["store.i", "store.f", "store.f"]
        effects = list(_EFFECTS) if self.trigger in ("manage", "decide", "risk") else []
        names += [name for name in effects if self.rng.random() < present]
        items += [op for op in map(self.operation, names) if op is not None]

    def constant(self, type_: str) -> Op:
        name = {I1: "bconst", I64: "iconst", F64: "fconst"}[type_]
        op = self.operation(name)
        assert op is not None
        return op

    def operation(self, name: str) -> Op | None:
        if name == "book.reach" and self.count % 2:
            name = "book.at"  # of the same form
        row = OPS[name]
        if name in PLACES and self.trigger not in PLACES[name]:
            return None
        attrs = tuple(self.attribute(name, kind) for kind in row.attrs)
        if None in attrs:
            return None
        args = tuple(self.value(type_) for type_ in row.args)
        origin = (self.count, self.count + 3) if self.rng.random() < 0.5 else None
        return self.defined(name, tuple(a for a in attrs if a is not None), args, origin)

    def defined(self, name: str, attrs: tuple[Attr, ...], args: tuple[int, ...], origin: tuple[int, int] | None) -> Op:
        result = OPS[name].result
        if result is None:
            return Op(None, name, attrs, args, origin)
        self.count += 1
        self.known[result].append(self.count - 1)
        op = Op(self.count - 1, name, attrs, args, origin)
        self.made.append(op)
        return op

    def value(self, type_: str) -> int:
        known = self.known[type_]
        if type_ == F64 and self.rng.random() < 0.15:
            return self.rng.choice(self.neutral)
        return self.rng.choice(known[-6:] if self.rng.random() < 0.7 else known)

    def attribute(self, name: str, kind: str) -> Attr | None:
        rng = self.rng
        if kind == "float":
            return (
                rng.choice(NEUTRAL if rng.random() < 0.4 else FLOATS) if rng.random() < 0.7 else rng.uniform(-100, 100)
            )
        if kind == "field":
            return rng.choice(sorted(FIELDS[self.trigger]))
        if kind == "param":
            return self.one_of([p.name for p in self.program.params if p.type == OPS[name].result])
        if kind == "slot":
            fitting = [s for s in self.program.slots if s.type == slot_type(name)]
            if OPS[name].writes and self.trigger != "setup":
                fitting = [s for s in fitting if not s.label.endswith(CONSTANT)]
            return self.one_of([s.name for s in fitting if s.label.startswith(str(slot_shape(name)))])
        if name == "bconst":
            return rng.randint(0, 1)
        if kind == "stream":
            return self.one_of([s.name for s in self.program.streams if s.kind == "book"])
        if kind == "instance":
            return self.instance if self.trigger == "decide" else rng.randrange(self.program.instance_count)
        if name.startswith("trace"):
            return self.one_of(range(len(self.program.traces)))
        if name == "clause":
            return self.one_of([c.bit for c in self.program.clauses])
        return rng.randint(0, 40) if name.startswith("probe") else rng.choice(INTEGERS)

    def one_of(self, choices: Sequence[Attr]) -> Attr | None:
        return self.rng.choice(choices) if choices else None


# --- parameters --------------------------------------------------------------------------------------------------------


def random_params(rng: random.Random, program: Program) -> list[int | float]:
    """Values for the program's parameters: defaults, or others inside the ranges."""
    values: list[int | float] = []
    for p in program.params:
        if p.type == I64:
            values.append(p.default if rng.random() < 0.5 else rng.choice(INTEGERS))
        else:
            values.append(rng.uniform(float(p.low or 0.0), float(p.high or 1.0)))
    return values


# --- comparing -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Case:
    """A program and what it is run on. A report follows each record whose number is in `reports`.

    `ticks` are the lowest and the highest price of its books.
    """

    program: Program
    params: tuple[int | float, ...]
    records: tuple[tuple[int, ...], ...]
    reports: dict[int, list[int]]
    ticks: tuple[int, int] = (LOW, HIGH)

    def text(self) -> str:
        """For a message: what is needed to run it again, without the tape."""
        return f"params {self.params}\n{print_program(self.program)}"


def random_case(rng: random.Random, size: int = 30, n: int = 40) -> Case:
    program = random_program(rng, size)
    records = tuple(tuple(r) for r in random_records(rng, n, program.streams))
    reports = {i: random_report(rng, r[0]) for i, r in enumerate(records) if rng.random() < 0.1}
    return Case(program, tuple(random_params(rng, program)), records, reports)


RECORDS = 30
#: Operations per segment, drawn for each program. Small programs compile fast; long ones mix more.
SIZES = (1, 1, 2, 2, 2, 3, 3, 4, 5, 8)


def budgeted_case(seed: int, sizes: Sequence[int] = SIZES, *, optimised: bool = False) -> Case:
    """The random program of this number, as the engines are compared on it; `optimised`: after all passes.

    A program that answers reports has a budget of orders: it could send without end.
    """
    rng = random.Random(seed)
    case = random_case(rng, rng.choice(sizes), RECORDS)
    if any(s.trigger == "manage" for s in case.program.segments):
        case = replace(case, program=within_budget(case.program))
    return replace(case, program=run_passes(case.program)) if optimised else case


def observe(program: Program, case: Case) -> tuple[list[object], dict[str, list[tuple[int, ...]]]]:
    """Run `program` on a case: outcomes and probes after each event, and the words of each slot over time."""
    books = Books(program.streams, ticks=case.ticks)
    machine = Machine(program, books.books)
    outcomes: list[object] = []
    slots: dict[str, list[tuple[int, ...]]] = {s.name: [] for s in program.slots}

    def note() -> None:
        state = machine.state
        for slot in program.slots:
            start = machine.offsets[slot.name]
            slots[slot.name].append(tuple(state[start : start + slot.words]))

    machine.init(case.params)
    note()
    for i, record in enumerate(case.records):
        books.follow(record)
        outcomes.append(machine.event(record))
        outcomes.append(sorted((k, float_bits(v) if isinstance(v, float) else v) for k, v in machine.probes))
        if i in case.reports:
            outcomes.append(machine.report(case.reports[i]))
        note()
    return outcomes, slots


def same(before: Program, after: Program, case: Case) -> bool:
    """Whether two programs give the same outcomes, and the same words in every slot that both have."""
    first, second = observe(before, case), observe(after, case)
    common = first[1].keys() & second[1].keys()
    return first[0] == second[0] and all(first[1][name] == second[1][name] for name in common)


# --- Hypothesis ------------------------------------------------------------------------------------------------------


def programs(max_size: int = 40) -> st.SearchStrategy[Program]:
    """Random programs; they shrink by size."""
    return st.builds(
        lambda seed, size: random_program(random.Random(seed), size), st.integers(0, 2**32), st.integers(0, max_size)
    )


def cases(max_size: int = 40, max_records: int = 30) -> st.SearchStrategy[Case]:
    """Random programs with parameters and tapes."""
    return st.builds(
        lambda seed, size, n: random_case(random.Random(seed), size, n),
        st.integers(0, 2**32),
        st.integers(0, max_size),
        st.integers(1, max_records),
    )
