"""The outcome of `Strategy.test`, which shows itself as the command does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..testing.runner import FileRun
from ..testing.text import file_json, test_line
from .errors import rendered
from .texts import Findings


@dataclass(frozen=True, slots=True, repr=False)
class Tests:
    """The tests of one strategy, run."""

    __test__ = False
    _file: FileRun

    @property
    def passed(self) -> bool:
        """Whether all of them pass."""
        return all(run.passed for run in self._file.runs)

    @property
    def names(self) -> dict[str, bool]:
        """Whether each test passes."""
        return {run.name: run.passed for run in self._file.runs}

    @property
    def findings(self) -> Findings:
        """What failed, as values; printing it shows what `flashc test` says."""
        found = [d for run in self._file.runs for d in run.findings]
        return Findings(found, rendered(tuple(found), self._file.front.source))

    @property
    def coverage(self) -> float:
        """The share of what is asked of the clauses that was seen, in percent."""
        return self._file.coverage.percent if self._file.coverage is not None else 0.0

    def json(self) -> dict[str, Any]:
        """The object of one file in `flashc test --json`."""
        return file_json(self._file)

    def __repr__(self) -> str:
        width = max((len(run.name) for run in self._file.runs), default=0)
        lines = [test_line(run, width).removeprefix("  ") for run in self._file.runs]
        covered = self._file.coverage.text() if self._file.coverage is not None and lines else "no tests"
        return "\n".join(part for part in (*lines, str(self.findings), covered) if part)
