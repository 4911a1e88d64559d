"""The text of kernels: fused expressions, order of state accesses, literals, determinism."""

from __future__ import annotations

import ast
import math
import random
import struct

import pytest
from flashc.compiler.backends.numba import math_module
from flashc.compiler.backends.numba.printer import kernel_name, print_kernel
from flashc.compiler.backends.numba.spelling import integer, real
from flashc.compiler.ir.parser import parse_program
from hypothesis import given
from hypothesis import strategies as st
from support.fir_programs import random_program

HEAD = """program tiny edition 1
param %p0 i64 = 3 "length"
param %p1 f64 = 0x1.0p+0 "weight"
stream %b0 bar btc "BTC/USDC" 60000000000 ns price 2 qty 6
slot %s0 f64[1] = 0x0.0p+0 id 00000000 "a"
slot %s1 i64[4] = 0 id 00000001 "ring"
"""


def event_lines(body: str, *, origins: bool = False, trigger: str = "bar %b0") -> list[str]:
    """The statements of a segment in the printed `events` (or `init`, `report`)."""
    text = print_kernel(parse_program(f"{HEAD}segment {trigger} {{\n{body}\n}}\n"), origins=origins)
    name = {"bar": "events", "decide": "events", "setup": "init", "report": "report"}[trigger.split()[0]]
    part = text.split(f"def {name}(")[1].split("    return 0")[0].splitlines()[1:]
    if name != "events":
        return [
            line[4:]
            for line in part
            if not line.startswith(("    sf[0] = 0.0", "    fill_i", "    st[5] = 0", "    st[6] = 0", "    out["))
        ]
    start = next(k for k, line in enumerate(part) if line == "        if stream == 0:")
    stop = next(k for k, line in enumerate(part) if line.startswith("        if (((rec[1]"))
    return [line[12:] for line in part[start + 1 : stop]]


def test_values_used_once_stand_where_they_are_used_in_parentheses() -> None:
    lines = event_lines(
        """%0: i64 = ev close
        %1: f64 = i2f %0
        %2: f64 = fconst 0x1.9p+6
        %3: f64 = fdiv %1 %2
        %4: f64 = load.f %s0
        %5: f64 = fsub %3 %4
        store.f %s0 %5"""
    )
    assert lines == ["w0 = ((i2f(rec[5]) / 100.0) - w0)"]


def test_sums_and_products_of_integers_are_calls() -> None:
    """Numba tells LLVM that its own never overflow."""
    for op in ("iadd", "isub", "imul", "idiv", "imod", "ishl", "ishr"):
        lines = event_lines(f"%0: i64 = ev close\n%1: i64 = {op} %0 %0\n%2: f64 = i2f %1\nstore.f %s0 %2")
        assert lines[-1] == f"sf[0] = i2f({op}(s0_0, s0_0))", op


def test_a_value_used_twice_gets_a_name() -> None:
    lines = event_lines("%0: f64 = load.f %s0\n%1: f64 = fmul %0 %0\nstore.f %s0 %1")
    assert lines == ["s0_0 = w0", "w0 = (s0_0 * s0_0)"]


def test_a_read_does_not_move_across_a_write_of_its_slot() -> None:
    lines = event_lines(
        """%0: f64 = load.f %s0
        %1: f64 = fneg %0
        %2: f64 = fconst 0x1p+0
        store.f %s0 %2
        %3: f64 = load.f %s0
        %4: f64 = fadd %1 %3
        store.f %s0 %4"""
    )
    assert lines == ["s0_1 = fneg(w0)", "w0 = 1.0", "w0 = (s0_1 + w0)"]


def test_a_read_does_not_move_across_a_region_that_writes_its_slot() -> None:
    lines = event_lines(
        """%0: f64 = load.f %s0
        %1: i1 = bconst 1
        %2: f64 = fconst 0x1p+0
        when %1 {
          store.f %s0 %2
        }
        store.f %s0 %0"""
    )
    assert lines == ["s0_0 = w0", "if True:", "    w0 = 1.0", "w0 = s0_0"]


