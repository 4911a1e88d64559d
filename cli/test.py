"""`flashc test`: run the tests that are written in strategy files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import console
from .command import Json, StrategyFiles, example, make_app
from .exit_codes import Exit
from .problem import Problem

if TYPE_CHECKING:
    from .testing.runner import FileRun, TestRun

app = make_app()

Keyword = Annotated[str, typer.Option("-k", metavar="NAME", help="Only tests whose name has this in it.")]
JUnit = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Also write the results as JUnit XML, for CI servers.")
]
NoLaws = Annotated[bool, typer.Option("--no-laws", help="Do not check the laws on the tests' data.")]
Update = Annotated[bool, typer.Option("--update", help="Write the orders of each test into its `intents:`.")]
Require = Annotated[
    float | None,
    typer.Option("--require-coverage", metavar="PCT", min=0, max=100, help="Fail below this share of clauses seen."),
]


@app.command(epilog=example("flashc test strategies/ema_cross.yaml", "flashc test strategies/*.yaml --junit out.xml"))
def run_tests(
    files: StrategyFiles,
    keyword: Keyword = "",
    junit: JUnit = None,
    json: Json = False,
    no_laws: NoLaws = False,
    update: Update = False,
    require_coverage: Require = None,
) -> int:
    """Run the tests of strategy files, and say which clauses they have seen at work.

    Exit code 0: all tests pass. 1: a test fails, a file has errors, or too few clauses were seen.
    """
    from .front import read_front
    from .locking import require_lock_if_named
    from .testing.runner import Asked, FileRun, run_file

    begun, asked, done = time.perf_counter(), Asked(keyword, not no_laws), list[FileRun]()
    for path in files:
        front = read_front(path)
        if front.checked is not None:
            require_lock_if_named(front.checked)
        tests = front.tested.tests if front.tested is not None else ()
        width = max((len(t.decl.name.value) for t in tests), default=0)
        if not json:
            console.out(str(path) if tests or front.diagnostics.errors else f"{path}: no tests")
        with console.progress(f"testing {path.name}", len(tests)) as tick:
            shown = _Shown(width, json, tick)
            done.append(run_file(path, front, asked, shown.ran))
        if update:
            _update(done[-1], json)
        if not json:
            _details(done[-1])
    _require_some(done, keyword)
    return _deliver(done, time.perf_counter() - begun, junit, json, require_coverage)


class _Shown:
    """Prints a line for each test when it is done."""

    def __init__(self, width: int, silent: bool, tick: console.Ticker) -> None:
        self.width, self.silent, self.tick, self.count = width, silent, tick, 0

    def ran(self, run: TestRun) -> None:
        """One test is done."""
        from .testing.text import test_line

        self.count += 1
        self.tick(self.count)
        if not self.silent:
            console.out(test_line(run, self.width))


def _details(file: FileRun) -> None:
    """Findings to standard error, coverage to standard output."""
    from .diagnosis import show

    found = [d for d in file.findings if d.code.startswith("FC")]
    if found:
        sources = {file.front.source.path: file.front.source} if file.front.source is not None else {}
        show(found, sources)
    if file.coverage is not None and file.runs:
        console.out(file.coverage.text())


def _update(file: FileRun, silent: bool) -> None:
    from .testing.update import updated

    source = file.front.source
    if source is None or not file.runs:
        return
    text, count = updated(source, file)
    if text != source.text:
        from .writing import replace_text

        replace_text(file.path, text)
    if not silent:
        console.out(f"{file.path}: {count} {'table' if count == 1 else 'tables'} written")


def _require_some(files: list[FileRun], keyword: str) -> None:
    if keyword and not any(file.runs for file in files) and not any(file.front.diagnostics.errors for file in files):
        raise Problem(f"no test has `{keyword}` in its name")


def _deliver(files: list[FileRun], seconds: float, junit: Path | None, json: bool, required: float | None) -> int:
    from .diagnosis import exit_code
    from .testing.text import file_json, summary

    if junit is not None:
        from .testing.junit import junit_xml

        junit.parent.mkdir(parents=True, exist_ok=True)
        junit.write_text(junit_xml(files), encoding="utf-8", errors="backslashreplace")
    poor = [file for file in files if required is not None and not _enough(file, required)]
    if json:
        failed = sum(not run.passed for file in files for run in file.runs)
        passed = sum(run.passed for file in files for run in file.runs)
        console.out_json({"version": 1, "passed": passed, "failed": failed, "files": [file_json(f) for f in files]})
    else:
        for file in poor:
            percent = file.coverage.percent if file.coverage is not None else 0.0
            console.err(f"error: {file.path}: {percent:.0f} % of the clauses were seen, {required:g} % are required")
        console.out(summary(files, seconds))
    code = max((exit_code(file.findings) for file in files), default=Exit.OK)
    return max(code, Exit.FILE if poor else Exit.OK)


def _enough(file: FileRun, required: float) -> bool:
    return file.coverage is not None and bool(file.runs) and file.coverage.percent >= required
