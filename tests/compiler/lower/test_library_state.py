"""The state that the library table announces is at least what lowering takes."""

from __future__ import annotations

import pytest
from flashc.compiler.analysis.bounds import evaluate
from flashc.compiler.library.function import Function
from flashc.compiler.library.table import FUNCTIONS
from flashc.compiler.lower.library import LIBRARY
from support.library_series import compile_text, strategy

GROUPS = ("averages", "momentum", "volatility", "volume", "statistics")
ROWS = [row for row in FUNCTIONS.values() if row.group in GROUPS and row.name in LIBRARY]


def state_words(expression: str) -> int:
    return sum(slot.words for slot in compile_text(strategy(expression)).program.slots)


def call(row: Function, length: int) -> tuple[str, dict[str, float]]:
    """A call with every length at `length` (8 bins), and the lengths by name."""
    texts, lengths = [], {}
    for param in row.signature.params:
        if param.is_static:
            lengths[param.name] = 8.0 if param.name == "bins" else float(length)
            texts.append(f"{lengths[param.name]:.0f}")
        else:
            texts.append({"a": "close", "b": "open"}.get(param.type, "0.5"))
    return f"{row.name}({', '.join(texts)})", lengths


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_function_keeps_more_than_its_row_says(row: Function) -> None:
    without = state_words("close")
    for length in (16, 100):
        text, lengths = call(row, length)
        fields = [f".{name}" for name, type_ in row.signature.fields if type_ != "bool"] or [""]
        for field in fields:
            rest = " ?? 0.0" if row.signature.result.endswith("?") else ""
            taken = state_words(f"({text}{field}{rest})") - without
            assert taken <= evaluate(row.words, lengths) + 2, f"{text}{field} keeps {taken} words"
