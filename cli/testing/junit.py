"""JUnit XML, as GitHub, GitLab and Jenkins read it: one suite per file, one case per test."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from ...dsl.diagnostics import Diagnostic
from ...dsl.render.text import render
from ...dsl.source import Source
from .runner import FileRun, TestRun

#: Characters that XML 1.0 cannot hold, not even as references.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(files: Sequence[FileRun]) -> str:
    """The whole document. Times are in seconds; no time stamps, so that equal results give equal text but for times."""
    root = ElementTree.Element("testsuites", _counts([run for file in files for run in file.runs], _broken(files)))
    for file in files:
        suite = ElementTree.SubElement(
            root, "testsuite", {"name": str(file.path), **_counts(file.runs, _broken([file]))}
        )
        for run in file.runs:
            _case(suite, file, run)
        if _broken([file]):
            case = ElementTree.SubElement(
                suite, "testcase", {"name": "check", "classname": str(file.path), "time": "0"}
            )
            _element(case, "error", file, list(file.front.diagnostics.errors))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _broken(files: Sequence[FileRun]) -> int:
    """Files with errors: none of their tests was run."""
    return sum(bool(file.front.diagnostics.errors) for file in files)


def _counts(runs: Sequence[TestRun], errors: int) -> dict[str, str]:
    return {
        "tests": str(len(runs) + errors),
        "failures": str(sum(not run.passed for run in runs)),
        "errors": str(errors),
        "skipped": "0",
        "time": f"{sum(run.seconds for run in runs):.6f}",
    }


def _case(suite: ElementTree.Element, file: FileRun, run: TestRun) -> None:
    line = str(file.front.source.position(run.test.decl.name.span.start).line) if file.front.source is not None else "0"
    where = {"name": run.name, "classname": str(file.path), "file": str(file.path), "line": line}
    case = ElementTree.SubElement(suite, "testcase", {**where, "time": f"{run.seconds:.6f}"})
    if run.findings:
        _element(case, "failure", file, run.findings)


def _element(case: ElementTree.Element, tag: str, file: FileRun, findings: Sequence[Diagnostic]) -> None:
    first = findings[0]
    made = ElementTree.SubElement(case, tag, {"message": _clean(f"{first.code}: {first.message}"), "type": first.code})
    sources: dict[str, Source] = {}
    if file.front.source is not None:
        sources[file.front.source.path] = file.front.source
    made.text = _clean(render(tuple(findings), sources))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("�", text)
