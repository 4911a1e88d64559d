"""Matching as transcripts under `tests/golden/exchange`: requests go in as they stand there, the rest is compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.exchange_scripts import Script

FOLDER = Path(__file__).parents[2] / "golden" / "exchange"
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))


@pytest.mark.parametrize("name", NAMES)
def test_the_exchange_says_what_the_transcript_says(name: str, golden: Callable[[str, str], None]) -> None:
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    golden(f"exchange/{name}.txt", Script().play(text))


def test_a_transcript_can_differ() -> None:
    text = (FOLDER / "price_time.txt").read_text(encoding="utf-8")
    assert Script().play(text.replace("LIMIT 2.5", "LIMIT 2.4")) != text