def test_a_value_for_one_region_is_computed_inside_it() -> None:
    lines = event_lines(
        """%0: i64 = ev open
        %1: f64 = i2f %0
        %2: i64 = ev close
        %3: i1 = ilt %0 %2
        when %3 {
          store.f %s0 %1
        }"""
    )
    assert lines == ["s0_0 = rec[2]", "if (s0_0 < rec[5]):", "    sf[0] = i2f(s0_0)"]


def test_a_word_that_every_record_reads_lives_in_a_variable_and_others_in_memory() -> None:
    text = print_kernel(parse_program(f"{HEAD}segment bar %b0 {{\n%0: f64 = load.f %s0\nstore.f %s0 %0\n}}\n"))
    events = text.split("def events(")[1].split("@cfunc")[0]
    assert (
        events.index("    w0 = sf[0]") < events.index("while done < n and count == 0:") < events.index("    sf[0] = w0")
    )
    assert "w0" not in print_kernel(
        parse_program(f"{HEAD}segment bar %b0 {{\n%0: f64 = fconst 0x1p+0\nstore.f %s0 %0\n}}\n")
    )


def test_slots_with_many_words_are_library_calls() -> None:
    lines = event_lines(
        """%0: i64 = ev time
        %1: i64 = ev close
        ring.put.i %s1 %0 %1
        %2: i64 = iconst 3
        %3: i64 = win.isum %s1 %0 %2
        %4: f64 = i2f %3
        store.f %s0 %4"""
    )
    assert lines == ["s0_0 = rec[0]", "ring_put(st, int64(1), int64(4), s0_0, rec[5])", "sf[0] = i2f(win_isum(st, int64(1), int64(4), s0_0, int64(3)))"]  # fmt: skip


def test_setup_reads_parameters_by_position() -> None:
    body = "%0: f64 = param.f %p1\n%1: i64 = param.i %p0\n%2: f64 = i2f %1\n%3: f64 = fdiv %0 %2\nstore.f %s0 %3"
    assert event_lines(body, trigger="setup") == ["sf[0] = (float_params[1] / i2f(params[0]))"]


def test_reports_name_the_words_of_a_report() -> None:
    assert event_lines("%0: i64 = ev fee\n%1: f64 = i2f %0\nstore.f %s0 %1", trigger="report") == [
        "sf[0] = i2f(rec[6])"
    ]


def test_origins_are_comments_and_off_by_default() -> None:
    body = "%0: i64 = ev close\n%1: f64 = i2f %0\nstore.f %s0 %1  ; @41-97"
    assert event_lines(body) == ["sf[0] = i2f(rec[5])"]
    assert event_lines(body, origins=True) == ["sf[0] = i2f(rec[5])  # 41:97"]


def test_long_expressions_are_cut_into_named_ones() -> None:
    chain = "\n".join(f"%{k}: f64 = fneg %{k - 1}" for k in range(1, 300))
    lines = event_lines(f"%0: f64 = load.f %s0\n{chain}\nstore.f %s0 %299")
    assert len(lines) > 10
    assert max(map(len, lines)) < 200


def test_equal_programs_give_equal_bytes_and_one_name() -> None:
    texts = [print_kernel(random_program(random.Random(5), 30)) for _ in range(2)]
    assert texts[0] == texts[1]
    assert kernel_name(texts[0]) == kernel_name(texts[1])
    assert kernel_name(texts[0]) != kernel_name(texts[0] + "\n")


@pytest.mark.parametrize("seed", range(50))
def test_every_kernel_is_python_with_short_lines(seed: int) -> None:
    text = print_kernel(random_program(random.Random(seed), 40))
    ast.parse(text)
    assert max(len(line) for line in text.splitlines() if not line.startswith("from ")) < 400


@given(st.floats())
def test_a_float_literal_reads_back_as_the_same_double(value: float) -> None:
    read = eval(real(value), {"inf": math.inf, "nan": math.nan})
    assert struct.pack("<d", read) == struct.pack("<d", value) or (math.isnan(value) and math.isnan(read))


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_integer_literal_reads_back_and_stays_inside_int64(value: int) -> None:
    text = integer(value)
    assert eval(text) == value
    assert all(n.value < 2**63 for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Constant))


def test_the_committed_mathematics_is_fresh() -> None:
    assert math_module.PATH.read_text() == math_module.print_math_module(), (
        "run python -m flashc.compiler.backends.numba.math_module"
    )
