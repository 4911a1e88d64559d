"""What is said to who waits."""

from __future__ import annotations

import asyncio

import pytest
from flashc.cli import console, waiting


def test_a_long_wait_is_said_without_a_terminal_too_and_until_when(capsys: pytest.CaptureFixture[str]) -> None:
    waiting.told("the exchange had too many requests", 900_000_000)
    assert capsys.readouterr().err == ""
    waiting.told("the exchange has banned this address", 120_000_000_000)
    said = capsys.readouterr().err
    assert said.startswith("the exchange has banned this address; again in 2m, at ") and said.endswith(" UTC\n")


def test_only_a_slow_answer_names_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(console, "hint", said.append)

    async def ask() -> None:
        with waiting.asking("http://quick"):
            await asyncio.sleep(0)
        monkeypatch.setattr(waiting, "ASKED_SECONDS", 0.0)
        with waiting.asking("http://slow"):
            while not said:
                await asyncio.sleep(0)

    asyncio.run(ask())
    assert said == ["asking http://slow ..."]
