"""Prints `include/flashc/layout.h`: the words of `layout.py` and `book_words.py` as C constants.

The header is committed; a test fails when it is not fresh. To renew it:

    python -m flashc.cython_core.layout_header
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from . import book_words, layout

PATH = Path(__file__).resolve().parent / "include" / "flashc" / "layout.h"

_HEAD = """/* Word offsets and codes. Generated from layout.py and book_words.py of cython_core, which explain them. */
#pragma once

#include <stdint.h>
"""
_INT_MAX, _NEVER = 2**31 - 1, 2**63 - 1


def print_layout_header() -> str:
    """Every whole number of the two modules, in their order: `FS_` and its name, books with `FS_BOOK_`."""
    return "\n".join([_HEAD, *_constants(layout, "FS_"), "", *_constants(book_words, "FS_BOOK_"), ""])


def _constants(module: ModuleType, prefix: str) -> list[str]:
    found = {name: value for name, value in vars(module).items() if name.isupper() and isinstance(value, int)}
    return [f"#define {prefix}{name} {_literal(value)}" for name, value in found.items()]


def _literal(value: int) -> str:
    """Of type int where it fits, like any literal of a reader, else int64_t."""
    if value == _NEVER:
        return "INT64_MAX"
    return str(value) if 0 <= value <= _INT_MAX else f"INT64_C({value})"


if __name__ == "__main__":
    PATH.write_text(print_layout_header())
