"""Faults planted into passes on purpose: the comparison of random programs must catch each of them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import pytest
from flashc.compiler.ir import dependence
from flashc.compiler.ir.nodes import Item, Op, Program, Slot, When
from flashc.compiler.ir.ops import OPS
from flashc.compiler.ir.verify import verify
from flashc.compiler.ir.walk import operations, slot_name
from flashc.compiler.passes import algebra, cse, dead_code, fold_constants, hoist_setup, schedule
from support.fir_programs import Case, random_case, same
from support.shrink import smallest


def rewriting(change: Callable[[Op], Op | None]) -> Callable[[Program], Program]:
    """A wrong pass that applies `change` to every operation."""

    def body(items: tuple[Item, ...]) -> Iterator[Item]:
        for item in items:
            if isinstance(item, When):
                yield When(item.condition, tuple(body(item.body)))
            elif (op := change(item)) is not None:
                yield op

    return lambda p: replace(p, segments=tuple(replace(s, body=tuple(body(s.body))) for s in p.segments))


def swap_float_minimum(op: Op) -> Op:
    return replace(op, args=op.args[::-1]) if op.name == "fmin" else op


def strict_comparison(op: Op) -> Op:
    return replace(op, name="ilt") if op.name == "ile" else op


def floor_as_truncation(op: Op) -> Op:
    return replace(op, name="ftrunc") if op.name == "ffloor" else op


def swap_choices(op: Op) -> Op:
    return replace(op, args=(op.args[0], op.args[2], op.args[1])) if op.name == "select.f" else op


def lose_a_store(op: Op) -> Op | None:
    return None if op.name == "store.i" and op.origin is None else op


def lose_clauses(op: Op) -> Op | None:
    return None if op.name == "clause" else op


def lose_probes(op: Op) -> Op | None:
    return None if op.name == "probe.f" else op


def algebra_with(name: str, rule: algebra.Rule) -> Callable[[pytest.MonkeyPatch], Callable[[Program], Program]]:
    def plant(patch: pytest.MonkeyPatch) -> Callable[[Program], Program]:
        patch.setitem(algebra._RULES, name, rule)
        return algebra.run

    return plant


def x_plus_zero(facts: algebra._Facts, args: tuple[int, ...]) -> algebra.Change:
    return algebra.Same(args[0]) if facts.is_constant(args[1], 0.0) else None


def x_minus_x(facts: algebra._Facts, args: tuple[int, ...]) -> algebra.Change:
    return algebra.Becomes("fconst", (), (0.0,)) if args[0] == args[1] else None


def x_over_x(facts: algebra._Facts, args: tuple[int, ...]) -> algebra.Change:
    return algebra.Becomes("iconst", (), (1,)) if args[0] == args[1] else None


def not_less_is_not_below(facts: algebra._Facts, args: tuple[int, ...]) -> algebra.Change:
    op = facts.definition.get(args[0])
    return algebra.Becomes("fle", op.args[::-1]) if op is not None and op.name == "flt" else None


def always_equal(facts: algebra._Facts, args: tuple[int, ...]) -> algebra.Change:
    return algebra.Becomes("bconst", (), (1,)) if args[0] == args[1] else None


def cse_ignoring_writes(patch: pytest.MonkeyPatch) -> Callable[[Program], Program]:
    patch.setattr(cse, "_note_write", lambda op, region: None)
    return cse.run


def cse_ignoring_regions(patch: pytest.MonkeyPatch) -> Callable[[Program], Program]:
    patch.setattr(cse._Region, "inner", lambda self: self)
    return cse.run


def cse_with_commuting_minimum(patch: pytest.MonkeyPatch) -> Callable[[Program], Program]:
    patch.setattr(cse, "COMMUTATIVE", cse.COMMUTATIVE | {"fmin", "fmax"})
    return cse.run


def folding_every_region(patch: pytest.MonkeyPatch) -> Callable[[Program], Program]:
    def run(program: Program) -> Program:
        def body(items: tuple[Item, ...]) -> Iterator[Item]:
            for item in items:
                if isinstance(item, When):
                    yield from body(item.body)
                else:
                    yield item

        return replace(program, segments=tuple(replace(s, body=tuple(body(s.body))) for s in program.segments))

    return run


def folding_division_by_the_host(patch: pytest.MonkeyPatch) -> Callable[[Program], Program]:
    original = fold_constants.pure_function
    patch.setattr(
        fold_constants,
        "pure_function",
        lambda name: (lambda a, b: int(a / b) if b else 0) if name == "idiv" else original(name),
    )
    return fold_constants.run


def dead_code_without_regions(patch: pytest.MonkeyPatch) -> Callable[[Program], Program]:
    original = dead_code._Sweep.body

    def body(self: dead_code._Sweep, items: tuple[Item, ...]) -> tuple[Item, ...]:
        return original(self, tuple(i for i in items if isinstance(i, Op)))

    patch.setattr(dead_code._Sweep, "body", body)
    return dead_code.run


def hoisting_changing_slots(patch: pytest.MonkeyPatch) -> Callable[[Program], Program]:
    patch.setattr(hoist_setup, "_writes", lambda segment: ())
    return hoist_setup.run


def scheduling_without_memory(patch: pytest.MonkeyPatch) -> Callable[[Program], Program]:
    patch.setattr(dependence.Facts, "must_precede", lambda self, later: bool(self.defines & later.uses))
    return schedule.run


def packing_that_loses_initial_values(patch: pytest.MonkeyPatch) -> Callable[[Program], Program]:
    def zero(slot: Slot) -> Slot:
        return replace(slot, init=slot.init * 0)

    return lambda p: replace(p, slots=tuple(map(zero, p.slots)))


def plain(change: Callable[[Op], Op | None]) -> Callable[[pytest.MonkeyPatch], Callable[[Program], Program]]:
    return lambda patch: rewriting(change)


PLANTED = {
    "fmin commutes": plain(swap_float_minimum),
    "ile becomes ilt": plain(strict_comparison),
    "floor becomes trunc": plain(floor_as_truncation),
    "select turns round": plain(swap_choices),
    "a store is lost": plain(lose_a_store),
    "clauses are lost": plain(lose_clauses),
    "probes are lost": plain(lose_probes),
    "x + 0.0 is x": algebra_with("fadd", x_plus_zero),
    "x - x is 0.0": algebra_with("fsub", x_minus_x),
    "x // x is 1": algebra_with("idiv", x_over_x),
    "not a < b is b <= a": algebra_with("bnot", not_less_is_not_below),
    "x == x": algebra_with("feq", always_equal),
    "cse reads past a write": cse_ignoring_writes,
    "cse reads past a region": cse_ignoring_regions,
    "cse swaps minimum": cse_with_commuting_minimum,
    "regions always run": folding_every_region,
    "idiv truncates": folding_division_by_the_host,
    "regions are dead": dead_code_without_regions,
    "changing slots are hoisted": hoisting_changing_slots,
    "state has no order": scheduling_without_memory,
    "slots start at zero": packing_that_loses_initial_values,
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = PLANTED[fault](monkeypatch)
    assert any(differs(random_case(random.Random(seed), 60, 20), run) for seed in range(600)), fault


def differs(case: Case, run: Callable[[Program], Program]) -> bool:
    after = run(case.program)
    return after != case.program and (bool(verify(after)) or not same(case.program, after, case))


def test_a_failing_program_shrinks_to_a_few_operations() -> None:
    run = rewriting(swap_choices)
    cases = (random_case(random.Random(seed), 60, 10) for seed in range(700))
    failing = list(islice((case for case in cases if differs(case, run)), 2))
    sizes = []
    for case in failing:
        small = smallest(case.program, lambda program: differs(replace(case, program=program), run))  # noqa: B023
        kept = [op.name for segment in small.segments for op in operations(segment.body)]
        assert "select.f" in kept
        assert not verify(small)
        sizes.append(len(kept))
    assert min(sizes) <= 16, sizes


def test_the_random_programs_use_every_operation() -> None:
    used = {op.name for seed in range(60) for s in random_case(random.Random(seed), 60, 1).program.segments
            for op in operations(s.body)}  # fmt: skip
    assert used == set(OPS)
    assert all(slot_name(Op(0, name, ("s0",), ())) == "s0" for name in used if "slot" in OPS[name].attrs)
