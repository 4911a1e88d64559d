"""The C text of a program: a function of the program alone, without a word of the user's, one operation a line."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from functools import cache

import pytest
from flashc.compiler.backends.c.places import places_of
from flashc.compiler.backends.c.printer import print_strategy
from flashc.compiler.backends.c.split import first_items
from flashc.compiler.ir.nodes import Program
from flashc.compiler.ir.parser import parse_program
from flashc.compiler.passes import run_passes
from flashc.dsl.source import Source
from support.fir_programs import random_case

AVERAGE = """\
program p edition 1
instance btc
param %p0 f64 = 0x1.0p-3 "alpha"
stream %b0 bar btc "BTC/USDC" 60000000000 ns price 2 qty 6
slot %s0 f64[1] = 0x0.0p+0 id 00000001 "ema"
slot %s1 f64[8] = 0x0.0p+0 id 00000002 "past"
segment bar %b0 {
  %0: i64 = ev close  ; @120-125
  %1: f64 = i2f %0
  %2: f64 = fconst 0x1.9p+6
  %3: f64 = fdiv %1 %2
  ring.put.f %s1 %0 %3
  store.f %s0 %3
}
segment decide %b0 {
  decided 0
}
segment risk {
  %0: f64 = load.f %s0
  %1: i64 = f2i %0
  emit 0 %1 %1 %1 %1 %1 %1 %1
}
"""


def body_of(text: str, name: str) -> list[str]:
    """The lines of a function of the unit."""
    lines = text.splitlines()
    start = next(k for k, line in enumerate(lines) if f" {name}(" in line)
    return [line.strip() for line in lines[start + 1 : lines.index("}", start)]]


@cache
def optimised(seed: int) -> Program:
    """A random program after all passes."""
    return run_passes(random_case(random.Random(seed), 6, 1).program)


@pytest.fixture(params=range(40))
def program(request: pytest.FixtureRequest) -> Program:
    return optimised(request.param)


def test_what_an_intent_needs_runs_first_and_the_rest_after_it() -> None:
    text = print_strategy(parse_program(AVERAGE))
    first, rest = body_of(text, "segment0_first"), body_of(text, "segment0_rest")
    assert "f->w0 = v3;" in first
    assert "const double v3 = v1 / v2;" in first
    assert "fs_ring_put_f(st, 1, 8, v0, v3);" in rest
    assert "f->s0_3 = v3;" in first
    assert "const double v3 = f->s0_3;" in rest


def test_a_program_that_traces_is_not_split() -> None:
    program = replace(parse_program(AVERAGE), traces=("x",))
    assert "segment0_rest" not in print_strategy(program)


def test_places_stand_in_comments_and_change_nothing_else() -> None:
    program = parse_program(AVERAGE)
    plain, placed = print_strategy(program), print_strategy(program, places=lambda origin: f"let.x {origin[0]}:1")
    assert "const int64_t v0 = rec[5];  /* fir 0 · let.x 120:1 */" in placed
    assert re.sub(r"  /\* .* \*/$", "", placed, flags=re.MULTILINE) == plain


def test_a_place_is_the_path_of_keys_and_the_line_and_column() -> None:
    text = "flash: 1\nlet:\n  slow: ema(close, 9)\n  '*/ evil': close + 1\n"
    place = places_of(Source("s.yaml", text))
    start = text.index("close")
    assert place((start, start + 5)) == "let.slow 3:13"
    evil = text.index("close + 1")
    assert place((evil, evil + 5)) == "let 4:14"


def test_no_word_of_the_strategy_reaches_c() -> None:
    evil = '*/\n#include "/etc/passwd"'
    program = parse_program(AVERAGE)
    renamed = replace(
        program,
        name="evil",
        instances=("evil",),
        params=tuple(replace(p, label=evil) for p in program.params),
        slots=tuple(replace(s, label=evil) for s in program.slots),
        streams=tuple(replace(s, instrument="evil", symbol=evil) for s in program.streams),
    )
    assert print_strategy(renamed) == print_strategy(program)


def test_each_value_is_computed_once_by_one_operator(program: Program) -> None:
    for line in print_strategy(program).splitlines():
        if match := re.match(r"\s+const (bool|int64_t|double) v\d+ = (.*);$", line):
            assert len(re.findall(r" [-+*/<>=!&|^]+ ", match[2])) <= 1, line
            assert not re.search(r"\b(floor|sqrt|exp|log|pow|fma|fabs)\(", line), "a function of libm"


def test_items_of_the_first_part_use_only_values_of_the_first_part(program: Program) -> None:
    for number, chosen in first_items(program).items():
        body = program.segments[number].body
        seen: set[int] = set()
        for at in sorted(chosen):
            item = body[at]
            used = set(getattr(item, "args", ())) | ({item.condition} if hasattr(item, "condition") else set())
            assert used <= seen, "a value of the second part"
            seen |= {item.result} if getattr(item, "result", None) is not None else set()


def test_sums_and_products_of_integers_are_calls(program: Program) -> None:
    """C leaves their overflow undefined; flags that define it are a second line."""
    text = print_strategy(program)
    assert not re.findall(r"const int64_t v\d+ = v\d+ [-+*/%] v\d+;", text)


def test_a_region_that_only_explains_is_left_out() -> None:
    region = "  %0: i64 = iconst 1\n  %9: i1 = bconst 1\n  when %9 {\n    probe.i 0 %0\n  }\n  decided 0\n"
    asked = AVERAGE.replace("  decided 0\n", region)
    nested = asked.replace("  when %9 {\n", "  when %9 {\n    decided 0\n    when %9 {\n      probe.i 1 %0\n    }\n")
    for text, regions in ((asked, 0), (nested, 1)):
        printed = print_strategy(parse_program(text))
        assert printed.count("if (v9) {") == regions
        assert printed.count("{") == printed.count("}")


def test_negative_zero_and_the_least_integer_keep_their_bits() -> None:
    text = AVERAGE.replace("fconst 0x1.9p+6", "fconst -0x0.0p+0").replace(
        "slot %s0 f64[1] = 0x0.0p+0", "slot %s0 f64[1] = -0x0.0p+0"
    )
    printed = print_strategy(parse_program(text))
    assert "const double v2 = -0x0.0p+0;" in printed
    assert "st[0].f = -0x0.0p+0;" in printed
