"""Cases as text: a program in FIR, its parameters and its tape in one file that people can read and edit.

; why it is kept
program random edition 1
...
tape 1000 1127                 lowest and highest tick of its books
params 12 0x1.8p+1
record 60000000000 257 ...     eight words; then `report` and eight words if one follows it
"""

from __future__ import annotations

from pathlib import Path

from flashc.compiler.ir.nodes import F64, Program
from flashc.compiler.ir.parser import parse_program
from flashc.compiler.ir.printer import number_text, print_program
from support.fir_programs import Case

CASES = Path(__file__).resolve().parents[1] / "differential" / "cases"


def case_text(case: Case, why: str) -> str:
    """The inverse of `read_case`."""
    lines = [*(f"; {line}" for line in why.splitlines()), print_program(case.program).rstrip("\n")]
    lines += [f"tape {case.ticks[0]} {case.ticks[1]}", " ".join(["params", *map(number_text, case.params)])]
    for number, record in enumerate(case.records):
        lines.append(_words("record", record))
        if number in case.reports:
            lines.append(_words("report", case.reports[number]))
    return "\n".join(lines) + "\n"


def read_case(path: Path) -> Case:
    """The case in a file. Raises ValueError (`FirSyntaxError` for the program)."""
    return parse_case(path.read_text(encoding="utf-8"))


def parse_case(text: str) -> Case:
    fir, mark, tape = text.partition("\ntape ")
    if not mark:
        raise ValueError("a case has a line `tape LOW HIGH` after its program")
    program, lines = parse_program(fir), tape.splitlines()
    low, high = map(int, lines[0].split())
    records: list[tuple[int, ...]] = []
    reports: dict[int, list[int]] = {}
    for line in filter(None, lines[2:]):
        kind, *words = line.split()
        if kind == "record":
            records.append(tuple(map(int, words)))
        else:
            reports[len(records) - 1] = list(map(int, words))
    return Case(program, _params(program, lines[1]), tuple(records), reports, (low, high))


def _params(program: Program, line: str) -> tuple[int | float, ...]:
    pairs = zip(program.params, line.split()[1:], strict=True)
    return tuple(float.fromhex(word) if p.type == F64 else int(word) for p, word in pairs)


def _words(kind: str, words: object) -> str:
    return " ".join([kind, *map(str, words)])  # type: ignore[call-overload]


def all_cases() -> list[Path]:
    return sorted(CASES.glob("*.fir"))
