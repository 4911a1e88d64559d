"""The table of reasons in docs/wire.md is that of the code."""

from __future__ import annotations

import re
from pathlib import Path

from flashc.cython_core.wire import decimals, depth_codes, push, ws_frames

PAGE = Path(__file__).resolve().parents[2] / "docs" / "wire.md"


def listed(text: str) -> dict[str, list[str]]:
    """Reader -> reasons, in the order of the table."""
    found: dict[str, list[str]] = {}
    reader = ""
    for first, reason in re.findall(r"^\| ([a-z ]*?) ?\| `([a-z0-9_]+)` \|", text, re.MULTILINE):
        reader = first or reader
        found.setdefault(reader, []).append(reason)
    return found


def test_every_reason_is_explained() -> None:
    found = listed(PAGE.read_text(encoding="utf-8").partition("## A book in C")[0])
    own = depth_codes.REASONS[len(push.REASONS) + len(decimals.REASONS) :]
    assert found["decimals"] == [*decimals.REASONS]
    assert found["frames"] == [*ws_frames.REASONS]
    assert found["push"] == [*push.REASONS]
    assert found["market data"] == [*own]


def test_the_check_can_fail() -> None:
    assert listed("| a | `x` | y |\n| | `z` | y |\n") == {"a": ["x", "z"]}
