"""Each pass does what its docstring shows, changes no bit, and the tests would notice if it did."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flashc.compiler.ir.nodes import Program
from flashc.compiler.ir.parser import parse_program
from flashc.compiler.ir.printer import print_program
from flashc.compiler.ir.verify import verify
from flashc.compiler.ir.walk import renumber
from flashc.compiler.passes import (
    ALGEBRA,
    CSE,
    DEAD,
    FOLD,
    HOIST,
    PACK,
    PASSES,
    SCHEDULE,
    InvalidProgramError,
    Pass,
    run_passes,
)
from hypothesis import given, settings
from support.fir_programs import Case, cases, same

EACH = tuple(dict.fromkeys(PASSES))


# --- laws ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", EACH, ids=lambda step: step.name)
def test_a_pass_changes_no_bit(step: Pass) -> None:
    @given(cases())
    @settings(max_examples=80, deadline=None)
    def check(case: Case) -> None:
        assert same(case.program, run_passes(case.program, (step,)), case)

    check()


@given(cases())
@settings(max_examples=80, deadline=None)
def test_all_passes_together_change_no_bit(case: Case) -> None:
    assert same(case.program, run_passes(case.program), case)


@given(cases(max_records=1))
@settings(max_examples=40, deadline=None)
def test_passes_are_deterministic_and_settle(case: Case) -> None:
    once = run_passes(case.program)
    assert print_program(once) == print_program(run_passes(case.program))
    for step in (DEAD, PACK, SCHEDULE):
        done = run_passes(once, (step,))
        assert print_program(run_passes(done, (step,))) == print_program(done)


# --- what a pass does ------------------------------------------------------------------------------------------------

HEADER = """\
program p edition 1
param %p0 f64 = 0.5 "share"
stream %b0 bar btc "BTC/USDC" 60000000000 ns price 2 qty 6
slot %s0 f64[1] = 0.0 id 00000000 "ema"
slot %s1 i64[1] = 0 id 00000001 "count"
slot %s2 f64[64] = 0.0 id 00000002 "ring"
slot %s3 f64[1] = 0.0 id 00000003 "alpha"
clause 0 entries long "long"
"""


def decide(body: str, *, before: str = "") -> Program:
    """A program with this body in `decide`."""
    return parse_program(f"{HEADER}{before}segment decide %b0 {{\n{body}\n}}\n")


def body_text(program: Program, trigger: str = "decide") -> list[str]:
    """The lines of one segment, without its frame."""
    lines = print_program(renumber(program)).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"segment {trigger}"))
    return [line.strip() for line in lines[start + 1 : lines.index("}", start)]]


def test_folding_computes_and_resolves_regions() -> None:
    program = decide(
        """
        %0: f64 = fconst 1.0
        %1: f64 = fconst 3.0
        %2: f64 = fdiv %0 %1
        %3: i1 = flt %0 %1
        %4: i1 = bnot %3
        when %3 {
          probe.f 1 %2
        }
        when %4 {
          probe.f 2 %2
        }"""
    )
    assert body_text(run_passes(program, (FOLD,)))[2:] == [
        "%2: f64 = fconst 0x1.5555555555555p-2",
        "%3: i1 = bconst 1",
        "%4: i1 = bconst 0",
        "probe.f 1 %2",
    ]


ALGEBRA_CASES = [
    ("%9: i64 = imul %0 %1", "%0"),
    ("%9: i64 = imul %0 %2", "iconst 0"),
    ("%9: i64 = iadd %2 %0", "%0"),
    ("%9: i64 = isub %0 %0", "iconst 0"),
    ("%9: i64 = isub %2 %0", None),
    ("%9: i64 = idiv %0 %1", "%0"),
    ("%9: i64 = idiv %0 %0", None),
    ("%9: i64 = imod %0 %1", "iconst 0"),
    ("%9: i64 = iand %0 %0", "%0"),
    ("%9: i64 = ixor %0 %0", "iconst 0"),
    ("%9: i64 = ishl %0 %2", "%0"),
    ("%9: i64 = select.i %7 %0 %0", "%0"),
    ("%9: f64 = fmul %3 %4", "%3"),
    ("%9: f64 = fmul %3 %5", "fneg %3"),
    ("%9: f64 = fdiv %3 %4", "%3"),
    ("%9: f64 = fdiv %4 %3", None),
    ("%9: f64 = fadd %3 %6", None),
    ("%9: f64 = fsub %3 %3", None),
    ("%9: f64 = fdiv %3 %3", None),
    ("%9: f64 = fmul %3 %6", None),
    ("%9: f64 = fmin %3 %3", "%3"),
    ("%9: i1 = feq %3 %3", None),
    ("%9: i1 = fle %3 %3", None),
    ("%9: i1 = flt %3 %3", "bconst 0"),
    ("%9: i1 = ieq %0 %0", "bconst 1"),
    ("%9: i1 = band %7 %7", "%7"),
    ("%9: i1 = bxor %7 %7", "bconst 0"),
]


@pytest.mark.parametrize(("line", "becomes"), ALGEBRA_CASES)
def test_algebra_applies_exact_identities_only(line: str, becomes: str | None) -> None:
    type_ = line.split()[1]
    probe = {"i64": "probe.i", "f64": "probe.f", "i1": "probe.b"}[type_]
    program = decide(
        f"""
        %0: i64 = load.i %s1
        %1: i64 = iconst 1
        %2: i64 = iconst 0
        %3: f64 = load.f %s0
        %4: f64 = fconst 1.0
        %5: f64 = fconst -1.0
        %6: f64 = fconst 0.0
        %7: i1 = flt %3 %4
        {line}
        {probe} 0 %9"""
    )
    lines = body_text(run_passes(program, (ALGEBRA,)))
    if becomes is None:
        assert lines[-2] == line.replace("%9", "%8")
    elif becomes.startswith("%"):
        assert lines[-1] == f"{probe} 0 {becomes}"
    else:
        assert lines[-2] == f"%8: {type_} = {becomes}"


def test_algebra_turns_double_negation_and_choices_round() -> None:
    program = decide(
        """
        %0: f64 = load.f %s0
        %1: f64 = load.f %s3
        %2: i1 = flt %0 %1
        %3: i1 = bnot %2
        %4: i1 = bnot %3
        %5: f64 = select.f %3 %0 %1
        %6: f64 = fneg %0
        %7: f64 = fneg %6
        %8: f64 = fabs %6
        %9: i1 = bconst 1
        %10: i1 = bconst 0
        %11: i1 = select.b %2 %9 %10
        %12: i1 = select.b %2 %4 %10
        probe.b 0 %4
        probe.f 1 %5
        probe.f 2 %7
        probe.f 3 %8
        probe.b 4 %11
        probe.b 5 %12"""
    )
    assert body_text(run_passes(program, (ALGEBRA, DEAD))) == [
        "%0: f64 = load.f %s0",
        "%1: f64 = load.f %s3",
        "%2: i1 = flt %0 %1",
        "%3: f64 = select.f %2 %1 %0",
        "%4: f64 = fabs %0",
        "probe.b 0 %2",
        "probe.f 1 %3",
        "probe.f 2 %0",
        "probe.f 3 %4",
        "probe.b 4 %2",
        "probe.b 5 %2",
    ]


def test_algebra_negates_integer_comparisons_but_not_float_order() -> None:
    program = decide(
        """
        %0: i64 = load.i %s1
        %1: i64 = iconst 5
        %2: i1 = ilt %0 %1
        %3: i1 = bnot %2
        %4: f64 = load.f %s0
        %5: i1 = flt %4 %4
        %6: f64 = fconst 1.0
        %7: i1 = flt %4 %6
        %8: i1 = bnot %7
        probe.b 0 %3
        probe.b 1 %8"""
    )
    lines = body_text(run_passes(program, (ALGEBRA, DEAD)))
    assert "%2: i1 = ile %1 %0" in lines
    assert lines[-3].endswith("= bnot %5")


def test_cse_shares_expressions_and_reads_up_to_a_write() -> None:
    program = decide(
        """
        %0: f64 = load.f %s0
        %1: f64 = load.f %s3
        %2: f64 = fadd %0 %1
        %3: f64 = fadd %1 %0
        %4: f64 = fmin %0 %1
        %5: f64 = fmin %1 %0
        %6: f64 = load.f %s0
        store.f %s0 %3
        %7: f64 = load.f %s0
        probe.f 0 %4
        probe.f 1 %5
        probe.f 2 %6
        probe.f 3 %7"""
    )
    assert body_text(run_passes(program, (CSE,))) == [
        "%0: f64 = load.f %s0",
        "%1: f64 = load.f %s3",
        "%2: f64 = fadd %0 %1",
        "%3: f64 = fmin %0 %1",
        "%4: f64 = fmin %1 %0",
        "store.f %s0 %2",
        "probe.f 0 %3",
        "probe.f 1 %4",
        "probe.f 2 %0",
        "probe.f 3 %2",
    ]


def test_cse_does_not_look_into_a_region_from_outside_nor_past_its_writes() -> None:
    program = decide(
        """
        %0: f64 = load.f %s0
        %1: i1 = flt %0 %0
        when %1 {
          %2: f64 = fneg %0
          store.f %s0 %2
          probe.f 0 %2
        }
        %3: f64 = fneg %0
        %4: f64 = load.f %s0
        probe.f 1 %3
        probe.f 2 %4"""
    )
    assert run_passes(program, (CSE,)) == renumber(program)


def test_dead_code_removes_unused_values_state_and_regions() -> None:
    program = decide(
        """
        %0: f64 = load.f %s0
        %1: f64 = fneg %0
        %2: f64 = load.f %s3
        %3: i64 = load.i %s1
        %4: i64 = iadd %3 %3
        store.i %s1 %4
        %5: i1 = flt %2 %2
        when %5 {
          store.i %s1 %3
        }
        probe.f 0 %2"""
    )
    after = run_passes(program, (DEAD,))
    assert [s.name for s in after.slots] == ["s3"]
    assert body_text(after) == ["%0: f64 = load.f %s3", "probe.f 0 %0"]


def test_dead_code_keeps_state_that_another_segment_needs() -> None:
    bar = "segment bar %b0 {\n %0: i64 = ev close\n store.i %s1 %0\n}\n"
    after = run_passes(decide("%0: i64 = load.i %s1\nreason 0 %0", before=bar), (DEAD,))
    assert [s.name for s in after.slots] == ["s1"]
    assert "store.i %s1 %0" in print_program(after)


SETUP = "segment setup {\n %0: f64 = param.f %p0\n store.f %s3 %0\n}\n"
INVARIANT = """
        %0: f64 = load.f %s3
        %1: f64 = fconst 1.0
        %2: f64 = fsub %1 %0
        %3: f64 = fdiv %1 %2
        %4: f64 = load.f %s0
        %5: f64 = fmul %4 %3
        store.f %s0 %5
        probe.f 0 %5"""


def test_hoisting_moves_what_depends_on_parameters_to_setup() -> None:
    after = run_passes(decide(INVARIANT, before=SETUP), (HOIST, DEAD))
    assert body_text(after) == [
        "%0: f64 = load.f %h0",
        "%1: f64 = load.f %s0",
        "%2: f64 = fmul %1 %0",
        "store.f %s0 %2",
        "probe.f 0 %2",
    ]
    assert body_text(after, "setup")[-2:] == ["%4: f64 = fdiv %2 %3", "store.f %h0 %4"]
    assert [s.name for s in after.slots] == ["s0", "s3", "h0"]


def test_hoisting_makes_a_setup_where_there_is_none() -> None:
    after = run_passes(decide(INVARIANT), (HOIST,))
    assert after.segments[0].trigger == "setup"


def test_hoisting_leaves_cheap_expressions_and_changing_slots() -> None:
    cheap = decide("%0: f64 = load.f %s3\n%1: f64 = fneg %0\nprobe.f 0 %1", before=SETUP)
    assert run_passes(cheap, (HOIST,)) == renumber(cheap)
    changing = decide(f"{INVARIANT}\nstore.f %s3 %5", before=SETUP)
    assert run_passes(changing, (HOIST,)) == renumber(changing)


def test_hoisting_leaves_what_a_report_changes() -> None:
    told = decide(INVARIANT, before=f"{SETUP}segment report {{\n %0: f64 = fconst 3.0\n store.f %s3 %0\n}}\n")
    assert run_passes(told, (HOIST,)) == renumber(told)


def test_hoisting_keeps_equal_expressions_over_other_slots_apart() -> None:
    twice = INVARIANT.replace("%", "%2") + INVARIANT.replace("%s3", "%s4").replace("probe.f 0", "probe.f 1")
    twice = twice.replace("%2s", "%s").replace("fconst 1.0", "fconst 2.0", 1)
    setup = 'slot %s4 f64[1] = 0.0 id 00000004 "beta"\n' + SETUP.replace(
        "}", " %1: f64 = fmul %0 %0\n store.f %s4 %1\n}"
    )
    after = run_passes(decide(twice, before=setup), (HOIST, DEAD))
    assert [s.name for s in after.slots if s.name.startswith("h")] == ["h0", "h1"]
    assert [line for line in body_text(after) if "%h" in line] == ["%0: f64 = load.f %h0", "%3: f64 = load.f %h1"]
    computed = [line.partition("= ")[2] for line in body_text(after, "setup")]
    assert sum(line.startswith("fdiv") for line in computed) == 2
    assert {"load.f %s3", "load.f %s4", "fconst 0x1.0000000000000p+1"} <= set(computed)


def test_a_hoisted_slot_keeps_its_id_when_names_change() -> None:
    first = run_passes(decide(INVARIANT, before=SETUP), (HOIST,)).slots[-1]
    other = parse_program(print_program(decide(INVARIANT, before=SETUP)).replace("%s3", "%s9"))
    assert run_passes(other, (HOIST,)).slots[-1].id == first.id


def test_packing_puts_busy_words_first_and_rings_last() -> None:
    body = "%0: i64 = load.i %s1\n%1: f64 = load.f %s0\n%2: i64 = load.i %s1\n%3: f64 = win.sum %s2 %0 %2\nprobe.f 0 %3"
    assert [s.name for s in run_passes(decide(body), (PACK,)).slots] == ["s1", "s0", "s3", "s2"]


def test_scheduling_runs_intents_first_and_probes_last() -> None:
    risk = "segment risk {\n %0: i64 = load.i %s1\n emit 0 %0 %0 %0 %0 %0 %0 %0\n}\n"
    body = """
        %0: f64 = load.f %s0
        probe.f 0 %0
        %1: f64 = fneg %0
        store.f %s0 %1
        %2: f64 = load.f %s3
        %3: i64 = f2i %2
        store.i %s1 %3
        probe.f 1 %1"""
    assert body_text(run_passes(decide(body, before=risk), (SCHEDULE,))) == [
        "%0: f64 = load.f %s3",
        "%1: i64 = f2i %0",
        "store.i %s1 %1",
        "%2: f64 = load.f %s0",
        "%3: f64 = fneg %2",
        "store.f %s0 %3",
        "probe.f 0 %2",
        "probe.f 1 %3",
    ]


def test_scheduling_never_moves_a_read_past_a_write() -> None:
    risk = "segment risk {\n %0: i64 = load.i %s1\n emit 0 %0 %0 %0 %0 %0 %0 %0\n}\n"
    body = "%0: i64 = load.i %s1\nprobe.i 0 %0\n%1: i64 = iconst 4\nstore.i %s1 %1"
    lines = body_text(run_passes(decide(body, before=risk), (SCHEDULE,)))
    assert lines.index("%0: i64 = load.i %s1") < lines.index("store.i %s1 %1") < lines.index("probe.i 0 %0")


# --- the manager -----------------------------------------------------------------------------------------------------


def test_the_manager_reports_each_pass_in_order() -> None:
    seen: list[str] = []
    result = run_passes(decide(INVARIANT, before=SETUP), on_pass=lambda name, _, seconds: seen.append(name))
    assert seen == [step.name for step in PASSES]
    assert verify(result) == []
    assert all(step.summary and step.run.__module__.endswith(step.name) for step in PASSES)


def test_the_manager_names_the_pass_that_broke_a_program() -> None:
    broken = Pass("drop", lambda p: replace(p, slots=()), "drop all slots")
    with pytest.raises(InvalidProgramError, match=r"drop: .*there is no slot") as caught:
        run_passes(decide(INVARIANT), (FOLD, broken))
    assert caught.value.stage == "drop"
    assert run_passes(decide(INVARIANT), (broken,), verify=False).slots == ()
    with pytest.raises(InvalidProgramError, match="input: "):
        run_passes(replace(decide(INVARIANT), slots=()))
