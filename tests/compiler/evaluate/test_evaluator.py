"""The reference interpreter: arithmetic at the edges, and the order of one event."""

from __future__ import annotations

import math
from typing import Any

import pytest
from flashc.compiler.evaluate.evaluator import EvaluationError, Machine, Out, pure_function
from flashc.compiler.evaluate.numbers import CONSTANT, INT_MAX, INT_MIN, NAN_BITS, PURE, bits_float, float_bits, wrap
from flashc.compiler.evaluate.panes import PANES
from flashc.compiler.evaluate.windows import SLOT
from flashc.compiler.ir.layout import offsets, state_words, ticked_word
from flashc.compiler.ir.ops import OPS
from flashc.compiler.ir.parser import parse_program
from flashc.cython_core.layout import FLAG_INSTANT_END, KIND_BAR, KIND_FILL, MAX_INTENTS, head
from hypothesis import given
from hypothesis import strategies as st
from support.fir_programs import Case, cases, observe

INF, NAN = math.inf, math.nan


def test_every_operation_has_a_meaning() -> None:
    special = {name for name, row in OPS.items() if not row.pure and name not in SLOT | PANES}
    for name, row in OPS.items():
        if row.pure and name not in CONSTANT and "param" not in row.attrs:
            assert pure_function(name) is not None, name
    assert special == {
        "ev", "load.i", "load.f", "store.i", "store.f", "clause", "reason", "decided", "emit", "cancel", "wake",
        "probe.b", "probe.i", "probe.f", "trace.b", "trace.i", "trace.f",
        "book.px", "book.qty", "book.depth", "book.value", "book.cost", "book.reach",
        "book.at",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        ("iadd", (INT_MAX, 1), INT_MIN),
        ("isub", (INT_MIN, 1), INT_MAX),
        ("imul", (2**62, 2), INT_MIN),
        ("imul", (2**32 + 1, 2**32), 2**32),
        ("idiv", (7, -2), -4),
        ("idiv", (7, 0), 0),
        ("idiv", (INT_MIN, -1), INT_MIN),
        ("imod", (7, -2), -1),
        ("imod", (-7, 2), 1),
        ("imod", (7, 0), 0),
        ("imod", (INT_MIN, -1), 0),
        ("ineg", (INT_MIN,), INT_MIN),
        ("iabs", (INT_MIN,), INT_MIN),
        ("ishl", (1, 63), INT_MIN),
        ("ishl", (1, 64), 1),
        ("ishl", (3, -1), INT_MIN),
        ("ishr", (-8, 1), -4),
        ("ishr", (-1, 127), -1),
        ("fdiv", (1.0, 0.0), INF),
        ("fdiv", (1.0, -0.0), -INF),
        ("fdiv", (-1.0, 0.0), -INF),
        ("fdiv", (INF, -0.0), -INF),
        ("fdiv", (0.0, 0.0), NAN),
        ("fdiv", (NAN, 0.0), NAN),
        ("fmul", (1e308, 10.0), INF),
        ("fsqrt", (-1.0,), NAN),
        ("fsqrt", (-0.0,), -0.0),
        ("fsqrt", (NAN,), NAN),
        ("fmin", (0.0, -0.0), 0.0),
        ("fmin", (-0.0, 0.0), -0.0),
        ("fmax", (-0.0, 0.0), -0.0),
        ("fmin", (NAN, 1.0), NAN),
        ("fmin", (1.0, NAN), 1.0),
        ("ffloor", (-0.5,), -1.0),
        ("ffloor", (-0.0,), -0.0),
        ("ffloor", (1e300,), 1e300),
        ("ffloor", (-INF,), -INF),
        ("fceil", (-0.5,), -0.0),
        ("ftrunc", (-1.5,), -1.0),
        ("ftrunc", (-0.5,), -0.0),
        ("fround", (0.5,), 0.0),
        ("fround", (-0.5,), -0.0),
        ("fround", (2.5,), 2.0),
        ("fround", (3.5,), 4.0),
        ("fround", (NAN,), NAN),
        ("f2i", (NAN,), 0),
        ("f2i", (INF,), INT_MAX),
        ("f2i", (2.0**63,), INT_MAX),
        ("f2i", (-INF,), INT_MIN),
        ("f2i", (-(2.0**63),), INT_MIN),
        ("f2i", (-1.9,), -1),
        ("i2f", (2**53 + 1,), 2.0**53),
        ("i2f", (INT_MAX,), 2.0**63),
        ("fbits", (-0.0,), INT_MIN),
        ("fbits", (NAN,), NAN_BITS),
        ("bitsf", (1,), 5e-324),
        ("select.f", (True, 1.0, 2.0), 1.0),
        ("bxor", (True, True), False),
        ("b2i", (True,), 1),
    ],
)
def test_arithmetic_at_the_edges(name: str, args: tuple[Any, ...], expected: Any) -> None:
    got = PURE[name](*args)
    assert type(got) is type(expected)
    assert (float_bits(got) if isinstance(got, float) else got) == (
        float_bits(expected) if isinstance(expected, float) else expected
    )


@given(st.integers(INT_MIN, INT_MAX), st.integers(INT_MIN, INT_MAX))
def test_integer_results_are_words(a: int, b: int) -> None:
    for name, row in OPS.items():
        if row.result == "i64" and row.args == ("i64", "i64") and name in PURE:
            assert INT_MIN <= PURE[name](a, b) <= INT_MAX, name


@given(st.integers())
def test_wrapping_keeps_the_residue(x: int) -> None:
    assert INT_MIN <= wrap(x) <= INT_MAX
    assert (wrap(x) - x) % 2**64 == 0


