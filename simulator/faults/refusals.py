"""Answers that faults give in the exchange's place, and the fields of those that they change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..rest.calls import Answer, json_answer
from ..rest.errors import CODES
from .seams import SILENCE, End, Reply


def refusal(code: int, headers: Mapping[str, str] | None = None, *, status: int = 0) -> Answer:
    """The exchange's answer with a code of its table; 400 and a plain text for any other. `status`: another one."""
    row = CODES.get(code)
    usual, text = (row.status, row.text) if row is not None else (400, "refused")
    return json_answer({"msg": text, "code": code}, status or usual, headers)


def fields_of(answer: Answer | None, *needed: str) -> dict[str, Any] | None:
    """The object of an answer that has these fields; None for a refusal, and for what another fault put there."""
    try:
        found = None if answer is None else answer.json()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and all(name in found for name in needed) else None


def lost(how: str) -> Reply:
    """What a client gets in the place of an answer: `timeout`, `reset`, or an HTTP status."""
    if how == "timeout":
        return SILENCE
    return Reply(end=End.RESET) if how == "reset" else Reply(refusal(int(how)))
