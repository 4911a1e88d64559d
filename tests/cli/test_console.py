"""What the console does with long lines."""

from __future__ import annotations

import io
import sys

import pytest
from flashc.cli import console

LONG = "Assumptions\n  - " + "a few words " * 12 + "end\nWarm-up     over"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_points_are_broken_between_words_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "60")
    lines = console.fitted(LONG).split("\n")
    assert max(map(len, lines)) <= 60
    assert (lines[0], lines[-1]) == ("Assumptions", "Warm-up     over")
    assert all(line.startswith("    ") for line in lines[2:-1])
    assert " ".join(" ".join(lines).split()) == " ".join(LONG.split())


def test_what_a_script_reads_stays_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert console.fitted(LONG) == LONG