@given(st.floats())
def test_bits_and_doubles_are_inverse(x: float) -> None:
    assert float_bits(bits_float(float_bits(x))) == float_bits(x)


PROGRAM = """\
program order edition 1
param %p0 i64 = 5 "n"
param %p1 f64 = 0.5 "share"
stream %b0 bar btc "BTC/USDC" 60000000000 ns price 2 qty 6
stream %b1 bar btc "BTC/USDC" 300000000000 ns price 2 qty 6
slot %s0 i64[1] = 7 id 00000000 "closes"
slot %s1 i64[2] = 3 id 00000001 "ring"
slot %s2 f64[1] = 0.25 id 00000002 "share"
clause 63 entries long "long" ; @1-2
segment setup {
  %0: f64 = param.f %p1
  store.f %s2 %0
  %1: i64 = param.i %p0
  store.i %s0 %1
}
segment bar %b0 {
  %0: i64 = ev close
  store.i %s0 %0
}
segment bar %b1 {
  %0: i64 = load.i %s0
  %1: i64 = iconst 1000
  %2: i64 = iadd %0 %1
  store.i %s0 %2
}
segment decide %b1 {
  %0: i64 = load.i %s0
  %1: i1 = ieq %0 %0
  probe.i 4 %0
  clause 0 63 %1
  reason 0 %0
  decided 0
}
segment risk {
  %0: i64 = load.i %s0
  %1: i64 = iconst 2000
  %2: i1 = ilt %1 %0
  when %2 {
    emit 0 %0 %1 %0 %1 %0 %1 %0
    emit 0 %0 %0 %0 %0 %0 %0 %0
  }
}
segment report {
  %0: i64 = ev fee
  store.i %s0 %0
}
"""


def bar(stream: int, close: int, *, last: bool) -> list[int]:
    return [0, head(KIND_BAR, FLAG_INSTANT_END if last else 0, stream), 0, 0, 0, close, 0, 0]


@pytest.fixture
def machine() -> Machine:
    made = Machine(parse_program(PROGRAM))
    made.init()
    return made


def test_init_fills_the_slots_and_runs_setup(machine: Machine) -> None:
    assert machine.offsets == {"s0": 0, "s1": 1, "s2": 3}
    assert machine.state == [5, 3, 3, float_bits(0.5), 0, 0]
    machine.init([9, 1])
    assert machine.state == [9, 3, 3, float_bits(1.0), 0, 0]


def test_layout_agrees_with_the_machine(machine: Machine) -> None:
    assert offsets(machine.program) == machine.offsets
    assert ticked_word(machine.program) == 4
    assert state_words(machine.program) == len(machine.state) == 6


def test_init_refuses_a_wrong_number_of_parameters(machine: Machine) -> None:
    with pytest.raises(EvaluationError, match="the program has 2 parameters, got 1"):
        machine.init([1])


def test_nothing_is_decided_when_the_decision_clock_did_not_tick(machine: Machine) -> None:
    assert machine.event(bar(0, 42, last=True)) == Out()
    assert machine.state[0] == 42


def test_a_decision_waits_for_the_end_of_the_instant(machine: Machine) -> None:
    assert machine.event(bar(1, 0, last=False)) == Out()
    assert machine.state[4] == 1
    out = machine.event(bar(0, 42, last=True))
    assert out == Out(((0, 42, -(2**63)),))
    assert machine.probes == [(4, 42)]
    assert machine.state[4] == 0
    assert machine.event(bar(0, 43, last=True)) == Out()
    assert machine.probes == [(4, 42)]


def test_risk_runs_after_decide_and_emits(machine: Machine) -> None:
    machine.event(bar(0, 1500, last=False))
    out = machine.event(bar(1, 0, last=True))
    assert out.intents == ((2500, 2000, 2500, 2000, 2500, 2000, 2500, 0), (2500,) * 7 + (0,))


def test_intents_beyond_the_out_block_are_dropped() -> None:
    many = PROGRAM.replace("    emit 0 %0 %0 %0 %0 %0 %0 %0\n", "    emit 0 %0 %0 %0 %0 %0 %0 %0\n" * 9)
    made = Machine(parse_program(many))
    made.init()
    made.event(bar(0, 1500, last=False))
    assert len(made.event(bar(1, 0, last=True)).intents) == MAX_INTENTS


def test_a_record_of_an_unknown_stream_may_end_the_instant(machine: Machine) -> None:
    machine.event(bar(1, 0, last=False))
    assert machine.event(bar(9, 0, last=True)).decided


def test_a_report_runs_its_segment(machine: Machine) -> None:
    machine.report([0, head(KIND_FILL), 1, 10, 20, 30, 77, 0])
    assert machine.state[0] == 77


def test_a_state_can_be_saved_and_loaded(machine: Machine) -> None:
    machine.event(bar(0, 1500, last=False))
    machine.event(bar(1, 0, last=False))
    other = Machine(machine.program)
    other.init()
    other.load_state(machine.state)
    assert other.state == machine.state
    assert other.event(bar(0, 9, last=True)) == machine.event(bar(0, 9, last=True))
    with pytest.raises(EvaluationError, match="the state has 6 words, got 1"):
        other.load_state([0])


def test_an_unknown_operation_is_a_misuse() -> None:
    text = PROGRAM.replace("%0: i64 = ev fee", "%0: i64 = iconst 1")
    program = parse_program(text)
    object.__setattr__(program.segments[-1].body[0], "name", "warp")
    with pytest.raises(EvaluationError, match="unknown operation warp"):
        Machine(program)


@given(cases(max_size=20, max_records=10))
def test_runs_repeat(case: Case) -> None:
    assert observe(case.program, case) == observe(case.program, case)
