"""Results of tests, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence

from .golden import line_of
from .runner import FileRun, TestRun


def test_line(run: TestRun, width: int) -> str:
    """`✔ stop_wins   rows   3 decisions, 1 order   2 ms`."""
    mark = "✔" if run.passed else "✘"
    what = f"{_count(run.decisions, 'decision')}, {_count(len(run.orders), 'order')}"
    laws = f", {_count(len(run.held_laws), 'law')}" if run.held_laws else ""
    return f"  {mark} {run.name.ljust(width)}  {run.test.decl.kind.ljust(8)}  {what}{laws}  {_time(run.seconds)}"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def summary(files: Sequence[FileRun], seconds: float) -> str:
    """`3 passed, 1 failed in 0.4 s`; files that cannot be tested are counted, too."""
    runs = [run for file in files for run in file.runs]
    failed = sum(not run.passed for run in runs)
    broken = sum(bool(file.front.diagnostics.errors) for file in files)
    parts = [f"{len(runs) - failed} passed"] + ([f"{failed} failed"] if failed else [])
    if broken:
        parts.append(f"{_count(broken, 'file')} with errors")
    return f"{', '.join(parts)} in {_time(seconds)}"


def file_json(file: FileRun) -> dict[str, object]:
    """Stable keys; findings are those of `check --json`."""
    from ...dsl.render.json import diagnostic_object

    sources = {file.front.source.path: file.front.source} if file.front.source is not None else {}
    return {
        "file": str(file.path),
        "findings": [diagnostic_object(d, sources) for d in file.front.diagnostics],
        "tests": [
            {
                "name": run.name,
                "kind": run.test.decl.kind,
                "passed": run.passed,
                "seconds": round(run.seconds, 6),
                "decisions": run.decisions,
                "orders": [_order(run, file, number) for number in range(len(run.orders))],
                "laws": list(run.held_laws),
                "findings": [diagnostic_object(d, sources) for d in run.findings],
            }
            for run in file.runs
        ],
        "coverage": None if file.coverage is None else file.coverage.json(),
    }


def _order(run: TestRun, file: FileRun, number: int) -> dict[str, str]:
    order = run.orders[number]
    line = line_of(run.test, order, file.facts)
    row = {"t": line.t, "side": line.side, "style": line.style, "qty": line.qty, "price": line.price}
    return {**row, "rule": line.rule, "instrument": order.alias}
