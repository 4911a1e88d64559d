"""The verifier against FIR that is broken on purpose: one case per rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flashc.compiler.ir.nodes import Op, Program, Segment, When
from flashc.compiler.ir.parser import parse_program
from flashc.compiler.ir.verify import verify
from hypothesis import given, settings
from support.fir_programs import programs

GOOD = """\
program good edition 1
param %p0 i64 = 12 in 2..50 "fast"
param %p1 f64 = 0.5 "share"
stream %b0 bar btc "BTC/USDC" 60000000000 ns price 2 qty 6
slot %s0 f64[1] = 0.0 id 00000000 "scalar"
slot %s1 i64[8] = 0 id 00000001 "ring"
slot %s2 f64[8] = 0.0 id 00000002 "sum tree"
slot %s3 f64[12] = 0.0 id 00000003 "moments"
clause 0 entries long "long" ; @1-2
clause 0 exits out "out" ; @3-4
segment setup {
  %0: f64 = param.f %p1
}
segment bar %b0 {
  %0: i64 = ev close
  %1: f64 = i2f %0
  ring.put.i %s1 %0 %0
  tree.put.sum %s2 %0 %1
  tree.put.mom %s3 %0 %1
  %2: i1 = ilt %0 %0
  when %2 {
    %3: f64 = fneg %1
    store.f %s0 %3
  }
}
segment decide %b0 {
  %0: i1 = bconst 1
  clause 0 0 %0
  probe.b 1 %0
  decided 0
}
segment risk {
  %0: i64 = iconst 1
  reason 0 %0
  emit 0 %0 %0 %0 %0 %0 %0 %0
}
segment report {
  %0: i64 = ev fee
}
"""


def test_a_good_program_has_no_problem() -> None:
    assert verify(parse_program(GOOD)) == []


@given(programs())
@settings(max_examples=40, deadline=None)
def test_random_programs_verify(program: Program) -> None:
    assert verify(program) == []


BROKEN = [
    # declarations
    ("param %p1", "param %p0", "param %p0: declared twice"),
    ("in 2..50", "in 20..50", "param %p0: the default is outside the range"),
    ("in 2..50", "in 2..9", "param %p0: the default is outside the range"),
    ("= 12 in 2..50", f"= {2**63}", "is not an i64"),
    ("stream %b0 bar", "stream %b0 bra", "stream %b0: kind bra is none of bar, book, trade, timer"),
    ("stream %b0 bar", "stream %b0 trade", "stream %b0: a trade stream has no period"),
    ("stream %b0 bar", "stream %b0 timer", "segment bar %b0: %b0 is a timer stream"),
    ("qty 6", "qty 6 depth 3", "stream %b0: a depth is positive, and a book's"),
    ("edition 1", "edition 1 gap -5", "program: the gap is negative"),
    ("edition 1", "edition 1 late -5", "program: the lateness is negative"),
    (" 60000000000 ns", " 0 ns", "stream %b0: the period is not positive"),
    ("price 2", "price 40", "stream %b0: the decimals are outside 0..18"),
    ("slot %s1", "slot %s0", "slot %s0: declared twice"),
    ("i64[8]", "i64[0]", "slot %s1: it has no word"),
    ("id 00000001", "id 0001", "slot %s1: id '0001' is not 8 hex digits"),
    ("slot %s1 i64[8] = 0", f"slot %s1 i64[8] = {2**64}", "is not an i64"),
    ("clause 0 exits", "clause 0 sorties", "clause 0 of sorties: the set is none of entries, exits"),
    ("clause 0 exits", "clause 64 exits", "clause 64 of exits: the bit is outside 0..63"),
    ("clause 0 exits", "clause 0 entries", "clause 0 of entries: the bit is used twice in this set"),
    # segments
    ("segment bar %b0", "segment bar %b1", "segment bar %b1: it names no declared stream"),
    ("segment decide %b0", "segment decide", "segment decide: it names no declared stream"),
    ("segment risk", "segment risk %b0", "segment risk %b0: a risk segment has no stream"),
    ("segment report {\n  %0: i64 = ev fee", "segment risk {", "segment risk: there is another segment"),
    # values
    ("%2: i1 = ilt %0 %0", "%1: i1 = ilt %0 %0", "%1 is assigned twice"),
    ("%1: f64 = i2f %0", "%1: f64 = i2f %7", "%7 is used before it is defined"),
    ("segment risk {", "segment risk {\n  reason 0 %0", "%0 is used before it is defined"),
    ("    store.f %s0 %3\n  }", "  }\n  store.f %s0 %3", "%3 is defined in another region"),
    ("ilt %0 %0", "ilt %0 %1", "%1 is f64, needed is i64"),
    ("when %2", "when %0", "%0 is i64, needed is i1"),
    # attributes
    ("bconst 1", "bconst 2", "2 is outside 0..1"),
    ("iconst 1", f"iconst {2**63}", "is outside"),
    ("clause 0 0 %0", "clause 0 1 %0", "no clause has bit 1"),
    ("clause 0 0 %0", "clause 1 0 %0", "1 is outside 0..0"),
    ("segment decide %b0", "segment decide %b0 instance 1", "there is no instance 1 for it"),
    ("probe.b 1", "probe.b -1", "-1 is outside 0.."),
    ("param.f %p1", "param.f %p9", "there is no parameter p9"),
    ("param.f %p1", "param.f %p0", "parameter p0 is i64"),
    ("ev close", "ev fee", "a bar record has no field fee"),
    ("ev fee", "ev close", "a report record has no field close"),
    # slots
    ("store.f %s0", "store.f %s9", "there is no slot s9"),
    ("store.f %s0 %3", "store.i %s0 %0", "slot s0 is f64, needed is i64"),
    ("i64[8]", "i64[6]", "slot s1 has 6 words, which no ring has"),
    ("f64[8]", "f64[1]", "slot s2 has 1 words, which no sum tree has"),
    ("f64[8]", "f64[12]", "slot s2 has 12 words, which no sum tree has"),
    ("f64[12]", "f64[16]", "slot s3 has 16 words, which no moments tree has"),
    ("f64[1] ", "f64[2] ", "slot s0 has 2 words, which no scalar has"),
    ("tree.put.mom %s3", "tree.put.sum %s3", "slot s3 has 12 words, which no sum tree has"),
    ("tree.put.mom %s3", "tree.put.max %s2", "slot s2 is used as sum tree and as max tree"),
    # places
    (
        "%0: f64 = param.f %p1",
        "%0: i64 = ev close",
        "ev stands only in bar, book, trade, timer, report, manage, decide, risk",
    ),
    ("  %0: i64 = ev fee", "  %0: f64 = param.f %p1", "param.f stands only in setup"),
    ("  decided 0", "  %8: i64 = iconst 1\n  emit 0 %8 %8 %8 %8 %8 %8 %8", "emit stands only in risk"),
    ("  %2: i1 = ilt", "  decided 0\n  %2: i1 = ilt", "decided stands only in decide"),
    ("  %2: i1 = ilt", "  reason 0 %0\n  %2: i1 = ilt", "reason stands only in decide, risk"),
    ("    %3: f64 = fneg", "    clause 0 0 %2\n    %3: f64 = fneg", "clause stands only in decide, risk"),
    ("  %2: i1 = ilt", "  probe.i 0 %0\n  %2: i1 = ilt", "probe.i stands only in decide, risk"),
]


@pytest.mark.parametrize(("old", "new", "reason"), BROKEN)
def test_a_broken_rule_is_reported(old: str, new: str, reason: str) -> None:
    assert old in GOOD
    problems = verify(parse_program(GOOD.replace(old, new, 1)))
    assert any(reason in str(p) for p in problems), problems


def with_op(op: Op) -> Program:
    """The good program with one more operation at the end of its bar segment."""
    program = parse_program(GOOD)
    segments = [replace(s, body=(*s.body, op)) if s.trigger == "bar" else s for s in program.segments]
    return replace(program, segments=tuple(segments))


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        (Op(20, "warp", (), ()), "unknown operation warp"),
        (Op(20, "i2f", (), ()), "it takes 1 operands, not 0"),
        (Op(20, "i2f", (3,), (0,)), "it takes 0 attributes, not 1"),
        (Op(None, "i2f", (), (0,)), "its result has no name"),
        (Op(20, "store.f", ("s0",), (1,)), "an effect has no result"),
        (Op(-4, "i2f", (), (0,)), "a value number is not negative"),
        (Op(20, "fconst", (1,), ()), "1 is not a float"),
        (Op(20, "iconst", (1.0,), ()), "1.0 is not an integer"),
        (Op(20, "iconst", (True,), ()), "True is not an integer"),
    ],
)
def test_forms_that_text_cannot_show_are_reported(op: Op, reason: str) -> None:
    assert [reason] == [p.reason for p in verify(with_op(op))]


def test_an_unknown_trigger_and_bad_names_are_reported() -> None:
    program = parse_program(GOOD)
    bad = replace(program, segments=(*program.segments, Segment("never", None, ())))
    assert [str(p) for p in verify(bad)] == ["segment never: unknown trigger never"]
    bad = replace(program, slots=(replace(program.slots[0], name="0 s"), *program.slots))
    assert "a name is a letter" in str(verify(bad)[0])
    bad = replace(program, slots=(replace(program.slots[0], type="i1"), *program.slots[1:]))
    assert "type i1 is neither" in str(verify(bad)[0])


def test_a_problem_says_where_it_is() -> None:
    problem = verify(with_op(Op(20, "fadd", (), (1, 0))))[0]
    assert str(problem) == "segment bar %b0, %20: f64 = fadd %1 %0: %0 is i64, needed is f64"
    inner = When(2, (Op(21, "i2f", (), (77,)),))
    program = parse_program(GOOD)
    segments = tuple(replace(s, body=(*s.body, inner)) if s.trigger == "bar" else s for s in program.segments)
    assert [p.reason for p in verify(replace(program, segments=segments))] == ["%77 is used before it is defined"]
