"""Writes the pages of docs/ that come from the compiler's own tables. `make docs` runs it; a test keeps them fresh."""

from __future__ import annotations

from pathlib import Path

from flashc.compiler.ir.ops import OPS, Row
from flashc.compiler.library.function import Function
from flashc.compiler.library.table import FUNCTIONS
from flashc.compiler.lower.library import LIBRARY
from flashc.dsl.diagnostic_pages import pages as diagnostic_pages

DOCS = Path(__file__).resolve().parent
NOTE = "<!-- Written by docs/generate.py from {source}. Change that, then run `make docs`. -->"


def pages() -> dict[str, str]:
    """Path below docs/ -> text, of every generated page."""
    diagnostics = {f"diagnostics/{name}": text for name, text in diagnostic_pages().items()}
    return {"operators.md": operators(), "functions.md": functions(), **diagnostics}


def operators() -> str:
    """One row for each operation of the flat form."""
    lines = [
        "# Operations of the flat form",
        "",
        NOTE.format(source="compiler/ir/ops.py"),
        "",
        "Integers are two's complement and wrap; floats are IEEE-754 binary64, nearest-even, without contraction.",
        "Every operation is defined for all inputs. `cost` counts scalar operations for the work bound.",
        "",
        "| operation | attributes | operands | result | cost | meaning |",
        "|---|---|---|---|--:|---|",
    ]
    return "\n".join([*lines, *(_operation(row) for row in OPS.values())]) + "\n"


def _operation(row: Row) -> str:
    cost = f"{row.cost} per value" if row.per_length else str(row.cost)
    cells = [f"`{row.name}`", " ".join(row.attrs), " ".join(row.args), row.result or "", cost, _cell(row.meaning)]
    return "| " + " | ".join(cells) + " |"


def functions() -> str:
    """The library, group by group."""
    lines = [
        "# Library functions",
        "",
        NOTE.format(source="compiler/library/"),
        "",
        "Lengths (`n`) are constants or parameters with a range. A function with state needs its inputs on one clock.",
    ]
    groups = dict.fromkeys(function.group for function in FUNCTIONS.values())
    for group in groups:
        lines += ["", f"## {group}", "", "| function | meaning | formula | no value when |", "|---|---|---|---|"]
        lines += [_function(row) for row in FUNCTIONS.values() if row.group == group]
    return "\n".join(lines) + "\n"


def _function(row: Function) -> str:
    state = "" if row.stateful else " (no state)"
    later = "" if row.name in LIBRARY else " **Checks, but does not run in this release.**"
    cells = [f"`{_cell(row.signature_text)}`", _cell(row.doc) + state + later, _cell(row.formula), _cell(row.absent)]
    return "| " + " | ".join(cells) + " |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    wanted = pages()
    for old in (DOCS / "diagnostics").glob("*.md"):
        if f"diagnostics/{old.name}" not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
