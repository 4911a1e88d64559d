"""Which signals end a long command."""

from __future__ import annotations

import signal

import pytest
from flashc.cli.ending import ending_signals


def test_the_end_of_the_terminal_ends_a_command_unless_nohup_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.SIG_DFL)
    assert ending_signals() == [signal.SIGTERM, signal.SIGHUP]
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.SIG_IGN)
    assert ending_signals() == [signal.SIGTERM]
