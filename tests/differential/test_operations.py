"""Every row of the operator table, on extreme values: the bits of Numba and of C are the reference interpreter's."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from flashc.compiler.backends.numba.spelling import CALLS, INFIX, MATHS, SLOTS, spelled
from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.evaluate.numbers import float_bits
from flashc.compiler.ir.builder import ProgramBuilder, SegmentBuilder, Value
from flashc.compiler.ir.nodes import F64, I1, I64, Program, Slot, Stream
from flashc.compiler.ir.ops import OPS
from flashc.compiler.ir.verify import PROFILE_HEADER
from flashc.cython_core.layout import FLAG_INSTANT_END, KIND_BAR, head
from support.c_machine import CMachine
from support.extremes import INTEGERS, REALS
from support.kernels import KernelMachine, NativeMachine

PURE = sorted([*INFIX, *CALLS, *MATHS])
RECORD = [60_000_000_000, head(KIND_BAR, FLAG_INSTANT_END), 1, 2, 1, 2, 3, 6]


def build(body: object, slots: dict[str, tuple[str, int]]) -> Program:
    """A program with one bar segment, written by `body(segment, slots by name)`."""
    builder = ProgramBuilder()
    builder.streams = [Stream("b0", "bar", "btc", "BTC/USDC", 60_000_000_000, 2, 6)]
    made = {name: builder.slot(type_, name, words) for name, (type_, words) in slots.items()}
    segment = SegmentBuilder(builder, "bar", "b0")
    body(segment, made)  # type: ignore[operator]
    return Program("ops", 1, (), tuple(builder.streams), tuple(builder.slots), (), (segment.finish(),))


def store(segment: SegmentBuilder, slot: Slot, value: Value) -> None:
    segment.store(slot, segment.op("b2i", value) if value.type == I1 else value)


def out_slot(name: str) -> tuple[str, int]:
    return (F64 if OPS[name].result == F64 else I64, 1)


def machines(program: Program, folder: Path) -> list[Machine | NativeMachine]:
    """Each executor, the reference first."""
    return [Machine(program), KernelMachine(program, folder), CMachine(program, folder)]


def compare(program: Program, folder: Path, inputs: list[list[int]]) -> None:
    """Run one event from each start state on each executor."""
    executors = machines(program, folder)
    for machine in executors:
        machine.init(())
    rest = executors[0].state
    for words in inputs:
        compare_step(executors, words + rest[len(words) :])


def compare_step(executors: list[Machine | NativeMachine], words: list[int]) -> None:
    """Run one event on each, from the state that begins with `words`."""
    for machine in executors:
        machine.load_state(words + machine.state[len(words) :])
        machine.event(RECORD)
    expected = executors[0].state
    for machine in executors[1:]:
        for at, (a, b) in enumerate(zip(expected, machine.state, strict=True)):
            assert a == b, f"{type(machine).__name__}: word {at} is {b}, not {a}, from {words}"


def test_the_printer_spells_every_operation() -> None:
    assert spelled() == frozenset(OPS)


@pytest.mark.parametrize("part", range(4))
def test_pure_operations_agree_on_all_pairs_of_extremes(part: int, tmp_path: Path) -> None:
    names = PURE[part::4]

    def body(segment: SegmentBuilder, slots: dict[str, Slot]) -> None:
        pools = {
            I64: [segment.load(slots[n]) for n in ("i0", "i1", "i2")],
            F64: [segment.load(slots[n]) for n in ("f0", "f1", "f2")],
        }
        pools[I1] = [value.ne(0) for value in pools[I64]]
        for name in names:
            takes = {t: iter(pool) for t, pool in pools.items()}
            store(segment, slots[name], segment.op(name, *(next(takes[t]) for t in OPS[name].args)))

    inputs = {"i0": (I64, 1), "i1": (I64, 1), "i2": (I64, 1), "f0": (F64, 1), "f1": (F64, 1), "f2": (F64, 1)}
    rng, rows = random.Random(part), []
    pairs = itertools.zip_longest(itertools.product(INTEGERS, INTEGERS), itertools.product(REALS, REALS))
    for ints, floats in pairs:
        i0, i1 = ints or (rng.choice(INTEGERS), rng.choice(INTEGERS))
        f0, f1 = floats or (rng.choice(REALS), rng.choice(REALS))
        f2 = rng.choice(REALS)
        rows.append([i0, i1, rng.choice(INTEGERS), float_bits(f0), float_bits(f1), float_bits(f2)])
    compare(build(body, inputs | {name: out_slot(name) for name in names}), tmp_path, rows)


def test_every_nan_shows_one_pattern_of_bits(tmp_path: Path) -> None:
    """Sign and payload of a NaN depend on the processor and on the order of operands: nobody may see them."""

    def body(segment: SegmentBuilder, slots: dict[str, Slot]) -> None:
        f0, f1 = segment.load(slots["f0"]), segment.load(slots["f1"])
        for name, value in (("given", f0), ("divided", f0 / f1), ("added", f1 + f0), ("negated", -f0)):
            segment.store(slots[name], segment.op("fbits", value))

    words = dict.fromkeys(("given", "divided", "added", "negated"), (I64, 1))
    program = build(body, {"f0": (F64, 1), "f1": (F64, 1)} | words)
    nans = [0x7FF8000000000000, 0x7FF0000000000001, 0x7FFFFFFFFFFFFFFF, -0x8000000000000, -1, -0xFFFFFFFFFFFFF]
    zero, one = 0, float_bits(1.0)
    compare(program, tmp_path, [[bits, other] for bits in [*nans, zero] for other in (zero, one, *nans)])


@pytest.mark.parametrize("part", range(2))
def test_operations_on_literals_are_folded_to_the_same_bits(part: int, tmp_path: Path) -> None:
    names = PURE[part::2]
    rng = random.Random(part)

    def literal(segment: SegmentBuilder, type_: str) -> Value:
        if type_ == F64:
            return segment.f(rng.choice(REALS))
        return segment.i(rng.choice(INTEGERS)) if type_ == I64 else segment.b(rng.random() < 0.5)

    def body(segment: SegmentBuilder, slots: dict[str, Slot]) -> None:
        for name in names:
            args = [literal(segment, t) for t in OPS[name].args]
            store(segment, slots[name], segment.op(name, *args))

    compare(build(body, {name: out_slot(name) for name in names}), tmp_path, [[]])


FAMILIES = {
    "ring i": (I64, 1, [n for n in SLOTS if n.startswith(("ring", "win")) and (n.endswith(".i") or n[4:5] == "i")]),
    "ring f": (F64, 1, [n for n in SLOTS if n.startswith(("ring", "win")) and not (n.endswith(".i") or n[4:5] == "i")]),
    "sum": (F64, 2, ["tree.put.sum", "tree.sum"]),
    "min": (F64, 2, ["tree.put.min", "tree.min"]),
    "max": (F64, 2, ["tree.put.max", "tree.max"]),
    "sorted ring": (F64, 2, ["sort.put", "sort.nth"]),
    "pair ring": (F64, 2, ["pair.put", "pair.co"]),
    "moments": (F64, 6, ["tree.put.mom", "tree.mean", "tree.m2"]),
}


PROFILE = ["profile.put.i", "profile.fill.i", "profile.get.i"]


def test_every_slot_operation_belongs_to_a_family() -> None:
    assert sorted(SLOTS) == sorted([*PROFILE, *(n for _, _, names in FAMILIES.values() for n in names)])


@pytest.mark.parametrize("leaves", [1, 8])
@pytest.mark.parametrize("family", FAMILIES)
def test_rings_windows_and_trees_agree_for_all_lengths(family: str, leaves: int, tmp_path: Path) -> None:
    type_, factor, names = FAMILIES[family]

    def body(segment: SegmentBuilder, slots: dict[str, Slot]) -> None:
        tick, length = segment.load(slots["tick"]), segment.load(slots["length"])
        x, mean, rank = (segment.load(slots[n]) for n in ("x", "mean", "rank"))
        for name in sorted(names, key=lambda n: "put" not in n):
            row = OPS[name]
            if row.result is None:
                given = (tick, length, x, rank) if name == "ring.ramp.i" else (tick, x, mean)[: len(row.args)]
                segment.effect(name, *given, attrs=(slots["data"].name,))
                continue
            takes = {I64: iter((tick, length, rank)), F64: iter((mean, mean))}
            operands = [next(takes[t]) for t in row.args]
            segment.store(slots[name], segment.op(name, *operands, attrs=(slots["data"].name,)))

    inputs = {"tick": (I64, 1), "length": (I64, 1), "rank": (I64, 1), "x": (type_, 1), "mean": (F64, 1)}
    outs = {n: out_slot(n) for n in names if OPS[n].result is not None}
    program = build(body, inputs | outs | {"data": (type_, factor * leaves)})
    executors = machines(program, tmp_path)
    rng = random.Random(leaves)
    for start in (0, -3, 2**63 - 9):
        for machine in executors:
            machine.init(())
        for passed in range(4 * leaves + 6):
            extreme = rng.random() < 0.1
            x = rng.choice(INTEGERS if type_ == I64 else REALS) if extreme else rng.randint(-99, 99)
            for length in (-1, 0, 1, rng.randint(0, leaves), leaves, leaves + 1, 2**62):
                words = [
                    min(start + passed, 2**63 - 1),
                    length,
                    rng.choice((0, 1, leaves // 2, -1, 2**62)),
                    x if type_ == I64 else float_bits(float(x)),
                    float_bits(0.3),
                ]
                compare_step(executors, words)


@pytest.mark.parametrize("ticks", [1, 8])
def test_profiles_agree_for_all_lengths_levels_and_bins(ticks: int, tmp_path: Path) -> None:
    names = ("tick", "length", "level", "amount", "low", "high", "bins", "which")

    def body(segment: SegmentBuilder, slots: dict[str, Slot]) -> None:
        tick, length, level, amount, low, high, bins, which = (segment.load(slots[name]) for name in names)
        data = (slots["data"].name,)
        segment.effect("profile.put.i", tick, level, amount, attrs=data)
        segment.effect("profile.fill.i", tick, length, low, high, bins, attrs=data)
        segment.store(slots["found"], segment.op("profile.get.i", which, attrs=data))

    slots = {**dict.fromkeys(names, (I64, 1)), "found": (I64, 1), "data": (I64, PROFILE_HEADER + 2 * ticks)}
    program = build(body, slots)
    executors = machines(program, tmp_path)
    rng = random.Random(ticks)
    for machine in executors:
        machine.init(())
    for number in range(600):
        extreme = number % 5 == 0
        numbers = [rng.choice(INTEGERS) if extreme else rng.randint(-99, 99) for _ in range(4)]
        row = [number, rng.choice([0, 1, ticks, 2**62]), numbers[0], numbers[1], *sorted(numbers[2:])]
        row += [rng.choice([-1, 1, 2, 5, 63, 64, 65]), rng.choice([0, 1, 2, 3, 4, -1])]
        compare_step(executors, row)
