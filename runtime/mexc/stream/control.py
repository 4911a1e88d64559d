"""Control messages of a stream: JSON texts out, and what the answers mean.

A refusal also carries code 0, so an answer is a success only if its text equals the list that was asked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

#: Longer texts are refused unread.
MOST_TEXT = 64 * 1024
_REFUSED = "Not Subscribed successfully!"
PING = b'{"method":"PING"}'

#: What can be wrong with a text frame.
REASONS = ("too_long", "not_json", "not_an_answer")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a request: `kind` is `pong`, `list` (the channels of `text`), `refusal` or `other`."""

    kind: str
    request: int
    code: int
    text: str

    def names(self, channels: Sequence[str]) -> bool:
        """Whether this is the success for exactly these channels."""
        return self.kind == "list" and self.code == 0 and self.text == ",".join(channels)


class ControlFault(ValueError):
    """A text frame that is no answer. `reason` is one of `REASONS`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def subscription(method: str, channels: Sequence[str], number: int) -> bytes:
    """A request of `SUBSCRIPTION` or `UNSUBSCRIPTION`."""
    request = {"method": method, "params": list(channels), "id": number}
    return json.dumps(request, separators=(",", ":"), ensure_ascii=False).encode()


def batches(channels: Sequence[str], most_bytes: int) -> list[list[str]]:
    """The channels in order, in groups whose request has at most `most_bytes` bytes. A group has at least one."""
    found: list[list[str]] = []
    for channel in channels:
        if found and len(subscription("UNSUBSCRIPTION", [*found[-1], channel], 10**9)) <= most_bytes:
            found[-1].append(channel)
        else:
            found.append([channel])
    return found


def parse_answer(payload: bytes) -> Answer:
    """What a text frame says. Raises `ControlFault`."""
    if len(payload) > MOST_TEXT:
        raise ControlFault("too_long")
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        raise ControlFault("not_json") from None
    if not isinstance(value, dict) or not isinstance(text := value.get("msg"), str):
        raise ControlFault("not_an_answer")
    return Answer(_kind(text), _whole(value.get("id")), _whole(value.get("code")), text)


def _kind(text: str) -> str:
    if text == "PONG":
        return "pong"
    if text.startswith(_REFUSED):
        return "refusal"
    return "list" if text.startswith("spot@") else "other"


def _whole(value: object) -> int:
    """A whole number of a field that may be absent; -1 for anything else, which no request and no success has."""
    if value is None:
        return 0
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
