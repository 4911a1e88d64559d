"""`flashc test --update`: golden tables written into the file by edits on its text, so that comments stay."""

from __future__ import annotations

from ...dsl.diagnostics import Edit
from ...dsl.edits import apply_edits
from ...dsl.source import Source
from ...dsl.yaml_reader import read
from .golden import table_edit
from .runner import FileRun, TestRun


def updated(source: Source, file: FileRun) -> tuple[str, int]:
    """The text with the tables of all tests that were run put up to date, and how many were written.

    A table is written where the test has one, and where it expects nothing else. What only the table had against a test
    is taken back.
    """
    root, _ = read(source)
    edits: list[Edit] = []
    for run in file.runs:
        if root is None or not _wants_table(run):
            continue
        edit = table_edit(source, root, run.test, run.orders, file.facts)
        run.findings = [d for d in run.findings if d.code != "FC0810"]
        edits += [edit] if edit is not None else []
    return apply_edits(source.text, edits), len(edits)


def _wants_table(run: TestRun) -> bool:
    broken = any(d.code not in ("FC0805", "FC0810") for d in run.findings)
    return not broken and (run.test.intents is not None or not run.test.expect)
