"""Every operation of the table is known to the interpreter, the Numba printer, the C headers and the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flashc.compiler.ir.ops import OPS

ROOT = Path(__file__).resolve().parents[2]


def gaps(known: set[str], who: str) -> list[str]:
    """What `who` lacks or has too much, in words."""
    missing = [f"{who} does not know `{name}`" for name in sorted(set(OPS) - known)]
    surplus = [f"{who} knows `{name}`, which is not in the table" for name in sorted(known - set(OPS))]
    return missing + surplus


def documented(text: str) -> set[str]:
    """Names in the first column of the tables of docs/operators.md."""
    return set(re.findall(r"^\| `([a-z0-9.]+)` \|", text, flags=re.MULTILINE))


def test_the_documentation_lists_each_operation() -> None:
    assert not gaps(documented((ROOT / "docs" / "operators.md").read_text()), "docs/operators.md")


def test_the_reference_interpreter_knows_each_operation() -> None:
    from flashc.compiler.evaluate.evaluator import known

    assert not gaps(set(known()), "the interpreter")


def test_the_numba_printer_knows_each_operation() -> None:
    from flashc.compiler.backends.numba.spelling import spelled

    assert not gaps(set(spelled()), "the Numba printer")


def declared(text: str) -> set[str]:
    """Operations whose functions a C header defines: `fs_ring_put_i` is `ring.put.i`."""
    names = set(re.findall(r"^static inline \w+ fs_(\w+)\(", text, flags=re.MULTILINE))
    return {name for name in OPS if name.replace(".", "_") in names}


def test_the_c_printer_knows_each_operation() -> None:
    from flashc.compiler.backends.c.spelling import spelled

    assert not gaps(set(spelled()), "the C printer")


def test_the_c_headers_define_each_operation_that_the_printer_does_not_write_itself() -> None:
    from flashc.compiler.backends.c.spelling import SPECIAL
    from flashc.compiler.backends.c.toolchain import INCLUDE

    known = declared("\n".join(path.read_text() for path in INCLUDE.glob("flashc/*.h")))
    assert not gaps(known | SPECIAL, "cython_core/include/flashc")


def test_the_check_can_fail() -> None:
    assert declared("static inline int64_t fs_iadd(int64_t a\nint64_t fs_isub(") == {"iadd"}
    assert gaps(set(OPS) - {"fadd"}, "x") == ["x does not know `fadd`"]
    assert documented("| `fadd` | | a |\n| fsub | | a |\n") == {"fadd"}
    assert gaps({*OPS, "fmadd"}, "x") == ["x knows `fmadd`, which is not in the table"]


def test_each_row_is_complete() -> None:
    for row in OPS.values():
        assert row.meaning, row.name
        assert (row.result is None) == row.effect, f"{row.name}: an effect has no result, all else has one"
        assert {*row.args, row.result or "i64"} <= {"i1", "i64", "f64"}, row.name


@pytest.mark.parametrize("name", ["fma", "fadd.fast"])
def test_operations_that_would_change_bits_do_not_exist(name: str) -> None:
    assert name not in OPS
