"""The library table is well formed: every row can be read by every analysis."""

from __future__ import annotations

import pytest
from flashc.compiler.analysis.bounds import evaluate
from flashc.compiler.analysis.transfer import TRANSFER
from flashc.compiler.library.function import Function
from flashc.compiler.library.signature import parse_signature
from flashc.compiler.library.table import FOREIGN_NAMES, FUNCTIONS, SPECIAL_FORMS
from flashc.compiler.lower.library import LIBRARY

ROWS = list(FUNCTIONS.values())
TYPES = {"a", "b", "a^2", "real", "int", "bool", "price", "qty", "duration", "time", "any", "length", "depth", "static"}


def _names_in(addend: tuple[object, ...]) -> set[str]:
    match addend:
        case ("settle", _, str(name)) | ("window" | "lag" | "root", str(name)):
            return {name}
        case ("kalman", str(q), str(r)):
            return {q, r}
        case ("longer", tuple() as a, tuple() as b):
            return _names_in(a) | _names_in(b)
        case ("ticks", int()) | ("settled", str(), int()) | ("day",):
            return set()
    raise AssertionError(f"unknown warm-up {addend!r}")


def test_a_signature_is_read_with_defaults_and_record_fields() -> None:
    signature = parse_signature("bbands(x: a = close, n: length = 20, k: real = 2.0) -> {upper: a, lower: a}")
    assert [(p.name, p.type, p.default) for p in signature.params] == [
        ("x", "a", "close"),
        ("n", "length", "20"),
        ("k", "real", "2.0"),
    ]
    assert signature.fields == (("upper", "a"), ("lower", "a"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_speaks_of_its_own_arguments(row: Function) -> None:
    params = {p.name: p for p in row.signature.params}
    assert {p.type.rstrip("?") for p in params.values()} <= TYPES
    used = {name for addend in row.warmup for name in _names_in(addend)}
    assert used <= {name for name, p in params.items() if p.type in ("length", "static")}
    assert evaluate(row.cost, dict.fromkeys(params, 10.0)) >= 0
    assert evaluate(row.words, dict.fromkeys(params, 10.0)) >= 0
    assert row.interval in TRANSFER or row.interval[0] in "-0123456789" or row.interval in ("min", "max")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_row_is_documented(row: Function) -> None:
    assert row.doc.endswith((".", ")"))
    assert row.formula
    assert row.group


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_may_lack_a_value_says_when(row: Function) -> None:
    assert not row.signature.result.endswith("?") or row.absent


def test_suggestions_name_things_that_exist() -> None:
    assert set(FOREIGN_NAMES.values()) <= {*FUNCTIONS, *SPECIAL_FORMS}
    assert not set(FOREIGN_NAMES) & set(FUNCTIONS)


def test_what_lowering_computes_is_in_the_table() -> None:
    assert {name.removeprefix("window_") for name in LIBRARY} <= set(FUNCTIONS)
