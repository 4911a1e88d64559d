"""The text form of FIR: printer and parser are inverse."""

from __future__ import annotations

import pytest
from flashc.compiler.ir.nodes import Op, Program
from flashc.compiler.ir.parser import FirSyntaxError, parse_program
from flashc.compiler.ir.printer import print_op, print_program
from flashc.compiler.ir.walk import operations, renumber
from hypothesis import given, settings
from support.fir_programs import programs

EXAMPLE = """\
program demo edition 1 gap 50000000 late 0
instance btc
trace "how \\"quick\\""
param %p0 i64 = 12 in 2..50 "fast"
param %p1 f64 = 0x1.0000000000000p-1 in ..0x1.0000000000000p+0 "share \\"of\\" all"
stream %b0 bar btc "BTC/USDC" 60000000000 ns price 2 qty 6
stream %k1 book btc "BTC/USDC" 0 ns price 2 qty 6 depth 10
slot %s0 f64[1] = -0x0.0p+0 id 9b1c02d4 "quick; ema\\n"
slot %s1 f64[12] = 0x0.0p+0 id 0b1c02d5 "moments"
clause 0 entries long "long" ; @210-240
clause 0 exits "out now" "a rule" ; @250-260
segment setup {
  %0: i64 = param.i %p0  ; @1-5
}
segment bar %b0 {
  %0: i64 = ev close  ; @120-125
  %1: f64 = i2f %0
  %9: f64 = fconst 0x1.9000000000000p+6
  %3: i1 = flt %1 %9
  when %3 {
    when %3 {
      store.f %s0 %1  ; @7-9
    }
    tree.put.mom %s1 %0 %1
  }
}
segment decide %b0 {
  decided 0
}
segment decide %k1 instance 1 {
  %0: f64 = fconst 0x1.9000000000000p+6
  trace.f 0 %0
}
"""


def test_a_program_prints_as_it_was_written() -> None:
    assert print_program(parse_program(EXAMPLE)) == EXAMPLE


@given(programs())
@settings(max_examples=60, deadline=None)
def test_printing_and_parsing_are_inverse(program: Program) -> None:
    text = print_program(program)
    again = parse_program(text)
    assert print_program(again) == text
    if "nan" not in text:  # NaN differs from itself, so such programs are compared as text only
        assert again == program


def test_comments_and_blank_lines_are_skipped() -> None:
    lines = EXAMPLE.replace("  decided 0\n", "\n  # a remark\n  decided 0  ; and another\n")
    assert parse_program(lines) == parse_program(EXAMPLE)


def test_floats_may_be_written_in_decimal() -> None:
    program = parse_program(EXAMPLE.replace("fconst 0x1.9000000000000p+6", "fconst 100.0"))
    assert program == parse_program(EXAMPLE)


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("i2f %0", "i2g %0", 17, "there is no operation i2g"),
        ("%1: f64", "%1: i64", 17, "i2f gives f64, the line says i64"),
        ("  decided", "  %7: i64 = decided 0", 28, "decided gives no result, the line says i64"),
        ("flt %1 %9", "flt %1", 19, "the line ends too early"),
        ("flt %1 %9", "flt %1 %9 %9", 19, "unexpected %9"),
        ("ev close", "ev", 16, "the line ends too early"),
        ("= 12 in", "= 12.5 in", 4, "expected an i64 literal, found 12.5"),
        ("2..50", "2", 4, "expected low..high, found 2"),
        (
            "segment setup",
            "segment later",
            12,
            "expected setup or bar or book or trade or timer or manage or decide or risk or report, found later",
        ),
        ("i2f %0", "i2f 0", 17, "expected a name with %, found 0"),
        ("i2f %0", "i2f %x", 17, "expected a value, found %x"),
        ("edition 1", "edition one", 1, "expected an integer, found one"),
        ('"BTC/USDC"', '"BTC', 6, "cannot read"),
        ("  trace.f 0 %0\n}\n", "  trace.f 0 %0\n", 32, "the text ends too early"),
    ],
)
def test_bad_text_names_the_line_and_the_reason(old: str, new: str, line: int, reason: str) -> None:
    assert old in EXAMPLE
    with pytest.raises(FirSyntaxError, match=reason.replace("..", r"\.\.")) as caught:
        parse_program(EXAMPLE.replace(old, new, 1))
    assert caught.value.line == line


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(FirSyntaxError, match="ends too early"):
        parse_program("\n# nothing\n")


def test_an_unknown_operation_can_still_be_printed() -> None:
    assert print_op(Op(1, "warp", ("s0", 2), (0,))) == "%1: ? = warp s0 2 %0"


def test_renumbering_counts_from_zero_in_order_of_definition() -> None:
    program = renumber(parse_program(EXAMPLE))
    bar = program.segments[1]
    assert [op.result for op in operations(bar.body) if op.result is not None] == [0, 1, 2, 3]
    assert "flt %1 %2" in print_program(program)
    assert renumber(program) == program
