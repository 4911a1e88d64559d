"""Stretches of records and parts of segments, where order matters: explicit programs that random ones rarely are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from flashc.compiler.evaluate.evaluator import Machine
from flashc.compiler.ir.nodes import Program
from flashc.compiler.ir.parser import parse_program
from flashc.cython_core.layout import FLAG_INSTANT_END, KIND_BAR, head
from support.agreement import differing_tables, drive
from support.c_machine import CMachine
from support.fir_programs import Case
from support.kernels import KernelMachine

MINUTE = 60_000_000_000
START = 28_000_000 * MINUTE

_HEAD = """\
program p edition 1
instance btc
stream %b0 bar btc "BTC/USDC" 60000000000 ns price 2 qty 6
slot %s0 i64[1] = 0 id 00000001 "count"
slot %s1 i64[1] = 0 id 00000002 "seen"
slot %s2 i64[1] = 0 id 00000003 "before"
"""

#: Asks at each bar to be woken after a time, and mixes what comes with the time at which it comes.
WAKES = (
    _HEAD
    + """\
segment bar %b0 {{
  %0: i64 = ev time
  %1: i64 = iconst {after}
  %2: i64 = iadd %0 %1
  wake %2
  %3: i64 = load.i %s1
  %4: i64 = iconst 1
  %5: i64 = iadd %3 %4
  store.i %s1 %5
}}
segment manage {{
  %0: i64 = load.i %s0
  %1: i64 = load.i %s1
  %2: i64 = iconst 31
  %3: i64 = imul %0 %2
  %4: i64 = iadd %3 %1
  %5: i64 = ev time
  %6: i64 = iadd %4 %5
  store.i %s0 %6
}}
segment decide %b0 {{
  %0: i64 = load.i %s0
  reason 0 %0
  decided 0
}}
"""
)

#: The bar reads %s1, which no order needs; the decision then writes it, because the order does.
OVERTAKES = (
    _HEAD
    + """\
segment bar %b0 {
  %0: i64 = load.i %s1
  store.i %s2 %0
}
segment decide %b0 {
  %0: i64 = load.i %s0
  %1: i64 = iconst 1
  %2: i64 = iadd %0 %1
  store.i %s0 %2
  store.i %s1 %2
  %3: i64 = load.i %s2
  reason 0 %3
  decided 0
}
segment risk {
  %0: i64 = load.i %s1
  %1: i64 = iconst 1
  %2: i64 = iconst 0
  emit 0 %1 %2 %1 %0 %2 %2 %0
}
"""
)


#: A timer fires at the time of each bar and between: what it does and what the bar does must not change places.
TIMED = (
    _HEAD.replace("slot %s0", 'stream %c0 timer "" "" 30000000000 ns price 0 qty 0\nslot %s0', 1)
    + """\
segment timer %c0 {
  %0: i64 = load.i %s0
  %1: i64 = iconst 3
  %2: i64 = imul %0 %1
  store.i %s0 %2
}
segment bar %b0 {
  %0: i64 = load.i %s0
  %1: i64 = iconst 1
  %2: i64 = iadd %0 %1
  store.i %s0 %2
}
segment decide %b0 {
  %0: i64 = load.i %s0
  reason 0 %0
  decided 0
}
"""
)


def case_of(program: Program, count: int = 40) -> Case:
    rows = (
        (START + k * MINUTE, head(KIND_BAR, FLAG_INSTANT_END), 100 + k, 110 + k, 90, 100 + k, 5, 500)
        for k in range(1, count)
    )
    return Case(program, (), tuple(rows), {})


def assert_equal_everywhere(text: str, folder: Path, decisions: int = 39) -> None:
    case = case_of(parse_program(text))
    slow = drive(case, Machine(case.program), len(case.records))
    assert len(slow.decisions) == decisions
    for machine in (KernelMachine(case.program, folder), CMachine(case.program, folder)):
        fast = drive(case, machine, len(case.records))
        assert not differing_tables(case.program, fast, slow), type(machine).__name__
        assert np.array_equal(fast.decisions, slow.decisions)


@pytest.mark.parametrize("after", [-MINUTE, 0, 1, MINUTE - 1, MINUTE, MINUTE + 1, 3 * MINUTE])
def test_a_wake_comes_before_the_record_of_its_time(after: int, tmp_path: Path) -> None:
    assert_equal_everywhere(WAKES.format(after=after), tmp_path)


def test_what_may_wait_is_not_overtaken_by_what_changes_it(tmp_path: Path) -> None:
    assert_equal_everywhere(OVERTAKES, tmp_path)


def test_a_timer_comes_before_the_record_of_its_time(tmp_path: Path) -> None:
    assert_equal_everywhere(TIMED, tmp_path)


def test_a_decision_at_a_timer_waits_for_the_record_of_its_time(tmp_path: Path) -> None:
    """A timer at each bar and one between: 39 and 38 decisions, and each of the 39 has seen its bar."""
    assert_equal_everywhere(TIMED.replace("decide %b0", "decide %c0"), tmp_path, 77)


#: A product and a difference: fused, their last bit is another one for about half of all bars.
FUSED = (
    _HEAD.replace("slot %s0", 'slot %s3 f64[64] = 0x0.0p+0 id 00000004 "past"\nslot %s0', 1)
    + """\
segment bar %b0 {
  %0: i64 = ev close
  %1: f64 = i2f %0
  %2: f64 = fconst 0x1.8p+1
  %3: f64 = fdiv %1 %2
  %4: f64 = fmul %3 %3
  %5: f64 = fsub %4 %1
  ring.put.f %s3 %0 %5
}
segment decide %b0 {
  decided 0
}
"""
)


def test_products_and_sums_are_rounded_apart(tmp_path: Path) -> None:
    assert_equal_everywhere(FUSED, tmp_path)
