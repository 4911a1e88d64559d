"""The JSON control messages of a stream: what clients ask, and the exchange's exact answers.

A refusal has code 0 as a success has; only its text tells them apart. Clients must cope.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

#: Longest request that is read, bytes of UTF-8. Clients keep theirs to 1024.
MAX_REQUEST_BYTES = 16_384
PONG = '{"id":0,"code":0,"msg":"PONG"}'

SUBSCRIPTION, UNSUBSCRIPTION, PING = "SUBSCRIPTION", "UNSUBSCRIPTION", "PING"
_BLOCKED = "Blocked"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks. `params` are channel names as written; `id` is 0 when none was sent."""

    method: str
    params: tuple[str, ...]
    id: int


class BadRequest(Exception):
    """The message is not a request; its text is the exchange's answer."""


def parse_request(text: str, *, any_letters: bool = True) -> Request:
    """Read a control message. BadRequest with the answer if it is not one.

    `any_letters`: a ping may be written in small letters, as ccxt does; its connections end when no PONG comes.
    """
    if len(text.encode("utf-8", "replace")) > MAX_REQUEST_BYTES:
        raise BadRequest(answer(0, "request too long"))
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadRequest(answer(0, "Invalid request: not JSON")) from None
    if not isinstance(found, dict):
        raise BadRequest(answer(0, "Invalid request: not an object"))
    number = 0 if found.get("id") is None else found["id"]
    known = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63
    method, params = found.get("method"), found.get("params", [])
    if method == PING or (any_letters and isinstance(method, str) and method.upper() == PING):
        return Request(PING, (), number if known else 0)
    if not known:
        raise BadRequest(answer(0, "Invalid request: id is not an unsigned integer"))
    if method not in (SUBSCRIPTION, UNSUBSCRIPTION):
        raise BadRequest(answer(number, "Invalid request: unknown method"))
    if not isinstance(params, list) or not params or not all(isinstance(name, str) for name in params):
        raise BadRequest(answer(number, "Invalid request: params is not a list of channels"))
    return Request(method, tuple(params), number)


def answer(number: int, text: str) -> str:
    """An answer: every one has code 0."""
    return json.dumps({"id": number, "code": 0, "msg": text}, separators=(",", ":"), ensure_ascii=False)


def accepted(number: int, channels: Sequence[str]) -> str:
    """Success: the text is the channels as they were asked for."""
    return answer(number, ",".join(channels))


def refused(number: int, channels: Sequence[str], reason: str = _BLOCKED) -> str:
    """Refusal, as recorded from the live service: two spaces, a full-width colon, a trailing space."""
    return answer(number, f"Not Subscribed successfully! [{','.join(channels)}].  Reason\uff1a {reason}! ")
